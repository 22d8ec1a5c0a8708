//! Registers, doorbells, fetching and completing.

use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use super::queue::{Completion, Fetched, Submission};
use super::switches::{Misbehaviour, Shape};
use super::{Machine, admin, io};

const QUEUES: usize = 4;
const DOORBELLS: usize = 0x1000;

pub(super) struct Controller {
    pub(super) shape: Shape,
    pub(super) medium: Vec<u8>,
    cc: u32,
    aqa: u32,
    asq: u64,
    acq: u64,
    shut_down: bool,
    pub(super) submissions: [Option<Submission>; QUEUES],
    pub(super) completions: [Option<Completion>; QUEUES],
    fetched: VecDeque<Fetched>,
}

impl Controller {
    pub(super) fn new(shape: Shape) -> Self {
        let medium = vec![0; (shape.blocks as usize) << shape.block_shift];
        Self {
            shape,
            medium,
            cc: 0,
            aqa: 0,
            asq: 0,
            acq: 0,
            shut_down: false,
            submissions: [None; QUEUES],
            completions: [None; QUEUES],
            fetched: VecDeque::new(),
        }
    }

    /// Everything but the medium, and, for CC.EN, the admin queue registers, as after power-on.
    pub(super) fn reset(&mut self) {
        self.cc = 0;
        self.shut_down = false;
        self.submissions = [None; QUEUES];
        self.completions = [None; QUEUES];
        self.fetched.clear();
    }

    pub(super) fn is_ready(&self) -> bool {
        self.cc & 1 != 0
    }

    fn enable(&mut self) {
        let size = |bits: u32| (bits & 0xFFF) as u16 + 1;
        self.submissions[0] = Some(Submission::new(self.asq, size(self.aqa), 0));
        self.completions[0] = Some(Completion::new(self.acq, size(self.aqa >> 16)));
    }
}

impl Machine {
    fn capabilities(&self) -> u64 {
        let shape = &self.controller.shape;
        // NVM command set; CAP.TO is 1 s.
        1 << 37
            | u64::from(shape.doorbell_stride) << 32
            | 2 << 24
            | u64::from(shape.queue_entries - 1)
    }

    fn status(&self) -> u32 {
        let switches = &self.switches;
        let ready = self.controller.is_ready() && !switches.never_ready || switches.never_idle;
        let done = self.controller.shut_down && !switches.never_shut_down;
        u32::from(ready) | u32::from(switches.fatal) << 1 | u32::from(done) << 3
    }

    pub(super) fn register(&mut self, offset: usize) -> u32 {
        if self.switches.removed || !self.config.decodes() {
            return u32::MAX;
        }
        match offset {
            0x00 => self.capabilities() as u32,
            0x04 => (self.capabilities() >> 32) as u32,
            0x08 => 0x0002_0000,
            0x14 => self.controller.cc,
            0x1C => self.status(),
            0x24 => self.controller.aqa,
            _ => 0,
        }
    }

    pub(super) fn set_register(&mut self, offset: usize, value: u32) {
        if self.switches.removed || !self.config.decodes() {
            return;
        }
        let half = |old: u64, high: bool| {
            if high {
                old & 0xFFFF_FFFF | u64::from(value) << 32
            } else {
                old >> 32 << 32 | u64::from(value)
            }
        };
        let controller = &mut self.controller;
        match offset {
            0x14 => self.configure(value),
            0x24 => controller.aqa = value,
            0x28 | 0x2C => controller.asq = half(controller.asq, offset == 0x2C),
            0x30 | 0x34 => controller.acq = half(controller.acq, offset == 0x34),
            _ if offset >= DOORBELLS => self.doorbell(offset - DOORBELLS, value),
            _ => {}
        }
    }

