//! Unwind tables: which image an address belongs to, and what its tables say there.
//!
//! A linker that is asked for `--eh-frame-hdr` sorts all entries of `.eh_frame` into a table that is
//! searched by halves. A kernel needs these lines in its linker script, the sections mapped readable:
//!
//! ```text
//! .eh_frame_hdr : { __eh_frame_hdr_start = .; KEEP(*(.eh_frame_hdr)) __eh_frame_hdr_end = .; }
//! .eh_frame : { __eh_frame_start = .; KEEP(*(.eh_frame .eh_frame.*)) __eh_frame_end = .; }
//! .gcc_except_table : { __except_table_start = .; KEEP(*(.gcc_except_table .gcc_except_table.*)) __except_table_end = .; }
//! ```
//!
//! and registers itself with [`register_image`] before its first panic and its first domain.

mod cache;
mod common;
mod entry;
mod error;
mod header;
mod image;
mod landing_pad;
#[cfg(samara_model)]
mod loom_access;
mod lsda;
mod program;
mod reader;
mod registry;
mod row;
mod rules;
mod slot;
#[cfg(all(test, target_os = "linux"))]
mod tests;

pub use error::TableError;
pub use image::Image;
pub use landing_pad::LandingPad;
pub use registry::{
    ImageId, InUse, MAX_IMAGES, RegisterError, Registered, register_image, unregister_image,
};
pub use rules::Rules;

/// Finds the tables for an address. Called from trap handlers: no allocation, no lock that an
/// interrupted thread could hold, bounded work.
pub trait Finder: Sync {
    /// The rules at `pc`, an address inside an instruction. The image they are read from must stay
    /// until this returns, no longer.
    ///
    /// # Errors
    /// See [`TableError`].
    fn rules(&self, pc: usize) -> Result<Rules, TableError>;

    /// What the frame does with what the call raises that `pc` is in.
    ///
    /// # Errors
    /// See [`TableError`].
    fn landing_pad(&self, pc: usize) -> Result<LandingPad, TableError>;

    /// Whether what the call that `pc` is in raises is caught in that very frame.
    ///
    /// # Errors
    /// See [`TableError`].
    fn catches(&self, pc: usize) -> Result<bool, TableError> {
        Ok(matches!(self.landing_pad(pc)?, LandingPad::Catch(_)))
    }

    /// Whether all answers are those of [`Registered`], which is asked in its place then: what that
    /// remembers costs less so.
    fn is_registered(&self) -> bool {
        false
    }
}
