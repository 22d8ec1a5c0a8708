//! Admin commands.

use super::queue::{Completion, Fetched, Submission};
use super::{Machine, identify};

const INVALID_OPCODE: u16 = 0x0001;
const INVALID_FIELD: u16 = 0x0002;
const INVALID_QUEUE: u16 = 0x0101;
const INVALID_QUEUE_SIZE: u16 = 0x0102;

pub(super) fn execute(machine: &mut Machine, command: &Fetched) -> (u16, u32) {
    match command.opcode() {
        0x00 => (delete(machine, command, true), 0),
        0x01 => (create_submission(machine, command), 0),
        0x04 => (delete(machine, command, false), 0),
        0x05 => (create_completion(machine, command), 0),
        0x06 => (identify::execute(machine, command), 0),
        // Number of Queues: three pairs.
        0x09 if command.dword(0) as u8 == 0x07 => (0, 0x0002_0002),
        // I/O Command Set Profile: there is only one combination, which has all command sets.
        0x09 if command.dword(0) as u8 == 0x19 && machine.controller.shape.has_command_sets() => {
            (0, 0)
        }
        _ => (INVALID_OPCODE, 0),
    }
}

/// Returns the number and the size of the queue that a command creates, or a status if they are invalid.
fn new_queue(machine: &Machine, command: &Fetched) -> Result<(usize, u16), u16> {
    let queue = (command.dword(0) & 0xFFFF) as usize;
    let size = (command.dword(0) >> 16) as u16;
    if queue == 0 || queue >= machine.controller.submissions.len() {
        return Err(INVALID_QUEUE);
    }
    // CC.IOSQES and CC.IOCQES must have the required entry sizes: 2^6 and 2^4 bytes.
    if machine.controller.cc >> 16 & 0xFF != 0x46 {
        return Err(INVALID_QUEUE_SIZE);
    }
    if size == 0 || size > machine.controller.shape.queue_entries.wrapping_sub(1) {
        return Err(INVALID_QUEUE_SIZE);
    }
    if command.dword(1) & 1 == 0 || !command.prp1().is_multiple_of(4096) {
        return Err(INVALID_FIELD);
    }
    Ok((queue, size.saturating_add(1)))
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
            machine.controller.submissions[queue] = Some(Submission::new(
                command.prp1(),
                size,
                completions,
                machine.now,
            ));
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
        // A completion queue may be deleted only after the submission queues that use it (Base §5.6).
        controller.submissions[queue].is_none() && controller.completions[queue].take().is_some()
    };
    if deleted { 0 } else { INVALID_QUEUE }
}
