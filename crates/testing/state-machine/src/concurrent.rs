//! Runs several threads in the same domains at once, with deaths and restarts in between.
//!
//! The result of a single call cannot be predicted, so the checks are weaker than those of
//! [`Machine`](crate::Machine). Between rounds every domain must own exactly the objects that it reports, and the
//! host must own what it owned before.

use crate::area::objects::Objects;
use crate::census::{add, minus};
use crate::model::item::Item;
use crate::node::Node;
use crate::node::{self, Start};
use samara_domain::RpcError;
use samara_domain::{Proxy, RRef};
use samara_domain_runtime::state::State;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_shared_heap::heap::{self, Census};
use samara_testkit::hosted::{Rng, limit_bytes, owner_of, wait_until};

use std::sync::Barrier;
use std::thread::scope;
use std::time::Duration;

/// The most objects that a thread holds.
const MOST: usize = 8;

/// Domains that several threads use.
#[derive(Debug)]
pub struct Together {
    domains: Vec<Domain<dyn Node>>,
    /// The census of a domain that keeps nothing.
    base: Census,
}

impl Together {
    /// Starts `domains` new domains.
    ///
    /// # Panics
    /// If a domain does not start.
    #[must_use]
    pub fn new(name: &str, domains: usize) -> Self {
        let restart = Restart::limited(u32::MAX, Duration::from_secs(1 << 20));
        let start = |at| {
            let spec = DomainSpec::new(&format!("{name}-{at}")).restart(restart);
            let domain = runtime().spawn(spec, node::init, Mint::of(|| Start::Well));
            domain.unwrap_or_else(|error| panic!("{error}"))
        };
        let domains: Vec<_> = (0..domains).map(start).collect();
        let base = heap::census(owner_of(&domains[0]));
        Self { domains, base }
    }

    /// Makes each of `threads` threads take `steps` steps, and then checks all domains and the host.
    ///
    /// # Panics
    /// If a check fails.
    pub fn round(&self, threads: u64, steps: u64, seed: u64) {
        let host = heap::census(samara_shared_heap::Owner::HOST);
        scope(|scope| {
            for at in 0..threads {
                scope.spawn(move || self.run(steps, seed ^ (at + 1) << 40));
            }
        });
        self.check();
        let now = heap::census(samara_shared_heap::Owner::HOST);
        assert_eq!(
            now, host,
            "the host's objects, after all threads have dropped theirs"
        );
    }

    /// Makes `threads` threads allocate in one domain until its quota is used up, and checks the limit.
    ///
    /// # Panics
    /// If the domain has more bytes than its limit.
    pub fn race_for_quota(&self, threads: usize, seed: u64) {
        const ROOM: usize = 4096;
        let domain = &self.domains[seed as usize % self.domains.len()];
        let owner = owner_of(domain);
        let limit = heap::census(owner).bytes + ROOM;
        limit_bytes(owner, Some(limit));
        let all = Barrier::new(threads);
        let race = |proxy: Proxy<dyn Node>| {
            all.wait();
            while proxy.make(0, seed) == Ok(true) {}
        };
        scope(|scope| {
            let proxies = (0..threads).filter_map(|_| domain.proxy().ok());
            for proxy in proxies.collect::<Vec<_>>() {
                scope.spawn(|| race(proxy));
            }
        });
        let has = heap::census(owner).bytes;
        assert!(
            has <= limit,
            "{has} bytes exceed the quota of {limit} bytes"
        );
        limit_bytes(owner, None);
        domain.kill();
        runtime().reap();
    }

    /// Makes one thread kill a domain while another restarts it, and checks the exit reason.
    ///
    /// # Panics
    /// If the restart fails, or if a running domain has an exit reason.
    pub fn race_of_deaths(&self, seed: u64) {
        let domain = &self.domains[seed as usize % self.domains.len()];
        let all = Barrier::new(2);
        scope(|scope| {
            scope.spawn(|| {
                all.wait();
                domain.kill();
            });
            all.wait();
            domain.restart().unwrap_or_else(|error| panic!("{error}"));
        });
        let runs = domain.proxy().is_ok_and(|proxy| proxy.count().is_ok());
        assert!(
            !runs || domain.exit_reason().is_none(),
            "{domain:?} runs and has an exit reason"
        );
    }

