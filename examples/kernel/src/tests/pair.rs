//! The domain that is ticked at every instruction, with another beside it.

use core::time::Duration;

use samara::prelude::*;
use samara::runtime::state::State;

use super::stepped::{self, Stepped};
use super::totals::settled_frames;
use crate::host::runtime;

/// The domain that is ticked, and one that it knows.
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

    /// A proxy of a living domain that has nothing, whose heaps work.
    pub(super) fn ready(&self) -> Proxy<dyn Stepped> {
        if !self.is_running() {
            // Every entry was counted out again, or this would time out.
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

/// Runs `what` with two domains; all frames are there again.
pub(super) fn leaves_nothing(what: impl Fn(&Pair)) {
    let once = |what: &dyn Fn(&Pair)| {
        let pair = Pair::spawn();
        what(&pair);
        for domain in [&pair.stepped, &pair.other] {
            domain
                .stop(Duration::from_secs(1))
                .expect("nobody is inside");
        }
    };
    once(&|pair| {
        // The host's own tables grow first.
        for _ in 0..3 {
            drop(pair.ready());
            pair.stepped.kill();
        }
        drop(pair.ready());
    });
    let before = settled_frames();
    once(&what);
    assert_eq!(settled_frames(), before);
}
