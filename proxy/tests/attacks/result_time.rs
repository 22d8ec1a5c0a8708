//! Attack: two domains pass one large batch to and fro, only as results of calls and never as arguments. If moving a
//! result were charged to no domain, no tick would ever end either of them.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, interface};
use samara_rref::RRef;
use samara_testkit::contained::contained;
use samara_testkit::hosted::{alone, host};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const BUDGET: Duration = Duration::from_millis(20);
/// The number of rounds after which the attack gives up: many times as many results as a budget pays for.
const TURNS: u32 = 64;

type Batch = RRef<[Option<RRef<u64>>]>;

#[interface]
trait Principal {
    fn know(&self, other: Proxy<dyn Principal>) -> Result<(), RpcError>;
    fn make(&self, count: usize) -> Result<(), RpcError>;
    /// Returns its batch.
    fn give(&self) -> Result<Batch, RpcError>;
    /// Gets the batch of the other domain.
    fn pull(&self) -> Result<(), RpcError>;
    /// Passes the batch to and fro until the attack gives up. Returns the number of rounds.
    fn run(&self) -> Result<u32, RpcError>;
}
#[derive(Default)]
struct State {
    other: Mutex<Option<Proxy<dyn Principal>>>,
    batch: Mutex<Option<Batch>>,
}
impl State {
    fn other(&self) -> Result<Proxy<dyn Principal>, RpcError> {
        let other = self.other.lock().map_err(|_| RpcError::Crashed)?;
        let other = other.as_ref().ok_or(RpcError::Crashed)?;
        other.try_clone().map_err(|_| RpcError::OutOfMemory)
    }
}
impl Principal for State {
    fn know(&self, other: Proxy<dyn Principal>) -> Result<(), RpcError> {
        *self.other.lock().map_err(|_| RpcError::Crashed)? = Some(other);
        Ok(())
    }
    fn make(&self, count: usize) -> Result<(), RpcError> {
        let batch = RRef::try_from_fn(count, |_| None).map_err(|_| RpcError::OutOfMemory)?;
        *self.batch.lock().map_err(|_| RpcError::Crashed)? = Some(batch);
        Ok(())
    }
    fn give(&self) -> Result<Batch, RpcError> {
        let taken = self.batch.lock().map_err(|_| RpcError::Crashed)?.take();
        taken.ok_or(RpcError::Crashed)
    }
    fn pull(&self) -> Result<(), RpcError> {
        let batch = self.other()?.give()?;
        *self.batch.lock().map_err(|_| RpcError::Crashed)? = Some(batch);
        Ok(())
    }
    fn run(&self) -> Result<u32, RpcError> {
        let other = self.other()?;
        for _ in 0..TURNS {
            other.pull()?;
            self.pull()?;
        }
        Ok(TURNS)
    }
}
fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

/// Invariant: ORDER-17
#[test]
fn passing_results_to_and_fro_uses_up_the_budget() {
    let _alone = alone();
    let _contained = contained(true);
    let party = |name: &str, budget: bool| -> Domain<dyn Principal> {
        let spec = DomainSpec::new(name);
        let spec = if budget { spec.budget(BUDGET) } else { spec };
        host().spawn(spec, init, Mint::nothing()).unwrap()
    };
    let (one, two) = (party("one", true), party("two", true));
    // Making the whole batch in one call exceeds the budget of the two domains, so a third domain without a budget
    // makes it.
    let maker = party("maker", false);
    let from = maker.proxy().unwrap();
    from.make(1 << 22).unwrap();
    two.proxy().unwrap().know(maker.proxy().unwrap()).unwrap();
    two.proxy().unwrap().pull().unwrap();
    one.proxy().unwrap().know(two.proxy().unwrap()).unwrap();
    two.proxy().unwrap().know(one.proxy().unwrap()).unwrap();
    one.proxy().unwrap().pull().unwrap();
    let result = one.proxy().unwrap().run();
    let ends = [&one, &two].map(|party| party.exit_reason().map(|end| end.kind));
    for domain in [one, two, maker] {
        domain.kill();
    }
    host().reap();
    assert!(
        ends.contains(&Some(ExitKind::Overrun)),
        "{result:?} with a budget of {BUDGET:?}; ends: {ends:?}"
    );
}
