//! The panic hook, which records the panics of domains, and passes the host's own panics on to the previous hook.

use std::fmt;
use std::panic::{self, PanicHookInfo};

/// The message of a panic, if the payload is text.
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

/// Installs the hook. It calls the previous hook for panics of the host.
pub(crate) fn install() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !samara_domain_runtime::panic::record(&Message(info), info.location()) {
            previous(info);
        }
    }));
}
