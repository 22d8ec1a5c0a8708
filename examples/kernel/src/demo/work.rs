//! The work: reads and hashes the first bytes of the disk, as many as `--size` says, then writes a region and reads
//! the region back.

use alloc::format;
use alloc::string::{String, ToString};

use samara::RRef;
use samara_interfaces::BlockDevice;
use samara_serial_protocol::{Digest, Message, Written};
use samara_testkit::pattern;
use sha2::{Digest as _, Sha256};

use super::Parameters;
use super::client::Client;
use super::disk::Disk;
use super::plan::Plan;
use crate::println;

/// Bytes of a request.
pub(super) const REQUEST: usize = 128 << 10;

/// A line reports the progress each time this many bytes were read.
const PROGRESS: u64 = 16 << 20;

/// The outcome of the work.
pub(super) struct Outcome {
    pub(super) lost: u64,
}

/// The region of the disk that is written.
#[derive(Clone, Copy)]
struct Region {
    start: u64,
    requests: u64,
}

impl Region {
    /// Chooses a region of a sixteenth of the `requests`, but at least one request, at a place that `seed`
    /// determines.
    fn new(seed: u64, requests: u64) -> Self {
        let length = (requests / 16).max(1);
        let start = pattern::word(!seed, 0) % (requests - length + 1);
        Self {
            start: start * REQUEST as u64,
            requests: length,
        }
    }

    fn offsets(self) -> impl Iterator<Item = u64> {
        (0..self.requests).map(move |at| self.start + at * REQUEST as u64)
    }

    fn bytes(self) -> u64 {
        self.requests * REQUEST as u64
    }
}

/// How much of the work is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The bytes are read, and nothing is reported to xtask.
    Rehearsal,
    /// All of the work is done and reported to xtask.
    Whole,
}

/// Does the work on the first `bytes` of the disk.
pub(super) fn run(disk: &Disk, parameters: &Parameters, part: Part) -> Result<Outcome, String> {
    let Parameters {
        seed,
        crashes,
        bytes,
        ref manners,
        ..
    } = *parameters;
    let geometry = disk.shadow.geometry().map_err(|error| error.to_string())?;
    if geometry.bytes() < bytes {
        let size = geometry.bytes();
        return Err(format!(
            "the disk has {size} bytes, {bytes} were asked for: give a smaller --size"
        ));
    }
    if geometry.read_only {
        return Err("the disk is read-only: the demo writes to it".to_string());
    }
    if bytes < REQUEST as u64 {
        return Err(format!(
            "{bytes} bytes are less than one request of {REQUEST} bytes: give a larger --size"
        ));
    }
    // The last request is shorter if the size is no multiple of `REQUEST`.
    let requests = bytes.div_ceil(REQUEST as u64);
    let region = Region::new(seed, bytes / REQUEST as u64);
    // The first `bytes` of the disk are read, the region is written, and the region is read back. If this makes fewer
    // than two reads for each crash, the region is read back more often, so that every fault meets a request of its
    // own.
    let (reads, writes) = match part {
        Part::Rehearsal => (requests, 0),
        Part::Whole => (
            (requests + region.requests).max(2 * u64::from(crashes)),
            region.requests,
        ),
    };
    let plan = Plan::new(seed, reads, writes, crashes, manners.clone());
    let mut client = Client::new(disk, plan, geometry.block_size);

    read_all(&mut client, bytes, part)?;
    if part == Part::Rehearsal {
        return Ok(Outcome { lost: client.lost });
    }
    write(&mut client, region, seed)?;
    if client.lost == 0 {
        println!(
            "{}",
            Written {
                offset: region.start,
                bytes: region.bytes(),
            }
        );
    }
    read_back(&mut client, region, seed)?;
    while client.crashes_left() > 0 && client.lost == 0 {
        read_back(&mut client, region, seed)?;
    }
    if let Ok(times @ 1..) = disk.shadow.tolerated() {
        println!(
            "the disk has violated its protocol {times} times, and nothing was lost: update its firmware"
        );
    }
    Ok(Outcome { lost: client.lost })
}

fn buffer(length: usize) -> Result<RRef<[u8]>, String> {
    RRef::new_zeroed_slice(length).map_err(|error| error.to_string())
}

fn read_all(client: &mut Client<'_>, bytes: u64, part: Part) -> Result<(), String> {
    let mut hash = Sha256::new();
    let mut read = 0;
    let mut spare: Option<RRef<[u8]>> = None;
    for offset in (0..bytes).step_by(REQUEST) {
        let length = (bytes - offset).min(REQUEST as u64) as usize;
        let empty = match spare.take() {
            Some(buffer) if buffer.len() == length => buffer,
            _ => buffer(length)?,
        };
        spare = client.read(offset, empty);
        if let Some(data) = &spare {
            hash.update(&**data);
            read += data.len();
        }
        if part == Part::Whole && (offset + length as u64).is_multiple_of(PROGRESS) {
            println!("read {} of {} KiB", read >> 10, bytes >> 10);
        }
    }
    if part == Part::Whole {
        let digest = Digest(hash.finalize().into());
        let bytes = read as u64;
        println!("{}", Message::Sha256 { digest, bytes });
    }
    Ok(())
}

fn write(client: &mut Client<'_>, region: Region, seed: u64) -> Result<(), String> {
    let mut data = buffer(REQUEST)?;
    for offset in region.offsets() {
        pattern::fill(seed, offset, &mut data);
        client.write(offset, &data);
    }
    client.flush();
    Ok(())
}

fn read_back(client: &mut Client<'_>, region: Region, seed: u64) -> Result<(), String> {
    for offset in region.offsets() {
        if let Some(data) = client.read(offset, buffer(REQUEST)?)
            && pattern::first_mismatch(seed, offset, &data).is_some()
        {
            client.wrong("read back", offset);
        }
    }
    Ok(())
}
