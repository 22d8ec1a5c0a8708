//! Attack: several domains hold one opened object. One of them makes a recorded call on it that the server cannot
//! repeat. The domain that recorded the call loses its recorded calls. The other holders, the server, and the next
//! domain in the slot must lose nothing.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, await_reclaims, host, reclaims, spawn_in, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// A position to which a later generation of the server refuses to seek, say because the file was longer before.
const POISON: u32 = 666;
/// A position such that a later generation of the server dies of a seek to it.
const DEADLY: u32 = 667;
/// A position such that a later generation of the server takes long over a seek to it, and then refuses the seek.
const SLOW: u32 = 668;
static REPLAYING: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);

#[interface]
trait File {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
    #[replay]
    fn seek(&self, to: u32) -> Result<(), RpcError>;
    #[idempotent]
    fn at(&self) -> Result<u32, RpcError>;
}
struct Server {
    first: bool,
    at: Mutex<u32>,
}
impl Server {
    fn new(first: bool) -> Self {
        let at = Mutex::new(0);
        Self { first, at }
    }
}
impl File for Server {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Self::new(self.first)).map_err(|(error, _)| error.into())
    }
    fn seek(&self, to: u32) -> Result<(), RpcError> {
        match to {
            POISON if !self.first => return Err(RpcError::RecoveryFailed),
            DEADLY => assert!(self.first, "the deadly seek"),
            SLOW if !self.first => {
                REPLAYING.store(true, SeqCst);
                while !GO_ON.load(SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
                return Err(RpcError::RecoveryFailed);
            }
            _ => {}
        }
        *self.at.lock().unwrap() = to;
        Ok(())
    }
    fn at(&self) -> Result<u32, RpcError> {
        Ok(*self.at.lock().unwrap())
    }
}
fn server(first: bool) -> Result<Server, RpcError> {
    Ok(Server::new(first))
}
fn files(name: &str) -> Domain<dyn File> {
    let first = AtomicBool::new(true);
    let spec = DomainSpec::new(name).restart(Restart::limited(20, Duration::from_secs(3600)));
    let mint = Mint::of(move || first.swap(false, SeqCst));
    host().spawn(spec, server, mint).unwrap()
}

#[interface]
trait Client {
    /// Opens a file, keeps it, and hands on a clone of it.
    fn open(&self) -> Result<Proxy<dyn File>, RpcError>;
    fn take(&self, file: Proxy<dyn File>) -> Result<(), RpcError>;
    fn seek(&self, to: u32) -> Result<(), RpcError>;
    fn at(&self) -> Result<u32, RpcError>;
}
struct User(Shadow<dyn File>, Mutex<Option<Proxy<dyn File>>>);
impl User {
    fn file(&self) -> Proxy<dyn File> {
        let file = self.1.lock().unwrap();
        file.as_ref().unwrap().try_clone().unwrap()
    }
}
impl Client for User {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        let file = self.0.open()?;
        self.take(file)?;
        Ok(self.file())
    }
    fn take(&self, file: Proxy<dyn File>) -> Result<(), RpcError> {
        let old = self.1.lock().unwrap().replace(file);
        drop(old);
        Ok(())
    }
    fn seek(&self, to: u32) -> Result<(), RpcError> {
        self.file().seek(to)
    }
    fn at(&self) -> Result<u32, RpcError> {
        self.file().at()
    }
}
fn user(file: Shadow<dyn File>) -> Result<User, RpcError> {
    Ok(User(file, Mutex::default()))
}
fn client(name: &str, of: &Domain<dyn File>) -> (Domain<dyn Client>, Proxy<dyn Client>) {
    let of = of.clone();
    let mint = Mint::fallible(move || of.shadow());
    let domain: Domain<dyn Client> = host().spawn(DomainSpec::new(name), user, mint).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// A file that its owner has at position 3.
struct Shared {
    files: Domain<dyn File>,
    owner: Domain<dyn Client>,
    guest: Domain<dyn Client>,
    file: Proxy<dyn File>,
}

impl Shared {
    /// Makes a file on which the guest has recorded `seek`, and whose server is dead.
    fn new(name: &str, seek: u32) -> Self {
        let files = files(name);
        let (owner, o) = client("owner", &files);
        let (guest, g) = client("guest", &files);
        let file = o.open().unwrap();
        g.take(file.try_clone().unwrap()).unwrap();
        assert_eq!(o.seek(3), Ok(()));
        assert_eq!(g.seek(seek), Ok(()));
        assert!(files.kill());
        Self {
            files,
            owner,
            guest,
            file,
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.owner.kill();
        self.guest.kill();
        self.files.kill();
    }
}

/// Invariant: HEAP-34
#[test]
fn bad_record_takes_no_object_from_other_holders() {
    let _alone = alone();
    let shared = Shared::new("poisoned", POISON);
    assert!(!shared.file.is_alive());
    let o = shared.owner.proxy().unwrap();
    let got: Vec<_> = (0..3).map(|_| o.at()).collect();
    assert_eq!(got[2], Ok(3));
    assert!(shared.file.is_alive(), "it was opened again");
}

/// The server dies of the guest's recorded call. Each call of the other holders could cost the server a restart,
/// until all restarts are spent.
///
/// Invariant: HEAP-34
#[test]
fn bad_record_spends_few_restarts_of_the_server() {
    let _alone = alone();
    let shared = Shared::new("deadly", DEADLY);
    let o = shared.owner.proxy().unwrap();
    for _ in 0..30 {
        let _ = o.at();
    }
    assert!(shared.files.restarts() < 5);
}

/// The guest dies while its call is replayed. When the replay ends, the next domain in the guest's slot has already
/// recorded a call on the object. It must not be taken for the guest.
///
/// Invariant: HEAP-14
#[test]
fn dead_domains_record_spares_its_slots_next_owner() {
    let _alone = alone();
    let shared = Shared::new("slow", SLOW);
    let o = shared.owner.proxy().unwrap();
    let reopening = thread::spawn(move || o.at());
    wait_until("the replay", || REPLAYING.load(SeqCst));
    let slot = shared.guest.info().id;
    let before = reclaims("guest").len();
    assert!(shared.guest.kill());
    let _released = await_reclaims("guest", before + 1);
    let stranger = spawn_in(slot, || client("stranger", &shared.files).0);
    let s = stranger.proxy().unwrap();
    s.take(shared.file.try_clone().unwrap()).unwrap();
    assert_eq!(s.seek(7), Ok(()));
    GO_ON.store(true, SeqCst);
    let owners = reopening.join().unwrap();
    let further = s.seek(8);
    assert!(shared.files.kill());
    let restored = s.at();
    stranger.kill();
    assert_eq!(owners, Ok(7), "no record may stop the owner's call");
    assert_eq!(
        further,
        Ok(()),
        "the stranger's call is refused because of a dead domain's record"
    );
    assert_eq!(restored, Ok(8), "the stranger's record was given up");
}
