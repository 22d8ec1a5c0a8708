//! From a claimed function to a device that takes requests (§3.1, §5.2.5).

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, Register};
use samara_device_io::queue::ChainQueue;
use samara_device_tables::VirtioBlock;
use samara_device_tables::virtio::DEVICE;
use samara_driver::virtio::{self, NO_VECTOR, State, TransportError};

use crate::device;
use crate::error::InitError;
use crate::faults::fault_point;

/// A claimed device.
pub(crate) type Function = PciFunction<VirtioBlock>;
/// Its queue.
pub(crate) type Queue = ChainQueue<VirtioBlock, { VirtioBlock::REQUESTS }>;

/// Feature bits (§5.2.3).
const SIZE_MAX: u64 = 1 << 1;
const SEG_MAX: u64 = 1 << 2;
const RO: u64 = 1 << 5;
const BLK_SIZE: u64 = 1 << 6;
const FLUSH: u64 = 1 << 9;
const WANTED: u64 = SIZE_MAX | SEG_MAX | RO | BLK_SIZE | FLUSH;

/// `capacity`, two words; `size_max`, `seg_max`; `blk_size` (§5.2.4).
const WORDS: Register<VirtioBlock, u32, ReadOnly> = Register::at(DEVICE, 0x00);
const BLOCK_SIZE: Register<VirtioBlock, u32, ReadOnly> = Register::at(DEVICE, 0x14);

/// The logarithm of a sector's bytes, in which the device counts whatever its blocks are.
pub(crate) const SECTOR_SHIFT: u8 = 9;
/// The queue's number.
const QUEUE: u16 = 0;

/// What is known of a device since it was brought up last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    features: u64,
    pub(crate) sectors: u64,
    pub(crate) block_shift: u8,
    /// Bytes that one request may transfer.
    pub(crate) size_max: u32,
}

impl Facts {
    pub(crate) const fn blocks(&self) -> u64 {
        self.sectors >> (self.block_shift - SECTOR_SHIFT)
    }

    pub(crate) const fn is_read_only(&self) -> bool {
        self.features & RO != 0
    }

    /// Whether the device still is what callers were told of, as which it `was` brought up first: of the same blocks, and no fewer, and a
    /// cache that can be flushed. It may have grown, take other lengths at once, or refuse writes.
    pub(crate) const fn keeps(&self, was: &Self) -> bool {
        self.block_shift == was.block_shift
            && self.sectors >= was.sectors
            && (self.has_cache() || !was.has_cache())
    }

    /// Whether there's a cache to flush (§5.2.6.2).
    pub(crate) const fn has_cache(&self) -> bool {
        self.features & FLUSH != 0
    }
}

fn word(function: &Function, index: usize) -> u32 {
    let register = WORDS.nth(index);
    register.map_or(u32::MAX, |register| function.read(register))
}

/// The capacity, in sectors.
pub(crate) fn sectors(function: &Function) -> Result<u64, TransportError> {
    let words = virtio::stable(function, || [word(function, 0), word(function, 1)]);
    words.map(|[low, high]| u64::from(high) << 32 | u64::from(low))
}

/// Resets the device and agrees with it on what it is to do. Nothing is in flight afterwards, whatever comes of it.
pub(crate) fn negotiate(function: &Function) -> Result<Facts, InitError> {
    let offered = virtio::reset(function)?;
    fault_point!(Init);
    let features = virtio::accept(function, offered, WANTED)?;
    let sectors = sectors(function)?;
    // Neither changes while the device runs (§5.2.4).
    let limit = |feature, read: &dyn Fn() -> u32| (features & feature != 0).then(read);
    let block_size = limit(BLK_SIZE, &|| function.read(BLOCK_SIZE)).unwrap_or(512);
    let size_max = limit(SIZE_MAX, &|| word(function, 2)).unwrap_or(u32::MAX);
    let seg_max = limit(SEG_MAX, &|| word(function, 3)).unwrap_or(1);
    // None of this says anything if it was all ones.
    if virtio::state(function) == State::Absent {
        return Err(TransportError::Absent.into());
    }
    if !block_size.is_power_of_two() || !(512..=65_536).contains(&block_size) {
        return Err(InitError::BlockSize(block_size));
    }
    if size_max < block_size {
        return Err(InitError::SizeMax(size_max));
    }
    if seg_max == 0 {
        return Err(InitError::NoSegments);
    }
    let facts = Facts {
        features,
        sectors,
        block_shift: block_size.ilog2() as u8,
        size_max,
    };
    if facts.blocks() == 0 {
        return Err(InitError::NoCapacity);
    }
    Ok(facts)
}

/// The queue of a device that was reset, of `most` entries at most.
pub(crate) fn queue(function: &Function, most: u32) -> Result<Queue, InitError> {
    let entries = virtio::queue_entries(function, QUEUE, (device::MIN_ENTRIES, most))?;
    Ok(ChainQueue::new(function, QUEUE, entries)?)
}

/// Starts the queue, and sets the device to work. It is polled.
pub(crate) fn start(function: &Function, queue: &mut Queue) -> Result<(), InitError> {
    queue.start(function, NO_VECTOR.into())?;
    queue.interrupt(function, false)?;
    Ok(virtio::go_live(function)?)
}
