//! Attack: what is kept of a dead domain by the number of its slot is held against the stranger who has the slot next.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host, reclaims, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// A later generation of the server takes its time over it, and fails.
const SLOW: u32 = 666;
static FIRST: AtomicBool = AtomicBool::new(true);
static REPLAYING: AtomicBool = AtomicBool::new(false);
static FAIL: AtomicBool = AtomicBool::new(false);

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
impl File for Server {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Self {
            first: self.first,
            at: Mutex::new(0),
        })
        .map_err(|(error, _)| error.into())
    }
    fn seek(&self, to: u32) -> Result<(), RpcError> {
        if to == SLOW && !self.first {
            REPLAYING.store(true, SeqCst);
            while !FAIL.load(SeqCst) {
                thread::sleep(Duration::from_millis(1));
            }
            return Err(RpcError::RecoveryFailed);
        }
        *self.at.lock().unwrap() = to;
        Ok(())
    }
    fn at(&self) -> Result<u32, RpcError> {
        Ok(*self.at.lock().unwrap())
    }
}
fn server(first: bool) -> Result<Server, RpcError> {
    Ok(Server {
        first,
        at: Mutex::new(0),
    })
}

#[interface]
trait Client {
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
        let other = file.try_clone()?;
        *self.1.lock().unwrap() = Some(file);
        Ok(other)
    }
    fn take(&self, file: Proxy<dyn File>) -> Result<(), RpcError> {
        *self.1.lock().unwrap() = Some(file);
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

/// The attacker has recorded a call on a shared object, and dies while that is made again. Who has its slot by then pays.
#[test]
fn a_dead_domains_record_is_not_blamed_on_who_has_its_slot_next() {
    let _alone = alone();
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let files: Domain<dyn File> = host()
        .spawn(
            DomainSpec::new("files").restart(restart),
            server,
            Mint::of(|| FIRST.swap(false, SeqCst)),
        )
        .unwrap();
    let client = |name: &str| -> Domain<dyn Client> {
        let of = files.clone();
        let mint = Mint::fallible(move || of.shadow());
        host().spawn(DomainSpec::new(name), user, mint).unwrap()
    };
    let (owner, attacker) = (client("owner"), client("attacker"));
    let file = owner.proxy().unwrap().open().unwrap();
    let a = attacker.proxy().unwrap();
    a.take(file.try_clone().unwrap()).unwrap();
    assert_eq!(a.seek(SLOW), Ok(()));
    assert!(files.kill());
    // The owner's next use opens the file again, and makes the attacker's call again.
    let o = owner.proxy().unwrap();
    let reopening = thread::spawn(move || o.at());
    wait_until("the replay", || REPLAYING.load(SeqCst));
    let slot = attacker.info().id;
    assert!(attacker.kill());
    wait_until("the reclaim", || {
        host().reap();
        !reclaims("attacker").is_empty()
    });
    let victim = client("victim");
    assert_eq!(victim.info().id, slot, "the slot is used again");
    let v = victim.proxy().unwrap();
    v.take(file.try_clone().unwrap()).unwrap();
    assert_eq!(v.seek(7), Ok(()));
    FAIL.store(true, SeqCst);
    println!("the owner's: {:?}", reopening.join().unwrap());
    let further = v.seek(8);
    // Another restart: what the victim had recorded is restored, or not.
    assert!(files.kill());
    let at = v.at();
    println!("the victim's next record: {further:?}; after a restart it is at {at:?}");
    for client in [owner, victim] {
        client.kill();
    }
    files.kill();
    assert_eq!(further, Ok(()), "it is refused for a dead domain's record");
    assert_eq!(at, Ok(8), "its record was given up");
}
