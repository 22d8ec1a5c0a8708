//! The exchange heap: the one heap whose objects may change hands between domains.
//!
//! Every object occupies one slot of a size-aligned slab. The *owner words* of a slab stand in one
//! dense table at its head, so the word of an object is found from its address with a mask and a
//! shift: no header beside the value, no side map, no lock on a change of owner. Reclaiming a dead
//! domain is a linear scan of those tables.
//!
//! | module | concept |
//! |---|---|
//! | [`owner`] | who an object belongs to |
//! | [`class`] | sizes and slot positions (pure arithmetic) |
//! | [`free_list`] | the free list kept in a slab's owner words (pure) |
//! | [`heap`] | allocate, free, change of owner |
//! | [`census`] | counting what an owner has |
//! | [`reclaim`] | releasing what a dead owner had |
//! | [`error`] | why an object could not be allocated |
//! | [`group`] | objects that change owner together |
//! | [`cap`] | capability slots: trusted values released with their owner |
//! | [`quota`] | how much a domain may have |
//! | [`slow_path_flags`] | who has a quota, or something to drop |
//! | [`ledger`] | the arithmetic of a quota (pure) |
//! | [`run_cache`] | which page runs a CPU keeps (pure) |
//! | [`thread`] | on whose behalf a thread runs |
//! | [`no_cut_mutex`] | the lock of the trusted side |
//! | [`host`] | what the heap needs from its host |
//! | [`fixed`] | a host's pages from one static buffer, without `alloc` |
//! | [`page_map`] | which of them are in use (pure) |
//!
//! This crate is the *trusted* side. Its allocation and transfer functions are `unsafe`: domains
//! see them only through `samara-rref` and generated proxies.
#![no_std]
// Sizes, alignments and counts come from domains: no sum wraps unseen, and none panics unforeseen.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]
#![expect(
    unsafe_code,
    reason = "the heap turns raw pages into slots and writes their owner words"
)]

pub mod cap;
pub mod census;
pub mod class;
pub mod error;
pub mod fixed;
pub mod free_list;
pub mod group;
pub mod heap;
pub mod host;
pub mod ledger;
pub mod no_cut_mutex;
pub mod owner;
pub mod page_map;
pub mod quota;
pub mod reclaim;
pub mod run_cache;
pub mod slow_path_flags;
pub mod thread;

mod cache;
mod lookup;
mod primitive;
mod registry;
mod runs;
mod slab;
mod trim;

pub use cap::{Cap, Capability};
pub use census::Census;
pub use error::AllocError;
pub use no_cut_mutex::NoCutMutex;
pub use owner::Owner;
pub use reclaim::Reclaimed;
