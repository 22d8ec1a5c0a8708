//! Attack: one client fills the host's event log, which keeps only the newest events, with events that the
//! client causes.

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System, event_log};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Nothing {
    fn nothing(&self) -> Result<(), RpcError>;
}
struct Service;
impl Nothing for Service {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
fn service((): ()) -> Result<Service, RpcError> {
    Ok(Service)
}
#[interface]
trait Flood {
    fn flood(&self, calls: u32) -> Result<(), RpcError>;
}
struct Flooding(Shadow<dyn Nothing>);
impl Flood for Flooding {
    fn flood(&self, calls: u32) -> Result<(), RpcError> {
        for _ in 0..calls {
            let _ = self.0.nothing();
        }
        Ok(())
    }
}
fn flooding(of: Shadow<dyn Nothing>) -> Result<Flooding, RpcError> {
    Ok(Flooding(of))
}

/// Invariant: HEAP-36
#[test]
fn calls_to_a_dead_service_do_not_fill_the_log() {
    let _alone = alone();
    let over: Domain<dyn Nothing> = host()
        .spawn(DomainSpec::new("over"), service, Mint::nothing())
        .unwrap();
    let of = over.clone();
    let client: Domain<dyn Flood> = host()
        .spawn(
            DomainSpec::new("flooding"),
            flooding,
            Mint::fallible(move || of.shadow()),
        )
        .unwrap();
    let mut cursor = Default::default();
    while event_log().read(&mut cursor).is_some() {}
    assert!(over.kill());
    client.proxy().unwrap().flood(10_000).unwrap();
    let mut events = Vec::new();
    while let Some(event) = event_log().read(&mut cursor) {
        events.push(event.what);
    }
    println!(
        "{} events read, {} lost; the last one {:?}",
        events.len(),
        cursor.lost,
        events.last()
    );
    client.kill();
    assert_eq!(cursor.lost, 0, "events of others were lost");
}
