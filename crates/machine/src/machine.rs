//! The machine: real domains beside the model.

use crate::item::{Item, Known};
use crate::model::{self, End, Life, Model, add};
use crate::node::{self, Node};
use crate::step::{Op, Step};
use samara_domain_runtime::state::State;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_proxy::{Export, Proxy, RpcError};
use samara_rref::RRef;
use samara_shared_heap::Owner;
use samara_shared_heap::heap::{self, Census};
use samara_testkit::hosted::{limit_bytes, owner_of, wait_until};
use std::time::Duration;

/// Objects and proxies that the host keeps at most.
const MOST: usize = 24;

/// Some domains, what the host holds, and the model of both.
#[derive(Debug)]
pub struct Machine {
    domains: Vec<Domain<dyn Node>>,
    model: Model,
    hand: Vec<(Item, Known)>,
    proxies: Vec<(Proxy<dyn Node>, Life)>,
    /// What a proxy counts for.
    proxy: Census,
    tags: u64,
}

fn end_of<T>(result: &Result<T, RpcError>) -> End {
    match result {
        Ok(_) => End::Ok,
        Err(RpcError::Dead) => End::Dead,
        Err(RpcError::Crashed) => End::Crashed,
        Err(other) => panic!("a call ended with {other:?}"),
    }
}

pub(crate) fn minus(more: Census, less: Census) -> Census {
    Census {
        objects: more.objects - less.objects,
        bytes: more.bytes - less.bytes,
        capabilities: more.capabilities - less.capabilities,
    }
}

impl Machine {
    /// `domains` of them, freshly started. `name` is in the domains' names.
    ///
    /// # Panics
    /// If they do not start.
    #[must_use]
    pub fn new(name: &str, domains: usize) -> Self {
        let restart = Restart::limited(u32::MAX, Duration::from_secs(1 << 20));
        let mut this = Self {
            domains: Vec::new(),
            model: Model::default(),
            hand: Vec::new(),
            proxies: Vec::new(),
            proxy: Census::default(),
            tags: 0,
        };
        for at in 0..domains {
            let spec = DomainSpec::new(&format!("{name}-{at}")).restart(restart);
            let domain = runtime().spawn(spec, node::init, Mint::nothing());
            this.domains
                .push(domain.unwrap_or_else(|error| panic!("{error}")));
            this.model.0.push(model::Node::default());
            this.born(at);
        }
        this.measure_proxy();
        this
    }

    /// A proxy in a domain's hands is what the domain has more.
    fn measure_proxy(&mut self) {
        let before = heap::census(owner_of(&self.domains[0]));
        let peer = self.fresh(0);
        assert_eq!(self.fresh(0).learn(peer), Ok(()));
        self.model.0[0].peer = Some(self.life(0));
        self.proxy = minus(heap::census(owner_of(&self.domains[0])), before);
    }

    fn born(&mut self, at: usize) {
        let base = heap::census(owner_of(&self.domains[at]));
        let node = &mut self.model.0[at];
        node.number += 1;
        node.alive = true;
        node.base = base;
    }

    fn life(&self, domain: usize) -> Life {
        let number = self.model.0[domain].number;
        Life { domain, number }
    }

    fn fresh(&self, domain: usize) -> Proxy<dyn Node> {
        let proxy = self.domains[domain].proxy();
        proxy.unwrap_or_else(|error| panic!("{error}"))
    }

    fn tag(&mut self) -> u64 {
        self.tags += 1;
        self.tags
    }

    /// Takes one step, and compares.
    ///
    /// # Panics
    /// If anything is not as the model says.
    pub fn step(&mut self, step: Step) {
        let domain = step.domain % self.domains.len();
        self.apply(step, domain);
        runtime().reap();
        self.check();
    }

    fn apply(&mut self, step: Step, domain: usize) {
        let Step { op, which, how, .. } = step;
        match op {
            Op::Make => self.make(how),
            Op::Drop => drop(self.take_from_hand(which)),
            Op::Put => self.put(which, domain),
            Op::Take => self.take(domain, which),
            Op::MakeInside => self.make_inside(domain, how),
            Op::DropInside => self.discard(domain, which),
            Op::Pass => self.pass(domain, which),
            Op::Lend => self.lend(domain, how % 4 == 0),
            Op::Chain => self.chain(domain, which, how, node::RETURN),
            Op::ChainPanic => self.chain(domain, which, how, node::PANIC),
            Op::ChainKill => self.chain(domain, which, how, node::HOOK),
            Op::Kill => self.kill(domain),
            Op::Restart => self.restart(domain),
            Op::Limit => self.limit(domain, which, how),
            Op::Proxy => self.keep(self.fresh(domain), self.life(domain)),
            Op::CloneProxy => self.clone_proxy(which),
            Op::SendProxy => self.send_proxy(which, domain),
            Op::UseProxy => self.use_proxy(which),
            Op::Trim => heap::trim(),
        }
    }

