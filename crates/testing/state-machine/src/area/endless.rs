//! Work without end, wherever a domain may do some: its budget ends the domain, and no other one.

mod domains;

use super::{Kind, kind, sleepers};
use crate::cuts;
use crate::runner::Machine;
use crate::settle::{Ending, await_end, wait_until};
use crate::step::Numbers;
use domains::{Echo, NO, Opening, Opens, Toiler, init, parrot};
use samara_domain::{Exchangeable, Proxy, RRef, RpcError};
use samara_domain_runtime::{
    Domain, DomainSpec, ExitKind, Mint, Restart, SpawnError, control, exports,
};
use samara_host_std::runtime;
use samara_proxy::Export;
use samara_shared_heap::Owner;
use std::hint::spin_loop;
use std::panic;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

pub(crate) const KINDS: &[Kind] = &[kind("endless", 1, Machine::endless)];

/// One step in so many is one: each takes as long as a budget, and the tick that sees it.
const SELDOM: usize = 8;

/// The budget of a domain.
const BUDGET: Duration = Duration::from_millis(20);

/// By then it should be over: work without end gives up, and the step fails.
const PATIENCE: Duration = Duration::from_secs(4);

/// Stack of the calling thread, in bytes.
const STACK: usize = 2 << 20;

/// Values of a batch that takes long to hand over.
const MANY: usize = 1 << 17;

/// Objects whose destructors take half a budget each, and together longer than anybody's patience.
const DESTRUCTORS: usize = 2 * PATIENCE.as_millis() as usize / (BUDGET.as_millis() as usize / 2);

/// Microseconds since the process's first of these steps.
fn now() -> u64 {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed().as_micros() as u64
}

/// Works until `end`.
fn toil(end: u64) {
    while now() < end {
        spin_loop();
    }
}

/// Works long when it's dropped, without a call: the optimiser may expand all of it where it is dropped.
struct Slow;

impl Drop for Slow {
    #[inline]
    fn drop(&mut self) {
        // Far longer than a budget, and not for ever: a step may fail, and not hang.
        for _ in 0..1_u32 << 29 {
            spin_loop();
        }
    }
}

/// Where a domain works without end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
enum Where {
    Method,
    /// In calls of its own, each within its budget.
    OwnCalls,
    /// Where objects are handed to and fro.
    Transfers,
    /// It waits for an interrupt that doesn't come.
    Wait,
    /// So on a thread of its own.
    WaitOnThread,
    /// On a thread of its own.
    Thread,
    /// In a panic's payload.
    Payload,
    /// So in a call that returns an object.
    PayloadOfMove,
    /// In an exported object's destructor.
    Export,
    /// In its own object's, in a stop.
    Stop,
    Init,
    /// Where the error of `init` is told.
    Display,
    /// Where that error is dropped.
    ErrorDrop,
    /// It waits for a domain that is slow to end.
    Recovery,
    /// It hands results to and fro.
    Results,
    /// It asks for a domain that can't be started.
    Requests,
    /// It asks for an object that is opened no more.
    Reopening,
    /// In many destructors, each within its budget: a collection must not wait for all of them.
    Exports,
    /// In one that spends its time in calls of another domain.
    ExportByOthers,
    /// It opens objects of the host's and lets them go.
    HostsObjects,
    /// It waits in a destructor that a panic runs, on a thread of its own and without a budget: a kill ends it.
    WaitInPanic,
}

const PLACES: [Where; 21] = [
    Where::Method,
    Where::OwnCalls,
    Where::Transfers,
    Where::Wait,
    Where::WaitOnThread,
    Where::Thread,
    Where::Payload,
    Where::PayloadOfMove,
    Where::Export,
    Where::Stop,
    Where::Init,
    Where::Display,
    Where::ErrorDrop,
    Where::Recovery,
    Where::Results,
    Where::Requests,
    Where::Reopening,
    Where::Exports,
    Where::ExportByOthers,
    Where::HostsObjects,
    Where::WaitInPanic,
];

/// Where it works, and until when it does if nobody ends it.
#[derive(Clone, Copy, Debug, Exchangeable)]
struct Task {
    place: Where,
    end: u64,
}

impl Machine {
    /// Domains of their own: no other has done anything.
    fn endless(&mut self, n: Numbers) {
        if !n.which.is_multiple_of(SELDOM) {
            return;
        }
        let place = PLACES[n.how % PLACES.len()];
        let names = [
            format!("{}-toiler", self.name),
            format!("{}-echo", self.name),
        ];
        // On a thread of its own, which is ticked in every mode.
        cuts::ticking(STACK, || endless(place, &names));
        await_end(&names);
        // What they had of the host's.
        exports::collect(control::block(Owner::HOST));
    }
}

