//! Attack: a domain is dead, and a stretch of the host's on its thread starts an accomplice, which calls itself many times over and then
//! a bystander. Each mark of the bystander's ends with a look for the dead one, far down the chain, on the bystander's time.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, Shadow, interface};
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
/// Calls of itself that the accomplice makes.
const DEPTH: u32 = 8000;
/// What the bystander allocates: a fraction of its budget, where the looks would take several.
const OBJECTS: u64 = 6000;
/// The host works for so long: some ticks.
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
    /// Calls itself so many times, then the bystander.
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

#[interface]
trait Accomplice {
    #[idempotent]
    fn get(&self) -> Result<u64, RpcError>;
}
struct Started(u64);
impl Accomplice for Started {
    fn get(&self) -> Result<u64, RpcError> {
        Ok(self.0)
    }
}
fn start(deep: Proxy<dyn Deep>) -> Result<Started, RpcError> {
    deep.down(DEPTH).map(Started)
}

#[interface]
trait Attacker {
    fn ask(&self) -> Result<u64, RpcError>;
}
struct Asks(Shadow<dyn Accomplice>);
impl Attacker for Asks {
    fn ask(&self) -> Result<u64, RpcError> {
        self.0.get()
    }
}
fn asks(of: Shadow<dyn Accomplice>) -> Result<Asks, RpcError> {
    Ok(Asks(of))
}

/// To be killed when the accomplice is started next.
static VICTIM: Mutex<Option<Domain<dyn Attacker>>> = Mutex::new(None);

/// The host's part of a start: a tick finds it at work for who is dead.
fn kill_and_wait() {
    if let Some(attacker) = VICTIM.lock().unwrap().take() {
        attacker.kill();
        let began = Instant::now();
        while began.elapsed() < TICKS {}
    }
}

fn attack() {
    let _contained = contained(true);
    let spec = DomainSpec::new("beside").budget(BUDGET);
    let bystander: Domain<dyn Bystander> = host().spawn(spec, works, Mint::nothing()).unwrap();
    let spec = DomainSpec::new("deep");
    let deep: Domain<dyn Deep> = host().spawn(spec, down, Mint::nothing()).unwrap();
    let (me, then) = (deep.proxy().unwrap(), bystander.proxy().unwrap());
    deep.proxy().unwrap().set(me, then).unwrap();
    let of = deep.clone();
    let mint = Mint::fallible(move || {
        kill_and_wait();
        of.proxy()
    });
    let spec = DomainSpec::new("middle").restart(Restart::limited(9, Duration::from_secs(1)));
    let middle: Domain<dyn Accomplice> = host().spawn(spec, start, mint).unwrap();
    let of = middle.clone();
    let mint = Mint::fallible(move || of.shadow());
    let spec = DomainSpec::new("attacker").budget(Duration::from_secs(3600));
    let attacker: Domain<dyn Attacker> = host().spawn(spec, asks, mint).unwrap();
    middle.kill();
    *VICTIM.lock().unwrap() = Some(attacker.clone());
    assert_eq!(attacker.proxy().unwrap().ask(), Err(RpcError::Crashed));
    assert_eq!(bystander.exit_reason(), None);
    assert_eq!(middle.proxy().unwrap().get(), Ok(OBJECTS), "it was started");
    for domain in [bystander.kill(), deep.kill(), middle.kill()] {
        assert!(domain);
    }
    host().reap();
}

#[test]
fn a_mark_of_a_bystander_costs_no_look_down_the_chain() {
    let _alone = alone();
    let thread = thread::Builder::new().stack_size(STACK).spawn(attack);
    thread.unwrap().join().unwrap();
}
