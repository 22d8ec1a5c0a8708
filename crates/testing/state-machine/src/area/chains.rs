//! Chains of calls from domain to domain: the objects that travel along them, and the events at their ends.

use super::{Kind, kind};
use crate::area::objects::Objects;
use crate::area::opened::Opens;
use crate::model::item::Item;
use crate::model::{End, Life, Model};
use crate::node::{HostResource, Node};
use crate::runner::{Machine, end_of};
use crate::step::Numbers;
use samara_domain::{RRef, RpcError, interface, thread};
use samara_domain_runtime::{Domain, ExitKind, SpawnError, reaper};
use samara_proxy::Export;
use samara_testkit::hosted::as_host;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

pub(crate) const KINDS: &[Kind] = &[
    kind("chain", 3, |m, n| m.chain(n, RETURN)),
    kind("chain, panic at its end", 1, |m, n| m.chain(n, PANIC)),
    kind("chain, payload at its end", 1, |m, n| m.chain(n, PAYLOAD)),
    kind("chain, kill at its end", 3, |m, n| m.chain(n, KILL)),
    kind("chain, restart at its end", 1, |m, n| m.chain(n, RESTART)),
    kind("chain, own end at its end", 1, |m, n| m.chain(n, SUICIDE)),
    kind("chain, shadow at its end", 1, |m, n| m.chain(n, SHADOW)),
    kind("restarts inside", 1, Machine::descend),
];

/// The events at the end of a chain. In this one the last domain only returns.
pub(crate) const RETURN: u64 = 0;
const PANIC: u64 = 1;
const PAYLOAD: u64 = 2;
/// The host's hook kills a domain.
const KILL: u64 = 3;
/// The host's hook restarts a domain.
const RESTART: u64 = 4;
/// The last domain of the chain is killed, and makes a call afterwards.
const SUICIDE: u64 = 5;
/// The host's hook kills a domain, and the last domain of the chain calls its patron through its own shadow.
const SHADOW: u64 = 6;

#[interface]
pub(crate) trait Chains {
    /// Sends the item on to a peer, `hops` times, and back. Each domain lends the next domain an object of its own.
    fn chain(&self, item: Item, hops: usize, end: u64, lent: &RRef<u64>) -> Result<Item, RpcError>;
    /// Runs the host's hook of `END` inside the domain.
    fn pause(&self) -> Result<(), RpcError>;
}

thread_local! {
    /// The host's action at the end of a chain, on the chain's own thread.
    static END: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
    /// Set if a domain went on running after a call that it made when it was dead.
    static WENT_ON: Cell<bool> = const { Cell::new(false) };
    /// Set if a panic's payload was dropped on behalf of an owner other than the domain that made it.
    static ASTRAY: Cell<bool> = const { Cell::new(false) };
    /// The result of a shadow's call at the end of a chain.
    static ANSWER: Cell<Option<Result<u32, RpcError>>> = const { Cell::new(None) };
}

/// A panic payload that allocates when it is dropped.
struct Payload(RRef<u64>);
impl Drop for Payload {
    fn drop(&mut self) {
        let own = RRef::try_new(1_u64).map(|own| RRef::owner(&own));
        if !own.is_ok_and(|own| own == RRef::owner(&self.0) && !own.is_host()) {
            ASTRAY.set(true);
        }
    }
}

impl HostResource {
    fn at_the_end(&self, end: u64) -> Result<(), RpcError> {
        assert_ne!(end, PANIC, "asked to");
        if end == PAYLOAD {
            std::panic::panic_any(Payload(RRef::new(1)));
        }
        if let Some(hook) = END.take() {
            as_host(hook);
        }
        match end {
            SUICIDE => {
                match self.peer()? {
                    Some(peer) => drop(peer.count()),
                    None => thread::yield_now(),
                }
                WENT_ON.set(true);
            }
            SHADOW => {
                let answer = self.patron()?.map(|patron| patron.get());
                ANSWER.set(answer);
            }
            _ => {}
        }
        Ok(())
    }
}

impl Chains for HostResource {
    fn chain(&self, item: Item, hops: usize, end: u64, lent: &RRef<u64>) -> Result<Item, RpcError> {
        let peer = if hops > 0 { self.peer()? } else { None };
        let came = match peer {
            Some(peer) => {
                let own = RRef::new(hops as u64);
                let came = peer.chain(item, hops - 1, end, &own)?;
                assert_eq!(*own, hops as u64, "the object that was lent has changed");
                came
            }
            None => {
                let before = **lent;
                self.at_the_end(end)?;
                assert_eq!(**lent, before, "the object that was borrowed has changed");
                item
            }
        };
        Ok(came)
    }
    fn pause(&self) -> Result<(), RpcError> {
        self.at_the_end(RETURN)
    }
}

/// The most generations of a name that may be dead and still have calls inside.
const LAGGING: usize = 8;

/// Only one in this many steps of the kind runs, because each restart waits for the calls inside the old generation.
const SELDOM: usize = 128;

/// Calls `domain`, restarts it from inside that call, and does the same with the new generation, until a restart
/// fails. Appends the results of all restarts to `restarts`.
fn restarts_inside(domain: &Domain<dyn Node>, restarts: &Rc<RefCell<Vec<Result<(), SpawnError>>>>) {
    let (below, told) = (domain.clone(), Rc::clone(restarts));
    END.set(Some(Box::new(move || {
        let restarted = below.restart();
        let goes_on = restarted.is_ok();
        told.borrow_mut().push(restarted);
        if goes_on {
            restarts_inside(&below, &told);
        }
    })));
    // The call returns normally although its generation is dead, because on its way back the domain's code makes no
    // further call at which it could be cut.
    let paused = domain.proxy().map(|proxy| proxy.pause());
    assert!(
        matches!(paused, Ok(Ok(()))),
        "a call that was inside during a restart did not return: {paused:?}"
    );
}

