//! Attacks by means of exported and reopened objects.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::Exchangeable;
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::hosted::{alone, await_reclaims, host, within};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Directory {
    /// Opens the directory inside this one.
    #[replay]
    fn below(&self) -> Result<Proxy<dyn Directory>, RpcError>;
    #[idempotent]
    fn look(&self) -> Result<u32, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

struct Level;
impl Directory for Level {
    fn below(&self) -> Result<Proxy<dyn Directory>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn look(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("on request")
    }
}

fn level((): ()) -> Result<Level, RpcError> {
    Ok(Level)
}

fn restartable(name: &str) -> DomainSpec {
    DomainSpec::new(name).restart(Restart::limited(20, Duration::from_secs(3600)))
}

/// The holder of an opened object holds the way back to it: the chain of calls by which the host opens the object
/// again. The chain must not be so long that the host runs out of stack when it follows or frees it.
///
/// Invariant: EXPORT-10
#[test]
fn chains_of_opened_objects_are_bounded() {
    let _alone = alone();
    let domain: Domain<dyn Directory> = host()
        .spawn(restartable("levels"), level, Mint::nothing())
        .unwrap();
    let shadow: Shadow<dyn Directory> = domain.shadow().unwrap();
    let before = heap::census(Owner::HOST).capabilities;
    let mut here = shadow.below().unwrap();
    let mut depth = 1;
    let last = loop {
        match here.below() {
            Ok(next) => here = next,
            Err(error) => break error,
        }
        depth += 1;
        assert!(depth < 200_000, "the chain has no end");
    };
    assert_eq!(last, RpcError::ReplayLogFull);
    // A chain of the greatest length works, also after a restart.
    assert_eq!(here.crash(), Err(RpcError::Crashed));
    assert_eq!(here.look(), Ok(7));
    drop(here);
    host().collect_exports();
    assert_eq!(heap::census(Owner::HOST).capabilities, before);
}

#[interface]
trait Hydra {
    fn grow(&self) -> Result<(), RpcError>;
}

static HEADS: AtomicUsize = AtomicUsize::new(0);

/// Exports another head when it is dropped.
struct Head;
impl Hydra for Head {
    fn grow(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
impl Drop for Head {
    fn drop(&mut self) {
        HEADS.fetch_add(1, SeqCst);
        drop(Proxy::<dyn Hydra>::export(Self));
    }
}

struct Body;
impl Hydra for Body {
    fn grow(&self) -> Result<(), RpcError> {
        drop(Proxy::<dyn Hydra>::export(Head));
        Ok(())
    }
}

fn body((): ()) -> Result<Body, RpcError> {
    Ok(Body)
}

/// A destructor that exports again must not keep the host in a stop for ever.
///
/// Invariant: EXPORT-9
#[test]
fn a_stop_ends_even_if_destructors_export() {
    let _alone = alone();
    let spec = DomainSpec::new("hydra");
    let domain: Domain<dyn Hydra> = host().spawn(spec, body, Mint::nothing()).unwrap();
    let proxy = domain.proxy().unwrap();
    proxy.grow().unwrap();
    let stopping = domain.clone();
    let stop = move || stopping.stop(Duration::from_millis(200)).is_ok();
    let ended = within(Duration::from_secs(10), stop);
    assert!(ended.is_some(), "still stopping after {HEADS:?} heads");
    let _released = await_reclaims("hydra", 1);
}

/// The error type of the interface.
#[derive(Debug, Exchangeable)]
struct Mine;

static AS_HOST: AtomicUsize = AtomicUsize::new(0);

impl From<RpcError> for Mine {
    fn from(_: RpcError) -> Self {
        if thread::current().owner() == Owner::HOST {
            AS_HOST.fetch_add(1, SeqCst);
        }
        Self
    }
}

#[interface]
trait Cabinet {
    #[replay]
    fn drawer(&self) -> Result<Proxy<dyn Directory>, Mine>;
    fn crash(&self) -> Result<(), Mine>;
}

#[interface]
trait Client {
    fn open(&self) -> Result<(), RpcError>;
    fn look(&self) -> Result<u32, RpcError>;
}

struct Oak;
impl Cabinet for Oak {
    fn drawer(&self) -> Result<Proxy<dyn Directory>, Mine> {
        Proxy::export(Level).map_err(|_| Mine)
    }
    fn crash(&self) -> Result<(), Mine> {
        panic!("on request")
    }
}

fn oak((): ()) -> Result<Oak, RpcError> {
    Ok(Oak)
}

struct Reader {
    cabinet: Shadow<dyn Cabinet>,
    drawer: std::sync::Mutex<Option<Proxy<dyn Directory>>>,
}
impl Client for Reader {
    fn open(&self) -> Result<(), RpcError> {
        let drawer = self.cabinet.drawer().map_err(|Mine| RpcError::Dead)?;
        *self.drawer.lock().unwrap() = Some(drawer);
        Ok(())
    }
    fn look(&self) -> Result<u32, RpcError> {
        let drawer = self.drawer.lock().unwrap();
        drawer.as_ref().ok_or(RpcError::Dead)?.look()
    }
}

fn reader(cabinet: Shadow<dyn Cabinet>) -> Result<Reader, RpcError> {
    let drawer = std::sync::Mutex::new(None);
    Ok(Reader { cabinet, drawer })
}

/// The conversion of `RpcError` to an interface's own error type is code of the interface's crate. It must run for
/// the caller, and never for the host when it opens an object again.
///
/// Invariant: EXPORT-12
#[test]
fn error_conversion_never_runs_as_the_host() {
    let _alone = alone();
    let spec = DomainSpec::new("cabinet").restart(Restart::limited(1, Duration::from_secs(3600)));
    let domain: Domain<dyn Cabinet> = host().spawn(spec, oak, Mint::nothing()).unwrap();
    let handle = domain.clone();
    let client: Domain<dyn Client> = host()
        .spawn(
            DomainSpec::new("reader"),
            reader,
            Mint::fallible(move || handle.shadow()),
        )
        .unwrap();
    let reader = client.proxy().unwrap();
    reader.open().unwrap();
    assert_eq!(reader.look(), Ok(7));
    let shadow = domain.shadow().unwrap();
    shadow.crash().unwrap_err();
    assert_eq!(reader.look(), Ok(7));
    shadow.crash().unwrap_err();
    AS_HOST.store(0, SeqCst);
    // The restarts are spent, so opening the object again fails.
    assert_eq!(reader.look(), Err(RpcError::RecoveryFailed));
    assert_eq!(AS_HOST.load(SeqCst), 0);
}
