//! Memory-mapped registers: a bounded region, seen through a device's typed layout.

mod access;
mod control;
mod register;

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{Ordering, fence};

pub(crate) use self::control::Control;
pub use self::register::{
    ReadOnly, ReadWrite, Readable, Register, RegisterArray, RegisterBlock, Value, Writable,
    WriteOnly,
};
use crate::host::Backing;

/// The registers of one device, with layout `B`, for as long as its function is held (`'f`).
///
/// A function that was unplugged reads as all ones everywhere (PCI Express Base 5.0 §2.3.2): drivers
/// must expect that of any register.
pub struct Mmio<'f, B> {
    // By reference: one word, where a copy of what has parts is moved through memory at every call.
    backing: &'f Backing,
    length: usize,
    control: &'f Control,
    _layout: PhantomData<&'f B>,
}

impl<B> Clone for Mmio<'_, B> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<B> Copy for Mmio<'_, B> {}

/// A register array was indexed past the end of the mapped region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfBounds;

impl fmt::Display for OutOfBounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "register outside the mapped region: check the index and stride against the device",
        )
    }
}

impl core::error::Error for OutOfBounds {}

impl<'f, B: RegisterBlock> Mmio<'f, B> {
    /// Views `backing` as `B`'s registers. The caller (a claimed function) promises what
    /// [`MapBar`](crate::host::MapBar) does, for `length >= B::LENGTH` bytes and for `'f`.
    #[inline]
    pub(crate) fn new(backing: &'f Backing, length: usize, control: &'f Control) -> Option<Self> {
        (length >= B::LENGTH).then_some(Self {
            backing,
            length,
            control,
            _layout: PhantomData,
        })
    }

    /// The claim's record of the guarded registers.
    #[inline]
    pub(crate) const fn control(&self) -> &'f Control {
        self.control
    }

    /// Reads a register. One bus access (two for 64 bits on a 32-bit processor).
    pub fn read<T: Value, A: Readable>(&self, register: Register<B, T, A>) -> T {
        // SAFETY: `Register::any` checked alignment and that the register ends within `B::LENGTH`,
        // which `new` checked to be mapped.
        let value = unsafe { T::load(self.backing, register.offset()) };
        fence(Ordering::Acquire);
        value
    }

    /// Writes a register that takes no bus address; earlier stores to DMA memory are visible to the
    /// device before the write is (on processors that order stores to device memory after stores to
    /// ordinary memory, as x86 does).
    pub fn write<T: Value, A: Writable>(&self, register: Register<B, T, A>, value: T) {
        // SAFETY: `Register::any` checked alignment and that the register ends within `B::LENGTH`,
        // which `new` checked to be mapped; `Register::at` checked that it takes no address.
        unsafe { self.store(register.offset(), value) };
    }

    /// Writes element `index` of a run-time-sized array, such as a doorbell.
    ///
    /// # Errors
    ///
    /// [`OutOfBounds`] if the element lies past the mapped region.
    pub fn write_at<T: Value>(
        &self,
        array: RegisterArray<B, T>,
        index: usize,
        value: T,
    ) -> Result<(), OutOfBounds> {
        let offset = array.offset(index, self.length).ok_or(OutOfBounds)?;
        // SAFETY: `RegisterArray::offset` checked alignment and the mapped length; the layout that
        // made the array vouches that its elements take no address.
        unsafe { self.store(offset, value) };
        Ok(())
    }

    /// Whether element `index` of an array lies inside the mapped region.
    pub fn has<T: Value>(&self, array: RegisterArray<B, T>, index: usize) -> bool {
        array.offset(index, self.length).is_some()
    }

    /// Writes a register of any kind; layout modules use it for the guarded ones.
    ///
    /// # Safety
    ///
    /// `offset` must be aligned to `T`, with the whole register inside the mapping; if the value is
    /// or scales a bus address, the memory that it names must stay allocated until the device is
    /// silenced.
    #[inline]
    pub(crate) unsafe fn store<T: Value>(&self, offset: usize, value: T) {
        // Nothing on x86, where stores to device memory come after those to ordinary memory.
        fence(Ordering::Release);
        // SAFETY: the caller's promise is the callee's.
        unsafe { value.store(self.backing, offset) };
    }
}
