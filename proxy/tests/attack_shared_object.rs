//! Attack: an opened object that several domains have. One of them makes a recorded call on it that its
//! server can't repeat: after a restart the object is lost for all the others, for as long as that one likes.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const POISON: u32 = 666;
/// A later generation of the server dies of it.
const DEADLY: u32 = 667;
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
        // The file was longer then, say.
        if to == POISON && !self.first {
            return Err(RpcError::RecoveryFailed);
        }
        assert!(to != DEADLY || self.first, "it dies of it");
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
        self.1.lock().unwrap().as_ref().unwrap().seek(to)
    }
    fn at(&self) -> Result<u32, RpcError> {
        self.1.lock().unwrap().as_ref().unwrap().at()
    }
}
fn user(file: Shadow<dyn File>) -> Result<User, RpcError> {
    Ok(User(file, Mutex::default()))
}

static FIRST: AtomicBool = AtomicBool::new(true);

#[test]
fn a_record_of_one_holder_does_not_take_an_object_from_the_others() {
    let _alone = alone();
    FIRST.store(true, SeqCst);
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
        host()
            .spawn(
                DomainSpec::new(name),
                user,
                Mint::fallible(move || of.shadow()),
            )
            .unwrap()
    };
    let (owner, guest) = (client("owner"), client("guest"));
    let (o, g) = (owner.proxy().unwrap(), guest.proxy().unwrap());
    let file = o.open().unwrap();
    g.take(file).unwrap();
    assert_eq!(o.seek(3), Ok(()));
    assert_eq!(g.seek(POISON), Ok(()));
    assert!(files.kill());
    let got: Vec<_> = (0..3).map(|_| o.at()).collect();
    println!("{got:?}");
    assert_eq!(got[2], Ok(3));
    guest.kill();
}

/// Worse if the server dies of it: then each call of the others costs it a restart, until all are spent.
#[test]
fn a_record_of_one_holder_does_not_end_the_server_again_and_again() {
    let _alone = alone();
    FIRST.store(true, SeqCst);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let files: Domain<dyn File> = host()
        .spawn(
            DomainSpec::new("deadly").restart(restart),
            server,
            Mint::of(|| FIRST.swap(false, SeqCst)),
        )
        .unwrap();
    let client = |name: &str| -> Domain<dyn Client> {
        let of = files.clone();
        host()
            .spawn(
                DomainSpec::new(name),
                user,
                Mint::fallible(move || of.shadow()),
            )
            .unwrap()
    };
    let (owner, guest) = (client("owner2"), client("guest2"));
    let (o, g) = (owner.proxy().unwrap(), guest.proxy().unwrap());
    let file = o.open().unwrap();
    g.take(file).unwrap();
    assert_eq!(o.seek(3), Ok(()));
    assert_eq!(g.seek(DEADLY), Ok(()));
    assert!(files.kill());
    let got: Vec<_> = (0..30).map(|_| o.at()).collect();
    println!(
        "{:?} {:?}; {} restarts; another client: {:?}",
        got[0],
        got[29],
        files.restarts(),
        files.shadow().unwrap().at()
    );
    guest.kill();
    assert!(files.restarts() < 5);
}
