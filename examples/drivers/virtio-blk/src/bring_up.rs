//! Brings a claimed function up to a device that takes requests (§3.1, §5.2.5).

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, Register};
use samara_device_io::queue::ChainQueue;
use samara_device_tables::VirtioBlock;
use samara_device_tables::virtio::DEVICE;
use samara_driver::virtio::{self, NO_VECTOR, State, TransportError};

use crate::device;
use crate::error::InitError;
use crate::faults::fault_point;

/// The claimed PCI function of a virtio block device.
pub(crate) type Function = PciFunction<VirtioBlock>;
/// The request queue of the device.
pub(crate) type Queue = ChainQueue<VirtioBlock, { VirtioBlock::REQUESTS }>;

/// Feature bits (§5.2.3).
const SIZE_MAX: u64 = 1 << 1;
const SEG_MAX: u64 = 1 << 2;
const RO: u64 = 1 << 5;
const BLK_SIZE: u64 = 1 << 6;
const FLUSH: u64 = 1 << 9;
const WANTED: u64 = SIZE_MAX | SEG_MAX | RO | BLK_SIZE | FLUSH;

/// The first words of the device configuration (§5.2.4): `capacity` (two words), `size_max`, `seg_max`.
const WORDS: Register<VirtioBlock, u32, ReadOnly> = Register::at(DEVICE, 0x00);
/// `blk_size` (§5.2.4).
const BLOCK_SIZE: Register<VirtioBlock, u32, ReadOnly> = Register::at(DEVICE, 0x14);

/// The base-2 logarithm of a sector's size in bytes. The device counts in sectors, whatever its block size.
pub(crate) const SECTOR_SHIFT: u8 = 9;
/// The number of the request queue.
const QUEUE: u16 = 0;

/// The properties of a device that a bring-up has found. [`Device`](device::Device) reads the capacity again when the
/// device reports that its configuration has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    features: u64,
    pub(crate) sectors: u64,
    pub(crate) block_shift: u8,
    /// The most bytes that one request may transfer.
    pub(crate) size_max: u32,
}

impl Facts {
    pub(crate) const fn blocks(&self) -> u64 {
        self.sectors >> (self.block_shift - SECTOR_SHIFT)
    }

    pub(crate) const fn is_read_only(&self) -> bool {
        self.features & RO != 0
    }

    /// Whether the device still keeps what callers were told when it `was` brought up first: its blocks have the same
    /// size, there are no fewer of them, and its cache can be flushed if it could be then. The device may have grown,
    /// may have another `size_max`, and may refuse writes now.
    pub(crate) const fn keeps(&self, was: &Self) -> bool {
        self.block_shift == was.block_shift
            && self.sectors >= was.sectors
            && (self.has_cache() || !was.has_cache())
    }

    /// Whether the device has a cache that can be flushed (§5.2.6.2).
    pub(crate) const fn has_cache(&self) -> bool {
        self.features & FLUSH != 0
    }
}

fn word(function: &Function, index: usize) -> u32 {
    let register = WORDS.nth(index);
    register.map_or(u32::MAX, |register| function.read(register))
}

/// Reads the capacity, in sectors.
pub(crate) fn sectors(function: &Function) -> Result<u64, TransportError> {
    let words = virtio::stable(function, || [word(function, 0), word(function, 1)]);
    words.map(|[low, high]| u64::from(high) << 32 | u64::from(low))
}

/// Resets the device, negotiates features with it, and reads its configuration. Afterwards no request is in flight,
/// even on an error.
pub(crate) fn negotiate(function: &Function) -> Result<Facts, InitError> {
    let offered = virtio::reset(function)?;
    fault_point!(Init);
    let features = virtio::accept(function, offered, WANTED)?;
    let sectors = sectors(function)?;
    // These fields do not change while the device runs, so they are not read twice (§5.2.4).
    let limit = |feature, read: &dyn Fn() -> u32| (features & feature != 0).then(read);
    let block_size = limit(BLK_SIZE, &|| function.read(BLOCK_SIZE)).unwrap_or(512);
    let size_max = limit(SIZE_MAX, &|| word(function, 2)).unwrap_or(u32::MAX);
    let seg_max = limit(SEG_MAX, &|| word(function, 3)).unwrap_or(1);
    // If the device did not answer, all these fields have read as all ones, and their values mean nothing.
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

/// Makes the request queue of a device that was reset, with at most `most` entries.
pub(crate) fn queue(function: &Function, most: u32) -> Result<Queue, InitError> {
    let entries = virtio::queue_entries(function, QUEUE, (device::MIN_ENTRIES, most))?;
    Ok(ChainQueue::new(function, QUEUE, entries)?)
}

/// Starts the queue, without an interrupt vector because the driver polls it, and sets the device live.
pub(crate) fn start(function: &Function, queue: &mut Queue) -> Result<(), InitError> {
    queue.start(function, NO_VECTOR.into())?;
    queue.interrupt(function, false)?;
    Ok(virtio::go_live(function)?)
}
