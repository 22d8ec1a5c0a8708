//! The volatile accesses themselves, 8 to 64 bits wide, on mapped memory or an emulated bus.

use core::ptr::NonNull;
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

/// Does what `$each` says of a pointer of the register's width.
macro_rules! of_width {
    ($width:expr, $base:expr, |$pointer:ident: $int:ident| $each:expr) => {
        match $width {
            Width::W8 => of_width!(@ u8, $base, $pointer, $int, $each),
            Width::W16 => of_width!(@ u16, $base, $pointer, $int, $each),
            Width::W32 => of_width!(@ u32, $base, $pointer, $int, $each),
            Width::W64 => of_width!(@ u64, $base, $pointer, $int, $each),
        }
    };
    (@ $ty:ty, $base:expr, $pointer:ident, $int:ident, $each:expr) => {{
        type $int = $ty;
        let $pointer: *mut $ty = $base.cast();
        $each
    }};
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

    fn raw(&self, base: NonNull<u8>) -> *mut u8 {
        // SAFETY: `new`'s promise: inside the mapping that `base` starts.
        unsafe { base.as_ptr().add(self.offset) }
    }

    /// Reads it. One access; two where the bus has none of 64 bits.
    pub(crate) fn load(&self) -> u64 {
        let value = match self.backing {
            Backing::Raw(base) => of_width!(self.width, self.raw(base), |at: Int| {
                // SAFETY: mapped, valid for volatile reads (`MapBar`), aligned (`new`).
                u64::from(unsafe { at.read_volatile() } as Int)
            }),
            Backing::Bus(bus) if self.width == Width::W64 => {
                let low = bus.read(self.offset, Width::W32);
                let high = bus.read(self.offset + 4, Width::W32);
                u64::from(high) << 32 | u64::from(low)
            }
            Backing::Bus(bus) => u64::from(bus.read(self.offset, self.width)),
        };
        fence(Ordering::Acquire);
        value
    }

    /// Writes it. Earlier stores to DMA memory are visible to the device before this is (on processors that order stores to
    /// device memory after stores to ordinary memory, as x86 does).
    ///
    /// # Safety
    ///
    /// What the value has the device access must stay allocated until the device is silenced, and be of its claim.
    #[inline]
    pub(crate) unsafe fn store(&self, value: u64) {
        // Nothing on x86, where stores to device memory come after those to ordinary memory.
        fence(Ordering::Release);
        match self.backing {
            Backing::Raw(base) => of_width!(self.width, self.raw(base), |at: Int| {
                // SAFETY: mapped, valid for volatile writes (`MapBar`), aligned (`new`).
                unsafe { at.write_volatile(value as Int) }
            }),
            Backing::Bus(bus) if self.width == Width::W64 => {
                bus.write(self.offset, Width::W32, value as u32);
                bus.write(self.offset + 4, Width::W32, (value >> 32) as u32);
            }
            Backing::Bus(bus) => bus.write(self.offset, self.width, value as u32),
        }
    }
}
