//! Memory that the host keeps for a domain: which domain is charged for it, how much the domain is charged, and when
//! the memory is freed. The memory holds recorded calls and *ways back*. A way back to an opened object is the call
//! by which the host opens the object again.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::DomainAlloc;
use samara_host_std::contained::contained;
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_testkit::hosted::{Counted, Totals, alone, await_reclaims, deaths, host};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<Counted> = DomainAlloc::new(Counted);

fn host_bytes() -> isize {
    Counted::bytes() as isize
}

/// The size of an argument that is large enough to cost the host memory.
const LARGE: usize = 4096;

#[interface]
trait Store {
    /// Hands out the object in the lobby, or a new one.
    #[replay]
    fn open(&self, how: [u8; LARGE]) -> Result<Proxy<dyn Store>, RpcError>;
    #[replay]
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
    #[replay]
    fn note(&self, text: [u8; LARGE]) -> Result<u32, RpcError>;
    fn put(&self, proxy: Proxy<dyn Store>) -> Result<(), RpcError>;
    #[idempotent]
    fn mounted(&self) -> Result<u32, RpcError>;
}

/// The number of a volume. The first generation of the server can mount it; every later generation dies of the mount.
const POISON: u32 = 666;

/// The number of generations of a server that have died of a mount of `POISON`.
static POISONED: AtomicU32 = AtomicU32::new(0);

#[derive(Default)]
struct Volumes {
    lobby: Mutex<Option<Proxy<dyn Store>>>,
    mounted: AtomicU32,
    /// Whether this is the server's first generation.
    first: bool,
}

impl Store for Volumes {
    fn open(&self, _: [u8; LARGE]) -> Result<Proxy<dyn Store>, RpcError> {
        if let Some(proxy) = self.lobby.lock().unwrap().take() {
            return Ok(proxy);
        }
        Proxy::export(Self::default()).map_err(|(error, _)| error.into())
    }
    fn mount(&self, volume: u32) -> Result<u32, RpcError> {
        if volume == POISON && !self.first {
            POISONED.fetch_add(1, SeqCst);
            panic!("the poisoned volume");
        }
        Ok(self.mounted.fetch_add(1, SeqCst) + 1)
    }
    fn note(&self, _: [u8; LARGE]) -> Result<u32, RpcError> {
        Ok(self.mounted.fetch_add(1, SeqCst) + 1)
    }
    fn put(&self, proxy: Proxy<dyn Store>) -> Result<(), RpcError> {
        let old = self.lobby.lock().unwrap().replace(proxy);
        drop(old);
        Ok(())
    }
    fn mounted(&self) -> Result<u32, RpcError> {
        Ok(self.mounted.load(SeqCst))
    }
}

fn init(first: bool) -> Result<Volumes, RpcError> {
    Ok(Volumes {
        first,
        ..Volumes::default()
    })
}

/// Returns a server and its first shadow. The server's record holds four calls of each domain.
fn server(name: &str) -> (Domain<dyn Store>, Shadow<dyn Store>) {
    static STARTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new(name).restart(restart).replay_log(4);
    let name = name.to_string();
    let mint = Mint::of(move || {
        let mut starts = STARTS.lock().unwrap();
        let first = !starts.contains(&name);
        starts.push(name.clone());
        first
    });
    let domain: Domain<dyn Store> = host().spawn(spec, init, mint).unwrap();
    let shadow = domain.shadow().unwrap();
    (domain, shadow)
}

#[interface]
trait Client {
    /// Mounts until a mount is refused. Returns how many succeeded, and the error of the refusal.
    fn fill(&self, volume: u32) -> Result<(u32, RpcError), RpcError>;
    /// Opens up to `objects` objects with a large argument, and makes recorded calls on each until one is
    /// refused.
    fn hoard(&self, objects: u32) -> Result<(u32, RpcError), RpcError>;
    /// Repeats two calls `links` times: it gives the server the object that it opened last, and then it opens an
    /// object, for which the server hands out the object that it was just given.
    fn knit(&self, links: u32) -> Result<u32, RpcError>;
    /// Opens an object and hands it on.
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError>;
    fn mount(&self, volume: u32) -> Result<u32, RpcError>;
}

struct Calling {
    store: Shadow<dyn Store>,
    objects: Mutex<Vec<Proxy<dyn Store>>>,
}

