//! The volatile accesses themselves, 8 to 64 bits wide, on mapped memory or an emulated bus.

use core::sync::atomic::{Ordering, fence};

use crate::host::Backing;
use crate::table::Width;

/// A register of a claim: where it is, and how wide.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    backing: Backing,
    /// Bytes from the start of the mapping.
    offset: usize,
    width: Width,
}

impl Cell {
    /// The register `offset` bytes from the start of the mapping `backing`.
    ///
    /// # Safety
    ///
    /// The whole register lies inside the mapping, aligned to its width; and the mapping lives as long as this is used.
    pub(crate) const unsafe fn new(backing: Backing, offset: usize, width: Width) -> Self {
        Self {
            backing,
            offset,
            width,
        }
    }

    /// One access, of at most 32 bits, `distance` bytes from the start.
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

    /// One access, of at most 32 bits, `distance` bytes from the start.
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

    /// Reads it. One access; two of 64 bits, low half first: not every device takes them whole.
    pub(crate) fn load(&self) -> u64 {
        let low = u64::from(self.load_part(0, self.width));
        let value = match self.width {
            Width::W64 => low | u64::from(self.load_part(4, Width::W32)) << 32,
            _ => low,
        };
        fence(Ordering::Acquire);
        value
    }

    /// Writes it: one access; two of 64 bits, low half first. Earlier stores to DMA memory are visible to the device before this
    /// is (on processors that order stores to device memory after stores to ordinary memory, as x86 does).
    ///
    /// # Safety
    ///
    /// What the value has the device access must stay allocated until the device is silenced, and be of its claim.
    #[inline]
    pub(crate) unsafe fn store(&self, value: u64) {
        // Nothing on x86, where stores to device memory come after those to ordinary memory.
        fence(Ordering::Release);
        // SAFETY: the caller's promise.
        unsafe { self.store_part(0, self.width, value as u32) };
        if self.width == Width::W64 {
            // SAFETY: the caller's promise.
            unsafe { self.store_part(4, Width::W32, (value >> 32) as u32) };
        }
    }
}
