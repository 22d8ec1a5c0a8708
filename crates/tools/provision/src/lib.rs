//! Obtains the programs that the project's own commands need: QEMU, and files of Debian packages.
//!
//! | module | what it provides |
//! |---|---|
//! | [`apt`] | the machine's own `apt-get`: it installs where this process may |
//! | [`packages`] | Debian packages that are unpacked below a directory, and not installed |
//! | [`tree`] | files, libraries and the dynamic linker of such a directory |
//! | [`qemu`] | a QEMU that was seen to start, from PATH, installed or unpacked |
#![forbid(unsafe_code)]

pub mod apt;
mod error;
pub mod packages;
pub mod qemu;
pub mod tree;

pub use error::{ProvisionError, QemuError};
