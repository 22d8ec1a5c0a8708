//! Attack: a call through a proxy of a *dead* domain must return an error at once. If the dead domain's slot had a
//! new tenant, and objects of this tenant were waiting to be dropped, the caller once ran the destructors of these
//! objects first.

use samara_domain_runtime::{Domain, DomainSpec, Mint};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, RpcError, interface};
use samara_testkit::hosted::{alone, await_reclaims, host, owner_of};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

static DROPPED: AtomicUsize = AtomicUsize::new(0);

#[interface]
trait Node {
    fn open(&self) -> Result<Proxy<dyn Node>, RpcError>;
    fn lay_a_trap(&self) -> Result<(), RpcError>;
}
struct Plain;
impl Node for Plain {
    fn open(&self) -> Result<Proxy<dyn Node>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn lay_a_trap(&self) -> Result<(), RpcError> {
        drop(Proxy::<dyn Node>::export(Trap).map_err(|(error, _)| RpcError::from(error))?);
        Ok(())
    }
}
struct Trap;
impl Node for Trap {
    fn open(&self) -> Result<Proxy<dyn Node>, RpcError> {
        Err(RpcError::Dead)
    }
    fn lay_a_trap(&self) -> Result<(), RpcError> {
        Ok(())
    }
}
impl Drop for Trap {
    fn drop(&mut self) {
        DROPPED.fetch_add(1, SeqCst);
        // The destructor takes longer than the test waits. It could take any time.
        std::thread::sleep(Duration::from_secs(2));
    }
}
fn plain((): ()) -> Result<Plain, RpcError> {
    Ok(Plain)
}

#[interface]
trait Client {
    fn ask(&self) -> Result<(), RpcError>;
}
struct Asking(Proxy<dyn Node>);
impl Client for Asking {
    fn ask(&self) -> Result<(), RpcError> {
        self.0.open().map(drop)
    }
}
fn asking(node: Proxy<dyn Node>) -> Result<Asking, RpcError> {
    Ok(Asking(node))
}

/// Invariant: HEAP-33
#[test]
fn a_call_to_a_dead_domain_enters_no_stranger() {
    let _alone = alone();
    let friend: Domain<dyn Node> = host()
        .spawn(DomainSpec::new("friend"), plain, Mint::nothing())
        .unwrap();
    let of = friend.clone();
    let victim: Domain<dyn Client> = host()
        .spawn(
            DomainSpec::new("victim"),
            asking,
            Mint::fallible(move || of.proxy()),
        )
        .unwrap();
    let slot = owner_of(&friend);
    assert!(friend.kill());
    let _ = await_reclaims("friend", 1);
    let stranger: Domain<dyn Node> = host()
        .spawn(DomainSpec::new("stranger"), plain, Mint::nothing())
        .unwrap();
    assert_eq!(owner_of(&stranger), slot);
    stranger.proxy().unwrap().lay_a_trap().unwrap();
    let began = Instant::now();
    assert_eq!(victim.proxy().unwrap().ask(), Err(RpcError::Dead));
    let took = began.elapsed();
    println!("{took:?}, {} destructors", DROPPED.load(SeqCst));
    assert_eq!(
        DROPPED.load(SeqCst),
        0,
        "a stranger's destructor ran on the victim's thread"
    );
    assert!(took < Duration::from_secs(1));
}

/// The slot's new tenant must not decide how much stack a call to the old domain needs. Otherwise a shadow would find
/// no room for the call, and would not restart the dead domain for as long as the tenant lives.
///
/// Invariant: HEAP-33
#[test]
fn a_shadow_ignores_the_stack_need_of_a_stranger() {
    use samara_domain_runtime::Restart;
    use samara_host_std::contained::contained;
    let _alone = alone();
    // From here on the host enforces budgets and stacks.
    drop(contained(true));
    let restart = Restart::limited(20, Duration::from_secs(3600));
    let friend: Domain<dyn Node> = host()
        .spawn(
            DomainSpec::new("small").restart(restart),
            plain,
            Mint::nothing(),
        )
        .unwrap();
    let shadow = friend.shadow().unwrap();
    let slot = owner_of(&friend);
    assert!(friend.kill());
    let _ = await_reclaims("small", 1);
    let tenant: Domain<dyn Node> = host()
        .spawn(
            DomainSpec::new("large").stack(1 << 20),
            plain,
            Mint::nothing(),
        )
        .unwrap();
    assert_eq!(owner_of(&tenant), slot);
    let got = std::thread::scope(|scope| {
        let run = || {
            let _contained = contained(false);
            shadow.open().map(drop)
        };
        let thread = std::thread::Builder::new().stack_size(512 << 10);
        thread.spawn_scoped(scope, run).unwrap().join().unwrap()
    });
    println!("{got:?}, {} restarts", friend.restarts());
    tenant.kill();
    assert_eq!(got, Ok(()));
}
