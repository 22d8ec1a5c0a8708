//! Filters that a reset leaves undefined, and FCoE contexts that firmware leaves behind.

use samara_device_io::pci::NotIdle;
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::registers::offset;
use samara_ixgbe_emulator::{Loop, Placements};
use samara_testkit::ixgbe_bus::{fcoe_frame, frame};

use super::{Bench, bench, comes_up, poll, reset, small, works};

#[test]
fn the_driver_clears_filters_that_survive_a_reset() {
    comes_up(bench(|faults| faults.filters_undefined = true));
    for queues in [1, 4] {
        let bench = bench(|faults| faults.filters_undefined = true);
        let nic = bench.nic(Limits { queues, ..small() });
        for _ in 0..2 {
            for (filters, count) in [
                (offset::MTA, 128),
                (offset::UTA, 128),
                (offset::MPSAR, 256),
                (offset::FTQF, 128),
            ] {
                let left = (0..count).find(|index| bench.bus.register(filters + index * 4) != 0);
                assert_eq!(left, None, "the filters at {filters:#x} must be cleared");
            }
            let mut stranger = frame(100, 7);
            stranger[..6].copy_from_slice(&[2, 1, 2, 3, 4, 5]);
            bench.bus.link(|link| link.inbound.push_back(stranger));
            bench.bus.settle();
            works(&bench, &nic);
            reset(&bench, &nic);
        }
        drop(nic);
        bench.finish();
    }
}

/// The bus address that firmware has left as the place of a context's buffer list.
const LIST: u64 = 0x7_0000_0000;

#[test]
fn a_context_that_firmware_left_is_out_of_reach() {
    let bench = Bench::new(Loop::open());
    bench.bus.leave_fcoe_contexts(0..512, LIST);
    bench.bus.leave_fcoe_context(5, LIST);
    let nic = bench.nic(small());
    for _ in 0..2 {
        let some: Vec<_> = (0..16).map(|index| fcoe_frame(index, &[7; 900])).collect();
        bench
            .bus
            .link(|link| link.inbound.extend(some.iter().cloned()));
        bench.bus.settle();
        assert_eq!(
            poll(&nic, 0).unwrap(),
            some,
            "the frames are received like others"
        );
        // The context is still open, because no reset closes it.
        assert!(bench.bus.fcoe_context(5).iter().all(|half| half & 1 != 0));
        reset(&bench, &nic);
        works(&bench, &nic);
    }
    assert_eq!(bench.bus.placements(), Placements::default());
    drop(nic);
    bench.finish();
}

#[test]
fn a_device_with_an_fcoe_filter_is_not_idle() {
    let bench = Bench::new(Loop::open());
    bench.bus.leave_fcoe_context(5, LIST);
    let function = bench.slot.claim().unwrap();
    assert_eq!(function.enable_bus_master(), Err(NotIdle));
    assert!(!bench.bus.is_bus_master());
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    // Each of the eight filters makes the device busy, even if the filter is not enabled. The test sets the filter
    // while bus mastering is off, as it is before a start.
    for index in 0..8 {
        function.reset().unwrap();
        bench.bus.master(false);
        bench.bus.poke(offset::ETQF + index * 4, 1 << 27 | 0x8906);
        assert_eq!(function.enable_bus_master(), Err(NotIdle), "{index}");
    }
    // Without a filter the device is idle.
    function.reset().unwrap();
    bench.bus.master(false);
    assert_eq!(function.enable_bus_master(), Ok(()));
    drop(function);
    bench.finish();
}
