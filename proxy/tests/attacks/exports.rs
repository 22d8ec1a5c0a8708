//! Attack: among the objects that the host has exported is one whose destructor panics.

use samara_domain_runtime::RpcError;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Proxy, interface};
use samara_testkit::hosted::{Totals, alone, host};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
#[allow(dead_code, reason = "nobody calls it")]
trait Plain {
    fn ping(&self) -> Result<(), RpcError>;
}
static DROPS: AtomicUsize = AtomicUsize::new(0);
struct Object(bool);
impl Plain for Object {
    fn ping(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
impl Drop for Object {
    fn drop(&mut self) {
        DROPS.fetch_add(1, SeqCst);
        assert!(!self.0, "in a destructor");
    }
}

/// Invariant: EXPORT-3
#[test]
fn panicking_destructor_loses_no_other_object() {
    let _alone = alone();
    let before = Totals::now();
    let objects = [false, false, true, false, false];
    let proxies: Vec<Proxy<dyn Plain>> = objects
        .into_iter()
        .map(|panics| {
            Proxy::export(Object(panics))
                .map_err(|(error, _)| error)
                .unwrap()
        })
        .collect();
    drop(proxies);
    host().collect_exports();
    host().collect_exports();
    assert_eq!(DROPS.load(SeqCst), 5);
    assert_eq!(Totals::now(), before);
}
