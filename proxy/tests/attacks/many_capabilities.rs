//! Attack: a domain has so many capabilities that its reclaim holds up everything else.

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::hosted::{await_reclaims, host};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const MANY: usize = 400_000;

#[interface]
trait Hoard {
    fn hoard(&self, me: Proxy<dyn Hoard>) -> Result<(), RpcError>;
}

struct Hoarder(Mutex<Vec<Proxy<dyn Hoard>>>);

impl Hoard for Hoarder {
    fn hoard(&self, me: Proxy<dyn Hoard>) -> Result<(), RpcError> {
        for _ in 0..MANY {
            self.0.lock().unwrap().push(me.try_clone()?);
        }
        Ok(())
    }
}

/// Invariant: DEV-4
#[test]
fn reclaim_time_is_linear_in_capabilities() {
    let init = |()| Ok::<_, RpcError>(Hoarder(Mutex::new(Vec::new())));
    let domain: Domain<dyn Hoard> = host()
        .spawn(DomainSpec::new("hoarder"), init, Mint::nothing())
        .unwrap();
    let proxy = domain.proxy().unwrap();
    proxy.hoard(domain.proxy().unwrap()).unwrap();
    let start = Instant::now();
    domain.kill();
    assert_eq!(await_reclaims("hoarder", 1)[0].capabilities, MANY);
    // A search of all slabs for each 256 capabilities would take 20 s in a debug build. The reclaim takes half a
    // second.
    let took = start.elapsed();
    assert!(took < Duration::from_secs(10), "{took:?}");
}
