//! A server that wants to keep a client busy: the client's call ends after so many attempts.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{Totals, alone, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// Most attempts of one call: refusals and crashes, as `source.rs` has them, and the first one.
const ATTEMPTS: usize = 64 + 4 + 1;

#[interface]
trait Directory {
    /// The directory in this one, which may be dead already.
    #[replay]
    fn below(&self) -> Result<Proxy<dyn Directory>, RpcError>;
    #[replay]
    fn enter(&self, number: u32) -> Result<u32, RpcError>;
    #[idempotent]
    fn look(&self) -> Result<u32, RpcError>;
}

/// How often any was asked for another one, or for a call on the record.
static ASKED: AtomicUsize = AtomicUsize::new(0);
/// From which request on its server dies of one.
static DIES_FROM: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Which of how many objects lives that are handed out when most are dead.
static LIVES_EVERY: AtomicUsize = AtomicUsize::new(usize::MAX);

/// The request's number.
fn asked() -> usize {
    let number = ASKED.fetch_add(1, SeqCst) + 1;
    assert!(number <= DIES_FROM.load(SeqCst), "it would rather die");
    number
}

/// What the server hands out once it has it. The host's, as a server's memory would be gone by then.
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

/// A proxy that is dead, and stays so however often it is cloned.
fn dead() -> Proxy<dyn Directory> {
    let accomplice = spawn("accomplice", 0);
    let proxy = accomplice.proxy().unwrap().below().unwrap();
    assert!(accomplice.kill());
    host().reap();
    proxy
}

/// The deepest chain there may be, opened while all is well, with calls on the record at each link.
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
            // Where one in forty lives, there may be one at last.
            assert!(looked.is_err() || LIVES_EVERY.load(SeqCst) == 40);
            let asked = ASKED.load(SeqCst) - asked;
            assert!(asked <= ATTEMPTS, "{asked} for one call");
        }
        // It need not stay so.
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

#[test]
fn a_server_that_hands_out_dead_objects_is_asked_so_often_for_one_call() {
    hostile(0, |_| {
        *DEAD.lock().unwrap() = Some(dead());
    });
}

#[test]
fn a_server_that_hands_out_dead_objects_gets_no_recorded_calls() {
    hostile(9, |_| {
        *DEAD.lock().unwrap() = Some(dead());
    });
}

#[test]
fn a_server_that_hands_out_living_objects_now_and_then_is_asked_no_more_often() {
    hostile(0, |_| {
        // It takes forty requests for each link, and the call has not as many left at the second.
        LIVES_EVERY.store(40, SeqCst);
        *DEAD.lock().unwrap() = Some(dead());
    });
}

#[test]
fn a_server_that_dies_of_every_request_is_restarted_so_often_for_one_call() {
    hostile(9, |domain| {
        DIES_FROM.store(0, SeqCst);
        assert_eq!(domain.restarts(), 0);
    });
}

#[test]
fn a_server_that_dies_of_a_later_recorded_call_ends_the_reopening() {
    hostile(9, |_| {
        // Requests of one reopening of the whole chain: one and nine for each link.
        DIES_FROM.store(25, SeqCst);
    });
}
