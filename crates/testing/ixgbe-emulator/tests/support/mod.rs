//! A small driver, written by hand from the datasheet. Tests bring the device up with it.
#![allow(dead_code, reason = "each test file uses its own part")]

use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_ixgbe_emulator::{
    CountedInterrupts, FlatMemory, GuestMemory, Loop, Nic, Options, Progress,
};

/// The first address of guest memory.
pub(crate) const BASE: u64 = 0x10_0000;
/// Bytes of guest memory.
pub(crate) const SIZE: usize = 4 << 20;
/// Descriptors of a ring.
pub(crate) const RING: u32 = 64;
/// Bytes of a receive buffer.
pub(crate) const BUFFER: u64 = 2048;

/// The machine of a test: the device, memory, cable, counted interrupts, and the driver's own state.
pub(crate) struct Machine {
    pub(crate) nic: Nic,
    pub(crate) memory: FlatMemory,
    pub(crate) link: Loop,
    pub(crate) interrupts: CountedInterrupts,
    pub(crate) rx_next: [u32; 8],
    pub(crate) tx_next: [u32; 8],
}

impl Machine {
    /// Switches the device on, and allows DMA and all MSI-X vectors.
    pub(crate) fn new(link: Loop) -> Self {
        let mut nic = Nic::new(Options::default());
        nic.config_write(0x04, &[0x06, 0x00]);
        nic.config_write(0x72, &[0x3f, 0x80]);
        for vector in 0..64 {
            nic.write(4, vector * 16 + 12, 4, 0);
        }
        Machine {
            nic,
            memory: FlatMemory::new(BASE, SIZE),
            link,
            interrupts: CountedInterrupts::default(),
            rx_next: [0; 8],
            tx_next: [0; 8],
        }
    }

    pub(crate) fn read(&mut self, offset: u32) -> u32 {
        self.nic.read(0, u64::from(offset), 4) as u32
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        self.nic.write(0, u64::from(offset), 4, u64::from(value));
    }

    pub(crate) fn set(&mut self, offset: u32, value: u32) {
        let was = self.read(offset);
        self.write(offset, was | value);
    }

    pub(crate) fn step(&mut self) -> Progress {
        self.nic
            .step(&mut self.memory, &mut self.link, &mut self.interrupts)
    }

