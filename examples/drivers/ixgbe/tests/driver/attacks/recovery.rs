//! Devices whose registers read as all ones for a while, or that are replaced, during a recovery.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use samara_interfaces::net::{NetDevice, NetError};
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::{Faults, Loop, WriteBack};
use samara_testkit::ixgbe_bus::frame;

use super::super::{Bench, empty, frames, small};

fn impatient() -> Limits {
    Limits {
        tx_millis: 20,
        ..small()
    }
}

/// Makes the driver reset the device, which has these `faults` during the reset. Then removes the faults.
fn recovers(bench: &Bench, nic: &dyn NetDevice, mut faults: Faults) {
    faults.write_back = WriteBack::Lost;
    bench.bus.inject(faults);
    let _ = nic.exchange(0, frames([&frame(60, 1)[..]]), empty(0));
    for _ in 0..300 {
        bench.bus.settle();
        bench.bus.pass(5);
        if nic.exchange(0, empty(0), empty(1)).is_err()
            || nic.statistics().is_ok_and(|so| so.resets > 0)
        {
            break;
        }
    }
    bench.bus.inject(Faults::default());
}

/// For each number in `afters`, makes a recovery in which, after this number of register accesses, the registers read
/// as all ones for `nanos` nanoseconds. Returns the numbers with which the driver gave the device up, and the errors.
fn blind(nanos: u64, afters: impl Iterator<Item = u64>) -> Vec<(u64, NetError)> {
    let mut lost = Vec::new();
    for after in afters {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(impatient());
        bench.bus.blind_after(Some((after, nanos)));
        recovers(&bench, &nic, Faults::default());
        bench.bus.blind_after(None);
        bench.bus.pass(nanos / 1_000_000 + 1);
        bench.bus.settle();
        for _ in 0..3 {
            let _ = nic.exchange(0, empty(0), empty(1));
        }
        if let Err(error) = nic.link() {
            lost.push((after, error));
        }
        drop(nic);
        bench.finish();
    }
    lost
}

#[test]
fn blind_at_every_access_of_a_recovery() {
    // Accesses to filter memories are alike, so the test tries only a few of them.
    let lost = blind(20_000_000, (0..100).chain((100..1_500).step_by(20)));
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// Counters that read as all ones for a while must not count as packets.
#[test]
fn counters_of_a_blind_device_count_nothing() {
    let mut wrong = Vec::new();
    for after in 0..30 {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(small());
        bench.bus.blind_after(Some((after, 20_000_000)));
        let _ = nic.statistics();
        bench.bus.blind_after(None);
        bench.bus.pass(40);
        let so = nic.statistics().unwrap();
        let counts = [
            so.tx_packets,
            so.tx_bytes,
            so.rx_packets,
            so.rx_bytes,
            so.rx_missed,
            so.rx_errors,
        ];
        if counts.iter().any(|&count| count > 1 << 30) {
            wrong.push((after, counts));
        }
        drop(nic);
        bench.finish();
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// While resets are under way, threads make calls that wait only a few milliseconds for the queues.
#[test]
fn impatient_threads_lose_no_card() {
    for lock_millis in 0..4 {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(Limits {
            lock_millis,
            queues: 2,
            ..impatient()
        });
        std::thread::scope(|scope| {
            for thread in 0..4u16 {
                let (nic, bench) = (&nic, &bench);
                scope.spawn(move || {
                    for turn in 0..100u32 {
                        if turn % 40 == 7 && thread == 0 {
                            let mut faults = Faults::default();
                            faults.write_back = WriteBack::Lost;
                            bench.bus.inject(faults);
                        }
                        if turn % 40 == 20 && thread == 0 {
                            bench.bus.inject(Faults::default());
                        }
                        let one = frames([&frame(60, 1)[..]]);
                        let _ = nic.exchange(thread % 2, one, empty(1));
                        let _ = nic.wait(thread % 2, 0);
                        bench.bus.pass(1);
                    }
                });
            }
        });
        bench.bus.inject(Faults::default());
        bench.bus.pass(100);
        bench.bus.settle();
        let link = nic.link();
        drop(nic);
        bench.finish();
        assert!(link.is_ok(), "the device is lost for good: {link:?}");
    }
}

/// While the card is being reset, it is replaced by another card in its power-on state. The driver has not claimed
/// the new card.
#[test]
fn another_card_put_in_during_a_reset_is_not_driven() {
    const CTRL: u32 = 0;
    const RESETS: u32 = 1 << 26;
    let bench = Bench::new(Loop::closed());
    let nic = bench.nic(impatient());
    let mut faults = Faults::default();
    faults.write_back = WriteBack::Lost;
    faults.reset_time = 80_000_000;
    bench.bus.inject(faults);
    let done = AtomicBool::new(false);
    let is_replugged = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = nic.exchange(0, frames([&frame(60, 1)[..]]), empty(0));
            for _ in 0..300 {
                bench.bus.pass(5);
                let is_over = nic.statistics().is_ok_and(|so| so.resets > 0);
                if is_over || nic.exchange(0, empty(0), empty(1)).is_err() {
                    break;
                }
            }
            done.store(true, SeqCst);
        });
        while !done.load(SeqCst) {
            if bench.bus.register(CTRL) & RESETS != 0 {
                bench.bus.inject(Faults::default());
                bench.bus.replug_unnoticed();
                return true;
            }
            std::thread::yield_now();
        }
        false
    });
    assert!(
        is_replugged,
        "the reset was over before the card could be replaced"
    );
    let link = nic.link();
    let is_driven = bench.bus.is_bus_master();
    drop(nic);
    bench.finish();
    assert!(!is_driven, "another card is driven: {link:?}");
}
