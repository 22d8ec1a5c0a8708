//! A ring that can't be made leaves nothing behind, and can be made as soon as there is room.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::dma::MAX_QUEUES;
use samara_device_io::queue::{QueueError, Ring};
use samara_device_tables::Ixgbe;
use samara_domain::prelude::*;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std as _;
use samara_ixgbe_emulator::Loop;
use samara_proxy::Export;
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::{alone, host};
use samara_testkit::ixgbe_bus::IxgbeBus;

type Packet = [u8; 1024];
type RxRing = Ring<Ixgbe, { Ixgbe::RX }, Packet>;
type TxRing = Ring<Ixgbe, { Ixgbe::TX }, Packet>;

#[interface]
trait Driver {
    /// Tries to make a ring while the domain has used up its quota, and again after the domain has freed its pages.
    /// Returns whether the first attempt was refused for memory, and whether the second one succeeded.
    fn retry(&self) -> Result<(bool, bool), RpcError>;
}

struct Board(PciFunction<Ixgbe>);

impl Driver for Board {
    fn retry(&self) -> Result<(bool, bool), RpcError> {
        let page = || RRef::<[u8]>::new_zeroed_slice(4096).ok();
        // The rest of the quota has room for the pins of a small ring, but not for its descriptors.
        let all: Vec<_> = std::iter::from_fn(page).collect();
        let ring = || TxRing::new(&self.0, 0, 8, 0);
        let refused = matches!(ring().err(), Some(QueueError::Alloc(_)));
        drop(all);
        Ok((refused, ring().is_ok()))
    }
}

fn init(function: PciFunction<Ixgbe>) -> Result<Board, RpcError> {
    Ok(Board(function))
}

/// Invariant: DEV-35
#[test]
fn a_ring_refused_for_memory_can_be_made_later() {
    let _alone = alone();
    let before = census_all();
    let slot = IxgbeBus::leak(Loop::closed()).slot();
    let mint = Mint::fallible(move || slot.claim());
    let spec = DomainSpec::new("ring").shared_quota(64 * 1024 + 1024);
    let domain: Domain<dyn Driver> = host().spawn(spec, init, mint).unwrap();
    assert_eq!(domain.proxy().unwrap().retry(), Ok((true, true)));
    domain.kill();
    host().reap();
    drop(domain);
    host().reap();
    assert_eq!(census_all(), before);
}

/// Invariant: DEV-35
#[test]
fn a_ring_beyond_the_claims_queues_keeps_no_pins() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = bus.slot().claim().unwrap();
    for number in 1..=MAX_QUEUES as u16 {
        TxRing::new(&function, number, 8, 0).unwrap();
    }
    let before = census_all();
    for _ in 0..2 {
        let sending = TxRing::new(&function, 0, 8, 0).err();
        let receiving = RxRing::new(&function, 0, 8, 1024).err();
        let none = Some(QueueError::TooMany);
        assert_eq!((sending, receiving), (none, none));
        assert_eq!(census_all(), before);
    }
}

#[test]
fn a_refused_second_ring_costs_nothing() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = bus.slot().claim().unwrap();
    let ring = || TxRing::new(&function, 0, 8, 0);
    let _first = ring().unwrap();
    let before = census_all();
    assert_eq!(ring().err(), Some(QueueError::Taken));
    assert_eq!(census_all(), before);
}
