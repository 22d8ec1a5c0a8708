//! Fixtures of hosted tests.
//!
//! The tests of one binary run in threads of one process, and share the exchange heap and the domain table. So a test
//! has three ways to measure:
//!
//! * by owner, while its domain lives;
//! * by the domain's *name* in the log of events, after the domain is gone;
//! * by whole totals under [`alone`], in a binary whose tests all call it.
#![expect(
    unsafe_code,
    reason = "tests act for owners without a domain, define capability classes of their own and count allocations"
)]

mod as_owner;
mod counted;
mod leak_check;
mod log;
mod pair;
mod slot;
mod stack_pad;
mod stop_on_drop;
mod tally;
mod totals;
mod wait;

pub use crate::rng::Rng;
pub use as_owner::{acting_for, as_host, groups_left, limit, limit_bytes};
pub use counted::Counted;
pub use leak_check::{LeakCheck, leak_check, watch};
pub use log::{Released, await_reclaims, deaths, foreign_events, host, reclaims};
pub use pair::Half;
pub use slot::spawn_in;
pub use stack_pad::pad_until;
pub use stop_on_drop::Stopped;
pub use tally::{Counts, Tally};
pub use totals::{Totals, alone};
pub use wait::{Gate, wait_until, within};

use samara_domain_runtime::{Domain, Interface};
use samara_shared_heap::Owner;

/// Returns the owner of the newest generation of `domain`.
#[must_use]
pub fn owner_of<I: ?Sized + Interface>(domain: &Domain<I>) -> Owner {
    domain.service().current().target().block().owner()
}
