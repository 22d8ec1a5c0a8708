//! Receive filters and receive DMA: sections 8.2.3.7 and 8.2.3.8.

use super::bits::{FDIRCTRL_INIT_DONE, RDRXCTL_DMA_INIT_DONE};
use super::offset as at;
use super::register::{Access, Access::*, Register, register};

/// SRRCTL after reset: buffers of 2 KiB, header buffers of 256 bytes.
const SRRCTL_RESET: u32 = 4 << 8 | 2;

/// RXPBSIZE: the whole packet buffer of 512 KiB belongs to traffic class 0.
const RXPBSIZE_RESET: u32 = 512 << 10;

/// RDRXCTL after reset: the CRC is not stripped, and RSCFRSTSIZE is 8. The datasheet's section, as TinyNF quotes it,
/// confirms that the CRC is not stripped. About RSCFRSTSIZE it says only that software must write zero, so its reset
/// value cannot be zero. The value 8 is from the author's memory and was not checked.
const RDRXCTL_RESET: u32 = RDRXCTL_DMA_INIT_DONE | 8 << 17;

/// A register of receive queues 0 to 63.
const fn low(name: &'static str, distance: u32, access: Access) -> Register {
    register(name, at::RDBAL + distance, access, "8.2.3.8").array(64, 0x40)
}

/// The same register of receive queues 64 to 127.
const fn high(name: &'static str, distance: u32, access: Access) -> Register {
    register(name, at::RDBAL64 + distance, access, "8.2.3.8").array(64, 0x40)
}

