//! Resets a claimed device and configures it to send and receive (section 4.6.3). Starts and stops reception.

use samara_device_io::mmio::WriteError;
use samara_driver::recovery;
use samara_interfaces::MacAddress;

use crate::args::{CHECK, HEADER, Limits};
use crate::error::InitError;
use crate::faults::fault_point;
use crate::registers::{
    AUTOC, AUTOC2, CTRL_EXT, DMATXCTL, DTXMXSZRQ, EEC, EIMC, FCTRL, FTQF, Function, HLREG0, MAXFRS,
    MPSAR, MRQC, MTA, PFUTA, RAH0, RAL0, RDRXCTL, RETA, RSSRK, RTTDCS, RXCSUM, RXCTRL, SECRXCTRL,
    SECRXSTAT, STATUS, clear, set, write_nth,
};

/// EIMC: every cause masked (section 4.6.3.1).
const ALL_CAUSES: u32 = 0x7FFF_FFFF;
/// EEC.Auto_RD, RDRXCTL.DMAIDONE: both are set when the device is ready after a reset (section 4.6.3).
const AUTO_READ: u32 = 1 << 9;
const DMA_INIT_DONE: u32 = 1 << 3;
/// The number of milliseconds within which both bits must be set.
const READY_MILLIS: u64 = 1_000;
/// RAH.AV: the address is valid.
const ADDRESS_VALID: u32 = 1 << 31;

/// CTRL_EXT.NS_DIS: turns no-snoop accesses off, because memory is cached (section 4.6.7).
const NO_SNOOP_DISABLE: u32 = 1 << 16;
/// CTRL_EXT.DRV_LOAD: a driver is loaded.
const DRIVER_LOADED: u32 = 1 << 28;
/// HLREG0: append and strip the check sequence, accept jumbo frames, pad (section 8.2.3.22.8).
const CHECK_SEQUENCES: u32 = 0b11;
const JUMBO: u32 = 1 << 2;
const PAD: u32 = 1 << 10;
/// RDRXCTL.CRCStrip: must agree with HLREG0 (section 8.2.3.8.8).
const STRIP: u32 = 1 << 1;
/// RDRXCTL: RSCFRSTSIZE must be cleared, RSCACKC and FCOE_WRFIX must be set (section 8.2.3.8.8).
const FIRST_SIZE: u32 = 0x1F << 17;
const TO_BE_SET: u32 = 1 << 25 | 1 << 26;
/// SECRXCTRL.RX_DIS halts the security engine's receive path. SECRXSTAT.SECRX_RDY says that it is halted. The halt
/// may take this number of milliseconds.
const RX_HALT: u32 = 1 << 1;
const RX_HALTED: u32 = 1 << 0;
const HALT_MILLIS: u64 = 40;
/// FCTRL.BAM: broadcast frames pass; MPE: multicast frames pass.
const BROADCAST: u32 = 1 << 10;
const MULTICAST: u32 = 1 << 8;
/// RXCSUM.PCSD: needed for RSS (section 7.1.2.8).
const RSS_HASH: u32 = 1 << 13;
/// MRQC: RSS, over IPv4 and IPv6, with TCP and UDP (section 8.2.3.7.12).
const RSS: u32 = 1 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23;
/// A word of the RSS key. The key repeats every 16 bits, so both directions of a flow have the same hash.
const KEY: u32 = u32::from_le_bytes([0x6D, 0x5A, 0x6D, 0x5A]);
/// AUTOC.Restart_AN: the link comes up in the mode that the EEPROM has set. The EEPROM may also have set the bits of
/// AUTOC2 that disable the link.
const RESTART_LINK: u32 = 1 << 12;
const LINK_DISABLE: u32 = 7 << 28;
/// RTTDCS.ARBDIS (section 8.2.3.10.2); DTXMXSZRQ for one traffic class (section 8.2.3.9.1).
const ARBITER_OFF: u32 = 1 << 6;
const MOST_REQUESTED: u32 = 0xFFF;
/// RXCTRL.RXEN, DMATXCTL.TE.
const ENABLE: u32 = 1;

