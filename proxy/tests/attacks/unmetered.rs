//! Attack: paths on which a call that moves objects checks no quota.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::contained::{allow_segments, contained};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, Shadow, interface};
use samara_rref::RRef;
use samara_shared_heap::heap;
use samara_testkit::hosted::{alone, host, owner_of};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const QUOTA: usize = 8 << 10;
const MUCH: usize = 64 << 10;

#[interface]
trait Server {
    fn give(&self) -> Result<RRef<[u8]>, RpcError>;
    fn keep(&self, data: RRef<[u8]>) -> Result<(), RpcError>;
}
struct Serving(Mutex<Vec<RRef<[u8]>>>);
impl Server for Serving {
    fn give(&self) -> Result<RRef<[u8]>, RpcError> {
        Ok(RRef::new_zeroed_slice(MUCH)?)
    }
    fn keep(&self, data: RRef<[u8]>) -> Result<(), RpcError> {
        self.0.lock().unwrap().push(data);
        Ok(())
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving(Mutex::default()))
}

#[interface]
trait Client {
    /// Asks for an object `times` times and keeps them all. Returns how many it was given.
    fn take(&self, times: u32) -> Result<u32, RpcError>;
    fn send(&self, bytes: u32) -> Result<(), RpcError>;
}
struct Calling(Shadow<dyn Server>, Mutex<Vec<RRef<[u8]>>>);
impl Client for Calling {
    fn take(&self, times: u32) -> Result<u32, RpcError> {
        let mut objects = self.1.lock().unwrap();
        for given in 0..times {
            match self.0.give() {
                Ok(data) => objects.push(data),
                Err(RpcError::OverQuota) => return Ok(given),
                Err(other) => return Err(other),
            }
        }
        Ok(times)
    }
    fn send(&self, bytes: u32) -> Result<(), RpcError> {
        self.0.keep(RRef::new_zeroed_slice(bytes as usize)?)
    }
}
fn calling(server: Shadow<dyn Server>) -> Result<Calling, RpcError> {
    Ok(Calling(server, Mutex::default()))
}

fn client(spec: DomainSpec, of: &Domain<dyn Server>) -> (Domain<dyn Client>, Proxy<dyn Client>) {
    let of = of.clone();
    let domain = host()
        .spawn(spec, calling, Mint::fallible(move || of.shadow()))
        .unwrap();
    let proxy = Domain::<dyn Client>::proxy(&domain).unwrap();
    (domain, proxy)
}

/// Between two stacks the thread acts for the host, which has no quota.
///
/// Invariant: HEAP-38
#[test]
fn callers_quota_is_checked_on_a_segment_too() {
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    allow_segments(8);
    let spec = DomainSpec::new("elsewhere").stack(1 << 20);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let (greedy, proxy) = client(DomainSpec::new("greedy").shared_quota(QUOTA), &server);
    let given = thread::scope(|scope| {
        let run = || {
            let _contained = contained(false);
            proxy.take(100)
        };
        let thread = thread::Builder::new().stack_size(512 << 10);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    });
    let has = heap::census(owner_of(&greedy)).bytes;
    allow_segments(0);
    println!("given {given:?} times {MUCH} bytes: it has {has}, its quota is {QUOTA}");
    greedy.kill();
    server.kill();
    assert_eq!(given, Ok(1));
}

/// A shadow's first attempt is a call of the dead domain, which has no quota. When the shadow repeats the call
/// after the restart, it must check the quota of the new generation.
///
/// Invariant: HEAP-38
#[test]
fn receivers_quota_is_checked_after_a_restart_too() {
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("receiver")
        .restart(restart)
        .shared_quota(QUOTA);
    let server: Domain<dyn Server> = host().spawn(spec, serving, Mint::nothing()).unwrap();
    let (filler, proxy) = client(DomainSpec::new("filler"), &server);
    assert_eq!(proxy.send(MUCH as u32), Err(RpcError::OverQuota));
    assert!(server.kill());
    host().reap();
    let got = proxy.send(16 * MUCH as u32);
    let has = heap::census(owner_of(&server)).bytes;
    println!("{got:?}: it has {has}, its quota is {QUOTA}");
    filler.kill();
    server.kill();
    assert_eq!(got, Err(RpcError::OverQuota));
}

#[interface]
trait Deep {
    /// Uses nearly as much stack as the domain's spec asks for.
    fn dig(&self) -> Result<u32, RpcError>;
}
struct Digging;
#[inline(never)]
fn dig(depth: u32) -> u32 {
    let room = std::hint::black_box([depth; 256]);
    if depth == 0 {
        0
    } else {
        dig(depth - 1) + u32::from(room[7] != depth)
    }
}
impl Deep for Digging {
    fn dig(&self) -> Result<u32, RpcError> {
        // 700 frames of more than a kilobyte each.
        Ok(dig(700))
    }
}
fn digging((): ()) -> Result<Digging, RpcError> {
    Ok(Digging)
}

/// At first the host looks up in the server's old slot how much stack the call needs. After the restart the call goes
/// to another slot, where the host must look again.
///
/// Invariant: HEAP-38
#[test]
fn call_finds_its_servers_room_after_a_restart_too() {
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    allow_segments(8);
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let spec = DomainSpec::new("digging").restart(restart).stack(2 << 20);
    let server: Domain<dyn Deep> = host().spawn(spec, digging, Mint::nothing()).unwrap();
    let shadow = server.shadow().unwrap();
    let slot = owner_of(&server);
    let on = |body: &(dyn Fn() -> Result<u32, RpcError> + Sync)| {
        thread::scope(|scope| {
            let run = || {
                let _contained = contained(false);
                body()
            };
            let thread = thread::Builder::new().stack_size(512 << 10);
            thread.spawn_scoped(scope, run).unwrap().join().unwrap()
        })
    };
    assert_eq!(on(&|| shadow.dig()), Ok(0), "on a segment");
    assert!(server.kill());
    host().reap();
    let tenant: Domain<dyn Server> = host()
        .spawn(DomainSpec::new("tenant"), serving, Mint::nothing())
        .unwrap();
    assert_eq!(owner_of(&tenant), slot);
    let got = on(&|| shadow.dig());
    allow_segments(0);
    println!(
        "{got:?}: {:?}",
        samara_testkit::hosted::deaths("digging")
            .last()
            .map(|reason| reason.kind)
    );
    tenant.kill();
    server.kill();
    assert_eq!(got, Ok(0));
}
