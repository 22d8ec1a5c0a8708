//! Another thread resets the device between any two instructions of a driver's call.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "single steps")]

use core::arch::asm;
use core::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use samara_device_io::PciFunction;
use samara_device_io::queue::{Pair, QueueError};
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_testkit::hosted::alone;

use raw::Raw;

#[path = "../fixtures/raw.rs"]
mod raw;

type Admin = Pair<Nvme, { Nvme::ADMIN }>;
type Io = Pair<Nvme, { Nvme::IO }>;

unsafe extern "C" {
    fn signal(number: i32, handler: *const c_void) -> *const c_void;
}

static LEFT: AtomicU64 = AtomicU64::new(u64::MAX);
static GO: AtomicBool = AtomicBool::new(false);
static DONE: AtomicBool = AtomicBool::new(false);

/// Counts `LEFT` down at each instruction. When it was 0, lets the other thread reset the device, and waits for it
/// for at most two milliseconds.
unsafe extern "C" fn trapped(_: i32, _: *mut c_void, context: *mut c_void) {
    let left = LEFT.load(SeqCst);
    LEFT.store(left.wrapping_sub(1), SeqCst);
    if left != 0 {
        return;
    }
    GO.store(true, SeqCst);
    let start = Instant::now();
    while !DONE.load(SeqCst) && start.elapsed() < Duration::from_millis(2) {
        std::hint::spin_loop();
    }
    // SAFETY: the flags are `uc_mcontext.gregs[REG_EFL]`.
    let flags = unsafe { context.cast::<u64>().add(5 + 17) };
    // SAFETY: the handler's own context.
    unsafe { *flags &= !(1 << 8) };
}

#[inline(always)]
fn step() {
    // SAFETY: sets the trap flag; the handler is installed.
    unsafe { asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
}

#[inline(always)]
fn walk() {
    // SAFETY: clears the trap flag.
    unsafe { asm!("pushfq", "and qword ptr [rsp], -257", "popfq") };
}

/// A controller after a reset, and its admin queues.
fn controller() -> (&'static Raw, PciFunction<Nvme>, Admin) {
    // SAFETY: `trapped` is a handler for this signal.
    unsafe { signal(5, trapped as *const c_void) };
    let raw = Raw::nvme();
    raw.follow_enable();
    let function = raw.slot::<Nvme>().claim().unwrap();
    let admin = Admin::new(&function, 0, 8).unwrap();
    (raw, function, admin)
}

/// Runs `action`, and has another thread reset the device after instruction number `at` of `action`. Returns the
/// result of `action`, and whether `action` had fewer instructions than that.
fn with_a_reset_behind<R>(
    at: u64,
    function: &PciFunction<Nvme>,
    action: impl FnOnce() -> R,
) -> (R, bool) {
    GO.store(false, SeqCst);
    DONE.store(false, SeqCst);
    let result = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !GO.load(SeqCst) {
                std::hint::spin_loop();
            }
            let _ = function.reset();
            DONE.store(true, SeqCst);
        });
        LEFT.store(at, SeqCst);
        step();
        let result = action();
        walk();
        GO.store(true, SeqCst);
        result
    });
    (result, LEFT.load(SeqCst) < u64::MAX / 2)
}

/// The reset comes after `create` has checked that the admin queues run. So the command that creates the completion
/// queue is put, but the controller is never told of it. In the next epoch the completion queue must not count as
/// created.
#[test]
fn a_queue_is_made_in_its_commands_epoch() {
    let _alone = alone();
    let (_, function, mut admin) = controller();
    let mut io = Io::new(&function, 1, 16).unwrap();
    let mut found = Vec::new();
    let mut at = 0;
    while at < 6_000 && found.len() < 3 {
        function.reset().unwrap();
        function.enable_bus_master().unwrap();
        admin.start(&function, 0).unwrap();
        let create = || {
            admin.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, [0; 7], &mut io)
        };
        let (result, is_over) = with_a_reset_behind(at, &function, create);
        // The next epoch's start.
        admin.start(&function, 0).unwrap();
        let again =
            admin.create::<{ Nvme::CREATE_COMPLETION }, { Nvme::IO }>(&function, [0; 7], &mut io);
        if again.is_err() {
            found.push((at, result, again));
        }
        if is_over {
            break;
        }
        at += 29;
    }
    drop(function);
    assert!(
        found.is_empty(),
        "{} of {} moments, {:?}",
        found.len(),
        at / 29,
        found.first()
    );
}

/// The reset comes after `start` has read the epoch, and before it takes the lock under which it tells the controller
/// of its admin queues. If the controller is enabled afterwards, the admin queues must count as started. (The test
/// stops at early instructions, because after the lock is taken `start` clears the queues' memory word by word.)
///
/// Invariant: DEV-23
#[test]
fn a_start_overtaken_by_a_reset_starts_nothing() {
    let _alone = alone();
    let (raw, function, mut admin) = controller();
    let mut found = Vec::new();
    for at in (0..900).step_by(3) {
        function.reset().unwrap();
        function.enable_bus_master().unwrap();
        let (result, is_over) = with_a_reset_behind(at, &function, || admin.start(&function, 0));
        let is_enabled = raw.get(0x14) & 1 == 1;
        let again = admin.start(&function, 0);
        if is_enabled && again != Err(QueueError::Started) {
            found.push((at, result, again));
        }
        assert!(!is_over, "fewer than {at} instructions");
    }
    drop(function);
    assert!(
        found.is_empty(),
        "{} moments, {:?}",
        found.len(),
        found.first()
    );
}
