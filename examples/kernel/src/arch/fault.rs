//! CPU faults: their kind, the address, and a description for people.

use core::fmt;

use samara::runtime::contain::DeathCause;
use x86_64::structures::idt::PageFaultErrorCode;

/// Vectors of faults that compiled code can raise (Intel SDM volume 3, table 6-1).
pub(crate) const PAGE_FAULT: u64 = 14;
const DIVIDE: u64 = 0;
const OVERFLOW: u64 = 4;
const BOUND: u64 = 5;
const UNDEFINED: u64 = 6;
const STACK_SEGMENT: u64 = 12;
const PROTECTION: u64 = 13;
const FLOATING_POINT: u64 = 16;
const ALIGNMENT: u64 = 17;
const VECTOR_FLOATING_POINT: u64 = 19;

/// Bytes at the bottom of the address space that are never mapped. An access there comes from a null pointer: it
/// accesses the pointer's target or a field of the target.
const NULL_AREA: u64 = 4096;

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An access to an address that is not mapped.
    NotMapped(Access),
    /// An access next to address zero.
    Null(Access),
    /// An access that the page does not allow.
    NotAllowed(Access),
    /// An access to the guard below a stack.
    StackOverflow,
    /// Any other fault, with its vector.
    Other(u64),
}

/// The kind of a memory access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
    Execute,
}

/// A fault: its kind, and the address that caused it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    /// The address that was accessed, for a page fault.
    pub(crate) address: u64,
}

impl Fault {
    /// Decodes the CPU's report of a fault. `is_guard` says whether an address lies in the guard of a stack.
    pub(crate) fn new(
        vector: u64,
        error_code: u64,
        address: u64,
        is_guard: impl FnOnce(u64) -> bool,
    ) -> Self {
        let kind = if vector == PAGE_FAULT {
            page_fault(error_code, address, is_guard)
        } else {
            Kind::Other(vector)
        };
        Self { kind, address }
    }

    /// Returns the cause of death, or `None` if a domain's code can cause such a fault only through a bug in the
    /// host.
    pub(crate) fn death_cause(&self) -> Option<DeathCause> {
        Some(match self.kind {
            Kind::StackOverflow => DeathCause::StackOverflow,
            Kind::NotMapped(_) | Kind::Null(_) | Kind::NotAllowed(_) => DeathCause::Page,
            Kind::Other(DIVIDE) => DeathCause::Divide,
            Kind::Other(UNDEFINED) => DeathCause::InvalidInstruction,
            Kind::Other(PROTECTION | STACK_SEGMENT) => DeathCause::Protection,
            Kind::Other(ALIGNMENT) => DeathCause::Alignment,
            Kind::Other(FLOATING_POINT | VECTOR_FLOATING_POINT) => DeathCause::Float,
            Kind::Other(OVERFLOW | BOUND) => DeathCause::Other,
            Kind::Other(_) => return None,
        })
    }
}

fn page_fault(error_code: u64, address: u64, is_guard: impl FnOnce(u64) -> bool) -> Kind {
    let cause = PageFaultErrorCode::from_bits_truncate(error_code);
    let access = if cause.contains(PageFaultErrorCode::INSTRUCTION_FETCH) {
        Access::Execute
    } else if cause.contains(PageFaultErrorCode::CAUSED_BY_WRITE) {
        Access::Write
    } else {
        Access::Read
    };
    if cause.contains(PageFaultErrorCode::PROTECTION_VIOLATION) {
        // This case is decided before `is_guard` is asked: `is_guard` is also true in a reserve that is open, and an
        // access there may violate the page's rights without a stack overflow.
        Kind::NotAllowed(access)
    } else if is_guard(address) {
        Kind::StackOverflow
    } else if address < NULL_AREA {
        Kind::Null(access)
    } else {
        Kind::NotMapped(access)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, address, .. } = *self;
        match kind {
            Kind::NotMapped(access) => write!(f, "{access} {address:#x}: not mapped"),
            Kind::Null(access) => write!(f, "{access} {address:#x}: not mapped (null)"),
            Kind::NotAllowed(access) => write!(f, "{access} {address:#x}: not allowed"),
            Kind::StackOverflow => write!(f, "stack overflow at {address:#x}"),
            // An access to a non-canonical address raises this fault, not a page fault.
            Kind::Other(PROTECTION) => {
                f.write_str("general protection fault (a non-canonical or misaligned address)")
            }
            Kind::Other(vector) => f.write_str(name(vector)),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "reading",
            Self::Write => "writing",
            Self::Execute => "executing",
        })
    }
}

/// Returns the name of the exception with this vector (Intel SDM volume 3, table 6-1).
pub(crate) fn name(vector: u64) -> &'static str {
    match vector {
        DIVIDE => "divide error",
        1 => "debug exception",
        2 => "non-maskable interrupt",
        3 => "breakpoint",
        OVERFLOW => "overflow",
        BOUND => "bound range exceeded",
        UNDEFINED => "undefined instruction",
        7 => "device not available",
        8 => "double fault",
        10 => "invalid task state",
        11 => "segment not present",
        STACK_SEGMENT => "stack-segment fault",
        PROTECTION => "general protection fault",
        PAGE_FAULT => "page fault",
        FLOATING_POINT => "floating-point error",
        ALIGNMENT => "alignment check",
        18 => "machine check",
        VECTOR_FLOATING_POINT => "vector floating-point error",
        20 => "virtualization exception",
        21 => "control protection exception",
        32..=255 => "unexpected interrupt",
        _ => "reserved exception",
    }
}
