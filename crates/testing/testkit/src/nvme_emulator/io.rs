//! Executes NVM commands (read, write, flush), and walks their PRPs.

use std::vec;
use std::vec::Vec;

use super::Machine;
use super::queue::Fetched;
use crate::device_memory::Stray;

const INVALID_OPCODE: u16 = 0x0001;
const INVALID_FIELD: u16 = 0x0002;
const DATA_TRANSFER_ERROR: u16 = 0x0004;
const INVALID_NAMESPACE: u16 = 0x000B;
const PRP_OFFSET_INVALID: u16 = 0x0013;
const WRITE_PROTECTED: u16 = 0x0020;
const LBA_OUT_OF_RANGE: u16 = 0x0080;
const NAMESPACE_NOT_READY: u16 = 0x0082;

const PAGE: u64 = 4096;

pub(super) fn execute(machine: &mut Machine, command: &Fetched) -> u16 {
    let has_media = machine.controller.life.has_media(machine.now);
    let Some(namespace) = machine.controller.namespace(command.namespace()) else {
        return INVALID_NAMESPACE;
    };
    let is_read_only = namespace.shape.read_only;
    let done = match command.opcode() {
        0x00 => flush(machine),
        _ if !has_media => Err(NAMESPACE_NOT_READY),
        0x01 if is_read_only => Err(WRITE_PROTECTED),
        0x01 => transfer(machine, command, true),
        0x02 => transfer(machine, command, false),
        _ => Err(INVALID_OPCODE),
    };
    done.err().unwrap_or(0)
}

fn flush(machine: &mut Machine) -> Result<(), u16> {
    if let Some(status) = machine.switches.flush_status {
        return Err(status);
    }
    machine.counts.flushes += 1;
    Ok(())
}

fn transfer(machine: &mut Machine, command: &Fetched, write: bool) -> Result<(), u16> {
    let mdts = machine.controller.shape.mdts;
    let namespace = machine.controller.namespace(command.namespace());
    let namespace = namespace.ok_or(INVALID_NAMESPACE)?;
    let shape = namespace.shape;
    let lba = u64::from(command.dword(1)) << 32 | u64::from(command.dword(0));
    let blocks = u64::from(command.dword(2) & 0xFFFF) + 1;
    let end = lba
        .checked_add(blocks)
        .filter(|&end| end <= shape.blocks)
        .ok_or(LBA_OUT_OF_RANGE)?;
    let bytes = blocks * shape.bus_block();
    if bytes > longest(mdts) {
        return Err(INVALID_FIELD);
    }
    if write && let Some(zones) = &mut namespace.zones {
        zones.write(lba, blocks)?;
    }
    let spans = match spans(machine, command, bytes)? {
        Ok(spans) => spans,
        Err(Stray) => return stray(machine),
    };
    // The blocks as they are on the bus, with their metadata.
    let mut image = vec![0; bytes as usize];
    if !write {
        copy(machine, command, lba..end, &mut image, false);
    }
    let mut at = 0;
    for (bus, length) in spans {
        let part = &mut image[at..at + length as usize];
        let moved = if write {
            machine.memory.read(bus, part)
        } else {
            machine.memory.write(bus, part)
        };
        if moved.is_err() {
            return stray(machine);
        }
        at += length as usize;
    }
    debug_assert_eq!(at, image.len());
    if write {
        copy(machine, command, lba..end, &mut image, true);
    }
    Ok(())
}

/// Returns MDTS in bytes. There is no limit if MDTS is 0, or if MDTS is so large that the limit does not fit a `u64`.
fn longest(mdts: u8) -> u64 {
    let shifted = 1u64.checked_shl(mdts.into());
    let bytes = shifted.and_then(|pages| pages.checked_mul(PAGE));
    bytes.filter(|_| mdts != 0).unwrap_or(u64::MAX)
}

/// Copies blocks between the medium and their image on the bus. In the image, each block is followed by its metadata.
/// The medium stores no metadata, so a read returns zeroes for it.
fn copy(
    machine: &mut Machine,
    command: &Fetched,
    lbas: core::ops::Range<u64>,
    image: &mut [u8],
    write: bool,
) {
    let Some(namespace) = machine.controller.namespace(command.namespace()) else {
        return;
    };
    let shape = namespace.shape;
    let block = 1usize << shape.block_shift;
    let medium = &mut namespace.medium[lbas.start as usize * block..lbas.end as usize * block];
    let on_bus = image.chunks_exact_mut(shape.bus_block() as usize);
    for (stored, moved) in medium.chunks_exact_mut(block).zip(on_bus) {
        if write {
            stored.copy_from_slice(&moved[..block]);
        } else {
            moved[..block].copy_from_slice(stored);
        }
    }
}

fn stray(machine: &mut Machine) -> Result<(), u16> {
    machine.counts.stray_accesses += 1;
    Err(DATA_TRANSFER_ERROR)
}

type Spans = Vec<(u64, u64)>;

/// Returns the memory that the command's PRPs describe (Base §4.1.1), including chained lists.
fn spans(machine: &Machine, command: &Fetched, bytes: u64) -> Result<Result<Spans, Stray>, u16> {
    let prp1 = command.prp1();
    if !prp1.is_multiple_of(4) {
        return Err(PRP_OFFSET_INVALID);
    }
    let first = (PAGE - prp1 % PAGE).min(bytes);
    let mut spans = vec![(prp1, first)];
    let mut left = bytes - first;
    if left == 0 {
        return Ok(Ok(spans));
    }
    if left <= PAGE {
        return page(command.prp2(), left).map(|span| {
            spans.push(span);
            Ok(spans)
        });
    }
    let mut list = command.prp2();
    while left > 0 {
        let entry = match machine.memory.read_u64(list) {
            Ok(entry) => entry,
            Err(stray) => return Ok(Err(stray)),
        };
        // If more than one page of data is left, the last entry in a page of the list points to the next page of the
        // list.
        if (list + 8).is_multiple_of(PAGE) && left > PAGE {
            list = entry;
            continue;
        }
        let span = page(entry, left.min(PAGE))?;
        left -= span.1;
        spans.push(span);
        list += 8;
    }
    Ok(Ok(spans))
}

/// Returns the span that a PRP entry other than PRP1 describes. Such an entry must be on a page boundary.
fn page(entry: u64, length: u64) -> Result<(u64, u64), u16> {
    if entry.is_multiple_of(PAGE) {
        Ok((entry, length))
    } else {
        Err(PRP_OFFSET_INVALID)
    }
}
