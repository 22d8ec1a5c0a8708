//! Unwind tables: the image to which an address belongs, and the rules of its tables at that address.
//!
//! With `--eh-frame-hdr`, the linker sorts all entries of `.eh_frame` into a table for binary search. A kernel needs
//! these lines in its linker script, and maps the sections readable:
//!
//! ```text
//! .eh_frame_hdr : { __eh_frame_hdr_start = .; KEEP(*(.eh_frame_hdr)) __eh_frame_hdr_end = .; }
//! .eh_frame : { __eh_frame_start = .; KEEP(*(.eh_frame .eh_frame.*)) __eh_frame_end = .; }
//! .gcc_except_table : { __except_table_start = .; KEEP(*(.gcc_except_table .gcc_except_table.*)) __except_table_end = .; }
//! ```
//!
//! The kernel registers itself with [`register_image`] before its first panic and before its first domain starts.

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

/// Finds the tables for an address. Trap handlers call it, so it allocates nothing, takes no lock that an interrupted
/// thread could hold, and does bounded work.
pub trait Finder: Sync {
    /// Returns the rules at `pc`, an address inside an instruction. The image from which they are read must stay loaded
    /// until this returns, and need not stay longer.
    ///
    /// # Errors
    /// See [`TableError`].
    fn rules(&self, pc: usize) -> Result<Rules, TableError>;

    /// Returns what the frame does with an exception that the call at `pc` raises.
    ///
    /// # Errors
    /// See [`TableError`].
    fn landing_pad(&self, pc: usize) -> Result<LandingPad, TableError>;

    /// Whether the frame itself catches an exception that the call at `pc` raises.
    ///
    /// # Errors
    /// See [`TableError`].
    fn catches(&self, pc: usize) -> Result<bool, TableError> {
        Ok(matches!(self.landing_pad(pc)?, LandingPad::Catch(_)))
    }

    /// Whether all answers are those of [`Registered`]. If so, a cut asks [`Registered`] directly, which makes
    /// remembered answers cheaper.
    fn is_registered(&self) -> bool {
        false
    }
}
