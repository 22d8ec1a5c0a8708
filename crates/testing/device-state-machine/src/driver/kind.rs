//! Kinds of devices, and the fields in which a driver keeps the devices of a kind.

use samara_device_io::PciFunction;
use samara_device_io::table::Table;
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};

use super::{Board, Driver};
use crate::area::Lent;
use crate::ledger::Holder;
use crate::listed_registers::Listed;

/// A kind of device that the machine has.
pub(crate) trait Kind: Table + Sized {
    /// Its number.
    const NUMBER: u8;
    /// Returns the driver's devices of this kind.
    fn boards(driver: &Driver) -> &[Board<Self>; 2];
    /// Returns the lent function, if it is of this kind.
    fn borrowed<'a>(lent: &Lent<'a>) -> Option<(&'a PciFunction<Self>, Holder)>;
    /// Returns the registers that its table lists.
    fn listed() -> &'static [Listed<Self>];
}

macro_rules! kind {
    ($number:literal, $kind:ident, $field:ident, $variant:ident, [$($length:expr),+], $widths:ident) => {
        impl Kind for $kind {
            const NUMBER: u8 = $number;

            fn boards(driver: &Driver) -> &[Board<Self>; 2] {
                &driver.$field
            }

            fn borrowed<'a>(lent: &Lent<'a>) -> Option<(&'a PciFunction<Self>, Holder)> {
                match *lent {
                    Lent::$variant(function, holder) => Some((function, holder)),
                    _ => None,
                }
            }

            fn listed() -> &'static [Listed<Self>] {
                static LISTED: std::sync::OnceLock<Vec<Listed<$kind>>> = std::sync::OnceLock::new();
                LISTED.get_or_init(|| crate::listed_registers::$widths(&[$($length),+]))
            }
        }
    };
}

kind!(0, Nvme, nvme, Nvme, [0x2000], all);
kind!(1, Ixgbe, ixgbe, Ixgbe, [0x2_0000], wide);
kind!(2, VirtioBlock, block, Block, [0x38, 0x1000, 1, 64], all);
kind!(3, VirtioNet, net, Net, [0x38, 0x1000, 1, 64], all);