/// Resets the device, waits until it is ready, makes it bus master, and returns its MAC address.
pub(crate) fn reset(function: &Function) -> Result<MacAddress, InitError> {
    // If the device does not take this write, it is reset all the same.
    let _ = function.write(EIMC, ALL_CAUSES);
    recovery::reset(function, || function.read(STATUS) != u32::MAX)?;
    function.write(EIMC, ALL_CAUSES)?;
    let says = |value: u32, bit| value != u32::MAX && value & bit != 0;
    let ready = function.deadline(READY_MILLIS).poll(|| {
        says(function.read(EEC), AUTO_READ) && says(function.read(RDRXCTL), DMA_INIT_DONE)
    });
    if !ready {
        return Err(InitError::NotReady);
    }
    function.enable_bus_master()?;
    fault_point!(Init);
    let (low, high) = (function.read(RAL0), function.read(RAH0));
    let [a, b, c, d] = low.to_le_bytes();
    let [e, f, ..] = high.to_le_bytes();
    if low == u32::MAX || high == u32::MAX {
        return Err(WriteError::Absent.into());
    }
    if high & ADDRESS_VALID == 0 {
        return Err(InitError::NoAddress);
    }
    Ok(MacAddress([a, b, c, d, e, f]))
}

/// Configures filters, RSS, transmission and the link: everything but the queues (sections 4.6.7 and 4.6.8).
pub(crate) fn configure(function: &Function, limits: &Limits) -> Result<(), WriteError> {
    set(function, CTRL_EXT, NO_SNOOP_DISABLE | DRIVER_LOADED)?;
    let jumbo = if limits.mtu > 1500 { JUMBO } else { 0 };
    set(function, HLREG0, CHECK_SEQUENCES | PAD | jumbo)?;
    // RSCFRSTSIZE must be 0 and the two bits must be set even though nothing is coalesced (section 8.2.3.8.8).
    clear(function, RDRXCTL, FIRST_SIZE)?;
    set(function, RDRXCTL, STRIP | TO_BE_SET)?;
    let longest = u32::from(limits.mtu + HEADER + CHECK);
    function.write(MAXFRS, longest << 16)?;
    clear_filters(function)?;
    function.write(FCTRL, BROADCAST | MULTICAST)?;
    function.write(RXCSUM, RSS_HASH)?;
    spread(function, limits.queues)?;

    set(function, RTTDCS, ARBITER_OFF)?;
    function.write(DTXMXSZRQ, MOST_REQUESTED)?;
    clear(function, RTTDCS, ARBITER_OFF)?;
    set(function, DMATXCTL, ENABLE)?;
    clear(function, AUTOC2, LINK_DISABLE)?;
    set(function, AUTOC, RESTART_LINK)
}

/// Clears the filters that are kept in memories. The datasheet does not say that a reset clears them (sections 4.6.7
/// and 8.2.3.7.19).
fn clear_filters(function: &Function) -> Result<(), WriteError> {
    for filters in [MTA, PFUTA, MPSAR, FTQF] {
        for filter in (0..).map_while(|index| filters.nth(index)) {
            function.write(filter, 0)?;
        }
    }
    Ok(())
}

/// Spreads received frames over `queues` queues by the hash of their flow (section 7.1.2.8).
fn spread(function: &Function, queues: u16) -> Result<(), WriteError> {
    for word in 0..10 {
        write_nth(function, RSSRK, word, KEY)?;
    }
    for word in 0..32u32 {
        let entry = |byte: u32| (word * 4 + byte) % u32::from(queues.max(1));
        let entries = entry(0) | entry(1) << 8 | entry(2) << 16 | entry(3) << 24;
        write_nth(function, RETA, word as usize, entries)?;
    }
    function.write(MRQC, if queues > 1 { RSS } else { 0 })
}

/// Lets frames in, once the queues run. The receive path of the security engine is halted meanwhile, because frames
/// that arrive while reception is being enabled may hang the receive DMA.
pub(crate) fn open(function: &Function) -> Result<(), WriteError> {
    set(function, SECRXCTRL, RX_HALT)?;
    // If the path does not report in time that it is halted, reception is enabled all the same. If reception then
    // hangs, a later look at the device notices the hang.
    let _ = function
        .deadline(HALT_MILLIS)
        .poll(|| function.read(SECRXSTAT) & RX_HALTED != 0);
    set(function, RXCTRL, ENABLE)?;
    clear(function, SECRXCTRL, RX_HALT)
}

/// Whether the device still lets frames in. A device that was reset after [`open`] does not. Costs one register read.
pub(crate) fn is_open(function: &Function) -> bool {
    function.read(RXCTRL) & ENABLE != 0
}

/// Lets no more frames in.
pub(crate) fn close(function: &Function) {
    // The error is ignored, because a device that is gone lets no frames in.
    let _ = clear(function, RXCTRL, ENABLE);
}
