#![doc = include_str!("../README.md")]
//!
//! # Map
//!
//! | module | concept |
//! |---|---|
//! | [`owner`] | the owner of an object: the host or a domain slot |
//! | [`class`] | sizes and slot positions (pure arithmetic) |
//! | [`free_list`] | the free list kept in a slab's owner words (pure) |
//! | [`heap`] | allocation, free and change of owner |
//! | [`census`] | counting the objects of an owner |
//! | [`reclaim`] | releasing the objects of a dead owner |
//! | [`error`] | why an allocation failed |
//! | [`group`] | objects that change owner together |
//! | [`cap`] | capability slots: trusted values that are released when their owner dies |
//! | [`quota`] | limits on the shared memory that a domain may have |
//! | [`slow_path_flags`] | flags of owners that have a quota, or objects to drop |
//! | [`ledger`] | the arithmetic of a quota (pure) |
//! | [`run_cache`] | the bookkeeping of the page runs that a CPU caches (pure) |
//! | [`thread`] | the owner on whose behalf a thread runs |
//! | [`no_cut_mutex`] | the lock of trusted code |
//! | [`host`] | what the heap needs from its host |
//! | [`fixed`] | pages for the heap from one static buffer, without `alloc` |
//! | [`page_map`] | a map of the pages of that buffer that are in use (pure) |
//!
//! The words *domain*, *owner word*, *cut*, *mint* and others are explained in the
//! [glossary](https://github.com/samara-rs/samara/blob/main/docs/glossary.md).
#![doc(html_root_url = "https://docs.rs/samara-shared-heap/latest")]
#![no_std]
// Sizes, alignments and counts come from domains. So every operation states how it handles overflow, and no sum wraps
// or panics by accident.
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
