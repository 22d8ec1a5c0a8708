//! A domain that the host calls, and that calls a victim.

use core::sync::atomic::AtomicU32;

use samara::prelude::*;

use super::victim::{Counted, Victim};
use crate::host::runtime;

/// A domain that calls its victim in several ways.
#[interface]
pub(super) trait Middle {
    /// Calls [`Victim::crash`] and returns its result.
    fn forward(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
    /// Calls [`Victim::kill_caller`] while it holds a value whose drop is counted in `drops`.
    fn be_killed(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
    /// Panics while it holds a value whose destructor makes the victim crash, too.
    fn crash_both(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError>;
}

pub(super) struct State(Proxy<dyn Victim>);

pub(super) fn init(victim: Proxy<dyn Victim>) -> Result<State, RpcError> {
    Ok(State(victim))
}

struct CrashesVictim<'a>(&'a State, &'a RRef<AtomicU32>);

impl Drop for CrashesVictim<'_> {
    fn drop(&mut self) {
        assert_eq!(self.0.0.crash(self.1), Err(RpcError::Crashed));
    }
}

impl Middle for State {
    fn forward(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
        self.0.crash(drops)
    }

    fn be_killed(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
        let _counted = Counted(drops);
        self.0.kill_caller()
    }

    fn crash_both(&self, drops: &RRef<AtomicU32>) -> Result<(), RpcError> {
        let _crashes = CrashesVictim(self, drops);
        panic!("the first of two");
    }
}

pub(super) fn spawn(victim: &Domain<dyn Victim>) -> Domain<dyn Middle> {
    let victim = victim.clone();
    let spec = DomainSpec::new("middle");
    runtime()
        .spawn(spec, init, Mint::fallible(move || victim.proxy()))
        .expect("a domain")
}
