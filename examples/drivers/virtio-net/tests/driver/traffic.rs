//! Frames that are sent and received, buffers that circulate, the link, and the orderly stop.

use samara_interfaces::net::{CAPACITY, Exchanged, Link, MacAddress, NetDevice, NetError, Packet};
use samara_shared_heap::heap::census_all;
use samara_testkit::virtio_emulator::{Layout, Net, Shape};
use samara_virtio_net::Limits;

use super::{Bench, KEEPS, batch, benches, empty, frame, frames, poll, received, shape, small};

/// Sends `count` frames, number `n` of `length(n)` bytes, to a device that sends them back. Checks that they come back
/// whole and in order.
fn goes_round(bench: &Bench, nic: &dyn NetDevice, count: usize, length: impl Fn(usize) -> usize) {
    let (mut tx, mut rx) = (empty(0), empty(32));
    let (mut sent, mut got, mut idle) = (0, 0, 0);
    let mut stock = Vec::new();
    while got < count {
        while sent < count && tx.len() < 8 {
            let bytes = frame(length(sent), sent as u8);
            let mut packet = stock
                .pop()
                .unwrap_or_else(|| Packet::alloc().expect("memory"));
            packet.fill(&bytes).unwrap();
            tx.push_back(packet).unwrap();
            sent += 1;
        }
        let mut exchanged = nic.exchange(0, tx, rx).unwrap();
        bench.model.tick(1);
        idle = if exchanged.received == 0 { idle + 1 } else { 0 };
        assert!(idle < 500, "only {got} of {count} frames have come back");
        for bytes in received(&mut exchanged) {
            assert_eq!(bytes, frame(length(got), got as u8), "frame {got}");
            got += 1;
        }
        tx = exchanged.tx;
        while tx.len() > exchanged.unsent {
            stock.push(tx.pop_back().unwrap());
        }
        rx = exchanged.rx;
        while !rx.is_full() {
            rx.push_back(Packet::alloc().unwrap()).unwrap();
        }
    }
}

