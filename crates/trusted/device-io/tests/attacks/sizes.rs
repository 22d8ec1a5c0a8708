//! Attacks by numbers and types: entries, buffers, objects without a size, aligned objects.
#![forbid(unsafe_code)]

use samara_device_io::dma::Refused;
use samara_device_io::queue::Ring;
use samara_device_tables::Ixgbe;
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_rref::{Exchangeable, RRef};
use samara_testkit::hosted::alone;
use samara_testkit::ixgbe_bus::IxgbeBus;

use ixgbe::up;

#[path = "../fixtures/ixgbe.rs"]
mod ixgbe;

#[derive(Exchangeable, Clone, Copy, Debug)]
#[repr(C, align(4096))]
struct Page {
    bytes: [u8; 1],
}

const ODD: [u32; 14] = [
    0,
    1,
    2,
    3,
    7,
    9,
    (1 << 15) + 1,
    1 << 15,
    1 << 16,
    (1 << 16) - 1,
    1 << 31,
    u32::MAX,
    u32::MAX - 1,
    6000,
];

#[test]
fn odd_numbers_are_refused_without_a_panic() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = up(bus, bus.slot());
    for entries in ODD {
        for buffer in [0, 1, 1023, 1025, 16 << 10 | 1, usize::MAX, 1 << 63] {
            assert!(
                Ring::<Ixgbe, { Ixgbe::RX }, [u8; 2048]>::new(&function, 5, entries, buffer)
                    .is_err()
            );
        }
        assert!(
            Ring::<Ixgbe, { Ixgbe::TX }, [u8; 2048]>::new(&function, 6, entries, usize::MAX)
                .is_err()
        );
    }
    for number in [64, 65, 127, u16::MAX] {
        assert!(Ring::<Ixgbe, { Ixgbe::RX }, [u8; 2048]>::new(&function, number, 8, 2048).is_err());
    }
}

/// A slice outside an object never counts as the object's own bytes, even if the slice is adjacent to the object. An
/// object of size zero has no bytes.
#[test]
fn objects_have_bytes_of_their_own_only() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = up(bus, bus.slot());
    let mut none = Ring::<Ixgbe, { Ixgbe::TX }, ()>::new(&function, 0, 8, 0).unwrap();
    none.start(&function, 0).unwrap();
    let mut open = none.open(&function).unwrap();
    let leaked: &'static mut [u8] = Box::leak(Box::new([0; 64]));
    let refused = open.put(RRef::new(()), |_| leaked).unwrap_err().0;
    assert_eq!(refused, Refused::Empty);
    let refused = open.put(RRef::new(()), |_| &mut []).unwrap_err().0;
    assert_eq!(refused, Refused::Empty);
    drop(open);

    let mut pages = Ring::<Ixgbe, { Ixgbe::TX }, Page>::new(&function, 1, 8, 0).unwrap();
    pages.start(&function, 0).unwrap();
    let mut open = pages.open(&function).unwrap();
    let page = RRef::new(Page { bytes: [1] });
    open.put(page, |page| &mut page.bytes).unwrap();
    open.publish();
    drop(open);
    bus.settle();
    assert!(pages.open(&function).unwrap().done().is_some());
    assert_eq!(bus.strays(), 0);
}

/// The function is reset, or silenced, while the engine is in the middle of putting a packet.
#[test]
fn a_reset_while_a_packet_is_put_is_safe() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = &up(bus, bus.slot());
    let mut tx = ixgbe::tx(function, 0);
    for silences in [false, true] {
        function.reset().unwrap();
        ixgbe::enable(bus, function);
        tx.start(function, 0).unwrap();
        let mut open = tx.open(function).unwrap();
        open.put(ixgbe::packet(1), ixgbe::short).unwrap();
        open.put(ixgbe::packet(2), |object| {
            if silences {
                let _ = function.silence();
            } else {
                function.reset().unwrap();
            }
            &mut object[..60]
        })
        .unwrap();
        open.publish();
        bus.settle();
        assert!(open.take().is_none());
        let mut back = 0;
        while open.take_back().is_some() {
            back += 1;
        }
        assert_eq!(back, 2);
        drop(open);
        function.reset().unwrap();
    }
    assert_eq!(bus.strays(), 0);
}
