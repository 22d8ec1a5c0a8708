//! Interrupts that are lost, and causes that stick.

use std::thread;
use std::time::{Duration, Instant};

use samara_interfaces::net::{NetDevice, Waited};
use samara_ixgbe::Nic;
use samara_ixgbe_emulator::Loop;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, poll, small, with};

/// EICS, EIMS.
const EICS: u32 = 0x0808;
const EIMS: u32 = 0x0880;

/// Waits for `micros` microseconds at most, and runs `meanwhile` once the thread waits. Returns how the wait ended and
/// how long it took.
fn waited(bench: &Bench, nic: &Nic, micros: u32, meanwhile: impl FnOnce()) -> (Waited, Duration) {
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let start = Instant::now();
            (nic.wait(0, micros).unwrap(), start.elapsed())
        });
        while bench.bus.register(EIMS) & 1 == 0 {
            assert!(!waiter.is_finished(), "the thread did not wait");
            thread::yield_now();
        }
        // After the thread has asked for an interrupt, it looks for frames once more before it sleeps. This pause
        // gives it the time to do so and to fall asleep.
        thread::sleep(Duration::from_millis(20));
        meanwhile();
        waiter.join().unwrap()
    })
}

/// Has a frame arrive, and lets the device work.
fn arrive(bench: &Bench, seed: u8) {
    bench
        .bus
        .link(|link| link.inbound.push_back(frame(100, seed)));
    bench.bus.pass(1);
    bench.bus.settle();
}

#[test]
fn a_lost_message_costs_no_more_than_the_wait() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench.bus.inject(with(|faults| {
        faults.message_lost_every = Some(std::num::NonZeroU32::MIN)
    }));
    for seed in 0..3 {
        let (waited, took) = waited(&bench, &nic, 200_000, || arrive(&bench, seed));
        assert_eq!(waited, Waited::Ready);
        assert!(
            took >= Duration::from_millis(200),
            "the wait took only {took:?}, so a message came"
        );
        assert!(took < Duration::from_secs(2), "the wait took {took:?}");
        assert_eq!(poll(&nic, 0).unwrap(), [frame(100, seed)]);
    }
    assert_eq!(bench.bus.messages(), 0);
    // Without the fault, messages wake the thread again.
    bench.bus.inject(with(|_| {}));
    let (waited, took) = waited(&bench, &nic, 1_000_000, || arrive(&bench, 9));
    assert_eq!(waited, Waited::Ready);
    assert!(took < Duration::from_millis(900), "the wait took {took:?}");
    drop(nic);
    bench.finish();
}

#[test]
fn a_cause_that_sticks_does_not_silence_the_vector() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench.bus.inject(with(|faults| faults.cause_sticks = true));
    for seed in 0..5 {
        // Firmware, for example, may set the cause without a frame.
        let (idle, took) = waited(&bench, &nic, 1_000_000, || {
            bench.bus.poke(EICS, 1);
            bench.bus.pass(1);
            bench.bus.settle();
        });
        assert_eq!(idle, Waited::TimedOut, "there is no frame");
        assert!(
            took < Duration::from_millis(900),
            "not woken: the wait took {took:?}"
        );
        let (ready, took) = waited(&bench, &nic, 1_000_000, || arrive(&bench, seed));
        assert_eq!(ready, Waited::Ready);
        assert!(
            took < Duration::from_millis(900),
            "not woken: the wait took {took:?}"
        );
        assert_eq!(poll(&nic, 0).unwrap(), [frame(100, seed)]);
    }
    drop(nic);
    bench.finish();
}