#[test]
fn frames_of_all_lengths_come_back_whole_and_in_order() {
    for latency in [0, 1, 3] {
        let bench = Bench::new(Shape {
            latency,
            ..Shape::NET
        });
        let nic = bench.nic(small());
        goes_round(&bench, &nic, 1_500, |number| 60 + number * 7 % 1455);
        let statistics = nic.statistics().unwrap();
        assert_eq!(statistics.rx_packets, 1_500);
        let bytes: usize = (0..1_500).map(|number| 64 + number * 7 % 1455).sum();
        assert_eq!(statistics.rx_bytes, bytes as u64);
        drop(poll(&nic).unwrap());
        let statistics = nic.statistics().unwrap();
        assert_eq!(statistics.tx_packets, 1_500);
        assert_eq!(statistics.tx_bytes, bytes as u64);
        assert_eq!((statistics.tx_errors, statistics.rx_errors), (0, 0));
        assert_eq!(statistics.resets, 0);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn queues_of_every_size_carry_frames() {
    for queue_size in [4, 8, 256, 1024] {
        for (rx_entries, tx_entries) in [(4, 4), (0, u32::MAX), (512, 4), (100, 7)] {
            let bench = Bench::new(Shape {
                queue_size,
                latency: 1,
                ..Shape::NET
            });
            let limits = Limits {
                rx_entries,
                tx_entries,
                ..Limits::default()
            };
            let nic = bench.nic(limits);
            let entries = tx_entries.clamp(4, 512).min(queue_size.into());
            let chains = (1u32 << entries.ilog2()) / 2;
            // A quarter of the chains, but at least one chain, always stays free.
            let room = chains - (chains / 4).max(1);
            assert_eq!(u32::from(nic.info().unwrap().tx_room), room);
            goes_round(&bench, &nic, 200, |_| 100);
            drop(nic);
            bench.finish();
        }
    }
}

#[test]
fn registers_may_stand_close_together() {
    for notify_multiplier in [0, 2, 4] {
        let bench = Bench::new(Shape {
            layout: Layout::TIGHT,
            notify_multiplier,
            decoys: true,
            ..Shape::NET
        });
        let nic = bench.nic(small());
        goes_round(&bench, &nic, 100, |_| 60);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn the_ring_indices_wrap_around() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    let (mut tx, mut rx) = (batch(8, 60), empty(8));
    for turn in 0..(1 << 16) / 8 + 100 {
        for seed in 0..8 {
            assert!(bench.model.receive(&frame(60, seed)));
        }
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        let counts = (exchanged.unsent, exchanged.tx.len(), exchanged.received);
        assert_eq!(counts, (0, 8, 8), "{turn}");
        for seed in 0..8 {
            let packet = exchanged.rx.get(seed).unwrap();
            assert_eq!(packet.bytes(), frame(60, seed as u8), "{turn}");
        }
        (tx, rx) = (exchanged.tx, exchanged.rx);
        assert_eq!(bench.model.take_sent().len(), 8);
    }
    drop((tx, rx, nic));
    bench.finish();
}

#[test]
fn as_many_packets_come_back_as_went_in() {
    // The device keeps each chain for a pause.
    let bench = Bench::new(Shape {
        latency: 1,
        ..shape(KEEPS)
    });
    let nic = bench.nic(small());
    let before = census_all().objects;
    let Exchanged {
        tx,
        rx,
        unsent,
        received,
    } = nic.exchange(0, batch(32, 100), empty(5)).unwrap();
    // Two of the queue's 8 chains stay free, so it takes 6 frames. Nothing has arrived.
    assert_eq!((unsent, received, tx.len(), rx.len()), (26, 0, 26, 5));
    assert_eq!(tx.get(0).unwrap().bytes(), frame(100, 6));
    bench.model.tick(2);
    let exchanged = nic.exchange(0, tx, rx).unwrap();
    // All 6 buffers came back, so there was room for 6 more frames.
    assert_eq!((exchanged.unsent, exchanged.tx.len()), (20, 26));
    assert_eq!(exchanged.tx.get(0).unwrap().bytes(), frame(100, 12));
    let (mut tx, mut rx, mut back) = (exchanged.tx, exchanged.rx, 0);
    let mut unsent = exchanged.unsent;
    for _ in 0..5 {
        while tx.len() > unsent {
            back += usize::from(tx.pop_back().is_some());
        }
        bench.model.tick(2);
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx, unsent) = (exchanged.tx, exchanged.rx, exchanged.unsent);
    }
    assert_eq!((back + tx.len(), unsent, rx.len()), (32, 0, 5));
    let sent: Vec<_> = (0..32).map(|seed| frame(100, seed)).collect();
    assert_eq!(bench.model.take_sent(), sent);
    drop((tx, rx));
    assert_eq!(census_all().objects, before);
    drop(nic);
    bench.finish();
}

/// A full batch has room for a returned buffer only after a frame has left it.
#[test]
fn a_full_batch_is_sent_through_a_full_queue() {
    let bench = Bench::new(Shape {
        latency: 1,
        ..shape(KEEPS)
    });
    let nic = bench.nic(Limits {
        tx_entries: 4,
        ..small()
    });
    let (mut left, mut back) = (batch(32, 64), 0);
    drop(nic.exchange(0, batch(2, 60), empty(0)).unwrap());
    for turn in 0..40 {
        bench.model.tick(2);
        let Exchanged { mut tx, unsent, .. } = nic.exchange(0, left, empty(0)).unwrap();
        if turn == 0 {
            assert_eq!((unsent, tx.len()), (31, 32));
        }
        while tx.len() > unsent {
            back += usize::from(tx.pop_back().is_some());
        }
        left = tx;
    }
    assert_eq!((left.len(), back), (0, 33));
    assert_eq!(bench.model.take_sent().len(), 33);
    drop((left, nic));
    bench.finish();
}

#[test]
fn arrived_frames_wait_for_buffers() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    for seed in 0..100 {
        assert!(bench.model.receive(&frame(60, seed)));
    }
    let exchanged = nic.exchange(0, empty(0), empty(0)).unwrap();
    assert_eq!(
        exchanged.received, 0,
        "a caller that gives no buffers receives nothing"
    );
    let mut all = Vec::new();
    for _ in 0..20 {
        let mut exchanged = nic.exchange(0, empty(0), empty(7)).unwrap();
        all.extend(received(&mut exchanged));
    }
    let sent: Vec<_> = (0..100).map(|seed| frame(60, seed)).collect();
    assert_eq!(all, sent);
    drop((exchanged, nic));
    bench.finish();
}

#[test]
fn the_link_goes_down_and_comes_up_again() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(Limits::default());
    assert_eq!(nic.link().unwrap(), Link::Up { mbps: 0 });
    bench.model.set_link(false);
    assert_eq!(nic.link().unwrap(), Link::Down);
    let exchanged = nic.exchange(0, batch(1, 60), empty(1)).unwrap();
    assert_eq!((exchanged.unsent, exchanged.tx.len()), (1, 1));
    bench.model.set_link(true);
    // No call asks for the link. Exchanges alone must notice that the link is up.
    let Exchanged { mut tx, mut rx, .. } = exchanged;
    let mut calls = 0;
    while bench.model.take_sent().is_empty() {
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx) = (exchanged.tx, exchanged.rx);
        calls += 1;
        assert!(calls < 200);
    }
    drop((tx, rx, nic));
    bench.finish();
}

