//! General control, EEPROM, semaphores and PCIe: sections 8.2.3.1, 8.2.3.2 and 8.2.3.4.

use super::bits::{
    CTRL_LINK_RESET, CTRL_RESET, EEC_AUTO_READ_DONE, EEC_PRESENT, FWSM_EEP_RELOADED,
    STATUS_MASTER_ENABLED,
};
use super::offset as at;
use super::register::{Access::*, Register, register};

/// Size of the EEPROM in EEC bits 14:11: 2^(6+8) words of two bytes.
const EEC_SIZE: u32 = 8 << 11;

/// Pin 2 says that the optical module is present.
const ESDP_MODULE_PRESENT: u32 = 1 << 2;

pub(super) const REGISTERS: &[Register] = &[
    register(
        "CTRL",
        at::CTRL,
        SelfClear(CTRL_RESET | CTRL_LINK_RESET),
        "8.2.3.1.1",
    ),
    register(
        "CTRL_ALIAS",
        0x00004,
        SelfClear(CTRL_RESET | CTRL_LINK_RESET),
        "8.2.3.1.1",
    ),
    register("STATUS", at::STATUS, ReadOnly, "8.2.3.1.2").resets_to(STATUS_MASTER_ENABLED),
    register("CTRL_EXT", at::CTRL_EXT, ReadWrite, "8.2.3.1.3"),
    register("ESDP", at::ESDP, ReadWrite, "8.2.3.1.4").resets_to(ESDP_MODULE_PRESENT),
    register("I2CCTL", at::I2CCTL, ReadWrite, "8.2.3.1.5").resets_to(0xf),
    register("LEDCTL", 0x00200, ReadWrite, "8.2.3.1.6"),
    register("EXVET", 0x05078, ReadWrite, "8.2.3.1.7").resets_to(0x8100_0000),
    register("FRTIMER", at::FRTIMER, ReadOnly, "8.2.3.15"),
    register("TCPTIMER", 0x0004c, Unmodelled, "8.2.3.15"),
    register("EEC", at::EEC, ReadWrite, "8.2.3.2.1")
        .resets_to(EEC_PRESENT | EEC_AUTO_READ_DONE | EEC_SIZE),
    register("EERD", at::EERD, ReadWrite, "8.2.3.2.2"),
    register("FLA", 0x1001c, Unmodelled, "8.2.3.2"),
    register("EEMNGCTL", 0x10110, ReadWrite, "8.2.3.2").resets_to(0x8004_0000),
    register("EEMNGDATA", 0x10114, Unmodelled, "8.2.3.2"),
    register("FLMNGCTL", 0x10118, Unmodelled, "8.2.3.2"),
    register("FLMNGDATA", 0x1011c, Unmodelled, "8.2.3.2"),
    register("FLMNGCNT", 0x10120, Unmodelled, "8.2.3.2"),
    register("FLOP", 0x1013c, Unmodelled, "8.2.3.2"),
    register("GRC", 0x10200, ReadWrite, "8.2.3.2"),
    register("SRAMREL", 0x10210, Unmodelled, "8.2.3.2"),
    register("SWSM", at::SWSM, ReadWrite, "8.2.3.4"),
    register("FWSM", at::FWSM, ReadOnly, "8.2.3.4").resets_to(FWSM_EEP_RELOADED),
    register("FACTPS", 0x10150, ReadOnly, "8.2.3.4"),
    register("SW_FW_SYNC", at::GSSR, ReadWrite, "8.2.3.4"),
    register("GCR", 0x11000, ReadWrite, "8.2.3.4"),
    register("GSCL", 0x11010, Unmodelled, "8.2.3.4").array(4, 4),
    register("GSCN", 0x11020, Unmodelled, "8.2.3.4").array(4, 4),
    register("GSCL_5_8", 0x11030, Unmodelled, "8.2.3.4").array(4, 4),
    register("GCR_EXT", at::GCR_EXT, ReadWrite, "8.2.3.4"),
    register("MREVID", 0x11064, ReadOnly, "8.2.3.4"),
    register("PBACL0", 0x11068, Unmodelled, "8.2.3.6"),
    register("PBACL", 0x110c4, Unmodelled, "8.2.3.6").array(7, 4),
    register("CIAA", 0x11088, Unmodelled, "8.2.3.4"),
    register("CIAD", 0x1108c, Unmodelled, "8.2.3.4"),
    register("PICAUSE", 0x110b0, Unmodelled, "8.2.3.4"),
    register("PIENA", 0x110b8, Unmodelled, "8.2.3.4"),
    register("MISC", 0x110f0, Unmodelled, "8.2.3.4"),
    register("BAR_CTRL", 0x110f4, Unmodelled, "8.2.3.4"),
    register("HICR", 0x15f00, ReadOnly, "8.2.3.25"),
    register("FWSTS", 0x15f0c, ReadWrite, "8.2.3.25"),
    register("SWSR", 0x15f10, Unmodelled, "8.2.3.25"),
    register("LSWFW", 0x15f14, Unmodelled, "8.2.3.25"),
    register("FLEX_MNG", 0x15800, Unmodelled, "8.2.3.25").array(448, 4),
];
