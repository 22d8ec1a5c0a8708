//! A host that drives the model without a driver. It makes only the accesses that a test asks for, and checks nothing
//! by itself.

use std::boxed::Box;
use std::vec::Vec;

use core::array;
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::nvme_emulator::{Machine, Shape};

pub(super) const CC: usize = 0x14;
pub(super) const CSTS: usize = 0x1C;
const AQA: usize = 0x24;
const ASQ: usize = 0x28;
const ACQ: usize = 0x30;
const DOORBELLS: usize = 0x1000;
/// CC with the sizes of queue entries, and with CC.EN clear.
pub(super) const DISABLED: u32 = 6 << 16 | 4 << 20;
pub(super) const READY: u32 = 1;
pub(super) const FATAL: u32 = 2;
pub(super) const SHUT_DOWN: u32 = 0b10 << 2;

const WORDS: usize = 1024;

/// Memory that the device can reach while the host reads and writes it.
#[repr(align(4096))]
struct Page([AtomicU32; WORDS]);

/// A page that the device can reach, and its bus address.
#[derive(Clone, Copy)]
struct Granted {
    page: &'static Page,
    bus: u64,
}

impl Granted {
    fn new(machine: &mut Machine) -> Self {
        let page: &'static Page = Box::leak(Box::new(Page(array::from_fn(|_| AtomicU32::new(0)))));
        let start: *const Page = page;
        let bus = machine.memory.grant(start.cast(), size_of::<Page>());
        Self {
            page,
            bus: bus.expect("the bus address does not overflow"),
        }
    }

    fn fill(&self, word: u32) {
        self.page
            .0
            .iter()
            .for_each(|cell| cell.store(word, Relaxed));
    }

    fn bytes(&self) -> Vec<u8> {
        let words = self.page.0.iter();
        words
            .flat_map(|cell| cell.load(Relaxed).to_le_bytes())
            .collect()
    }
}

/// A completion queue entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) head: u16,
    pub(super) queue: u16,
    pub(super) cid: u16,
    /// The status field without the phase tag.
    pub(super) status: u16,
}

/// The host's side of a queue pair.
struct Pair {
    submissions: Granted,
    completions: Granted,
    size: u16,
    tail: u16,
    head: u16,
    phase: bool,
}

impl Pair {
    fn new(machine: &mut Machine, size: u16) -> Self {
        Self {
            submissions: Granted::new(machine),
            completions: Granted::new(machine),
            size,
            tail: 0,
            head: 0,
            phase: true,
        }
    }

    fn put(&mut self, words: [u32; 16]) {
        let at = usize::from(self.tail) * 16;
        for (cell, word) in self.submissions.page.0[at..].iter().zip(words) {
            cell.store(word, Relaxed);
        }
        self.tail = (self.tail + 1) % self.size;
    }

    fn raw(&self, slot: u16) -> [u32; 4] {
        let at = usize::from(slot) * 4;
        array::from_fn(|word| self.completions.page.0[at + word].load(Relaxed))
    }

    fn take(&mut self) -> Option<Entry> {
        let [_, _, queue, last] = self.raw(self.head);
        if (last >> 16 & 1 == 1) != self.phase {
            return None;
        }
        self.head += 1;
        if self.head == self.size {
            self.head = 0;
            self.phase = !self.phase;
        }
        Some(Entry {
            head: queue as u16,
            queue: (queue >> 16) as u16,
            cid: last as u16,
            status: (last >> 17) as u16,
        })
    }
}

pub(super) struct Host {
    pub(super) machine: Machine,
    pairs: [Pair; 2],
    data: [Granted; 2],
    cid: u16,
}

impl Host {
    /// Makes a host with admin and I/O queues of `entries` entries, at most 64.
    pub(super) fn with_queues(shape: Shape, entries: u16) -> Self {
        let mut machine = Machine::new(shape);
        // Turns memory space and bus mastering on.
        machine.config.write(4, 0b110);
        Self {
            pairs: array::from_fn(|_| Pair::new(&mut machine, entries)),
            data: array::from_fn(|_| Granted::new(&mut machine)),
            machine,
            cid: 0,
        }
    }

    pub(super) fn new(shape: Shape) -> Self {
        Self::with_queues(shape, 16)
    }

    /// Makes a host whose controller is ready and has an I/O queue pair.
    pub(super) fn up(shape: Shape) -> Self {
        let mut host = Self::new(shape);
        host.enable();
        assert_eq!(host.status(), READY);
        host.create();
        host
    }

    pub(super) fn read(&mut self, offset: usize) -> u32 {
        self.machine.register(offset)
    }

    pub(super) fn write(&mut self, offset: usize, value: u32) {
        self.machine.set_register(offset, value);
    }

    pub(super) fn status(&mut self) -> u32 {
        self.read(CSTS)
    }

    pub(super) fn capabilities(&mut self) -> u64 {
        u64::from(self.read(4)) << 32 | u64::from(self.read(0))
    }

    pub(super) fn wait(&mut self, nanos: u64) {
        self.machine.now += nanos;
        self.machine.work(false);
    }

    /// Sets the registers of the admin queues, with new empty queues, and then CC.EN.
    pub(super) fn enable(&mut self) {
        let size = u32::from(self.pairs[0].size) - 1;
        self.write(AQA, size << 16 | size);
        self.enable_without_sizes();
    }

