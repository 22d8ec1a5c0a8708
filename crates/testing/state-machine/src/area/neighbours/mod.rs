//! Steps with services that depend on each other, and their clients. One client (the asker) makes a request while
//! something is lacking: stack, time, or a service that the called service needs. This must never cost another client
//! (the victim) its recorded calls or its objects.

mod cast;
mod scene;

use super::{Kind, kind, sleepers};
use crate::cuts;
use crate::runner::Machine;
use crate::settle::{Ending, await_end, wait_until};
use crate::step::Numbers;
use cast::{Client as _, Disk, Files, Request};
use samara_domain::{Exchangeable, RpcError};
use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Implements, Interface, Mint, Restart};
use samara_host_std::runtime;
use samara_proxy::Export;
use scene::{Fate, ROOMY, Scene};
use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, Scope, sleep};
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[kind("neighbours", 1, Machine::neighbours)];

/// Only one in this many steps of the kind runs, because some of them wait.
const SELDOM: usize = 4;

/// The restart limit of a service. A scene makes fewer restarts.
const RESTARTS: u32 = 24;

/// The most starts of a service in a scene, including failed ones.
const STARTS: u32 = 80;

/// The restart limit of a disk that is to use up its restarts, and the period after which it may restart again.
const FEW: u32 = 3;
const A_WHILE: Duration = Duration::from_millis(100);

impl Machine {
    /// Runs a step with new domains.
    fn neighbours(&mut self, n: Numbers) {
        if !n.which.is_multiple_of(SELDOM) {
            return;
        }
        let names = ["disk", "files", "asker", "victim"].map(|of| format!("{}-{of}", self.name));
        cuts::ticking(ROOMY, || Play::new(Scene::of(n), &names).run());
        await_end(&names);
    }
}

struct Play {
    scene: Scene,
    disk: Service<dyn Disk>,
    files: Service<dyn Files>,
    asker: Client,
    victim: Client,
}

/// A domain with its handle, whose recipe can be made to fail.
struct Service<I: ?Sized + Interface> {
    domain: Domain<I>,
    is_gone: Arc<AtomicBool>,
    _ending: Ending<I>,
}

impl<I: ?Sized + Interface> Service<I> {
    fn start<T: 'static, A: Exchangeable, E: Display + 'static>(
        spec: DomainSpec,
        init: fn(A) -> Result<T, E>,
        recipe: impl Fn() -> Result<A, RpcError> + Send + Sync + 'static,
    ) -> Self
    where
        I: Implements<T>,
    {
        let is_gone = Arc::new(AtomicBool::new(false));
        let gone = Arc::clone(&is_gone);
        let mint = Mint::fallible(move || {
            if gone.load(SeqCst) {
                return Err(RpcError::Dead);
            }
            recipe()
        });
        let domain = runtime().spawn(spec, init, mint);
        let domain = domain.unwrap_or_else(|error| panic!("{error}"));
        let _ending = Ending(domain.clone());
        Self {
            domain,
            is_gone,
            _ending,
        }
    }

    /// Puts the service into the state `fate`. `stay` makes a call that stays inside it, and `crash` makes a call
    /// that ends a generation. Returns the place of the call that stays inside, if there is one.
    fn meet<'scope>(
        &self,
        fate: Fate,
        scope: &'scope Scope<'scope, '_>,
        stay: impl FnOnce(usize) + Send + 'scope,
        crash: impl Fn(),
    ) -> Option<usize> {
        let mut inside = None;
        match fate {
            Fate::Lives => return None,
            Fate::Over => (0..=FEW).for_each(|_| crash()),
            Fate::Gone => self.is_gone.store(true, SeqCst),
            Fate::Draining => {
                let place = sleepers::place();
                scope.spawn(move || stay(place));
                wait_until(|| "a call inside".into(), || sleepers::is_asleep(place));
                inside = Some(place);
            }
            Fate::Dead => {}
        }
        self.domain.kill();
        inside
    }

    /// Asserts that no generation of the domain has ended in one of the ways `of`.
    fn is_nobodys_victim(&self, of: &[ExitKind]) {
        let mut ends = self.domain.exits().map(|exit| exit.reason);
        let end = ends.find(|reason| of.contains(&reason.kind));
        assert_eq!(
            end, None,
            "{:?} died of another domain's request",
            self.domain
        );
    }
}

type Client = Service<dyn cast::Client>;

impl Client {
    /// Makes the request on a thread with `stack` bytes of stack.
    fn ask(&self, stack: usize, request: Request, times: u32, below: usize) -> Answer {
        let proxy = self.domain.proxy();
        let proxy = proxy.unwrap_or_else(|error| panic!("{error}"));
        cuts::ticking(stack, move || proxy.ask(request, times, below))
    }

    /// Makes the request with enough stack.
    fn ask_well(&self, request: Request) -> Answer {
        self.ask(ROOMY, request, 1, 0)
    }
}

type Answer = Result<u32, RpcError>;

fn limited(name: &str, times: u32) -> DomainSpec {
    DomainSpec::new(name).restart(Restart::limited(times, Duration::from_secs(3600)))
}

