//! Reception: empty buffers, the register bits that reception needs, and the halt of the receive path while reception
//! is being enabled.

use std::num::NonZeroU32;

use samara_interfaces::net::{NetDevice, Packets};
use samara_ixgbe::{Limits, Nic};
use samara_ixgbe_emulator::Loop;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, MILLI, bench, comes_up, comes_up_with_care, empty, poll, small, with, works};

/// HLREG0, MAXFRS, SECRXCTRL.
const HLREG0: u32 = 0x4240;
const MAXFRS: u32 = 0x4268;
const SECRXCTRL: u32 = 0x8D00;
/// HLREG0.JUMBOEN.
const JUMBO: u32 = 1 << 2;

#[test]
fn empty_buffers_are_dropped_and_cause_no_reset() {
    for ends in [false, true] {
        for every in [1, 2, 7] {
            let bench = Bench::new(Loop::open());
            let nic = bench.nic(small());
            bench.bus.inject(with(|faults| {
                (faults.rx_empty_every, faults.rx_empty_ends) = (NonZeroU32::new(every), ends);
            }));
            let sent: Vec<_> = (0..140).map(|seed| frame(100, seed)).collect();
            let mut got = Vec::new();
            for batch in sent.chunks(10) {
                bench
                    .bus
                    .link(|link| link.inbound.extend(batch.iter().cloned()));
                bench.bus.settle();
                got.extend(poll(&nic, 0).unwrap());
            }
            assert_eq!(got, sent, "every {every}");
            let statistics = nic.statistics().unwrap();
            let empties = 140 / u64::from(every);
            assert_eq!((statistics.rx_errors, statistics.resets), (empties, 0));
            drop(nic);
            bench.finish();
        }
    }
}

#[test]
fn a_batch_goes_on_after_an_empty_buffer() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench
        .bus
        .inject(with(|faults| faults.rx_empty_every = NonZeroU32::new(3)));
    let sent: Vec<_> = (0..9).map(|seed| frame(100, seed)).collect();
    bench
        .bus
        .link(|link| link.inbound.extend(sent.iter().cloned()));
    bench.bus.settle();
    let mut exchanged = nic.exchange(0, Packets::new(), empty(9)).unwrap();
    assert_eq!(exchanged.received, 9);
    assert_eq!(super::super::received(&mut exchanged), sent);
    drop((exchanged, nic));
    bench.finish();
}

#[test]
fn a_packet_in_parts_is_skipped_between_empty_buffers() {
    for ends in [false, true] {
        let bench = Bench::new(Loop::open());
        let nic = bench.nic(small());
        // The test makes the device accept longer frames than the driver has set. Such frames take several buffers.
        bench.bus.poke(HLREG0, bench.bus.register(HLREG0) | JUMBO);
        bench.bus.poke(MAXFRS, 9_018 << 16);
        bench.bus.inject(with(|faults| {
            (faults.rx_empty_every, faults.rx_empty_ends) = (NonZeroU32::new(1), ends);
        }));
        for round in 0..10 {
            let (long, short) = (frame(5_000, round), frame(90, round));
            bench
                .bus
                .link(|link| link.inbound.extend([long, short.clone()]));
            bench.bus.settle();
            assert_eq!(poll(&nic, 0).unwrap(), [short]);
        }
        // Each round drops two empty buffers and the long packet.
        let statistics = nic.statistics().unwrap();
        assert_eq!((statistics.rx_errors, statistics.resets), (30, 0));
        drop(nic);
        bench.finish();
    }
}

#[test]
fn nothing_that_the_hardware_asks_for_is_left_out() {
    comes_up_with_care(Bench::new(Loop::open()));
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits {
        queues: 4,
        mtu: 2030,
        ..small()
    });
    works(&bench, &nic);
    drop(nic);
    let bus = bench.bus;
    bench.finish();
    assert_eq!(bus.omissions(), Default::default());
}

#[test]
fn receive_is_enabled_while_its_path_is_halted() {
    let bench = bench(|faults| faults.rx_enable_hangs = true);
    let bus = bench.bus;
    let nic = bench.nic(small());
    assert_eq!(
        bus.register(SECRXCTRL) & 0b10,
        0,
        "the receive path must not stay halted"
    );
    drop(nic);
    comes_up_with_care(bench);
}

