//! Attacks on a reset: registers that a driver writes on another thread, between its steps.
#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;

use samara_device_io::mmio::{ReadWrite, Register};
use samara_device_tables::Ixgbe;
use samara_host_std as _;
use samara_ixgbe_model::{Faults, Loop};
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::IxgbeBus;

#[path = "fixtures/ixgbe.rs"]
mod ixgbe;

/// HLREG0, whose bit 15 loops back what is sent.
const HLREG0: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x4240);

/// Clarification 9 of the specification update: the flush counts while nothing is received and nothing sent.
#[test]
fn a_driver_does_not_receive_while_the_devices_buffers_are_flushed() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::default());
    bus.hide_function_reset();
    let function = &ixgbe::up(bus, bus.slot());
    let before = bus.omissions().reset_unflushed;
    let mut faults = Faults::default();
    faults.master_stuck = true;
    bus.inject(faults);
    bus.set_pause(1000);
    let is_over = &AtomicBool::new(false);
    let mut resets = 0;
    thread::scope(|scope| {
        scope.spawn(move || {
            while !is_over.load(Relaxed) {
                let _ = function.write(HLREG0, 0);
            }
        });
        for _ in 0..2000 {
            resets += usize::from(function.reset().is_ok());
            if bus.omissions().reset_unflushed != before {
                break;
            }
        }
        is_over.store(true, Relaxed);
    });
    let unflushed = bus.omissions().reset_unflushed - before;
    println!("{resets} resets succeeded, {unflushed} were without a flush");
    assert_eq!(unflushed, 0, "what the device held back survives the reset");
}