    /// Steps until the device is idle.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1000 {
            if self.step() == Progress::Idle {
                return;
            }
        }
        panic!("the device does not come to rest");
    }

    /// Brings the device up as sections 4.6.3 to 4.6.8 say: reset, EEPROM, link, receive, transmit. Enables `queues`
    /// queues in each direction.
    pub(crate) fn bring_up(&mut self, queues: u32) {
        self.write(at::EIMC, 0x7fff_ffff);
        self.set(at::CTRL, bits::CTRL_RESET);
        assert_eq!(self.read(at::CTRL) & bits::CTRL_RESET, 0);
        assert_ne!(self.read(at::EEC) & bits::EEC_AUTO_READ_DONE, 0);
        assert_ne!(self.read(at::RDRXCTL) & bits::RDRXCTL_DMA_INIT_DONE, 0);
        self.set(at::AUTOC, bits::AUTOC_RESTART);
        self.settle();
        assert_ne!(self.read(at::LINKS) & bits::LINKS_UP, 0);

        self.write(at::FCTRL, bits::FCTRL_BROADCAST | bits::FCTRL_UNICAST);
        for queue in 0..queues {
            self.start_rx(queue);
            self.start_tx(queue);
            let pair = (0x80 | queue) | (0x80 | queue) << 8;
            let shift = queue % 2 * 16;
            self.set(at::IVAR + queue / 2 * 4, pair << shift);
        }
        self.set(at::DMATXCTL, bits::DMATXCTL_ENABLE);
        self.write(at::RXCTRL, bits::RXCTRL_ENABLE);
        self.write(
            at::GPIE,
            bits::GPIE_MULTIPLE_MSIX | bits::GPIE_OTHER_CLEAR_DISABLE,
        );
        self.write(at::EIAC, 0xffff);
        self.write(at::EIMS, (1 << queues) - 1);
    }

    pub(crate) fn rx_ring(queue: u32) -> u64 {
        BASE + u64::from(queue) * 0x1_0000
    }

    pub(crate) fn tx_ring(queue: u32) -> u64 {
        Self::rx_ring(queue) + 0x8000
    }

    pub(crate) fn rx_buffer(queue: u32, slot: u32) -> u64 {
        BASE + 0x10_0000 + u64::from(queue * RING + slot) * BUFFER
    }

    /// Returns the address of the buffer for data to send that belongs to `slot`.
    pub(crate) fn tx_buffer(slot: u32) -> u64 {
        BASE + 0x20_0000 + u64::from(slot) * 0x4000
    }

    fn start_rx(&mut self, queue: u32) {
        let block = at::rx_queue(queue);
        let ring = Self::rx_ring(queue);
        for slot in 0..RING {
            self.refill(queue, slot);
        }
        self.write(block, ring as u32);
        self.write(block + at::QUEUE_BASE_HIGH, (ring >> 32) as u32);
        self.write(block + at::QUEUE_LENGTH, RING * 16);
        self.write(block + at::QUEUE_SRRCTL, 2 | 1 << bits::SRRCTL_TYPE_SHIFT);
        self.write(block + at::QUEUE_HEAD, 0);
        self.set(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
        assert_ne!(self.read(block + at::QUEUE_CONTROL) & bits::QUEUE_ENABLE, 0);
        self.write(block + at::QUEUE_TAIL, RING - 1);
        self.rx_next[queue as usize] = 0;
    }

    fn start_tx(&mut self, queue: u32) {
        let block = at::tx_queue(queue);
        let ring = Self::tx_ring(queue);
        self.write(block, ring as u32);
        self.write(block + at::QUEUE_BASE_HIGH, (ring >> 32) as u32);
        self.write(block + at::QUEUE_LENGTH, RING * 16);
        self.write(block + at::QUEUE_HEAD, 0);
        self.write(block + at::QUEUE_TAIL, 0);
        self.set(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
        self.tx_next[queue as usize] = 0;
    }

    fn refill(&mut self, queue: u32, slot: u32) {
        let place = Self::rx_ring(queue) + u64::from(slot) * 16;
        self.store(place, Self::rx_buffer(queue, slot));
        self.store(place + 8, 0);
    }

    pub(crate) fn store(&mut self, address: u64, word: u64) {
        self.memory
            .write(address, &word.to_le_bytes())
            .expect("guest memory");
    }

    pub(crate) fn load(&self, address: u64) -> u64 {
        let mut bytes = [0; 8];
        self.memory.read(address, &mut bytes).expect("guest memory");
        u64::from_le_bytes(bytes)
    }

    /// Puts one descriptor on a transmit ring, without ringing the doorbell. Returns its address.
    pub(crate) fn push(&mut self, queue: u32, words: [u64; 2]) -> u64 {
        let slot = self.tx_next[queue as usize];
        let place = Self::tx_ring(queue) + u64::from(slot) * 16;
        self.store(place, words[0]);
        self.store(place + 8, words[1]);
        self.tx_next[queue as usize] = (slot + 1) % RING;
        place
    }

    /// Tells the device of the descriptors on a ring.
    pub(crate) fn ring_doorbell(&mut self, queue: u32) {
        let tail = self.tx_next[queue as usize];
        self.write(at::tx_queue(queue) + at::QUEUE_TAIL, tail);
    }

    /// Sends a frame: puts it on a transmit ring and rings the doorbell. Returns the address of its descriptor.
    pub(crate) fn send(&mut self, queue: u32, frame: &[u8]) -> u64 {
        let slot = self.tx_next[queue as usize];
        let buffer = Self::tx_buffer(slot);
        self.memory.write(buffer, frame).expect("guest memory");
        let length = frame.len() as u64;
        let place = self.push(queue, [buffer, data(length, length)]);
        self.ring_doorbell(queue);
        place
    }

    /// Takes a received packet. Returns its bytes and the words of its last descriptor.
    pub(crate) fn receive(&mut self, queue: u32) -> Option<(Vec<u8>, [u64; 2])> {
        let mut bytes = Vec::new();
        let mut slot = self.rx_next[queue as usize];
        loop {
            let place = Self::rx_ring(queue) + u64::from(slot) * 16;
            let words = [self.load(place), self.load(place + 8)];
            if words[1] & 1 == 0 {
                return None;
            }
            let mut piece = vec![0; (words[1] >> 32 & 0xffff) as usize];
            self.memory
                .read(Self::rx_buffer(queue, slot), &mut piece)
                .expect("guest memory");
            bytes.extend(piece);
            self.refill(queue, slot);
            self.write(at::rx_queue(queue) + at::QUEUE_TAIL, slot);
            slot = (slot + 1) % RING;
            if words[1] & 2 != 0 {
                self.rx_next[queue as usize] = slot;
                return Some((bytes, words));
            }
        }
    }
}

/// The second word of an advanced data descriptor: EOP, CRC, RS.
pub(crate) fn data(length: u64, payload: u64) -> u64 {
    length | 3 << 20 | 1 << 29 | 1 << 24 | 1 << 25 | 1 << 27 | payload << 46
}

/// Returns a broadcast frame of `length` bytes, whose contents depend on `seed`.
pub(crate) fn frame(length: usize, seed: u8) -> Vec<u8> {
    let mut frame = vec![0xff; 6];
    frame.extend([2, 0, 0, 0, 0, seed, 0x88, 0xb5]);
    frame.extend((14..length).map(|i| (i as u8).wrapping_mul(seed)));
    frame
}
