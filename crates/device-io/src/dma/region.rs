//! Memory shared with a device for the length of a claim: rings, lists, identify data.

use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;
use core::sync::atomic::{AtomicU8, Ordering};

use samara_rref::RRef;
use samara_shared_heap::AllocError;

use super::{DmaAddr, Refused};
use crate::pci::{ClaimId, PciFunction};

/// Regions start on a page and are a whole number of pages long.
const PAGE: usize = 4096;
/// Bytes of the words in which memory is accessed.
const WORD: usize = 4;

/// What a region of DMA memory is an array of.
///
/// # Safety
///
/// The size is a multiple of 4, at most 4096 and not 0, the alignment at most 4096; every bit pattern
/// is a value; there's no padding. What a device does on reading such an element from a region is
/// confined to memory that stays allocated: drivers write elements through the layout's functions.
pub unsafe trait DmaLayout: Sized + 'static {}

/// Elements that drivers may read, in words of 32 bits.
///
/// # Safety
///
/// Nothing that the device or this crate puts into such an element must stay secret.
pub unsafe trait DmaReadable: DmaLayout {}

/// What a region is used for, where its layout knows two uses that do not mix.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Use {
    First = 1,
    Second = 2,
}

/// An array of `T` that a device reaches too, zeroed at first. It belongs to the claim of the
/// function that it was allocated from, and is released when that claim ends: dropping the handle
/// releases nothing, so a device is never left with an address of memory in other use.
pub struct DmaRegion<T> {
    start: NonNull<u32>,
    count: usize,
    bus: u64,
    claim: ClaimId,
    /// A [`Use`], or 0: none yet.
    used: AtomicU8,
    _elements: PhantomData<fn() -> T>,
}

// SAFETY: the memory belongs to the claim, not to a thread; writes need `&mut`, and reads are
// volatile loads of words, of which every bit pattern is a value.
unsafe impl<T> Send for DmaRegion<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for DmaRegion<T> {}

/// Why a region can't be had or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RegionError {
    /// No memory.
    Alloc(AllocError),
    /// A region of no elements, or of more than an address can count.
    BadCount,
    /// The claim has as many regions as it can.
    TooMany,
    /// The claim would own more bytes than its domain's quota.
    OverQuota,
    /// The memory isn't contiguous, aligned and reachable for the device.
    Unreachable,
    /// The index is past the end.
    OutOfBounds,
    /// The region, or what is put into it, belongs to another claim.
    Foreign,
    /// An I/O command in an admin queue, where its opcode is another command's; or the other way round.
    OtherQueue,
    /// The claim has a ring for this queue already.
    Taken,
    /// A batch of work on the ring was forgotten (`mem::forget`) instead of dropped: nobody knows where the
    /// ring stands. What is in it is freed when the claim ends.
    Forgotten,
    /// The device was silenced since the command was made, which took its buffer out of flight.
    Silenced,
}

impl fmt::Display for RegionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alloc(error) => write!(f, "no DMA memory: {error}"),
            Self::BadCount => f.write_str("DMA region of no or too many elements: ask for less"),
            Self::TooMany => f.write_str("the claim has all the DMA regions it can: put more into one region"),
            Self::OverQuota => f.write_str("the claim owns as much DMA memory as its domain's quota: ask for less, or raise DomainSpec::shared_quota"),
            Self::Unreachable => f.write_str("the device can't reach the memory: give the exchange heap contiguous pages below the device's address limit"),
            Self::OutOfBounds => f.write_str("index past the end of the DMA region"),
            Self::Foreign => f.write_str("the DMA region belongs to another claim: use the function it was allocated from"),
            Self::OtherQueue => f.write_str("I/O commands in an admin queue: have regions of their own for I/O queues"),
            Self::Taken => f.write_str("the queue has its ring: use that one, which lasts as long as the claim"),
            Self::Forgotten => f.write_str("a batch of work on the ring was forgotten, not dropped: claim the function anew"),
            Self::Silenced => f.write_str("the device was silenced since the command was made: make it anew"),
        }
    }
}

impl core::error::Error for RegionError {}

impl PciFunction {
    /// Allocates a zeroed region of `count` elements, page aligned, contiguous for the device.
    ///
    /// # Errors
    ///
    /// [`RegionError`]; nothing stays allocated.
    pub fn region<T: DmaLayout>(&self, count: usize) -> Result<DmaRegion<T>, RegionError> {
        let (region, memory) = self.unkept(count)?;
        // What is given back is dropped here, without the table's lock.
        match self.with_table(|table| table.keep(memory)) {
            Ok(()) => Ok(region),
            Err((Refused::OverQuota, _)) => Err(RegionError::OverQuota),
            Err(_) => Err(RegionError::TooMany),
        }
    }

