//! Attack: again and again a domain calls a service whose recipe fails, on a stack that has less left than a start is
//! promised. The start runs on a segment, and `stack::extend` must charge the time that ticks count there to the
//! domain. For a budget that begins anew at each wait, only ticks can tell work from waits.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "a host's own stack probe")]

use samara_domain_runtime::host::{SegmentRequester, StackProbe};
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// A probe that always finds room. It makes the call on the same stack, but tells the runtime that the call runs on
/// another one.
struct Here;
// SAFETY: calls the callee once, on the running thread, whose stack has more room than the runtime was told.
unsafe impl StackProbe for Here {
    fn extend(&self, _: usize, _: usize, _: SegmentRequester, callee: &mut dyn FnMut()) -> bool {
        callee();
        true
    }
}

#[interface]
trait Server {
    #[idempotent]
    fn get(&self) -> Result<u64, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn get(&self) -> Result<u64, RpcError> {
        Ok(1)
    }
}
#[interface]
trait Client {
    fn ask(&self, times: u32) -> Result<u32, RpcError>;
}
struct Asking(Shadow<dyn Server>);
static ASKED: AtomicU64 = AtomicU64::new(0);
impl Client for Asking {
    fn ask(&self, times: u32) -> Result<u32, RpcError> {
        for _ in 0..times {
            assert!(self.0.get().is_err());
            ASKED.fetch_add(1, SeqCst);
        }
        Ok(times)
    }
}

static FAILS: AtomicBool = AtomicBool::new(false);
/// The time that the recipe takes to fail.
const RECIPE: Duration = Duration::from_millis(1);
fn recipe() -> Result<(), RpcError> {
    if !FAILS.load(SeqCst) {
        return Ok(());
    }
    let began = Instant::now();
    while began.elapsed() < RECIPE {}
    Err(RpcError::OutOfMemory)
}

const BUDGET: Duration = Duration::from_millis(20);

fn attack(name: &str, stack: usize, spec: fn(DomainSpec) -> DomainSpec) -> (u64, Option<ExitKind>) {
    FAILS.store(false, SeqCst);
    let restart = Restart::limited(u32::MAX, Duration::from_secs(1));
    let of = DomainSpec::new("server").restart(restart).stack(stack);
    let server = thread::scope(|scope| {
        let init = |()| Ok::<_, RpcError>(Serving);
        let spawn = move || host().spawn(of, init, Mint::fallible(recipe));
        scope.spawn(spawn).join().unwrap()
    });
    let server: Domain<dyn Server> = server.unwrap();
    let of = server.clone();
    let mint = Mint::fallible(move || of.shadow());
    let init = |server| Ok::<_, RpcError>(Asking(server));
    let client: Domain<dyn Client> = host()
        .spawn(spec(DomainSpec::new(name)), init, mint)
        .unwrap();
    FAILS.store(true, SeqCst);
    server.kill();
    host().reap();
    ASKED.store(0, SeqCst);
    let _ = client.proxy().unwrap().ask(400);
    let end = client.exit_reason().map(|end| end.kind);
    client.kill();
    server.kill();
    drop((client, server));
    host().reap();
    (ASKED.load(SeqCst), end)
}

/// Invariant: ORDER-22
#[test]
fn vain_requests_on_a_short_stack_use_up_the_budget() {
    let _alone = alone();
    assert!(host().set_stack_probe(&Here));
    let _contained = contained(true);
    let renews: fn(DomainSpec) -> DomainSpec = |spec| spec.budget_between_yields(BUDGET);
    let plain: fn(DomainSpec) -> DomainSpec = |spec| spec.budget(BUDGET);
    let outcomes = [
        attack("plain-long", 1 << 16, plain),
        attack("plain-short", 64 << 20, plain),
        attack("renews-long", 1 << 16, renews),
        attack("renews-short", 64 << 20, renews),
    ];
    println!("{outcomes:?}");
    assert!(
        outcomes
            .iter()
            .all(|(asked, end)| *asked < 100 && *end == Some(ExitKind::Overrun)),
        "a budget has room for about 20 requests: {outcomes:?}"
    );
}
