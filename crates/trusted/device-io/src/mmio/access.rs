//! Volatile accesses, 8 to 64 bits wide, to mapped memory or an emulated bus.

use core::sync::atomic::{Ordering, fence};

use crate::host::Backing;
use crate::table::Width;

/// A register of a claim: its place and its width.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    backing: Backing,
    /// Bytes from the start of the mapping.
    offset: usize,
    width: Width,
}

impl Cell {
    /// Names the register `offset` bytes from the start of the mapping `backing`.
    ///
    /// # Safety
    ///
    /// The whole register lies inside the mapping and is aligned to its width, and the mapping lives as long as the
    /// result is used.
    pub(crate) const unsafe fn new(backing: Backing, offset: usize, width: Width) -> Self {
        Self {
            backing,
            offset,
            width,
        }
    }

    /// Reads at most 32 bits, `distance` bytes from the start of the register, in one access.
    fn load_part(&self, distance: usize, width: Width) -> u32 {
        match self.backing {
            Backing::Bus(bus) => bus.read(self.offset + distance, width.narrow()),
            Backing::Raw(base) => {
                // SAFETY: `new`'s promise: inside the mapping, aligned.
                let at = unsafe { base.as_ptr().add(self.offset + distance) };
                match width {
                    // SAFETY: mapped, valid for volatile reads (`MapBar`).
                    Width::W8 => unsafe { at.read_volatile() }.into(),
                    // SAFETY: as above, aligned.
                    Width::W16 => unsafe { at.cast::<u16>().read_volatile() }.into(),
                    // SAFETY: as above, aligned.
                    Width::W32 | Width::W64 => unsafe { at.cast::<u32>().read_volatile() },
                }
            }
        }
    }

    /// Writes at most 32 bits, `distance` bytes from the start of the register, in one access.
    ///
    /// # Safety
    ///
    /// As for [`store`](Self::store).
    #[inline]
    unsafe fn store_part(&self, distance: usize, width: Width, value: u32) {
        match self.backing {
            Backing::Bus(bus) => bus.write(self.offset + distance, width.narrow(), value),
            Backing::Raw(base) => {
                // SAFETY: `new`'s promise: inside the mapping, aligned.
                let at = unsafe { base.as_ptr().add(self.offset + distance) };
                match width {
                    // SAFETY: mapped, valid for volatile writes (`MapBar`).
                    Width::W8 => unsafe { at.write_volatile(value as u8) },
                    // SAFETY: as above, aligned.
                    Width::W16 => unsafe { at.cast::<u16>().write_volatile(value as u16) },
                    // SAFETY: as above, aligned.
                    Width::W32 | Width::W64 => unsafe { at.cast::<u32>().write_volatile(value) },
                }
            }
        }
    }

    /// Reads the register in one access; 64 bits in two, low half first, because not every device takes a 64-bit
    /// access.
    pub(crate) fn load(&self) -> u64 {
        let low = u64::from(self.load_part(0, self.width));
        let value = match self.width {
            Width::W64 => low | u64::from(self.load_part(4, Width::W32)) << 32,
            _ => low,
        };
        fence(Ordering::Acquire);
        value
    }

    /// Writes the register in one access; 64 bits in two, low half first. The device sees earlier stores to DMA
    /// memory before it sees the write. This holds on processors that order stores to device memory after stores to
    /// ordinary memory, as x86 does.
    ///
    /// # Safety
    ///
    /// Memory that the value makes the device access must belong to the device's claim, and must stay allocated until
    /// the device is silenced.
    #[inline]
    pub(crate) unsafe fn store(&self, value: u64) {
        // This fence compiles to nothing on x86, where stores to device memory come after earlier stores to ordinary
        // memory.
        fence(Ordering::Release);
        // SAFETY: the caller's promise.
        unsafe { self.store_part(0, self.width, value as u32) };
        if self.width == Width::W64 {
            // SAFETY: the caller's promise.
            unsafe { self.store_part(4, Width::W32, (value >> 32) as u32) };
        }
    }
}
