//! Steps with specs that no host can satisfy. They must be refused and leave nothing behind.

use super::sizes::adversarial;
use super::{Kind, kind};
use crate::cuts;
use crate::node::{self, Node, Start};
use crate::runner::Machine;
use crate::settle::await_end;
use crate::step::Numbers;
use samara_domain_runtime::{DomainSpec, Mint};
use samara_host_std::runtime;
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[kind("ask for too much", 1, Machine::ask_for_too_much)];

/// Stack of the thread that spawns the domain, in bytes.
const STACK: usize = 1 << 20;

/// A stack size that is larger than any thread's stack, in bytes.
const NO_STACK: usize = 1 << 34;

/// A budget that is longer than the host supports, in microseconds.
const NO_BUDGET: u64 = 1 << 32;

impl Machine {
    fn ask_for_too_much(&mut self, n: Numbers) {
        let size = adversarial(n.which, n.how);
        let name = format!("{}-glutton", self.name);
        let spec = DomainSpec::new(&name);
        let spec = if n.domain.is_multiple_of(2) {
            spec.stack(size.max(NO_STACK))
        } else {
            spec.budget(Duration::from_micros((size as u64).max(NO_BUDGET)))
        };
        // Runs on a thread whose stack size is known.
        cuts::ticking(STACK, || {
            let recipe = Mint::of(|| Start::Well);
            let started = runtime().spawn::<dyn Node, _, _, _>(spec, node::init, recipe);
            assert!(
                started.is_err(),
                "{spec:?} cannot be satisfied, but started {started:?}"
            );
        });
        // Another thread may have to reclaim the slot that the refused start had claimed.
        await_end(&[name]);
    }
}
