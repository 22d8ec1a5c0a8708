//! The panic hook: a domain's panic is recorded, the host's own is printed as before.

use std::fmt;
use std::panic::{self, PanicHookInfo};

/// The message of a panic, if it is text.
struct Message<'a>(&'a PanicHookInfo<'a>);

impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            self.0
                .payload_as_str()
                .unwrap_or("(a panic without a message)"),
        )
    }
}

/// Puts the hook before the one that is installed.
pub(crate) fn install() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !samara_domain_runtime::panic::record(&Message(info), info.location()) {
            previous(info);
        }
    }));
}
