//! The costs of a batch: one write of each tail register, and one report.

use samara_interfaces::net::NetDevice;
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::Loop;
use samara_testkit::ixgbe_bus::frame;

use super::{Bench, empty, frames};

/// TDBAL, TDBAH, TDT, and RDT, of queue 0 (sections 8.2.3.9.5, 8.2.3.9.6, 8.2.3.9.10, 8.2.3.8.5).
const TDBAL: u32 = 0x6000;
const TDBAH: u32 = 0x6004;
const TDT: usize = 0x6018;
const RDT: usize = 0x1018;

/// The bit RS of a transmit descriptor, with which the driver asks for a report.
const REPORT: u64 = 1 << 27;

const ENTRIES: u32 = 128;

#[test]
fn a_batch_is_one_write_of_each_tail_and_one_report() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(Limits {
        tx_entries: ENTRIES,
        rx_entries: ENTRIES,
        ..Limits::default()
    });
    // The device works only when the test tells it to, so that the test can read the descriptors first.
    let ring = u64::from(bench.bus.register(TDBAH)) << 32 | u64::from(bench.bus.register(TDBAL));
    let mut end = 0;
    for (number, batch) in [32, 1, 7, 32, 32].into_iter().cycle().take(40).enumerate() {
        let tails = [TDT, RDT].map(|tail| bench.bus.writes(tail));
        let bytes = frame(100, number as u8);
        bench.bus.link(|link| link.inbound.push_back(bytes.clone()));
        bench.bus.settle();
        let batch_of = frames((0..batch).map(|_| &bytes[..]));
        let exchanged = nic.exchange(0, batch_of, empty(32)).unwrap();
        assert_eq!(
            (exchanged.unsent, exchanged.received),
            (0, 1),
            "batch {number}"
        );
        let after = [TDT, RDT].map(|tail| bench.bus.writes(tail));
        assert_eq!(after, tails.map(|before| before + 1), "batch {number}");
        // Only the batch's last descriptor asks for a report.
        for at in 0..batch {
            let place = ring + u64::from((end + at) % ENTRIES) * 16;
            let [_, word] = bench
                .bus
                .descriptor(place)
                .expect("the descriptor is in the ring");
            assert_eq!(
                word & REPORT != 0,
                at + 1 == batch,
                "batch {number}: descriptor {at} of {batch}"
            );
        }
        end += batch;
        drop(exchanged);
        bench.bus.settle();
        // An exchange that sends and receives nothing writes no tail.
        let tails = [TDT, RDT].map(|tail| bench.bus.writes(tail));
        drop(nic.exchange(0, empty(0), empty(32)).unwrap());
        assert_eq!(
            [TDT, RDT].map(|tail| bench.bus.writes(tail)),
            tails,
            "batch {number}"
        );
    }
    drop(nic);
    bench.finish();
}
