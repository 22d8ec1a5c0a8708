//! Registers as drivers name them. The compiler checks them against the table when it evaluates the constant; access
//! rights are in the type.

use core::fmt;
use core::marker::PhantomData;

use crate::table::{Rule, Table, Width, Write};

/// A register of device `D`, of width `T`, with access `A`; if its rule lists an array, this is the first register of
/// the array.
///
/// A driver can't name a register that takes an address, a doorbell, or a register that resets more than the function
/// (NSSR of NVMe):
///
/// ```compile_fail,E0080
/// use samara_device_io::mmio::{ReadWrite, Register};
/// use samara_device_tables::Nvme;
///
/// const ASQ: Register<Nvme, u64, ReadWrite> = Register::at(0, 0x28);
/// # fn main() { let _ = ASQ; }
/// ```
///
/// ```compile_fail,E0080
/// use samara_device_io::mmio::{ReadWrite, Register};
/// use samara_device_tables::Ixgbe;
///
/// const RDT: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x1018);
/// # fn main() { let _ = RDT; }
/// ```
///
/// ```compile_fail,E0080
/// use samara_device_io::mmio::{Register, WriteOnly};
/// use samara_device_tables::Nvme;
///
/// const NSSR: Register<Nvme, u32, WriteOnly> = Register::at(0, 0x20);
/// # fn main() { let _ = NSSR; }
/// ```
///
/// A driver can't read a statistic with a 64-bit access, which would also clear the neighbouring statistic. It can't
/// write a statistic either:
///
/// ```compile_fail,E0080
/// use samara_device_io::mmio::{ReadOnly, Register};
/// use samara_device_tables::Ixgbe;
///
/// const GPRC: Register<Ixgbe, u64, ReadOnly> = Register::at(0, 0x4074);
/// # fn main() { let _ = GPRC; }
/// ```
///
/// ```compile_fail,E0080
/// use samara_device_io::mmio::{Register, WriteOnly};
/// use samara_device_tables::Ixgbe;
///
/// const GPRC: Register<Ixgbe, u32, WriteOnly> = Register::at(0, 0x4074);
/// # fn main() { let _ = GPRC; }
/// ```
///
/// A register that is only read can't be written, and one device's register can't be used with another:
///
/// ```compile_fail,E0277
/// use samara_device_io::PciFunction;
/// use samara_device_io::mmio::{ReadOnly, Register};
/// use samara_device_tables::Nvme;
///
/// const CSTS: Register<Nvme, u32, ReadOnly> = Register::at(0, 0x1C);
/// fn write(function: &PciFunction<Nvme>) {
///     let _ = function.write(CSTS, 0);
/// }
/// ```
///
/// ```compile_fail,E0308
/// use samara_device_io::PciFunction;
/// use samara_device_io::mmio::{ReadOnly, Register};
/// use samara_device_tables::{Ixgbe, Nvme};
///
/// const CSTS: Register<Nvme, u32, ReadOnly> = Register::at(0, 0x1C);
/// fn read(function: &PciFunction<Ixgbe>) -> u32 {
///     function.read(CSTS)
/// }
/// ```
pub struct Register<D, T, A> {
    pub(crate) rule: &'static Rule,
    pub(crate) offset: usize,
    _device: PhantomData<fn() -> D>,
    _kind: PhantomData<(T, A)>,
}

impl<D, T, A> Clone for Register<D, T, A> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D, T, A> Copy for Register<D, T, A> {}

impl<D, T, A> fmt::Debug for Register<D, T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Register({:#x})", self.offset)
    }
}

