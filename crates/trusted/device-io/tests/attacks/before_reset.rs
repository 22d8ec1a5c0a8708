//! Attacks on a virtio device that is being reset: meanwhile a driver writes its registers on another thread.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use samara_host_std as _;
use samara_testkit::hosted::alone;
use samara_testkit::virtio_emulator::{Shape, Violation, VirtioEmulator};

use fixture::{negotiate, set_status};

#[path = "../fixtures/virtio.rs"]
mod fixture;

/// A reset is over when the status reads as 0 (Virtio 1.2 §4.1.4.3.2). Until then, nothing may be written to the
/// device.
///
/// Invariant: DEV-13
#[test]
fn a_device_in_reset_gets_no_writes() {
    let _alone = alone();
    let emulator = VirtioEmulator::leak(Shape::BLOCK);
    let function: &fixture::Disk = &emulator.slot().claim().unwrap();
    negotiate(function);
    emulator.switch(|switches| switches.reset_takes = 200);
    let is_over = &AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(move || {
            while !is_over.load(Relaxed) {
                let _ = set_status(function, 1);
            }
        });
        for _ in 0..20 {
            let _ = function.reset();
        }
        is_over.store(true, Relaxed);
    });
    let violations = emulator.violations();
    let told = violations
        .iter()
        .filter(|&&of| of == Violation::BeforeReset);
    assert_eq!(told.count(), 0, "{violations:?}");
}