#[test]
fn a_path_that_never_halts_delays_a_start_and_no_more() {
    let bench = bench(|faults| faults.security_busy = true);
    let bus = bench.bus;
    let longest = comes_up(bench);
    assert!(longest < 150, "{longest} ms");
    let omissions = bus.omissions();
    assert_eq!(omissions.rx_enabled_unhalted, 4, "two starts, two resets");
}

/// Has frames arrive for `millis` milliseconds, and polls the driver so often that its looks are made in time.
/// Returns how many frames were received.
fn flood(bench: &Bench, nic: &Nic, millis: u64) -> usize {
    let start = bench.bus.now();
    let mut received = 0;
    while bench.bus.now() - start < millis * MILLI {
        bench
            .bus
            .link(|link| link.inbound.extend((0..64).map(|seed| frame(1_500, seed))));
        bench.bus.settle();
        for _ in 0..64 {
            let exchanged = nic.exchange(0, empty(0), empty(4)).unwrap();
            received += exchanged.received;
        }
        bench.bus.pass(50);
    }
    received
}

/// Receives the frames that are left, and returns their number.
fn drain(bench: &Bench, nic: &Nic) -> u64 {
    let mut all = 0;
    loop {
        bench.bus.settle();
        let some = poll(nic, 0).unwrap().len() as u64;
        if some == 0 {
            return all;
        }
        all += some;
    }
}

#[test]
fn reception_that_hangs_is_reset() {
    let bench = bench(|faults| (faults.security_busy, faults.rx_enable_hangs) = (true, true));
    let nic = bench.nic(small());
    flood(&bench, &nic, 100);
    // Without the faults the device still hangs until it is reset. Then it works.
    bench.bus.inject(with(|_| {}));
    assert_ne!(flood(&bench, &nic, 5_000), 0);
    assert_eq!(nic.statistics().unwrap().resets, 1);
    drain(&bench, &nic);
    works(&bench, &nic);
    drop(nic);
    bench.finish();
}

#[test]
fn reception_that_always_hangs_is_reset_now_and_then() {
    let bench = bench(|faults| (faults.security_busy, faults.rx_enable_hangs) = (true, true));
    let nic = bench.nic(small());
    assert_eq!(flood(&bench, &nic, 20_000), 0);
    let statistics = nic.statistics().unwrap();
    assert!((2..=10).contains(&statistics.resets), "{statistics:?}");
    assert!(statistics.rx_missed > 1_000, "{statistics:?}");
    drop(nic);
    bench.finish();
}

#[test]
fn frames_that_nobody_takes_are_no_hang() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    let all = 200 * 64;
    for _ in 0..200 {
        bench
            .bus
            .link(|link| link.inbound.extend((0..64).map(|seed| frame(1_500, seed))));
        bench.bus.settle();
        for _ in 0..64 {
            drop(nic.exchange(0, empty(0), empty(0)).unwrap());
        }
        bench.bus.pass(50);
    }
    let statistics = nic.statistics().unwrap();
    assert_eq!(statistics.resets, 0);
    // The device has received all frames. It has counted the frames that it dropped, and the driver can still receive
    // all others.
    assert_eq!(statistics.rx_packets, all);
    assert_eq!(drain(&bench, &nic) + statistics.rx_missed, all);
    drop(nic);
    bench.finish();
}

#[test]
fn a_wrong_checksum_bit_does_not_drop_a_fragment() {
    let mut first = vec![0xFF; 60];
    first[12..14].copy_from_slice(&[8, 0]);
    first[14..34].copy_from_slice(&[
        0x45, 0, 0, 40, 0, 0, 0x20, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]);
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench
        .bus
        .inject(with(|faults| faults.fragment_checksum = true));
    bench.bus.link(|link| link.inbound.push_back(first.clone()));
    bench.bus.settle();
    assert_eq!(poll(&nic, 0).unwrap(), [first]);
    assert_eq!(nic.statistics().unwrap().rx_errors, 0);
    drop(nic);
    bench.finish();
}
