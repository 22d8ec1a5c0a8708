//! Checks that crates are domains: what the language isolates only if nobody goes behind its back.
//!
//! A domain is a library without unsafe code, assembly, linker attributes, build scripts and writable
//! statics, made of reviewed crates only. The checks look at a build that was made: at its packages, at what
//! the compiler was called with, at what the sources expand to by that very call, and at the objects that
//! came out. What is allowed beyond that is data, a [`Review`].
//!
//! To check a workspace:
//!
//! 1. build it with `--message-format=json`, with `RUSTC_WRAPPER` set to a program that begins with
//!    [`record_if_wrapped`], and [`RECORDS`] set to [`Build::records`] of the target directory;
//! 2. put together a [`Build`] from `cargo metadata` and the messages;
//! 3. call [`check_domain`] for each of [`Build::domains`], and [`check_sysroot`] once.
#![forbid(unsafe_code)]

mod build;
mod check;
mod finding;
mod lifetimes;
mod review;
mod sections;

pub use build::{
    Artifact, BadMessage, BadMetadata, BadRecord, Build, Invocation, Linked, Metadata, Package,
    RECORDS, record_if_wrapped,
};
pub use check::{Part, Run, check_domain, check_sysroot};
pub use finding::{Finding, Findings, Rule};
pub use review::{Entry, Features, Review, Reviewed, Source};
