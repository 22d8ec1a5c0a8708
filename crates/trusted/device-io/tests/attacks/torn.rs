//! Attacks on entries that are half written: one thread changes an entry that another tells the device of.
//!
//! Sharing a queue without a lock does not compile: see [`Pair`](samara_device_io::queue::Pair). Here the threads
//! take turns, and one thread rings the doorbell for entries that the other has put.
#![forbid(unsafe_code)]

use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{NvmeEmulator, Shape};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;

use nvme::Disk;

#[path = "../fixtures/nvme.rs"]
mod nvme;

/// One transfer of a block, and one of so many pages that it needs a list. If an entry had the length of the long
/// transfer and the addresses of the short one, the device would take a page of data for a list.
const SHORT: usize = 512;
const LONG: usize = 16 * 4096;

/// Whether `bytes` are the blocks from `lba` on; each block of the medium contains its number.
fn are_blocks(bytes: &[u8], lba: usize) -> bool {
    let mut blocks = bytes.chunks_exact(512).zip(lba..);
    blocks.all(|(block, lba)| block.iter().all(|&byte| byte == lba as u8 | 0x80))
}

/// Invariant: DEV-12
#[test]
fn a_doorbell_announces_only_whole_entries() {
    let emulator = NvmeEmulator::leak(Shape {
        latency: 2,
        reorder: true,
        ..Shape::default()
    });
    emulator.medium(|medium| {
        for (lba, block) in medium.chunks_exact_mut(512).enumerate() {
            block.fill(lba as u8 | 0x80);
        }
    });
    let function = emulator.slot().claim().unwrap();
    let disk = Mutex::new(Disk::up(&function));
    let is_over = AtomicBool::new(false);
    let (disk, function, is_over) = (&disk, &function, &is_over);
    thread::scope(|scope| {
        scope.spawn(move || {
            while !is_over.load(SeqCst) {
                disk.lock().unwrap().io.ring(function).unwrap();
                thread::yield_now();
            }
        });
        for round in 0..200 {
            let mut flying = Vec::new();
            for (length, lba) in [(LONG, round % 64), (SHORT, 500), (LONG, 1000), (SHORT, 7)] {
                let buffer = RRef::<[u8]>::new_zeroed_slice(length).unwrap();
                let transfer = function.begin(buffer).unwrap();
                let mut disk = disk.lock().unwrap();
                let tag = disk.read(function, lba, (&transfer, 0, length)).unwrap();
                flying.push((tag, lba as usize, transfer));
                drop(disk);
                thread::yield_now();
            }
            while !flying.is_empty() {
                let done = disk.lock().unwrap().io.next(function).unwrap();
                let Some(done) = done else {
                    emulator.tick(1);
                    continue;
                };
                assert_eq!(done.status, 0);
                let at = flying.iter().position(|(tag, ..)| *tag == done.tag);
                let (_, lba, transfer) = flying.remove(at.unwrap());
                assert!(are_blocks(&function.finish(transfer).unwrap(), lba));
            }
        }
        is_over.store(true, SeqCst);
    });
    let counts = emulator.counts();
    assert_eq!((counts.io_commands, counts.stray_accesses), (800, 0));
}
