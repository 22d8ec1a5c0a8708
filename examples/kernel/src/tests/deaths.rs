//! A domain dies of whatever its code does, and nobody else: faults of the processor, stacks that run
//! over, panics in destructors, loops without end.

use alloc::vec::Vec;
use core::arch::asm;
use core::hint::black_box;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use spin::Mutex;

use super::domains::settled_frames;
use super::kernel_tests;
use super::threads::{FastTick, start};
use crate::host::runtime;
use crate::mm::image;
use crate::thread::request;
use crate::time;

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

    /// What the reason says, and of what kind it is.
    fn reason(self) -> (ExitKind, &'static str) {
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

/// A domain that dies as it is told.
#[interface]
pub(super) trait Mortal {
    fn die(&self, way: Way) -> Result<(), RpcError>;
    /// Loops for ever.
    fn hang(&self) -> Result<(), RpcError>;
    /// Takes a private lock and loops for ever.
    fn hang_locked(&self) -> Result<(), RpcError>;
    /// Waits for that lock.
    fn wait_for_lock(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn work(&self) -> Result<u32, RpcError>;
}

/// How many calls are in a hanging method now.
static HANGING: AtomicU32 = AtomicU32::new(0);

pub(super) mod mortal {
    use super::*;

    #[derive(Default)]
    pub(in super::super) struct State(Mutex<Vec<u64>>);

    pub(in super::super) fn init((): ()) -> Result<State, RpcError> {
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
        // SAFETY: not a valid pointer: the fault is the purpose.
        black_box(unsafe { pointer.read_volatile() });
    }

    #[inline(never)]
    fn write(address: usize) {
        let pointer = core::ptr::without_provenance_mut::<u64>(black_box(address));
        // SAFETY: not a valid pointer: the fault is the purpose.
        unsafe { pointer.write_volatile(0) };
    }

    #[inline(never)]
    fn call(address: usize) {
        // SAFETY: no code is there: the fault is the purpose.
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
        // SAFETY: the fault, which does not return, is the purpose. What it leaves behind, a set
        // direction flag and unmasked exceptions, is the handler's to clear.
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
    fn die(way: Way) {
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
        .spawn(spec, mortal::init, Mint::nothing())
        .expect("a domain")
}

fn stop(domain: &Domain<dyn Mortal>) {
    domain
        .stop(Duration::from_secs(5))
        .expect("nobody is inside");
}

fn is_clean() -> bool {
    let flags = x86_64::registers::rflags::read_raw();
    let mxcsr = x86_64::registers::mxcsr::read().bits();
    flags & (1 << 10) == 0 && mxcsr & !0x3f == 0x1f80 && !samara_unwind::is_unwinding()
}

/// Whom [`hang`] and the others call.
static VICTIM: Mutex<Option<Domain<dyn Mortal>>> = Mutex::new(None);
static ENDED: AtomicU32 = AtomicU32::new(0);

fn proxy() -> Proxy<dyn Mortal> {
    let victim = VICTIM.lock().clone().expect("a victim");
    victim.proxy().expect("alive")
}

fn hang(_: usize) {
    assert_eq!(proxy().hang(), Err(RpcError::Crashed));
    ENDED.fetch_add(1, SeqCst);
}

fn hang_locked(_: usize) {
    assert_eq!(proxy().hang_locked(), Err(RpcError::Crashed));
    ENDED.fetch_add(1, SeqCst);
}

fn wait_for_lock(_: usize) {
    assert_eq!(proxy().wait_for_lock(), Err(RpcError::Crashed));
    ENDED.fetch_add(1, SeqCst);
}

kernel_tests! {
    fn every_way_to_die_is_contained() {
        let domain = spawn();
        let mut before = 0;
        for round in 0..3 {
            if round == 1 {
                before = settled_frames(); // the host's own tables grow first
            }
            for way in Way::ALL {
                let proxy = domain.proxy().expect("a proxy");
                assert_eq!(proxy.die(way), Err(RpcError::Crashed), "{way:?}");
                assert!(is_clean(), "{way:?}");
                let reason = domain.exit_reason().expect("it died");
                let (kind, words) = way.reason();
                assert_eq!(reason.kind, kind, "{way:?}: {reason}");
                assert!(reason.message.as_str().contains(words), "{way:?}: {reason}");
                if kind == ExitKind::Fault {
                    let calls = reason.calls().filter(|call| image::is_text(call.pc as u64));
                    assert!(calls.count() >= 4, "{way:?}: {reason:?}");
                }
                assert_eq!(proxy.work(), Err(RpcError::Dead));
                domain.restart().expect("within the budget");
                assert_eq!(domain.proxy().expect("a proxy").work(), Ok(42), "{way:?}");
            }
        }
        let after = settled_frames();
        assert_eq!(after, before);
        stop(&domain);
    }

    fn a_hanging_domain_is_killed_from_another_thread() {
        let domain = spawn();
        *VICTIM.lock() = Some(domain.clone());
        HANGING.store(0, SeqCst);
        ENDED.store(0, SeqCst);
        let threads: [_; 3] = core::array::from_fn(|_| start(hang, 0));
        while HANGING.load(SeqCst) < 3 {
            request::yield_now();
        }
        assert!(domain.kill());
        threads.into_iter().for_each(|thread| thread.join());
        assert_eq!(ENDED.load(SeqCst), 3);
        *VICTIM.lock() = None;
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Killed);
        domain.restart().expect("within the budget");
        stop(&domain);
    }

    fn a_fault_on_one_thread_ends_the_others() {
        let domain = spawn();
        let _fast = FastTick::begin();
        for way in [Way::Null, Way::StackOverflow, Way::DoublePanic] {
            *VICTIM.lock() = Some(domain.clone());
            HANGING.store(0, SeqCst);
            ENDED.store(0, SeqCst);
            let threads: [_; 3] = core::array::from_fn(|_| start(hang, 0));
            while HANGING.load(SeqCst) < 3 {
                request::yield_now();
            }
            assert_eq!(proxy().die(way), Err(RpcError::Crashed));
            let began = time::since_boot();
            threads.into_iter().for_each(|thread| thread.join());
            assert_eq!(ENDED.load(SeqCst), 3, "{way:?}");
            assert!(time::since_boot() - began < Duration::from_secs(5));
            domain.restart().expect("within the budget");
        }
        *VICTIM.lock() = None;
        stop(&domain);
    }

    fn a_domain_that_overruns_its_budget_dies_of_it() {
        let budget = Duration::from_millis(20);
        let domain = spawn_with(DomainSpec::new("hasty").budget(budget));
        let proxy = domain.proxy().expect("a proxy");
        assert_eq!(proxy.work(), Ok(42));
        // Longer than the budget in all, but not inside.
        request::sleep(budget * 2);
        assert_eq!(proxy.work(), Ok(42));
        let began = time::since_boot();
        assert_eq!(proxy.hang(), Err(RpcError::Crashed));
        let took = time::since_boot() - began;
        assert!(took >= budget / 2 && took < budget + Duration::from_secs(2), "{took:?}");
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Overrun);
        domain.restart().expect("within the budget of restarts");
        assert_eq!(domain.proxy().expect("a proxy").hang_locked(), Err(RpcError::Crashed));
        domain.restart().expect("within the budget of restarts");
        stop(&domain);
    }

    fn threads_that_wait_for_a_private_lock_are_killed() {
        let domain = spawn();
        *VICTIM.lock() = Some(domain.clone());
        HANGING.store(0, SeqCst);
        ENDED.store(0, SeqCst);
        let holder = start(hang_locked, 0);
        while HANGING.load(SeqCst) < 1 {
            request::yield_now();
        }
        let waiters: [_; 2] = core::array::from_fn(|_| start(wait_for_lock, 0));
        while HANGING.load(SeqCst) < 3 {
            request::yield_now();
        }
        request::sleep(Duration::from_millis(5));
        assert_eq!(ENDED.load(SeqCst), 0, "they wait");
        assert!(domain.kill());
        holder.join();
        waiters.into_iter().for_each(|thread| thread.join());
        assert_eq!(ENDED.load(SeqCst), 3);
        *VICTIM.lock() = None;
    }
}
