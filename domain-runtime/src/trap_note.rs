//! A trap handler's note of a domain's death. Writing it takes no lock and formats nothing. The thread itself reads
//! it when it leaves the domain.

#[cfg(not(samara_model))]
use crate::primitive::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
// Loom tests take the atomics of `core` below: they have no trap handlers, so nothing is ever noted.
use crate::exit_reason::{Call, End, ExitKind, ExitReason, TRACE};
use crate::text::Text;
use core::fmt::Write;
#[cfg(samara_model)]
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use samara_shared_heap::Owner;

/// Why a trap handler ended a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)]
pub enum DeathCause {
    /// An access to memory that is not mapped, or not for that kind of access.
    Page = 0,
    /// A division by zero, or a division whose result does not fit.
    Divide = 1,
    /// An instruction that does not exist.
    InvalidInstruction = 2,
    /// General protection: a non-canonical address, a privileged instruction.
    Protection = 3,
    /// A misaligned access where none may be.
    Alignment = 4,
    /// The stack's guard page was touched.
    StackOverflow = 5,
    /// A floating-point exception.
    Float = 6,
    /// Any other CPU exception.
    Other = 7,
    /// A panic that could not unwind.
    Abort = 8,
    /// The budget is used up.
    Overrun = 9,
    /// The domain's destructors kept others waiting for too long.
    Awaited = 10,
}

impl DeathCause {
    const ALL: [(Self, &'static str); 11] = [
        (Self::Page, "page fault"),
        (Self::Divide, "divide error"),
        (Self::InvalidInstruction, "invalid instruction"),
        (Self::Protection, "protection fault"),
        (Self::Alignment, "alignment fault"),
        (Self::StackOverflow, "stack overflow"),
        (Self::Float, "floating-point exception"),
        (Self::Other, "CPU exception"),
        (Self::Abort, "a panic that could not be unwound"),
        (Self::Overrun, "budget used up"),
        (
            Self::Awaited,
            "a destructor kept others waiting for too long",
        ),
    ];

    const fn kind(self) -> ExitKind {
        match self {
            Self::Abort => ExitKind::Abort,
            Self::Overrun | Self::Awaited => ExitKind::Overrun,
            _ => ExitKind::Fault,
        }
    }
}

const NONE: u32 = 0;
const BEING_WRITTEN: u32 = u32::MAX;

/// The note of the first cause of death in a generation.
#[derive(Debug)]
pub(crate) struct TrapNote {
    /// The generation plus one, or one of the two constants above.
    of: AtomicU32,
    cause: AtomicU32,
    /// The thread on which it happened.
    by: AtomicUsize,
    address: AtomicUsize,
    trace: [AtomicUsize; TRACE],
    owners: [AtomicU32; TRACE],
}

impl TrapNote {
    #[expect(clippy::declare_interior_mutable_const, reason = "an initial value")]
    pub(crate) const NEW: Self = Self {
        of: AtomicU32::new(NONE),
        cause: AtomicU32::new(0),
        by: AtomicUsize::new(0),
        address: AtomicUsize::new(0),
        trace: [const { AtomicUsize::new(0) }; TRACE],
        owners: [const { AtomicU32::new(0) }; TRACE],
    };

    /// Clears the note for the next generation.
    pub(crate) fn clear(&self) {
        self.of.store(NONE, SeqCst);
    }

    /// Writes the note, if it is the generation's first. The caller's thread is inside the generation, and is not cut
    /// or pre-empted here.
    pub(crate) fn put(
        &self,
        generation: u32,
        by: usize,
        cause: DeathCause,
        address: usize,
        mut trace: impl Iterator<Item = Call>,
    ) {
        // Steps over the frames before the note is begun. Stepping takes time, and a thread that has lost the race to
        // write must not find a half-written note during that time.
        let trace: [Call; TRACE] = core::array::from_fn(|_| trace.next().unwrap_or(Call::NONE));
        if self
            .of
            .compare_exchange(NONE, BEING_WRITTEN, SeqCst, SeqCst)
            != Ok(NONE)
        {
            return;
        }
        self.cause.store(cause as u32, SeqCst);
        self.by.store(by, SeqCst);
        self.address.store(address, SeqCst);
        for ((pc, owner), call) in self.trace.iter().zip(&self.owners).zip(trace) {
            pc.store(call.pc, SeqCst);
            owner.store(call.owner.index() as u32, SeqCst);
        }
        self.of.store(generation.wrapping_add(1), SeqCst);
    }

    /// Whether there is a note, or one is being written.
    pub(crate) fn is_there(&self) -> bool {
        self.of.load(SeqCst) != NONE
    }

