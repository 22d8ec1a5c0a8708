//! Errors of making and reading a disk image.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The reason why there is no usable disk image.
#[derive(Debug)]
pub(crate) enum DiskError {
    /// The user's file does not exist.
    Missing { path: PathBuf },
    /// The user's path is not that of a regular file.
    NoFile { path: PathBuf },
    /// The user's file is the working copy itself, which is about to be overwritten.
    OwnCopy { path: PathBuf },
    /// The image is smaller than `--size` asks for.
    TooSmall { bytes: u64, least: u64 },
    /// The image is empty, or its length is not a multiple of a block.
    TornBlock { bytes: u64, block: u64 },
    /// Another run works in the same directory.
    InUse { directory: PathBuf },
    /// A file could not be used.
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl DiskError {
    pub(super) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        move |source| DiskError::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

impl fmt::Display for DiskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskError::Missing { path } => {
                write!(
                    f,
                    "there is no {}; correct --disk, or leave it out to have an image made",
                    path.display()
                )
            }
            DiskError::NoFile { path } => write!(
                f,
                "{} is not a file; --disk takes a raw image",
                path.display()
            ),
            DiskError::OwnCopy { path } => write!(
                f,
                "{} is this command's own working copy, which it would overwrite; copy the file elsewhere and name the copy",
                path.display()
            ),
            DiskError::TooSmall { bytes, least } => write!(
                f,
                "the disk image has {bytes} bytes but --size asks for at least {least} ({} MiB); \
                 give a larger image or a smaller --size",
                least >> 20
            ),
            DiskError::TornBlock { bytes, block } => write!(
                f,
                "the disk image has {bytes} bytes, which is not a positive multiple of {block}; \
                 pad it, for example with truncate --size=%{block}"
            ),
            DiskError::InUse { directory } => write!(
                f,
                "another run is using {}; wait for it, or set CARGO_TARGET_DIR to run beside it",
                directory.display()
            ),
            DiskError::Io {
                doing,
                path,
                source,
            } => {
                write!(
                    f,
                    "could not {doing} disk image {}: {source}",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for DiskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            DiskError::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
