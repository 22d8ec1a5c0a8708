//! The code that a thread is to run.

use samara::runtime::threads::DomainThread;

/// The code that a thread is to run.
pub(crate) enum Start {
    /// A thread of the host: a function and its argument.
    Host(fn(usize), usize),
    /// A thread of a domain.
    Domain(DomainThread),
}
