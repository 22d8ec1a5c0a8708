//! Attack: a domain calls itself many times over and then a bystander, whose own calls look through the whole chain, on the bystander's
//! time: each call of a server that may hand something out, once an object of that server's was let go.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api::yield_now;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
const DEPTH: u32 = 10_000;
const OBJECTS: u32 = 2_000;
const RESTARTS: u32 = 5;

/// Microseconds that the bystander's last call took.
static TOOK: AtomicU64 = AtomicU64::new(0);

#[interface]
trait Server {
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError>;
}
#[interface]
trait Object {}
struct Opened;
impl Object for Opened {}
struct Serving;
impl Server for Serving {
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Opened).map_err(|(error, _)| error.into())
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Bystander {
    /// Opens some objects, and lets each go.
    fn work(&self) -> Result<u64, RpcError>;
    /// Gives others their turns.
    fn turns(&self) -> Result<u64, RpcError>;
}
struct Works(Proxy<dyn Server>);
impl Bystander for Works {
    fn work(&self) -> Result<u64, RpcError> {
        let began = Instant::now();
        for _ in 0..OBJECTS {
            drop(self.0.open()?);
            TOOK.store(began.elapsed().as_micros() as u64, SeqCst);
        }
        Ok(1)
    }
    fn turns(&self) -> Result<u64, RpcError> {
        let began = Instant::now();
        for _ in 0..OBJECTS {
            yield_now();
            TOOK.store(began.elapsed().as_micros() as u64, SeqCst);
        }
        Ok(2)
    }
}
fn works(server: Proxy<dyn Server>) -> Result<Works, RpcError> {
    Ok(Works(server))
}

#[interface]
trait Deep {
    fn set(&self, me: Proxy<dyn Deep>, then: Shadow<dyn Bystander>) -> Result<(), RpcError>;
    fn down(&self, left: u32, turns: bool) -> Result<u64, RpcError>;
}
#[derive(Default)]
struct Down(OnceLock<(Proxy<dyn Deep>, Shadow<dyn Bystander>)>);
impl Deep for Down {
    fn set(&self, me: Proxy<dyn Deep>, then: Shadow<dyn Bystander>) -> Result<(), RpcError> {
        self.0.set((me, then)).map_err(|_| RpcError::Crashed)
    }
    fn down(&self, left: u32, turns: bool) -> Result<u64, RpcError> {
        let (me, then) = self.0.get().ok_or(RpcError::Crashed)?;
        match (left, turns) {
            (0, false) => then.work(),
            (0, true) => then.turns(),
            _ => me.down(left - 1, turns),
        }
    }
}
fn down((): ()) -> Result<Down, RpcError> {
    Ok(Down::default())
}

fn attack(turns: bool) {
    let _ticks = contained(true);
    let server: Domain<dyn Server> = host()
        .spawn(DomainSpec::new("server"), serving, Mint::nothing())
        .unwrap();
    let mint = Mint::fallible(move || server.proxy());
    let spec = DomainSpec::new("bystander")
        .budget(BUDGET)
        .restart(Restart::limited(RESTARTS, Duration::from_secs(3600)));
    let bystander: Domain<dyn Bystander> = host().spawn(spec, works, mint).unwrap();
    let spec = DomainSpec::new("deep").budget(BUDGET);
    let deep: Domain<dyn Deep> = host().spawn(spec, down, Mint::nothing()).unwrap();
    let (me, then) = (deep.proxy().unwrap(), bystander.shadow().unwrap());
    deep.proxy().unwrap().set(me, then).unwrap();
    for depth in [0, DEPTH / 100, DEPTH / 10, DEPTH] {
        let came = deep.proxy().unwrap().down(depth, turns);
        println!("at depth {depth}: {came:?}, {} us", TOOK.load(SeqCst));
    }
    for _ in 0..RESTARTS {
        let _ = deep.proxy().unwrap().down(DEPTH, turns);
    }
    println!("others get {:?}", bystander.shadow().unwrap().work());
    let ended = bystander.exit_reason();
    assert!(
        ended.is_none(),
        "a bystander is ended: {:?}",
        ended.map(|end| end.kind)
    );
}

fn on_a_long_stack(turns: bool) {
    let _alone = alone();
    let thread = std::thread::Builder::new().stack_size(512 << 20);
    let run = thread.spawn(move || attack(turns)).unwrap();
    if let Err(panic) = run.join() {
        std::panic::resume_unwind(panic);
    }
}

#[test]
fn a_call_of_a_bystanders_costs_what_it_costs_alone() {
    on_a_long_stack(false);
}

#[test]
fn a_turn_of_a_bystanders_costs_what_it_costs_alone() {
    on_a_long_stack(true);
}