    /// Returns the end that was noted for `generation`. Waits for a thread that is writing the note, because a thread
    /// that has lost the race to write may be the first to report the death. The wait is short: the writer makes a
    /// few stores, in a handler or under a no-cut mark.
    pub(crate) fn end(&self, generation: u32) -> Option<End> {
        let reason = self.reason(generation)?;
        Some(End {
            reason,
            by: self.by.load(SeqCst),
        })
    }

    /// The reason of that end, without the thread.
    fn reason(&self, generation: u32) -> Option<ExitReason> {
        while self.of.load(SeqCst) == BEING_WRITTEN {
            core::hint::spin_loop();
        }
        if self.of.load(SeqCst) != generation.wrapping_add(1) {
            return None;
        }
        let (cause, text) = *DeathCause::ALL.get(self.cause.load(SeqCst) as usize)?;
        let mut reason = ExitReason::new(cause.kind(), text);
        let calls = self.trace.iter().zip(&self.owners);
        for (to, (pc, owner)) in reason.trace.iter_mut().zip(calls) {
            let owner = Owner::from_index(owner.load(SeqCst) as usize);
            *to = Call {
                pc: pc.load(SeqCst),
                owner: owner.unwrap_or(Owner::HOST),
            };
        }
        // Cannot fail: `Text` truncates.
        if matches!(cause, DeathCause::Page | DeathCause::StackOverflow) {
            let _ = write!(reason.message, " at {:#x}", self.address.load(SeqCst));
        }
        reason.place = Text::new();
        let _ = write!(reason.place, "pc {:#x}", reason.trace[0].pc);
        Some(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    extern crate std;

    fn calls(seed: usize) -> impl Iterator<Item = Call> {
        (0..TRACE).map(move |at| Call {
            pc: seed + at,
            owner: Owner::HOST,
        })
    }

    /// Whether all of the note is by one writer: the `seed`s differ by more than the length of a trace.
    fn is_of(reason: &ExitReason, cause: DeathCause, seed: usize) -> bool {
        reason.kind == cause.kind() && reason.trace.iter().copied().eq(calls(seed))
    }

    /// Invariant: LIFE-12
    #[test]
    fn a_late_writer_reads_the_first_note() {
        for turn in 0..2000_u32 {
            let note = TrapNote::NEW;
            let start = Barrier::new(2);
            let causes = [(DeathCause::Divide, 1000), (DeathCause::Overrun, 2000)];
            let reasons = thread::scope(|scope| {
                causes
                    .map(|(cause, seed)| {
                        let (note, start) = (&note, &start);
                        scope.spawn(move || {
                            start.wait();
                            note.put(turn, seed, cause, seed, calls(seed));
                            note.reason(turn)
                        })
                    })
                    .map(|thread| thread.join().unwrap())
            });
            let [first, second] = reasons.map(|reason| reason.expect("one has won"));
            assert_eq!(first, second, "{turn}");
            assert!(
                causes
                    .iter()
                    .any(|&(cause, seed)| is_of(&first, cause, seed)),
                "half of each: {first:?}"
            );
            assert_eq!(note.reason(turn + 1), None);
        }
    }

    /// Invariant: LIFE-12
    #[test]
    fn a_note_that_is_being_written_is_waited_for() {
        let note = TrapNote::NEW;
        note.put(6, 1, DeathCause::Page, 9, calls(500));
        let written = note.of.swap(BEING_WRITTEN, SeqCst);
        thread::scope(|scope| {
            let reader = scope.spawn(|| note.reason(6));
            thread::sleep(core::time::Duration::from_millis(30));
            assert!(!reader.is_finished());
            note.of.store(written, SeqCst);
            let reason = reader.join().unwrap().expect("it was noted");
            assert!(is_of(&reason, DeathCause::Page, 500), "{reason:?}");
            assert_eq!(reason.message.as_str(), "page fault at 0x9");
        });
    }

    #[test]
    fn the_first_note_of_a_generation_stays() {
        let note = TrapNote::NEW;
        note.put(3, 1, DeathCause::Divide, 0, calls(0));
        note.put(3, 2, DeathCause::Page, 0, calls(100));
        let first = note.end(3).map(|end| (end.reason.kind, end.by));
        assert_eq!(first, Some((ExitKind::Fault, 1)));
        assert!(is_of(&note.reason(3).unwrap(), DeathCause::Divide, 0));
        note.clear();
        assert_eq!(note.reason(3), None);
        note.put(4, 3, DeathCause::Overrun, 0, calls(200));
        assert!(is_of(&note.reason(4).unwrap(), DeathCause::Overrun, 200));
    }
}
