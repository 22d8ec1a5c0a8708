//! A device that breaks its protocol. The driver counts an error, resets the device, or gives the device up. It never
//! crashes.

use std::num::NonZeroU32;

use samara_interfaces::net::{Exchanged, NetDevice, NetError, Waited};
use samara_ixgbe::{InitError, Limits, Nic};
use samara_ixgbe_emulator::{Faults, Loop, WriteBack};
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, empty, frames, poll, received, small};

fn write_back(fault: WriteBack) -> Faults {
    let mut faults = Faults::default();
    faults.write_back = fault;
    faults
}

fn every(number: u32) -> Option<NonZeroU32> {
    NonZeroU32::new(number)
}

/// Sends `count` frames around a closed cable, and checks that they come back whole and in order. The device works
/// `steps` steps after each call.
fn goes_round(bench: &Bench, nic: &Nic, count: u8, steps: u32) {
    let (mut tx, mut rx) = (empty(0), empty(8));
    let (mut sent, mut got) = (0, 0);
    let mut calls = 0;
    while got < count {
        while sent < count && tx.len() < 4 {
            let mut packet = samara_interfaces::Packet::alloc().unwrap();
            packet.fill(&frame(60 + usize::from(sent), sent)).unwrap();
            tx.push_back(packet).unwrap();
            sent += 1;
        }
        let mut exchanged = nic.exchange(0, tx, rx).unwrap();
        for bytes in received(&mut exchanged) {
            assert_eq!(bytes, frame(60 + usize::from(got), got));
            got += 1;
        }
        tx = exchanged.tx;
        while tx.len() > exchanged.unsent {
            drop(tx.pop_back());
        }
        drop(exchanged.rx);
        rx = empty(8);
        bench.bus.steps(steps);
        calls += 1;
        assert!(calls < 2_000, "{got} of {count} after {calls} calls");
    }
}

#[test]
fn late_and_disordered_write_backs_change_nothing() {
    for fault in [
        WriteBack::Delayed(NonZeroU32::MIN),
        WriteBack::Delayed(NonZeroU32::new(17).unwrap()),
        WriteBack::Reordered,
    ] {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(small());
        bench.bus.inject(write_back(fault));
        goes_round(&bench, &nic, 200, 1);
        assert_eq!(nic.statistics().unwrap().resets, 0);
        drop(nic);
        bench.finish();
    }
}

/// Sends a frame again and again until it is received. The driver may have to reset the device before that.
fn comes_through_again(bench: &Bench, nic: &Nic) {
    let last = frame(99, 9);
    for _ in 0..2_000 {
        let sent = nic.exchange(0, frames([&last[..]]), empty(0)).unwrap();
        drop(sent);
        bench.bus.settle();
        bench.bus.pass(100);
        if poll(nic, 0).unwrap().contains(&last) {
            return;
        }
    }
    panic!("the device was not recovered");
}

/// Invariant: DEV-30
#[test]
fn a_length_past_the_buffer_resets_the_device() {
    let bench = Bench::new(Loop::closed());
    let nic = bench.nic(small());
    let message = bench.bus.message_entry(0);
    // The device reports 60 + 0x8000 bytes instead of 60.
    bench
        .bus
        .inject(write_back(WriteBack::Corrupted([0, 0x8000 << 32])));
    let one = frame(60, 1);
    drop(nic.exchange(0, frames([&one[..]]), empty(0)).unwrap());
    bench.bus.settle();
    let exchanged = nic.exchange(0, empty(0), empty(32)).unwrap();
    assert_eq!((exchanged.received, exchanged.rx.len()), (0, 32));
    assert_eq!(nic.statistics().unwrap().resets, 1);
    assert_eq!(nic.statistics().unwrap().rx_errors, 1);
    bench.bus.inject(Faults::default());
    comes_through_again(&bench, &nic);
    // After the reset the vector is as before, and a frame still causes a message.
    assert_eq!(bench.bus.message_entry(0), message);
    assert_eq!(nic.wait(0, 0), Ok(Waited::TimedOut));
    bench.bus.poke(0x0880, 1);
    bench.bus.link(|link| link.inbound.push_back(one));
    bench.bus.pass(1);
    bench.bus.settle();
    assert_eq!(bench.bus.messages(), 1);
    drop((exchanged, nic));
    bench.finish();
}

