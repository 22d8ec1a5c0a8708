//! The domain that the tests make die, in all ways in which code can fail.

use alloc::vec::Vec;
use core::arch::asm;
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use spin::Mutex;

use super::stack_exhaustion::{Trusted, dig};
use crate::host::runtime;

/// Ways to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
#[repr(u32)]
pub(super) enum Way {
    Null,
    Wild,
    NonCanonical,
    WriteReadOnly,
    ExecuteData,
    WildCall,
    StackOverflow,
    Divide,
    Undefined,
    Misaligned,
    Panic,
    DoublePanic,
    FaultWhileUnwinding,
    AllocationOverQuota,
    FaultWithFlags,
}

impl Way {
    pub(super) const ALL: [Self; 15] = [
        Self::Null,
        Self::Wild,
        Self::NonCanonical,
        Self::WriteReadOnly,
        Self::ExecuteData,
        Self::WildCall,
        Self::StackOverflow,
        Self::Divide,
        Self::Undefined,
        Self::Misaligned,
        Self::Panic,
        Self::DoublePanic,
        Self::FaultWhileUnwinding,
        Self::AllocationOverQuota,
        Self::FaultWithFlags,
    ];

    /// Returns the kind of the exit reason that is expected, and words that its message must contain.
    pub(super) fn reason(self) -> (ExitKind, &'static str) {
        match self {
            Self::Null => (ExitKind::Fault, "page fault at 0x8"),
            Self::Wild => (ExitKind::Fault, "page fault at 0xffff900000001234"),
            Self::NonCanonical | Self::Misaligned => (ExitKind::Fault, "protection fault"),
            Self::WriteReadOnly => (ExitKind::Fault, "page fault at 0xffffffff80"),
            Self::ExecuteData => (ExitKind::Fault, "page fault at 0xffff"),
            Self::WildCall | Self::FaultWithFlags => (ExitKind::Fault, "page fault at 0x10"),
            Self::StackOverflow => (ExitKind::Fault, "stack overflow at 0xffff"),
            Self::Divide => (ExitKind::Fault, "divide error"),
            Self::Undefined => (ExitKind::Fault, "invalid instruction"),
            Self::Panic | Self::DoublePanic => (ExitKind::Panic, "the first"),
            Self::FaultWhileUnwinding => (ExitKind::Panic, "the first"),
            Self::AllocationOverQuota => (ExitKind::Panic, "memory allocation of"),
        }
    }
}

/// A domain that dies in the way that a call selects.
#[interface]
pub(super) trait Mortal {
    fn die(&self, way: Way) -> Result<(), RpcError>;
    /// Recurses until the stack is used up. While little of the stack is left, calls trusted code again and again.
    fn dig(&self, code: Trusted, pad: u32) -> Result<(), RpcError>;
    /// Loops for ever.
    fn hang(&self) -> Result<(), RpcError>;
    /// Takes a private lock and loops for ever.
    fn hang_locked(&self) -> Result<(), RpcError>;
    /// Waits for that lock.
    fn wait_for_lock(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn work(&self) -> Result<u32, RpcError>;
}

/// Counts the calls that have entered a hanging method.
pub(super) static HANGING: AtomicU32 = AtomicU32::new(0);

pub(super) mod inside {
    use super::*;

    #[derive(Default)]
    pub(super) struct State(Mutex<Vec<u64>>);

    pub(super) fn init((): ()) -> Result<State, RpcError> {
        Ok(State::default())
    }

    struct OnDrop(fn());

    impl Drop for OnDrop {
        fn drop(&mut self) {
            (self.0)();
        }
    }

    #[inline(never)]
    fn read(address: usize) {
        let pointer = core::ptr::without_provenance::<u64>(black_box(address));
        // SAFETY: the pointer is not valid; the fault is the purpose.
        black_box(unsafe { pointer.read_volatile() });
    }

    #[inline(never)]
    fn write(address: usize) {
        let pointer = core::ptr::without_provenance_mut::<u64>(black_box(address));
        // SAFETY: the pointer is not valid; the fault is the purpose.
        unsafe { pointer.write_volatile(0) };
    }

