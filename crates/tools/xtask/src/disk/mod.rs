//! The disk image that the kernel works on.

mod check;
mod error;
mod source;

use std::fs::{self, File, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

pub(crate) use self::check::check;
pub(crate) use self::error::DiskError;
pub(crate) use self::source::Source;

/// A SHA-256 digest.
pub(crate) type Sha256Digest = [u8; 32];

/// The size of a block in bytes, the smallest that NVMe disks use. The length of an image must be a multiple of it.
const BLOCK: u64 = 512;

/// The size of the pieces in which images are copied and compared.
const CHUNK: usize = 1 << 20;

/// An image that is ready for a machine.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The working copy. Only the guest writes to it.
    pub(crate) path: PathBuf,
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// The digest of the contents before the guest runs.
    pub(crate) sha256: Sha256Digest,
    /// The source of the contents. After the run, the image is compared with it.
    pub(crate) source: Source,
    /// A lock, held as long as the image is used, so that no second run writes to the same file.
    _lock: File,
}

/// Writes the contents of `source` to `directory/disk.img` and computes their digest.
///
/// An image of fewer than `least` bytes is refused.
pub(crate) fn prepare(directory: &Path, source: Source, least: u64) -> Result<Disk, DiskError> {
    fs::create_dir_all(directory).map_err(DiskError::io("create", directory))?;
    let lock = lock(directory)?;
    let path = directory.join("disk.img");
    let (mut contents, bytes) = source.open(&path)?;
    if bytes < least {
        return Err(DiskError::TooSmall { bytes, least });
    }
    if !bytes.is_multiple_of(BLOCK) || bytes == 0 {
        return Err(DiskError::TornBlock {
            bytes,
            block: BLOCK,
        });
    }
    // The old file is removed, not overwritten: it may belong to another user or be read-only.
    match fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(DiskError::io("remove the old", &path)(error));
        }
        _ => {}
    }
    let file = File::create_new(&path).map_err(DiskError::io("create", &path))?;
    let mut file = BufWriter::with_capacity(CHUNK, file);
    let mut digest = Sha256::new();
    let mut left = bytes;
    let mut chunk = vec![0; CHUNK];
    while left > 0 {
        let count = left.min(CHUNK as u64) as usize;
        contents.read_exact(&mut chunk[..count])?;
        digest.update(&chunk[..count]);
        file.write_all(&chunk[..count])
            .map_err(DiskError::io("write", &path))?;
        left -= count as u64;
    }
    file.flush().map_err(DiskError::io("write", &path))?;
    Ok(Disk {
        path,
        bytes,
        sha256: digest.finalize().into(),
        source,
        _lock: lock,
    })
}

fn lock(directory: &Path) -> Result<File, DiskError> {
    let path = directory.join("lock");
    let lock = File::create(&path).map_err(DiskError::io("create", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(DiskError::InUse {
            directory: directory.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(DiskError::io("lock", &path)(error)),
    }
}

#[cfg(test)]
mod tests;
