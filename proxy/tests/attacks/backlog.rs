//! Attack: a domain drops very many objects of a server. Each later call of that server drops 64 of them, in entries
//! of the server and on the server's time. The host's work between those entries was once charged to the caller.
//!
//! Each instruction is a tick of one microsecond, so budgets are counted in instructions.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy};
use samara_testkit::contained::{Contained, arm, disarm, stepping};
use samara_testkit::hosted::{alone, host};
use std::time::Duration;

#[path = "../fixtures/opening.rs"]
mod opening;
use opening::{Client, File, Files, calling};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOARD: u32 = 16;

#[derive(Debug)]
struct Serving;
struct Open;
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

/// A server of files, which is an object that the host exports, or a domain.
fn files(are_hosts: bool) -> Proxy<dyn Files> {
    if are_hosts {
        return Proxy::export(Serving).unwrap();
    }
    let server: Domain<dyn Files> = host()
        .spawn(DomainSpec::new("files"), serving, Mint::nothing())
        .unwrap();
    server.proxy().unwrap()
}

/// Spawns a client of `of`, with a budget of that many instructions or without one.
fn client(name: &'static str, of: &Proxy<dyn Files>, budget: Option<u64>) -> Domain<dyn Client> {
    let spec = DomainSpec::new(name);
    let spec = match budget {
        None => spec,
        Some(budget) => spec.budget(Duration::from_micros(budget)),
    };
    let of = of.try_clone().unwrap();
    let mint = Mint::fallible(move || of.try_clone());
    host().spawn(spec, calling, mint).unwrap()
}

/// Opens one file. Returns the result and the number of instructions that this takes.
fn steps(contained: &Contained, client: &Domain<dyn Client>) -> (Result<u32, RpcError>, u64) {
    let proxy = client.proxy().unwrap();
    let (got, stepped) = contained.step_counted(u64::MAX, || {
        arm();
        let got = proxy.open_and_close(1);
        disarm();
        got
    });
    (got, stepped.steps)
}

/// Has a client open a file. The client's budget is one and a half times the instructions that the call takes alone.
/// Before this call, the same client (if `are_own`) or another client drops many files.
fn opened(are_hosts: bool, are_own: bool) -> Result<u32, RpcError> {
    let _alone = alone();
    let contained = stepping();
    let of = files(are_hosts);
    let measured = client("measured", &of, None);
    // The first call makes allocations that later calls need not make again.
    measured.proxy().unwrap().open_and_close(1).unwrap();
    let (_, alone) = steps(&contained, &measured);
    let opening = client("opening", &of, Some(alone + alone / 2));
    let hoarder = if are_own {
        opening.clone()
    } else {
        client("hoarder", &of, None)
    };
    let hoard = hoarder.proxy().unwrap();
    hoard.open(HOARD).unwrap();
    hoard.close().unwrap();
    let (got, behind) = steps(&contained, &opening);
    println!("{alone} instructions, and {behind} behind a hoard: {got:?}");
    assert!(
        behind > 2 * alone,
        "the call must drop some of the closed files"
    );
    host().collect_exports();
    got
}

/// Invariant: EXPORT-7
#[test]
fn open_pays_for_no_objects_of_other_clients() {
    assert_eq!(opened(false, false), Ok(1));
}

/// Invariant: EXPORT-7
#[test]
fn open_pays_for_none_of_the_hosts_objects() {
    assert_eq!(opened(true, false), Ok(1));
}

/// Invariant: EXPORT-7
#[test]
fn open_pays_for_objects_its_client_dropped_itself() {
    assert_eq!(opened(false, true), Err(RpcError::Crashed));
}
