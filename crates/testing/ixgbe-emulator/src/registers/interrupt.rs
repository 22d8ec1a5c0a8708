//! Interrupts: section 8.2.3.5.

use super::offset as at;
use super::register::{Access::*, Register, register};

pub(super) const REGISTERS: &[Register] = &[
    register("EICR", at::EICR, WriteOneClear, "8.2.3.5.1"),
    register("EICS", at::EICS, WriteOnly, "8.2.3.5.2"),
    register("EIMS", at::EIMS, ReadWrite, "8.2.3.5.3"),
    register("EIMC", at::EIMC, WriteOnly, "8.2.3.5.4"),
    register("EIAC", at::EIAC, ReadWrite, "8.2.3.5.5"),
    register("EIAM", at::EIAM, ReadWrite, "8.2.3.5.6"),
    register("EICS_EX", at::EICS_EX, WriteOnly, "8.2.3.5.7").array(2, 4),
    register("EIMS_EX", at::EIMS_EX, ReadWrite, "8.2.3.5.8").array(2, 4),
    register("EIMC_EX", at::EIMC_EX, WriteOnly, "8.2.3.5.9").array(2, 4),
    register("EIAM_EX", at::EIAM_EX, ReadWrite, "8.2.3.5.10").array(2, 4),
    register("EITR", at::EITR, ReadWrite, "8.2.3.5.12").array(24, 4),
    register("EITR24", at::EITR24, ReadWrite, "8.2.3.5.12").array(105, 4),
    register("EITRSEL", 0x00894, Unmodelled, "8.2.3.5"),
    register("IVAR", at::IVAR, ReadWrite, "8.2.3.5.16").array(64, 4),
    register("IVAR_MISC", at::IVAR_MISC, ReadWrite, "8.2.3.5.17"),
    register("GPIE", at::GPIE, ReadWrite, "8.2.3.5.18"),
];
