//! The domains that work without end, and the domains that they call.

use super::{BUDGET, MANY, PATIENCE, Slow, Task, Where, now, toil};
use crate::area::sleepers;
use crate::node::with;
use samara_domain::{Proxy, RRef, RpcError, Shadow, interface, thread};
use samara_domain_runtime::threads::Signal;
use std::fmt;
use std::hint::black_box;
use std::mem;
use std::panic::panic_any;
use std::sync::Mutex;
use std::time::{Duration, Instant};

pub(super) type Batch = RRef<[Option<RRef<u64>>]>;

#[interface]
pub(super) trait Echo {
    #[idempotent]
    fn nothing(&self) -> Result<(), RpcError>;
    fn echo(&self, batch: Batch) -> Result<Batch, RpcError>;
    /// Returns the batch that it holds, or a new one.
    fn give(&self) -> Result<Batch, RpcError>;
    /// Takes the batch back from `from`, by a call.
    fn pull(&self, from: Proxy<dyn Toiler>) -> Result<(), RpcError>;
    /// Opens an object in the first generation, and fails in later generations.
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError>;
    fn crash(&self) -> Result<(), RpcError>;
    /// Works for half of a toiler's budget.
    fn linger(&self) -> Result<(), RpcError>;
    /// Stays inside until the host wakes the thread.
    fn sleep(&self, place: usize) -> Result<(), RpcError>;
}

#[interface]
pub(super) trait Toiler {
    fn toil(
        &self,
        me: Proxy<dyn Toiler>,
        other: Shadow<dyn Echo>,
        hosts: Proxy<dyn Opens>,
    ) -> Result<(), RpcError>;
    /// Works for half of the toiler's budget.
    fn work(&self) -> Result<(), RpcError>;
    fn throw(&self, object: RRef<u64>) -> Result<RRef<u64>, RpcError>;
    fn export(&self) -> Result<Proxy<dyn Object>, RpcError>;
    /// Exports an object whose destructor calls `other`.
    fn export_calling(&self, other: Proxy<dyn Echo>) -> Result<Proxy<dyn Object>, RpcError>;
    /// Exports `count` objects, and drops their proxies. The destructor of each object takes half a budget.
    fn let_go(&self, count: usize) -> Result<(), RpcError>;
    /// Returns the batch that it got from `Echo::give`.
    fn give_back(&self) -> Result<Batch, RpcError>;
}

/// The interface of the host's exported object.
#[interface]
pub(super) trait Opens {
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError>;
}

pub(super) struct Opening;

impl Opens for Opening {
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError> {
        Proxy::export(Lazy).map_err(|(error, lazy)| {
            mem::forget(lazy);
            error.into()
        })
    }
}

#[interface]
pub(super) trait Object {
    #[idempotent]
    fn nothing(&self) -> Result<(), RpcError>;
}

/// The root object of the domain that the toiler calls: whether this is its first generation, and the batch that it
/// holds.
pub(super) struct Parrot(bool, Mutex<Option<Batch>>);

/// The time that a failing recipe or a failing `open` takes.
pub(super) const NO: Duration = Duration::from_millis(5);

