//! Checks that crates are domains. The language isolates a domain only if its code does not bypass the language.
//!
//! A domain is a library that contains no unsafe code, assembly, linker attributes, build scripts or writable
//! statics, and that depends on reviewed crates only. The checks look at a finished build: at its packages, at the
//! compiler's recorded invocations, at the code that the sources expand to with these same invocations, and at the
//! resulting objects. Exceptions are data: a [`Review`].
//!
//! To check a workspace:
//!
//! 1. build it with `--message-format=json`, with `RUSTC_WRAPPER` set to a program that begins with
//!    [`record_if_wrapped`], and with [`RECORDS`] set to [`Build::records`] of the target directory;
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
