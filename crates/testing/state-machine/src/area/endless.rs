//! Steps with endless work, in every place where a domain can do work. The domain's budget must end that domain and
//! no other.

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

/// Only one in this many steps of the kind runs, because each lasts for a whole budget, and until a tick notices the
/// overrun.
const SELDOM: usize = 8;

/// The budget of a domain.
const BUDGET: Duration = Duration::from_millis(20);

/// The time after which the domain must be dead. If it is not, the endless work ends by itself, and the step fails.
const PATIENCE: Duration = Duration::from_secs(4);

/// Stack of the calling thread, in bytes.
const STACK: usize = 2 << 20;

/// Number of values in a batch whose transfer takes long.
const MANY: usize = 1 << 17;

/// Number of exported objects to drop. Each destructor takes half a budget, and all together take twice [`PATIENCE`].
const DESTRUCTORS: usize = 2 * PATIENCE.as_millis() as usize / (BUDGET.as_millis() as usize / 2);

/// Returns the microseconds since the process's first step of this kind.
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

/// Works for a long time when it is dropped. The destructor makes no call, so the optimiser may inline all of it
/// where the value is dropped.
struct Slow;

impl Drop for Slow {
    #[inline]
    fn drop(&mut self) {
        // The loop takes far longer than a budget. But it ends, because a failing step must not hang.
        for _ in 0..1_u32 << 29 {
            spin_loop();
        }
    }
}

/// The place of a domain's endless work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Exchangeable)]
enum Where {
    Method,
    /// In calls of its own interface. Each call alone stays within the budget.
    OwnCalls,
    /// In transfers of objects to another domain and back.
    Transfers,
    /// In a wait for an interrupt that never comes.
    Wait,
    /// In a wait for an interrupt that never comes, on a thread that the domain has spawned.
    WaitOnThread,
    /// On a thread that the domain has spawned.
    Thread,
    /// In the destructor of a panic's payload.
    Payload,
    /// In the destructor of a panic's payload, in a call that returns an object.
    PayloadOfMove,
    /// In the destructor of an exported object.
    Export,
    /// In the destructor of its root object, while the domain is stopped.
    Stop,
    Init,
    /// In the `Display` of the error that `init` returns.
    Display,
    /// In the destructor of the error that `init` returns.
    ErrorDrop,
    /// In calls to another domain that is dead and takes long to drain.
    Recovery,
    /// In moving a large batch back and forth: the other domain takes it from a result of this domain and returns it
    /// as a result.
    Results,
    /// In calls to a domain that cannot be started.
    Requests,
    /// In calls to an opened object that its server no longer opens.
    Reopening,
    /// In the destructors of many exported objects, each within the budget. A collection must not run all of them at
    /// once.
    Exports,
    /// In a destructor that spends its time in calls to another domain.
    ExportByOthers,
    /// In opening objects of the host and dropping their proxies.
    HostsObjects,
    /// In a wait inside a destructor that runs while a panic unwinds, on a thread that the domain has spawned. The
    /// domain has no budget, so the host must kill it.
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

/// The place of the endless work, and the time at which the work ends by itself.
#[derive(Clone, Copy, Debug, Exchangeable)]
struct Task {
    place: Where,
    end: u64,
}

impl Machine {
    /// Runs a step with new domains, so that they have no history.
    fn endless(&mut self, n: Numbers) {
        if !n.which.is_multiple_of(SELDOM) {
            return;
        }
        let place = PLACES[n.how % PLACES.len()];
        let names = [
            format!("{}-toiler", self.name),
            format!("{}-echo", self.name),
        ];
        // The step runs on a new thread, which gets ticks in every mode of the machine.
        cuts::ticking(STACK, || endless(place, &names));
        await_end(&names);
        // Drops the host's objects that those domains held.
        exports::collect(control::block(Owner::HOST));
    }
}

/// Starts a domain that works without end in `place`, and checks how it ends.
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
        // If the start fails, there is no domain to ask, so the result of the spawn is checked.
        assert!(
            matches!(started, Err(SpawnError::Init(_))),
            "an endless start in {place:?} did not fail"
        );
    } else {
        // On a busy machine a wait for one of the heap's locks may use up the budget, even in `init`. So the start is
        // tried three times.
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
            // The domain panicked before it overran its budget, and the first reason is kept.
            Where::Payload | Where::PayloadOfMove => ExitKind::Panic,
            Where::Exports | Where::WaitInPanic => ExitKind::Killed,
            _ => ExitKind::Overrun,
        };
        // In `WaitInPanic` the panic may have been recorded before the kill. Then that reason is kept.
        let is_noted = place == Where::WaitInPanic && kind == Some(ExitKind::Panic);
        assert!(
            is_noted || kind == Some(expected),
            "endless work in {place:?} ended with {kind:?}"
        );
    }
    assert!(
        now() < end,
        "the endless work in {place:?} was not ended in time"
    );
}

/// Catches panics around `call`, and panics if it catches one: a domain's unwinding must not land in a catch of the
/// host's. The function is inlined, so that in optimised code the catch and the call share one frame.
#[inline(always)]
fn caught(call: impl FnOnce() -> Result<(), RpcError>) -> Result<(), RpcError> {
    match panic::catch_unwind(panic::AssertUnwindSafe(call)) {
        Ok(ended) => ended,
        Err(_) => panic!("a domain's death unwound into the host's own catch"),
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
                // Gives the domain's thread time to begin its wait.
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
        "the result of endless work in {:?}",
        task.place
    );
}
