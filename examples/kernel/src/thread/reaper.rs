//! The thread that reclaims dead domains, and frees what threads leave that ended.

use core::time::Duration;

use samara::runtime::reaper;
use spin::Once;

use super::request::{self, Token};
use super::spawn::{self, Start};

/// A wake that was forgotten is made up for this late.
const LATE: Duration = Duration::from_millis(500);

static TOKEN: Once<Token> = Once::new();

/// # Panics
/// Without memory for its stack.
pub(super) fn init() {
    let handle = spawn::spawn(Start::Host(run, 0))
        .ok()
        .expect("memory for the reaper's stack");
    TOKEN.call_once(|| handle.token());
}

/// Has the thread look soon.
pub(crate) fn wake() {
    if let Some(token) = TOKEN.get() {
        request::wake(*token);
    }
}

fn run(_: usize) {
    loop {
        if let Some(token) = TOKEN.get() {
            request::park(*token, Some(LATE));
        }
        reaper::poll();
        spawn::free_ended();
    }
}
