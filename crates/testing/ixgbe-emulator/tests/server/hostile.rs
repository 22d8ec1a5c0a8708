//! A guest that writes random values anywhere. The server must go on and answer in time.

use std::time::{Duration, Instant};

use samara_ixgbe_emulator::pci::{CONFIG_SIZE, MSIX_BAR, MSIX_BAR_SIZE};
use samara_ixgbe_emulator::registers::{SIZE as BAR, TABLE, bits, offset as at};

use crate::vmm::{BASE, Room, SIZE, Vmm, serve};

/// The longest time that an access may take, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Pseudo-random numbers (xorshift), the same in each run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

#[test]
fn hostile_guest_does_not_harm_the_next_one() {
    let room = Room::new("hostile");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let known: Vec<_> = TABLE.iter().copied().flatten().collect();
    for seed in 1..4 {
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 ^ seed);
        let mut vmm = Vmm::attach(&socket);
        vmm.traffic(1);
        for access in 0..4000 {
            let word = match numbers.below(4) {
                0 => numbers.next() as u32,
                1 => 1 << numbers.below(32),
                2 => (BASE + numbers.below(SIZE)) as u32,
                _ => numbers.below(1024) as u32,
            };
            match numbers.below(16) {
                0 => vmm.write(numbers.below(BAR.into()) as u32, word),
                1 => {
                    let at = numbers.below(MSIX_BAR_SIZE.into());
                    let data = &word.to_le_bytes()[..1 + access % 4];
                    let _ = vmm.client.region_write(MSIX_BAR.into(), at, data);
                }
                2 => vmm.config(numbers.below(CONFIG_SIZE as u64), &word.to_le_bytes()),
                3 => {
                    let command = numbers.next() & !(0xf << 20) | 3 << 20 | 1 << 29;
                    let place = numbers.below(SIZE / 16) * 16;
                    vmm.store(place, &(BASE + numbers.below(SIZE)).to_le_bytes());
                    vmm.store(place + 8, &command.to_le_bytes());
                }
                4 => vmm.config(4, &[6, 0]),
                5..8 => {
                    let block = [at::TDBAL, at::RDBAL][access % 2] + numbers.below(4) as u32 * 0x40;
                    vmm.write(block + numbers.below(16) as u32 * 4, word);
                }
                8 => {
                    let block = [at::TDBAL, at::RDBAL][access % 2];
                    vmm.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
                    vmm.write(at::DMATXCTL, 1);
                }
                _ => {
                    let register = known[numbers.below(known.len() as u64) as usize];
                    let index = numbers.below(register.count.into()) as u32;
                    vmm.write(register.at(index), word);
                    vmm.read(register.at(index));
                }
            }
        }
        vmm.client.reset().expect("reset");
        vmm.traffic(2);
    }
    assert!(!server.log().contains("panicked"));
}

#[test]
fn a_doorbell_is_answered_in_time() {
    let room = Room::new("doorbell");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    // Sixteen queues share one ring of 8192 packets. Each packet has 64 KiB and asks for a checksum.
    const RING: u64 = 0x2_0000;
    let command = 65535u64 | 3 << 20 | 1 << 29 | 0xb << 24 | 3 << 40 | 65535 << 46;
    let descriptors: Vec<u8> = [(BASE + 0x8_0000).to_le_bytes(), command.to_le_bytes()].concat();
    vmm.store(RING, &descriptors.repeat(8192));
    for queue in 0..16 {
        let block = at::tx_queue(queue);
        vmm.write(block, (BASE + RING) as u32);
        vmm.write(block + at::QUEUE_LENGTH, 8192 * 16);
        vmm.write(block + at::QUEUE_HEAD, 0);
        vmm.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
    }
    let start = Instant::now();
    for queue in 0..16 {
        vmm.write(at::tx_queue(queue) + at::QUEUE_TAIL, 8191);
        assert!(start.elapsed() < PATIENCE, "queue {queue}");
    }
    let start = Instant::now();
    vmm.client.reset().expect("reset");
    assert!(start.elapsed() < PATIENCE);
    vmm.traffic(2);
}
