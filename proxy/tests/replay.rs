//! State that comes back: recorded calls are replayed, and opened files outlive their server.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{await_reclaims, deaths, host, owner_of};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait File {
    #[idempotent]
    fn read(&self) -> Result<(u32, u32), RpcError>;
    #[replay]
    fn seek(&self, to: u32) -> Result<(), RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
    #[idempotent]
    fn crash_times(&self, test: usize) -> Result<u32, RpcError>;
}

#[interface]
trait Directory {
    #[replay]
    fn file(&self, number: u32) -> Result<Proxy<dyn File>, RpcError>;
}

#[interface]
trait Store {
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[replay]
    fn file(&self, number: u32) -> Result<Proxy<dyn File>, RpcError>;
    #[replay]
    fn directory(&self) -> Result<Proxy<dyn Directory>, RpcError>;
    /// Hands out the file that `leave` stored, if there is one.
    #[replay]
    fn lobby(&self) -> Result<Proxy<dyn File>, RpcError>;
    fn leave(&self, file: Proxy<dyn File>) -> Result<(), RpcError>;
    /// Not replayed: the file that it hands out dies with the server.
    fn temporary(&self) -> Result<Proxy<dyn File>, RpcError>;
    #[idempotent]
    fn volumes(&self) -> Result<[u32; 4], RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

/// How often a call crashes before it succeeds, for each test.
static CRASHES: [AtomicU32; 16] = [const { AtomicU32::new(0) }; 16];

fn maybe_crash(test: usize) {
    let spent = CRASHES[test].try_update(SeqCst, SeqCst, |left| left.checked_sub(1));
    assert!(spent.is_err(), "asked to crash");
}

struct Open {
    number: u32,
    at: AtomicU32,
}

fn open(number: u32) -> Result<Proxy<dyn File>, RpcError> {
    let at = AtomicU32::new(0);
    Proxy::export(Open { number, at }).map_err(|(error, _)| error.into())
}

impl File for Open {
    fn read(&self) -> Result<(u32, u32), RpcError> {
        Ok((self.number, self.at.load(SeqCst)))
    }
    fn seek(&self, to: u32) -> Result<(), RpcError> {
        self.at.store(to, SeqCst);
        Ok(())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
    fn crash_times(&self, test: usize) -> Result<u32, RpcError> {
        maybe_crash(test);
        Ok(self.number)
    }
}

struct Root;

impl Directory for Root {
    fn file(&self, number: u32) -> Result<Proxy<dyn File>, RpcError> {
        open(100 + number)
    }
}

#[derive(Default)]
struct Volumes {
    test: usize,
    mounted: Mutex<Vec<u32>>,
    left: Mutex<Option<Proxy<dyn File>>>,
}

impl Store for Volumes {
    fn mount(&self, volume: u32) -> Result<u32, RpcError> {
        let mut mounted = self.mounted.lock().unwrap();
        if volume == 0 {
            return Err(RpcError::OutOfMemory);
        }
        mounted.push(volume);
        drop(mounted);
        maybe_crash(self.test);
        Ok(volume)
    }
    fn file(&self, number: u32) -> Result<Proxy<dyn File>, RpcError> {
        maybe_crash(self.test);
        open(number)
    }
    fn directory(&self) -> Result<Proxy<dyn Directory>, RpcError> {
        Proxy::export(Root).map_err(|(error, _)| error.into())
    }
    fn lobby(&self) -> Result<Proxy<dyn File>, RpcError> {
        self.left.lock().unwrap().take().ok_or(RpcError::Dead)
    }
    fn leave(&self, file: Proxy<dyn File>) -> Result<(), RpcError> {
        *self.left.lock().unwrap() = Some(file);
        Ok(())
    }
    fn temporary(&self) -> Result<Proxy<dyn File>, RpcError> {
        open(7)
    }
    fn volumes(&self) -> Result<[u32; 4], RpcError> {
        let mounted = self.mounted.lock().unwrap();
        Ok(std::array::from_fn(|at| {
            mounted.get(at).copied().unwrap_or(0)
        }))
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

fn init(test: usize) -> Result<Volumes, RpcError> {
    Ok(Volumes {
        test,
        ..Volumes::default()
    })
}

fn spawn(name: &str, test: usize) -> (Domain<dyn Store>, Shadow<dyn Store>) {
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart).replay_log(4);
    let domain: Domain<dyn Store> = host().spawn(spec, init, Mint::of(move || test)).unwrap();
    let shadow = domain.shadow().unwrap();
    (domain, shadow)
}

#[test]
fn recorded_calls_are_replayed_in_order_and_first() {
    let (domain, shadow) = spawn("order", 0);
    for volume in [3, 1, 2] {
        assert_eq!(shadow.mount(volume), Ok(volume));
    }
    assert_eq!(shadow.crash(), Err(RpcError::Crashed));
    assert_eq!(shadow.volumes(), Ok([3, 1, 2, 0]));
    domain.kill();
    assert_eq!(shadow.volumes(), Ok([3, 1, 2, 0]));
    domain.restart().unwrap();
    assert_eq!(domain.proxy().unwrap().volumes(), Ok([3, 1, 2, 0]));
}

#[test]
fn a_call_cut_short_is_repeated_and_recorded_once() {
    let (domain, shadow) = spawn("cut", 1);
    shadow.mount(5).unwrap();
    CRASHES[1].store(2, SeqCst);
    assert_eq!(shadow.mount(6), Ok(6));
    assert_eq!(shadow.volumes(), Ok([5, 6, 0, 0]));
    domain.kill();
    assert_eq!(shadow.volumes(), Ok([5, 6, 0, 0]));
}

#[test]
fn failed_calls_and_proxy_calls_are_not_recorded() {
    let (domain, shadow) = spawn("unrecorded", 2);
    assert_eq!(shadow.mount(0), Err(RpcError::OutOfMemory));
    domain.proxy().unwrap().mount(9).unwrap();
    shadow.mount(8).unwrap();
    domain.kill();
    assert_eq!(shadow.volumes(), Ok([8, 0, 0, 0]));
}

#[test]
fn a_full_log_refuses_the_call() {
    let (domain, shadow) = spawn("full", 3);
    for volume in 1..=4 {
        shadow.mount(volume).unwrap();
    }
    assert_eq!(shadow.mount(5), Err(RpcError::ReplayLogFull));
    assert_eq!(
        shadow.volumes(),
        Ok([1, 2, 3, 4]),
        "the refused call was not executed"
    );
    assert_eq!(domain.restarts(), 0);
}

#[test]
fn a_crash_of_a_replayed_call_spends_a_restart() {
    let (domain, shadow) = spawn("replay-crash", 4);
    shadow.mount(1).unwrap();
    CRASHES[4].store(2, SeqCst);
    domain.kill();
    assert_eq!(shadow.volumes(), Ok([1, 0, 0, 0]));
    assert_eq!(domain.restarts(), 3);
    CRASHES[4].store(u32::MAX, SeqCst);
    domain.kill();
    assert_eq!(shadow.volumes(), Err(RpcError::RecoveryFailed));
    assert_eq!(domain.restarts(), 20);
}

#[test]
fn an_opened_file_stays_valid_across_restarts() {
    let (domain, shadow) = spawn("opened", 5);
    let file = shadow.file(42).unwrap();
    file.seek(512).unwrap();
    for round in 1..=3 {
        assert_eq!(shadow.crash(), Err(RpcError::Crashed));
        assert_eq!(file.read(), Ok((42, 512)));
        assert_eq!(domain.restarts(), round);
    }
    // If the server crashes during a call on the file, the call is repeated only if it is idempotent. A shadow treats
    // its calls in the same way.
    CRASHES[5].store(2, SeqCst);
    assert_eq!(file.crash_times(5), Ok(42));
    assert_eq!(file.crash(), Err(RpcError::Crashed));
    assert_eq!(file.read(), Ok((42, 512)));
    let clone = file.try_clone().unwrap();
    drop(file);
    domain.kill();
    assert_eq!(clone.read(), Ok((42, 512)));
    assert_eq!(deaths("opened").len(), 3 + 2 + 1 + 1);
}

#[test]
fn opening_is_repeated_too() {
    let (domain, shadow) = spawn("opening", 6);
    CRASHES[6].store(2, SeqCst);
    let file = shadow.file(1).unwrap();
    assert_eq!((file.read(), domain.restarts()), (Ok((1, 0)), 2));
}

#[test]
fn objects_of_opened_objects_recover_through_them() {
    let (domain, shadow) = spawn("nested", 7);
    let directory = shadow.directory().unwrap();
    let file = directory.file(5).unwrap();
    drop((shadow, directory));
    domain.kill();
    assert_eq!(file.read(), Ok((105, 0)));
}

#[test]
fn unrecorded_objects_die_with_their_server() {
    let (domain, shadow) = spawn("temporary", 8);
    let file = shadow.temporary().unwrap();
    let direct = domain.proxy().unwrap().file(3).unwrap();
    assert_eq!((file.read(), direct.read()), (Ok((7, 0)), Ok((3, 0))));
    domain.kill();
    assert_eq!(shadow.volumes(), Ok([0; 4]));
    assert_eq!(file.read(), Err(RpcError::Dead));
    assert_eq!(direct.read(), Err(RpcError::Dead));
}

#[test]
fn an_opened_files_own_log_is_bounded() {
    let (_domain, shadow) = spawn("seeks", 9);
    let file = shadow.file(1).unwrap();
    for to in 0..16 {
        file.seek(to).unwrap();
    }
    assert_eq!(file.seek(16), Err(RpcError::ReplayLogFull));
    assert_eq!(file.read(), Ok((1, 15)));
}

#[test]
fn nothing_is_left_of_opened_files() {
    let (domain, shadow) = spawn("leak", 10);
    let objects = heap::census(owner_of(&domain)).objects;
    for number in 0..100 {
        let file = shadow.file(number).unwrap();
        assert_eq!(file.read(), Ok((number, 0)));
    }
    host().collect_exports();
    assert_eq!(heap::census(owner_of(&domain)).objects, objects);
    assert!(owner_of(&domain) != Owner::HOST);
}

#[test]
fn a_holder_that_dies_releases_its_opened_files() {
    #[interface]
    trait Holder {
        fn open(&self) -> Result<u32, RpcError>;
        fn read(&self) -> Result<(u32, u32), RpcError>;
        fn crash(&self) -> Result<(), RpcError>;
    }
    struct Holding {
        shadow: Shadow<dyn Store>,
        file: Mutex<Option<Proxy<dyn File>>>,
    }
    impl Holder for Holding {
        fn open(&self) -> Result<u32, RpcError> {
            let file = self.shadow.file(31)?;
            file.seek(1)?;
            *self.file.lock().unwrap() = Some(file);
            Ok(1)
        }
        fn read(&self) -> Result<(u32, u32), RpcError> {
            match &*self.file.lock().unwrap() {
                Some(file) => file.read(),
                None => Err(RpcError::Dead),
            }
        }
        fn crash(&self) -> Result<(), RpcError> {
            panic!("asked to")
        }
    }
    let (domain, shadow) = spawn("server", 11);
    let objects = heap::census(owner_of(&domain)).objects;
    let handle = domain.clone();
    let init = |shadow| {
        let file = Mutex::default();
        Ok::<_, RpcError>(Holding { shadow, file })
    };
    let mint = Mint::fallible(move || handle.shadow());
    let holder: Domain<dyn Holder> = host().spawn(DomainSpec::new("holder"), init, mint).unwrap();
    let proxy = holder.proxy().unwrap();
    proxy.open().unwrap();
    domain.kill();
    // The file is recovered on a domain's thread. The objects that the recovery makes belong to the host, not to that
    // domain.
    assert_eq!(proxy.read(), Ok((31, 1)));
    assert_eq!(heap::census(owner_of(&domain)).objects, objects + 1);
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    let _ = await_reclaims("holder", 1);
    host().collect_exports();
    assert_eq!(heap::census(owner_of(&domain)).objects, objects);
    assert_eq!(shadow.volumes(), Ok([0; 4]));
}

/// Invariant: EXPORT-15
#[test]
fn a_living_object_is_not_given_up_for_a_panic() {
    let (_domain, shadow) = spawn("lobby", 13);
    // The object belongs to the host, so a panic in it is contained and does not end the object.
    shadow.leave(open(88).unwrap()).unwrap();
    let file = shadow.lobby().unwrap();
    shadow.leave(open(89).unwrap()).unwrap();
    assert_eq!(file.crash(), Err(RpcError::Crashed));
    host().collect_exports();
    assert_eq!(file.read(), Ok((88, 0)));
}

/// Invariant: EXPORT-15
#[test]
fn threads_that_find_the_server_dead_all_go_on() {
    let (domain, shadow) = spawn("both", 12);
    let file = shadow.file(2).unwrap();
    file.seek(9).unwrap();
    for _ in 0..10 {
        domain.kill();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(file.read(), Ok((2, 9))));
            }
        });
    }
    assert_eq!(domain.restarts(), 10);
}