    fn configure(&mut self, value: u32) {
        let was = self.controller.cc;
        if was & 1 != 0 && value & 1 == 0 {
            self.counts.resets += 1;
            self.switches.fatal = false;
            self.controller.reset();
        }
        self.controller.cc = value;
        if was & 1 == 0 && value & 1 != 0 {
            self.controller.enable();
        }
        if value >> 14 & 0b11 == 0b01 && was >> 14 & 0b11 == 0 {
            self.counts.shutdowns += 1;
            self.controller.shut_down = true;
        }
    }

    fn doorbell(&mut self, offset: usize, value: u32) {
        let index = offset / (4 << self.controller.shape.doorbell_stride);
        let (queue, is_head) = (index / 2, index % 2 == 1);
        let controller = &mut self.controller;
        let rung = if is_head {
            let queue = controller
                .completions
                .get_mut(queue)
                .and_then(Option::as_mut);
            queue
                .filter(|queue| value < u32::from(queue.size))
                .map(|queue| queue.head = value as u16)
        } else {
            let queue = controller
                .submissions
                .get_mut(queue)
                .and_then(Option::as_mut);
            queue
                .filter(|queue| value < u32::from(queue.size))
                .map(|queue| queue.tail = value as u16)
        };
        if rung.is_none() {
            self.counts.bad_doorbells += 1;
        }
        self.work(false);
    }

    /// Fetches what was rung in, executes what is due. `pause`: a polling interval has passed.
    pub(super) fn work(&mut self, pause: bool) {
        if self.switches.removed || !self.controller.is_ready() || self.switches.never_ready {
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
        let (due, rest): (Vec<_>, Vec<_>) = self
            .controller
            .fetched
            .drain(..)
            .partition(|command| command.wait == 0);
        self.controller.fetched = rest.into();
        let mut due = due;
        if self.controller.shape.reorder {
            due.reverse();
        }
        for command in due {
            self.execute(command);
        }
    }

    fn fetch(&mut self, queue: usize) {
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
            let wait = if queue == 0 {
                0
            } else {
                self.controller.shape.latency
            };
            self.controller.fetched.push_back(Fetched {
                queue: queue as u16,
                words,
                wait,
            });
            self.counts.io_commands += u64::from(queue != 0);
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
        if command.queue == 0 {
            let (status, result) = admin::execute(self, &command);
            return self.complete(&command, status, result, None);
        }
        let wrong = self.switches.next.pop_front().flatten();
        if self.switches.hang || wrong == Some(Misbehaviour::Silent) {
            return;
        }
        let status = match wrong {
            Some(Misbehaviour::Status(status)) => status,
            _ => io::execute(self, &command),
        };
        self.complete(&command, status, 0, wrong);
        if wrong == Some(Misbehaviour::Twice) {
            self.complete(&command, status, 0, None);
        }
    }

    fn complete(
        &mut self,
        command: &Fetched,
        status: u16,
        result: u32,
        wrong: Option<Misbehaviour>,
    ) {
        // A command of a queue that was deleted meanwhile completes no more.
        let Some(submission) = self.controller.submissions[usize::from(command.queue)] else {
            return;
        };
        let index = usize::from(submission.completions);
        let Some(mut queue) = self.controller.completions[index] else {
            return;
        };
        if queue.is_full() {
            // The host took more slots than it gave back; a real controller would wait.
            self.counts.bad_doorbells += 1;
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
        let words = [
            result,
            0,
            u32::from(id) << 16 | u32::from(head),
            u32::from(status) << 17 | u32::from(phase) << 16 | u32::from(cid),
        ];
        let mut bytes = [0; 16];
        for (bytes, word) in bytes.chunks_exact_mut(4).zip(words) {
            bytes.copy_from_slice(&word.to_le_bytes());
        }
        if self
            .memory
            .write(queue.base + u64::from(queue.tail) * 16, &bytes)
            .is_err()
        {
            self.counts.stray_accesses += 1;
        }
        queue.advance();
        self.controller.completions[index] = Some(queue);
    }
}
