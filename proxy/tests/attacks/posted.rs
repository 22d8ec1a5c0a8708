//! Attack: a client drops very many exported objects at once. Their exporter once dropped all of them in one entry,
//! on its own budget.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, deaths, host};
use std::time::Duration;

#[path = "../fixtures/opening.rs"]
mod opening;
use opening::{Client, File, Files, calling};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

struct Serving;
struct Open(#[allow(dead_code, reason = "what a file keeps")] Vec<u8>);
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open(vec![0; 16])).map_err(|(error, _)| error.into())
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

const BUDGET: Duration = Duration::from_millis(10);
const FILES: u32 = 120_000;

fn attack(by_death: bool) {
    let _alone = alone();
    let _contained = contained(true);
    let name = if by_death { "files-a" } else { "files-b" };
    let spec = DomainSpec::new(name).budget(BUDGET);
    let server: Domain<dyn Files> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let client = |name| {
        let of = server.clone();
        let mint = Mint::fallible(move || of.proxy());
        let domain: Domain<dyn Client> =
            host().spawn(DomainSpec::new(name), calling, mint).unwrap();
        domain
    };
    let (greedy, other) = (client("greedy"), client("other"));
    let proxy = greedy.proxy().unwrap();
    assert_eq!(proxy.open(FILES), Ok(FILES));
    assert!(
        server.exit_reason().is_none(),
        "opening files must not use up the budget"
    );
    if by_death {
        greedy.kill();
        host().reap();
    } else {
        proxy.close().unwrap();
    }
    let got = other.proxy().unwrap().open(1);
    let died = deaths(name);
    greedy.kill();
    other.kill();
    server.kill();
    host().reap();
    assert!(died.is_empty(), "{got:?}: {died:?}");
}

/// Invariant: EXPORT-4
#[test]
fn dropping_many_objects_spares_their_exporter() {
    attack(false);
}

/// Invariant: EXPORT-4
#[test]
fn dying_with_many_objects_spares_their_exporter() {
    attack(true);
}
