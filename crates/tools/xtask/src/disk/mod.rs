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

/// NVMe's smallest block in use. An image that is no multiple of it would have a torn last block.
const BLOCK: u64 = 512;

/// Size of the pieces in which images are copied and compared.
const CHUNK: usize = 1 << 20;

/// An image that is ready to be booted with.
#[derive(Debug)]
pub(crate) struct Disk {
    /// The working copy. Only the guest writes to it.
    pub(crate) path: PathBuf,
    /// Its length in bytes.
    pub(crate) bytes: u64,
    /// The digest of the contents before the guest ran.
    pub(crate) sha256: Sha256Digest,
    /// Where the contents came from, to compare with afterwards.
    pub(crate) source: Source,
    /// Held as long as the image is used, so that no second run writes to the same file.
    _lock: File,
}

/// Makes `directory/disk.img` with the contents of `source` and computes its digest on the way.
///
/// `least` is the size in bytes below which an image is refused.
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
    // A new file each time: one left by another user, or as read-only, is no obstacle.
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
