//! Code that the tests of all disk drivers share: the contents of a medium, requests of each kind, and threads that
//! make requests while the device fails.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::vec;
use std::vec::Vec;

use samara_interfaces::{BlockDevice, BlockError};
use samara_rref::RRef;

use crate::rng::Rng;

/// Bytes in a sector of the models.
const SECTOR: usize = 512;

/// The number of threads that make requests at the same time.
const THREADS: u64 = 4;

/// Fills a medium with the bytes that [`expected`] returns. The bytes are computed only once, because the tests use
/// hundreds of media.
pub fn fill(medium: &mut [u8]) {
    static MADE: Mutex<Vec<u8>> = Mutex::new(Vec::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let there = made.len();
    if let Some(more) = medium.len().checked_sub(there) {
        made.extend(expected(there, more));
    }
    medium.copy_from_slice(&made[..medium.len()]);
}

/// Returns `bytes` bytes of a medium that was [filled](fill), from the byte `from` on.
pub fn expected(from: usize, bytes: usize) -> Vec<u8> {
    let byte = |at: usize| (at as u32).wrapping_mul(2_654_435_761).to_be_bytes()[0];
    (from..from + bytes).map(byte).collect()
}

/// Returns a buffer of zeroes on the exchange heap.
///
/// # Panics
///
/// If the exchange heap is full.
pub fn buffer(bytes: usize) -> RRef<[u8]> {
    filled(0, bytes)
}

/// Returns a buffer on the exchange heap whose bytes are all `byte`.
///
/// # Panics
///
/// If the exchange heap is full.
pub fn filled(byte: u8, bytes: usize) -> RRef<[u8]> {
    RRef::from_slice(&vec![byte; bytes])
}

/// Writes, reads and flushes, and then does so once more. Returns the results in that order.
///
/// # Panics
///
/// If a write and the read after it succeed, but the read returns other bytes than were written.
pub fn some_of_each(disk: &impl BlockDevice) -> Vec<Result<(), BlockError>> {
    let data = filled(0x77, 8 * SECTOR);
    let mut done = Vec::new();
    for _ in 0..2 {
        let written = disk.write(20, &data);
        let read = disk.read(20, buffer(8 * SECTOR));
        if let (Ok(()), Ok(read)) = (written, &read) {
            assert!(read.iter().all(|&byte| byte == 0x77), "stale bytes");
        }
        done.extend([written, read.map(drop), disk.flush()]);
    }
    done
}

/// Lets four threads read at once, fifty times each, and ignores the results. Then reads three more times and ignores
/// these results too, because these reads may still meet errors that the threads have caused. Returns the result of one
/// last read.
pub fn reads_after_a_crowd(disk: &impl BlockDevice) -> Result<(), BlockError> {
    let read = || disk.read(0, buffer(SECTOR)).map(drop);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..50 {
                    let _ = read();
                }
            });
        }
    });
    for _ in 0..3 {
        let _ = read();
    }
    read()
}

/// Lets four threads read, write and flush at once, for `turns` turns each. Before each turn a thread calls `go_wrong`,
/// which may make the device fail.
///
/// # Panics
///
/// If a read succeeds and returns other bytes than the last write to that place, provided that this write succeeded.
pub fn storm(disk: &impl BlockDevice, seed: u64, turns: u8, go_wrong: impl Fn(&mut Rng) + Sync) {
    const BYTES: usize = 48 * SECTOR;
    const PLACES: usize = 16;
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let go_wrong = &go_wrong;
            scope.spawn(move || {
                let mut random = Rng::new(seed * THREADS + thread);
                // The byte with which each of the thread's places is filled, if the byte is known.
                let mut holds = [None; PLACES];
                for turn in 1..=turns {
                    go_wrong(&mut random);
                    let place = random.below(PLACES);
                    let lba = thread * 1024 + place as u64 * 64;
                    if random.below(2) == 0 {
                        let written = disk.write(lba, &filled(turn, BYTES));
                        holds[place] = written.ok().map(|()| turn);
                    } else if let Ok(read) = disk.read(lba, filled(0xEE, BYTES))
                        && let Some(byte) = holds[place]
                    {
                        assert!(
                            read.iter().all(|&is| is == byte),
                            "seed {seed}, thread {thread}, turn {turn}: a read returns bytes that were not written"
                        );
                    }
                    if random.below(16) == 0 {
                        let _ = disk.flush();
                    }
                }
            });
        }
    });
}
