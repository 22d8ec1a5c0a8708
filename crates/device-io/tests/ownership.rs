//! Who owns what while a domain's buffer is in flight: the owner word is the truth at every step.
#![forbid(unsafe_code)]

use samara_device_io::PciFunction;
use samara_device_io::dma::{Refused, RegionError, Transfer};
use samara_device_io::layout::nvme::PrpList;
use samara_domain::prelude::*;
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_shared_heap::heap::census;
use samara_testkit::nvme_model::{NvmeModel, Shape};

#[interface]
trait Probe {
    /// Objects that the domain gave up when it began a transfer, and whether the buffer was its own
    /// again after the end; objects that a region cost it.
    fn probe(&self) -> Result<(u64, bool, u64), RpcError>;
    /// Puts pages into regions, then into transfers, until it may not: how many of each, and whether it
    /// was told that its quota is the reason. Ends the transfers; what it may then have itself, in pages.
    fn hoard(&self) -> Result<(usize, usize, bool, usize), RpcError>;
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
    fn hoard(&self) -> Result<(usize, usize, bool, usize), RpcError> {
        let mut regions = 0;
        while regions < 4 {
            let made = self.0.region::<PrpList>(1);
            made.map_err(|_| RpcError::OutOfMemory)?;
            regions += 1;
        }
        let mut transfers: Vec<Transfer> = Vec::new();
        let reason = loop {
            let page = RRef::<[u8]>::new_zeroed_slice(4096)?;
            match self.0.begin(page) {
                Ok(transfer) => transfers.push(transfer),
                Err(error) => break error.reason,
            }
        };
        let region = self.0.region::<PrpList>(1).err();
        let quota = (reason, region) == (Refused::OverQuota, Some(RegionError::OverQuota));
        let count = transfers.len();
        let mut own = Vec::new();
        for transfer in transfers {
            own.push(self.0.finish(transfer).map_err(|_| RpcError::OutOfMemory)?);
        }
        while let Ok(page) = RRef::<[u8]>::new_zeroed_slice(4096) {
            own.push(page);
        }
        Ok((regions, count, quota, own.len()))
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

#[test]
fn a_claim_owns_no_more_than_its_domains_quota() {
    let slot = NvmeModel::leak(Shape::default()).slot();
    let mint = Mint::fallible(move || slot.claim());
    let spec = DomainSpec::new("hoarder").shared_quota(16 * 4096);
    let domain: Domain<dyn Probe> = runtime().spawn(spec, init, mint).unwrap();
    // Sixteen pages in the table; and of its own no more than that, less what `init` returned and the claim.
    assert_eq!(domain.proxy().unwrap().hoard(), Ok((4, 12, true, 14)));
    domain.kill();
    runtime().reap();
    drop(slot.claim().unwrap());
}
