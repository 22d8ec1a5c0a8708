//! The source of a disk image's contents.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use samara_testkit::pattern;

use super::DiskError;

/// Changes the seed for the image's bytes, so that they differ from the bytes that the kernel writes, which are made
/// from the seed itself. If a write did not change the image, the loss of the write would go unnoticed.
const IMAGE_STREAM: u64 = 0x5A4D_4152_4120_4449;

/// The contents that an image has before the guest runs.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Pseudo-random bytes.
    Seeded { seed: u64, bytes: u64 },
    /// A copy of the user's file.
    File(PathBuf),
}

impl Source {
    /// Opens the contents for reading from the start, and returns them with their length in bytes.
    ///
    /// `copy` is the path of the working copy. It is an error if the source is the same file.
    pub(super) fn open(&self, copy: &Path) -> Result<(Contents, u64), DiskError> {
        match self {
            Source::Seeded { seed, bytes } => Ok((Contents::Seeded { seed: *seed, at: 0 }, *bytes)),
            Source::File(path) => {
                let metadata = fs::metadata(path).map_err(|error| match error.kind() {
                    ErrorKind::NotFound => DiskError::Missing { path: path.clone() },
                    _ => DiskError::io("read", path)(error),
                })?;
                if !metadata.is_file() {
                    return Err(DiskError::NoFile { path: path.clone() });
                }
                if let (Ok(theirs), Ok(ours)) = (path.canonicalize(), copy.canonicalize())
                    && theirs == ours
                {
                    return Err(DiskError::OwnCopy { path: path.clone() });
                }
                let file = File::open(path).map_err(DiskError::io("read", path))?;
                Ok((
                    Contents::File {
                        file,
                        path: path.clone(),
                    },
                    metadata.len(),
                ))
            }
        }
    }
}

/// Contents that are being read.
#[derive(Debug)]
pub(super) enum Contents {
    Seeded { seed: u64, at: u64 },
    File { file: File, path: PathBuf },
}

impl Contents {
    /// Reads the next bytes.
    pub(super) fn read_exact(&mut self, buffer: &mut [u8]) -> Result<(), DiskError> {
        match self {
            Contents::Seeded { seed, at } => {
                pattern::fill(*seed ^ IMAGE_STREAM, *at, buffer);
                *at += buffer.len() as u64;
                Ok(())
            }
            Contents::File { file, path } => {
                file.read_exact(buffer).map_err(DiskError::io("read", path))
            }
        }
    }
}
