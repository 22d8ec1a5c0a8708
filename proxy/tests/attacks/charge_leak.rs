//! Attack: a domain is cut at each instruction of an `open` that fails. If `host_charges::Charge::drop` moved the
//! account's list of charges into the domain's frames, a cut of these frames would leak memory of the host.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::DomainAlloc;
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::contained::{arm, disarm, stepping};
use samara_testkit::hosted::{Counted, alone, host};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

#[interface]
trait Files {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Files>, RpcError>;
}
struct Serving;
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn Files>, RpcError> {
        Err(RpcError::OutOfMemory)
    }
}
#[interface]
trait Client {
    fn open(&self) -> Result<u32, RpcError>;
}
struct Calling(Shadow<dyn Files>);
impl Client for Calling {
    fn open(&self) -> Result<u32, RpcError> {
        arm();
        let got = self.0.open();
        disarm();
        drop(got);
        Ok(0)
    }
}

/// The number of instructions from one cut to the next. A debug build executes ten times as many instructions.
const STRIDE: u64 = if cfg!(debug_assertions) { 71 } else { 1 };

/// The bytes of two copies of the name `client`, which the event log keeps.
const NAMES: isize = 12;

/// Invariant: ORDER-24
#[test]
fn a_cut_while_a_charge_ends_leaks_nothing() {
    let _alone = alone();
    let contained = stepping();
    let init = |()| Ok::<_, RpcError>(Serving);
    let server: Domain<dyn Files> = host()
        .spawn(DomainSpec::new("files"), init, Mint::nothing())
        .unwrap();
    let one = |at: u64| {
        let of = server.clone();
        let mint = Mint::fallible(move || of.shadow());
        let init = |files| Ok::<_, RpcError>(Calling(files));
        let spec = DomainSpec::new("client").budget(Duration::from_secs(1));
        let client: Domain<dyn Client> = host().spawn(spec, init, mint).unwrap();
        let proxy = client.proxy().unwrap();
        let (got, _) = contained.step_armed(at, true, || proxy.open());
        drop(proxy);
        client.kill();
        drop(client);
        host().reap();
        got
    };
    for _ in 0..3 {
        let _ = one(u64::MAX - 1);
        let _ = one(10);
    }
    let bytes = || Counted::bytes() as isize;
    let mut leaks = Vec::new();
    let mut at = 0;
    loop {
        let before = bytes();
        let got = one(at);
        let left = bytes() - before;
        // The event log keeps a name or two of each client, and doubles its capacity now and then.
        if !(0..=NAMES).contains(&left) && left < 4000 {
            leaks.push((at, left));
        }
        if got.is_ok() {
            println!("{at} instructions");
            break;
        }
        at += STRIDE;
    }
    assert!(
        leaks.is_empty(),
        "{} places: {:?}",
        leaks.len(),
        &leaks[..leaks.len().min(40)]
    );
}
