//! Steps with shadows. A call through a shadow restarts a dead callee, and is repeated after a crash if its method
//! allows that.

use super::values::told;
use super::{Kind, kind};
use crate::area::opened::Opens;
use crate::model::Name;
use crate::node::Node;
use crate::runner::{MOST, Machine};
use crate::step::Numbers;
use crate::surface::call;
use samara_domain::{RRef, RpcError, Shadow};
use samara_domain_runtime::ExitKind;
use samara_proxy::Export;
use std::cell::Cell;
use std::fmt::Debug;

pub(crate) const KINDS: &[Kind] = &[
    kind("shadow", 3, Machine::shadow),
    kind("send shadow", 3, Machine::send_shadow),
    kind("get by shadow", 3, Machine::get),
    kind("repeated by shadow", 2, Machine::get_crashing),
    kind("not repeated by shadow", 2, Machine::bump),
    kind("fill by shadow", 2, Machine::fill),
];

/// The number of crashes after which a call is not repeated any more.
const MAX_CRASHES: u32 = 4;

thread_local! {
    /// How many of the next calls on this thread must crash their domain; and, in `CALLS`, the number of calls that
    /// were made.
    static CRASHES: Cell<u32> = const { Cell::new(0) };
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

/// Counts a call of a domain, and panics if the host has asked for a crash.
pub(crate) fn maybe_crash() {
    CALLS.set(CALLS.get() + 1);
    if let Some(left) = CRASHES.get().checked_sub(1) {
        CRASHES.set(left);
        panic!("asked to");
    }
}

impl Machine {
    fn shadow(&mut self, n: Numbers) {
        let shadow = self.domains[n.domain].shadow();
        let shadow = shadow.unwrap_or_else(|error| panic!("{error}"));
        let shadow = if n.how.is_multiple_of(2) {
            shadow
        } else {
            call!(Shadow::<dyn Node>::try_clone, &shadow).unwrap_or_else(|error| panic!("{error}"))
        };
        assert!(!told::by(|f| call!(<Shadow<dyn Node> as Debug>::fmt, &shadow, f)).is_empty());
        if self.shadows.len() == MOST {
            self.shadows.remove(0);
        }
        self.shadows.push((shadow, self.model.name(n.domain)));
    }

    fn send_shadow(&mut self, n: Numbers) {
        let Some(at) = n.which.checked_rem(self.shadows.len()) else {
            return;
        };
        let (shadow, name) = self.shadows.swap_remove(at);
        let sent = self.fresh(n.domain).trust(shadow);
        if self.alive(n.domain) {
            assert_eq!(sent, Ok(()));
            self.model.nodes[n.domain].patron = Some(name);
        } else {
            assert_eq!(sent, Err(RpcError::Dead));
        }
    }

    /// Models a call through a shadow of `name`. If no generation lives, the call starts one. If the service was
    /// stopped, the call fails.
    pub(crate) fn revive(&mut self, name: Name) -> Result<(), RpcError> {
        let node = &self.model.nodes[name.domain];
        if node.service != name.service {
            return Err(RpcError::RecoveryFailed);
        }
        if !node.alive {
            self.model.born(name.domain);
        }
        Ok(())
    }

    /// Models the beginning of a call to `name` that may return objects. Before such a call, the callee drops its
    /// exported objects that have no proxy.
    pub(crate) fn collect_for(&mut self, name: Name) {
        let node = &self.model.nodes[name.domain];
        if node.service == name.service && node.alive {
            self.model.collect(name.domain);
        }
    }

    pub(crate) fn any_shadow(&self, which: usize) -> Option<(usize, Name)> {
        let at = which.checked_rem(self.shadows.len())?;
        Some((at, self.shadows[at].1))
    }

    fn get(&mut self, n: Numbers) {
        let Some((at, name)) = self.any_shadow(n.which) else {
            return;
        };
        let got = self.shadows[at].0.get();
        let expected = self.revive(name);
        let value = self.model.nodes[name.domain].value;
        assert_eq!(got, expected.map(|()| value));
    }

    /// Models a call that crashes the domain `crashes` times, with a restart after each death.
    fn crash_in(&mut self, name: Name, crashes: u32) {
        for _ in 0..crashes {
            self.model.die(name.domain, ExitKind::Panic);
            self.model.born(name.domain);
        }
    }

    fn get_crashing(&mut self, n: Numbers) {
        let Some((at, name)) = self.any_shadow(n.which) else {
            return;
        };
        let crashes = (n.how % 6) as u32;
        CRASHES.set(crashes);
        CALLS.set(0);
        let got = self.shadows[at].0.get_crashing();
        CRASHES.set(0);
        if let Err(error) = self.revive(name) {
            assert_eq!(got, Err(error));
            return;
        }
        let met = crashes.min(MAX_CRASHES);
        self.crash_in(name, met);
        let value = self.model.nodes[name.domain].value;
        let expected = if met == MAX_CRASHES {
            Err(RpcError::Crashed)
        } else {
            Ok(value)
        };
        assert_eq!(got, expected, "a call that crashes {crashes} times");
        assert_eq!(CALLS.get(), met + u32::from(expected.is_ok()));
    }

    /// Calls a method that is not `#[idempotent]`, so it must not be repeated.
    fn bump(&mut self, n: Numbers) {
        let Some((at, name)) = self.any_shadow(n.which) else {
            return;
        };
        let crashes = (n.how % 2) as u32;
        CRASHES.set(crashes);
        CALLS.set(0);
        let bumped = self.shadows[at].0.bump();
        CRASHES.set(0);
        if let Err(error) = self.revive(name) {
            assert_eq!(bumped, Err(error));
            return;
        }
        assert_eq!(
            CALLS.get(),
            1,
            "a call that is not idempotent is made exactly once"
        );
        self.crash_in(name, crashes);
        if crashes == 0 {
            let node = &mut self.model.nodes[name.domain];
            node.value = node.value.wrapping_add(1);
            assert_eq!(bumped, Ok(node.value));
        } else {
            assert_eq!(bumped, Err(RpcError::Crashed));
        }
    }

    /// Passes a scratch buffer, which is allocated anew for each attempt.
    fn fill(&mut self, n: Numbers) {
        let Some((at, name)) = self.any_shadow(n.which) else {
            return;
        };
        let (len, byte) = (n.how * 3 + 1, n.how as u8 | 1);
        let crashes = (n.how % 3) as u32;
        CRASHES.set(crashes);
        let buffer = RRef::<[u8]>::new_zeroed_slice(len);
        let buffer = buffer.unwrap_or_else(|error| panic!("{error}"));
        let filled = self.shadows[at].0.fill(buffer, byte);
        CRASHES.set(0);
        self.collect_for(name);
        match self.revive(name) {
            Ok(()) => {
                self.crash_in(name, crashes);
                let filled = filled.unwrap_or_else(|error| panic!("{error}"));
                assert!(filled.len() == len && filled.iter().all(|at| *at == byte));
            }
            Err(error) => assert_eq!(filled.map(drop), Err(error)),
        }
    }
}
