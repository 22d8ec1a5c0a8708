//! Work that the kernel does in a call from a domain is charged to that domain.

use core::cell::Cell;
use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;

use super::kernel_tests;
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::time;

const BUDGET: Duration = Duration::from_millis(20);
/// The time that the kernel's object takes for one answer: several ticks, but only a part of a budget.
const ANSWER: Duration = Duration::from_millis(5);
/// The number of answers that a domain requests. Together they take 25 budgets.
const ANSWERS: u32 = 100;

static ANSWERED: AtomicU32 = AtomicU32::new(0);

/// An object that the kernel exports.
#[interface]
trait Oracle {
    fn compute(&self) -> Result<u32, RpcError>;
}
struct Object;
impl Oracle for Object {
    fn compute(&self) -> Result<u32, RpcError> {
        let began = time::since_boot();
        while time::since_boot() - began < ANSWER {
            core::hint::spin_loop();
        }
        Ok(ANSWERED.fetch_add(1, SeqCst))
    }
}

#[interface]
trait Asker {
    fn ask(&self, of: Proxy<dyn Oracle>, times: u32) -> Result<u32, RpcError>;
}
struct State;
impl Asker for State {
    fn ask(&self, of: Proxy<dyn Oracle>, times: u32) -> Result<u32, RpcError> {
        for _ in 0..times {
            of.compute()?;
        }
        Ok(times)
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

/// Starts a domain with this spec and has it request `times` answers. Returns the result of that call, the number of
/// answers that were computed, and the exit kind if the domain has died.
fn asks(spec: DomainSpec, times: u32) -> (Result<u32, RpcError>, u32, Option<ExitKind>) {
    let seen = Cell::new(None);
    leaves_nothing(|| {
        ANSWERED.store(0, SeqCst);
        let domain = runtime().spawn(spec, init, Mint::nothing());
        let domain: Domain<dyn Asker> = domain.expect("a domain");
        let of: Proxy<dyn Oracle> = Proxy::export(Object).ok().expect("room");
        let got = domain.proxy().expect("alive").ask(of, times);
        let end = domain.exit_reason().map(|at| at.kind);
        seen.set(Some((got, ANSWERED.load(SeqCst), end)));
        domain.kill();
        runtime().collect_exports();
    });
    seen.get().expect("it ran")
}

kernel_tests! {
    /// Invariant: ORDER-19
    fn endless_host_work_uses_up_the_callers_budget() {
        let spec = DomainSpec::new("frugal").budget(BUDGET);
        let (got, answered, end) = asks(spec, ANSWERS);
        assert_eq!((got, end), (Err(RpcError::Crashed), Some(ExitKind::Overrun)));
        assert!(answered < ANSWERS / 2, "{answered} answers of {ANSWER:?}");
    }

    fn host_work_within_the_callers_budget_is_allowed() {
        let spec = DomainSpec::new("frugal").budget(ANSWER * ANSWERS);
        assert_eq!(asks(spec, 4), (Ok(4), 4, None));
    }
}
