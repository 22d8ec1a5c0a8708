//! A device that breaks the specification. The driver counts an error, resets the device, or gives the device up. It
//! never crashes.

use samara_interfaces::net::{Exchanged, NetDevice, NetError, NetStatistics, Packets};
use samara_testkit::virtio_emulator::{Misbehaviour, Shape};
use samara_virtio_net::{Limits, Nic};

use super::{Bench, KEEPS, batch, benches, empty, frame, poll, shape, small, works};

const RX: usize = 0;
const TX: usize = 1;

/// Limits under which the driver soon notices frames that don't leave.
fn impatient() -> Limits {
    Limits {
        tx_millis: 50,
        ..small()
    }
}

/// Makes exchanges, and checks that exactly `count` packets come back. Packets that the driver did not take count,
/// too.
fn all_come_back(bench: &Bench, nic: &Nic, Exchanged { tx, rx, .. }: Exchanged, count: usize) {
    let (mut tx, mut rx): (Packets, Packets) = (tx, rx);
    let mut back = 0;
    for _ in 0..400 {
        while let Some(packet) = tx.pop_back() {
            back += 1;
            drop(packet);
        }
        bench.model.tick(20);
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx) = (exchanged.tx, exchanged.rx);
    }
    assert_eq!(back, count);
}

/// Sends five frames. The device goes `wrong` with the first of them. Checks that all buffers come back and that the
/// device works afterwards. Returns the statistics for each kind of function.
fn sending(wrong: Misbehaviour) -> Vec<NetStatistics> {
    benches(Shape {
        latency: 2,
        ..shape(KEEPS)
    })
    .map(|bench| {
        let bench = bench();
        let nic = bench.nic(impatient());
        works(&bench, &nic);
        let before = nic.statistics().unwrap();
        bench.model.go_wrong(TX, wrong);
        let exchanged = nic.exchange(0, batch(5, 100), empty(3)).unwrap();
        assert_eq!(exchanged.unsent, 0);
        all_come_back(&bench, &nic, exchanged, 5);
        let mut statistics = nic.statistics().unwrap();
        statistics.tx_packets -= before.tx_packets;
        works(&bench, &nic);
        drop(nic);
        bench.finish();
        statistics
    })
    .to_vec()
}

/// Has five frames arrive. The device goes `wrong` with the first of them. Checks that the device works afterwards.
/// Returns the received frames and the statistics for each kind of function.
fn receiving(wrong: Misbehaviour) -> Vec<(Vec<Vec<u8>>, NetStatistics)> {
    benches(Shape {
        latency: 2,
        ..shape(KEEPS)
    })
    .map(|bench| {
        let bench = bench();
        let nic = bench.nic(impatient());
        works(&bench, &nic);
        bench.model.go_wrong(RX, wrong);
        for seed in 0..5 {
            assert!(bench.model.receive(&frame(100, seed)));
        }
        bench.model.tick(20);
        let frames = poll(&nic).unwrap();
        let statistics = nic.statistics().unwrap();
        works(&bench, &nic);
        drop(nic);
        bench.finish();
        (frames, statistics)
    })
    .to_vec()
}

#[test]
fn the_used_length_of_a_sent_frame_is_ignored() {
    for wrong in [
        Misbehaviour::Length(112),
        Misbehaviour::Length(u32::MAX),
        Misbehaviour::Overlong(1),
    ] {
        for statistics in sending(wrong) {
            assert_eq!((statistics.resets, statistics.tx_packets), (0, 5));
        }
    }
}

#[test]
fn an_id_of_no_chain_in_flight_is_a_broken_protocol() {
    // 16 and 64 are past the queue, the next two don't fit 16 bits, 1 is inside a chain, and 14 is the head of a free
    // chain.
    for id in [16, 64, u32::MAX, 0x1_0000, 1, 14] {
        for statistics in sending(Misbehaviour::Id(id)) {
            assert_eq!(statistics.resets, 1, "{id:#x}");
        }
    }
    // The receive queue has most of its chains in flight, so none of these ids is a chain's head.
    for id in [32, 64, u32::MAX, 0x1_0000, 1] {
        for (frames, statistics) in receiving(Misbehaviour::Id(id)) {
            assert_eq!((frames.len(), statistics.resets), (0, 1), "{id:#x}");
        }
    }
}

#[test]
fn a_used_index_that_jumps_is_a_broken_protocol() {
    for by in [16, 0x7FFF, 0x8000, 0xFFF0] {
        for statistics in sending(Misbehaviour::Jump(by)) {
            assert_eq!(statistics.resets, 1, "{by:#x}");
        }
        for (frames, statistics) in receiving(Misbehaviour::Jump(by)) {
            assert_eq!((frames.len(), statistics.resets), (0, 1), "{by:#x}");
        }
    }
}

#[test]
fn a_chain_that_is_used_twice_is_a_broken_protocol() {
    for statistics in sending(Misbehaviour::Twice) {
        assert_eq!(statistics.resets, 1);
    }
}

#[test]
fn frames_that_do_not_leave_cause_a_reset() {
    for statistics in sending(Misbehaviour::Silent) {
        assert_eq!((statistics.resets, statistics.tx_packets), (1, 4));
    }
    for statistics in sending(Misbehaviour::Late(40)) {
        assert_eq!((statistics.resets, statistics.tx_packets), (0, 5));
    }
}

#[test]
fn a_device_that_needs_a_reset_gets_one() {
    for statistics in sending(Misbehaviour::NeedsReset) {
        assert_eq!(statistics.resets, 1);
    }
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(Limits::default());
    bench.model.break_down();
    // A wait also resets the device. It does so before the thread sleeps, because no frame would ever come.
    assert!(nic.wait(0, 0).is_ok());
    assert_eq!(nic.statistics().unwrap().resets, 1);
    works(&bench, &nic);
    drop(nic);
    bench.finish();
}