impl Client for Calling {
    fn fill(&self, volume: u32) -> Result<(u32, RpcError), RpcError> {
        let mut made = 0;
        loop {
            match self.store.mount(volume) {
                Ok(_) => made += 1,
                Err(error) => return Ok((made, error)),
            }
        }
    }
    fn hoard(&self, objects: u32) -> Result<(u32, RpcError), RpcError> {
        let mut held = self.objects.lock().unwrap();
        for opened in 0..objects {
            match self.store.open([1; LARGE]) {
                Ok(object) => {
                    while object.note([2; LARGE]).is_ok() {}
                    held.push(object);
                }
                Err(error) => return Ok((opened, error)),
            }
        }
        Err(RpcError::Dead)
    }
    fn knit(&self, links: u32) -> Result<u32, RpcError> {
        let mut last = self.store.open([0; LARGE])?;
        for link in 0..links {
            self.store.put(last)?;
            last = match self.store.open([0; LARGE]) {
                Ok(next) => next,
                Err(_) => return Ok(link),
            };
        }
        self.objects.lock().unwrap().push(last);
        Ok(links)
    }
    fn open(&self) -> Result<Proxy<dyn Store>, RpcError> {
        self.store.open([3; LARGE])
    }
    fn mount(&self, volume: u32) -> Result<u32, RpcError> {
        self.store.mount(volume)
    }
}

fn calling(store: Shadow<dyn Store>) -> Result<Calling, RpcError> {
    let objects = Mutex::default();
    Ok(Calling { store, objects })
}

