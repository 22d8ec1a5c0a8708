//! A domain with a thread that serves a network device: in turn, the thread waits for frames and makes an exchange.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use samara_domain::{Exchangeable, RpcError, Shadow, interface, thread};
use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::runtime;
use samara_interfaces::net::{NetDevice, Packet, Packets, Waited};
use samara_proxy::Export;

/// A domain that serves a network device.
#[interface]
pub trait Consumer {
    /// Returns the results so far.
    fn counts(&self) -> Result<Counts, RpcError>;
}

/// The results of the waits and exchanges of the consumer's thread.
#[derive(Clone, Copy, Debug, Default, Exchangeable)]
pub struct Counts {
    /// Waits that have returned.
    pub waits: u64,
    /// The number of waits that found the device ready.
    pub ready: u64,
    /// The number of waits that lasted their whole time.
    pub timed_out: u64,
    /// The number of frames that exchanges have received.
    pub received: u64,
    /// The number of waits that returned an error.
    pub errors: u64,
    /// Whether the thread is in a wait.
    pub waiting: bool,
}

#[derive(Debug, Default)]
struct Shared {
    waits: AtomicU64,
    ready: AtomicU64,
    timed_out: AtomicU64,
    received: AtomicU64,
    errors: AtomicU64,
    waiting: AtomicBool,
}

/// The consumer's object.
#[derive(Debug)]
pub struct Served(Arc<Shared>);

impl Consumer for Served {
    fn counts(&self) -> Result<Counts, RpcError> {
        let shared = &*self.0;
        Ok(Counts {
            waits: shared.waits.load(SeqCst),
            ready: shared.ready.load(SeqCst),
            timed_out: shared.timed_out.load(SeqCst),
            received: shared.received.load(SeqCst),
            errors: shared.errors.load(SeqCst),
            waiting: shared.waiting.load(SeqCst),
        })
    }
}

fn stock() -> Packets {
    let mut packets = Packets::new();
    while !packets.is_full() {
        let packet = Packet::alloc().expect("memory");
        assert!(packets.push_back(packet).is_ok());
    }
    packets
}

/// The number of waits of all consumers that have lasted their whole time. Unlike [`Counts`], this number outlives
/// the consumer's domain.
pub static TIMED_OUT: AtomicU64 = AtomicU64::new(0);

fn serve(nic: &Shadow<dyn NetDevice>, micros: u32, shared: &Shared) {
    let mut rx = stock();
    while !thread::is_stopping() {
        shared.waiting.store(true, SeqCst);
        let start = Instant::now();
        let waited = nic.wait(0, micros);
        let took = start.elapsed();
        shared.waiting.store(false, SeqCst);
        match waited {
            Ok(Waited::Ready) => shared.ready.fetch_add(1, SeqCst),
            // The thread was woken without a frame: a delayed message can come after its frame was received.
            Ok(_) if took < Duration::from_micros(micros.into()) => 0,
            Ok(_) => {
                TIMED_OUT.fetch_add(1, SeqCst);
                shared.timed_out.fetch_add(1, SeqCst)
            }
            Err(_) => shared.errors.fetch_add(1, SeqCst),
        };
        shared.waits.fetch_add(1, SeqCst);
        match nic.exchange(0, Packets::new(), rx) {
            Ok(exchanged) => {
                let count = exchanged.received as u64;
                shared.received.fetch_add(count, SeqCst);
                rx = exchanged.rx;
            }
            Err(_) => rx = stock(),
        }
    }
}

fn init((nic, micros): (Shadow<dyn NetDevice>, u32)) -> Result<Served, RpcError> {
    let shared = Arc::new(Shared::default());
    let counts = Arc::clone(&shared);
    thread::spawn(move || serve(&nic, micros, &counts)).expect("a thread");
    Ok(Served(shared))
}

/// Starts a consumer of `driver` that waits `micros` microseconds at a time.
///
/// # Panics
/// If the consumer does not start.
#[must_use]
pub fn spawn(driver: &Domain<dyn NetDevice>, micros: u32) -> Domain<dyn Consumer> {
    let handle = driver.clone();
    let mint = Mint::fallible(move || handle.shadow().map(|nic| (nic, micros)));
    runtime()
        .spawn(DomainSpec::new("consumer").threads(1), init, mint)
        .expect("the consumer starts")
}
