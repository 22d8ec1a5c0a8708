//! Attack: a domain opens objects of the host and drops them without end. The host takes a while to drop each
//! of them.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError};
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[path = "../fixtures/opening.rs"]
mod opening;
use opening::{Client, File, Files, calling};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
/// The time that closing a file takes, such as writing a page back.
const CLOSE: Duration = Duration::from_millis(1);
/// Closing this many files takes 25 budgets.
const TURNS: u32 = 500;

static CLOSED: AtomicU32 = AtomicU32::new(0);

struct Serving;
struct Open;
impl File for Open {
    fn len(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
impl Drop for Open {
    fn drop(&mut self) {
        let began = Instant::now();
        while began.elapsed() < CLOSE {}
        CLOSED.fetch_add(1, SeqCst);
    }
}
impl Files for Serving {
    fn open(&self) -> Result<Proxy<dyn File>, RpcError> {
        Proxy::export(Open).map_err(|(error, _)| error.into())
    }
}

/// Invariant: ORDER-21
#[test]
fn endless_opens_use_up_the_openers_budget() {
    let _alone = alone();
    let _contained = contained(true);
    let mint = Mint::fallible(|| Proxy::<dyn Files>::export(Serving).map_err(|(error, _)| error));
    let spec = DomainSpec::new("greedy").budget(BUDGET);
    let greedy: Domain<dyn Client> = host().spawn(spec, calling, mint).unwrap();
    let got = greedy.proxy().unwrap().open_and_close(TURNS);
    let closed = CLOSED.load(SeqCst);
    assert_eq!(got, Err(RpcError::Crashed), "{closed} closed");
    assert_eq!(greedy.exit_reason().unwrap().kind, ExitKind::Overrun);
    let most = BUDGET.as_millis() / CLOSE.as_millis() + 2;
    assert!(u128::from(closed) <= most, "{closed} closed of {most}");
    greedy.kill();
    host().reap();
    host().collect_exports();
}
