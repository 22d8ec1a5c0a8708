//! A server tries to keep a client busy: one call of the client ends after a bounded number of attempts.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{Totals, alone, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The greatest number of attempts of one call: the first one, and as many more as the limits in `source.rs` for
/// refusals and for crashes allow.
const ATTEMPTS: usize = 64 + 4 + 1;

#[interface]
trait Directory {
    /// Opens the directory inside this one. It may be dead already.
    #[replay]
    fn below(&self) -> Result<Proxy<dyn Directory>, RpcError>;
    #[replay]
    fn enter(&self, number: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn look(&self) -> Result<u32, RpcError>;
}

/// The number of requests so far. A request asks for another directory, or it is a recorded call.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// The number of requests that are answered; the server panics at each later one.
static DIES_FROM: AtomicUsize = AtomicUsize::new(usize::MAX);

/// While the server hands out dead directories, every directory whose request number is a multiple of this is alive.
static LIVES_EVERY: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Counts a request and returns its number.
fn asked() -> usize {
    let number = ASKED.fetch_add(1, SeqCst) + 1;
    assert!(
        number <= DIES_FROM.load(SeqCst),
        "the server dies of this request"
    );
    number
}

/// The dead directory that the server hands out, if there is one. The proxy belongs to the host, because the reclaim
/// of a dead server would free it.
static DEAD: Mutex<Option<Proxy<dyn Directory>>> = Mutex::new(None);

struct Level;
impl Directory for Level {
    fn below(&self) -> Result<Proxy<dyn Directory>, RpcError> {
        let lives = asked().is_multiple_of(LIVES_EVERY.load(SeqCst));
        match &*DEAD.lock().unwrap() {
            Some(dead) if !lives => Ok(dead.try_clone()?),
            _ => Proxy::export(Self).map_err(|(error, _)| error.into()),
        }
    }
    fn enter(&self, number: u32) -> Result<u32, RpcError> {
        asked();
        Ok(number)
    }
    fn look(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}

fn level((): ()) -> Result<Level, RpcError> {
    Ok(Level)
}

fn spawn(name: &str, restarts: u32) -> Domain<dyn Directory> {
    let restart = Restart::limited(restarts, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart);
    host().spawn(spec, level, Mint::nothing()).unwrap()
}

/// Returns a dead proxy. Its clones are dead, too.
fn dead() -> Proxy<dyn Directory> {
    let accomplice = spawn("accomplice", 0);
    let proxy = accomplice.proxy().unwrap().below().unwrap();
    assert!(accomplice.kill());
    host().reap();
    proxy
}

/// Opens the deepest chain that is allowed, while all is well, with `recorded` recorded calls at each link.
fn chain(shadow: &Shadow<dyn Directory>, recorded: u32) -> Vec<Proxy<dyn Directory>> {
    let mut links = vec![shadow.below().unwrap()];
    while let Ok(next) = links[links.len() - 1].below() {
        links.push(next);
    }
    for link in &links {
        for number in 0..recorded {
            assert_eq!(link.enter(number), Ok(number));
        }
    }
    assert_eq!(links.len(), 4);
    links
}

fn hostile(recorded: u32, act: impl FnOnce(&Domain<dyn Directory>)) {
    let _alone = alone();
    DIES_FROM.store(usize::MAX, SeqCst);
    LIVES_EVERY.store(usize::MAX, SeqCst);
    let before = Totals::now();
    {
        let domain = spawn("hostile", 1000);
        let shadow = domain.shadow().unwrap();
        let links = chain(&shadow, recorded);
        act(&domain);
        assert!(domain.kill());
        ASKED.store(0, SeqCst);
        for link in links.iter().rev() {
            let asked = ASKED.load(SeqCst);
            let looked = link.look();
            // If one directory in forty is alive, a call may reach a living one in the end.
            assert!(looked.is_err() || LIVES_EVERY.load(SeqCst) == 40);
            let asked = ASKED.load(SeqCst) - asked;
            assert!(asked <= ATTEMPTS, "{asked} for one call");
        }
        // Once the server behaves, the chain works again.
        DIES_FROM.store(usize::MAX, SeqCst);
        drop(DEAD.lock().unwrap().take());
        for link in &links {
            assert_eq!(link.look(), Ok(7));
        }
        assert!(domain.kill());
    }
    host().reap();
    host().collect_exports();
    assert_eq!(Totals::now(), before);
}

/// Invariant: RECOVER-3
#[test]
fn requests_for_dead_objects_are_bounded_per_call() {
    hostile(0, |_| {
        *DEAD.lock().unwrap() = Some(dead());
    });
}

#[test]
fn dead_objects_get_no_recorded_calls() {
    hostile(9, |_| {
        *DEAD.lock().unwrap() = Some(dead());
    });
}

/// Invariant: RECOVER-3
#[test]
fn a_few_living_objects_do_not_raise_the_bound() {
    hostile(0, |_| {
        // Each link takes forty requests, and the call has fewer than that left at the second link.
        LIVES_EVERY.store(40, SeqCst);
        *DEAD.lock().unwrap() = Some(dead());
    });
}

#[test]
fn deadly_requests_are_bounded_per_call() {
    hostile(9, |domain| {
        DIES_FROM.store(0, SeqCst);
        assert_eq!(domain.restarts(), 0);
    });
}

/// Invariant: RECOVER-3
#[test]
fn a_deadly_recorded_call_ends_the_reopening() {
    hostile(9, |_| {
        // To reopen a link takes ten requests: one that opens it, and nine recorded calls. So the server dies in the
        // third link.
        DIES_FROM.store(25, SeqCst);
    });
}
