//! CPU exceptions that a domain must prepare. They leave changed state in the CPU, which a cut must restore.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "raises exceptions that safe code cannot raise")]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{host, leak_check, watch};
use std::arch::asm;
use std::ptr;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Reads behind the end of a mapped file: SIGBUS.
const BEYOND_FILE: u8 = 0;
/// Divides by zero while that exception is not masked: SIGFPE.
const FLOAT: u8 = 1;
/// Leaves the x87 stack full and the direction flag set, and faults: SIGSEGV.
const DIRTY: u8 = 2;

#[interface]
trait Victim {
    fn trap(&self, case: u8, object: RRef<u64>) -> Result<u64, RpcError>;
}

struct State;

fn beyond_file() {
    // SAFETY: a valid name, and no flags.
    let file = unsafe { libc::memfd_create(c"empty".as_ptr(), 0) };
    let flags = libc::MAP_PRIVATE;
    // SAFETY: a new mapping of an empty file; it is left to the process.
    let page = unsafe { libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, flags, file, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    // SAFETY: the mapping keeps the file.
    unsafe { libc::close(file) };
    // SAFETY: raises the exception instead of reading.
    unsafe { asm!("mov {0}, [{0}]", inout(reg) page => _) };
}

impl Victim for State {
    fn trap(&self, case: u8, object: RRef<u64>) -> Result<u64, RpcError> {
        match case {
            BEYOND_FILE => beyond_file(),
            FLOAT => {
                let unmasked = 0x1f80_u32 & !(1 << 9);
                // SAFETY: raises the exception; the cut restores the control word.
                unsafe {
                    asm!(
                        "push {0}", "ldmxcsr [rsp]", "pop {0}",
                        "mov {1:e}, 0x3f800000", "movd xmm0, {1:e}", "xorps xmm1, xmm1",
                        "divss xmm0, xmm1",
                        inout(reg) u64::from(unmasked) => _, out(reg) _, out("xmm0") _, out("xmm1") _,
                    )
                };
            }
            _ => {
                // SAFETY: raises the exception; the cut restores all of this state.
                unsafe {
                    asm!(
                        "fld1", "fld1", "fld1", "fld1", "fld1", "fld1", "fld1", "fld1", "std",
                        "mov {0}, [{0}]",
                        inout(reg) 0_usize => _,
                    )
                };
            }
        }
        Ok(*object)
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

/// Returns MXCSR without its exception flags, the x87 control and tag words, and the flags DF, NT and AC, which must
/// be clear when code is called.
fn control_words() -> (u32, u16, u16, u64) {
    let (mut mxcsr, mut x87, mut flags) = (0_u32, [0_u32; 7], 0_u64);
    // SAFETY: writes the four bytes of `mxcsr`.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mxcsr) };
    // SAFETY: writes the 28 bytes of `x87`, and masks the x87 exceptions, which are masked anyway.
    unsafe { asm!("fnstenv [{}]", in(reg) &raw mut x87) };
    // SAFETY: reads the flags.
    unsafe { asm!("pushfq", "pop {}", inout(reg) flags) };
    let checked = 1 << 10 | 1 << 14 | 1 << 18;
    (mxcsr & !0x3f, x87[0] as u16, x87[2] as u16, flags & checked)
}

/// Failure: F-12
#[test]
fn exceptions_leave_no_state_in_the_cpu() {
    let _check = leak_check();
    let _contained = contained(false);
    let before = control_words();
    let limits = Restart::limited(9, Duration::from_secs(3600));
    let victim: Domain<dyn Victim> = host()
        .spawn(
            DomainSpec::new("signals").restart(limits),
            init,
            Mint::nothing(),
        )
        .unwrap();
    watch(&victim);
    for (case, text) in [
        (BEYOND_FILE, "page fault at 0x"),
        (FLOAT, "floating-point exception"),
        (DIRTY, "page fault at 0x0"),
    ] {
        let error = victim.proxy().unwrap().trap(case, RRef::new(7));
        assert_eq!(error, Err(RpcError::Crashed), "{text}");
        assert_eq!(control_words(), before, "{text}");
        let reason = victim.exit_reason().unwrap();
        assert_eq!(reason.kind, ExitKind::Fault);
        assert!(reason.message.as_str().starts_with(text), "{reason}");
        victim.restart().unwrap();
    }
}
