//! What a thread is to do.

use samara::runtime::threads::DomainThread;

/// What a thread is to do.
pub(crate) enum Start {
    /// The host's: a function and what it is told.
    Host(fn(usize), usize),
    /// A domain's.
    Domain(DomainThread),
}