fn client(name: &str, of: &Domain<dyn Store>) -> (Domain<dyn Client>, Proxy<dyn Client>) {
    let of = of.clone();
    let spec = DomainSpec::new(name)
        .heap_quota(256 << 10)
        .shared_quota(64 << 10)
        .restart(Restart::limited(20, Duration::from_secs(3600)));
    let mint = Mint::fallible(move || of.shadow());
    let domain: Domain<dyn Client> = host().spawn(spec, calling, mint).unwrap();
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

/// Kills the client and waits for its reclaim.
fn end(client: &Domain<dyn Client>) {
    let name = client.name().to_string();
    assert!(client.kill());
    let _released = await_reclaims(&name, 1);
}

/// A server gives back the object that its client has handed to it, again and again. Each proxy once kept the way
/// back of the previous proxy alive. So the drop of a chain of 20,000 ways back overflowed the host's stack.
///
/// Invariant: EXPORT-11
#[test]
fn an_opened_object_is_not_wrapped_again() {
    let (_alone, _contained) = (alone(), contained(false));
    let before = Totals::now();
    {
        let (store, shadow) = server("knitted");
        let (knitter, proxy) = client("knitter", &store);
        let bytes = host_bytes();
        assert_eq!(proxy.knit(20_000), Ok(20_000));
        let (grown, kept_bytes) = (host_bytes() - bytes, knitter.info().host_bytes);
        assert!(
            kept_bytes < 10 << 10,
            "{kept_bytes} bytes kept for one object"
        );
        assert!(grown < 10 << 10, "the host's heap grew by {grown} bytes");
        assert!(store.kill());
        assert_eq!(shadow.mounted(), Ok(0));
        end(&knitter);
        assert!(store.kill());
    }
    host().collect_exports();
    assert_eq!(Totals::now(), before);
}

/// A reopening must not lengthen the chain of ways back either. After a restart the server reopens one object by
/// handing out a proxy of another opened object.
///
/// Invariant: EXPORT-11
#[test]
fn a_reopening_keeps_no_other_objects_way_back() {
    let (_alone, _contained) = (alone(), contained(false));
    let (store, shadow) = server("relay");
    let (one, other) = (shadow.open([0; LARGE]), shadow.open([0; LARGE]));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(store.kill());
    assert_eq!(other.mounted(), Ok(0));
    shadow.put(other.try_clone().unwrap()).unwrap();
    assert_eq!(one.mounted(), Err(RpcError::RecoveryFailed));
    // The lobby is empty now, so the server opens a new object of its own.
    assert_eq!(one.mounted(), Ok(0));
    assert!(store.kill());
}

/// When one client had made 63 recorded calls, the service's record was once full, and all other clients could not
/// use the service any more.
///
/// Invariant: HEAP-16
#[test]
fn a_client_fills_no_record_but_its_own() {
    let (_alone, _contained) = (alone(), contained(false));
    let (store, shadow) = server("shared");
    let (greedy, proxy) = client("greedy", &store);
    let (modest, other) = client("modest", &store);
    assert_eq!(proxy.fill(1), Ok((4, RpcError::ReplayLogFull)));
    assert_eq!(other.mount(1), Ok(5), "a call of another client");
    assert_eq!(shadow.mount(1), Ok(6), "a call of the host");
    // A restart replays all six calls, for as long as the domains that made them live.
    assert!(store.kill());
    assert_eq!(shadow.mounted(), Ok(6));
    assert!(store.service().journal().len() == 6);
    end(&greedy);
    assert!(store.service().journal().len() == 2);
    assert!(store.kill());
    assert_eq!(shadow.mounted(), Ok(2));
    // The client's next generation has a record of its own.
    greedy.restart().unwrap();
    assert_eq!(
        greedy.proxy().unwrap().fill(1),
        Ok((4, RpcError::ReplayLogFull))
    );
    end(&modest);
    assert!(greedy.kill());
    assert!(store.kill());
}

/// 511 objects with arguments of 4 KiB, and recorded calls on each, once took 35 MB of the host's heap.
///
/// Invariant: HEAP-10
#[test]
fn records_and_ways_back_are_paid_by_their_maker() {
    let (_alone, _contained) = (alone(), contained(false));
    let (store, shadow) = server("paid");
    let (hoarder, proxy) = client("hoarder", &store);
    let before = host_bytes();
    let (opened, why) = proxy.hoard(511).unwrap();
    assert_eq!(why, RpcError::HostQuota);
    let (grown, kept_bytes) = (host_bytes() - before, hoarder.info().host_bytes);
    assert!((1..64).contains(&opened), "{opened} objects");
    assert!(kept_bytes <= 64 << 10, "{kept_bytes} bytes are kept for it");
    assert!(
        grown <= 66 << 10,
        "the host's heap grew by {grown} bytes, of which {kept_bytes} are accounted for"
    );
    // The client's end frees the host's memory for it, and the other clients are not affected.
    assert_eq!(shadow.mount(1), Ok(1));
    end(&hoarder);
    assert!(store.service().journal().len() == 1);
    let left = host_bytes() - before;
    assert!(left < 4 << 10, "{left} bytes are left after its end");
    assert!(store.kill());
}

/// Invariant: HEAP-10
#[test]
fn a_charge_is_given_back_with_its_object() {
    let (_alone, _contained) = (alone(), contained(false));
    let (store, _shadow) = server("given");
    let (opener, proxy) = client("opener", &store);
    let before = opener.info().host_bytes;
    for _ in 0..100 {
        let object = proxy.open().unwrap();
        assert!(opener.info().host_bytes > before + LARGE);
        drop(object);
        assert_eq!(opener.info().host_bytes, before);
    }
    end(&opener);
    assert!(store.kill());
}

/// When the domain that opened an object ends, the way back to the object ends, too. The object itself lives on.
///
/// Invariant: HEAP-10
#[test]
fn a_way_back_ends_with_the_objects_opener() {
    let (_alone, _contained) = (alone(), contained(false));
    let before = Totals::now();
    {
        let (store, shadow) = server("led");
        let (opener, proxy) = client("leader", &store);
        let objects: Vec<_> = (0..8).map(|_| proxy.open().unwrap()).collect();
        let object = &objects[0];
        assert_eq!(object.mount(7), Ok(1));
        assert!(store.kill());
        assert_eq!(object.mounted(), Ok(1), "the opener lives");
        let bytes = host_bytes();
        end(&opener);
        let freed = bytes - host_bytes();
        assert!(freed > 6 * LARGE as isize, "{freed} bytes were freed");
        assert_eq!(object.mounted(), Ok(1), "the object lives");
        assert!(store.kill());
        assert_eq!(object.mounted(), Err(RpcError::Dead));
        assert_eq!(shadow.mounted(), Ok(0));
        assert_eq!(object.mounted(), Err(RpcError::Dead));
        assert!(store.kill());
    }
    host().collect_exports();
    assert_eq!(Totals::now(), before);
}

/// A recorded call that killed each new generation of its server once made the service unavailable for all
/// clients.
///
/// Invariant: HEAP-21
#[test]
fn a_record_that_ends_its_server_is_given_up() {
    let (_alone, _contained) = (alone(), contained(false));
    let (store, shadow) = server("poisoned");
    let (poisoner, proxy) = client("poisoner", &store);
    let (neighbour, other) = client("neighbour", &store);
    assert_eq!(other.mount(1), Ok(1));
    assert_eq!(proxy.mount(POISON), Ok(2));
    assert_eq!(proxy.mount(2), Ok(3));
    assert!(store.kill());
    assert_eq!(shadow.mounted(), Ok(1), "the neighbour's call");
    assert_eq!(POISONED.load(SeqCst), 1);
    assert_eq!(deaths("poisoned").len(), 2);
    // The client that recorded the call gets an error for as long as it lives.
    assert_eq!(proxy.mount(3), Err(RpcError::RecoveryFailed));
    assert_eq!(proxy.mount(3), Err(RpcError::RecoveryFailed));
    assert_eq!(other.mount(1), Ok(2));
    let _ends = poisoner.restart();
    let next_generation = poisoner.proxy().unwrap();
    assert_eq!(next_generation.mount(3), Ok(3));
    assert!(poisoner.kill());
    end(&neighbour);
    assert!(store.kill());
}
