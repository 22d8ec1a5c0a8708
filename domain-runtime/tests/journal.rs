//! Tests a journal without a service: the result that it gives for a call that could not be replayed.

#![expect(unsafe_code, reason = "a recorded call of the test's own")]
use samara_domain_runtime::host_charges::Payer;
use samara_domain_runtime::journal::{Journal, Replay};
use samara_domain_runtime::{Domain, DomainSpec, Instance, Mint, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_testkit::hosted::{alone, host, spawn_in};
use std::sync::{Arc, Mutex};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Served {
    fn serve(&self) -> Result<(), RpcError>;
}
struct Plain;
impl Served for Plain {
    fn serve(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
fn spawn(name: &str) -> Domain<dyn Served> {
    let init = |()| Ok::<_, RpcError>(Plain);
    host()
        .spawn(DomainSpec::new(name), init, Mint::nothing())
        .unwrap()
}

/// A recorded call during whose replay the server is killed and its slot gets a new tenant.
struct Killing {
    server: Domain<dyn Served>,
    next: Mutex<Option<Domain<dyn Served>>>,
}

// SAFETY: runs only the host's code, which does not panic where the test passes.
unsafe impl Replay<dyn Served> for Killing {
    fn replay(&self, _: Instance<dyn Served>) -> Result<(), RpcError> {
        let slot = self.server.info().id;
        assert!(self.server.kill());
        host().reap();
        *self.next.lock().unwrap() = Some(spawn_in(slot, || spawn("next")));
        Err(RpcError::Crashed)
    }
    fn moves(&self) -> usize {
        0
    }
}

/// Invariant: HEAP-15
#[test]
fn a_kill_differs_from_the_calls_own_fault() {
    let _alone = alone();
    let server = spawn("served");
    assert_eq!(server.proxy().unwrap().serve(), Ok(()));
    let call = Arc::new(Killing {
        server: server.clone(),
        next: Mutex::default(),
    });
    let journal: Journal<dyn Served> = Journal::new(1);
    let admission = journal.admit(Payer::current(), 0).unwrap();
    assert!(journal.record(admission, call.clone()));
    let failed = journal.replay(server.service().current()).unwrap_err();
    assert!(!failed.is_its_own);
    assert!(!journal.give_up(failed));
    let next = call.next.lock().unwrap().take().unwrap();
    assert!(next.kill());
}
