//! Soak: crashes and restarts under load from two threads, while memory stays flat.
//!
//! 2,000 restarts by default. The full run, once before a release:
//! `SAMARA_SOAK=100000 cargo test --release -p samara-domain-runtime --test soak -- --nocapture`

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System, live_bytes, runtime};
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_shared_heap::heap;
use samara_testkit::hosted::{Rng, wait_until};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const HOUR: Duration = Duration::from_secs(3600);
const LOADERS: u64 = 2;
/// How often memory is measured.
const SAMPLES: usize = 20;

#[interface]
trait Store {
    /// Keeps the object, and returns an older one once there are more than 16.
    fn swap(&self, object: RRef<RRef<[u8]>>) -> Result<Option<RRef<RRef<[u8]>>>, RpcError>;
    /// Panics while it holds objects and private memory, on a thread of its own if `elsewhere`.
    fn crash(&self, object: RRef<[u8]>, elsewhere: bool) -> Result<(), RpcError>;
}

struct HostResource {
    objects: Mutex<Vec<RRef<RRef<[u8]>>>>,
    private: Vec<u8>,
}

/// The number of calls that found their domain dead too often.
static GIVEN_UP: AtomicUsize = AtomicUsize::new(0);

/// The number of starts. Every eighth generation has a thread that parks until the domain is stopped.
static STARTS: AtomicUsize = AtomicUsize::new(0);

fn init((): ()) -> Result<HostResource, own_thread::SpawnError> {
    if STARTS.fetch_add(1, SeqCst).is_multiple_of(8) {
        own_thread::spawn(|| {
            while !own_thread::is_stopping() {
                own_thread::park();
            }
        })?;
    }
    Ok(HostResource {
        objects: Mutex::default(),
        private: vec![7; 10_000],
    })
}

impl Store for HostResource {
    fn swap(&self, object: RRef<RRef<[u8]>>) -> Result<Option<RRef<RRef<[u8]>>>, RpcError> {
        let mut objects = self.objects.lock().unwrap();
        objects.push(object);
        let at = objects.len() / 2;
        Ok((objects.len() > 16).then(|| objects.swap_remove(at)))
    }
    fn crash(&self, object: RRef<[u8]>, elsewhere: bool) -> Result<(), RpcError> {
        let more = vec![1_u8; object.len()];
        assert_eq!(self.private[0], 7);
        let die = move || panic!("holding {} and {}", object.len(), more.len());
        if elsewhere {
            // If the spawn is refused, the domain dies of this `unwrap` instead.
            own_thread::spawn(die).unwrap().join();
        } else {
            die();
        }
        Ok(())
    }
}

/// The memory that must stay flat. It is measured while the load runs, so it includes the objects of calls in flight.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    /// Live shared objects and capabilities. A leak of one per restart shows here at once.
    live: usize,
    /// Bytes of the exchange heap's pages after the caches were emptied. Full caches also keep free slots of every
    /// shard on which a thread ever ran. The number of these slots grows to its limit over tens of thousands of
    /// restarts, so it would hide a leak, or look like one.
    pages: usize,
    /// Committed private memory of all domains.
    private: usize,
    /// The resident memory of the process.
    resident: usize,
    threads: usize,
}

impl Memory {
    fn now() -> Self {
        heap::trim();
        let pages = live_bytes();
        let census = heap::census_all();
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
        let resident = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
        Self {
            live: census.objects + census.capabilities,
            pages,
            private: runtime().domains().map(|info| info.private_bytes).sum(),
            resident: resident.unwrap_or(0_usize) * 4096,
            threads: std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count),
        }
    }
}

/// Accepts `Crashed`, and counts calls that the shadow gave up because it found the domain dead too often. On a busy
/// machine the other thread may crash each generation first.
fn expect_crash(error: RpcError) {
    if error == RpcError::RecoveryFailed {
        GIVEN_UP.fetch_add(1, SeqCst);
    } else {
        assert_eq!(error, RpcError::Crashed);
    }
}

fn load(seed: u64, domain: &Domain<dyn Store>, crashes: usize) {
    let shadow = domain.shadow().unwrap();
    let mut rng = Rng::new(seed);
    while (domain.restarts() as usize) < crashes {
        for _ in 0..rng.below(12) {
            let bytes = RRef::new_zeroed_slice(1 + rng.below(6000)).unwrap();
            match shadow.swap(RRef::new(bytes)) {
                Ok(back) => assert!(back.is_none_or(|object| RRef::owner(&*object).is_host())),
                Err(error) => expect_crash(error),
            }
        }
        let bytes = RRef::new_zeroed_slice(1 + rng.below(40_000)).unwrap();
        let elsewhere = rng.below(8) == 0;
        expect_crash(shadow.crash(bytes, elsewhere).unwrap_err());
    }
}

/// Failure: F-41
#[test]
fn crashes_and_restarts_under_load_with_flat_memory() {
    let crashes = std::env::var("SAMARA_SOAK").map_or(2_000, |count| count.parse().unwrap());
    let policy = Restart::limited(u32::MAX, HOUR);
    let spec = DomainSpec::new("soak").restart(policy);
    let domain: Domain<dyn Store> = runtime().spawn(spec, init, Mint::nothing()).unwrap();
    let start = Instant::now();
    let mut samples = Vec::new();
    std::thread::scope(|scope| {
        let domain = &domain;
        let loaders: Vec<_> = (0..LOADERS)
            .map(|seed| scope.spawn(move || load(seed, domain, crashes)))
            .collect();
        while !loaders.iter().all(|loader| loader.is_finished()) {
            std::thread::sleep(Duration::from_millis(1));
            if domain.restarts() as usize * SAMPLES / crashes > samples.len() {
                samples.push(Memory::now());
                println!("{:7} restarts: {:?}", domain.restarts(), samples.last());
            }
        }
    });
    let took = start.elapsed();
    let given_up = GIVEN_UP.load(SeqCst);
    println!(
        "{} restarts in {took:?}, {given_up} calls given up",
        domain.restarts()
    );
    assert!(given_up <= crashes / 100, "most calls get through");
    assert!(domain.restarts() as usize >= crashes);
    assert!(
        samples.len() >= SAMPLES / 2,
        "the run was too short to be measured"
    );
    let resident = samples[SAMPLES / 5].resident;
    for (at, sample) in samples.iter().enumerate() {
        // A generation keeps 16 objects of two slots each, a few objects are in flight, and there are two
        // generations at most. The bound is absolute, so that the short run shows a leak of one object in ten
        // restarts.
        assert!(sample.live <= 120, "sample {at}: {sample:?}");
        assert!(sample.pages <= 3 << 20, "sample {at}: {sample:?}");
        assert!(sample.private <= 1 << 20, "sample {at}: {sample:?}");
        assert!(sample.threads <= 16, "sample {at}: {sample:?}");
        // The resident memory covers everything else that the process keeps. It is compared after the first fifth of
        // the run, which warms up the system's allocator.
        assert!(
            at <= SAMPLES / 5 || sample.resident <= resident + (3 << 20),
            "sample {at}: {sample:?}"
        );
    }

    assert!(domain.kill());
    wait_until("the last reclaim", || {
        runtime().reap();
        runtime().domains().count() == 0
    });
    heap::trim();
    let census = heap::census_all();
    assert_eq!((census.objects, census.capabilities), (0, 0));
    assert_eq!(live_bytes(), 0);
}
