//! The domains of a scene: a server, its client, and a domain that the server needs.

use super::leave_after;
use crate::area::sleepers;
use samara_domain::{Exchangeable, Proxy, RpcError, Shadow, interface, thread};
use std::time::Duration;

/// Stands for no place to stay in.
pub(super) const NOWHERE: usize = usize::MAX;

/// A domain in which calls stay.
#[interface]
pub(super) trait Need {
    #[idempotent]
    fn stay(&self, place: usize) -> Result<(), RpcError>;
}

pub(super) struct Staying;

impl Need for Staying {
    fn stay(&self, place: usize) -> Result<(), RpcError> {
        stay(place);
        Ok(())
    }
}

pub(super) fn staying((): ()) -> Result<Staying, RpcError> {
    Ok(Staying)
}

fn stay(place: usize) {
    if place != NOWHERE {
        sleepers::sleep(place);
    }
}

/// Ends a stay.
pub(super) fn wake(place: usize) {
    if place != NOWHERE {
        sleepers::wake(place);
    }
}

#[interface]
pub(super) trait Server {
    #[replay]
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError>;
    #[idempotent]
    fn get(&self) -> Result<u32, RpcError>;
    fn stay(&self, place: usize) -> Result<(), RpcError>;
}

/// The behaviour of one generation of the server: the place where its start stays, whether its calls crash, and the
/// place in the needed domain where a thread of this generation stays. That thread leaves `turns` turns after a
/// crash.
#[derive(Clone, Copy, Debug, Exchangeable)]
pub(super) struct Task {
    pub(super) start: usize,
    pub(super) crashes: bool,
    pub(super) thread: usize,
    pub(super) turns: u64,
}

pub(super) struct Serving(Task);

impl Server for Serving {
    fn open(&self) -> Result<Proxy<dyn Server>, RpcError> {
        Proxy::export(Serving(self.0)).map_err(|(error, _)| error.into())
    }
    fn get(&self) -> Result<u32, RpcError> {
        let Serving(task) = self;
        if !task.crashes {
            return Ok(1);
        }
        if task.thread != NOWHERE {
            leave_after(task.turns, task.thread);
        }
        std::panic::resume_unwind(Box::new(()));
    }
    fn stay(&self, place: usize) -> Result<(), RpcError> {
        stay(place);
        Ok(())
    }
}

pub(super) fn serving((need, task): (Proxy<dyn Need>, Task)) -> Result<Serving, RpcError> {
    stay(task.start);
    if task.thread != NOWHERE {
        let stays = move || {
            let _ = need.stay(task.thread);
        };
        thread::spawn(stays).map_err(|_| RpcError::OutOfMemory)?;
        while !sleepers::is_asleep(task.thread) {
            // This is no wait of the domain runtime, which would count as a turn.
            std::thread::sleep(Duration::from_micros(100));
        }
    }
    Ok(Serving(task))
}

#[interface]
pub(super) trait Client {
    /// Calls the server `times` times, even if calls fail, and returns the last answer.
    fn ask(&self, of_object: bool, times: u32) -> Result<u32, RpcError>;
}

pub(super) struct Asking(Shadow<dyn Server>, Proxy<dyn Server>);

impl Client for Asking {
    fn ask(&self, of_object: bool, times: u32) -> Result<u32, RpcError> {
        let mut last = Err(RpcError::Dead);
        for _ in 0..times {
            last = if of_object {
                self.1.get()
            } else {
                self.0.get()
            };
        }
        last
    }
}

pub(super) fn asking(server: Shadow<dyn Server>) -> Result<Asking, RpcError> {
    let object = server.open()?;
    Ok(Asking(server, object))
}