#[test]
fn a_link_that_flaps_or_is_down_for_long_is_no_hang() {
    for flapping in [true, false] {
        let bench = Bench::new(shape(KEEPS));
        let nic = bench.nic(small());
        bench.model.set_link(false);
        bench.model.switch(|switches| switches.flapping = flapping);
        for _ in 0..300 {
            drop(nic.exchange(0, batch(1, 60), empty(1)).unwrap());
            assert!(nic.link().is_ok());
            bench.model.tick(401);
        }
        assert_eq!(nic.statistics().unwrap().resets, 0);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_link_without_status_counts_as_up() {
    let bench = Bench::new(shape(Net {
        status: false,
        ..KEEPS
    }));
    let nic = bench.nic(small());
    assert_eq!(nic.link().unwrap(), Link::Up { mbps: 0 });
    super::works(&bench, &nic);
    drop(nic);
    bench.finish();
}

#[test]
fn odd_frames_are_refused_and_short_ones_padded() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(Limits::default());
    let info = nic.info().unwrap();
    assert_eq!(info.mac, MacAddress([0x52, 0x54, 0x00, 0x12, 0x34, 0x56]));
    assert_eq!((info.mtu, info.queues, info.tx_room), (1500, 1, 24));
    let odd = [
        frame(14, 1),
        vec![1; 13],
        vec![],
        frame(1515, 1),
        frame(CAPACITY, 1),
        frame(1514, 2),
        frame(59, 3),
        frame(60, 4),
    ];
    let odd_batch = frames(odd.iter().map(|frame| &frame[..]));
    let exchanged = nic.exchange(0, odd_batch, empty(0)).unwrap();
    assert_eq!((exchanged.unsent, exchanged.tx.len()), (0, 8));
    let sent = bench.model.take_sent();
    assert_eq!(
        sent.iter().map(Vec::len).collect::<Vec<_>>(),
        [60, 1514, 60, 60]
    );
    assert_eq!(sent[0][..14], odd[0]);
    assert_eq!(sent[0][14..], [0; 46], "padding must be zeroes");
    assert_eq!(sent[2][..59], odd[6]);
    assert_eq!((sent[2][59], &sent[3]), (0, &odd[7]));
    assert_eq!(nic.statistics().unwrap().tx_errors, 4);
    drop((exchanged, nic));
    bench.finish();
}

#[test]
fn the_smaller_mtu_of_device_and_driver_counts() {
    for (device, limit, mtu) in [
        (None, 1500, 1500),
        (None, 2034, 1500),
        (None, 576, 576),
        (None, 0, 68),
        (Some(68), 1500, 68),
        (Some(1000), 1500, 1000),
        (Some(2034), 1500, 1500),
        (Some(2034), 9000, 2034),
        // A frame of this MTU does not fit into a packet. So the driver does not accept the feature and uses
        // Ethernet's MTU.
        (Some(2035), 9000, 1500),
        (Some(65_535), 1400, 1400),
    ] {
        let bench = Bench::new(shape(Net {
            mtu: device,
            ..KEEPS
        }));
        let nic = bench.nic(Limits {
            mtu: limit,
            ..small()
        });
        assert_eq!(nic.info().unwrap().mtu, mtu, "{device:?}, {limit}");
        let longest = usize::from(mtu) + 14;
        let (fits, long) = (frame(longest, 1), frame((longest + 1).min(CAPACITY), 2));
        let sent = frames([&fits[..], &long[..]]);
        drop(nic.exchange(0, sent, empty(0)).unwrap());
        let expected = match longest {
            CAPACITY => vec![fits, long],
            _ => vec![fits],
        };
        assert_eq!(bench.model.take_sent(), expected);
        drop(nic);
        bench.finish();
    }
}

#[test]
fn the_longest_frame_that_a_packet_holds_is_received() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    assert!(bench.model.receive(&frame(CAPACITY + 1, 1)));
    assert_eq!(
        bench.model.counts().dropped_frames,
        1,
        "the device drops it"
    );
    assert!(bench.model.receive(&frame(CAPACITY, 2)));
    assert_eq!(poll(&nic).unwrap(), [frame(CAPACITY, 2)]);
    // A frame shorter than an Ethernet header counts as an error.
    for length in [0, 1, 13] {
        assert!(bench.model.receive(&frame(length, 1)));
    }
    assert!(bench.model.receive(&frame(14, 3)));
    assert_eq!(poll(&nic).unwrap(), [frame(14, 3)]);
    assert_eq!(nic.statistics().unwrap().rx_errors, 3);
    drop(nic);
    bench.finish();
}

