//! Objects that a domain exports: which domains may call them, on whose behalf they are dropped, and how they end
//! with a death.
//!
//! Collecting exports affects all domains of the process, so the tests run one after the other.

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::{Exchangeable, RRef};
use samara_shared_heap::{Owner, heap, thread};
use samara_testkit::hosted::{alone, await_reclaims, host, owner_of, spawn_in};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait File {
    fn read(&self) -> Result<u32, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

#[derive(Exchangeable)]
struct Pair {
    number: u32,
    file: Option<Proxy<dyn File>>,
}

#[interface]
trait Server {
    fn open(&self, number: u32) -> Result<Proxy<dyn File>, RpcError>;
    fn open_pair(&self, number: u32) -> Result<RRef<Pair>, RpcError>;
    fn keep(&self, file: Proxy<dyn File>) -> Result<(), RpcError>;
    fn give(&self) -> Result<Option<Proxy<dyn File>>, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

/// `DROPS` counts the destructors that ran, for each test. `STRANGERS` counts the destructors that ran on behalf of a
/// domain other than the exporter.
static DROPS: [AtomicUsize; 16] = [const { AtomicUsize::new(0) }; 16];
static STRANGERS: AtomicUsize = AtomicUsize::new(0);

struct Open {
    test: usize,
    number: u32,
    owner: Owner,
    /// The text lies in private memory, which only its own domain may free.
    name: String,
}

impl Open {
    fn new(test: usize, number: u32) -> Self {
        let name = format!("file {number}");
        let owner = thread::current().owner();
        Self {
            test,
            number,
            owner,
            name,
        }
    }
}

impl File for Open {
    fn read(&self) -> Result<u32, RpcError> {
        assert_eq!(thread::current().owner(), self.owner);
        assert!(self.name.starts_with("file"));
        Ok(self.number)
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if thread::current().owner() != self.owner {
            STRANGERS.fetch_add(1, SeqCst);
        }
        DROPS[self.test].fetch_add(1, SeqCst);
        assert!(self.number != 13, "a panicking destructor");
    }
}

struct Files {
    test: usize,
    file: Mutex<Option<Proxy<dyn File>>>,
}

fn export(file: Open) -> Result<Proxy<dyn File>, RpcError> {
    Proxy::export(file).map_err(|(error, _)| error.into())
}

impl Server for Files {
    fn open(&self, number: u32) -> Result<Proxy<dyn File>, RpcError> {
        export(Open::new(self.test, number))
    }
    fn open_pair(&self, number: u32) -> Result<RRef<Pair>, RpcError> {
        let file = Some(self.open(number)?);
        Ok(RRef::new(Pair { number, file }))
    }
    fn keep(&self, file: Proxy<dyn File>) -> Result<(), RpcError> {
        *self.file.lock().unwrap() = Some(file);
        Ok(())
    }
    fn give(&self) -> Result<Option<Proxy<dyn File>>, RpcError> {
        Ok(self.file.lock().unwrap().take())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

fn init(test: usize) -> Result<Files, RpcError> {
    let file = Mutex::new(Some(export(Open::new(test, 1000))?));
    Ok(Files { test, file })
}

fn spawn(name: &str, test: usize) -> (Domain<dyn Server>, Proxy<dyn Server>) {
    let domain: Domain<dyn Server> = host()
        .spawn(DomainSpec::new(name), init, Mint::of(move || test))
        .unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

fn drops(test: usize) -> usize {
    DROPS[test].load(SeqCst)
}

#[test]
fn the_exporter_drops_an_object_after_its_last_proxy() {
    let _alone = alone();
    let (domain, server) = spawn("last-proxy", 0);
    let before = heap::census(owner_of(&domain));
    let file = server.open(5).unwrap();
    let clone = file.try_clone().unwrap();
    assert_eq!((file.read(), clone.read()), (Ok(5), Ok(5)));
    drop(file);
    host().collect_exports();
    assert_eq!((clone.read(), drops(0)), (Ok(5), 0));
    drop(clone);
    // The message is posted. The object's destructor runs inside the domain only.
    assert_eq!(drops(0), 0);
    host().collect_exports();
    assert_eq!((drops(0), STRANGERS.load(SeqCst)), (1, 0));
    assert_eq!(heap::census(owner_of(&domain)), before);
}

/// Invariant: HEAP-39
#[test]
fn messages_are_read_before_a_call_that_may_export() {
    let _alone = alone();
    let (domain, server) = spawn("entry", 1);
    let objects = heap::census(owner_of(&domain)).objects;
    for number in 0..1000 {
        let file = server.open(100 + number).unwrap();
        assert_eq!(file.read(), Ok(100 + number));
    }
    assert!(heap::census(owner_of(&domain)).objects <= objects + 1);
    assert!(drops(1) >= 999);
}

#[test]
fn object_exported_by_init_is_callable_after_init() {
    let _alone = alone();
    let (_domain, server) = spawn("init", 2);
    let file = server.give().unwrap().unwrap();
    assert_eq!(file.read(), Ok(1000));
    drop(file);
    let nothing = server.give().unwrap();
    assert!(nothing.is_none());
    assert_eq!(drops(2), 1);
}

#[test]
fn proxies_travel_inside_objects_and_between_domains() {
    let _alone = alone();
    let (one, server) = spawn("travel-1", 3);
    let (_two, other) = spawn("travel-2", 4);
    let pair = server.open_pair(8).unwrap();
    assert_eq!(
        (pair.number, heap::census(owner_of(&one)).capabilities),
        (8, 1)
    );
    let file = RRef::into_inner(pair).file.unwrap();
    other.keep(file).unwrap();
    let file = other.give().unwrap().unwrap();
    assert_eq!(file.read(), Ok(8));
    other.keep(file).unwrap();
    // One object was dropped: the one that the second domain's `init` had exported. The first `keep` replaced that
    // object.
    assert_eq!((drops(3), drops(4)), (0, 1));
}

/// Invariant: EXPORT-1
#[test]
fn dying_holder_lets_go_without_exporters_code() {
    let _alone = alone();
    let (exporter, server) = spawn("exporter", 5);
    let (_holder, other) = spawn("dying-holder", 6);
    other.keep(server.open(9).unwrap()).unwrap();
    assert_eq!(other.crash(), Err(RpcError::Crashed));
    let _ = await_reclaims("dying-holder", 1);
    host().collect_exports();
    assert_eq!(drops(5), 1);
    // The holder's own object, which its `init` had exported, was freed as plain bytes.
    assert_eq!(drops(6), 0);
    assert!(exporter.proxy().unwrap().is_alive());
}

/// Invariant: EXPORT-1
#[test]
fn dead_exporter_takes_its_objects_and_messages() {
    let _alone = alone();
    // Domains of other tests are still alive and may have messages.
    host().collect_exports();
    let (domain, server) = spawn("dying-exporter", 7);
    let (slot, owner) = (domain.info().id, owner_of(&domain));
    let file = server.open(11).unwrap();
    let clone = file.try_clone().unwrap();
    drop(server.open(12).unwrap());
    assert_eq!(file.crash(), Err(RpcError::Crashed));
    let _ = await_reclaims("dying-exporter", 1);
    assert_eq!(file.read(), Err(RpcError::Dead));
    assert!(!clone.is_alive());
    // A clone or a drop of a dead exporter's proxy must not change the object's count of proxies, because the count's
    // slot has another owner by now.
    let again = file.try_clone().unwrap();
    drop((file, clone, again));
    assert_eq!(drops(7), 0);
    assert_eq!(heap::census(owner).capabilities, 0);
    // The next domain in the slot does not drop the objects whose messages were posted to the dead domain.
    let next = spawn_in(slot, || spawn("next-exporter", 7).0);
    assert_eq!(owner_of(&next), owner);
    assert_eq!((host().collect_exports(), drops(7)), (0, 0));
    next.kill();
}

/// Invariant: EXPORT-1
#[test]
fn a_stop_drops_unreferenced_objects_inside() {
    let _alone = alone();
    let (domain, server) = spawn("stopped", 13);
    // Files 1 and 4 have no proxies left. The server keeps file 2 in place of file 1000, and the host keeps file 3.
    drop(server.open(1).unwrap());
    let own = server.open(2).unwrap();
    server.keep(own).unwrap();
    let outside = server.open(3).unwrap();
    drop(server.open(4).unwrap());
    assert!(drops(13) < 3, "something must be left to the stop");
    domain.stop(Duration::from_secs(5)).unwrap();
    assert_eq!((drops(13), STRANGERS.load(SeqCst)), (4, 0));
    assert_eq!(outside.read(), Err(RpcError::Dead));
    drop(outside);
    assert_eq!(drops(13), 4, "the object must be freed as plain bytes");
}

/// Invariant: EXPORT-1
#[test]
fn panicking_exported_object_makes_a_stop_a_death() {
    let _alone = alone();
    let (domain, server) = spawn("stopped-13", 14);
    drop(server.open(13).unwrap());
    assert_eq!(domain.stop(Duration::from_secs(5)), Ok(()));
    assert_eq!(domain.exits().last().unwrap().reason.kind, ExitKind::Panic);
    assert_eq!((drops(14), STRANGERS.load(SeqCst)), (1, 0));
}

#[test]
fn a_destructor_that_panics_is_the_exporters_death() {
    let _alone = alone();
    let (domain, server) = spawn("bad-drop", 8);
    drop(server.open(13).unwrap());
    let file = server.open(14);
    assert_eq!(file.map(|_| ()), Err(RpcError::Dead));
    assert!(
        domain
            .exit_reason()
            .unwrap()
            .message
            .as_str()
            .contains("destructor")
    );
}

#[test]
fn the_host_exports_too() {
    let _alone = alone();
    let (_domain, server) = spawn("of-the-host", 9);
    server.keep(export(Open::new(9, 77)).unwrap()).unwrap();
    let file = server.give().unwrap().unwrap();
    assert_eq!(file.read(), Ok(77));
    // A panic in the host's object gives the caller `Crashed` and has no other effect.
    assert_eq!(file.crash(), Err(RpcError::Crashed));
    assert_eq!(file.read(), Ok(77));
    drop(file);
    host().collect_exports();
    // Two objects were dropped: the host's file, and the object that `init` had exported and `keep` replaced.
    assert_eq!(drops(9), 2);
}

#[test]
fn a_refused_export_gives_the_object_back() {
    let _alone = alone();
    #[interface]
    trait Greedy {
        fn fill(&self) -> Result<u32, RpcError>;
    }
    struct Exporter;
    impl Greedy for Exporter {
        fn fill(&self) -> Result<u32, RpcError> {
            let mut files = Vec::new();
            loop {
                match Proxy::<dyn File>::export(Open::new(10, 500)) {
                    Ok(file) => files.push(file),
                    Err((_, file)) => return Ok(file.number + files.len() as u32),
                }
            }
        }
    }
    let spec = DomainSpec::new("quota").shared_quota(64 << 10);
    let init = |(): ()| Ok::<_, RpcError>(Exporter);
    let domain: Domain<dyn Greedy> = host().spawn(spec, init, Mint::nothing()).unwrap();
    let filled = domain.proxy().unwrap().fill().unwrap();
    assert!(filled > 510, "{filled}");
    host().collect_exports();
    assert_eq!(drops(10) as u32, filled - 500 + 1);
    assert_eq!(heap::census(owner_of(&domain)).objects, 1);
}

/// Invariant: EXPORT-1
#[test]
fn last_proxies_on_many_threads_drop_objects_once() {
    let _alone = alone();
    let (domain, server) = spawn("threads", 11);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..500 {
                    let file = server.open(100 + number).unwrap();
                    let clone = file.try_clone().unwrap();
                    drop(file);
                    assert_eq!(clone.read(), Ok(100 + number));
                }
            });
        }
    });
    host().collect_exports();
    assert_eq!((drops(11), STRANGERS.load(SeqCst)), (2000, 0));
    // Two objects are left: the one that `init` exported, and the value that `init` returned.
    assert_eq!(heap::census(owner_of(&domain)).objects, 2);
}
