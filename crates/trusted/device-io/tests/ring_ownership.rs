//! The owner of a packet in a ring: the owner word is right at every step.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::queue::Ring;
use samara_device_tables::Ixgbe;
use samara_domain::prelude::*;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::runtime;
use samara_ixgbe_emulator::Loop;
use samara_proxy::Export;
use samara_shared_heap::heap::census;
use samara_testkit::ixgbe_bus::IxgbeBus;

#[interface]
trait Probe {
    /// Makes a ring, puts a packet in and takes it back. Returns how many objects the domain gave up with the packet,
    /// whether the packet belonged to the domain again afterwards, and how many objects the ring cost the domain.
    fn probe(&self) -> Result<(u64, bool, u64), RpcError>;
    /// Returns whether this domain can open a ring of the function that it was lent.
    fn opens(&self, function: &RRef<PciFunction<Ixgbe>>) -> Result<bool, RpcError>;
}

type Packet = [u8; 1024];

struct Board(PciFunction<Ixgbe>);

impl Probe for Board {
    fn probe(&self) -> Result<(u64, bool, u64), RpcError> {
        let packet = RRef::new([0u8; 1024]);
        let me = RRef::owner(&packet);
        let objects = || census(me).objects as u64;
        let before = objects();
        let ring = Ring::<Ixgbe, { Ixgbe::TX }, Packet>::new(&self.0, 0, 8, 0);
        let mut ring = ring.map_err(|_| RpcError::OutOfMemory)?;
        let cost = objects() - before;
        let mut sending = ring.open(&self.0).map_err(|_| RpcError::OutOfMemory)?;
        let put = sending.put(packet, |packet| packet);
        put.map_err(|_| RpcError::OutOfMemory)?;
        let given = before - objects();
        // The queue was never started, so the packet can be taken back.
        let back = sending.take_back().ok_or(RpcError::OutOfMemory)?;
        let mine = RRef::owner(&back) == me && objects() == before;
        Ok((given, mine, cost))
    }

    fn opens(&self, function: &RRef<PciFunction<Ixgbe>>) -> Result<bool, RpcError> {
        let ring = Ring::<Ixgbe, { Ixgbe::TX }, Packet>::new(function, 0, 8, 0);
        let mut ring = ring.map_err(|_| RpcError::OutOfMemory)?;
        Ok(ring.open(function).is_ok())
    }
}

fn ring(function: PciFunction<Ixgbe>) -> Result<Board, RpcError> {
    Ok(Board(function))
}

/// Invariant: DEV-22
#[test]
fn a_packet_in_a_ring_is_the_hosts_and_comes_back() {
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

/// The handover of a packet takes two steps, and a domain's death between them must end the claim. The death of a
/// borrower does not end the lender's claim.
#[test]
fn a_function_that_is_lent_opens_no_ring() {
    let [slot, other] = [(); 2].map(|()| IxgbeBus::leak(Loop::closed()).slot());
    let mint = Mint::fallible(move || slot.claim());
    let domain: Domain<dyn Probe> = runtime()
        .spawn(DomainSpec::new("ring"), ring, mint)
        .unwrap();
    let lent = RRef::new(other.claim().unwrap());
    assert_eq!(domain.proxy().unwrap().opens(&lent), Ok(false));
    drop(lent);
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}

/// Invariant: DEV-31
#[test]
fn a_ring_counts_as_full_against_its_domains_quota() {
    let slot = IxgbeBus::leak(Loop::closed()).slot();
    let mint = Mint::fallible(move || slot.claim());
    // Eight packets of 1 KiB, with the ring's own memory, exceed this.
    let spec = DomainSpec::new("ring").shared_quota(8 * 1024);
    let domain: Domain<dyn Probe> = runtime().spawn(spec, ring, mint).unwrap();
    assert_eq!(domain.proxy().unwrap().probe(), Err(RpcError::OutOfMemory));
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}
