//! A program that does not declare `DomainAlloc`: there is no private heap for a quota.

use samara_domain_runtime::{Domain, DomainSpec, Mint, SpawnError, UnenforcedLimit};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::contained::contained;
use samara_testkit::hosted::host;

#[interface]
trait Idle {
    fn idle(&self) -> Result<u32, RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

impl Idle for State {
    fn idle(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}

/// Invariant: HEAP-6
/// Failure: F-10
#[test]
fn a_quota_without_a_private_heap_is_refused() {
    let _contained = contained(false);
    let spawn = |spec| -> Result<Domain<dyn Idle>, _> { host().spawn(spec, init, Mint::nothing()) };
    for quota in [0, 4096, 1 << 20] {
        let refused = spawn(DomainSpec::new("idle").heap_quota(quota)).map(drop);
        assert_eq!(
            refused,
            Err(SpawnError::UnenforcedLimit(UnenforcedLimit::NoPrivateHeap))
        );
        host().reap();
        assert_eq!(
            host().domains().count(),
            0,
            "a refused spawn must leave no slot taken"
        );
    }
    let domain = spawn(DomainSpec::new("idle")).unwrap();
    assert_eq!(domain.proxy().unwrap().idle(), Ok(7));
    domain.kill();
}
