//! A tick that ends the domain, between any two instructions of what it does: trusted code is never cut,
//! and whatever is cut leaves the heap whole.

use alloc::format;
use core::time::Duration;

use samara::heap::heap;
use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::state::State;

use super::domains::settled_frames;
use super::kernel_tests;
use super::stepped::{self, Stepped, Work};
use crate::host::runtime;
use crate::println;
use crate::thread::step::{Steps, count, tick_after};

/// Traps that one kind of work may take, over all its instructions. What fills or copies pages takes too many
/// for each instruction: then it is one of so many.
const TRAPS: u64 = 1_500_000;

/// A tick for each instruction finds the domain's code, or comes when nothing is to be cut.
#[derive(Default)]
struct Outcomes {
    cut: u32,
    answered: u32,
}

/// The domain that is ticked, and one that it knows.
struct Pair {
    stepped: Domain<dyn Stepped>,
    other: Domain<dyn Stepped>,
}

/// The answer of a call that was stepped.
type Answer = Result<(), RpcError>;

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
    fn ready(&self) -> Proxy<dyn Stepped> {
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

    fn is_running(&self) -> bool {
        matches!(self.stepped.info().state, State::Running)
    }

    /// Ticks at every instruction of `walk`.
    fn walk(&self, walk: &Walk<'_>) -> Outcomes {
        let Walk { name, call, .. } = walk;
        // What is done for the first time in a life takes the longest.
        let mut whole = Steps::default();
        for _ in 0..3 {
            self.stepped.kill();
            let proxy = walk.begin(self);
            let mut answer = Err(RpcError::Dead);
            let steps = count(|| answer = call(&proxy));
            assert_eq!(answer, Ok(()), "{name}");
            whole = whole.max(steps);
        }
        drop(self.ready());
        let before = heap::census_all();
        let all = u64::from(whole.instructions) * u64::from(whole.traps) / 2;
        let stride = u32::try_from(all / TRAPS).unwrap_or(u32::MAX).max(1);
        let mut outcomes = Outcomes::default();
        let mut steps = 1;
        // Not every run is as long as those.
        while steps < whole.instructions + whole.instructions / 8 {
            let proxy = walk.begin(self);
            let mut answer = Err(RpcError::Dead);
            if !tick_after(steps, || answer = call(&proxy)) {
                break;
            }
            match answer {
                Ok(()) => outcomes.answered += 1,
                Err(error) => {
                    assert_eq!(error, RpcError::Crashed, "{name} {steps}");
                    let reason = self.stepped.exit_reason().expect("it died");
                    assert_eq!(reason.kind, ExitKind::Overrun, "{name} {steps}: {reason}");
                    outcomes.cut += 1;
                }
            }
            drop((proxy, self.ready()));
            assert_eq!(heap::census_all(), before, "{name} {steps}");
            assert!(self.other.exit_reason().is_none(), "{name} {steps}");
            steps += stride;
        }
        let Outcomes { cut, answered } = outcomes;
        let instructions = whole.instructions;
        println!(
            "{name}: {instructions} instructions, every {stride}: {cut} cut, {answered} answered"
        );
        outcomes
    }

    /// The same for kinds of work, and for each where no cache has anything and the domain is new.
    fn walk_all(&self, kinds: &[Work]) {
        for work in kinds.iter().copied() {
            for is_cold in [false, true] {
                let walk = Walk {
                    name: &format!("{work:?}{}", if is_cold { ", cold" } else { "" }),
                    is_cold,
                    prepare: &|proxy| proxy.prepare(work),
                    call: &|proxy| proxy.work(work),
                };
                let outcomes = self.walk(&walk);
                assert!(outcomes.cut > 10 && outcomes.answered > 0, "{}", walk.name);
            }
        }
    }
}

/// What is done with a domain again and again.
struct Walk<'a> {
    name: &'a str,
    /// Each time from the beginning, rather than as if it was done before.
    is_cold: bool,
    prepare: &'a dyn Fn(&Proxy<dyn Stepped>) -> Answer,
    /// This is watched.
    call: &'a dyn Fn(&Proxy<dyn Stepped>) -> Answer,
}

impl Walk<'_> {
    /// A proxy of a domain that is about to be called.
    fn begin(&self, pair: &Pair) -> Proxy<dyn Stepped> {
        if self.is_cold {
            pair.stepped.kill();
        } else if !pair.is_running() {
            let proxy = pair.ready();
            assert_eq!((self.prepare)(&proxy), Ok(()));
            assert_eq!((self.call)(&proxy), Ok(()));
        }
        let proxy = pair.ready();
        assert_eq!((self.prepare)(&proxy), Ok(()));
        if self.is_cold {
            heap::trim();
        }
        proxy
    }
}

/// Runs `what` with two domains; all frames are there again.
fn leaves_nothing(what: impl Fn(&Pair)) {
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

/// What needs nothing at hand.
fn nothing(_: &Proxy<dyn Stepped>) -> Answer {
    Ok(())
}

kernel_tests! {
    fn a_tick_after_any_instruction_leaves_the_heap_whole() {
        leaves_nothing(|pair| {
            let lent = RRef::new(3_u64);
            let call = |proxy: &Proxy<dyn Stepped>| {
                let back = proxy.exchange(RRef::new(4), &lent)?;
                assert_eq!(*back, 7);
                Ok(())
            };
            let (name, is_cold) = ("exchange", false);
            let outcomes = pair.walk(&Walk { name, is_cold, prepare: &nothing, call: &call });
            assert_eq!(*lent, 3);
            assert!(outcomes.cut > 100 && outcomes.answered > 20, "both kinds of code were met");
        });
    }

    fn so_in_a_call_and_a_return_alone() {
        type Step = fn(&Proxy<dyn Stepped>) -> Answer;
        let give: Step = |proxy| proxy.give(RRef::new(RRef::new(5)));
        let take: Step = |proxy| proxy.take().map(|object| assert_eq!(**object, 5));
        let cases: [(&str, Step, Step); 3] = [
            ("a call and no more", nothing, |proxy| proxy.nothing()),
            ("an argument", nothing, give),
            ("a result", give, take),
        ];
        leaves_nothing(|pair| {
            for (name, prepare, call) in cases {
                let walk = Walk { name, is_cold: false, prepare: &prepare, call: &call };
                let outcomes = pair.walk(&walk);
                assert!(outcomes.cut > 0 && outcomes.answered > 3, "{name}");
            }
        });
    }

    fn so_in_the_exchange_heap_with_caches_full_and_empty() {
        leaves_nothing(|pair| pair.walk_all(&[Work::Allocate, Work::Free, Work::FreeMany]));
    }

    fn so_in_private_heaps() {
        let small = [Work::AllocatePrivate, Work::FreePrivate, Work::GrowPrivate];
        leaves_nothing(|pair| pair.walk_all(&small));
        leaves_nothing(|pair| pair.walk_all(&[Work::AllocatePages, Work::FreePages]));
    }

    fn so_in_large_objects() {
        leaves_nothing(|pair| pair.walk_all(&[Work::AllocateLarge, Work::FreeLarge]));
    }

    fn so_in_capabilities_and_calls_of_others() {
        leaves_nothing(|pair| {
            pair.walk_all(&[Work::CloneProxy, Work::DropProxy]);
            pair.walk_all(&[Work::CloneExported, Work::DropExported]);
            pair.walk_all(&[Work::Export, Work::DropExport, Work::CallOther]);
        });
    }
}
