//! Which domain a tick charges.

use crate::call::{self, Activation};
use samara_shared_heap::Owner;
use samara_shared_heap::thread::{self, ThreadSlot};

/// The account to which the time of a thread goes.
pub(super) enum Account<'a> {
    /// The domain that the thread is in.
    Inside(&'a Activation),
    /// The thread is on its way into or out of the call of the first activation. The account is that of the second
    /// activation, the caller's: the caller pays for the transfers of its call.
    Moving(&'a Activation, &'a Activation),
    /// The domain on whose behalf the thread acts for the host.
    Serving(&'a Activation),
    /// No domain, although one is below on the chain: see [`thread::as_host_uncharged`].
    Uncharged,
    /// No domain: the thread runs for the host itself, or is between a callee's last instruction and its caller's
    /// next one.
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
            "the frame on top begins no activation: nothing may be read behind it"
        );
        if !activation.is_crossing() {
            return Self::Inside(activation);
        }
        let is_caller = |at: &&Activation| {
            // If a stretch of the host's lies between the two, the caller is the host.
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
    /// No domain, although the thread runs on behalf of one: a clock measures that time, or another domain has chosen
    /// its length.
    Uncharged,
    /// No domain: the thread runs for the host, or comes out of a call.
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
