//! The register block (section 8.2), as far as a driver needs it.

use super::queue::{QUEUE_ENABLE, QUEUES, rx, tx};
use crate::mmio::{Mmio, ReadOnly, ReadWrite, Register, RegisterArray, RegisterBlock, WriteOnly};
use crate::pci::PciId;

/// The register block of an 82599.
pub enum Ixgbe {}

const INTEL: u16 = 0x8086;
/// Device IDs of the 82599's functions (section 9.3.2): KX4, KR, CX4, SFP+, XAUI, and mezzanine and
/// backplane variants of them.
const DEVICES: &[u16] = &[
    0x10F7, 0x10F8, 0x10F9, 0x10FB, 0x10FC, 0x1507, 0x1514, 0x1517,
];

// SAFETY: guarded is everything but the windows between these ranges, in which there are: STATUS (0x8);
// CTRL_EXT (0x18); interrupt causes, masks, moderation and allocation (0x800); RDRXCTL; RXCTRL; packet
// buffer sizes; RTTDCS and TXPBTHRESH; HLREG0; MAXFRS; AUTOC, LINKS, AUTOC2; DMATXCTL; RXCSUM, RFCTL;
// FCTRL, VLNCTRL, MCSTCTRL; MTA and the aliases of RAL; MRQC; RETA, RSSRK; DTXMXSZRQ; VFTA, RAL and RAH;
// TXPBSIZE; PSRTYPE; EERD; SWSM; SW_FW_SYNC. They choose, filter, count, moderate and pace; none holds or
// scales an address (section 8.2.3), and whatever they hold, a queue reaches only what its own, guarded
// block names, while it is enabled there. The device IDs are the 82599's. It fetches and writes for enabled
// queues alone (sections 7.1.4 and 7.2.1.2), and message interrupts go where their table says, which is in
// another BAR.
unsafe impl RegisterBlock for Ixgbe {
    const BAR: u8 = 0;
    const LENGTH: usize = 0x1_1000;
    const MAP_LENGTH: usize = 0x2_0000;
    const GUARDED: &'static [(usize, usize)] = &[
        (0x0000, 0x0008),
        (0x000C, 0x0018),
        (0x001C, 0x0800),
        (0x0AE0, 0x2F00),
        (0x2F04, 0x3000),
        (0x3004, 0x3C00),
        (0x3C20, 0x4240),
        (0x4244, 0x4268),
        (0x426C, 0x42A0),
        (0x42AC, 0x4900),
        (0x4904, 0x4950),
        (0x4970, 0x4A80),
        (0x4A84, 0x5000),
        (0x500C, 0x5080),
        (0x5094, 0x5200),
        (0x5480, 0x5818),
        (0x581C, 0x5C00),
        (0x5CA8, 0x8100),
        (0x8104, 0xA000),
        (0xA600, 0xCC00),
        (0xCC20, 0xEA00),
        (0xEB00, 0x1_0014),
        (0x1_0018, 0x1_0140),
        (0x1_0144, 0x1_0160),
        (0x1_0164, 0x2_0000),
    ];

    #[inline]
    fn accepts(id: &PciId) -> bool {
        id.vendor == INTEL && DEVICES.contains(&id.device)
    }

    fn is_idle(registers: &Mmio<'_, Self>) -> bool {
        // An absent device reads as all ones: enabled.
        (0..QUEUES).all(|queue| {
            registers.queue_read(rx(queue).control) & QUEUE_ENABLE == 0
                && registers.queue_read(tx(queue).control) & QUEUE_ENABLE == 0
        })
    }
}

/// LINKS, decoded (section 8.2.3.22.20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkStatus(pub u32);

impl LinkStatus {
    /// All ones: nothing answers.
    pub const fn is_absent(self) -> bool {
        self.0 == u32::MAX
    }

    /// Bit 30: the link is up.
    pub const fn is_up(self) -> bool {
        self.0 >> 30 & 1 != 0
    }

    /// Bits 29:28, in megabits per second; 0 if reserved.
    pub const fn mbps(self) -> u32 {
        match self.0 >> 28 & 0b11 {
            0b01 => 100,
            0b10 => 1_000,
            0b11 => 10_000,
            _ => 0,
        }
    }
}

