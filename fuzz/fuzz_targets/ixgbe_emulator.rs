//! Runs the 82599 emulator with a guest that writes the fuzzer's bytes to registers, configuration space, the MSI-X
//! table and descriptors. Frames arrive, and faults are injected. The emulator must neither panic nor hang, and must
//! not change memory outside the guest's memory.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run ixgbe_emulator`
#![no_main]

use std::cell::Cell;
use std::num::NonZeroU32;

use libfuzzer_sys::fuzz_target;
use samara_ixgbe_emulator::pci::{CONFIG_SIZE, MSIX_BAR, REGISTER_BAR};
use samara_ixgbe_emulator::registers::{self, TABLE, offset as at};
use samara_ixgbe_emulator::{
    CountedInterrupts, DmaError, Faults, FlatMemory, GuestMemory, Loop, Nic, Options, Progress,
    WriteBack,
};

const BASE: u64 = 0x10_0000;
const SIZE: usize = 0x4000;
/// The number of descriptors of each of the two rings that the guest has set up.
const ENTRIES: u64 = 16;
/// A number of steps that is enough for any backlog. The device does a bounded share of its work in each step.
const STEPS: u32 = 3_000;
/// The most bytes that the device reads and writes in a step. It sends at most 4 MiB and a packet, receives at most
/// 256 frames and a full packet buffer, and reads and writes descriptors.
const SHARE: u64 = 16 << 20;

/// Memory that refuses accesses outside its range, and counts the bytes of all accesses.
struct Guest {
    memory: FlatMemory,
    bytes: Cell<u64>,
}

impl Guest {
    fn count(&self, bytes: &[u8]) {
        self.bytes.set(self.bytes.get() + bytes.len() as u64);
    }
}

impl GuestMemory for Guest {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        self.count(into);
        self.memory.read(address, into)
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.count(bytes);
        self.memory.write(address, bytes)
    }
}

struct Machine {
    nic: Nic,
    guest: Guest,
    link: Loop,
    interrupts: CountedInterrupts,
    now: u64,
}

impl Machine {
    fn new() -> Self {
        let mut machine = Self {
            nic: Nic::new(Options::default()),
            guest: Guest {
                memory: FlatMemory::new(BASE, SIZE),
                bytes: Cell::new(0),
            },
            link: Loop::closed(),
            interrupts: CountedInterrupts::default(),
            now: 0,
        };
        machine.nic.config_write(0x04, &[0x06, 0]);
        let rings = [(at::TDBAL, BASE), (at::RDBAL, BASE + ENTRIES * 16)];
        for (block, base) in rings {
            machine.set(block, base as u32);
            machine.set(block + 8, ENTRIES as u32 * 16);
            machine.set(block + 0x28, 1 << 25);
        }
        machine.set(at::DMATXCTL, 1);
        machine.set(at::RXCTRL, 1);
        machine
    }

    fn set(&mut self, offset: u32, value: u32) {
        self.nic
            .write(REGISTER_BAR, u64::from(offset), 4, u64::from(value));
    }

    fn run(&mut self, most: u32) -> bool {
        for _ in 0..most {
            self.now += 1_000;
            self.nic.advance(self.now);
            self.guest.bytes.set(0);
            let progress = self
                .nic
                .step(&mut self.guest, &mut self.link, &mut self.interrupts);
            // The work of each step is bounded, whatever a descriptor says.
            assert!(self.guest.bytes.get() <= SHARE);
            self.link.outbound.clear();
            self.link.inbound.truncate(64);
            while self.nic.take_notice().is_some() {}
            if progress == Progress::Idle {
                return true;
            }
        }
        false
    }

    fn act(&mut self, [kind, a, b, c, rest @ ..]: [u8; 12]) {
        let place = u16::from_le_bytes([a, b]);
        let long = u64::from_le_bytes(rest);
        let word = long as u32;
        match kind % 16 {
            // Writes registers that have names, at any index. The registers of the two rings are written more often.
            0..=3 => {
                let known: usize = TABLE.iter().map(|part| part.len()).sum();
                let register = TABLE
                    .iter()
                    .copied()
                    .flatten()
                    .nth(usize::from(place) % known);
                if let Some(register) = register {
                    let index = u32::from(c) % u32::from(register.count);
                    self.set(register.at(index), word);
                }
            }
            4..=6 => {
                let block = if c & 1 == 0 { at::TDBAL } else { at::RDBAL };
                self.set(block + u32::from(place % 16) * 4, word);
            }
            7 => self.set(u32::from(place) * 4 % registers::SIZE, word),
            8 => {
                let offset = u64::from(place) << (c % 4);
                let (bar, size) = (c >> 4, 1 << (c & 3));
                let _ = self.nic.read(bar, offset, size);
                self.nic.write(bar, offset, size, long);
            }
            9 => self
                .nic
                .write(MSIX_BAR, u64::from(place) & 0x3FFC, 4, word.into()),
            10 => {
                let offset = usize::from(place) % (CONFIG_SIZE + 16);
                let bytes = word.to_le_bytes();
                self.nic
                    .config_write(offset, &bytes[..usize::from(c % 4) + 1]);
                let mut back = [0; 4];
                self.nic.config_read(offset, &mut back);
            }
            // Writes half a descriptor at a time, often with an address in the guest's memory.
            11..=13 => {
                let index = u64::from(place) % (ENTRIES * 4);
                let value = match c & 3 {
                    0 => long,
                    1 => BASE + long % SIZE as u64,
                    _ => long & !(0xF << 20) | 3 << 20 | 1 << 29,
                };
                let _ = self
                    .guest
                    .memory
                    .write(BASE + index * 8, &value.to_le_bytes());
            }
            14 => {
                let length = usize::from(place) % 10_000;
                let mut frame = vec![c; length];
                for (byte, value) in frame.iter_mut().zip(rest) {
                    *byte = value;
                }
                self.link.inbound.push_back(frame);
            }
            _ => {
                let mut faults = Faults::default();
                faults.link_down = c & 1 != 0;
                faults.keeps_writing = c & 2 != 0;
                faults.dma_error_every = NonZeroU32::new(u32::from(place % 8));
                let every = NonZeroU32::new(u32::from(b % 4));
                (faults.rx_empty_every, faults.message_lost_every) = (every, every);
                (faults.reset_time, faults.queue_time) = (long % 5_000, long % 7_000);
                for (bit, fault) in [
                    &mut faults.rx_empty_ends,
                    &mut faults.rx_enable_hangs,
                    &mut faults.security_busy,
                    &mut faults.master_stuck,
                    &mut faults.cause_sticks,
                    &mut faults.links_stale,
                    &mut faults.links_ghost,
                    &mut faults.filters_undefined,
                ]
                .into_iter()
                .enumerate()
                {
                    *fault = rest[0] >> bit & 1 != 0;
                }
                if c & 4 != 0 {
                    faults.write_back = WriteBack::Corrupted([long, long.rotate_left(17)]);
                }
                self.nic.inject(faults);
                self.now = self.now.wrapping_add(long >> 24);
            }
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut machine = Machine::new();
    for action in bytes.as_chunks::<12>().0.iter().take(300) {
        machine.act(*action);
        let _ = machine.run(u32::from(action[0] >> 5));
    }
    // Opens the loop, so that sent frames do not come back and the device can come to rest. While the loop is closed,
    // each frame comes back as long as there are buffers to receive it.
    machine.link.looped = false;
    machine.nic.inject(Faults::default());
    assert!(machine.run(STEPS), "the device does not come to rest");
    assert_eq!(machine.guest.memory.bytes().len(), SIZE);
});
