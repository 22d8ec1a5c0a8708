//! Finds the registers that a table lists, by trying every possible offset, width and access.

use std::panic::catch_unwind;

use samara_device_io::mmio::{
    Access, ReadOnly, ReadWrite, Readable, Register, Value, Writable, WriteOnly,
};
use samara_device_io::table::Table;

use crate::expected_panics::silent;
use crate::surface::call;

/// A register, with the accesses that its type allows.
pub(crate) enum Listed<D> {
    Read8(Register<D, u8, ReadOnly>),
    Read16(Register<D, u16, ReadOnly>),
    Read32(Register<D, u32, ReadOnly>),
    Read64(Register<D, u64, ReadOnly>),
    Write8(Register<D, u8, WriteOnly>),
    Write16(Register<D, u16, WriteOnly>),
    Write32(Register<D, u32, WriteOnly>),
    Write64(Register<D, u64, WriteOnly>),
    Both8(Register<D, u8, ReadWrite>),
    Both16(Register<D, u16, ReadWrite>),
    Both32(Register<D, u32, ReadWrite>),
    Both64(Register<D, u64, ReadWrite>),
}

/// Returns the register, if the table lists it with this width and access.
fn listed<D: Table, T: Value, A: Access>(
    window: usize,
    offset: usize,
) -> Option<Register<D, T, A>> {
    // Drivers make this call in a constant, where a panic is a compile error. Here a panic means that the table does
    // not list the register.
    silent(|| catch_unwind(|| call!(Register::<D, T, A>::at, window, offset))).ok()
}

/// Returns all registers in windows of these lengths, of all widths.
pub(crate) fn all<D: Table>(lengths: &[usize]) -> Vec<Listed<D>> {
    let mut found = Vec::new();
    for (window, &length) in lengths.iter().enumerate() {
        for offset in 0..length {
            found.extend(listed(window, offset).map(Listed::Read8));
            found.extend(listed(window, offset).map(Listed::Write8));
            found.extend(listed(window, offset).map(Listed::Both8));
            if offset % 2 == 0 {
                found.extend(listed(window, offset).map(Listed::Read16));
                found.extend(listed(window, offset).map(Listed::Write16));
                found.extend(listed(window, offset).map(Listed::Both16));
            }
        }
    }
    found.extend(wide(lengths));
    found
}

/// Returns the registers of 32 and 64 bits in windows of these lengths.
pub(crate) fn wide<D: Table>(lengths: &[usize]) -> Vec<Listed<D>> {
    let mut found = Vec::new();
    for (window, &length) in lengths.iter().enumerate() {
        for offset in (0..length).step_by(4) {
            found.extend(listed(window, offset).map(Listed::Read32));
            found.extend(listed(window, offset).map(Listed::Write32));
            found.extend(listed(window, offset).map(Listed::Both32));
            if offset % 8 == 0 {
                found.extend(listed(window, offset).map(Listed::Read64));
                found.extend(listed(window, offset).map(Listed::Write64));
                found.extend(listed(window, offset).map(Listed::Both64));
            }
        }
    }
    found
}

/// An operation on a register of any width.
pub(crate) trait Touch<D: Table> {
    fn read<T: Value, A: Readable>(&mut self, register: Register<D, T, A>);
    fn write<T: Value + Narrow, A: Writable>(&mut self, register: Register<D, T, A>);
}

/// An integer that is made of the low bits of a `u64`.
pub(crate) trait Narrow {
    fn of(value: u64) -> Self;
}

macro_rules! narrow {
    ($($int:ty),+) => {
        $(impl Narrow for $int {
            fn of(value: u64) -> Self {
                value as Self
            }
        })+
    };
}

narrow!(u8, u16, u32, u64);

impl<D: Table> Listed<D> {
    /// Reads or writes the register.
    pub(crate) fn touch(&self, touch: &mut impl Touch<D>, writes: bool) {
        match self {
            Self::Read8(it) => touch.read(*it),
            Self::Read16(it) => touch.read(*it),
            Self::Read32(it) => touch.read(*it),
            Self::Read64(it) => touch.read(*it),
            Self::Write8(it) => touch.write(*it),
            Self::Write16(it) => touch.write(*it),
            Self::Write32(it) => touch.write(*it),
            Self::Write64(it) => touch.write(*it),
            Self::Both8(it) if writes => touch.write(*it),
            Self::Both16(it) if writes => touch.write(*it),
            Self::Both32(it) if writes => touch.write(*it),
            Self::Both64(it) if writes => touch.write(*it),
            Self::Both8(it) => touch.read(*it),
            Self::Both16(it) => touch.read(*it),
            Self::Both32(it) => touch.read(*it),
            Self::Both64(it) => touch.read(*it),
        }
    }
}
