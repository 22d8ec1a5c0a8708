//! Frames that are sent and received, buffers that circulate, queues, the link, and the orderly stop.

use samara_interfaces::net::{Exchanged, Link, MacAddress, NetDevice, NetError, Packets};
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::Loop;
use samara_shared_heap::heap::census_all;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, empty, frames, poll, received, small};

#[test]
fn frames_of_all_lengths_come_back_whole_and_in_order() {
    let bench = Bench::new(Loop::closed());
    let nic = bench.nic(small());
    let (mut tx, mut rx) = (empty(0), empty(32));
    let (mut sent, mut got) = (0usize, 0usize);
    let length = |number: usize| 60 + number * 7 % 1455;
    let mut stock = Vec::new();
    let packets_before = census_all();
    while got < 3_000 {
        while sent < 3_000 && tx.len() < 8 {
            let bytes = frame(length(sent), sent as u8);
            let mut packet = stock
                .pop()
                .unwrap_or_else(|| samara_interfaces::Packet::alloc().expect("memory"));
            packet.fill(&bytes).unwrap();
            tx.push_back(packet).unwrap();
            sent += 1;
        }
        let mut exchanged = nic.exchange(0, tx, rx).unwrap();
        bench.bus.settle();
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
            rx.push_back(samara_interfaces::Packet::alloc().unwrap())
                .unwrap();
        }
    }
    // The number of packets in circulation stays bounded: 15 are in the ring, and the others are in the batches and
    // the stock.
    assert!(census_all().objects <= packets_before.objects + 64);
    let statistics = nic.statistics().unwrap();
    assert_eq!(statistics.tx_packets, 3_000);
    assert_eq!(statistics.rx_packets, 3_000);
    assert_eq!(statistics.tx_bytes, statistics.rx_bytes);
    assert_eq!((statistics.tx_errors, statistics.rx_errors), (0, 0));
    drop((tx, rx, stock, nic));
    bench.finish();
}

#[test]
fn as_many_packets_come_back_as_went_in() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    let before = census_all().objects;
    let sent: Vec<_> = (0..32).map(|seed| frame(100, seed)).collect();
    let Exchanged {
        tx,
        rx,
        unsent,
        received,
    } = nic
        .exchange(0, frames(sent.iter().map(|frame| &frame[..])), empty(5))
        .unwrap();
    // The ring has room for 15 frames. Nothing has arrived.
    assert_eq!((unsent, received, tx.len(), rx.len()), (17, 0, 17, 5));
    assert_eq!(tx.get(0).unwrap().bytes(), sent[15]);
    bench.bus.settle();
    let exchanged = nic.exchange(0, tx, rx).unwrap();
    // All 15 buffers came back, so there was room for 15 more frames.
    assert_eq!((exchanged.unsent, exchanged.tx.len()), (2, 17));
    assert_eq!(exchanged.tx.get(1).unwrap().bytes(), sent[31]);
    let (mut tx, mut rx, mut back) = (exchanged.tx, exchanged.rx, 0);
    let mut unsent = exchanged.unsent;
    for _ in 0..3 {
        while tx.len() > unsent {
            back += usize::from(tx.pop_back().is_some());
        }
        bench.bus.settle();
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx, unsent) = (exchanged.tx, exchanged.rx, exchanged.unsent);
    }
    assert_eq!((back + tx.len(), unsent, rx.len()), (32, 0, 5));
    assert_eq!(
        bench
            .bus
            .link(|link| link.outbound.drain(..).collect::<Vec<_>>()),
        sent
    );
    drop((tx, rx));
    assert_eq!(census_all().objects, before);
    drop(nic);
    bench.finish();
}

#[test]
fn arrived_frames_wait_for_buffers() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    bench
        .bus
        .link(|link| link.inbound.extend((0..100).map(|seed| frame(60, seed))));
    bench.bus.settle();
    let exchanged = nic.exchange(0, empty(0), empty(0)).unwrap();
    assert_eq!(
        exchanged.received, 0,
        "a caller that gives no buffers receives nothing"
    );
    let mut all = Vec::new();
    for _ in 0..20 {
        let mut exchanged = nic.exchange(0, empty(0), empty(7)).unwrap();
        all.extend(received(&mut exchanged));
        bench.bus.settle();
    }
    assert_eq!(
        all,
        (0..100).map(|seed| frame(60, seed)).collect::<Vec<_>>()
    );
    drop((exchanged, nic));
    bench.finish();
}

/// Returns an IPv4 UDP frame of flow `number`.
fn flow(number: u16) -> Vec<u8> {
    let mut bytes = vec![0xFF; 6];
    bytes.extend([2, 0, 0, 0, 0, 1, 8, 0]);
    bytes.extend([
        0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
    ]);
    bytes.extend(number.to_be_bytes());
    bytes.extend([0, 80, 0, 26, 0, 0]);
    bytes.resize(60, number as u8);
    bytes
}