impl Play {
    fn new(scene: Scene, names: &[String; 4]) -> Self {
        let [disk, files, asker, victim] = names;
        let policy = match scene.disk {
            Fate::Over => Restart::limited(FEW, A_WHILE),
            _ => Restart::limited(RESTARTS, Duration::from_secs(3600)),
        };
        let spec = DomainSpec::new(disk)
            .restart(policy)
            .stack(scene.disk_stack)
            .drain_timeout(if scene.budget.is_some() {
                3 * A_WHILE
            } else {
                A_WHILE / 5
            });
        let disk = Service::start(spec, cast::disk, || Ok(()));
        let mut spec = limited(files, RESTARTS).drain_timeout(scene.drain);
        if let Some(budget) = scene.budget {
            spec = spec.budget(budget);
        }
        let (of, needs) = (disk.domain.clone(), scene.needs);
        let files = Service::start(spec, cast::files, move || Ok((of.shadow()?, needs)));
        let client = |name, budget: Option<Duration>| {
            let of = files.domain.clone();
            let spec = limited(name, u32::MAX).host_quota(1 << 20);
            let spec = budget.map_or(spec, |budget| spec.budget(budget));
            Service::start(spec, cast::client, move || Ok(of.shadow()?))
        };
        let (asker, victim) = (client(asker, scene.hasty), client(victim, None));
        Self {
            scene,
            disk,
            files,
            asker,
            victim,
        }
    }

    fn run(&self) {
        let record = self.scene.record;
        assert!(record.is_none_or(|record| self.victim.ask_well(record) == Ok(1)));
        for &below in &self.scene.depths {
            self.turn(below);
        }
        // The victim must also be able to record another call.
        let recorded = u32::from(matches!(record, Some(Request::Mount | Request::Note)));
        let next = self.victim.ask_well(Request::Mount);
        assert_eq!(next, Ok(recorded + 1), "{:?}", self.scene);
        self.victim.is_nobodys_victim(&ENDS);
        // A disk in the state `Over` was made to panic until its restarts were used up. So panics are expected there.
        let ends = if self.scene.disk == Fate::Over {
            &ENDS[1..]
        } else {
            &ENDS
        };
        self.disk.is_nobodys_victim(ends);
        // A wait for the disk counts against the file service's budget. So if it has a budget, overruns are expected.
        let overruns = self.scene.budget.is_some();
        let ends = if overruns { &ENDS[..3] } else { &ENDS };
        self.files.is_nobodys_victim(ends);
        if self.scene.lacks_only_stack() {
            // Starts that fail for lack of stack leave no exit record, so no `init` may have failed.
            self.files.is_nobodys_victim(&[ExitKind::InitFailed]);
        }
        // A failed recipe counts as a restart although it starts no generation. So the limit does not hold for a file
        // service in the state `Gone`.
        let starts = self.files.domain.restarts();
        let few = starts <= STARTS || self.scene.files == Fate::Gone;
        assert!(
            few,
            "{starts} starts of the file service in {:?}",
            self.scene
        );
    }

    /// Runs one turn: the disk and the file service get their states, the asker makes its requests, and both services
    /// recover. The victim must still have everything that it had.
    fn turn(&self, below: usize) {
        let Scene {
            record,
            request,
            times,
            stack,
            ..
        } = self.scene;
        if request == Request::At {
            // The asker may have overrun its budget in this call, or it may have died in the turn before. Then it is
            // restarted.
            let opens = || self.asker.ask_well(Request::Open) == Ok(1);
            let ready = opens() || self.asker.domain.restart().is_ok() && opens();
            if !ready {
                return;
            }
        } else if self.asker.domain.exit_reason().is_some() {
            let _ = self.asker.domain.restart();
        }
        thread::scope(|scope| {
            let (of, disk) = (self.disk.domain.proxy(), self.disk.domain.shadow());
            let stay = move |place| {
                let _ = of.map(|disk| disk.stay(place));
            };
            let crash = || {
                let _ = disk.as_ref().map(|disk| disk.crash());
            };
            let in_disk = self.disk.meet(self.scene.disk, scope, stay, crash);
            let of = self.files.domain.proxy();
            let stay = move |place| {
                let _ = of.map(|files| files.stay(place));
            };
            let in_files = self.files.meet(self.scene.files, scope, stay, || {});
            let before = self.files.domain.restarts();
            let got = self.asker.ask(stack, request, times, below);
            let made = self.files.domain.restarts() - before;
            if self.scene.is_short_of_time() {
                assert_eq!(
                    made, 0,
                    "the file service was started before the drain timeout: {got:?}"
                );
            }
            if got == Err(RpcError::StackExhausted) && self.scene.needs_no_other() {
                assert_eq!(
                    made, 0,
                    "the file service was started without enough stack, with {below} bytes in use, in {:?}",
                    self.scene
                );
            }
            in_disk.into_iter().chain(in_files).for_each(sleepers::wake);
            self.disk.is_gone.store(false, SeqCst);
            self.files.is_gone.store(false, SeqCst);
        });
        runtime().reap();
        if self.scene.disk == Fate::Over {
            sleep(A_WHILE);
        }
        let request = match record {
            Some(Request::Open) => Request::At,
            _ => Request::Recorded,
        };
        let what = || {
            format!(
                "the victim's record, with {below} bytes of stack in use, in {:?}",
                self.scene
            )
        };
        let expected = Ok(u32::from(record.is_some()));
        wait_until(what, || self.victim.ask_well(request) == expected);
    }
}

/// Kinds of death that another domain's request must never cause.
const ENDS: [ExitKind; 4] = [
    ExitKind::Panic,
    ExitKind::Fault,
    ExitKind::Abort,
    ExitKind::Overrun,
];
