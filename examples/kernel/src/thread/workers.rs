//! Threads of the kernel's own that wait until there is work, and are in the queue as any other then.
//!
//! A destructor of a domain's runs on one of them, and never on the thread that is idle: that one gets the processor
//! when no other thread is ready. What it holds, a lock or a service's restart, it would hold as long as any other is,
//! and one that waits for it by yielding is.

use core::time::Duration;

use samara::runtime::reaper;
use spin::Once;

use super::park_token::Token;
use super::request;
use super::spawn;
use super::start::Start;
use crate::host;

/// A wake that was forgotten is made up for this late.
const LATE: Duration = Duration::from_millis(500);

/// One of these threads.
#[derive(Clone, Copy)]
pub(crate) enum Attendant {
    /// Reclaims dead domains, and frees the stacks of threads that ended.
    Reaper,
    /// Drops objects that domains exported and that have no proxy any more. Their destructors may take long.
    Collector,
}

impl Attendant {
    pub(super) const ALL: [Self; 2] = [Attendant::Reaper, Attendant::Collector];

    /// Has it look soon.
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

/// # Panics
/// Without memory for their stacks.
pub(super) fn init() {
    for (number, token) in TOKENS.iter().enumerate() {
        let handle = spawn::spawn(Start::Host(attend, number))
            .ok()
            .expect("memory for an attendant's stack");
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
