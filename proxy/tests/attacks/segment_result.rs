//! Attack: a call that continues on a stack segment passes its result back through the host. If the caller was cut
//! while the thread was between the segment and the caller's own stack, the result once stayed with the host, as
//! objects that no reclaim finds.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::RRef;
use samara_shared_heap::{Owner, heap};
use samara_testkit::contained::{allow_segments, contained, cuts};
use samara_testkit::hosted::{alone, host, pad_until};
use std::hint::black_box;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const MUCH: usize = 64 << 10;

#[interface]
trait Back {
    fn go(&self) -> Result<u32, RpcError>;
}

#[interface]
trait Server {
    /// Calls `back`. Returns an object whatever the outcome of that call.
    fn make(&self, back: Proxy<dyn Back>) -> Result<RRef<[u8]>, RpcError>;
    fn many(&self, count: u32) -> Result<RRef<[RRef<u64>]>, RpcError>;
}

struct Serving;
impl Server for Serving {
    fn make(&self, back: Proxy<dyn Back>) -> Result<RRef<[u8]>, RpcError> {
        let _ = back.go();
        Ok(RRef::new_zeroed_slice(MUCH)?)
    }
    fn many(&self, count: u32) -> Result<RRef<[RRef<u64>]>, RpcError> {
        Ok(RRef::try_from_fn(count as usize, |at| {
            RRef::new(at as u64)
        })?)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Client {
    /// Asks for an object and dies in the call back, with `bytes` more of stack in use.
    fn ask(&self, bytes: usize) -> Result<u32, RpcError>;
    fn take(&self, count: u32) -> Result<u32, RpcError>;
}

#[inline(never)]
fn allocate_deeper(depth: usize) -> usize {
    let here = black_box(Box::new(depth));
    let below = if depth == usize::MAX {
        0
    } else {
        allocate_deeper(depth + 1)
    };
    below + *here
}

struct Callback(usize);
impl Back for Callback {
    fn go(&self) -> Result<u32, RpcError> {
        Ok(pad_until(self.0, &|| allocate_deeper(0)) as u32)
    }
}

struct Asking(Proxy<dyn Server>, Mutex<Vec<RRef<[RRef<u64>]>>>);
impl Client for Asking {
    fn ask(&self, bytes: usize) -> Result<u32, RpcError> {
        let back = Proxy::export(Callback(bytes)).map_err(|(error, _)| error)?;
        Ok(self.0.make(back)?.len() as u32)
    }
    fn take(&self, count: u32) -> Result<u32, RpcError> {
        let many = self.0.many(count)?;
        let got = many.len() as u32;
        self.1.lock().unwrap().push(many);
        Ok(got)
    }
}
fn asking(server: Proxy<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(server, Mutex::default()))
}

fn restart() -> Restart {
    Restart::limited(1 << 20, Duration::from_secs(3600))
}

/// More stack than a thread of 512 KiB has, so that each call continues on a segment.
const MORE: usize = 1 << 20;

fn spawn(client: DomainSpec, stack: usize) -> (Domain<dyn Server>, Domain<dyn Client>) {
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    let spec = DomainSpec::new("server").stack(stack);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.proxy());
    let client = host().spawn(client.restart(restart()), asking, mint);
    (server, client.unwrap())
}

fn on_stack<R: Send>(ticks: bool, bytes: usize, body: impl FnOnce() -> R + Send) -> R {
    thread::scope(|scope| {
        let run = || {
            let _contained = contained(ticks);
            body()
        };
        let thread = thread::Builder::new().stack_size(bytes);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    })
}

fn hosts() -> usize {
    heap::census(Owner::HOST).objects
}

/// The caller dies in trusted code, in a call back from its callee. The callee lives and returns a result.
///
/// Invariant: ORDER-37
#[test]
fn a_dead_callers_result_over_a_segment_is_reclaimed() {
    dies_in_a_call_back(MORE);
}

/// For comparison: without a segment nothing is left.
#[test]
fn a_dead_callers_result_is_reclaimed() {
    dies_in_a_call_back(0);
}

fn dies_in_a_call_back(stack: usize) {
    let _alone = alone();
    let (server, client) = spawn(DomainSpec::new("client"), stack);
    allow_segments(8);
    let reserves = cuts().reserves;
    let before = hosts();
    let deaths = on_stack(false, 512 << 10, || {
        let mut deaths = 0;
        for bytes in (0..2048).step_by(32) {
            client.restart().unwrap();
            let died = client.proxy().unwrap().ask(bytes);
            assert_eq!(died, Err(RpcError::Crashed));
            deaths += 1;
        }
        deaths
    });
    let reserves = cuts().reserves - reserves;
    client.kill();
    server.kill();
    host().reap();
    allow_segments(0);
    let left = hosts() - before;
    println!(
        "{deaths} deaths, {reserves} of them in trusted code: {left} objects of {MUCH} bytes are left to the host"
    );
    assert_eq!(left, 0);
}

/// Moving one result uses up no budget, however large the callee has made it, and the result always has an owner.
///
/// Invariant: LIFE-13, ORDER-37
#[test]
fn a_result_over_a_segment_ends_no_domain() {
    const COUNT: u32 = 2_000_000;
    let _alone = alone();
    let spec = DomainSpec::new("frugal").budget(Duration::from_millis(8));
    let (server, client) = spawn(spec, MORE);
    allow_segments(8);
    let before = hosts();
    let on_its_own = on_stack(true, 8 << 20, || client.proxy().unwrap().take(COUNT));
    println!("without a segment: {on_its_own:?}");
    client.restart().unwrap();
    let got = on_stack(true, 512 << 10, || client.proxy().unwrap().take(COUNT));
    client.kill();
    server.kill();
    host().reap();
    allow_segments(0);
    let left = hosts() - before;
    println!("with one: {got:?}; {left} objects are left to the host");
    assert_eq!((got, left), (Ok(COUNT), 0));
}
