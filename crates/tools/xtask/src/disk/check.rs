//! Compares the image with the contents that the guest's writes must have given it.

use std::fmt;
use std::fs::File;
use std::io::Read;

use samara_serial_protocol::Written;
use samara_testkit::pattern;

use super::{CHUNK, Disk, DiskError};

/// The outcome of a comparison.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Check {
    /// The number of bytes that the guest has written. A byte that was written twice counts once.
    pub(crate) written: u64,
    /// The first difference, if there is one.
    pub(crate) fault: Option<Fault>,
}

/// A difference between an image and the contents that it must have.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    /// The guest reported a write that reaches past the end of the disk.
    Outside(Written),
    /// The file's length has changed.
    Length { now: u64, was: u64 },
    /// A byte is wrong. `written` is true if the guest reported a write to it.
    Byte { at: u64, written: bool },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Outside(Written { offset, bytes }) => {
                write!(
                    f,
                    "the kernel reports a write of {bytes} bytes at {offset}, past the end of the disk"
                )
            }
            Fault::Length { now, was } => {
                write!(f, "the image file had {was} bytes and now has {now}")
            }
            Fault::Byte { at, written: true } => {
                write!(
                    f,
                    "byte {at} of the image differs from the byte that the kernel reports to have written there"
                )
            }
            Fault::Byte { at, written: false } => {
                write!(
                    f,
                    "byte {at} of the image changed, though the kernel reports no write there"
                )
            }
        }
    }
}

/// Compares the whole image of `disk` with the contents that it must have: the pattern of `seed` in `regions`, and
/// the contents of its source everywhere else.
pub(crate) fn check(disk: &Disk, seed: u64, regions: &[Written]) -> Result<Check, DiskError> {
    let regions = match merge(regions, disk.bytes) {
        Ok(regions) => regions,
        Err(outside) => {
            return Ok(Check {
                written: 0,
                fault: Some(Fault::Outside(outside)),
            });
        }
    };
    let written = regions.iter().map(|region| region.bytes).sum();
    let fault = compare(disk, seed, &regions)?;
    Ok(Check { written, fault })
}

/// Sorts regions and joins those that overlap or touch. If a region reaches past the end of the disk, returns that as
/// the error.
fn merge(regions: &[Written], disk: u64) -> Result<Vec<Written>, Written> {
    let mut sorted = regions.to_vec();
    sorted.sort_by_key(|region| region.offset);
    let mut merged: Vec<Written> = Vec::new();
    for region in sorted {
        let end = region
            .offset
            .checked_add(region.bytes)
            .filter(|&end| end <= disk)
            .ok_or(region)?;
        match merged.last_mut() {
            Some(last) if region.offset <= last.offset + last.bytes => {
                last.bytes = last.bytes.max(end - last.offset);
            }
            _ => merged.push(region),
        }
    }
    Ok(merged)
}

fn compare(disk: &Disk, seed: u64, regions: &[Written]) -> Result<Option<Fault>, DiskError> {
    let mut image = File::open(&disk.path).map_err(DiskError::io("read", &disk.path))?;
    let now = image
        .metadata()
        .map_err(DiskError::io("read", &disk.path))?
        .len();
    if now != disk.bytes {
        return Ok(Some(Fault::Length {
            now,
            was: disk.bytes,
        }));
    }
    let (mut contents, _) = disk.source.open(&disk.path)?;
    let mut expected = vec![0; CHUNK];
    let mut actual = vec![0; CHUNK];
    let mut at = 0;
    while at < disk.bytes {
        let count = (disk.bytes - at).min(CHUNK as u64) as usize;
        let (expected, actual) = (&mut expected[..count], &mut actual[..count]);
        contents.read_exact(expected)?;
        overlay(expected, at, seed, regions);
        image
            .read_exact(actual)
            .map_err(DiskError::io("read", &disk.path))?;
        if expected != actual {
            let within = expected
                .iter()
                .zip(actual)
                .position(|(want, have)| want != have)
                .unwrap_or(0);
            let at = at + within as u64;
            let written = regions
                .iter()
                .any(|region| at >= region.offset && at - region.offset < region.bytes);
            return Ok(Some(Fault::Byte { at, written }));
        }
        at += count as u64;
    }
    Ok(None)
}

/// Fills those parts of `chunk` that lie in a region with the pattern of `seed`. The chunk begins at `at` on the disk.
fn overlay(chunk: &mut [u8], at: u64, seed: u64, regions: &[Written]) {
    let end = at + chunk.len() as u64;
    for region in regions {
        let from = region.offset.max(at);
        let to = (region.offset + region.bytes).min(end);
        if from < to {
            pattern::fill(
                seed,
                from,
                &mut chunk[(from - at) as usize..(to - at) as usize],
            );
        }
    }
}
