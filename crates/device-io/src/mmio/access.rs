//! The volatile accesses themselves, 32 and 64 bits wide, on mapped memory or an emulated bus.

use core::ptr::NonNull;

use super::Value;
use crate::host::Backing;

/// The address of a register.
///
/// # Safety
///
/// `offset` must lie inside the mapping that `base` starts.
unsafe fn at<T>(base: NonNull<u8>, offset: usize) -> *mut T {
    // SAFETY: the caller promises that `offset` lies inside the mapping.
    unsafe { base.as_ptr().add(offset) }.cast()
}

impl Value for u32 {
    unsafe fn load(backing: &Backing, offset: usize) -> Self {
        match *backing {
            Backing::Raw(base) => {
                // SAFETY: the caller promises an offset inside the mapping.
                let register = unsafe { at::<Self>(base, offset) };
                // SAFETY: mapped, valid for volatile reads (`MapBar`), aligned (caller).
                unsafe { register.read_volatile() }
            }
            Backing::Bus(bus) => bus.read(offset),
        }
    }

    unsafe fn store(self, backing: &Backing, offset: usize) {
        match *backing {
            Backing::Raw(base) => {
                // SAFETY: the caller promises an offset inside the mapping.
                let register = unsafe { at::<Self>(base, offset) };
                // SAFETY: mapped, valid for volatile writes (`MapBar`), aligned (caller).
                unsafe { register.write_volatile(self) }
            }
            Backing::Bus(bus) => bus.write(offset, self),
        }
    }
}

impl Value for u64 {
    unsafe fn load(backing: &Backing, offset: usize) -> Self {
        match *backing {
            Backing::Raw(base) => {
                // SAFETY: the caller promises an offset inside the mapping.
                let register = unsafe { at::<Self>(base, offset) };
                // SAFETY: mapped, valid for volatile reads (`MapBar`), aligned (caller).
                unsafe { register.read_volatile() }
            }
            Backing::Bus(bus) => {
                let low = bus.read(offset);
                let high = bus.read(offset + 4);
                Self::from(high) << 32 | Self::from(low)
            }
        }
    }

    unsafe fn store(self, backing: &Backing, offset: usize) {
        match *backing {
            Backing::Raw(base) => {
                // SAFETY: the caller promises an offset inside the mapping.
                let register = unsafe { at::<Self>(base, offset) };
                // SAFETY: mapped, valid for volatile writes (`MapBar`), aligned (caller).
                unsafe { register.write_volatile(self) }
            }
            Backing::Bus(bus) => {
                bus.write(offset, self as u32);
                bus.write(offset + 4, (self >> 32) as u32);
            }
        }
    }
}
