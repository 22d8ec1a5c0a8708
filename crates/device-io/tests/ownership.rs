//! Who owns what while a domain's buffer is in flight: the owner word is the truth at every step.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::layout::ixgbe::TxRing;
use samara_device_io::layout::nvme::PrpList;
use samara_domain::prelude::*;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::runtime;
use samara_ixgbe_model::Loop;
use samara_proxy::Export;
use samara_shared_heap::heap::census;
use samara_testkit::ixgbe_bus::IxgbeBus;
use samara_testkit::nvme_model::{NvmeModel, Shape};

#[interface]
trait Probe {
    /// Objects that the domain gave up when it began a transfer, and whether the buffer was its own
    /// again after the end; objects that a region cost it.
    fn probe(&self) -> Result<(u64, bool, u64), RpcError>;
}

struct Holder(PciFunction);

impl Probe for Holder {
    fn probe(&self) -> Result<(u64, bool, u64), RpcError> {
        let buffer = RRef::<[u8]>::new_zeroed_slice(4096)?;
        let me = RRef::owner(&buffer);
        let objects = || census(me).objects as u64;
        let before = objects();
        let transfer = self.0.begin(buffer).map_err(|_| RpcError::OutOfMemory)?;
        let given = before - objects();
        let back = self.0.finish(transfer).map_err(|_| RpcError::OutOfMemory)?;
        let mine = RRef::owner(&back) == me && objects() == before;
        let region = self.0.region::<PrpList>(8);
        region.map_err(|_| RpcError::OutOfMemory)?;
        Ok((given, mine, objects() - before))
    }
}

fn init(function: PciFunction) -> Result<Holder, RpcError> {
    Ok(Holder(function))
}

#[test]
fn what_the_device_may_reach_is_the_hosts_and_comes_back() {
    let slot = NvmeModel::leak(Shape::default()).slot();
    let mint = Mint::fallible(move || slot.claim());
    let domain: Domain<dyn Probe> = runtime()
        .spawn(DomainSpec::new("holder"), init, mint)
        .unwrap();
    assert_eq!(domain.proxy().unwrap().probe(), Ok((1, true, 0)));
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}

struct Ring(PciFunction);

impl Probe for Ring {
    fn probe(&self) -> Result<(u64, bool, u64), RpcError> {
        let packet = RRef::new([0u8; 1024]);
        let me = RRef::owner(&packet);
        let objects = || census(me).objects as u64;
        let before = objects();
        let ring = TxRing::<[u8; 1024]>::new(&self.0, 0, 8);
        let mut ring = ring.map_err(|_| RpcError::OutOfMemory)?;
        let cost = objects() - before;
        let mut sending = ring.open(&self.0).map_err(|_| RpcError::OutOfMemory)?;
        let put = sending.put(packet, |packet| packet);
        put.map_err(|_| RpcError::OutOfMemory)?;
        let given = before - objects();
        // Never started: it comes back.
        let back = sending.take_back().ok_or(RpcError::OutOfMemory)?;
        let mine = RRef::owner(&back) == me && objects() == before;
        Ok((given, mine, cost))
    }
}

fn ring(function: PciFunction) -> Result<Ring, RpcError> {
    Ok(Ring(function))
}

#[test]
fn what_is_in_a_ring_is_the_hosts_and_comes_back() {
    let slot = IxgbeBus::leak(Loop::closed()).slot();
    let mint = Mint::fallible(move || slot.claim());
    let domain: Domain<dyn Probe> = runtime()
        .spawn(DomainSpec::new("ring"), ring, mint)
        .unwrap();
    assert_eq!(domain.proxy().unwrap().probe(), Ok((1, true, 0)));
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}