#[test]
fn flows_are_spread_and_each_keeps_to_one_queue() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits {
        queues: 4,
        ..Limits::default()
    });
    assert_eq!(nic.info().unwrap().queues, 4);
    bench.bus.link(|link| {
        // Each flow has two frames, which show whether it changes its queue.
        link.inbound.extend((0..64).chain(0..64).map(flow));
    });
    bench.bus.settle();
    let mut all = Vec::new();
    for queue in 0..4 {
        let frames = poll(&nic, queue).unwrap();
        assert!(
            frames.len() >= 8,
            "queue {queue} has only {} of 128 frames",
            frames.len()
        );
        for frame in &frames {
            assert_eq!(frames.iter().filter(|other| *other == frame).count(), 2);
        }
        all.extend(frames);
    }
    assert_eq!(all.len(), 128);
    // All queues send, too.
    for queue in 0..4 {
        let sent = flow(queue);
        drop(nic.exchange(queue, frames([&sent[..]]), empty(0)).unwrap());
    }
    bench.bus.settle();
    assert_eq!(bench.bus.link(|link| link.outbound.len()), 4);
    assert_eq!(
        nic.exchange(4, empty(0), empty(0)).unwrap_err(),
        NetError::NoSuchQueue
    );
    drop(nic);
    bench.finish();
}

#[test]
fn the_link_goes_down_and_comes_up_again() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits::default());
    assert_eq!(nic.link().unwrap(), Link::Up { mbps: 10_000 });
    bench.bus.link(|link| link.down = true);
    bench.bus.settle();
    assert_eq!(nic.link().unwrap(), Link::Down);
    let one = frame(60, 1);
    let exchanged = nic.exchange(0, frames([&one[..]]), empty(1)).unwrap();
    assert_eq!((exchanged.unsent, exchanged.tx.len()), (1, 1));
    bench.bus.link(|link| link.down = false);
    bench.bus.settle();
    // No call asks for the link. Exchanges alone must notice that the link is up.
    let Exchanged { mut tx, mut rx, .. } = exchanged;
    let mut calls = 0;
    while bench.bus.link(|link| link.outbound.is_empty()) {
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx) = (exchanged.tx, exchanged.rx);
        bench.bus.settle();
        calls += 1;
        assert!(calls < 200);
    }
    drop((tx, rx, nic));
    bench.finish();
}

#[test]
fn odd_frames_are_refused_and_short_ones_padded() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits::default());
    let info = nic.info().unwrap();
    assert_eq!(info.mac, MacAddress([2, 0x82, 0x59, 0x90, 0, 1]));
    assert_eq!((info.mtu, info.queues), (1500, 1));
    let odd = [
        frame(14, 1),
        vec![1; 13],
        vec![],
        frame(1519, 1),
        frame(1518, 2),
    ];
    let batch = frames(odd.iter().map(|frame| &frame[..]));
    let exchanged = nic.exchange(0, batch, empty(0)).unwrap();
    // Three of the packets are no frames. Their buffers come back at once.
    assert_eq!((exchanged.unsent, exchanged.tx.len()), (0, 3));
    bench.bus.settle();
    let sent = bench
        .bus
        .link(|link| link.outbound.drain(..).collect::<Vec<_>>());
    assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), [60, 1518]);
    assert_eq!(sent[0][14..], [0; 46], "padding must be zeroes");
    assert_eq!(nic.statistics().unwrap().tx_errors, 3);
    drop((exchanged, nic));
    bench.finish();
}

#[test]
fn an_orderly_stop_drains_and_disables_the_queues() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits::default());
    let sent: Vec<_> = (0..20).map(|seed| frame(300, seed)).collect();
    let batch: Packets = frames(sent.iter().map(|frame| &frame[..]));
    drop(nic.exchange(0, batch, empty(0)).unwrap());
    // The device has not sent the frames yet. The stop waits for it.
    nic.shut_down().unwrap();
    assert_eq!(bench.bus.link(|link| link.outbound.len()), 20);
    for control in [0x1028, 0x6028] {
        assert_eq!(
            bench.bus.register(control) & 1 << 25,
            0,
            "the queue must be disabled"
        );
    }
    assert_eq!(
        bench.bus.register(0x3000) & 1,
        0,
        "the receiver must be disabled"
    );
    assert_eq!(
        nic.exchange(0, empty(0), empty(0)).unwrap_err(),
        NetError::Failed
    );
    drop(nic);
    bench.finish();
}
