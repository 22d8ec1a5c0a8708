//! Attack: memory that no quota counts.

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std as _;
use samara_proxy::{Export, RpcError, interface};
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::heap;
use samara_testkit::hosted::host;

const QUOTA: usize = 32 << 10;

#[derive(Exchangeable)]
#[repr(align(65536))]
struct Nothing;

#[interface]
trait Hoard {
    /// Hoards objects of size zero whose alignment makes them take much memory. Returns how many it got, and how many
    /// bytes of memory they take.
    fn hoard(&self) -> Result<[usize; 2], RpcError>;
}

struct Hoarder;
impl Hoard for Hoarder {
    fn hoard(&self) -> Result<[usize; 2], RpcError> {
        let before = heap::held_bytes();
        let mut hoard = Vec::new();
        while let (true, Ok(object)) = (hoard.len() < 8, RRef::try_new(Nothing)) {
            hoard.push(object);
        }
        Ok([hoard.len(), heap::held_bytes() - before])
    }
}

/// Invariant: HEAP-9
#[test]
fn an_objects_alignment_counts_against_the_quota() {
    let spec = DomainSpec::new("hoarder").shared_quota(QUOTA);
    let init = |()| Ok::<_, RpcError>(Hoarder);
    let domain: Domain<dyn Hoard> = host().spawn(spec, init, Mint::nothing()).unwrap();
    assert_eq!(domain.proxy().unwrap().hoard(), Ok([0, 0]));
    domain.kill();
}
