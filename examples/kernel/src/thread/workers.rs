//! The kernel's worker threads. A worker waits until there is work, and then takes its turn in the run queue like any
//! other thread.
//!
//! The destructors of exported objects run on a worker and never on the idle thread, which gets the CPU only when no
//! other thread is ready. A destructor may take a lock or restart a service. If the idle thread did that, a thread
//! that waits for it by yielding would always be ready, and the idle thread would never get the CPU to finish.

use core::time::Duration;

use samara::runtime::reaper;
use spin::Once;

use super::park_token::Token;
use super::request;
use super::spawn;
use super::start::Start;
use crate::host;

/// After this time a worker looks for work even if no wake has ended its park.
const LATE: Duration = Duration::from_millis(500);

/// A worker thread.
#[derive(Clone, Copy)]
pub(crate) enum Attendant {
    /// Reclaims dead domains, and frees the stacks of threads that have ended.
    Reaper,
    /// Drops exported objects that have no proxy any more. Their destructors may take long.
    Collector,
}

impl Attendant {
    pub(super) const ALL: [Self; 2] = [Attendant::Reaper, Attendant::Collector];

    /// Wakes the worker, so that it looks for work.
    pub(crate) fn wake(self) {
        if let Some(token) = TOKENS[self as usize].get() {
            request::wake(*token);
        }
    }

    fn look(self) {
        match self {
            Attendant::Reaper => {
                reaper::poll();
                spawn::free_ended();
            }
            Attendant::Collector => {
                host::runtime().collect_exports();
            }
        }
    }
}

static TOKENS: [Once<Token>; Attendant::ALL.len()] = [const { Once::new() }; Attendant::ALL.len()];

/// Starts the worker threads.
///
/// # Panics
/// If there is no memory for their stacks.
pub(super) fn init() {
    for (number, token) in TOKENS.iter().enumerate() {
        let handle = spawn::spawn(Start::Host(attend, number))
            .ok()
            .expect("no memory for a worker's stack: give the machine more memory");
        token.call_once(|| handle.token());
    }
}

fn attend(number: usize) {
    loop {
        if let Some(token) = TOKENS[number].get() {
            request::park(*token, Some(LATE));
        }
        Attendant::ALL[number].look();
    }
}
