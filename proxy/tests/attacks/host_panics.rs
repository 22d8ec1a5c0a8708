//! Attack: callbacks of the host that panic on a domain's thread.

use samara_domain_runtime::{Domain, DomainSpec, Event, Mint};
use samara_proxy::{Export, RpcError, interface};
use std::panic::{AssertUnwindSafe, catch_unwind};

#[interface]
trait Victim {
    fn die(&self) -> Result<(), RpcError>;
}

struct Fragile;
impl Victim for Fragile {
    fn die(&self) -> Result<(), RpcError> {
        panic!("on request")
    }
}

fn sink(event: &Event<'_>) {
    assert!(!matches!(event, Event::Died { .. }), "a sink that panics");
}

#[test]
fn panicking_sink_does_not_stop_the_reclaim() {
    samara_host_std::set_event_sink(sink);
    let host = samara_host_std::runtime();
    let init = |()| Ok::<_, RpcError>(Fragile);
    let domain: Domain<dyn Victim> = host
        .spawn(DomainSpec::new("victim"), init, Mint::nothing())
        .unwrap();
    let proxy = domain.proxy().unwrap();
    // The sink's panic may or may not reach the caller. In both cases the call is over.
    let _ = catch_unwind(AssertUnwindSafe(|| proxy.die()));
    host.reap();
    assert_eq!(host.domains().count(), 0);
}
