//! Fetches, executes and completes commands.

use std::vec::Vec;

use super::controller::QUEUES;
use super::queue::{Fetched, Submission};
use super::switches::Misbehaviour;
use super::{Machine, admin, io};

const FLUSH: u8 = 0x00;

impl Machine {
    /// Fetches new commands, and executes those that are due. `pause` says that a polling interval has passed.
    pub(super) fn work(&mut self, pause: bool) {
        let is_ready = self.controller.life.is_ready(self.now);
        if self.switches.removed || !is_ready || self.switches.never_ready {
            return;
        }
        if !self.config.is_bus_master() {
            self.counts.refused_accesses += self.controller.fetched.len() as u64;
            return;
        }
        for queue in 0..QUEUES {
            self.fetch(queue);
        }
        if pause {
            for command in &mut self.controller.fetched {
                command.wait = command.wait.saturating_sub(1);
            }
        }
        let now = self.now;
        let (mut due, rest): (Vec<_>, Vec<_>) = self
            .controller
            .fetched
            .drain(..)
            .partition(|command| command.wait == 0 && command.due <= now);
        self.controller.fetched = rest.into();
        if self.controller.shape.reorder {
            due.reverse();
        }
        self.controller.due = due.into();
        while let Some(command) = self.controller.due.pop_front() {
            self.execute(command);
        }
    }

    fn fetch(&mut self, queue: usize) {
        let timing = self.controller.shape.timing;
        while let Some(submission) = self.controller.submissions[queue] {
            if submission.head == submission.tail {
                break;
            }
            let mut bytes = [0; 64];
            let at = submission.base + u64::from(submission.head) * 64;
            if self.memory.read(at, &mut bytes).is_err() {
                self.counts.stray_accesses += 1;
                break;
            }
            let word =
                |i: usize| u32::from_le_bytes([bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]]);
            let words = core::array::from_fn(|i| word(4 * i));
            let head = (submission.head + 1) % submission.size;
            self.controller.submissions[queue] = Some(Submission { head, ..submission });
            let is_io = queue != 0;
            self.counts.io_commands += u64::from(is_io);
            if is_io && self.now < submission.created.saturating_add(timing.settle) {
                continue;
            }
            let mut command = Fetched {
                queue: queue as u16,
                words,
                wait: if is_io {
                    self.controller.shape.latency
                } else {
                    0
                },
                due: self.now,
            };
            if !is_io {
                command.due = self.now.saturating_add(self.switches.admin_takes);
            }
            if is_io && command.opcode() == FLUSH {
                command.due = self.now.saturating_add(timing.flush);
            }
            if !self.controller.is_disowned(&command) {
                self.controller.fetched.push_back(command);
            }
        }
        let in_flight = self
            .controller
            .fetched
            .iter()
            .filter(|command| command.queue != 0)
            .count();
        self.counts.most_in_flight = self.counts.most_in_flight.max(in_flight);
    }

    fn execute(&mut self, command: Fetched) {
        if self.switches.hang_all {
            return;
        }
        let is_io = command.queue != 0;
        let wrong = if is_io {
            let next = self.switches.next.pop_front().flatten();
            next.or(self.switches.every)
        } else {
            let next = self.switches.next_admin.pop_front().flatten();
            next.or(self.switches.every_admin)
        };
        if is_io && self.switches.hang || wrong == Some(Misbehaviour::Silent) {
            return;
        }
        let (status, result) = match wrong {
            Some(Misbehaviour::Status(status)) => (status, 0),
            _ if is_io => (io::execute(self, &command), 0),
            _ => admin::execute(self, &command),
        };
        self.complete(&command, status, result, wrong);
        if wrong == Some(Misbehaviour::Twice) {
            self.complete(&command, status, result, None);
        }
    }

    fn complete(
        &mut self,
        command: &Fetched,
        status: u16,
        result: u32,
        wrong: Option<Misbehaviour>,
    ) {
        // If the queue was deleted meanwhile, its commands are not completed.
        let Some(submission) = self.controller.submissions[usize::from(command.queue)] else {
            return;
        };
        let index = usize::from(submission.completions);
        let Some(mut queue) = self.controller.completions[index] else {
            return;
        };
        if queue.is_full() {
            // Here the host has more commands in flight than the completion queue has room for. A real controller
            // would wait.
            self.counts.bad_doorbells += 1;
            self.counts.overruns += 1;
            return;
        }
        let mut phase = queue.phase;
        let (mut cid, mut id, mut head) = (command.cid(), command.queue, submission.head);
        match wrong {
            Some(Misbehaviour::Cid(other)) => cid = other,
            Some(Misbehaviour::Queue(other)) => id = other,
            Some(Misbehaviour::Head(other)) => head = other,
            Some(Misbehaviour::WrongPhase) => phase = !phase,
            _ => {}
        }
        let words = match wrong {
            Some(Misbehaviour::Zero) => [0; 4],
            _ => [
                result,
                0,
                u32::from(id) << 16 | u32::from(head),
                u32::from(status) << 17 | u32::from(phase) << 16 | u32::from(cid),
            ],
        };
        self.write_completion(queue.base, queue.tail, words);
        queue.advance();
        if self.switches.keeps_its_word {
            let said = ((words[2] >> 16) as u16, words[3] as u16);
            if said != (command.queue, command.cid()) {
                self.controller.disown(said.0, said.1);
            }
            if wrong == Some(Misbehaviour::Ghost) {
                self.controller.disown(0, 0);
            }
        }
        if wrong == Some(Misbehaviour::Ghost) {
            let words = [0, 0, 0, u32::from(queue.phase) << 16];
            self.write_completion(queue.base, queue.tail, words);
        }
        self.controller.completions[index] = Some(queue);
    }

    fn write_completion(&mut self, base: u64, slot: u16, words: [u32; 4]) {
        let mut bytes = [0; 16];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        let at = base + u64::from(slot) * 16;
        if self.memory.write(at, &bytes).is_err() {
            self.counts.stray_accesses += 1;
        }
    }
}