#[test]
fn calls_for_other_queues_are_refused() {
    let bench = Bench::new(Shape::NET);
    let nic = bench.nic(small());
    for queue in [1, 2, u16::MAX] {
        let error = nic.exchange(queue, empty(1), empty(1)).unwrap_err();
        assert_eq!(error, NetError::NoSuchQueue);
        assert_eq!(nic.wait(queue, 0).unwrap_err(), NetError::NoSuchQueue);
    }
    drop(nic);
    bench.finish();
}

#[test]
fn threads_share_the_queue() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let nic = &nic;
            scope.spawn(move || {
                for turn in 0..200 {
                    let mut tx = batch(3, 60 + usize::from(thread) * 100);
                    let (mut unsent, mut rx) = (3, empty(2));
                    while unsent > 0 {
                        let exchanged = nic.exchange(0, tx, rx).unwrap();
                        (tx, rx, unsent) = (exchanged.tx, exchanged.rx, exchanged.unsent);
                    }
                    assert_eq!(tx.len(), 3, "{turn}");
                }
            });
        }
    });
    let sent = bench.model.take_sent();
    // The model keeps no more than 1024 sent frames.
    assert_eq!(sent.len(), 1024);
    assert_eq!(nic.statistics().unwrap().tx_packets, 4 * 200 * 3);
    drop(nic);
    bench.finish();
}

#[test]
fn an_orderly_stop_drains_and_resets_the_device() {
    for bench in benches(Shape {
        latency: 5,
        ..shape(KEEPS)
    }) {
        let bench = bench();
        let nic = bench.nic(Limits::default());
        drop(nic.exchange(0, batch(20, 300), empty(4)).unwrap());
        assert!(bench.model.take_sent().is_empty());
        nic.shut_down().unwrap();
        assert_eq!(bench.model.take_sent().len(), 20);
        assert_eq!(bench.model.status(), 0);
        assert_eq!(
            nic.exchange(0, empty(0), empty(0)).unwrap_err(),
            NetError::Failed
        );
        assert_eq!(nic.link().unwrap_err(), NetError::Failed);
        assert_eq!(nic.wait(0, 0).unwrap_err(), NetError::Failed);
        assert_eq!(nic.shut_down().unwrap_err(), NetError::Failed);
        assert_eq!(nic.statistics().unwrap().tx_packets, 20);
        drop(nic);
        bench.finish();
    }
}
