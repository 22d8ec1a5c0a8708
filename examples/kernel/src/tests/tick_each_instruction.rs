//! Repeats one kind of work many times. In each run a tick comes after a different instruction of the work.

use alloc::format;

use samara::heap::heap;
use samara::prelude::*;
use samara::runtime::ExitKind;

use super::pair::Pair;
use super::stepped::{Stepped, Work};
use crate::println;
use crate::thread::step::{Steps, count, tick_after};

/// The most traps that one kind of work may take over all its runs. Work that fills or copies pages would take more.
/// For such work the tick comes only after every n-th instruction, and n is called the stride.
const TRAPS: u64 = 1_500_000;

/// Counts the runs in which the tick cut the thread, and the runs in which the call was answered despite the tick.
#[derive(Default)]
pub(super) struct Outcomes {
    pub(super) cut: u32,
    pub(super) answered: u32,
}

/// The result of a call that was stepped through.
pub(super) type Answer = Result<(), RpcError>;

/// One kind of work that a domain repeats.
pub(super) struct Walk<'a> {
    pub(super) name: &'a str,
    /// Whether each run starts with a new generation and empty caches. Otherwise the generation has done the work at
    /// least once before the run.
    pub(super) is_cold: bool,
    pub(super) prepare: &'a dyn Fn(&Proxy<dyn Stepped>) -> Answer,
    /// The call that is stepped through.
    pub(super) call: &'a dyn Fn(&Proxy<dyn Stepped>) -> Answer,
}

impl Walk<'_> {
    /// Runs the work once for each of its instructions, or once for each stride, with a tick after that instruction.
    pub(super) fn run(&self, pair: &Pair) -> Outcomes {
        let Self { name, call, .. } = self;
        // Work takes the most instructions when a generation does it for the first time.
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
        // Some runs take more instructions than the counted runs above.
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

    /// Prepares the domain for a run, and returns a proxy of it.
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

/// Steps through each kind of work twice: with a domain that has done the work before, and with a new generation and
/// empty caches for each run.
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