    fn make(&mut self, how: usize) {
        if self.hand.len() < MOST {
            let tag = self.tag();
            let item = Item::make(how, tag).unwrap_or_else(|error| panic!("{error}"));
            self.hand.push((item, Known::of(how, tag)));
        }
    }

    fn take_from_hand(&mut self, which: usize) -> Option<(Item, Known)> {
        let at = which.checked_rem(self.hand.len())?;
        let (item, known) = self.hand.swap_remove(at);
        assert!(item.is(known.tag), "the host's own object changed");
        Some((item, known))
    }

    fn put(&mut self, which: usize, domain: usize) {
        let Some((item, known)) = self.take_from_hand(which) else {
            return;
        };
        let ended = end_of(&self.fresh(domain).put(item));
        if self.model.0[domain].alive {
            assert_eq!(ended, End::Ok);
            self.model.0[domain].items.push(known);
        } else {
            assert_eq!(ended, End::Dead);
        }
    }

    /// A place of a living domain that has something there.
    fn place(&self, domain: usize, which: usize) -> Option<usize> {
        let node = &self.model.0[domain];
        if node.alive {
            which.checked_rem(node.items.len())
        } else {
            None
        }
    }

    fn take(&mut self, domain: usize, which: usize) {
        let Some(at) = self.place(domain, which) else {
            return;
        };
        let known = self.model.0[domain].items.swap_remove(at);
        let item = self.fresh(domain).take(at);
        let item = item.unwrap_or_else(|error| panic!("{error}"));
        assert!(item.is(known.tag), "an object changed in a domain");
        if self.hand.len() < MOST {
            self.hand.push((item, known));
        }
    }

    fn make_inside(&mut self, domain: usize, how: usize) {
        let tag = self.tag();
        let made = self.fresh(domain).make(how, tag);
        if self.model.0[domain].alive {
            assert_eq!(made, Ok(true));
            self.model.0[domain].items.push(Known::of(how, tag));
        } else {
            assert_eq!(made, Err(RpcError::Dead));
        }
    }

    fn discard(&mut self, domain: usize, which: usize) {
        if let Some(at) = self.place(domain, which) {
            self.model.0[domain].items.swap_remove(at);
            assert_eq!(self.fresh(domain).discard(at), Ok(()));
        }
    }

    fn pass(&mut self, domain: usize, which: usize) {
        let Some(at) = self.place(domain, which) else {
            return;
        };
        let known = self.model.0[domain].items.swap_remove(at);
        let to = self.model.0[domain].peer.unwrap_or(self.life(domain));
        let ended = end_of(&self.fresh(domain).pass(at));
        if self.model.lives(to) {
            assert_eq!(ended, End::Ok);
            self.model.0[to.domain].items.push(known);
        } else {
            assert_eq!(ended, End::Dead);
        }
    }

    fn lend(&mut self, domain: usize, panic: bool) {
        let tag = self.tag();
        let lent = RRef::new([tag; 5]);
        let seen = self.fresh(domain).look(&lent, panic);
        assert_eq!((*lent, RRef::owner(&lent)), ([tag; 5], Owner::HOST));
        if !self.model.0[domain].alive {
            assert_eq!(seen, Err(RpcError::Dead));
        } else if panic {
            assert_eq!(seen, Err(RpcError::Crashed));
            self.model.0[domain].die();
        } else {
            assert_eq!(seen, Ok(tag));
        }
    }

    fn chain(&mut self, domain: usize, which: usize, how: usize, end: u64) {
        let Some((item, known)) = self.take_from_hand(which) else {
            return;
        };
        let (hops, victim) = (how % 7, which % self.domains.len());
        if end == node::HOOK {
            let victim = self.domains[victim].clone();
            node::at_the_end(Some(Box::new(move || {
                victim.kill();
            })));
        }
        let came = self.fresh(domain).chain(item, hops, end);
        node::at_the_end(None);
        let life = self.life(domain);
        let mut at_the_end = |model: &mut Model, last: usize| match end {
            node::PANIC => {
                model.0[last].die();
                End::Crashed
            }
            node::HOOK => {
                model.0[victim].die();
                End::Ok
            }
            _ => End::Ok,
        };
        assert_eq!(end_of(&came), self.model.chain(life, hops, &mut at_the_end));
        if let Ok(item) = came {
            assert!(item.is(known.tag), "an object changed on its way");
            self.hand.push((item, known));
        }
    }