impl<D: Table, T: Value, A: Access> Register<D, T, A> {
    /// Names the register `offset` bytes from the start of a window. Meant for constants, where the checks run in the
    /// compiler.
    ///
    /// # Panics
    ///
    /// If no rule of the table lists the register with this width and access.
    pub const fn at(window: usize, offset: usize) -> Self {
        let mut group = 0;
        while group < D::REGISTERS.len() {
            let mut index = 0;
            while index < D::REGISTERS[group].len() {
                let rule = &D::REGISTERS[group][index];
                if rule.window == window && rule.offset == offset {
                    assert!(
                        rule.width.bytes() == T::WIDTH.bytes(),
                        "the table lists this register with another width"
                    );
                    assert!(
                        rule.read || !A::READS,
                        "the table does not let drivers read this register"
                    );
                    assert!(
                        !matches!(rule.write, Write::Never) || !A::WRITES,
                        "the table does not let drivers write this register"
                    );
                    return Self {
                        rule,
                        offset,
                        _device: PhantomData,
                        _kind: PhantomData,
                    };
                }
                index += 1;
            }
            group += 1;
        }
        panic!("the table does not list this register");
    }

    /// Returns register `index` of an array; `None` past its end.
    pub const fn nth(self, index: usize) -> Option<Self> {
        if index >= self.rule.count {
            return None;
        }
        let offset = self.rule.offset + index * self.rule.stride;
        Some(Self { offset, ..self })
    }
}

/// Access marker: the register is only read.
#[derive(Debug)]
pub enum ReadOnly {}
/// Access marker: the register is only written; reading it has side effects or no meaning.
#[derive(Debug)]
pub enum WriteOnly {}
/// Access marker: the register is read and written.
#[derive(Debug)]
pub enum ReadWrite {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::ReadOnly {}
    impl Sealed for super::WriteOnly {}
    impl Sealed for super::ReadWrite {}
}

/// The access to a register: one of the three markers.
pub trait Access: sealed::Sealed {
    #[doc(hidden)]
    const READS: bool;
    #[doc(hidden)]
    const WRITES: bool;
}

impl Access for ReadOnly {
    const READS: bool = true;
    const WRITES: bool = false;
}

impl Access for WriteOnly {
    const READS: bool = false;
    const WRITES: bool = true;
}

impl Access for ReadWrite {
    const READS: bool = true;
    const WRITES: bool = true;
}

/// Accesses that include reading.
pub trait Readable: Access {}
impl Readable for ReadOnly {}
impl Readable for ReadWrite {}

/// Accesses that include writing.
pub trait Writable: Access {}
impl Writable for WriteOnly {}
impl Writable for ReadWrite {}

/// The value of a register: an unsigned integer of its width.
pub trait Value: Copy + Into<u64> + sealed::Sealed {
    #[doc(hidden)]
    const WIDTH: Width;
    #[doc(hidden)]
    fn truncated(value: u64) -> Self;
}

macro_rules! value {
    ($($int:ty: $width:ident),+) => {
        $(
            impl sealed::Sealed for $int {}
            impl Value for $int {
                const WIDTH: Width = Width::$width;
                fn truncated(value: u64) -> Self {
                    value as Self
                }
            }
        )+
    };
}

value!(u8: W8, u16: W16, u32: W32, u64: W64);

/// Why a register wasn't written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WriteError {
    /// The table does not allow this value.
    Forbidden,
    /// The register's present value may not be [exchanged](crate::table::Write::Exchange) for this value.
    Other,
    /// The device is being silenced or reset, or a reset of it failed.
    Resetting,
    /// Nothing answers. The register reads as all ones, so the bits to be kept are unknown. Or an index register did
    /// not keep the index that was written to it.
    Absent,
    /// The index is past the end of the array: the device has fewer registers of this kind.
    OutOfBounds,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forbidden => {
                "the device's table does not allow this value: write bits and values that it lists"
            }
            Self::Other => {
                "the register does not hold a value that may be changed to this one: start the device first, or reset it if it has failed"
            }
            Self::Resetting => {
                "the device is being reset, or a reset of it failed: write when a reset has succeeded"
            }
            Self::Absent => "nothing answers: the device was unplugged",
            Self::OutOfBounds => "the device has no such register: check the index",
        })
    }
}

impl core::error::Error for WriteError {}
