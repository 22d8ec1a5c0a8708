//! Attack: a domain makes requests without end that are refused, or answered at once. Most of the time of such a
//! request is spent in the host's code. That time is charged to the domain that asks, so the domain is ended as early
//! as a domain that spins.
//!
//! Each instruction is a tick of one microsecond, so budgets are counted in instructions.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::threads::api as own_thread;
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, Proxy, Shadow, interface};
use samara_rref::{RRef, RRefDeque};
use samara_testkit::contained::{arm, is_armed, stepping, steps};
use samara_testkit::hosted::{alone, as_host, host};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

/// The budget in microseconds. It is also the number of instructions that a domain may spin.
const BUDGET: u64 = 10_000;

/// The number of budgets that a domain may last. The first is its own. The second allows for the answer that is under
/// way when the first ends, and for the instructions that enter and leave a call, which are charged to no domain.
const FEW: u64 = 2;

/// The number of other domains; each has a recorded call at the server.
const NEIGHBOURS: usize = 60;

#[interface]
trait Server {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError>;
    #[replay]
    fn set(&self, to: [u64; 8]) -> Result<u64, RpcError>;
    #[idempotent]
    fn get(&self) -> Result<u64, RpcError>;
    fn take(&self, object: RRef<[u64; 64]>) -> Result<u64, RpcError>;
    /// Stays inside until the host lets it go.
    fn stay(&self) -> Result<u64, RpcError>;
}
struct Serving;
impl Server for Serving {
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError> {
        Proxy::export(Self).map_err(|(error, _)| error.into())
    }
    fn set(&self, to: [u64; 8]) -> Result<u64, RpcError> {
        if to[0] == u64::MAX {
            return Err(RpcError::OutOfMemory);
        }
        Ok(to[0])
    }
    fn get(&self) -> Result<u64, RpcError> {
        Ok(1)
    }
    fn take(&self, object: RRef<[u64; 64]>) -> Result<u64, RpcError> {
        Ok(object[0])
    }
    fn stay(&self) -> Result<u64, RpcError> {
        as_host(|| {
            INSIDE.store(true, SeqCst);
            while INSIDE.load(SeqCst) {
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        Ok(0)
    }
}
fn serving((): ()) -> Result<Serving, RpcError> {
    Ok(Serving)
}

#[interface]
trait Client {
    /// Makes a recorded call.
    fn set(&self) -> Result<u64, RpcError>;
    /// Makes the requests of a case until the ticks have ended.
    fn ask(&self, case: usize, of: Option<Proxy<dyn Server>>) -> Result<u64, RpcError>;
}
struct Asking(Shadow<dyn Server>);
impl Client for Asking {
    fn set(&self) -> Result<u64, RpcError> {
        self.0.set([1; 8])
    }
    fn ask(&self, case: usize, of: Option<Proxy<dyn Server>>) -> Result<u64, RpcError> {
        let mut request = (CASES[case].ask)(&self.0, of.as_ref());
        request();
        LAST.store(0, SeqCst);
        arm();
        while is_armed() {
            request();
            LAST.store(steps(), SeqCst);
        }
        Ok(0)
    }
}
fn asking(server: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    Ok(Asking(server))
}

type Known<'a> = &'a Shadow<dyn Server>;
type Given<'a> = Option<&'a Proxy<dyn Server>>;
type Body<'a> = Box<dyn FnMut() + 'a>;

fn repeat<'a, R>(mut ask: impl FnMut() -> R + 'a) -> Body<'a> {
    Box::new(move || {
        let _ = ask();
    })
}

/// A request that is repeated.
struct Case {
    name: &'static str,
    server: fn(DomainSpec) -> DomainSpec,
    client: fn(DomainSpec) -> DomainSpec,
    /// Prepares the server.
    then: fn(&Domain<dyn Server>),
    /// Whether a call of the host is inside the server while the client makes its requests.
    has_call_inside: bool,
    /// Whether the client gets a proxy of an object that the host exports, instead of a proxy of the server.
    is_hosts: bool,
    neighbours: usize,
    /// Prepares the client's request and returns it. The second argument of `ask`, the proxy of the server, may be
    /// missing.
    ask: for<'a> fn(Known<'a>, Given<'a>) -> Body<'a>,
}

const CASE: Case = Case {
    name: "",
    server: |spec| spec,
    client: |spec| spec,
    then: |_| (),
    has_call_inside: false,
    is_hosts: false,
    neighbours: 0,
    ask: |_, _| Box::new(|| ()),
};

/// The instruction at which the last answer came.
static LAST: AtomicU64 = AtomicU64::new(0);

/// Whether a call of [`Server::stay`] is inside and has to stay.
static INSIDE: AtomicBool = AtomicBool::new(false);

/// Whether the recipe fails.
static FAILS: AtomicBool = AtomicBool::new(false);

/// Returns an object at the end of a chain of `through` openings.
fn opened(through: usize, server: &Shadow<dyn Server>) -> Proxy<dyn Server> {
    let mut object = server.open().unwrap();
    for _ in 1..through {
        object = object.open().unwrap();
    }
    object
}

static CASES: &[Case] = &[
    Case {
        name: "nothing",
        ..CASE
    },
    Case {
        name: "a thread beyond its limit",
        client: |spec| spec.threads(0),
        ask: |_, _| repeat(|| own_thread::spawn(|| ())),
        ..CASE
    },
    Case {
        name: "a record that is full",
        server: |spec| spec.replay_log(1),
        ask: |server, _| repeat(|| server.set([1; 8])),
        ..CASE
    },
    Case {
        name: "a record that is full, among many",
        server: |spec| spec.replay_log(1),
        neighbours: NEIGHBOURS,
        ask: |server, _| repeat(|| server.set([1; 8])),
        ..CASE
    },
    Case {
        name: "a recorded call that fails",
        neighbours: NEIGHBOURS,
        ask: |server, _| repeat(|| server.set([u64::MAX; 8])),
        ..CASE
    },
    Case {
        name: "a record beyond the host's quota",
        client: |spec| spec.host_quota(64),
        ask: |server, _| repeat(|| server.set([1; 8])),
        ..CASE
    },
    Case {
        name: "a record that is full, of an opened object",
        ask: |server, _| {
            let object = opened(1, server);
            while object.set([1; 8]).is_ok() {}
            repeat(move || object.set([1; 8]))
        },
        ..CASE
    },
    Case {
        name: "an object opened too deep",
        ask: |server, _| {
            let object = opened(4, server);
            repeat(move || object.open())
        },
        ..CASE
    },
    Case {
        name: "an object beyond the host's quota",
        client: |spec| spec.host_quota(64),
        ask: |server, _| repeat(|| server.open()),
        ..CASE
    },
    Case {
        name: "an object that is dropped at once",
        ask: |server, _| repeat(|| server.open()),
        ..CASE
    },
    Case {
        name: "an object of a server that can't be started",
        then: |server| {
            server.kill();
        },
        server: |spec| spec.restart(Restart::never()),
        ask: |server, _| repeat(|| server.open()),
        ..CASE
    },
    Case {
        name: "a call of a dead server",
        then: |server| {
            server.kill();
        },
        ask: |_, of| repeat(move || of.map(|of| of.get())),
        ..CASE
    },
    Case {
        name: "a call of a dead server, with an object",
        then: |server| {
            server.kill();
        },
        ask: |_, of| repeat(move || of.map(|of| of.take(RRef::new([1; 64])))),
        ..CASE
    },
    Case {
        name: "a call of a service whose restarts are spent",
        server: |spec| spec.restart(Restart::never()),
        then: |server| {
            server.kill();
        },
        ask: |server, _| repeat(|| server.get()),
        ..CASE
    },
    Case {
        name: "a call of a service that was stopped",
        then: |server| server.stop(Duration::from_secs(1)).unwrap(),
        ask: |server, _| repeat(|| server.get()),
        ..CASE
    },
    Case {
        name: "a call of a service whose recipe fails",
        then: |server| {
            FAILS.store(true, SeqCst);
            server.kill();
        },
        ask: |server, _| repeat(|| server.get()),
        ..CASE
    },
    Case {
        name: "a call of a server that has no quota left",
        server: |spec| spec.shared_quota(128),
        ask: |_, of| repeat(move || of.map(|of| of.take(RRef::new([1; 64])))),
        ..CASE
    },
    Case {
        name: "a call for which there is no stack",
        server: |spec| spec.stack(1 << 40),
        ask: |server, _| repeat(|| server.get()),
        ..CASE
    },
    Case {
        name: "a call that is answered",
        ask: |_, of| repeat(move || of.map(|of| of.get())),
        ..CASE
    },
    Case {
        name: "a call that the host answers",
        is_hosts: true,
        ask: |_, of| repeat(move || of.map(|of| of.get())),
        ..CASE
    },
    Case {
        name: "a call of a dying server",
        has_call_inside: true,
        then: |server| {
            server.kill();
        },
        ask: |_, of| repeat(move || of.map(|of| of.get())),
        ..CASE
    },
    Case {
        name: "a wake",
        ask: |_, _| {
            let parks = || {
                while !own_thread::is_stopping() {
                    own_thread::park();
                }
            };
            let sleeper = own_thread::spawn(parks).unwrap();
            repeat(move || sleeper.unpark())
        },
        ..CASE
    },
    Case {
        name: "a wait of no time",
        ask: |_, _| Box::new(|| own_thread::park_timeout(Duration::ZERO)),
        ..CASE
    },
    Case {
        name: "a yield",
        ask: |_, _| Box::new(own_thread::yield_now),
        ..CASE
    },
    Case {
        name: "a handle of its own",
        ask: |server, of| repeat(move || (server.try_clone(), of.map(Proxy::try_clone))),
        ..CASE
    },
    Case {
        name: "a handle beyond its quota",
        client: |spec| spec.shared_objects(8),
        ask: |server, _| {
            let all: Vec<_> = (0..8).map_while(|_| server.try_clone().ok()).collect();
            repeat(move || (&all, server.try_clone().unwrap_err()).1)
        },
        ..CASE
    },
    Case {
        name: "shared memory beyond its quota",
        client: |spec| spec.shared_quota(4096),
        ask: |_, _| repeat(|| RRef::<[u8]>::new_zeroed_slice(1 << 20)),
        ..CASE
    },
    Case {
        name: "private memory beyond its quota",
        client: |spec| spec.heap_quota(1 << 20),
        ask: |_, _| repeat(|| Vec::<u8>::new().try_reserve(4 << 20)),
        ..CASE
    },
    Case {
        name: "an export beyond its quota",
        client: |spec| spec.shared_objects(8),
        ask: |server, _| {
            let all: Vec<_> = (0..8).map_while(|_| server.try_clone().ok()).collect();
            repeat(move || (&all, Proxy::<dyn Server>::export(Serving).is_err()).1)
        },
        ..CASE
    },
    Case {
        name: "an export that is dropped at once",
        ask: |_, _| repeat(|| Proxy::<dyn Server>::export(Serving)),
        ..CASE
    },
    Case {
        name: "a batch",
        ask: |_, _| repeat(RRefDeque::<u64, 4>::try_new),
        ..CASE
    },
];

/// Returns a server and its clients; the last client makes the requests.
fn spawned(case: &'static Case) -> (Domain<dyn Server>, Vec<Domain<dyn Client>>) {
    FAILS.store(false, SeqCst);
    let recipe = || {
        if FAILS.load(SeqCst) {
            Err(RpcError::OutOfMemory)
        } else {
            Ok(())
        }
    };
    let spec =
        DomainSpec::new("server").restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
    // A fresh thread's stack is not known to the runtime, so it counts as long enough for any server.
    let server = std::thread::scope(|scope| {
        let spawn = || host().spawn((case.server)(spec), serving, Mint::fallible(recipe));
        scope.spawn(spawn).join().unwrap()
    });
    let server: Domain<dyn Server> = server.unwrap();
    let client = |spec| {
        let of = server.clone();
        host()
            .spawn(spec, asking, Mint::fallible(move || of.shadow()))
            .unwrap()
    };
    let mut clients: Vec<Domain<dyn Client>> = (0..case.neighbours)
        .map(|_| client(DomainSpec::new("neighbour")))
        .collect();
    for neighbour in &clients {
        neighbour.proxy().unwrap().set().unwrap();
    }
    let spec = DomainSpec::new("client").budget(Duration::from_micros(BUDGET));
    clients.push(client((case.client)(spec)));
    (server, clients)
}

/// Returns the number of instructions until the last answer to a client that repeats this request and overruns
/// its budget.
fn lasts(at: usize, case: &'static Case) -> Result<u64, String> {
    LAST.store(0, SeqCst);
    let contained = stepping();
    let (server, mut clients) = spawned(case);
    let client = clients.pop().unwrap();
    let of = if case.is_hosts {
        Proxy::export(Serving).map_err(|(error, _)| error).unwrap()
    } else {
        server.proxy().unwrap()
    };
    let inside = case.has_call_inside.then(|| {
        let proxy = server.proxy().unwrap();
        let thread = std::thread::spawn(move || proxy.stay());
        while !INSIDE.load(SeqCst) {
            std::thread::yield_now();
        }
        thread
    });
    (case.then)(&server);
    host().reap();
    let proxy = client.proxy().unwrap();
    let call = || proxy.ask(at, Some(of));
    let (came, stepped) = contained.step_counted(8 * BUDGET, call);
    INSIDE.store(false, SeqCst);
    inside.map(|thread| thread.join().unwrap());
    let end = client.exit_reason().map(|end| end.kind);
    client.kill();
    for neighbour in &clients {
        neighbour.kill();
    }
    server.kill();
    drop((proxy, client, clients, server));
    host().reap();
    match end {
        Some(ExitKind::Overrun) => Ok(LAST.load(SeqCst)),
        _ => Err(format!("{came:?}, {end:?} after {stepped:?}")),
    }
}

/// Invariant: ORDER-19
#[test]
fn endless_refusals_use_up_the_budget() {
    let _alone = alone();
    let mut wrong = Vec::new();
    for (at, case) in CASES.iter().enumerate() {
        let lasts = lasts(at, case);
        println!("{}: {lasts:?}", case.name);
        if !matches!(lasts, Ok(lasts) if lasts <= FEW * BUDGET) {
            wrong.push((case.name, lasts));
        }
    }
    assert!(
        wrong.is_empty(),
        "a budget is {BUDGET} instructions: {wrong:#?}"
    );
}
