//! NVM commands: read, write, flush; walking PRPs.

use std::vec;
use std::vec::Vec;

use super::Machine;
use super::admin::NAMESPACE;
use super::queue::Fetched;
use crate::device_memory::Stray;

const INVALID_OPCODE: u16 = 0x0001;
const INVALID_FIELD: u16 = 0x0002;
const DATA_TRANSFER_ERROR: u16 = 0x0004;
const INVALID_NAMESPACE: u16 = 0x000B;
const PRP_OFFSET_INVALID: u16 = 0x0013;
const WRITE_PROTECTED: u16 = 0x0020;
const LBA_OUT_OF_RANGE: u16 = 0x0080;

const PAGE: u64 = 4096;

pub(super) fn execute(machine: &mut Machine, command: &Fetched) -> u16 {
    if command.namespace() != NAMESPACE {
        return INVALID_NAMESPACE;
    }
    let done = match command.opcode() {
        0x00 => {
            machine.counts.flushes += 1;
            Ok(())
        }
        0x01 if machine.controller.shape.read_only => Err(WRITE_PROTECTED),
        0x01 => transfer(machine, command, true),
        0x02 => transfer(machine, command, false),
        _ => Err(INVALID_OPCODE),
    };
    done.err().unwrap_or(0)
}

fn transfer(machine: &mut Machine, command: &Fetched, write: bool) -> Result<(), u16> {
    let shape = machine.controller.shape;
    let lba = u64::from(command.dword(1)) << 32 | u64::from(command.dword(0));
    let blocks = u64::from(command.dword(2) & 0xFFFF) + 1;
    let end = lba
        .checked_add(blocks)
        .filter(|&end| end <= shape.blocks)
        .ok_or(LBA_OUT_OF_RANGE)?;
    let bytes = blocks << shape.block_shift;
    if shape.mdts != 0 && bytes > PAGE << shape.mdts {
        return Err(INVALID_FIELD);
    }
    let (from, to) = (
        (lba << shape.block_shift) as usize,
        (end << shape.block_shift) as usize,
    );
    let spans = match spans(machine, command, bytes)? {
        Ok(spans) => spans,
        Err(Stray) => return stray(machine),
    };
    let mut at = from;
    for (bus, length) in spans {
        let part = at..at + length as usize;
        let medium = &mut machine.controller.medium;
        let moved = if write {
            machine.memory.read(bus, &mut medium[part])
        } else {
            machine.memory.write(bus, &medium[part])
        };
        if moved.is_err() {
            return stray(machine);
        }
        at += length as usize;
    }
    debug_assert_eq!(at, to);
    Ok(())
}

fn stray(machine: &mut Machine) -> Result<(), u16> {
    machine.counts.stray_accesses += 1;
    Err(DATA_TRANSFER_ERROR)
}

type Spans = Vec<(u64, u64)>;

/// The memory that the command's PRPs describe (Base §4.1.1), chained lists included.
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
        // The last entry of a page of a list chains to the next, if more than one page is left.
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

/// Every entry but PRP1 is a page boundary.
fn page(entry: u64, length: u64) -> Result<(u64, u64), u16> {
    if entry.is_multiple_of(PAGE) {
        Ok((entry, length))
    } else {
        Err(PRP_OFFSET_INVALID)
    }
}
