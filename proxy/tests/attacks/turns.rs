//! Attack: a client calls a dead service again and again, on all of its threads. Each call reserves the service for a
//! restart, which then is not possible. The service's supervisor does not wait for a reservation, and must find the
//! service free often enough.

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart, Status, Strategy, Supervisor};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, RpcError, Shadow, interface};
use samara_testkit::hosted::{alone, host};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static STOP: AtomicBool = AtomicBool::new(false);

#[interface]
trait Service {
    #[idempotent]
    fn status(&self) -> Result<u32, RpcError>;
}
struct Plain;
impl Service for Plain {
    fn status(&self) -> Result<u32, RpcError> {
        Ok(7)
    }
}
fn plain((): ()) -> Result<Plain, RpcError> {
    Ok(Plain)
}

#[interface]
trait Client {
    fn hammer(&self, threads: u32) -> Result<u32, RpcError>;
}
struct Calling(Arc<Shadow<dyn Service>>);
impl Client for Calling {
    fn hammer(&self, threads: u32) -> Result<u32, RpcError> {
        for _ in 0..threads {
            let service = self.0.clone();
            let hammers = move || {
                while !STOP.load(SeqCst) {
                    let _ = service.status();
                }
            };
            own_thread::spawn(hammers).map_err(|_| RpcError::OutOfMemory)?;
        }
        Ok(0)
    }
}
fn calling(service: Shadow<dyn Service>) -> Result<Calling, RpcError> {
    Ok(Calling(Arc::new(service)))
}

/// Returns, for each of up to four rounds, how many polls of a supervisor found one of its dead services
/// reserved by another asker. A round ends after 100 such polls.
fn polls_in_vain(services: usize, threads: u32, strategy: Strategy) -> Vec<u32> {
    let _alone = alone();
    STOP.store(false, SeqCst);
    // These services allow no restarts, so shadows start nothing: only the supervisor does.
    let services: Vec<Domain<dyn Service>> = (0..services)
        .map(|at| {
            let spec = DomainSpec::new(&format!("service-{at}"));
            host().spawn(spec, plain, Mint::nothing()).unwrap()
        })
        .collect();
    let policy = Restart::limited(1000, Duration::from_secs(3600));
    let mut supervisor = Supervisor::new("above", strategy, policy);
    for service in &services {
        supervisor = supervisor.with(service);
    }
    let clients: Vec<Domain<dyn Client>> = services
        .iter()
        .map(|service| {
            let of = service.clone();
            let mint = Mint::fallible(move || of.shadow());
            host()
                .spawn(DomainSpec::new("client"), calling, mint)
                .unwrap()
        })
        .collect();
    for client in &clients {
        client.proxy().unwrap().hammer(threads).unwrap();
    }
    let mut vain = Vec::new();
    for _ in 0..4 {
        for service in &services {
            service.kill();
        }
        thread::sleep(Duration::from_millis(20));
        let mut polls = 0;
        while supervisor.poll() == Status::Waiting && polls < 100 {
            polls += 1;
            thread::sleep(Duration::from_millis(20));
        }
        vain.push(polls);
        if polls == 100 {
            break;
        }
    }
    STOP.store(true, SeqCst);
    thread::sleep(Duration::from_millis(50));
    for client in &clients {
        client.kill();
    }
    for service in &services {
        service.kill();
    }
    host().reap();
    println!("{strategy:?}: polls in vain: {vain:?}");
    vain
}

/// Invariant: THREAD-5
#[test]
fn askers_leave_a_supervisor_its_turn() {
    let vain = polls_in_vain(1, 12, Strategy::OneForOne);
    assert!(vain.iter().all(|polls| *polls < 10), "{vain:?}");
}

/// Invariant: THREAD-5
#[test]
fn askers_leave_a_restart_of_all_its_turn() {
    let vain = polls_in_vain(3, 4, Strategy::OneForAll);
    assert!(vain.iter().all(|polls| *polls < 10), "{vain:?}");
}

/// For comparison: without askers nothing is in the supervisor's way.
#[test]
fn a_restart_of_all_is_made_at_the_first_poll() {
    assert_eq!(polls_in_vain(3, 0, Strategy::OneForAll), [0; 4]);
}
