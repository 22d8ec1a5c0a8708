//! What a trap handler notes of a domain's death: no lock, no formatting. The thread itself reads it
//! when it leaves the domain.

#[cfg(not(samara_model))]
use crate::primitive::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
// Models have no trap handlers: nothing is ever noted.
use crate::reason::{Call, ExitKind, ExitReason, TRACE};
use crate::text::Text;
use core::fmt::Write;
#[cfg(samara_model)]
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};
use samara_shared_heap::Owner;

/// What struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(u32)]
pub enum Strike {
    /// An access to memory that is not mapped, or not for that.
    Page = 0,
    /// A division by zero, or whose result does not fit.
    Divide = 1,
    /// An instruction that does not exist.
    InvalidInstruction = 2,
    /// General protection: a non-canonical address, a privileged instruction.
    Protection = 3,
    /// A misaligned access where none may be.
    Alignment = 4,
    /// The stack's guard was touched.
    StackOverflow = 5,
    /// A floating-point exception.
    Float = 6,
    /// Any other CPU exception.
    Other = 7,
    /// A panic that nothing could unwind.
    Abort = 8,
    /// The budget is used up.
    Overrun = 9,
}

impl Strike {
    const ALL: [(Self, &'static str); 10] = [
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
    ];

    const fn kind(self) -> ExitKind {
        match self {
            Self::Abort => ExitKind::Abort,
            Self::Overrun => ExitKind::Overrun,
            _ => ExitKind::Fault,
        }
    }
}

const NONE: u32 = 0;
const BEING_WRITTEN: u32 = u32::MAX;

/// The first strike of a generation.
#[derive(Debug)]
pub(crate) struct TrapNote {
    /// The generation and one, or one of the two above.
    of: AtomicU32,
    strike: AtomicU32,
    address: AtomicUsize,
    trace: [AtomicUsize; TRACE],
    owners: [AtomicU32; TRACE],
}

impl TrapNote {
    #[expect(clippy::declare_interior_mutable_const, reason = "an initial value")]
    pub(crate) const NEW: Self = Self {
        of: AtomicU32::new(NONE),
        strike: AtomicU32::new(0),
        address: AtomicUsize::new(0),
        trace: [const { AtomicUsize::new(0) }; TRACE],
        owners: [const { AtomicU32::new(0) }; TRACE],
    };

    /// For the next generation.
    pub(crate) fn clear(&self) {
        self.of.store(NONE, SeqCst);
    }

    /// Notes it, if it is the first. The caller's thread is inside the generation.
    pub(crate) fn put(
        &self,
        generation: u32,
        strike: Strike,
        address: usize,
        mut trace: impl Iterator<Item = Call>,
    ) {
        // Stepping takes its time, in which a thread that lost the race must not find half a note.
        let trace: [Call; TRACE] = core::array::from_fn(|_| trace.next().unwrap_or(Call::NONE));
        if self
            .of
            .compare_exchange(NONE, BEING_WRITTEN, SeqCst, SeqCst)
            != Ok(NONE)
        {
            return;
        }
        self.strike.store(strike as u32, SeqCst);
        self.address.store(address, SeqCst);
        for ((pc, owner), call) in self.trace.iter().zip(&self.owners).zip(trace) {
            pc.store(call.pc, SeqCst);
            owner.store(call.owner.index() as u32, SeqCst);
        }
        self.of.store(generation.wrapping_add(1), SeqCst);
    }

    /// What was noted of `generation`.
    pub(crate) fn reason(&self, generation: u32) -> Option<ExitReason> {
        if self.of.load(SeqCst) != generation.wrapping_add(1) {
            return None;
        }
        let (strike, text) = *Strike::ALL.get(self.strike.load(SeqCst) as usize)?;
        let mut reason = ExitReason::new(strike.kind(), text);
        let calls = self.trace.iter().zip(&self.owners);
        for (to, (pc, owner)) in reason.trace.iter_mut().zip(calls) {
            let owner = Owner::from_index(owner.load(SeqCst) as usize);
            *to = Call {
                pc: pc.load(SeqCst),
                owner: owner.unwrap_or(Owner::HOST),
            };
        }
        // Cannot fail: `Text` cuts.
        if matches!(strike, Strike::Page | Strike::StackOverflow) {
            let _ = write!(reason.message, " at {:#x}", self.address.load(SeqCst));
        }
        reason.place = Text::new();
        let _ = write!(reason.place, "pc {:#x}", reason.trace[0].pc);
        Some(reason)
    }
}
