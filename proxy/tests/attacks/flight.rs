//! A caller that is cut while it restarts its callee must not leave a restart in flight. The next caller must be able
//! to restart the callee.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::contain::Verdict;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Shadow, interface};
use samara_testkit::contained::{arm, stepping};
use samara_testkit::hosted::{Totals, alone, host};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The test ticks at instructions up to the first number, counted from the call, in steps of the second number. The
/// first number is beyond the point where the caller's thread begins to act for the host.
const REACH: (u64, usize) = if cfg!(debug_assertions) {
    (3600, 19)
} else {
    (400, 1)
};

/// This timeout is longer than a restart takes, and short enough that a failing test ends soon.
const DRAIN: Duration = Duration::from_secs(1);

#[interface]
trait Server {
    #[idempotent]
    fn ping(&self) -> Result<u32, RpcError>;
}

#[interface]
trait Asker {
    /// Calls `server` through its shadow, single-stepped from there on.
    fn ask(&self, server: Shadow<dyn Server>) -> Result<u32, RpcError>;
}

struct State;

impl Server for State {
    fn ping(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}

impl Asker for State {
    fn ask(&self, server: Shadow<dyn Server>) -> Result<u32, RpcError> {
        arm();
        server.ping()
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn spec(name: &str) -> DomainSpec {
    DomainSpec::new(name)
        .restart(Restart::limited(u32::MAX, Duration::from_secs(1)))
        .drain_timeout(DRAIN)
}

/// Invariant: THREAD-7
#[test]
fn restart_of_a_dead_asker_does_not_stay_in_flight() {
    let _alone = alone();
    let contained = stepping();
    let before = Totals::now();
    {
        let server: Domain<dyn Server> =
            host().spawn(spec("server"), init, Mint::nothing()).unwrap();
        // Any time at all uses up this budget.
        let hasty = spec("asker").budget(Duration::from_micros(1));
        let asker: Domain<dyn Asker> = host().spawn(hasty, init, Mint::nothing()).unwrap();
        let known = server.shadow().unwrap();
        let (mut cut, mut as_host) = (0, 0);
        let (reach, stride) = REACH;
        for at in (0..reach).step_by(stride) {
            assert!(server.kill());
            let proxy = asker.proxy().unwrap();
            let mut shadow = Some(server.shadow().unwrap());
            let ask = || shadow.take().map(|shadow| proxy.ask(shadow));
            let (result, stepped) = contained.step_armed(at, false, ask);
            match stepped.verdict {
                Some(Verdict::Cut) => {
                    assert_eq!(result, Some(Err(RpcError::Crashed)), "{at}");
                    cut += 1;
                }
                // While the thread acts for the host, it is not cut. If the time counts against its own budget, it is
                // cut where the host's stretch ends.
                Some(Verdict::Resume | Verdict::Later) => as_host += 1,
                _ => {}
            }
            if asker.exit_reason().is_some() {
                asker.restart().unwrap();
            }
            let start = Instant::now();
            assert_eq!(known.ping(), Ok(7), "after {stepped:?} at {at}");
            assert!(start.elapsed() < DRAIN, "after {stepped:?} at {at}");
        }
        println!("{cut} cut, {as_host} while it acted for the host");
        assert!(cut > 10 && as_host > 10);
        assert!(server.kill() && asker.kill());
    }
    host().reap();
    assert_eq!(Totals::now(), before);
}
