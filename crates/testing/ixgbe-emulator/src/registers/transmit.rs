//! Transmit: section 8.2.3.9.

use super::offset as at;
use super::register::{Access::*, Register, register};

const fn queue(name: &'static str, distance: u32) -> Register {
    register(name, at::TDBAL + distance, ReadWrite, "8.2.3.9").array(128, 0x40)
}

pub(super) const REGISTERS: &[Register] = &[
    register("DMATXCTL", at::DMATXCTL, ReadWrite, "8.2.3.9.2").resets_to(0x8100_0000),
    register("DTXMXSZRQ", 0x08100, ReadWrite, "8.2.3.9.1").resets_to(0x10),
    register("DTXTCPFLGL", at::DTXTCPFLGL, ReadWrite, "8.2.3.9.3").resets_to(0x0f76_0ff6),
    register("DTXTCPFLGH", at::DTXTCPFLGH, ReadWrite, "8.2.3.9.4").resets_to(0x0000_0f7f),
    queue("TDBAL", 0x00),
    queue("TDBAH", 0x04),
    queue("TDLEN", 0x08),
    queue("DCA_TXCTRL", 0x0c),
    queue("TDH", 0x10),
    queue("TDT", 0x18),
    queue("TXDCTL", 0x28),
    queue("TDWBAL", 0x38),
    queue("TDWBAH", 0x3c),
    register("TXPBSIZE", 0x0cc00, ReadWrite, "8.2.3.9")
        .array(8, 4)
        .resets_to(160 << 10),
    register("TXPBTHRESH", 0x04950, ReadWrite, "8.2.3.9").array(8, 4),
    register("MTQC", 0x08120, ReadWrite, "8.2.3.9.15"),
    register("TIPG", 0x0cb00, Unmodelled, "8.2.3.9"),
    register("MNGTXMAP", 0x0cd10, Unmodelled, "8.2.3.9"),
    register("RTTDCS", 0x04900, ReadWrite, "8.2.3.10"),
    register("SECTXCTRL", 0x08800, ReadWrite, "8.2.3.12"),
    register("SECTXSTAT", 0x08804, ReadOnly, "8.2.3.12").resets_to(3),
    register("SECTXBUFFAF", 0x08808, ReadWrite, "8.2.3.12").resets_to(0x250),
    register("SECTXMINIFG", 0x08810, ReadWrite, "8.2.3.12").resets_to(0x1),
    register("SECRXCTRL", at::SECRXCTRL, ReadWrite, "8.2.3.12"),
    register("SECRXSTAT", at::SECRXSTAT, ReadOnly, "8.2.3.12"),
];