    #[inline(never)]
    fn call(address: usize) {
        // SAFETY: there is no code at the address; the fault is the purpose.
        unsafe { asm!("call {}", in(reg) black_box(address), clobber_abi("C")) };
    }

    #[inline(never)]
    #[expect(unconditional_recursion, reason = "the purpose")]
    fn overflow(depth: u64) -> u64 {
        let frame = black_box([depth; 24]);
        overflow(depth + 1) + frame[(depth % 24) as usize]
    }

    #[inline(never)]
    fn dirty_flags() {
        let unmasked = black_box(0_u32);
        // SAFETY: the fault, which does not return, is the purpose. The direction flag stays set and exceptions stay
        // unmasked until the trap entry code puts both right.
        unsafe {
            asm!(
                "ldmxcsr [{unmasked}]",
                "fld1",
                "fld1",
                "std",
                "mov rax, qword ptr [0x10]",
                unmasked = in(reg) &unmasked,
                options(noreturn, nostack)
            )
        };
    }

    #[inline(never)]
    pub(in super::super) fn die(way: Way) {
        match way {
            Way::Null => read(8),
            Way::Wild => write(0xffff_9000_0000_1234),
            Way::NonCanonical => read(0x1234_5678_9abc_def0),
            Way::WriteReadOnly => write(overflow as fn(u64) -> u64 as usize),
            Way::ExecuteData => {
                let code = [0xc3_u8; 16];
                call(black_box(code.as_ptr()).addr());
            }
            Way::WildCall => call(0x10),
            Way::StackOverflow => {
                overflow(1);
            }
            Way::Divide => {
                // SAFETY: the fault is the purpose.
                unsafe {
                    asm!("div {zero:e}", zero = in(reg) 0_u32, inout("eax") 1 => _, inout("edx") 0 => _)
                };
            }
            // SAFETY: the fault is the purpose.
            Way::Undefined => unsafe { asm!("ud2") },
            Way::Misaligned => {
                let bytes = black_box([0_u128; 2]);
                let address = black_box(bytes.as_ptr().addr() + 1);
                // SAFETY: the fault is the purpose.
                unsafe { asm!("movaps xmm0, [{}]", in(reg) address, out("xmm0") _) };
            }
            Way::Panic => panic!("the first"),
            Way::DoublePanic => {
                let _bomb = OnDrop(|| panic!("the second"));
                panic!("the first");
            }
            Way::FaultWhileUnwinding => {
                let _bomb = OnDrop(|| read(8));
                panic!("the first");
            }
            Way::AllocationOverQuota => {
                black_box(Vec::<u8>::with_capacity(64 << 20));
            }
            Way::FaultWithFlags => dirty_flags(),
        }
    }

    impl Mortal for State {
        fn die(&self, way: Way) -> Result<(), RpcError> {
            die(way);
            Ok(())
        }

        fn dig(&self, code: Trusted, pad: u32) -> Result<(), RpcError> {
            dig(code, pad, &|| ());
            Ok(())
        }

        fn hang(&self) -> Result<(), RpcError> {
            HANGING.fetch_add(1, SeqCst);
            loop {
                core::hint::spin_loop();
            }
        }

        fn hang_locked(&self) -> Result<(), RpcError> {
            let _list = self.0.lock();
            self.hang()
        }

        fn wait_for_lock(&self) -> Result<(), RpcError> {
            HANGING.fetch_add(1, SeqCst);
            self.0.lock().push(2);
            Ok(())
        }

        fn work(&self) -> Result<u32, RpcError> {
            Ok(self.0.try_lock().map_or(0, |_| 42))
        }
    }
}

pub(super) fn spawn() -> Domain<dyn Mortal> {
    spawn_with(DomainSpec::new("mortal"))
}

pub(super) fn spawn_with(spec: DomainSpec) -> Domain<dyn Mortal> {
    let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
    let spec = spec.heap_quota(1 << 20).restart(policy);
    runtime()
        .spawn(spec, inside::init, Mint::nothing())
        .expect("a domain")
}
