//! Faults of earlier drivers of this device. Each test checks that this driver does not have one of these faults.

use samara_interfaces::net::{CAPACITY, NetDevice};
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::Loop;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, empty, frames, poll};

/// A sent frame is as long as its packet says. The driver reads no length from the frame's bytes.
#[test]
fn the_packets_length_counts_for_a_sent_frame() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits::default());
    // An IPv4 header that claims 1500 bytes, and one that claims none.
    for claimed in [1500u16, 0] {
        let mut bytes = frame(80, 7);
        bytes[12..16].copy_from_slice(&[8, 0, 0x45, 0]);
        bytes[16..18].copy_from_slice(&claimed.to_be_bytes());
        drop(nic.exchange(0, frames([&bytes[..]]), empty(0)).unwrap());
        bench.bus.settle();
        let sent = bench.bus.link(|link| link.outbound.pop_front());
        assert_eq!(sent, Some(bytes));
    }
    drop(nic);
    bench.finish();
}

/// SRRCTL of each queue holds the size of the receive buffers.
#[test]
fn the_size_of_receive_buffers_is_programmed() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits {
        queues: 2,
        mtu: 2030,
        ..Limits::default()
    });
    for srrctl in [0x1014, 0x1054] {
        let value = bench.bus.register(srrctl);
        assert_eq!((value & 0x1F) as usize * 1024, CAPACITY);
        assert_eq!(value >> 25 & 7, 1, "advanced, one buffer");
    }
    // The longest frame fits into one buffer. The MAC does not accept a longer frame.
    let longest = frame(2048, 3);
    let too_long = frame(2049, 3);
    bench
        .bus
        .link(|link| link.inbound.extend([longest.clone(), too_long]));
    bench.bus.settle();
    assert_eq!(poll(&nic, 0).unwrap(), [longest]);
    assert_eq!(nic.statistics().unwrap().rx_errors, 1);
    drop(nic);
    bench.finish();
}

/// The caller gets a received frame with the length that the device reports.
#[test]
fn the_devices_length_counts_for_a_received_frame() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits::default());
    let sent = [frame(1514, 1), frame(60, 2), frame(777, 3)];
    bench.bus.link(|link| link.inbound.extend(sent.clone()));
    bench.bus.settle();
    assert_eq!(poll(&nic, 0).unwrap(), sent);
    drop(nic);
    bench.finish();
}

/// Counters are 32 bits wide and cleared by reading. A read of one counter must not clear its neighbours.
#[test]
fn counters_add_up_over_many_readings() {
    let bench = Bench::new(Loop::closed());
    let nic = bench.nic(Limits::default());
    let one = frame(64, 1);
    for round in 1..=50u64 {
        drop(nic.exchange(0, frames([&one[..]]), empty(0)).unwrap());
        bench.bus.settle();
        assert_eq!(poll(&nic, 0).unwrap().len(), 1);
        let statistics = nic.statistics().unwrap();
        assert_eq!(statistics.tx_packets, round);
        assert_eq!(statistics.rx_packets, round);
        // An octet counter is a pair of registers. A 64-bit read at a register would also clear the next register.
        assert_eq!(statistics.rx_bytes, round * 68);
        assert_eq!(statistics.tx_bytes, round * 68);
    }
    // A compile-fail test of the table shows that drivers can't make a wide read at all.
    drop(nic);
    bench.finish();
}
