//! Attack: a domain makes the host wait for it. The time that a recovery waits was once charged to no budget.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart};
use samara_host_std::contained::contained;
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(4);
static END: AtomicU64 = AtomicU64::new(0);
static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
fn is_over() -> bool {
    START.elapsed().as_micros() as u64 > END.load(SeqCst)
}

#[interface]
trait Hog {
    fn ask(&self) -> Result<(), RpcError>;
}
#[interface]
trait Echo {
    #[idempotent]
    fn nothing(&self) -> Result<(), RpcError>;
}
struct Hogging(Shadow<dyn Echo>);
impl Hog for Hogging {
    fn ask(&self) -> Result<(), RpcError> {
        while !is_over() {
            let _ = self.0.nothing();
        }
        Ok(())
    }
}
static SLOW: AtomicBool = AtomicBool::new(false);
static NOT_READY: AtomicBool = AtomicBool::new(false);
struct Parrot;
impl Echo for Parrot {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
fn parrot((): ()) -> Result<Parrot, RpcError> {
    while SLOW.load(SeqCst) {
        thread::sleep(Duration::from_millis(1));
    }
    Ok(Parrot)
}
fn hogging(of: Shadow<dyn Echo>) -> Result<Hogging, RpcError> {
    Ok(Hogging(of))
}

fn must_die(
    echo: DomainSpec,
    mint: Mint<()>,
    call: impl FnOnce(&Domain<dyn Echo>, &Proxy<dyn Hog>) -> Result<(), RpcError> + Send,
) {
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let echo: Domain<dyn Echo> = host().spawn(echo.restart(restart), parrot, mint).unwrap();
    let of = echo.clone();
    let hog: Domain<dyn Hog> = host()
        .spawn(
            DomainSpec::new("hog").budget(BUDGET),
            hogging,
            Mint::fallible(move || of.shadow()),
        )
        .unwrap();
    must_overrun(&hog, |hog| call(&echo, hog));
    echo.kill();
}

fn must_overrun(
    hog: &Domain<dyn Hog>,
    call: impl FnOnce(&Proxy<dyn Hog>) -> Result<(), RpcError> + Send,
) {
    let proxy = hog.proxy().unwrap();
    let (result, took) = thread::scope(|scope| {
        let run = || {
            let _contained = contained(true);
            END.store((START.elapsed() + PATIENCE).as_micros() as u64, SeqCst);
            let began = Instant::now();
            (call(&proxy), began.elapsed())
        };
        let thread = thread::Builder::new().stack_size(512 << 10);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    });
    println!("{result:?} after {took:?}");
    SLOW.store(false, SeqCst);
    let kind = hog.exit_reason().map(|reason| reason.kind);
    hog.kill();
    assert_eq!(kind, Some(ExitKind::Overrun));
    assert!(took < PATIENCE / 2);
}

/// Invariant: ORDER-26, ORDER-27
#[test]
fn waiting_for_a_restart_uses_up_the_budget() {
    must_die(
        DomainSpec::new("slow").drain_timeout(Duration::from_millis(100)),
        Mint::nothing(),
        |echo, hog| {
            SLOW.store(true, SeqCst);
            let restarted = echo.clone();
            let restarting = thread::spawn(move || restarted.restart());
            thread::sleep(Duration::from_millis(50));
            let got = hog.ask();
            SLOW.store(false, SeqCst);
            restarting.join().unwrap().unwrap();
            got
        },
    );
}

/// A start whose mint fails spends no restart, so its time is charged to the asker.
///
/// Invariant: HEAP-35, ORDER-26
#[test]
fn failed_restarts_use_up_the_askers_budget() {
    let claim = || {
        if !NOT_READY.load(SeqCst) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(5));
        Err("the device is being reset")
    };
    must_die(
        DomainSpec::new("driver"),
        Mint::fallible(claim),
        |echo, hog| {
            NOT_READY.store(true, SeqCst);
            assert!(echo.kill());
            let got = hog.ask();
            NOT_READY.store(false, SeqCst);
            got
        },
    );
}

#[interface]
trait Files {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Echo>, RpcError>;
}
struct Opening(bool);
impl Files for Opening {
    fn open(&self) -> Result<Proxy<dyn Echo>, RpcError> {
        if self.0 {
            return Proxy::export(Parrot).map_err(|(error, _)| error.into());
        }
        thread::sleep(Duration::from_millis(5));
        Err(RpcError::RecoveryFailed)
    }
}
/// Calls an object that it has opened.
struct Holding(Proxy<dyn Echo>);
impl Hog for Holding {
    fn ask(&self) -> Result<(), RpcError> {
        while !is_over() {
            let _ = self.0.nothing();
        }
        Ok(())
    }
}

/// The restarted server is alive, but refuses to open the object again.
///
/// Invariant: HEAP-35
#[test]
fn failed_reopens_use_up_the_holders_budget() {
    let _alone = alone();
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let first = AtomicBool::new(true);
    let opening = |first| Ok::<_, RpcError>(Opening(first));
    let mint = Mint::of(move || first.swap(false, SeqCst));
    let spec = DomainSpec::new("files").restart(restart);
    let files: Domain<dyn Files> = host().spawn(spec, opening, mint).unwrap();
    let of = files.clone();
    let holding = |files: Shadow<dyn Files>| files.open().map(Holding);
    let spec = DomainSpec::new("holder").budget(BUDGET);
    let mint = Mint::fallible(move || of.shadow());
    let holder: Domain<dyn Hog> = host().spawn(spec, holding, mint).unwrap();
    assert!(files.kill());
    must_overrun(&holder, |holder| holder.ask());
    files.kill();
}
