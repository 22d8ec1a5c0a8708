//! Attack: a domain uses its stack up and has the host start another domain for it. The host's part of that runs over, into the
//! stack's reserve, and what it starts there is another domain: when that runs over in trusted code in turn, no reserve is left.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::{contained, cuts};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::env;
use std::hint::black_box;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static DIGS: AtomicBool = AtomicBool::new(false);
static REFUSES: AtomicBool = AtomicBool::new(false);
/// How often the client's code went on behind its call.
static AFTER: AtomicUsize = AtomicUsize::new(0);
static INITS: AtomicUsize = AtomicUsize::new(0);

#[interface]
trait Started {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Started>, RpcError>;
}
struct Digging;
impl Started for Digging {
    fn open(&self) -> Result<Proxy<dyn Started>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
/// Uses up all of the stack, and allocates all the way.
#[inline(never)]
fn dig(depth: usize) -> usize {
    let here = black_box(Box::new(depth));
    let below = if depth == usize::MAX { 0 } else { dig(depth + 1) };
    below + *here
}
fn digging((): ()) -> Result<Digging, RpcError> {
    if REFUSES.swap(false, SeqCst) {
        // Trusted code, under a mark of its own.
        drop(black_box(Box::new(7)));
        return Err(RpcError::OutOfMemory);
    }
    if DIGS.swap(false, SeqCst) {
        INITS.fetch_add(1, SeqCst);
        black_box(dig(0));
    }
    Ok(Digging)
}

#[interface]
trait Client {
    /// Asks from so many bytes further down.
    fn ask(&self, down: usize) -> Result<u32, RpcError>;
}
struct Asking(Proxy<dyn Started>);
impl Asking {
    #[inline(never)]
    fn down(&self, from: usize, bytes: usize) -> Result<u32, RpcError> {
        let here = black_box(0_u8);
        if from - (&raw const here).addr() < bytes {
            let got = self.down(from, bytes);
            black_box(here);
            return got;
        }
        let got = self.0.status();
        AFTER.fetch_add(1, SeqCst);
        got
    }
}
impl Client for Asking {
    fn ask(&self, down: usize) -> Result<u32, RpcError> {
        let here = black_box(0_u8);
        self.down((&raw const here).addr(), down)
    }
}
fn asking(of: Shadow<dyn Started>) -> Result<Asking, RpcError> {
    Ok(Asking(of.open()?))
}

const NAME: &str = "what_is_started_on_a_reserve_does_not_end_the_host";
const CHILD: &str = "SAMARA_ATTACK_RESERVE";

#[test]
fn what_is_started_on_a_reserve_does_not_end_the_host() {
    if env::var_os(CHILD).is_some() {
        return attack();
    }
    let child = Command::new(env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .status()
        .unwrap();
    assert!(child.success(), "two domains have ended the process: {child}");
}

fn attack() {
    const STACK: usize = 512 << 10;
    let _alone = alone();
    // The host keeps budgets and stacks from here on.
    drop(contained(true));
    let restart = Restart::limited(1_000_000, Duration::from_secs(3600));
    let started: Domain<dyn Started> = host()
        .spawn(
            DomainSpec::new("started").restart(restart),
            digging,
            Mint::nothing(),
        )
        .unwrap();
    let of = started.clone();
    let client: Domain<dyn Client> = host()
        .spawn(
            DomainSpec::new("client").restart(restart),
            asking,
            Mint::fallible(move || of.shadow()),
        )
        .unwrap();
    let shadow = client.shadow().unwrap();
    let usual = STACK - (128 << 10);
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(true);
            for down in (usual - (40 << 10)..usual).step_by(64) {
                DIGS.store(false, SeqCst);
                // Has a living object.
                shadow.ask(0).unwrap();
                assert!(started.kill());
                DIGS.store(true, SeqCst);
                let before = cuts().reserves;
                let got = shadow.ask(down);
                if cuts().reserves != before {
                    println!(
                        "{down}: {got:?}; {} inits, reserves {}",
                        INITS.load(SeqCst),
                        cuts().reserves
                    );
                }
            }
        };
        let thread = thread::Builder::new().stack_size(STACK);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap();
    });
    println!("{} inits; {:?}", INITS.load(SeqCst), cuts());
    client.kill();
    started.kill();
}

/// The same, with a service that allocates and fails: the end of its mark takes the one that was set for the client.
#[test]
fn who_used_the_stack_up_goes_no_further() {
    further(1);
}

/// Where the host's stretch enters nobody, the client is cut behind it.
#[test]
fn who_used_the_stack_up_goes_no_further_where_nobody_is_started() {
    further(0);
}

fn further(restarts: u32) {
    const STACK: usize = 512 << 10;
    let _alone = alone();
    drop(contained(true));
    let usual = STACK - (128 << 10);
    let (mut opened, mut further) = (0, 0);
    for down in (usual - (20 << 10)..usual - (14 << 10)).step_by(64) {
        REFUSES.store(false, SeqCst);
        let started: Domain<dyn Started> = host()
            .spawn(
                DomainSpec::new("failing").restart(Restart::limited(restarts, Duration::from_secs(3600))),
                digging,
                Mint::nothing(),
            )
            .unwrap();
        let of = started.clone();
        let client: Domain<dyn Client> = host()
            .spawn(
                DomainSpec::new("further"),
                asking,
                Mint::fallible(move || of.shadow()),
            )
            .unwrap();
        let proxy = client.proxy().unwrap();
        assert!(started.kill());
        REFUSES.store(true, SeqCst);
        let (reserves, after) = (cuts().reserves, AFTER.load(SeqCst));
        let got = thread::scope(|scope| {
            let run = || {
                // Without ticks: nothing else cuts it.
                let _contained = contained(false);
                proxy.ask(down)
            };
            let thread = thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, run).unwrap().join().unwrap()
        });
        if cuts().reserves != reserves {
            opened += 1;
            if AFTER.load(SeqCst) != after {
                further += 1;
                println!("{down}: {got:?}, the client went on; alive {}", client.exit_reason().is_none());
            }
        }
        client.kill();
        started.kill();
        host().reap();
    }
    println!("{opened} times the reserve was opened, {further} times the client went on");
    assert_eq!(further, 0);
}