/// Starts a domain that works without end in `place`, and sees it ended.
fn endless(place: Where, names: &[String; 2]) {
    let end = now() + PATIENCE.as_micros() as u64;
    let task = Task { place, end };
    let mut spec = DomainSpec::new(&names[0]).threads(1);
    if place != Where::WaitInPanic {
        spec = spec.budget(BUDGET);
    }
    let start = || runtime().spawn::<dyn Toiler, _, _, _>(spec, init, Mint::of(move || task));
    let started = start();
    if matches!(place, Where::Init | Where::Display | Where::ErrorDrop) {
        // Only the spawner can tell the end of a start.
        assert!(
            matches!(started, Err(SpawnError::Init(_))),
            "a start without end in {place:?}"
        );
    } else {
        // On a busy machine a lock of the heap's may be waited for until a budget is used up, in `init` too.
        let started = started.or_else(|_| start()).or_else(|_| start());
        let toiler = started.unwrap_or_else(|error| panic!("{error}"));
        let _ending = Ending(toiler.clone());
        toils(&toiler, task, &names[1]);
        wait_until(
            || format!("the end of {toiler:?}"),
            || toiler.exit_reason().is_some(),
        );
        let kind = toiler.exit_reason().map(|reason| reason.kind);
        let expected = match place {
            // A panic was first.
            Where::Payload | Where::PayloadOfMove => ExitKind::Panic,
            Where::Exports | Where::WaitInPanic => ExitKind::Killed,
            _ => ExitKind::Overrun,
        };
        // The reason that a panic hook has noted stays.
        let is_noted = place == Where::WaitInPanic && kind == Some(ExitKind::Panic);
        assert!(
            is_noted || kind == Some(expected),
            "of work without end in {place:?}: {kind:?}"
        );
    }
    assert!(
        now() < end,
        "nobody ended the work without end in {place:?}"
    );
}

/// In optimised code the host's catch and the call stand in one frame: nothing lands in there.
#[inline(always)]
fn caught(call: impl FnOnce() -> Result<(), RpcError>) -> Result<(), RpcError> {
    match panic::catch_unwind(panic::AssertUnwindSafe(call)) {
        Ok(ended) => ended,
        Err(_) => panic!("the end of a domain in the host's own catch"),
    }
}

fn toils(toiler: &Domain<dyn Toiler>, task: Task, echo: &str) {
    let spec = DomainSpec::new(echo)
        .restart(Restart::limited(1, PATIENCE))
        .drain_timeout(PATIENCE);
    let (first, gone) = (AtomicBool::new(true), Arc::new(AtomicBool::new(false)));
    let is_gone = Arc::clone(&gone);
    let recipe = Mint::fallible(move || {
        if is_gone.load(SeqCst) {
            std::thread::sleep(NO);
            return Err("asked to fail");
        }
        Ok(first.swap(false, SeqCst))
    });
    let other: Domain<dyn Echo> = runtime()
        .spawn(spec, parrot, recipe)
        .unwrap_or_else(|error| panic!("{error}"));
    let _ending = Ending(other.clone());
    let proxy = || toiler.proxy().unwrap_or_else(|error| panic!("{error}"));
    let shadow = || other.shadow().unwrap_or_else(|error| panic!("{error}"));
    let hosts = || {
        let opening = Proxy::<dyn Opens>::export(Opening);
        opening.unwrap_or_else(|(error, _)| panic!("{error}"))
    };
    let toil = || proxy().toil(proxy(), shadow(), hosts());
    let ended = match task.place {
        Where::WaitOnThread | Where::Thread | Where::WaitInPanic => {
            let spawned = toil();
            assert!(
                matches!(spawned, Ok(()) | Err(RpcError::Crashed)),
                "{spawned:?}"
            );
            if task.place == Where::WaitInPanic {
                // Time to begin the wait.
                std::thread::sleep(BUDGET / 2);
                toiler.kill();
            }
            Err(RpcError::Crashed)
        }
        Where::PayloadOfMove => {
            let proxy = proxy();
            caught(|| proxy.throw(RRef::new(1)).map(drop))
        }
        Where::Export => {
            drop(proxy().export());
            exports::collect_of(toiler.service().current().target());
            Err(RpcError::Crashed)
        }
        Where::ExportByOthers => {
            let other = other.proxy().unwrap_or_else(|error| panic!("{error}"));
            drop(proxy().export_calling(other));
            exports::collect_of(toiler.service().current().target());
            Err(RpcError::Crashed)
        }
        Where::Exports => {
            let gone = proxy().let_go(DESTRUCTORS);
            assert!(matches!(gone, Ok(()) | Err(RpcError::Crashed)), "{gone:?}");
            exports::collect(toiler.service().current().target().block());
            toiler.kill();
            Err(RpcError::Crashed)
        }
        Where::Requests => {
            gone.store(true, SeqCst);
            other.kill();
            toil()
        }
        Where::Stop => {
            drop(toiler.stop(PATIENCE));
            Err(RpcError::Crashed)
        }
        Where::Recovery => std::thread::scope(|scope| {
            let inside = other.proxy().unwrap_or_else(|error| panic!("{error}"));
            let place = sleepers::place();
            scope.spawn(move || inside.sleep(place));
            wait_until(|| "a call inside".into(), || sleepers::is_asleep(place));
            other.kill();
            let ended = toil();
            sleepers::wake(place);
            ended
        }),
        _ => {
            let (toiler, own, other, hosts) = (proxy(), proxy(), shadow(), hosts());
            caught(|| toiler.toil(own, other, hosts))
        }
    };
    assert_eq!(
        ended,
        Err(RpcError::Crashed),
        "of work without end in {:?}",
        task.place
    );
}
