//! The owner of a domain's buffer in flight: the owner word is right at every step.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::dma::{DmaTransfer, Refused};
use samara_device_io::queue::{Pair, QueueError};
use samara_device_tables::Nvme;
use samara_domain::prelude::*;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_shared_heap::heap::census;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};

#[interface]
trait Probe {
    /// Begins and ends a transfer, and makes a queue. Returns how many objects the domain gave up to the transfer,
    /// whether the buffer belonged to the domain again afterwards, and how many objects the queue cost the domain.
    fn probe(&self) -> Result<(u64, bool, u64), RpcError>;
    /// Makes a queue, then begins transfers of a page each until one is refused, and tries to make a further queue.
    /// Then ends the transfers and allocates pages until that fails. Returns the number of transfers, whether both
    /// refusals named the quota, and the number of pages that the domain had in the end.
    fn hoard(&self) -> Result<(usize, bool, usize), RpcError>;
}

struct Holder(PciFunction<Nvme>);

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
        let queue = Pair::<Nvme, { Nvme::ADMIN }>::new(&self.0, 0, 8);
        queue.map_err(|_| RpcError::OutOfMemory)?;
        Ok((given, mine, objects() - before))
    }
    fn hoard(&self) -> Result<(usize, bool, usize), RpcError> {
        let queue = |number| Pair::<Nvme, { Nvme::IO }>::new(&self.0, number, 2);
        queue(1).map_err(|_| RpcError::OutOfMemory)?;
        let mut transfers: Vec<DmaTransfer> = Vec::new();
        let reason = loop {
            let page = RRef::<[u8]>::new_zeroed_slice(4096)?;
            match self.0.begin(page) {
                Ok(transfer) => transfers.push(transfer),
                Err(error) => break error.reason,
            }
        };
        let queue = queue(2).err();
        let quota = (reason, queue) == (Refused::OverQuota, Some(QueueError::OverQuota));
        let count = transfers.len();
        let mut own = Vec::new();
        for transfer in transfers {
            own.push(self.0.finish(transfer).map_err(|_| RpcError::OutOfMemory)?);
        }
        while let Ok(page) = RRef::<[u8]>::new_zeroed_slice(4096) {
            own.push(page);
        }
        Ok((count, quota, own.len()))
    }
}

fn init(function: PciFunction<Nvme>) -> Result<Holder, RpcError> {
    Ok(Holder(function))
}

/// Invariant: DEV-9
#[test]
fn a_buffer_in_flight_is_the_hosts_and_comes_back() {
    let slot = NvmeEmulator::leak(Shape::default()).slot();
    let mint = Mint::fallible(move || slot.claim());
    let domain: Domain<dyn Probe> = runtime()
        .spawn(DomainSpec::new("holder"), init, mint)
        .unwrap();
    assert_eq!(domain.proxy().unwrap().probe(), Ok((1, true, 0)));
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}

/// Pages of the quota.
const QUOTA: usize = 32;
/// Pages of a pair of queues of two entries: entries, completions, the engine's page, 64 lists of 64 addresses, and
/// counts.
const QUEUE: usize = 1 + 1 + 1 + 8 + 1;

/// Invariant: DEV-31
#[test]
fn a_claim_owns_no_more_than_its_domains_quota() {
    let slot = NvmeEmulator::leak(Shape::default()).slot();
    let mint = Mint::fallible(move || slot.claim());
    let spec = DomainSpec::new("hoarder").shared_quota(QUOTA * 4096);
    let domain: Domain<dyn Probe> = runtime().spawn(spec, init, mint).unwrap();
    // The claim's table of transfers takes as many pages as the quota allows. The domain itself gets as many, less
    // those for the value that `init` returned and for the claim.
    let (transfers, quota, own) = domain.proxy().unwrap().hoard().unwrap();
    assert_eq!((transfers, quota), (QUOTA - QUEUE, true));
    assert_eq!(own, QUOTA - 2);
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}