    /// A region, and the memory that it is of, still its allocator's: no region before the claim keeps that.
    pub(super) fn unkept<T: DmaLayout>(
        &self,
        count: usize,
    ) -> Result<(DmaRegion<T>, RRef<[u8]>), RegionError> {
        const { assert!(size_of::<T>() > 0 && size_of::<T>().is_multiple_of(WORD)) };
        const { assert!(size_of::<T>() <= PAGE && align_of::<T>() <= PAGE) };
        let bytes = count.checked_mul(size_of::<T>()).filter(|&bytes| bytes > 0);
        let bytes = bytes
            .and_then(|bytes| bytes.checked_next_multiple_of(PAGE))
            .ok_or(RegionError::BadCount)?;
        let mut memory = RRef::<[u8]>::new_zeroed_slice(bytes).map_err(RegionError::Alloc)?;
        let start = NonNull::from(&mut *memory).cast::<u8>();
        let aligned = |address: u64| address.is_multiple_of(PAGE as u64);
        let bus = self
            .bus_address(start.as_ptr(), bytes)
            .filter(|&bus| aligned(bus));
        let bus = bus
            .filter(|_| aligned(start.addr().get() as u64))
            .ok_or(RegionError::Unreachable)?;
        let region = DmaRegion {
            start: start.cast(),
            count,
            bus,
            claim: self.claim_id(),
            used: AtomicU8::new(0),
            _elements: PhantomData,
        };
        Ok((region, memory))
    }
}

impl<T: DmaLayout> DmaRegion<T> {
    const WORDS: usize = size_of::<T>() / WORD;

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no elements: never.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The cell of word `word` of element `index`.
    fn cell(
        &self,
        function: &PciFunction,
        index: usize,
        word: usize,
    ) -> Result<NonNull<u32>, RegionError> {
        if self.claim != function.claim_id() {
            return Err(RegionError::Foreign);
        }
        if index >= self.count || word >= Self::WORDS {
            return Err(RegionError::OutOfBounds);
        }
        // SAFETY: `index < count` and `word < WORDS`, and the memory behind `start` holds `count`
        // elements of `WORDS` words; `&PciFunction` keeps the claim, which owns it, alive.
        Ok(unsafe { self.start.add(index * Self::WORDS + word) })
    }

    pub(crate) fn load(
        &self,
        function: &PciFunction,
        index: usize,
        word: usize,
    ) -> Result<u32, RegionError> {
        let cell = self.cell(function, index, word)?;
        // SAFETY: `cell` checked the bounds; page aligned plus words is aligned; volatile, because
        // the device writes it behind the compiler's back.
        Ok(unsafe { cell.read_volatile() })
    }

    pub(crate) fn store(
        &mut self,
        function: &PciFunction,
        index: usize,
        word: usize,
        value: u32,
    ) -> Result<(), RegionError> {
        let cell = self.cell(function, index, word)?;
        // SAFETY: as for `load`; `&mut self` makes this the only processor that writes.
        unsafe { cell.write_volatile(value) };
        Ok(())
    }

    /// Zeroes every element.
    ///
    /// # Errors
    ///
    /// [`RegionError::Foreign`] if `function` is not where the region came from.
    pub fn clear(&mut self, function: &PciFunction) -> Result<(), RegionError> {
        for index in 0..self.count {
            for word in 0..Self::WORDS {
                self.store(function, index, word, 0)?;
            }
        }
        Ok(())
    }

    /// Puts the region to `wanted`, for good; false if it has the other use.
    pub(crate) fn put_to(&self, wanted: Use) -> bool {
        let wanted = wanted as u8;
        self.used.load(Ordering::Relaxed) == wanted || self.is_first_use(wanted)
    }

    #[cold]
    fn is_first_use(&self, wanted: u8) -> bool {
        let before = self
            .used
            .compare_exchange(0, wanted, Ordering::Relaxed, Ordering::Relaxed);
        before.is_ok() || before == Err(wanted)
    }

    /// Where the region starts, for the processor and for the device.
    pub(crate) const fn parts(&self) -> (NonNull<u32>, u64) {
        (self.start, self.bus)
    }

    /// The bus address of element `index`.
    pub(crate) fn address(
        &self,
        function: &PciFunction,
        index: usize,
    ) -> Result<DmaAddr, RegionError> {
        self.cell(function, index, 0)?;
        Ok(DmaAddr::inside(self.bus, (index * size_of::<T>()) as u64))
    }
}

impl<T: DmaReadable> DmaRegion<T> {
    /// Reads the little-endian dword number `word` of element `index`. One volatile load.
    ///
    /// # Errors
    ///
    /// [`RegionError`] if out of bounds or of another claim.
    pub fn word(
        &self,
        function: &PciFunction,
        index: usize,
        word: usize,
    ) -> Result<u32, RegionError> {
        self.load(function, index, word).map(u32::from_le)
    }
}

impl<T> fmt::Debug for DmaRegion<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DmaRegion")
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}
