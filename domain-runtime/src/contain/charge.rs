//! Which domain a tick charges.

use crate::call::{self, Activation};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, ThreadSlot};

/// The account that the time of a thread goes to.
pub(super) enum Account<'a> {
    /// The domain that the thread is in.
    Inside(&'a Activation),
    /// The caller, which is the second, while the thread is on its way into or out of the first: the caller pays for the
    /// transfers of its call.
    Moving(&'a Activation, &'a Activation),
    /// The domain on whose behalf the thread acts for the host.
    Serving(&'a Activation),
    /// None, though a domain is below: [`thread::as_host_uncharged`].
    Uncharged,
    /// None: it is the host's own time, or lies between a callee's last instruction and its caller's next one.
    Nobodys,
}

impl<'a> Account<'a> {
    pub(super) fn of(thread: &'a ThreadSlot) -> Self {
        let Some(activation) = call::innermost(thread) else {
            if thread.is_uncharged() {
                return Self::Uncharged;
            }
            let served = call::nearest(thread).filter(|at| !at.is_crossing());
            return served.map_or(Self::Nobodys, Self::Serving);
        };
        debug_assert!(
            core::ptr::eq(
                activation.target().block(),
                crate::control::block(activation.target().owner())
            ),
            "what is on top begins an activation: nothing may be read behind another frame"
        );
        if !activation.is_crossing() {
            return Self::Inside(activation);
        }
        let is_caller = |at: &&Activation| {
            // With a stretch of the host's between the two, the host is the caller.
            !at.is_crossing() && activation.is_on_top_of(at)
        };
        let caller = activation.outer().next().filter(is_caller);
        caller.map_or(Self::Nobodys, |caller| Self::Moving(activation, caller))
    }
}

/// The account that a tick on the running thread would charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// A domain.
    Domain(Owner),
    /// None, though the thread runs on a domain's behalf: a clock measures that time, or another domain has chosen its length.
    Uncharged,
    /// None: the thread runs for the host, or comes out of a call.
    Nobody,
}

/// The account that a tick on the running thread would charge now.
#[must_use]
pub fn payer() -> Payer {
    match Account::of(thread::current()) {
        Account::Inside(at) | Account::Serving(at) => Payer::Domain(at.target().owner()),
        Account::Moving(at, by) if at.is_charged() => Payer::Domain(by.target().owner()),
        Account::Uncharged => Payer::Uncharged,
        Account::Moving(..) | Account::Nobodys => Payer::Nobody,
    }
}
