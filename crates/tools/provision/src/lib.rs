//! Obtains the programs that the project's own commands need: QEMU, and files of Debian packages.
//!
//! | module | what it provides |
//! |---|---|
//! | [`apt`] | the machine's own `apt-get`, which installs packages if this process may |
//! | [`packages`] | Debian packages, unpacked below a directory without being installed |
//! | [`tree`] | files, libraries and the dynamic linker in such a directory |
//! | [`qemu`] | a QEMU from PATH, installed or unpacked, that has been seen to start |
#![forbid(unsafe_code)]

pub mod apt;
mod error;
pub mod packages;
pub mod qemu;
pub mod tree;

pub use error::{ProvisionError, QemuError};