    fn kill(&mut self, domain: usize) {
        assert_eq!(self.domains[domain].kill(), self.model.0[domain].alive);
        self.model.0[domain].die();
    }

    fn restart(&mut self, domain: usize) {
        self.model.0[domain].die();
        let started = self.domains[domain].restart();
        started.unwrap_or_else(|error| panic!("{error}"));
        self.born(domain);
    }

    /// The limit is exact: what fits is made, what does not is not.
    fn limit(&mut self, domain: usize, slack: usize, how: usize) {
        if !self.model.0[domain].alive {
            return;
        }
        let owner = owner_of(&self.domains[domain]);
        let limit = self.model.0[domain].census(self.proxy).bytes + slack * 4;
        limit_bytes(owner, Some(limit));
        for how in (how..how + 6).filter(|how| !Known::is_large(*how)) {
            let parts: usize = Known::parts(how).iter().sum();
            let fits = self.model.0[domain].census(self.proxy).bytes + parts <= limit;
            let tag = self.tag();
            let made = self.fresh(domain).make(how, tag);
            assert_eq!(made, Ok(fits), "{parts} bytes, {slack} words to spare");
            if fits {
                self.model.0[domain].items.push(Known::of(how, tag));
            }
        }
        limit_bytes(owner, None);
    }

    fn keep(&mut self, proxy: Proxy<dyn Node>, life: Life) {
        if self.proxies.len() == MOST {
            self.proxies.remove(0);
        }
        self.proxies.push((proxy, life));
    }

    fn clone_proxy(&mut self, which: usize) {
        if let Some(at) = which.checked_rem(self.proxies.len()) {
            let (proxy, life) = &self.proxies[at];
            let copy = proxy.try_clone().unwrap_or_else(|error| panic!("{error}"));
            self.keep(copy, *life);
        }
    }

    fn send_proxy(&mut self, which: usize, domain: usize) {
        let Some(at) = which.checked_rem(self.proxies.len()) else {
            return;
        };
        let (proxy, life) = self.proxies.swap_remove(at);
        let sent = end_of(&self.fresh(domain).learn(proxy));
        if self.model.0[domain].alive {
            assert_eq!(sent, End::Ok);
            self.model.0[domain].peer = Some(life);
        } else {
            assert_eq!(sent, End::Dead);
        }
    }

    fn use_proxy(&mut self, which: usize) {
        if let Some(at) = which.checked_rem(self.proxies.len()) {
            let (proxy, life) = &self.proxies[at];
            let lives = self.model.lives(*life);
            assert_eq!(proxy.is_alive(), lives);
            let expected = if lives {
                Ok(self.model.0[life.domain].items.len())
            } else {
                Err(RpcError::Dead)
            };
            assert_eq!(proxy.count(), expected, "a handle, stale or not");
        }
    }

    /// Every domain has what the model says, and nothing else.
    fn check(&self) {
        for (domain, node) in self.domains.iter().zip(&self.model.0) {
            if node.alive {
                let owner = owner_of(domain);
                assert_eq!(heap::census(owner), node.census(self.proxy), "{domain:?}");
            } else {
                wait_until("the reclaim", || domain.info().state == State::Free);
            }
        }
    }

    /// What the host holds for this machine, by the model.
    #[must_use]
    pub fn held(&self) -> Census {
        let mut sum = Census::default();
        self.hand
            .iter()
            .for_each(|(_, known)| add(&mut sum, known.counts));
        self.proxies.iter().for_each(|_| add(&mut sum, self.proxy));
        sum
    }

    /// What all owners hold for this machine, by the model.
    #[must_use]
    pub fn all(&self) -> Census {
        let mut sum = self.held();
        for node in &self.model.0 {
            add(&mut sum, node.census(self.proxy));
        }
        sum
    }

    /// Ends it: everything is killed and dropped.
    pub fn end(mut self) {
        for at in 0..self.domains.len() {
            self.domains[at].kill();
            self.model.0[at].die();
        }
        runtime().reap();
        self.check();
    }
}
