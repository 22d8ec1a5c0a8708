//! Attack: a domain calls itself many times over and then calls a bystander. The bystander calls a server, and an
//! object that this server exported was dropped. Each of these calls once searched the whole chain, on the
//! bystander's time.
//!
//! Time is counted in instructions.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_testkit::contained::{arm, disarm, stepping};
use samara_testkit::hosted::{alone, host};
use std::sync::OnceLock;

#[path = "../fixtures/opening.rs"]
mod opening;
use opening::{Client, File, Files, calling};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const FILES: u32 = 2;

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

#[interface]
trait Deep {
    fn set(&self, me: Proxy<dyn Deep>, then: Proxy<dyn Client>) -> Result<(), RpcError>;
    fn down(&self, left: u32) -> Result<u32, RpcError>;
}
#[derive(Default)]
struct Down(OnceLock<(Proxy<dyn Deep>, Proxy<dyn Client>)>);
impl Deep for Down {
    fn set(&self, me: Proxy<dyn Deep>, then: Proxy<dyn Client>) -> Result<(), RpcError> {
        self.0.set((me, then)).map_err(|_| RpcError::Crashed)
    }
    fn down(&self, left: u32) -> Result<u32, RpcError> {
        let (me, then) = self.0.get().ok_or(RpcError::Crashed)?;
        if left > 0 {
            return me.down(left - 1);
        }
        arm();
        let files = then.open_and_close(FILES);
        disarm();
        files
    }
}
fn down((): ()) -> Result<Down, RpcError> {
    Ok(Down::default())
}

fn attack() {
    let contained = stepping();
    let server: Domain<dyn Files> = host()
        .spawn(DomainSpec::new("files"), serving, Mint::nothing())
        .unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.proxy());
    let bystander: Domain<dyn Client> = host()
        .spawn(DomainSpec::new("bystander"), calling, mint)
        .unwrap();
    let deep: Domain<dyn Deep> = host()
        .spawn(DomainSpec::new("deep"), down, Mint::nothing())
        .unwrap();
    let (me, then) = (deep.proxy().unwrap(), bystander.proxy().unwrap());
    let proxy = deep.proxy().unwrap();
    proxy.set(me, then).unwrap();
    let steps = |depth| {
        let (files, stepped) = contained.step_armed(u64::MAX, false, || proxy.down(depth));
        assert_eq!(files, Ok(FILES));
        stepped.steps
    };
    // The first call makes allocations that later calls need not make again.
    steps(0);
    let steps = [0, 100, 1000].map(steps);
    println!("instructions alone, at depth 100 and 1000: {steps:?}");
    let [alone, deep, deeper] = steps;
    assert!(deeper <= deep + deep / 50, "{steps:?}");
    assert!(deep <= 3 * alone, "{steps:?}");
}

/// Invariant: EXPORT-8
#[test]
fn a_call_from_far_inside_costs_what_it_costs_alone() {
    let _alone = alone();
    let thread = std::thread::Builder::new().stack_size(256 << 20);
    let run = thread.spawn(attack).unwrap();
    if let Err(panic) = run.join() {
        std::panic::resume_unwind(panic);
    }
}
