//! Register descriptions: offsets checked when a constant is evaluated, access rights in the type.

use core::marker::PhantomData;

use crate::host::Backing;
use crate::pci::PciId;

use super::Mmio;

/// The register layout of a kind of device.
///
/// # Safety
///
/// Implementing it vouches that safe code which may write *any* value to *any* register of the block
/// outside [`GUARDED`](Self::GUARDED), in any order, can't make the device access memory other than
/// what it was given through the guarded ones; that [`accepts`](Self::accepts) is true only of
/// functions with these registers; and that while [`is_idle`](Self::is_idle) is true the device,
/// though allowed to be bus master, accesses no memory until a guarded register is written.
pub unsafe trait RegisterBlock: Sized + 'static {
    /// Which BAR holds the block.
    const BAR: u8;
    /// Bytes that must be mapped: the fixed registers.
    const LENGTH: usize;
    /// Bytes to map if the BAR has them: with the run-time-sized arrays. At least [`Self::LENGTH`].
    const MAP_LENGTH: usize;
    /// Byte ranges (start, end) that hold or scale a bus address: only code of this crate writes them.
    const GUARDED: &'static [(usize, usize)];

    /// Whether a function with these identifiers has these registers.
    fn accepts(id: &PciId) -> bool;

    /// Whether the device is held in reset, with no command of an earlier owner left in it.
    fn is_idle(registers: &Mmio<'_, Self>) -> bool;
}

/// True if `[offset, offset + size)` touches a guarded range of `B`.
const fn is_guarded<B: RegisterBlock>(offset: usize, size: usize) -> bool {
    let mut i = 0;
    while i < B::GUARDED.len() {
        let (start, end) = B::GUARDED[i];
        // Without a sum that could wrap: `offset` is a driver's number.
        if offset < end && (offset >= start || start - offset < size) {
            return true;
        }
        i += 1;
    }
    false
}

/// A register of block `B`, of width `T`, with access `A`.
pub struct Register<B, T, A> {
    offset: usize,
    _kind: PhantomData<(B, T, A)>,
}

impl<B, T, A> Clone for Register<B, T, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B, T, A> Copy for Register<B, T, A> {}

impl<B: RegisterBlock, T: Value, A> Register<B, T, A> {
    /// The register at `offset` bytes. Meant for constants, where the checks run in the compiler.
    ///
    /// # Panics
    ///
    /// If the offset is misaligned, outside the block's fixed registers, or guarded.
    pub const fn at(offset: usize) -> Self {
        assert!(
            !is_guarded::<B>(offset, size_of::<T>()),
            "a guarded register: use the layout's function"
        );
        Self::any(offset)
    }

    /// As [`at`](Self::at), for any register: read-only views of guarded ones.
    pub(crate) const fn any(offset: usize) -> Self {
        assert!(offset.is_multiple_of(size_of::<T>()), "misaligned register");
        // Without a sum that could wrap: also where overflow is not checked.
        assert!(
            size_of::<T>() <= B::LENGTH && offset <= B::LENGTH - size_of::<T>(),
            "register outside the block"
        );
        Self {
            offset,
            _kind: PhantomData,
        }
    }

    /// Bytes from the start of the BAR.
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

/// Registers at equal distances, their number known at run time only.
pub struct RegisterArray<B, T> {
    base: usize,
    stride: usize,
    count: usize,
    _kind: PhantomData<(B, T)>,
}

impl<B, T> Clone for RegisterArray<B, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B, T> Copy for RegisterArray<B, T> {}

impl<B: RegisterBlock, T: Value> RegisterArray<B, T> {
    /// An array from `base`, an element every `stride` bytes. For layout modules: they vouch that
    /// everything from `base` on is unguarded.
    pub(crate) const fn new(base: usize, stride: usize) -> Self {
        Self {
            base,
            stride,
            count: usize::MAX,
            _kind: PhantomData,
        }
    }

    /// An array of `count` elements among the fixed registers. For layout modules: what they declare is
    /// checked when the constant is evaluated.
    ///
    /// # Panics
    ///
    /// If an element is misaligned, outside the block's fixed registers, or guarded.
    pub(crate) const fn within(base: usize, stride: usize, count: usize) -> Self {
        let mut index = 0;
        while index < count {
            let _ = Register::<B, T, ReadWrite>::at(base + index * stride);
            index += 1;
        }
        Self {
            base,
            stride,
            count,
            _kind: PhantomData,
        }
    }

    /// The byte offset of element `index`, if it lies wholly inside `length` and is aligned.
    pub(crate) const fn offset(&self, index: usize, length: usize) -> Option<usize> {
        if index >= self.count {
            return None;
        }
        let Some(distance) = index.checked_mul(self.stride) else {
            return None;
        };
        let Some(offset) = self.base.checked_add(distance) else {
            return None;
        };
        let Some(end) = offset.checked_add(size_of::<T>()) else {
            return None;
        };
        if end <= length && offset.is_multiple_of(size_of::<T>()) {
            Some(offset)
        } else {
            None
        }
    }
}

/// Access marker: reads only.
pub enum ReadOnly {}
/// Access marker: writes only; reading has side effects or no meaning.
pub enum WriteOnly {}
/// Access marker: both.
pub enum ReadWrite {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ReadOnly {}
    impl Sealed for super::WriteOnly {}
    impl Sealed for super::ReadWrite {}
    impl Sealed for u32 {}
    impl Sealed for u64 {}
}

/// Accesses that include reading.
pub trait Readable: sealed::Sealed {}
impl Readable for ReadOnly {}
impl Readable for ReadWrite {}

/// Accesses that include writing.
pub trait Writable: sealed::Sealed {}
impl Writable for WriteOnly {}
impl Writable for ReadWrite {}

/// Widths of a register.
pub trait Value: Copy + sealed::Sealed {
    /// Reads at `offset`.
    ///
    /// # Safety
    ///
    /// `offset` must be aligned to the width, with the whole register inside the mapping.
    #[doc(hidden)]
    unsafe fn load(backing: &Backing, offset: usize) -> Self;
    /// Writes at `offset`.
    ///
    /// # Safety
    ///
    /// As for [`load`](Self::load); and if a bus address is written, its memory must stay allocated
    /// until the device is silenced.
    #[doc(hidden)]
    unsafe fn store(self, backing: &Backing, offset: usize);
}
