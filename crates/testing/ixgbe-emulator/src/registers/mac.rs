//! The MAC, the link and the PHY: sections 8.2.3.3 and 8.2.3.22.

use super::bits::{AUTOC_RESTART, MSCA_COMMAND};
use super::offset as at;
use super::register::{Access::*, Register, register};

pub(super) const REGISTERS: &[Register] = &[
    register("PCS1GCFIG", 0x04200, ReadWrite, "8.2.3.22"),
    register("PCS1GLCTL", 0x04208, ReadWrite, "8.2.3.22"),
    register("PCS1GLSTA", 0x0420c, ReadOnly, "8.2.3.22"),
    register("PCS1GANA", 0x04218, ReadWrite, "8.2.3.22"),
    register("PCS1GANLP", 0x0421c, ReadOnly, "8.2.3.22"),
    register("PCS1GANNP", 0x04220, ReadWrite, "8.2.3.22"),
    register("PCS1GANLPNP", 0x04224, ReadOnly, "8.2.3.22"),
    // CRC appended and stripped, short frames padded.
    register("HLREG0", at::HLREG0, ReadWrite, "8.2.3.22.8").resets_to(0x0801_0403),
    register("HLREG1", 0x04244, ReadOnly, "8.2.3.22.9"),
    register("PAP", 0x04248, ReadWrite, "8.2.3.22"),
    register("MSCA", at::MSCA, SelfClear(MSCA_COMMAND), "8.2.3.22.11"),
    register("MSRWD", at::MSRWD, ReadWrite, "8.2.3.22.12").resets_to(0xffff_0000),
    register("MAXFRS", at::MAXFRS, ReadWrite, "8.2.3.22.13").resets_to(1518 << 16),
    register("PCSS1", 0x04288, ReadOnly, "8.2.3.22"),
    register("PCSS2", 0x0428c, ReadOnly, "8.2.3.22"),
    register("XPCSS", 0x04290, ReadOnly, "8.2.3.22"),
    register("MFLCN", at::MFLCN, ReadWrite, "8.2.3.22.34"),
    register("SERDESC", 0x04298, ReadWrite, "8.2.3.22"),
    register("MACS", 0x0429c, ReadWrite, "8.2.3.22"),
    register("AUTOC", at::AUTOC, SelfClear(AUTOC_RESTART), "8.2.3.22.19"),
    register("LINKS", at::LINKS, ReadOnly, "8.2.3.22.20"),
    register("LINKS2", at::LINKS2, ReadOnly, "8.2.3.22.21"),
    register("AUTOC2", at::AUTOC2, ReadWrite, "8.2.3.22.22"),
    register("AUTOC3", 0x042ac, ReadWrite, "8.2.3.22"),
    // Abilities of the link partner: it offers 10GBASE-KX4 and KR.
    register("ANLP1", 0x042b0, ReadOnly, "8.2.3.22.23").resets_to(0x000c_0000),
    register("ANLP2", 0x042b4, ReadOnly, "8.2.3.22.24"),
    register("MMNGC", 0x042d0, ReadWrite, "8.2.3.22"),
    register("ANLPNP1", 0x042d4, ReadOnly, "8.2.3.22"),
    register("ANLPNP2", 0x042d8, ReadOnly, "8.2.3.22"),
    register("KRPCSFC", 0x042e0, ReadWrite, "8.2.3.22"),
    register("KRPCSS", 0x042e4, ReadOnly, "8.2.3.22"),
    register("CORECTL", 0x14f00, ReadWrite, "8.2.3.22"),
    register("SMADARCTL", 0x14f10, Unmodelled, "8.2.3.22"),
    register("MACC", 0x04330, ReadWrite, "8.2.3.22"),
    register("FCTTV", at::FCTTV, ReadWrite, "8.2.3.3.2").array(4, 4),
    register("FCRTL", at::FCRTL, ReadWrite, "8.2.3.3.3").array(8, 4),
    register("FCRTH", at::FCRTH, ReadWrite, "8.2.3.3.4").array(8, 4),
    register("FCRTV", at::FCRTV, ReadWrite, "8.2.3.3.5"),
    register("FCCFG", at::FCCFG, ReadWrite, "8.2.3.3.7"),
    register("TFCS", 0x0ce00, ReadOnly, "8.2.3.3.6"),
    register("PFCTOP", 0x03008, ReadWrite, "8.2.3.3.1"),
    register("DROPEN", 0x03d04, Unmodelled, "8.2.3.8"),
];
