//! Capabilities of a dead domain: the reclaim quiesces all of them before it releases the first, and releases each
//! once, wherever its handle is.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_rref::{Cap, Exchangeable, RRef};
use samara_shared_heap::{Owner, heap};
use samara_testkit::hosted::{
    Counts, Tally, await_reclaims, host, leak_check, owner_of, reclaims, watch,
};
use std::sync::Mutex;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[derive(Exchangeable)]
struct Device {
    registers: Cap<Tally>,
    queues: RRef<[Cap<Tally>]>,
    interrupt: Option<Cap<Tally>>,
}

#[interface]
trait Driver {
    fn bind(&self, device: Device) -> Result<(), RpcError>;
    fn unbind(&self) -> Result<Option<Device>, RpcError>;
    /// Reads a capability that belongs to the caller.
    fn look(&self, device: &RRef<Cap<Tally>>) -> Result<u32, RpcError>;
    fn meet(&self, peer: Proxy<dyn Driver>) -> Result<(), RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
}

#[derive(Default)]
struct State {
    device: Mutex<Option<Device>>,
    /// The handles lie in private memory, where no scan of the exchange heap finds them.
    peers: Mutex<Vec<Proxy<dyn Driver>>>,
}

impl Driver for State {
    fn bind(&self, device: Device) -> Result<(), RpcError> {
        *self.device.lock().unwrap() = Some(device);
        Ok(())
    }
    fn unbind(&self) -> Result<Option<Device>, RpcError> {
        Ok(self.device.lock().unwrap().take())
    }
    fn look(&self, device: &RRef<Cap<Tally>>) -> Result<u32, RpcError> {
        Ok(device.number())
    }
    fn meet(&self, peer: Proxy<dyn Driver>) -> Result<(), RpcError> {
        self.peers.lock().unwrap().push(peer);
        Ok(())
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to");
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

fn spawn(name: &str) -> (Domain<dyn Driver>, Proxy<dyn Driver>) {
    let spec = DomainSpec::new(name).restart(Restart::limited(1, Duration::from_secs(60)));
    let domain: Domain<dyn Driver> = host().spawn(spec, init, Mint::nothing()).unwrap();
    watch(&domain);
    let proxy = domain.proxy().unwrap();
    (domain, proxy)
}

fn cap(counts: &'static Counts, number: u32) -> Cap<Tally> {
    Cap::try_new(Tally::new(counts, number)).unwrap()
}

/// A device of 20 capabilities.
fn device(counts: &'static Counts) -> Device {
    Device {
        registers: cap(counts, 0),
        queues: RRef::try_from_fn(18, |at| cap(counts, at as u32 + 1)).unwrap(),
        interrupt: Some(cap(counts, 19)),
    }
}

/// Invariant: DEV-1
#[test]
fn a_crash_quiesces_all_then_releases_each_once() {
    let _check = leak_check();
    static COUNTS: Counts = Counts::new();
    let (domain, proxy) = spawn("crash");
    let owner = owner_of(&domain);
    proxy.bind(device(&COUNTS)).unwrap();
    assert_eq!(heap::census(owner).capabilities, 20);
    assert_eq!(heap::census(owner).objects, 2);
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    let released = await_reclaims("crash", 1)[0];
    assert_eq!((released.objects, released.capabilities), (2, 20));
    assert_eq!(
        (COUNTS.quiesced(), COUNTS.released(), COUNTS.faults()),
        (20, 20, 0)
    );
}

/// Invariant: DEV-1
#[test]
fn capabilities_handed_on_survive_the_crash() {
    let _check = leak_check();
    static COUNTS: Counts = Counts::new();
    let (_, proxy) = spawn("handed-on");
    let (other, other_proxy) = spawn("handed-to");
    proxy.bind(device(&COUNTS)).unwrap();
    let device = proxy.unbind().unwrap().unwrap();
    assert_eq!(device.registers.owner(), Owner::HOST);
    other_proxy.bind(device).unwrap();
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    assert_eq!(await_reclaims("handed-on", 1)[0].capabilities, 0);
    assert_eq!((COUNTS.quiesced(), COUNTS.released()), (0, 0));
    let device = other_proxy.unbind().unwrap().unwrap();
    assert_eq!(
        (device.registers.number(), device.queues[17].number()),
        (0, 18)
    );
    drop(device);
    // The device's holder dropped it, so the capabilities are released without being quiesced.
    assert_eq!(
        (COUNTS.quiesced(), COUNTS.released(), COUNTS.faults()),
        (0, 20, 0)
    );
    other.kill();
}

#[test]
fn stop_releases_capabilities_in_the_destructor() {
    let _check = leak_check();
    static COUNTS: Counts = Counts::new();
    let (domain, proxy) = spawn("stop");
    proxy.bind(device(&COUNTS)).unwrap();
    domain.stop(Duration::from_secs(60)).unwrap();
    let released = reclaims("stop")[0];
    assert_eq!((released.objects, released.capabilities), (0, 0));
    assert_eq!(
        (COUNTS.quiesced(), COUNTS.released(), COUNTS.faults()),
        (0, 20, 0)
    );
}

/// Failure: F-23
#[test]
fn a_lent_capability_stays_the_lenders() {
    let _check = leak_check();
    static COUNTS: Counts = Counts::new();
    let (domain, proxy) = spawn("lent");
    let lent = RRef::new(cap(&COUNTS, 33));
    assert_eq!(proxy.look(&lent), Ok(33));
    domain.kill();
    assert_eq!(await_reclaims("lent", 1)[0].capabilities, 0);
    assert_eq!((lent.owner(), COUNTS.released()), (Owner::HOST, 0));
    drop(lent);
    assert_eq!((COUNTS.released(), COUNTS.faults()), (1, 0));
}

/// Invariant: DEV-1
/// Failure: F-22
#[test]
fn proxies_in_private_memory_go_with_their_holder() {
    let _check = leak_check();
    let (holder, proxy) = spawn("holder");
    let (peer, _) = spawn("peer");
    for _ in 0..100 {
        proxy.meet(peer.proxy().unwrap()).unwrap();
    }
    assert_eq!(heap::census(owner_of(&holder)).capabilities, 100);
    assert_eq!(proxy.crash(), Err(RpcError::Crashed));
    let released = await_reclaims("holder", 1)[0];
    assert_eq!((released.objects, released.capabilities), (1, 100));
    assert!(peer.proxy().unwrap().is_alive());
    peer.kill();
}

#[test]
fn a_proxy_of_itself_does_not_keep_a_domain() {
    let _check = leak_check();
    let (domain, proxy) = spawn("itself");
    proxy.meet(proxy.try_clone().unwrap()).unwrap();
    domain.kill();
    let released = await_reclaims("itself", 1)[0];
    assert_eq!((released.objects, released.capabilities), (1, 1));
}