/// Invariant: DEV-30
#[test]
fn a_flipped_descriptor_bit_costs_only_frames() {
    for bit in 0..64 {
        for word in 0..2 {
            let bench = Bench::new(Loop::closed());
            let nic = bench.nic(Limits {
                tx_millis: 50,
                ..small()
            });
            let mut flip = [0; 2];
            flip[word] = 1 << bit;
            bench.bus.inject(write_back(WriteBack::Corrupted(flip)));
            let sent: Vec<_> = (0..8).map(|seed| frame(1000, seed)).collect();
            let batch = frames(sent.iter().map(|frame| &frame[..]));
            drop(nic.exchange(0, batch, empty(0)).unwrap());
            bench.bus.settle();
            for frame in poll(&nic, 0).unwrap() {
                assert!(frame.len() <= 2048);
            }
            bench.bus.inject(Faults::default());
            comes_through_again(&bench, &nic);
            drop(nic);
            bench.finish();
        }
    }
}

#[test]
fn frames_that_do_not_leave_cause_a_reset() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench.bus.inject(write_back(WriteBack::Lost));
    let sent: Vec<_> = (0..10).map(|seed| frame(60, seed)).collect();
    let batch = frames(sent.iter().map(|frame| &frame[..]));
    let Exchanged { mut tx, mut rx, .. } = nic.exchange(0, batch, empty(0)).unwrap();
    assert_eq!(tx.len(), 0);
    bench.bus.settle();
    for _ in 0..300 {
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx) = (exchanged.tx, exchanged.rx);
        bench.bus.pass(100);
    }
    assert!(nic.statistics().unwrap().resets >= 1);
    assert_eq!(tx.len(), 10, "all 10 buffers must come back");
    bench.bus.inject(Faults::default());
    bench.bus.settle();
    assert!(nic.link().unwrap().is_up());
    drop(nic.exchange(0, frames([&sent[0][..]]), rx).unwrap());
    bench.bus.settle();
    assert_eq!(
        bench.bus.link(|link| link.outbound.pop_back()),
        Some(sent[0].clone())
    );
    drop((tx, nic));
    bench.finish();
}

#[test]
fn a_link_that_is_down_for_long_is_no_hang() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench.bus.link(|link| link.down = true);
    bench.bus.settle();
    for _ in 0..300 {
        drop(
            nic.exchange(0, frames([&frame(60, 1)[..]]), empty(0))
                .unwrap(),
        );
        bench.bus.pass(100);
    }
    assert_eq!(nic.statistics().unwrap().resets, 0);
    drop(nic);
    bench.finish();
}

#[test]
fn dma_errors_lose_frames_and_nothing_else() {
    for number in [2, 3, 5, 7, 50] {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(Limits {
            tx_millis: 50,
            ..small()
        });
        let mut faults = Faults::default();
        faults.dma_error_every = every(number);
        bench.bus.inject(faults);
        for seed in 0..50 {
            drop(
                nic.exchange(0, frames([&frame(200, seed)[..]]), empty(4))
                    .unwrap(),
            );
            bench.bus.settle();
        }
        bench.bus.inject(Faults::default());
        comes_through_again(&bench, &nic);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn an_unplugged_device_is_reported_as_gone() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    drop(
        nic.exchange(0, frames([&frame(60, 1)[..]]), empty(4))
            .unwrap(),
    );
    let mut faults = Faults::default();
    faults.removed = true;
    bench.bus.inject(faults);
    // Exchanges notice only after a while that the device is gone. Until then they succeed.
    let mut calls = 0;
    let error = loop {
        match nic.exchange(0, empty(0), empty(1)) {
            Ok(_) => calls += 1,
            Err(error) => break error,
        }
        assert!(calls < 100);
    };
    assert_eq!(error, NetError::Gone);
    assert_eq!(nic.link().unwrap_err(), NetError::Gone);
    assert!(
        nic.statistics().unwrap().rx_packets < 10,
        "counters that read as all ones must not count"
    );
    drop(nic);
    bench.finish();
}

#[test]
fn a_device_that_answers_nothing_does_not_come_up() {
    let bench = Bench::new(Loop::open());
    let function = bench.slot.claim().unwrap();
    let mut faults = Faults::default();
    faults.removed = true;
    bench.bus.inject(faults);
    let args = samara_ixgbe::Args::from(function);
    assert!(matches!(samara_ixgbe::init(args), Err(InitError::Reset(_))));
    bench.finish();
}
