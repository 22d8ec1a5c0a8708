//! The destructors of exported objects run on a worker thread, which takes turns with other threads. So a destructor
//! that takes long does not block other threads.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;

use super::kernel_tests;
use crate::host::runtime;
use crate::thread::request::sleep;
use crate::time;

/// The time that a destructor spends in the server. It is less than a hundredth of the drain timeout.
const LONG: Duration = Duration::from_millis(30);

#[interface]
trait Server {
    /// Holds the server's lock for a long time.
    fn slow(&self) -> Result<u32, RpcError>;
    /// Takes the server's lock for a short time.
    #[idempotent]
    fn fast(&self) -> Result<u32, RpcError>;
}

struct Locking(spin::Mutex<u32>);

/// Whether the long part of a destructor, or of a start that it causes, has begun.
static IS_INSIDE: AtomicBool = AtomicBool::new(false);

fn is_inside_for_long() {
    IS_INSIDE.store(true, SeqCst);
    let began = time::since_boot();
    while time::since_boot() - began < LONG {
        core::hint::spin_loop();
    }
}

impl Server for Locking {
    fn slow(&self) -> Result<u32, RpcError> {
        let mut count = self.0.lock();
        is_inside_for_long();
        *count += 1;
        Ok(*count)
    }

    fn fast(&self) -> Result<u32, RpcError> {
        let mut count = self.0.lock();
        *count += 1;
        Ok(*count)
    }
}

/// Whether a start of the server takes a long time.
static STARTS_SLOWLY: AtomicBool = AtomicBool::new(false);

fn locking((): ()) -> Result<Locking, RpcError> {
    if STARTS_SLOWLY.load(SeqCst) {
        is_inside_for_long();
    }
    Ok(Locking(spin::Mutex::new(0)))
}

#[interface]
trait Object {
    /// Does nothing.
    fn touch(&self) -> Result<(), RpcError>;
}

#[interface]
trait Exporter {
    /// Exports an object whose destructor calls the server.
    fn calling(&self) -> Result<Proxy<dyn Object>, RpcError>;
    /// Exports an object whose destructor requests more memory than the quota allows, again and again until
    /// [`IS_OVER`] is set.
    fn asking(&self) -> Result<Proxy<dyn Object>, RpcError>;
}

struct Calling(Arc<Shadow<dyn Server>>);

impl Object for Calling {
    fn touch(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        let _ = if STARTS_SLOWLY.load(SeqCst) {
            self.0.fast()
        } else {
            self.0.slow()
        };
    }
}

struct Asking;

impl Object for Asking {
    fn touch(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

static IS_OVER: AtomicBool = AtomicBool::new(false);

impl Drop for Asking {
    fn drop(&mut self) {
        IS_INSIDE.store(true, SeqCst);
        while !IS_OVER.load(SeqCst) {
            let _ = RRef::try_new([0_u8; QUOTA]);
        }
    }
}

/// The exporter's quota of shared bytes.
const QUOTA: usize = 4096;

struct Exporting(Arc<Shadow<dyn Server>>);

impl Exporter for Exporting {
    fn calling(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Calling(self.0.clone())).map_err(|(error, _)| error.into())
    }

    fn asking(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Asking).map_err(|(error, _)| error.into())
    }
}

fn exporting(of: Shadow<dyn Server>) -> Result<Exporting, RpcError> {
    Ok(Exporting(Arc::new(of)))
}

struct Pair {
    server: Domain<dyn Server>,
    exporter: Domain<dyn Exporter>,
}

impl Pair {
    fn spawn() -> Self {
        IS_INSIDE.store(false, SeqCst);
        IS_OVER.store(false, SeqCst);
        STARTS_SLOWLY.store(false, SeqCst);
        let spec = DomainSpec::new("locked")
            .budget(LONG * 10)
            .restart(Restart::limited(1000, Duration::from_secs(1)));
        let server = runtime().spawn(spec, locking, Mint::nothing());
        let server: Domain<dyn Server> = server.expect("a domain");
        let of = server.clone();
        let mint = Mint::fallible(move || of.shadow());
        let spec = DomainSpec::new("exporter").shared_quota(QUOTA);
        let exporter = runtime().spawn(spec, exporting, mint);
        let exporter = exporter.expect("a domain");
        Self { server, exporter }
    }

    /// Drops the proxy of an object whose destructor takes long, and waits until the long part has begun.
    fn let_go(object: Proxy<dyn Object>) {
        object.touch().expect("its exporter lives");
        drop(object);
        while !IS_INSIDE.load(SeqCst) {
            sleep(Duration::from_millis(1));
        }
    }

    fn end(self) {
        sleep(LONG * 3);
        self.exporter.kill();
        self.server.kill();
    }
}

kernel_tests! {
    /// Invariant: ORDER-20
    fn a_server_that_a_destructor_calls_answers_others() {
        let pair = Pair::spawn();
        let object = pair.exporter.proxy().expect("alive").calling().expect("room");
        Pair::let_go(object);
        let answer = pair.server.shadow().expect("room").fast();
        assert!(answer.is_ok(), "{answer:?}");
        assert_eq!(pair.server.restarts(), 0, "{:?}", pair.server.exit_reason());
        pair.end();
    }

    /// Invariant: ORDER-20
    fn a_server_that_a_destructor_starts_answers_others() {
        let pair = Pair::spawn();
        let object = pair.exporter.proxy().expect("alive").calling().expect("room");
        STARTS_SLOWLY.store(true, SeqCst);
        pair.server.kill();
        Pair::let_go(object);
        let answer = pair.server.shadow().expect("room").fast();
        assert!(answer.is_ok(), "{answer:?}");
        pair.end();
    }

    /// Invariant: ORDER-20
    fn a_looping_destructor_blocks_no_other_thread() {
        let pair = Pair::spawn();
        let object = pair.exporter.proxy().expect("alive").asking().expect("room");
        Pair::let_go(object);
        for _ in 0..20 {
            sleep(Duration::from_millis(20));
            let all: Vec<_> = (0..400_u64).map(RRef::new).collect();
            assert_eq!(all.len(), 400);
        }
        IS_OVER.store(true, SeqCst);
        pair.end();
    }
}
