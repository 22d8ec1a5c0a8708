//! Attack: a domain has been killed while its thread runs code of the host for it, and this code calls an accomplice.
//! The accomplice calls itself many times over and then calls a bystander. At the end of each no-cut mark of the
//! bystander, the runtime once searched the long chain for the dead domain, on the bystander's time.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::{Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(40);
const STACK: usize = 512 << 20;
/// The number of calls that the accomplice makes to itself.
const DEPTH: u32 = 8000;
/// The number of objects that the bystander allocates. The allocations take a fraction of its budget. The searches
/// would take several budgets.
const OBJECTS: u64 = 6000;
/// The time for which the host's code runs: several ticks.
const TICKS: Duration = Duration::from_millis(5);

#[interface]
trait Bystander {
    fn work(&self) -> Result<u64, RpcError>;
}
struct Works;
impl Bystander for Works {
    fn work(&self) -> Result<u64, RpcError> {
        (0..OBJECTS).for_each(|at| drop(RRef::new(at)));
        Ok(OBJECTS)
    }
}
fn works((): ()) -> Result<Works, RpcError> {
    Ok(Works)
}

#[interface]
trait Deep {
    fn set(&self, me: Proxy<dyn Deep>, then: Proxy<dyn Bystander>) -> Result<(), RpcError>;
    /// Calls itself `left` times, then the bystander.
    fn down(&self, left: u32) -> Result<u64, RpcError>;
}
#[derive(Default)]
struct Down(OnceLock<(Proxy<dyn Deep>, Proxy<dyn Bystander>)>);
impl Deep for Down {
    fn set(&self, me: Proxy<dyn Deep>, then: Proxy<dyn Bystander>) -> Result<(), RpcError> {
        self.0.set((me, then)).map_err(|_| RpcError::Crashed)
    }
    fn down(&self, left: u32) -> Result<u64, RpcError> {
        let (me, then) = self.0.get().ok_or(RpcError::Crashed)?;
        match left.checked_sub(1) {
            Some(left) => me.down(left),
            None => then.work(),
        }
    }
}
fn down((): ()) -> Result<Down, RpcError> {
    Ok(Down::default())
}

/// An object of the host's.
#[interface]
trait Oracle {
    fn ask(&self) -> Result<u64, RpcError>;
}
struct Asked(Proxy<dyn Deep>, Mutex<Option<Domain<dyn Attacker>>>);
impl Oracle for Asked {
    fn ask(&self) -> Result<u64, RpcError> {
        if let Some(attacker) = self.1.lock().unwrap().take() {
            attacker.kill();
        }
        // Waits until a tick has found the host's code running for a dead domain.
        let began = Instant::now();
        while began.elapsed() < TICKS {}
        self.0.down(DEPTH)
    }
}

#[interface]
trait Attacker {
    fn ask(&self, of: Proxy<dyn Oracle>) -> Result<u64, RpcError>;
}
struct Asks;
impl Attacker for Asks {
    fn ask(&self, of: Proxy<dyn Oracle>) -> Result<u64, RpcError> {
        of.ask()
    }
}
fn asks((): ()) -> Result<Asks, RpcError> {
    Ok(Asks)
}

fn attack() {
    let _contained = contained(true);
    let spec = DomainSpec::new("beside").budget(BUDGET);
    let bystander: Domain<dyn Bystander> = host().spawn(spec, works, Mint::nothing()).unwrap();
    let spec = DomainSpec::new("deep");
    let deep: Domain<dyn Deep> = host().spawn(spec, down, Mint::nothing()).unwrap();
    let (me, then) = (deep.proxy().unwrap(), bystander.proxy().unwrap());
    deep.proxy().unwrap().set(me, then).unwrap();
    let spec = DomainSpec::new("attacker").budget(Duration::from_secs(3600));
    let attacker: Domain<dyn Attacker> = host().spawn(spec, asks, Mint::nothing()).unwrap();
    let asked = Asked(deep.proxy().unwrap(), Mutex::new(Some(attacker.clone())));
    let oracle = Proxy::export(asked).map_err(|(error, _)| error).unwrap();
    let came = attacker.proxy().unwrap().ask(oracle);
    assert_eq!(
        came,
        Err(RpcError::Crashed),
        "the attacker is cut where the host's work ends"
    );
    assert_eq!(bystander.exit_reason(), None);
    assert!(bystander.kill() && deep.kill());
    host().reap();
    host().collect_exports();
}

/// Invariant: ORDER-40
#[test]
fn end_of_a_mark_costs_no_search_of_the_chain() {
    let _alone = alone();
    let thread = thread::Builder::new().stack_size(STACK).spawn(attack);
    thread.unwrap().join().unwrap();
}
