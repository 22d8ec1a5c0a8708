//! Resets that are slow, get stuck or never end, and queues that start and stop late.

use samara_device_io::pci::StepError;
use samara_device_io::queue::QueueError;
use samara_interfaces::net::{NetDevice, NetError};
use samara_ixgbe::InitError;
use samara_ixgbe_emulator::{Faults, Loop};

use super::{Bench, MILLI, bench, comes_up_with_care, empty, reset, small, with, works};

#[test]
fn a_slow_reset_is_waited_for() {
    for millis in [5, 90, 150] {
        let longest = comes_up_with_care(bench(|faults| faults.reset_time = millis * MILLI));
        assert!(longest < 600, "{longest} ms");
    }
}

#[test]
fn a_slow_eeprom_is_waited_for() {
    comes_up_with_care(bench(|faults| faults.eeprom_time = 800 * MILLI));
}

/// Checks that a start fails in time because the device isn't ready, and that the function can be claimed again.
fn is_never_ready(change: impl FnOnce(&mut Faults)) {
    let bench = bench(change);
    let start = bench.bus.now();
    assert_eq!(bench.try_nic(small()).err(), Some(InitError::NotReady));
    // A start is not repeated after this error, so it ends well within this bound.
    assert!(bench.bus.now() - start < 15_000 * MILLI);
    bench.bus.inject(with(|_| {}));
    // The next start finds a device that works.
    bench.bus.pass(10_000);
    let nic = bench.nic(small());
    works(&bench, &nic);
    drop(nic);
    bench.finish();
}

#[test]
fn an_eeprom_that_is_never_read_is_an_error_in_time() {
    is_never_ready(|faults| faults.eeprom_time = u64::MAX);
}

#[test]
fn a_reset_that_is_never_over_is_an_error_in_time() {
    is_never_ready(|faults| faults.reset_time = u64::MAX);
}

#[test]
fn a_device_that_is_lost_in_a_reset_fails_every_call() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench
        .bus
        .inject(with(|faults| faults.eeprom_time = u64::MAX));
    let start = bench.bus.now();
    reset(&bench, &nic);
    // The recovery repeats the bring-up for ten seconds.
    assert!(bench.bus.now() - start < 15_000 * MILLI);
    assert_eq!(
        nic.exchange(0, empty(0), empty(1)).unwrap_err(),
        NetError::Failed
    );
    assert_eq!(nic.link().unwrap_err(), NetError::Failed);
    assert_eq!(nic.wait(0, 1_000), Err(NetError::Failed));
    drop(nic);
    bench.finish();
}

/// Runs a test with a device that offers a Function Level Reset, and with one whose host hides it.
fn with_and_without_function_reset(run: impl Fn(Bench)) {
    run(bench(|_| {}));
    let bench = bench(|_| {});
    bench.bus.hide_function_reset();
    run(bench);
}

#[test]
fn requests_that_never_end_do_not_prevent_a_reset() {
    with_and_without_function_reset(|bench| {
        bench.bus.inject(with(|faults| faults.master_stuck = true));
        let longest = comes_up_with_care(bench);
        assert!(longest < 600, "{longest} ms");
    });
}

#[test]
fn a_device_with_pending_requests_is_silenced() {
    with_and_without_function_reset(|bench| {
        let function = bench.slot.claim().unwrap();
        function.reset().unwrap();
        function.enable_bus_master().unwrap();
        let epoch = function.epoch();
        function.reset().unwrap();
        assert!(
            bench.bus.is_bus_master(),
            "without pending requests it stays bus master"
        );
        assert_eq!(function.epoch(), epoch + 1);
        bench.bus.inject(with(|faults| faults.master_stuck = true));
        function.reset().unwrap();
        assert!(!bench.bus.is_bus_master());
        assert_ne!(function.epoch(), epoch + 1);
        drop(function);
        bench.finish();
    });
}

#[test]
fn queues_may_start_and_stop_late() {
    comes_up_with_care(bench(|faults| faults.queue_time = 5 * MILLI));
}

#[test]
fn a_queue_that_never_starts_is_an_error_in_time() {
    let bench = bench(|faults| faults.queue_time = u64::MAX);
    let start = bench.bus.now();
    let error = bench.try_nic(small()).err();
    let timeout = QueueError::Step(StepError::Timeout);
    assert_eq!(error, Some(InitError::Queue(timeout)));
    assert!(bench.bus.now() - start < 500 * MILLI);
    bench.finish();
}

#[test]
fn a_queue_that_never_stops_is_silenced() {
    with_and_without_function_reset(|bench| {
        let nic = bench.nic(small());
        works(&bench, &nic);
        bench
            .bus
            .inject(with(|faults| faults.queue_time = u64::MAX));
        let timeout = QueueError::Step(StepError::Timeout);
        assert_eq!(nic.shut_down(), Err(InitError::Queue(timeout)));
        assert!(
            !bench.bus.is_bus_master(),
            "the queue still receives, so the device must be silenced"
        );
        drop(nic);
        bench.bus.inject(with(|_| {}));
        let nic = bench.nic(small());
        works(&bench, &nic);
        drop(nic);
        bench.finish();
    });
}
