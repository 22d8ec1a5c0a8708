//! The worker: the thread that lets the device work when a frame has arrived or a time has come.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use super::device::Device;

/// Wakes the worker, now or later.
#[derive(Default)]
pub(super) struct Wakeup {
    next: Mutex<Option<Instant>>,
    changed: Condvar,
}

impl Wakeup {
    /// Wakes the worker now.
    pub(super) fn ring(&self) {
        self.ring_at(Instant::now());
    }

    /// Wakes the worker at `time`, unless an earlier time is already set.
    pub(super) fn ring_at(&self, time: Instant) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        if next.is_none_or(|next| time < next) {
            *next = Some(time);
            self.changed.notify_one();
        }
    }

    /// Waits until the worker is woken.
    fn wait(&self) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let now = Instant::now();
            next = match *next {
                Some(time) if time <= now => {
                    *next = None;
                    return;
                }
                Some(time) => {
                    let wait = self.changed.wait_timeout(next, time - now);
                    wait.unwrap_or_else(PoisonError::into_inner).0
                }
                None => {
                    let wait = self.changed.wait(next);
                    wait.unwrap_or_else(PoisonError::into_inner)
                }
            };
        }
    }
}

/// Starts the worker, which lives as long as the program.
pub(super) fn start(device: Arc<Mutex<Device>>, wakeup: Arc<Wakeup>) {
    thread::spawn(move || {
        loop {
            wakeup.wait();
            device.lock().unwrap_or_else(PoisonError::into_inner).step();
        }
    });
}
