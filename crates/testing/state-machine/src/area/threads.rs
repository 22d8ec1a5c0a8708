//! Steps with threads of domains: they are spawned up to a limit, parked, woken, joined, and ended with their domain.

use super::values::told;
use super::{Kind, kind};
use crate::model::End;
use crate::node::{HostResource, with};
use crate::runner::{Machine, THREADS, end_of};
use crate::settle::wait_until;
use crate::step::Numbers;
use crate::surface::call;
use samara_domain::thread::{self, SpawnError, Thread};
use samara_domain::{RRef, RpcError, interface};
use samara_domain_runtime::ExitKind;
use std::fmt::Debug;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const KINDS: &[Kind] = &[
    kind("spawn", 2, Machine::spawn_thread),
    kind("wake", 2, Machine::wake_thread),
    kind("run thread", 1, Machine::run_thread),
];

/// The kinds of threads. The first parks until it is told to end; the second, `HOLDS`, also holds an object.
const PARKS: usize = 0;
const HOLDS: usize = 1;
/// A thread that ends only with its domain.
const STUBBORN: usize = 2;

#[interface]
pub(crate) trait Threads {
    /// Spawns a thread that stays until `wake` or the domain's end. Returns whether the limit allowed the thread.
    fn spawn(&self, how: usize) -> Result<bool, RpcError>;
    /// Ends the parked thread in place `at`. The last thread of the list moves to that place.
    fn wake(&self, at: usize) -> Result<(), RpcError>;
    /// Runs a thread to its end. Returns whether the limit allowed the thread.
    fn run_thread(&self, panics: bool) -> Result<bool, RpcError>;
}

#[derive(Debug)]
struct Waiting {
    thread: Thread,
    /// Set when the thread may end.
    told: Arc<AtomicBool>,
}

/// The parked threads of a domain, which it can end.
#[derive(Debug, Default)]
pub(crate) struct Parked(Mutex<Vec<Waiting>>);

fn park_until(told: &AtomicBool) {
    while !told.load(SeqCst) && !call!(thread::is_stopping) {
        // Uses both ways to park. Neither may lose a wake-up.
        call!(thread::park);
        call!(thread::park_timeout, Duration::from_micros(1));
    }
}

/// Returns the thread, or `None` if the thread limit was reached.
fn spawned(spawned: Result<Thread, SpawnError>) -> Option<Thread> {
    match spawned {
        Ok(thread) => Some(thread),
        Err(SpawnError::Limit) => None,
        Err(error) => panic!("{error}"),
    }
}

impl Threads for HostResource {
    fn spawn(&self, how: usize) -> Result<bool, RpcError> {
        let told = Arc::new(AtomicBool::new(false));
        let tell = Arc::clone(&told);
        let thread = match how % 3 {
            STUBBORN => {
                let forever = || {
                    loop {
                        call!(thread::park_timeout, Duration::from_millis(1));
                    }
                };
                return Ok(spawned(call!(thread::spawn, forever)).is_some());
            }
            HOLDS => {
                let held = RRef::try_new(how as u64).map_err(|(error, _)| error)?;
                call!(thread::spawn, move || {
                    park_until(&tell);
                    drop(held);
                })
            }
            _ => call!(thread::spawn, move || park_until(&tell)),
        };
        let Some(thread) = spawned(thread) else {
            return Ok(false);
        };
        with(&self.threads.0, |threads| {
            threads.push(Waiting { thread, told });
        });
        Ok(true)
    }
    fn wake(&self, at: usize) -> Result<(), RpcError> {
        let waiting = with(&self.threads.0, |threads| threads.swap_remove(at));
        assert!(
            !call!(Thread::is_finished, &waiting.thread),
            "a parked thread ended before it was told to"
        );
        waiting.told.store(true, SeqCst);
        // The thread may be about to park when it is told. So it is unparked until it has finished.
        while !call!(Thread::is_finished, &waiting.thread) {
            call!(Thread::unpark, &waiting.thread);
            call!(thread::yield_now);
        }
        call!(Thread::join, waiting.thread);
        Ok(())
    }
    fn run_thread(&self, panics: bool) -> Result<bool, RpcError> {
        let made = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&made);
        let body = move || {
            assert!(
                call!(thread::current).is_some(),
                "a domain's thread has no `thread::current`"
            );
            let own = RRef::try_new(5_u64);
            assert!(!panics, "asked to");
            done.store(own.is_ok(), SeqCst);
        };
        let Some(thread) = spawned(call!(thread::spawn, body)) else {
            return Ok(false);
        };
        let copy = call!(<Thread as Clone>::clone, &thread);
        call!(Thread::join, thread);
        assert!(call!(<Thread as PartialEq>::eq, &copy, &thread));
        assert!(!told::by(|f| call!(<Thread as Debug>::fmt, &copy, f)).is_empty());
        assert!(made.load(SeqCst), "a thread ended without having run");
        Ok(true)
    }
}

impl Machine {
    fn room(&self, domain: usize) -> bool {
        let node = &self.model.nodes[domain];
        node.threads.len() + node.stubborn < THREADS as usize
    }

    fn spawn_thread(&mut self, n: Numbers) {
        let proxy = self.fresh(n.domain);
        // Stubborn threads are made rarely, because they take a place until their domain ends.
        let how = if n.how.is_multiple_of(8) {
            STUBBORN
        } else {
            n.how % 2
        };
        let made = self.cuttable(|| proxy.spawn(how));
        if self.was_cut {
            self.model.nodes[n.domain].lingers = true;
            return;
        }
        if !self.alive(n.domain) {
            assert_eq!(made, Err(RpcError::Dead));
            return;
        }
        if !(made == Ok(false) && self.model.nodes[n.domain].cramped) {
            assert_eq!(made, Ok(self.room(n.domain)));
        }
        if made == Ok(true) {
            let node = &mut self.model.nodes[n.domain];
            match how {
                STUBBORN => node.stubborn += 1,
                PARKS => node.threads.push(false),
                _ => node.threads.push(true),
            }
        }
    }

    fn wake_thread(&mut self, n: Numbers) {
        let node = &mut self.model.nodes[n.domain];
        let Some(at) = n.which.checked_rem(node.threads.len()) else {
            return;
        };
        node.threads.swap_remove(at);
        assert_eq!(self.fresh(n.domain).wake(at), Ok(()));
    }

    fn run_thread(&mut self, n: Numbers) {
        let panics = n.how.is_multiple_of(4);
        let ran = self.fresh(n.domain).run_thread(panics);
        if ran == Ok(false) && self.model.nodes[n.domain].cramped {
            return;
        }
        let expected = match (self.alive(n.domain), self.room(n.domain)) {
            (false, _) => End::Dead,
            (true, true) if panics => End::Crashed,
            (true, _) => End::Ok,
        };
        assert_eq!(end_of(&ran), expected);
        if expected == End::Crashed {
            self.model.die(n.domain, ExitKind::Panic);
        }
    }

    /// Checks that a domain has as many threads as the reference model.
    pub(crate) fn check_threads(&self, domain: usize, seen: u32) {
        let node = &self.model.nodes[domain];
        let threads = node.threads.len() + node.stubborn;
        if seen as usize == threads {
            return;
        }
        // A join may return before the thread's slot is free, so the check waits for it.
        let what = || format!("the end of all but {threads} threads");
        wait_until(what, || {
            self.domains[domain].info().threads as usize == threads
        });
    }
}