/// Registers that drivers read and write as they like.
macro_rules! registers {
    ($($(#[$doc:meta])* $name:ident, $access:ident, $offset:literal;)*) => {
        impl Ixgbe {
            $($(#[$doc])* pub const $name: Register<Self, u32, $access> = Register::at($offset);)*
        }
    };
}

registers! {
    /// STATUS (8.2.3.1.2).
    STATUS, ReadOnly, 0x0008;
    /// CTRL_EXT (8.2.3.1.3).
    CTRL_EXT, ReadWrite, 0x0018;
    /// EICR: interrupt causes, cleared by reading, or by writing ones (8.2.3.5.1).
    EICR, ReadWrite, 0x0800;
    /// EIAC: causes cleared as their MSI-X message is sent (8.2.3.5.5).
    EIAC, ReadWrite, 0x0810;
    /// EICS: sets causes, to test interrupts (8.2.3.5.2).
    EICS, WriteOnly, 0x0808;
    /// EIMS: interrupt mask set (8.2.3.5.3).
    EIMS, ReadWrite, 0x0880;
    /// EIMC: interrupt mask clear (8.2.3.5.4).
    EIMC, ReadWrite, 0x0888;
    /// EIAM: causes masked as their message is sent (8.2.3.5.6).
    EIAM, ReadWrite, 0x0890;
    /// GPIE: how interrupts are sent (8.2.3.5.18).
    GPIE, ReadWrite, 0x0898;
    /// IVAR_MISC: vectors of the causes that are no queue's (8.2.3.5.17).
    IVAR_MISC, ReadWrite, 0x0A00;
    /// RDRXCTL: receive DMA control (8.2.3.8.8).
    RDRXCTL, ReadWrite, 0x2F00;
    /// RXCTRL: bit 0 enables reception (8.2.3.8.10).
    RXCTRL, ReadWrite, 0x3000;
    /// HLREG0: frame check sequence, padding, jumbo frames, loopback (8.2.3.22.8).
    HLREG0, ReadWrite, 0x4240;
    /// MAXFRS: bits 31:16, the longest frame with its check sequence (8.2.3.22.13).
    MAXFRS, ReadWrite, 0x4268;
    /// AUTOC: link mode and negotiation (8.2.3.22.19).
    AUTOC, ReadWrite, 0x42A0;
    /// LINKS: link status (8.2.3.22.20).
    LINKS, ReadOnly, 0x42A4;
    /// RTTDCS: transmit arbiter; bit 6 stops it (8.2.3.10.2).
    RTTDCS, ReadWrite, 0x4900;
    /// DMATXCTL: bit 0 enables transmission (8.2.3.9.2).
    DMATXCTL, ReadWrite, 0x4A80;
    /// RXCSUM: checksum offload; bit 13 has descriptors hold the RSS hash (8.2.3.7.5).
    RXCSUM, ReadWrite, 0x5000;
    /// FCTRL: which frames pass (8.2.3.7.1).
    FCTRL, ReadWrite, 0x5080;
    /// VLNCTRL: VLAN filter (8.2.3.7.2).
    VLNCTRL, ReadWrite, 0x5088;
    /// MCSTCTRL: multicast filter (8.2.3.7.3).
    MCSTCTRL, ReadWrite, 0x5090;
    /// MRQC: how frames are spread over queues (8.2.3.7.12).
    MRQC, ReadWrite, 0x5818;
    /// DTXMXSZRQ: most bytes that transmission requests at once (8.2.3.9.1).
    DTXMXSZRQ, ReadWrite, 0x8100;
    /// RAL(0): the first receive address, loaded from the EEPROM at reset (8.2.3.7.8).
    RAL0, ReadWrite, 0xA200;
    /// RAH(0): its last two bytes, and bit 31, valid (8.2.3.7.9).
    RAH0, ReadWrite, 0xA204;
}

impl Ixgbe {
    /// CTRL. Written by [`reset`](Mmio::reset) (8.2.3.1.1).
    pub const CTRL: Register<Self, u32, ReadOnly> = Register::any(0x0000);
    /// EEC: bit 9 says that the EEPROM was read after a reset (8.2.3.2.1).
    pub const EEC: Register<Self, u32, ReadOnly> = Register::any(0x1_0010);
    /// MTA: the multicast table, 128 words (8.2.3.7.7).
    pub const MTA: RegisterArray<Self, u32> = RegisterArray::within(0x5200, 4, 128);
    /// RETA: the redirection table, 32 words of four queues (8.2.3.7.15).
    pub const RETA: RegisterArray<Self, u32> = RegisterArray::within(0x5C00, 4, 32);
    /// RSSRK: the random key, 10 words (8.2.3.7.14).
    pub const RSSRK: RegisterArray<Self, u32> = RegisterArray::within(0x5C80, 4, 10);
    /// IVAR: vectors of queue pairs, two in each of 64 words (8.2.3.5.16).
    pub const IVAR: RegisterArray<Self, u32> = RegisterArray::within(0x0900, 4, 64);
    /// EITR: least time between interrupts, vectors 0 to 23 (8.2.3.5.12).
    pub const EITR: RegisterArray<Self, u32> = RegisterArray::within(0x0820, 4, 24);
    /// TXPBSIZE: transmit packet buffers, eight (8.2.3.9.4).
    pub const TXPBSIZE: RegisterArray<Self, u32> = RegisterArray::within(0xCC00, 4, 8);
    /// RXPBSIZE: receive packet buffers, eight (8.2.3.8.9).
    pub const RXPBSIZE: RegisterArray<Self, u32> = RegisterArray::within(0x3C00, 4, 8);
}

impl Mmio<'_, Ixgbe> {
    /// LINKS, decoded.
    pub fn link_status(&self) -> LinkStatus {
        LinkStatus(self.read(Ixgbe::LINKS))
    }
}