    fn run(&self, steps: u64, seed: u64) {
        let mut rng = Rng::new(seed);
        let mut hand = Vec::new();
        for _ in 0..steps {
            let domain = &self.domains[rng.below(self.domains.len())];
            self.step(domain, &mut rng, &mut hand);
        }
    }

    fn step(&self, domain: &Domain<dyn Node>, rng: &mut Rng, hand: &mut Vec<(Item, u64)>) {
        let (how, tag) = (rng.below(256), rng.below(1 << 30) as u64);
        let Ok(proxy) = domain.proxy() else { return };
        match rng.below(64) {
            0 => {
                domain.kill();
            }
            // If two threads restart the same domain, one waits for the other. The second restart finds a new
            // generation, or starts one.
            1 | 2 => domain.restart().unwrap_or_else(|error| panic!("{error}")),
            3 => expect(
                proxy
                    .look(&RRef::new([tag; 5]), true)
                    .map(|_| unreachable!()),
            ),
            // The limit also binds other threads. A later step of any thread, or the check, removes it.
            4 => limit_bytes(owner_of(domain), Some(4096)),
            5..8 => limit_bytes(owner_of(domain), None),
            8..20 => {
                let lent = RRef::new([tag; 5]);
                expect(proxy.look(&lent, false).map(|seen| assert_eq!(seen, tag)));
                assert_eq!(*lent, [tag; 5]);
            }
            20..36 => expect(proxy.make(how, tag).map(drop)),
            36..50 => {
                let (item, tag) = hand.pop().unwrap_or_else(|| {
                    let made = Item::make(how, tag).unwrap_or_else(|error| panic!("{error}"));
                    (made, tag)
                });
                assert!(item.is(tag), "an object that the thread holds has changed");
                expect(proxy.put(item));
            }
            _ => match proxy.take_any() {
                Ok(Some(item)) => {
                    let tag = item.tag();
                    assert!(item.is(tag), "an object changed inside a domain");
                    if hand.len() < MOST {
                        hand.push((item, tag));
                    }
                }
                Ok(None) => {}
                Err(error) => expect(Err(error)),
            },
        }
    }

    fn check(&self) {
        runtime().reap();
        for domain in &self.domains {
            limit_bytes(owner_of(domain), None);
            let Ok(proxy) = domain.proxy() else { continue };
            match proxy.inventory() {
                Ok((objects, bytes, capabilities)) => {
                    let mut all = self.base;
                    let kept = Census {
                        objects,
                        bytes,
                        capabilities,
                    };
                    add(&mut all, kept);
                    let has = heap::census(owner_of(domain));
                    assert_eq!(
                        has,
                        all,
                        "{domain:?} reports {kept:?}, but owns {:?}",
                        minus(has, self.base)
                    );
                    // A running generation must have no exit reason, whatever its predecessor died of.
                    assert_eq!(
                        domain.exit_reason(),
                        None,
                        "{domain:?} runs and has an exit reason"
                    );
                }
                Err(error) => {
                    assert_eq!(error, RpcError::Dead);
                    wait_until("the reclaim", || domain.info().state == State::Free);
                }
            }
        }
    }

    /// Kills and reclaims all domains. Returns the number of their restarts.
    #[must_use]
    pub fn end(self) -> u64 {
        let restarts = self.domains.iter().map(Domain::restarts);
        let restarts = restarts.map(u64::from).sum();
        for domain in &self.domains {
            domain.kill();
            runtime().reap();
            wait_until("the reclaim", || domain.info().state == State::Free);
        }
        restarts
    }
}

/// Accepts all results that a call may have while other threads kill and limit the callee.
fn expect(ended: Result<(), RpcError>) {
    match ended {
        Ok(()) | Err(RpcError::Dead | RpcError::Crashed | RpcError::OverQuota) => {}
        Err(other) => panic!("a call returned {other:?}"),
    }
}
