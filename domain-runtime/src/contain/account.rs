//! Whose time it is.

use crate::call::{self, Activation};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, ThreadSlot};

/// Whose time it is that a thread runs for.
pub(super) enum Account<'a> {
    /// Of a domain that it is in.
    Inside(&'a Activation),
    /// Of the caller, the second, on the way in or out of the first: what is moved there is the caller's.
    Moving(&'a Activation, &'a Activation),
    /// Of a domain that it does something for as the host.
    Serving(&'a Activation),
    /// No domain's, though one is below: [`thread::as_host_uncharged`].
    Uncharged,
    /// The host's, or lost between a domain's last instruction and its caller's next.
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
            // A stretch of the host's between the two is the host's call.
            !at.is_crossing() && activation.is_on_top_of(at)
        };
        let caller = activation.outer().next().filter(is_caller);
        caller.map_or(Self::Nobodys, |caller| Self::Moving(activation, caller))
    }
}

/// Whom a tick would charge that came now on the running thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    /// A domain.
    Domain(Owner),
    /// Nobody, though it runs on a domain's behalf: a clock tells the time, or others have chosen how long it takes.
    Uncharged,
    /// Nobody: it runs for the host, or comes out of a call.
    Nobody,
}

/// Whom a tick would charge that came now on the running thread.
#[must_use]
pub fn payer() -> Payer {
    match Account::of(thread::current()) {
        Account::Inside(at) | Account::Serving(at) => Payer::Domain(at.target().owner()),
        Account::Moving(at, by) if at.is_charged() => Payer::Domain(by.target().owner()),
        Account::Uncharged => Payer::Uncharged,
        Account::Moving(..) | Account::Nobodys => Payer::Nobody,
    }
}