impl Machine {
    /// Restarts a service from inside a call to it, and again from inside a call to the new generation, as often as
    /// the runtime allows.
    fn descend(&mut self, n: Numbers) {
        if !n.which.is_multiple_of(SELDOM) || !self.alive(n.domain) {
            return;
        }
        let restarts = Rc::default();
        self.model.die(n.domain, ExitKind::Killed);
        restarts_inside(&self.domains[n.domain], &restarts);
        let restarts = restarts.take();
        let (last, before) = restarts
            .split_last()
            .unwrap_or_else(|| panic!("no restart"));
        assert!(
            before.len() <= LAGGING,
            "{} generations have calls inside",
            before.len()
        );
        assert_eq!(*last, Err(SpawnError::StillDraining));
        self.model.nodes[n.domain].lingers = true;
    }

    fn chain(&mut self, n: Numbers, end: u64) {
        let Some((item, known)) = self.take_from_hand(n.which) else {
            return;
        };
        let hops = if n.how < 250 { n.how % 7 } else { 40 };
        let victim = match end {
            KILL | RESTART | SHADOW => Some(n.which % self.domains.len()),
            SUICIDE => self.last_of(n.domain, hops),
            _ => None,
        };
        if let Some(victim) = victim {
            let victim = self.domains[victim].clone();
            END.set(Some(Box::new(move || {
                if end == RESTART {
                    // The restart works even if the victim is on the chain. Its frames are then cut when the chain
                    // returns to them.
                    victim.restart().unwrap_or_else(|error| panic!("{error}"));
                } else {
                    victim.kill();
                }
                // No object of the chain may be freed now. If a reclaim frees one by mistake, `spoil` overwrites its
                // slot, and the chain's checks fail.
                spoil();
            })));
        }
        if matches!(end, RESTART | SHADOW) {
            // The step runs without cuts. After a cut the reference model could not know which generation runs.
            self.uncut();
        }
        let (proxy, lent) = (self.fresh(n.domain), RRef::new(u64::MAX));
        let came = self.cuttable(|| proxy.chain(item, hops, end, &lent));
        END.set(None);
        assert!(!WENT_ON.take(), "a dead domain went on running");
        assert!(
            !ASTRAY.take(),
            "a payload was dropped for an owner that did not make it"
        );
        let answer = ANSWER.take();
        if !self.was_cut {
            let expected = self.expect_chain(self.model.life(n.domain), hops, end, victim, answer);
            assert_eq!(end_of(&came), expected);
        }
        if let Ok(item) = came {
            assert!(
                item.is(known.tag),
                "an object changed on its way along the chain"
            );
            self.hand.push((item, known));
        }
    }

    /// Returns the domain at which a chain ends, if the chain comes that far.
    fn last_of(&mut self, domain: usize, hops: usize) -> Option<usize> {
        // Works on a copy of the model, because the chain has not run yet.
        let mut copy = Model {
            nodes: self.model.nodes.clone(),
            opened: self.model.opened.clone(),
            leaves: self.model.leaves.clone(),
            ..Model::default()
        };
        let mut last = None;
        let life = copy.life(domain);
        copy.chain(life, hops, &mut Vec::new(), &mut |_, above| {
            last = above.last().map(|life| life.domain);
            End::Ok
        });
        last
    }

    fn expect_chain(
        &mut self,
        life: Life,
        hops: usize,
        end: u64,
        victim: Option<usize>,
        answer: Option<Result<u32, RpcError>>,
    ) -> End {
        let mut at_the_end = |model: &mut Model, above: &[Life]| {
            let Some(last) = above.last() else {
                return End::Dead;
            };
            if matches!(end, PANIC | PAYLOAD) {
                model.die(last.domain, ExitKind::Panic);
                return End::Crashed;
            }
            let patron = model.nodes[last.domain].patron;
            if let Some(victim) = victim {
                model.die(victim, ExitKind::Killed);
                if end == RESTART {
                    model.born(victim);
                }
            }
            if !model.lives(*last) && (end == SUICIDE || end == SHADOW && patron.is_some()) {
                // A dead domain is cut at its next call.
                return End::Crashed;
            }
            if end == SHADOW {
                let own_chain = |domain: usize| above.iter().any(|life| life.domain == domain);
                match (patron, answer) {
                    (None, None) => {}
                    (Some(patron), Some(answer)) => {
                        let node = &model.nodes[patron.domain];
                        let expected = if node.service != patron.service {
                            Err(RpcError::RecoveryFailed)
                        } else if node.alive {
                            Ok(node.value)
                        } else if own_chain(patron.domain) && Some(patron.domain) == victim {
                            Err(RpcError::OnOwnChain)
                        } else {
                            model.born(patron.domain);
                            Ok(model.nodes[patron.domain].value)
                        };
                        assert_eq!(answer, expected, "a shadow's call on a chain");
                    }
                    (patron, answer) => panic!("{patron:?} answered {answer:?}"),
                }
            }
            End::Ok
        };
        self.model
            .chain(life, hops, &mut Vec::new(), &mut at_the_end)
    }
}

/// Reclaims everything that can be reclaimed, and overwrites the free slots.
fn spoil() {
    reaper::poll();
    let spoiled = [0xdead_u64; 8].map(RRef::try_new);
    drop(spoiled);
}
