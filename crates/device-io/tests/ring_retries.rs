//! A ring that can't be had leaves nothing behind: it can be, as soon as there's room.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::dma::{MAX_REGIONS, RegionError};
use samara_device_io::layout::ixgbe::{RxRing, TxRing};
use samara_device_io::layout::nvme::PrpList;
use samara_domain::prelude::*;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std as _;
use samara_ixgbe_model::Loop;
use samara_proxy::Export;
use samara_shared_heap::heap::census_all;
use samara_testkit::hosted::{alone, host};
use samara_testkit::ixgbe_bus::IxgbeBus;

type Packet = [u8; 1024];

#[interface]
trait Driver {
    /// Whether a ring is refused while the domain has used up its quota, with an error that says so; and had
    /// when it has given that back.
    fn retry(&self) -> Result<(bool, bool), RpcError>;
}

struct Board(PciFunction);

impl Driver for Board {
    fn retry(&self) -> Result<(bool, bool), RpcError> {
        let page = || RRef::<[u8]>::new_zeroed_slice(4096).ok();
        // What is left is room for the pins of a small ring, not for its descriptors.
        let all: Vec<_> = std::iter::from_fn(page).collect();
        let ring = || TxRing::<Packet>::new(&self.0, 0, 8);
        let refused = matches!(ring().err(), Some(RegionError::Alloc(_)));
        drop(all);
        Ok((refused, ring().is_ok()))
    }
}

fn init(function: PciFunction) -> Result<Board, RpcError> {
    Ok(Board(function))
}

#[test]
fn a_ring_for_which_there_was_no_memory_is_had_when_there_is() {
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

#[test]
fn a_ring_that_finds_no_region_keeps_no_pins() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = bus.slot().claim().unwrap();
    for _ in 0..MAX_REGIONS {
        function.region::<PrpList>(1).unwrap();
    }
    let before = census_all();
    for _ in 0..2 {
        let sending = TxRing::<Packet>::new(&function, 0, 8).err();
        let receiving = RxRing::<Packet>::new(&function, 0, 8, 1024).err();
        let none = Some(RegionError::TooMany);
        assert_eq!((sending, receiving), (none, none));
        assert_eq!(census_all(), before);
    }
}

#[test]
fn a_second_ring_for_a_queue_is_refused_and_costs_nothing() {
    let _alone = alone();
    let bus = IxgbeBus::leak(Loop::closed());
    let function = bus.slot().claim().unwrap();
    let ring = || TxRing::<Packet>::new(&function, 0, 8);
    let _first = ring().unwrap();
    let before = census_all();
    assert_eq!(ring().err(), Some(RegionError::Taken));
    assert_eq!(census_all(), before);
}