#[test]
fn a_used_length_past_the_buffer_breaks_the_protocol() {
    for by in [1, 4096, 0xFFFF_0000] {
        for (frames, statistics) in receiving(Misbehaviour::Overlong(by)) {
            assert_eq!((frames.len(), statistics.resets), (0, 1));
        }
    }
}

#[test]
fn a_used_length_shorter_than_the_headers_is_no_frame() {
    for length in [0, 1, 11, 12, 25] {
        for (frames, statistics) in receiving(Misbehaviour::Length(length)) {
            let expected: Vec<_> = (1..5).map(|seed| frame(100, seed)).collect();
            assert_eq!(frames, expected, "{length}");
            assert_eq!((statistics.resets, statistics.rx_errors), (0, 1));
        }
    }
}

#[test]
fn a_used_length_within_the_buffer_is_believed() {
    for length in [26, 2060] {
        for (frames, statistics) in receiving(Misbehaviour::Length(length)) {
            assert_eq!(frames[0].len(), length as usize - 12);
            assert_eq!(frames[0][..14], frame(100, 0)[..14]);
            assert_eq!((frames.len(), statistics.resets), (5, 0));
        }
    }
}

#[test]
fn headers_with_unnegotiated_offloads_are_ignored() {
    // In these headers the number of buffers is 0, then 2. The others ask for the completion of a checksum, for
    // segmentation, and for everything by all bits but the lowest.
    let header = |at: usize, value: u8| {
        let mut header = [0; 12];
        header[at] = value;
        header
    };
    for header in [
        [0; 12],
        header(10, 2),
        header(0, 1),
        header(1, 0x81),
        [0xFE; 12],
    ] {
        for (frames, statistics) in receiving(Misbehaviour::Header(header)) {
            let expected: Vec<_> = (0..5).map(|seed| frame(100, seed)).collect();
            assert_eq!(frames, expected);
            assert_eq!((statistics.resets, statistics.rx_errors), (0, 0));
        }
    }
}

/// Invariant: DEV-19
#[test]
fn a_frame_without_a_header_was_not_received() {
    for (frames, statistics) in receiving(Misbehaviour::Header([0xFF; 12])) {
        assert!(frames.len() < 5, "{frames:?}");
        assert_eq!(statistics.resets, 1);
    }
}

#[test]
fn a_frame_that_is_never_given_back_is_lost_alone() {
    for (frames, statistics) in receiving(Misbehaviour::Silent) {
        let expected: Vec<_> = (1..5).map(|seed| frame(100, seed)).collect();
        assert_eq!((frames, statistics.resets), (expected, 0));
    }
}

#[test]
fn a_device_that_hangs_is_reset_until_it_does_not() {
    for bench in benches(shape(KEEPS)) {
        let bench = bench();
        let nic = bench.nic(impatient());
        bench.model.switch(|switches| switches.hang = true);
        for turn in 1..4 {
            let exchanged = nic.exchange(0, batch(6, 60), empty(0)).unwrap();
            assert_eq!(exchanged.unsent, 0);
            all_come_back(&bench, &nic, exchanged, 6);
            assert_eq!(nic.statistics().unwrap().resets, turn);
        }
        bench.model.switch(|switches| switches.hang = false);
        works(&bench, &nic);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_device_that_is_slow_to_come_back_is_waited_for() {
    for bench in benches(shape(KEEPS)) {
        let bench = bench();
        let nic = bench.nic(small());
        for (turn, (reset_takes, blind_after_reset)) in (1..).zip([(500, 0), (0, 500), (300, 300)])
        {
            bench.model.switch(|switches| {
                switches.reset_takes = reset_takes;
                switches.blind_after_reset = blind_after_reset;
            });
            bench.model.break_down();
            assert!(nic.wait(0, 0).is_ok());
            assert_eq!(nic.statistics().unwrap().resets, turn);
            works(&bench, &nic);
        }
        drop(nic);
        bench.finish();
    }
}

#[test]
fn an_unplugged_device_is_reported_as_gone() {
    for finder in 0..3 {
        let bench = Bench::new(shape(KEEPS));
        let nic = bench.nic(Limits::default());
        drop(nic.exchange(0, batch(3, 60), empty(4)).unwrap());
        bench.model.switch(|switches| switches.removed = true);
        // Each kind of call notices that the device is gone, if it is the first call to look at the device.
        let mut calls = 0;
        let error = loop {
            let error = match finder {
                0 => nic.exchange(0, empty(0), empty(1)).err(),
                1 => nic.wait(0, 0).err(),
                _ => nic.link().err(),
            };
            if let Some(error) = error {
                break error;
            }
            calls += 1;
            assert!(calls < 100);
        };
        assert_eq!(error, NetError::Gone);
        assert_eq!(nic.link().unwrap_err(), NetError::Gone);
        assert_eq!(nic.wait(0, 0).unwrap_err(), NetError::Gone);
        let exchanged = nic.exchange(0, batch(3, 60), empty(4));
        assert_eq!(exchanged.unwrap_err(), NetError::Gone);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_stop_of_a_device_that_hangs_ends() {
    for bench in benches(shape(KEEPS)) {
        let bench = bench();
        let nic = bench.nic(small());
        bench.model.switch(|switches| switches.hang = true);
        drop(nic.exchange(0, batch(8, 60), empty(0)).unwrap());
        nic.shut_down().unwrap();
        drop(nic);
        bench.model.switch(|switches| switches.hang = false);
        bench.finish();
    }
}
