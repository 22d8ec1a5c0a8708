//! The domain that the tests interrupt by a tick after any of its instructions, and another domain that it calls.

use core::time::Duration;

use samara::prelude::*;
use samara::runtime::state::State;

use super::stepped::{self, Stepped};
use super::totals::settled_frames;
use crate::host::runtime;

/// The domain that the ticks interrupt, and a domain that it calls.
pub(super) struct Pair {
    pub(super) stepped: Domain<dyn Stepped>,
    pub(super) other: Domain<dyn Stepped>,
}

impl Pair {
    fn spawn() -> Self {
        let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
        let spec = |name| {
            DomainSpec::new(name)
                .drain_timeout(Duration::from_secs(1))
                .restart(policy)
        };
        let other: Domain<dyn Stepped> = runtime()
            .spawn(spec("other"), stepped::init, Mint::of(|| None))
            .expect("a domain");
        let handle = other.clone();
        let recipe = Mint::fallible(move || handle.proxy().map(Some));
        let spec = spec("stepped").budget(Duration::from_secs(60));
        let stepped = runtime().spawn(spec, stepped::init, recipe);
        let stepped = stepped.expect("a domain");
        Self { stepped, other }
    }

    /// Restarts the domain if it is dead, checks that its heaps work, drops everything that it holds, and returns a
    /// proxy of it.
    pub(super) fn ready(&self) -> Proxy<dyn Stepped> {
        if !self.is_running() {
            // This would time out if the exit of an entry had not been counted.
            self.stepped.restart().expect("it drained");
        }
        let proxy = self.stepped.proxy().expect("a proxy");
        let back = proxy.exchange(RRef::new(4), &RRef::new(3)).expect("alive");
        assert_eq!(*back, 7);
        proxy.clear().expect("alive");
        runtime().collect_exports();
        proxy
    }

    pub(super) fn is_running(&self) -> bool {
        matches!(self.stepped.info().state, State::Running)
    }
}

/// Runs `action` with two domains, and asserts that the number of free frames is the same before and afterwards.
pub(super) fn leaves_nothing(action: impl Fn(&Pair)) {
    let once = |action: &dyn Fn(&Pair)| {
        let pair = Pair::spawn();
        action(&pair);
        for domain in [&pair.stepped, &pair.other] {
            domain
                .stop(Duration::from_secs(1))
                .expect("no thread is inside");
        }
    };
    once(&|pair| {
        // The host's own tables grow here, before frames are counted.
        for _ in 0..3 {
            drop(pair.ready());
            pair.stepped.kill();
        }
        drop(pair.ready());
    });
    let before = settled_frames();
    once(&action);
    assert_eq!(settled_frames(), before);
}
