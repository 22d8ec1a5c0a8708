//! Attack: a domain that a call has put on a stack segment uses the segment up, so that trusted code overruns it. The
//! trusted code must be able to finish in the segment's own reserve.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::contained::{allow_segments, contained, cuts};
use samara_testkit::hosted::{alone, host, pad_until};
use std::thread;
use std::time::Duration;

#[path = "../fixtures/deep.rs"]
mod deep;
use deep::{allocate_deeper, outlives};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const STACK: usize = 512 << 10;
/// The bytes that are in use before the domain that needs `NEED` is called.
const USED: usize = 300 << 10;
const NEED: usize = 128 << 10;

#[interface]
trait Deep {
    /// Uses `bytes` of stack, then overruns it.
    fn run_over(&self, bytes: usize) -> Result<(), RpcError>;
    /// Calls `run_over` of the other domain, on a segment if there are any.
    fn ask(&self, bytes: usize) -> Result<(), RpcError>;
}

struct State(Option<Proxy<dyn Deep>>);

impl Deep for State {
    fn run_over(&self, bytes: usize) -> Result<(), RpcError> {
        pad_until(bytes, &|| allocate_deeper(0));
        Ok(())
    }
    fn ask(&self, bytes: usize) -> Result<(), RpcError> {
        let other = self.0.as_ref().ok_or(RpcError::Dead)?;
        pad_until(USED, &|| other.run_over(bytes))
    }
}

fn init(other: Option<Proxy<dyn Deep>>) -> Result<State, RpcError> {
    Ok(State(other))
}

/// Invariant: ORDER-42
#[test]
fn segment_overflow_in_trusted_code_ends_one_domain() {
    outlives("segment_overflow_in_trusted_code_ends_one_domain", || {
        let _alone = alone();
        drop(contained(false));
        allow_segments(4);
        let restart = Restart::limited(1 << 20, Duration::from_secs(3600));
        let spec = |name| DomainSpec::new(name).restart(restart);
        let none = Mint::of(|| None);
        let deep: Domain<dyn Deep> = host().spawn(spec("deep").stack(NEED), init, none).unwrap();
        let of = deep.clone();
        let mint = Mint::fallible(move || of.proxy().map(Some));
        let client: Domain<dyn Deep> = host().spawn(spec("client"), init, mint).unwrap();
        let before = cuts().reserves;
        let attack = || {
            let _contained = contained(false);
            for bytes in (0..2048).step_by(32) {
                deep.restart().unwrap();
                client.restart().unwrap();
                let died = client.proxy().unwrap().ask(bytes);
                assert_eq!(died, Err(RpcError::Crashed));
                assert!(client.exit_reason().is_none(), "the caller is not at fault");
            }
        };
        thread::scope(|scope| {
            let thread = thread::Builder::new().stack_size(STACK);
            thread.spawn_scoped(scope, attack).unwrap().join().unwrap();
        });
        assert!(cuts().reserves > before + 10);
        allow_segments(0);
        client.kill();
        deep.kill();
    });
}
