//! From a claimed function to a device that sends and receives (section 4.6.3), and back.

use samara_device_io::layout::ixgbe::Ixgbe;
use samara_device_io::{Mmio, PciFunction};
use samara_interfaces::MacAddress;

use crate::args::{CHECK, HEADER, Limits};
use crate::error::InitError;
use crate::faults::fault_point;

/// EIMC: every cause masked (section 4.6.3.1).
const ALL_CAUSES: u32 = 0x7FFF_FFFF;
/// EEC.Auto_RD, RDRXCTL.DMAIDONE: what a reset ends with (section 4.6.3).
const AUTO_READ: u32 = 1 << 9;
const DMA_INIT_DONE: u32 = 1 << 3;
/// How long that may take.
const READY_MILLIS: u64 = 100;
/// RAH.AV: the address is valid.
const ADDRESS_VALID: u32 = 1 << 31;

/// CTRL_EXT.NS_DIS: no snoop is off, since memory is cached (section 4.6.7).
const NO_SNOOP_DISABLE: u32 = 1 << 16;
/// CTRL_EXT.DRV_LOAD.
const DRIVER_LOADED: u32 = 1 << 28;
/// HLREG0: append and strip the check sequence, accept jumbo frames, pad (section 8.2.3.22.8).
const CHECK_SEQUENCES: u32 = 0b11;
const JUMBO: u32 = 1 << 2;
const PAD: u32 = 1 << 10;
/// RDRXCTL.CRCStrip: to agree with HLREG0 (section 8.2.3.8.8).
const STRIP: u32 = 1 << 1;
/// FCTRL.BAM: broadcast passes; MPE: multicast does.
const BROADCAST: u32 = 1 << 10;
const MULTICAST: u32 = 1 << 8;
/// RXCSUM.PCSD: needed for RSS (section 7.1.2.8).
const RSS_HASH: u32 = 1 << 13;
/// MRQC: RSS, over IPv4 and IPv6, with TCP and UDP (section 8.2.3.7.12).
const RSS: u32 = 1 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21 | 1 << 22 | 1 << 23;
/// The RSS key: one that hashes both directions of a flow alike.
const KEY: u32 = u32::from_le_bytes([0x6D, 0x5A, 0x6D, 0x5A]);
/// AUTOC.Restart_AN: the link comes up as the EEPROM says.
const RESTART_LINK: u32 = 1 << 12;
/// RTTDCS.ARBDIS (section 8.2.3.10.2); DTXMXSZRQ for one traffic class (section 8.2.3.9.1).
const ARBITER_OFF: u32 = 1 << 6;
const MOST_REQUESTED: u32 = 0xFFF;
/// RXCTRL.RXEN, DMATXCTL.TE.
const ENABLE: u32 = 1;

fn set(registers: &Mmio<'_, Ixgbe>, register: Writable, bits: u32) {
    registers.write(register, registers.read(register) | bits);
}

type Writable = samara_device_io::mmio::Register<Ixgbe, u32, samara_device_io::mmio::ReadWrite>;

/// Resets the device, allows it to be bus master, and waits until it is ready; its address.
pub(crate) fn reset(
    function: &PciFunction,
    registers: &Mmio<'_, Ixgbe>,
) -> Result<MacAddress, InitError> {
    registers.write(Ixgbe::EIMC, ALL_CAUSES);
    registers.reset(function)?;
    registers.write(Ixgbe::EIMC, ALL_CAUSES);
    let ready = function.deadline(READY_MILLIS).poll(|| {
        registers.read(Ixgbe::EEC) & AUTO_READ != 0
            && registers.read(Ixgbe::RDRXCTL) & DMA_INIT_DONE != 0
    });
    if !ready {
        return Err(InitError::NotReady);
    }
    function.enable_bus_master::<Ixgbe>()?;
    fault_point!(Init);
    let high = registers.read(Ixgbe::RAH0);
    let [a, b, c, d] = registers.read(Ixgbe::RAL0).to_le_bytes();
    let [e, f, ..] = high.to_le_bytes();
    if high & ADDRESS_VALID == 0 || high == u32::MAX {
        return Err(InitError::NoAddress);
    }
    Ok(MacAddress([a, b, c, d, e, f]))
}

/// Filters, RSS and the link: everything but queues (sections 4.6.7 and 4.6.8).
pub(crate) fn configure(registers: &Mmio<'_, Ixgbe>, limits: &Limits) -> Result<(), InitError> {
    set(registers, Ixgbe::CTRL_EXT, NO_SNOOP_DISABLE | DRIVER_LOADED);
    let jumbo = if limits.mtu > 1500 { JUMBO } else { 0 };
    set(registers, Ixgbe::HLREG0, CHECK_SEQUENCES | PAD | jumbo);
    set(registers, Ixgbe::RDRXCTL, STRIP);
    let longest = u32::from(limits.mtu + HEADER + CHECK);
    registers.write(Ixgbe::MAXFRS, longest << 16);
    registers.write(Ixgbe::FCTRL, BROADCAST | MULTICAST);
    registers.write(Ixgbe::RXCSUM, RSS_HASH);
    spread(registers, limits.queues);

    set(registers, Ixgbe::RTTDCS, ARBITER_OFF);
    registers.write(Ixgbe::DTXMXSZRQ, MOST_REQUESTED);
    registers.write(Ixgbe::RTTDCS, registers.read(Ixgbe::RTTDCS) & !ARBITER_OFF);
    set(registers, Ixgbe::DMATXCTL, ENABLE);
    set(registers, Ixgbe::AUTOC, RESTART_LINK);
    Ok(())
}

/// Spreads what is received over `queues`, by the hash of its flow (section 7.1.2.8).
fn spread(registers: &Mmio<'_, Ixgbe>, queues: u16) {
    for word in 0..10 {
        // Of arrays whose lengths are these: none is out of bounds.
        let _ = registers.write_at(Ixgbe::RSSRK, word, KEY);
    }
    for word in 0..32u32 {
        let entry = |byte: u32| (word * 4 + byte) % u32::from(queues.max(1));
        let entries = entry(0) | entry(1) << 8 | entry(2) << 16 | entry(3) << 24;
        let _ = registers.write_at(Ixgbe::RETA, word as usize, entries);
    }
    registers.write(Ixgbe::MRQC, if queues > 1 { RSS } else { 0 });
}

/// Lets frames in, once the queues run.
pub(crate) fn open(registers: &Mmio<'_, Ixgbe>) {
    set(registers, Ixgbe::RXCTRL, ENABLE);
}

/// Lets no more frames in.
pub(crate) fn close(registers: &Mmio<'_, Ixgbe>) {
    let control = registers.read(Ixgbe::RXCTRL);
    if control != u32::MAX {
        registers.write(Ixgbe::RXCTRL, control & !ENABLE);
    }
}
