//! A domain is the first to ask for what the host makes once and keeps: that would lie in the domain's heap, or
//! be poisoned by its death. One test: each process asks first only once.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::contained::{contained, program_image};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::hosted::{alone, await_reclaims, host};
use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Bare {
    fn ask_for_images(&self) -> Result<(), RpcError>;
    fn ask_for_containment(&self) -> Result<(), RpcError>;
    fn hang(&self) -> Result<(), RpcError>;
}
struct Acting;
impl Bare for Acting {
    fn ask_for_images(&self) -> Result<(), RpcError> {
        black_box(program_image());
        Ok(())
    }
    fn ask_for_containment(&self) -> Result<(), RpcError> {
        drop(contained(false));
        Ok(())
    }
    fn hang(&self) -> Result<(), RpcError> {
        loop {
            black_box(0);
        }
    }
}
fn init((): ()) -> Result<Acting, RpcError> {
    Ok(Acting)
}

fn spawn(spec: DomainSpec) -> Domain<dyn Bare> {
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

#[test]
fn what_the_host_keeps_is_the_hosts_whoever_asks_first() {
    let _alone = alone();
    let thief = spawn(DomainSpec::new("thief"));
    let asked = thief.proxy().unwrap().ask_for_images();
    assert_eq!(asked, Err(RpcError::Crashed));
    let _ = await_reclaims("thief", 1);
    let thief = spawn(DomainSpec::new("thief"));
    let asked = thief.proxy().unwrap().ask_for_containment();
    assert_eq!(asked, Err(RpcError::Crashed));
    let _ = await_reclaims("thief", 2);
    // Neither is poisoned, nor dangles: the tick reads the program's tables.
    let _contained = contained(true);
    let spec = DomainSpec::new("hanging").budget(Duration::from_millis(10));
    let hanging = spawn(spec);
    assert_eq!(hanging.proxy().unwrap().hang(), Err(RpcError::Crashed));
}
