//! Admin commands.

use super::Machine;
use super::queue::{Completion, Fetched, Submission};

const INVALID_OPCODE: u16 = 0x0001;
const INVALID_FIELD: u16 = 0x0002;
const DATA_TRANSFER_ERROR: u16 = 0x0004;
const INVALID_NAMESPACE: u16 = 0x000B;
const INVALID_QUEUE: u16 = 0x0101;
const INVALID_QUEUE_SIZE: u16 = 0x0102;

/// The only namespace.
pub(super) const NAMESPACE: u32 = 1;

pub(super) fn execute(machine: &mut Machine, command: &Fetched) -> (u16, u32) {
    match command.opcode() {
        0x00 => (delete(machine, command, true), 0),
        0x01 => (create_submission(machine, command), 0),
        0x04 => (delete(machine, command, false), 0),
        0x05 => (create_completion(machine, command), 0),
        0x06 => (identify(machine, command), 0),
        // Number of Queues: three pairs.
        0x09 if command.dword(0) as u8 == 0x07 => (0, 0x0002_0002),
        _ => (INVALID_OPCODE, 0),
    }
}

fn identify(machine: &mut Machine, command: &Fetched) -> u16 {
    let mut page = [0u8; 4096];
    let shape = machine.controller.shape;
    match command.dword(0) as u8 {
        0x00 if shape.namespace && command.namespace() == NAMESPACE => {
            page[0..8].copy_from_slice(&shape.blocks.to_le_bytes());
            page[8..16].copy_from_slice(&shape.blocks.to_le_bytes());
            page[25] = 1;
            // The second format is the one in use, so that a driver which assumes the first is caught.
            page[26] = 1;
            page[99] = u8::from(shape.read_only);
            page[128..132].copy_from_slice(&[0, 0, 13, 0]);
            page[132..134].copy_from_slice(&shape.metadata.to_le_bytes());
            page[134] = shape.block_shift;
        }
        // An inactive namespace ID returns zeroes (NVM §4.1.5.1).
        0x00 if command.namespace() == NAMESPACE => {}
        0x00 => return INVALID_NAMESPACE,
        0x01 => {
            page[77] = shape.mdts;
            page[516] = 1;
            page[525] = 1;
        }
        0x02 if shape.namespace => page[0..4].copy_from_slice(&NAMESPACE.to_le_bytes()),
        0x02 => {}
        _ => return INVALID_FIELD,
    }
    match machine.memory.write(command.prp1(), &page) {
        Ok(()) => 0,
        Err(_) => {
            machine.counts.stray_accesses += 1;
            DATA_TRANSFER_ERROR
        }
    }
}

/// Queue number and size, if they are valid.
fn new_queue(machine: &Machine, command: &Fetched) -> Result<(usize, u16), u16> {
    let queue = (command.dword(0) & 0xFFFF) as usize;
    let size = (command.dword(0) >> 16) as u16;
    if queue == 0 || queue >= machine.controller.submissions.len() {
        return Err(INVALID_QUEUE);
    }
    if size == 0 || size >= machine.controller.shape.queue_entries {
        return Err(INVALID_QUEUE_SIZE);
    }
    if command.dword(1) & 1 == 0 || !command.prp1().is_multiple_of(4096) {
        return Err(INVALID_FIELD);
    }
    Ok((queue, size + 1))
}

fn create_completion(machine: &mut Machine, command: &Fetched) -> u16 {
    match new_queue(machine, command) {
        Ok((queue, size)) if machine.controller.completions[queue].is_none() => {
            machine.controller.completions[queue] = Some(Completion::new(command.prp1(), size));
            0
        }
        Ok(_) => INVALID_QUEUE,
        Err(status) => status,
    }
}

fn create_submission(machine: &mut Machine, command: &Fetched) -> u16 {
    let completions = (command.dword(1) >> 16) as u16;
    let has_completions = matches!(
        machine.controller.completions.get(usize::from(completions)),
        Some(Some(_))
    );
    match new_queue(machine, command) {
        Ok((queue, size)) if machine.controller.submissions[queue].is_none() && has_completions => {
            machine.controller.submissions[queue] =
                Some(Submission::new(command.prp1(), size, completions));
            0
        }
        Ok(_) => INVALID_QUEUE,
        Err(status) => status,
    }
}

fn delete(machine: &mut Machine, command: &Fetched, submission: bool) -> u16 {
    let queue = (command.dword(0) & 0xFFFF) as usize;
    let controller = &mut machine.controller;
    if queue == 0 || queue >= controller.submissions.len() {
        return INVALID_QUEUE;
    }
    let deleted = if submission {
        controller.submissions[queue].take().is_some()
    } else {
        // A completion queue goes after the submission queues that use it (Base §5.6).
        controller.submissions[queue].is_none() && controller.completions[queue].take().is_some()
    };
    if deleted { 0 } else { INVALID_QUEUE }
}
