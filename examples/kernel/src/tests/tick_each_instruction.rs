//! One kind of work, done again and again with a tick behind each of its instructions.

use alloc::format;

use samara::heap::heap;
use samara::prelude::*;
use samara::runtime::ExitKind;

use super::pair::Pair;
use super::stepped::{Stepped, Work};
use crate::println;
use crate::thread::step::{Steps, count, tick_after};

/// Traps that one kind of work may take, over all its instructions. What fills or copies pages takes too many
/// for each instruction: then it is one of so many.
const TRAPS: u64 = 1_500_000;

/// A tick for each instruction finds the domain's code, or comes when nothing is to be cut.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) cut: u32,
    pub(super) answered: u32,
}

/// The answer of a call that was stepped.
pub(super) type Answer = Result<(), RpcError>;

/// What is done with a domain again and again.
pub(super) struct Walk<'a> {
    pub(super) name: &'a str,
    /// Each time from the beginning, rather than as if it was done before.
    pub(super) is_cold: bool,
    pub(super) prepare: &'a dyn Fn(&Proxy<dyn Stepped>) -> Answer,
    /// This is watched.
    pub(super) call: &'a dyn Fn(&Proxy<dyn Stepped>) -> Answer,
}

impl Walk<'_> {
    /// Ticks at every instruction.
    pub(super) fn run(&self, pair: &Pair) -> Outcomes {
        let Self { name, call, .. } = self;
        // What is done for the first time in a life takes the longest.
        let mut whole = Steps::default();
        for _ in 0..3 {
            pair.stepped.kill();
            let proxy = self.begin(pair);
            let mut answer = Err(RpcError::Dead);
            let steps = count(|| answer = call(&proxy));
            assert_eq!(answer, Ok(()), "{name}");
            whole = whole.max(steps);
        }
        drop(pair.ready());
        let before = heap::census_all();
        let all = u64::from(whole.instructions) * u64::from(whole.traps) / 2;
        let stride = u32::try_from(all / TRAPS).unwrap_or(u32::MAX).max(1);
        let mut outcomes = Outcomes::default();
        let mut steps = 1;
        // Not every run is as long as those.
        while steps < whole.instructions + whole.instructions / 8 {
            let proxy = self.begin(pair);
            let mut answer = Err(RpcError::Dead);
            if !tick_after(steps, || answer = call(&proxy)) {
                break;
            }
            match answer {
                Ok(()) => outcomes.answered += 1,
                Err(error) => {
                    assert_eq!(error, RpcError::Crashed, "{name} {steps}");
                    let reason = pair.stepped.exit_reason().expect("it died");
                    assert_eq!(reason.kind, ExitKind::Overrun, "{name} {steps}: {reason}");
                    outcomes.cut += 1;
                }
            }
            drop((proxy, pair.ready()));
            assert_eq!(heap::census_all(), before, "{name} {steps}");
            assert!(pair.other.exit_reason().is_none(), "{name} {steps}");
            steps += stride;
        }
        let Outcomes { cut, answered } = outcomes;
        let instructions = whole.instructions;
        println!(
            "{name}: {instructions} instructions, every {stride}: {cut} cut, {answered} answered"
        );
        outcomes
    }

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

/// Ticks at every instruction of kinds of work, and of each where no cache has anything and the domain is new.
pub(super) fn walk_all(pair: &Pair, kinds: &[Work]) {
    for work in kinds.iter().copied() {
        for is_cold in [false, true] {
            let walk = Walk {
                name: &format!("{work:?}{}", if is_cold { ", cold" } else { "" }),
                is_cold,
                prepare: &|proxy| proxy.prepare(work),
                call: &|proxy| proxy.work(work),
            };
            let outcomes = walk.run(pair);
            assert!(outcomes.cut > 10 && outcomes.answered > 0, "{}", walk.name);
        }
    }
}