impl Echo for Parrot {
    fn give(&self) -> Result<Batch, RpcError> {
        match with(&self.1, Option::take) {
            Some(batch) => Ok(batch),
            None => Ok(RRef::try_from_fn(MANY, |_| None)?),
        }
    }
    fn pull(&self, from: Proxy<dyn Toiler>) -> Result<(), RpcError> {
        let batch = from.give_back()?;
        with(&self.1, |has| *has = Some(batch));
        Ok(())
    }
    fn open(&self) -> Result<Proxy<dyn Object>, RpcError> {
        if self.0 {
            return Proxy::export(Plain).map_err(|(error, _)| error.into());
        }
        std::thread::sleep(NO);
        Err(RpcError::RecoveryFailed)
    }
    fn crash(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
    fn linger(&self) -> Result<(), RpcError> {
        half_a_budget();
        Ok(())
    }
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
    fn echo(&self, batch: Batch) -> Result<Batch, RpcError> {
        Ok(batch)
    }
    fn sleep(&self, place: usize) -> Result<(), RpcError> {
        sleepers::sleep(place);
        Ok(())
    }
}

pub(super) struct Toiling {
    task: Task,
    _own: Option<Slow>,
    batch: Mutex<Option<Batch>>,
}

impl Object for Slow {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

struct Plain;

impl Object for Plain {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

/// An object whose destructor takes half a budget.
struct Lazy;

impl Object for Lazy {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

impl Drop for Lazy {
    fn drop(&mut self) {
        half_a_budget();
    }
}

/// An object whose destructor calls another domain until the given time.
struct Calling(Proxy<dyn Echo>, u64);

impl Object for Calling {
    fn nothing(&self) -> Result<(), RpcError> {
        Ok(())
    }
}

impl Drop for Calling {
    fn drop(&mut self) {
        while now() < self.1 {
            let _ = self.0.linger();
        }
    }
}

/// A value whose destructor waits for longer than the step waits for the domain's end.
struct Parking(u64);

impl Drop for Parking {
    fn drop(&mut self) {
        while now() < self.0 + 2 * PATIENCE.as_micros() as u64 {
            thread::park_timeout(PATIENCE);
        }
    }
}

fn half_a_budget() {
    let began = Instant::now();
    while began.elapsed() < BUDGET / 2 {
        black_box(0);
    }
}

static NEVER: Signal = Signal::new();

fn wait(end: u64) {
    while now() < end {
        NEVER.wait(NEVER.count(), PATIENCE);
    }
}

fn on_thread(body: impl FnOnce() + Send + 'static) -> Result<(), RpcError> {
    thread::spawn(body)
        .map(drop)
        .map_err(|_| RpcError::OutOfMemory)
}

impl Toiler for Toiling {
    fn toil(
        &self,
        me: Proxy<dyn Toiler>,
        other: Shadow<dyn Echo>,
        hosts: Proxy<dyn Opens>,
    ) -> Result<(), RpcError> {
        let end = self.task.end;
        match self.task.place {
            Where::OwnCalls => {
                while now() < end {
                    me.work()?;
                }
            }
            Where::Transfers => {
                let mut batch = RRef::try_from_fn(MANY, |_| None)?;
                while now() < end {
                    batch = other.echo(batch)?;
                }
            }
            Where::Wait => wait(end),
            Where::WaitOnThread => return on_thread(move || wait(end)),
            Where::Thread => return on_thread(move || toil(end)),
            Where::WaitInPanic => {
                return on_thread(move || {
                    let _parking = Parking(end);
                    panic_any(());
                });
            }
            Where::HostsObjects => {
                while now() < end {
                    drop(hosts.open()?);
                }
            }
            Where::Payload => panic_any(Slow),
            Where::Results => {
                while now() < end {
                    let batch = other.give()?;
                    with(&self.batch, |has| *has = Some(batch));
                    other.pull(me.try_clone()?)?;
                }
            }
            Where::Requests => {
                while now() < end {
                    let _ = other.nothing();
                }
            }
            Where::Reopening => {
                let object = other.open()?;
                let _ = other.crash();
                while now() < end {
                    let _ = object.nothing();
                }
            }
            // Each call waits for a share of the budget that is left.
            Where::Recovery => {
                while now() < end {
                    let _ = other.nothing();
                }
            }
            _ => toil(end),
        }
        Ok(())
    }
    fn work(&self) -> Result<(), RpcError> {
        half_a_budget();
        Ok(())
    }
    fn throw(&self, _: RRef<u64>) -> Result<RRef<u64>, RpcError> {
        panic_any(Slow)
    }
    fn export(&self) -> Result<Proxy<dyn Object>, RpcError> {
        let exported = Proxy::<dyn Object>::export(Slow);
        exported.map_err(|(error, _)| error.into())
    }
    fn export_calling(&self, other: Proxy<dyn Echo>) -> Result<Proxy<dyn Object>, RpcError> {
        let exported = Proxy::<dyn Object>::export(Calling(other, self.task.end));
        exported.map_err(|(error, calling)| {
            mem::forget(calling);
            error.into()
        })
    }
    fn let_go(&self, count: usize) -> Result<(), RpcError> {
        for _ in 0..count {
            let exported = Proxy::<dyn Object>::export(Lazy);
            drop(exported.map_err(|(error, lazy)| {
                mem::forget(lazy);
                error
            })?);
        }
        Ok(())
    }
    fn give_back(&self) -> Result<Batch, RpcError> {
        with(&self.batch, Option::take).ok_or(RpcError::Dead)
    }
}

pub(super) struct InitError(Task, Option<Slow>);

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.place == Where::Display {
            toil(self.0.end);
        }
        f.write_str(if self.1.is_some() { "slow" } else { "asked to" })
    }
}

pub(super) fn init(task: Task) -> Result<Toiling, InitError> {
    match task.place {
        Where::Init => toil(task.end),
        Where::Display => return Err(InitError(task, None)),
        Where::ErrorDrop => return Err(InitError(task, Some(Slow))),
        _ => {}
    }
    let own = (task.place == Where::Stop).then(|| Slow);
    Ok(Toiling {
        task,
        _own: own,
        batch: Mutex::new(None),
    })
}

pub(super) fn parrot(first: bool) -> Result<Parrot, RpcError> {
    Ok(Parrot(first, Mutex::new(None)))
}