pub(super) const REGISTERS: &[Register] = &[
    low("RDBAL", 0x00, ReadWrite),
    low("RDBAH", 0x04, ReadWrite),
    low("RDLEN", 0x08, ReadWrite),
    low("DCA_RXCTRL", 0x0c, ReadWrite),
    low("RDH", 0x10, ReadWrite),
    low("SRRCTL", 0x14, ReadWrite).resets_to(SRRCTL_RESET),
    low("RDT", 0x18, ReadWrite),
    low("RXDCTL", 0x28, ReadWrite),
    low("RSCCTL", 0x2c, ReadWrite),
    high("RDBAL[64..]", 0x00, ReadWrite),
    high("RDBAH[64..]", 0x04, ReadWrite),
    high("RDLEN[64..]", 0x08, ReadWrite),
    high("DCA_RXCTRL[64..]", 0x0c, ReadWrite),
    high("RDH[64..]", 0x10, ReadWrite),
    high("SRRCTL[64..]", 0x14, ReadWrite).resets_to(SRRCTL_RESET),
    high("RDT[64..]", 0x18, ReadWrite),
    high("RXDCTL[64..]", 0x28, ReadWrite),
    high("RSCCTL[64..]", 0x2c, ReadWrite),
    register("RDRXCTL", at::RDRXCTL, ReadWrite, "8.2.3.8.8").resets_to(RDRXCTL_RESET),
    register("RXCTRL", at::RXCTRL, ReadWrite, "8.2.3.8.9"),
    register("RXPBSIZE", at::RXPBSIZE, ReadWrite, "8.2.3.8.10")
        .array(8, 4)
        .resets_to(RXPBSIZE_RESET),
    register("RSCDBU", 0x03028, ReadWrite, "8.2.3.8"),
    register("RDDCC", 0x02f20, Unmodelled, "8.2.3.8"),
    register("RXMEMWRAP", 0x03190, Unmodelled, "8.2.3.8"),
    register("QDE", 0x02f04, ReadWrite, "8.2.3.27"),
    register("RXCSUM", at::RXCSUM, ReadWrite, "8.2.3.7.5"),
    register("RFCTL", at::RFCTL, ReadWrite, "8.2.3.7.6"),
    register("FCTRL", at::FCTRL, ReadWrite, "8.2.3.7.1"),
    register("VLNCTRL", at::VLNCTRL, ReadWrite, "8.2.3.7.2").resets_to(0x8100),
    register("MCSTCTRL", at::MCSTCTRL, ReadWrite, "8.2.3.7.3"),
    register("PSRTYPE", at::PSRTYPE, ReadWrite, "8.2.3.7.4").array(64, 4),
    register("MTA", at::MTA, ReadWrite, "8.2.3.7.7").array(128, 4),
    register("RAL", at::RAL, ReadWrite, "8.2.3.7.8").array(128, 8),
    register("RAH", at::RAL + 4, ReadWrite, "8.2.3.7.9").array(128, 8),
    register("MPSAR", at::MPSAR, ReadWrite, "8.2.3.7.10").array(256, 4),
    register("VFTA", at::VFTA, ReadWrite, "8.2.3.7.11").array(128, 4),
    register("MRQC", at::MRQC, ReadWrite, "8.2.3.7.12"),
    register("RQTC", 0x0ec70, Unmodelled, "8.2.3.7.13"),
    register("RSSRK", at::RSSRK, ReadWrite, "8.2.3.7.14").array(10, 4),
    register("RETA", at::RETA, ReadWrite, "8.2.3.7.15").array(32, 4),
    register("SAQF", 0x0e000, Unmodelled, "8.2.3.7.16").array(128, 4),
    register("DAQF", 0x0e200, Unmodelled, "8.2.3.7.17").array(128, 4),
    register("SDPQF", 0x0e400, Unmodelled, "8.2.3.7.18").array(128, 4),
    register("FTQF", at::FTQF, Unmodelled, "8.2.3.7.19").array(128, 4),
    register("SYNQF", 0x0ec30, Unmodelled, "8.2.3.7.20"),
    register("ETQF", at::ETQF, ReadWrite, "8.2.3.7.21").array(8, 4),
    register("ETQS", at::ETQS, ReadWrite, "8.2.3.7.22").array(8, 4),
    register("L34TIMIR", at::L34TIMIR, Unmodelled, "8.2.3.7").array(128, 4),
    register("LLITHRESH", 0x0ec90, Unmodelled, "8.2.3.7"),
    register("FCPTRL", at::FCPTRL, ReadWrite, "8.2.3.16"),
    register("FCPTRH", at::FCPTRH, ReadWrite, "8.2.3.16"),
    register("FCBUFF", at::FCBUFF, ReadWrite, "8.2.3.16"),
    register("FCDMARW", at::FCDMARW, ReadWrite, "8.2.3.16"),
    register("FCRXCTRL", at::FCRXCTRL, ReadWrite, "8.2.3.16"),
    register("FCFLT", at::FCFLT, ReadWrite, "8.2.3.16"),
    register("FCFLTRW", at::FCFLTRW, ReadWrite, "8.2.3.16"),
    register("FCPARAM", at::FCPARAM, ReadWrite, "8.2.3.16"),
    register("FCRECTL", at::FCRECTL, ReadWrite, "8.2.3.16"),
    register("FCRETA", at::FCRETA, ReadWrite, "8.2.3.16").array(8, 4),
    register("VT_CTL", at::VT_CTL, ReadWrite, "8.2.3.27"),
    register("FDIRCTRL", at::FDIRCTRL, ReadWrite, "8.2.3.17").resets_to(FDIRCTRL_INIT_DONE),
    register("FDIRSIPV6", 0x0ee0c, ReadWrite, "8.2.3.17").array(3, 4),
    register("FDIRIPSA", 0x0ee18, ReadWrite, "8.2.3.17"),
    register("FDIRIPDA", 0x0ee1c, ReadWrite, "8.2.3.17"),
    register("FDIRPORT", 0x0ee20, ReadWrite, "8.2.3.17"),
    register("FDIRVLAN", 0x0ee24, ReadWrite, "8.2.3.17"),
    register("FDIRHASH", 0x0ee28, ReadWrite, "8.2.3.17"),
    register("FDIRCMD", 0x0ee2c, SelfClear(0x7), "8.2.3.17"),
    register("FDIRFREE", 0x0ee38, ReadOnly, "8.2.3.17"),
    register("FDIRDIP4M", 0x0ee3c, ReadWrite, "8.2.3.17"),
    register("FDIRSIP4M", 0x0ee40, ReadWrite, "8.2.3.17"),
    register("FDIRTCPM", 0x0ee44, ReadWrite, "8.2.3.17"),
    register("FDIRUDPM", 0x0ee48, ReadWrite, "8.2.3.17"),
    register("FDIRLEN", 0x0ee4c, ReadOnly, "8.2.3.17"),
    register("FDIRHKEY", 0x0ee68, ReadWrite, "8.2.3.17"),
    register("FDIRSKEY", 0x0ee6c, ReadWrite, "8.2.3.17"),
    register("FDIRM", 0x0ee70, ReadWrite, "8.2.3.17"),
    register("FDIRIP6M", 0x0ee74, ReadWrite, "8.2.3.17"),
    register("FDIRSCTPM", 0x0ee78, ReadWrite, "8.2.3.17"),
];
