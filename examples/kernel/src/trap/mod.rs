//! Handles traps. An interrupt may switch the running thread. A fault of a domain's code kills the domain. Any other
//! fault is fatal, and is reported with the calls that led to it.

mod entry;
mod report;

pub(crate) use entry::stub;

use core::arch::asm;
use core::sync::atomic::{AtomicU32, Ordering};

use x86_64::registers::control::Cr2;

use crate::arch::fault::Fault;
use crate::arch::fpu::FpuState;
use crate::arch::trap_frame::TrapFrame;
use crate::arch::{lapic, pic};
use crate::host::messages;
use crate::mm::stack;
use crate::thread::{self, Interrupted, dispatch, request};

#[cfg(feature = "kernel-tests")]
const DEBUG: u64 = 1;
const BREAKPOINT: u64 = 3;
const TIMER: u64 = lapic::TIMER as u64;
const REQUESTED: u64 = request::VECTOR as u64;
const FIRST_MESSAGE: u64 = messages::FIRST as u64;
const LAST_MESSAGE: u64 = messages::LAST as u64;
const SPURIOUS: u64 = lapic::SPURIOUS as u64;
const OLD_FIRST: u64 = pic::FIRST_VECTOR as u64;
const OLD_LAST: u64 = pic::END_VECTOR as u64 - 1;

/// The number of breakpoint instructions that were executed.
static BREAKPOINTS: AtomicU32 = AtomicU32::new(0);

/// Returns the number of breakpoint instructions that were executed since boot.
#[cfg(feature = "kernel-tests")]
pub(crate) fn breakpoints() -> u32 {
    BREAKPOINTS.load(Ordering::Relaxed)
}

/// Handles a trap. The entry code calls this on a trap stack, with the registers saved in `frame` and `fpu`.
extern "C" fn handle(frame: &mut TrapFrame, fpu: &mut FpuState) {
    match frame.vector {
        TIMER => {
            lapic::acknowledge();
            thread::tick::handle(&mut Interrupted { frame, fpu });
        }
        FIRST_MESSAGE..=LAST_MESSAGE => {
            lapic::acknowledge();
            messages::arrived(frame.vector);
            dispatch::leave_idle(&mut Interrupted { frame, fpu });
        }
        REQUESTED => dispatch::handle(&mut Interrupted { frame, fpu }),
        // These interrupts are spurious: they were withdrawn before their delivery. The legacy controllers can raise
        // no others, since their inputs are masked.
        SPURIOUS | OLD_FIRST..=OLD_LAST => {}
        // Only in the tests' build does execution continue after a breakpoint. The linker fills gaps between
        // functions with breakpoint instructions, and a wild jump into a gap must not run through it.
        BREAKPOINT if cfg!(feature = "kernel-tests") => {
            BREAKPOINTS.fetch_add(1, Ordering::Relaxed);
            // This stands for any compiled code of a handler, which may overwrite vector registers, too.
            spoil_vector_registers();
        }
        #[cfg(feature = "kernel-tests")]
        DEBUG => {
            if !thread::step::handle(&mut Interrupted { frame, fpu }) {
                report::fatal(frame, &fault(frame));
            }
        }
        _ => {
            let fault = fault(frame);
            if !thread::cut::fault(&mut Interrupted { frame, fpu }, &fault) {
                report::fatal(frame, &fault);
            }
        }
    }
}

/// Overwrites all vector registers, so that a test can tell that they are restored.
fn spoil_vector_registers() {
    // SAFETY: all registers that change are declared.
    unsafe {
        asm!(
            ".irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
            "pcmpeqd xmm\\i, xmm\\i",
            ".endr",
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
        );
    }
}

/// Returns the fault that caused the trap with this frame.
fn fault(frame: &TrapFrame) -> Fault {
    // An access to a non-canonical address raises a general protection fault, so CR2 should be canonical. If it is
    // not, the report shows the raw value.
    let address = Cr2::read_raw();
    Fault::new(frame.vector, frame.error_code, address, |address| {
        stack::is_guard(address) || thread::stack_guards(address)
    })
}
