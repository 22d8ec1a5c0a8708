//! The code that all loom tests share, for example their host.
#![expect(unsafe_code, reason = "binds the host traits to loom's threads")]

pub mod domain;
pub mod host;
#[cfg(target_arch = "x86_64")]
pub mod images;
pub mod objects;