    /// Does the same as [`enable`](Self::enable), but does not write AQA.
    pub(super) fn enable_without_sizes(&mut self) {
        let machine = &mut self.machine;
        self.pairs = array::from_fn(|pair| Pair::new(machine, self.pairs[pair].size));
        let bus = [self.pairs[0].submissions.bus, self.pairs[0].completions.bus];
        for (register, bus) in [ASQ, ACQ].into_iter().zip(bus) {
            self.write(register, bus as u32);
            self.write(register + 4, (bus >> 32) as u32);
        }
        self.write(CC, DISABLED | 1);
    }

    pub(super) fn disable(&mut self) {
        self.write(CC, DISABLED);
    }

    pub(super) fn notify_shutdown(&mut self) {
        self.write(CC, DISABLED | 1 | 0b01 << 14);
    }

    /// Performs a function level reset, and sets configuration space up again.
    pub(super) fn reset_function(&mut self) {
        let machine = &mut self.machine;
        assert!(machine.config.write(0x68, 1 << 15));
        machine.controller.reset_function(machine.now);
        machine.config.write(0x10, 0xFEB0_0004);
        machine.config.write(4, 0b110);
    }

    fn submit(&mut self, pair: usize, words: [u32; 16]) -> Option<Entry> {
        self.pairs[pair].put(words);
        let tail = u32::from(self.pairs[pair].tail);
        self.write(DOORBELLS + 8 * pair, tail);
        self.take_entry(pair)
    }

    fn take_entry(&mut self, pair: usize) -> Option<Entry> {
        let entry = self.pairs[pair].take()?;
        let head = u32::from(self.pairs[pair].head);
        self.write(DOORBELLS + 8 * pair + 4, head);
        Some(entry)
    }

    fn command(&mut self, opcode: u8, namespace: u32, dwords: [u32; 3]) -> [u32; 16] {
        self.cid += 1;
        let mut words = [0; 16];
        words[0] = u32::from(self.cid) << 16 | u32::from(opcode);
        words[1] = namespace;
        for (at, page) in [6, 8].into_iter().zip(self.data) {
            words[at] = page.bus as u32;
            words[at + 1] = (page.bus >> 32) as u32;
        }
        words[10..13].copy_from_slice(&dwords);
        words
    }

    pub(super) fn admin(&mut self, opcode: u8, namespace: u32, dwords: [u32; 3]) -> Option<Entry> {
        let words = self.command(opcode, namespace, dwords);
        self.submit(0, words)
    }

    /// Creates the submission queue or the completion queue of I/O queue pair 1. Returns the status.
    pub(super) fn create_queue(&mut self, submissions: bool) -> u16 {
        let size = (u32::from(self.pairs[1].size) - 1) << 16;
        let (opcode, queue, flags) = match submissions {
            true => (0x01, self.pairs[1].submissions, 1 << 16 | 1),
            false => (0x05, self.pairs[1].completions, 1),
        };
        let mut words = self.command(opcode, 0, [size | 1, flags, 0]);
        words[6] = queue.bus as u32;
        words[7] = (queue.bus >> 32) as u32;
        self.submit(0, words)
            .expect("the command is completed")
            .status
    }

    /// Creates I/O queue pair 1.
    pub(super) fn create(&mut self) {
        for submissions in [false, true] {
            assert_eq!(self.create_queue(submissions), 0);
        }
    }

    /// Returns the page that Identify writes, or its status if it fails.
    pub(super) fn identify(&mut self, cns: u8, namespace: u32, set: u8) -> Result<Vec<u8>, u16> {
        self.data[0].fill(0xA5A5_A5A5);
        let dwords = [cns.into(), u32::from(set) << 24, 0];
        let entry = self.admin(0x06, namespace, dwords);
        match entry.expect("Identify is completed").status {
            0 => Ok(self.data[0].bytes()),
            status => Err(status),
        }
    }

    /// Sends a flush, or a read or write of at most two pages. Returns the completion of the command, if there is
    /// one.
    pub(super) fn io(
        &mut self,
        opcode: u8,
        namespace: u32,
        lba: u32,
        blocks: u32,
    ) -> Option<Entry> {
        let words = self.command(opcode, namespace, [lba, 0, blocks.saturating_sub(1)]);
        self.submit(1, words)
    }

    pub(super) fn read_block(&mut self, namespace: u32, lba: u32) -> Option<Entry> {
        self.io(0x02, namespace, lba, 1)
    }

    /// Returns the next I/O completion, if there is one.
    pub(super) fn completion(&mut self) -> Option<Entry> {
        self.take_entry(1)
    }

    /// Returns the raw words of an entry of the I/O completion queue, whether the entry is new or old.
    pub(super) fn raw(&self, slot: u16) -> [u32; 4] {
        self.pairs[1].raw(slot)
    }

    /// Returns the first page of the data buffer.
    pub(super) fn data(&self) -> Vec<u8> {
        self.data[0].bytes()
    }

    pub(super) fn set_data(&mut self, byte: u8) {
        self.data
            .iter()
            .for_each(|page| page.fill(u32::from_ne_bytes([byte; 4])));
    }

    /// Returns the identifier of the last command.
    pub(super) fn last_cid(&self) -> u16 {
        self.cid
    }
}
