//! The Intel 82599 10 Gigabit Ethernet controller.
//!
//! Section numbers are those of the *Intel 82599 10 GbE Controller Datasheet*, revision 3.4. Offsets and bits were compared
//! with a public driver's, section numbers could not be (decision 90).
//!
//! A driver can't tell the device where its ring is, or of more descriptors than were filled:
//!
//! ```compile_fail,E0080
//! use samara_device_io::mmio::{ReadWrite, Register};
//! use samara_device_tables::Ixgbe;
//!
//! const RDT: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x1018);
//! # fn main() { let _ = RDT; }
//! ```
//!
//! Nor read a statistic with a 64-bit access, which would clear its neighbour:
//!
//! ```compile_fail,E0080
//! use samara_device_io::mmio::{ReadOnly, Register};
//! use samara_device_tables::Ixgbe;
//!
//! const GPRC: Register<Ixgbe, u64, ReadOnly> = Register::at(0, 0x4078);
//! # fn main() { let _ = GPRC; }
//! ```
//!
//! What drivers may write chooses, filters, counts, moderates and paces; none of it holds or scales an address (section 8.2.3), and
//! whatever it holds, a queue reaches only what its own block names, while it is enabled there. Statistics are 32 bits wide and
//! cleared by reading: an access of 64 bits would clear the neighbour.

use samara_device_io::table::step::{at, entries, high, low, only};
use samara_device_io::table::{
    At, Check, Direction, Doorbell, Format, Id, Limit, Queue, RingFormat, Rule, Rung, Step, Stride,
    Table, Width, Window, Write,
};

/// An 82599.
#[derive(Debug)]
pub enum Ixgbe {}

const fn reg(offset: usize) -> At {
    at(0, offset, Width::W32)
}

/// A register of a queue's block: 64 receive queues at 0x1000 (section 8.2.3.8), transmit queues at 0x6000 (section 8.2.3.9).
const fn rx(offset: usize) -> At {
    reg(0x1000 + offset).each(0x40)
}

const fn tx(offset: usize) -> At {
    reg(0x6000 + offset).each(0x40)
}

const fn seen(offset: usize) -> Rule {
    Rule::new(0, offset, Width::W32).read()
}

const fn any(offset: usize) -> Rule {
    seen(offset).write(Write::Any)
}

const fn some(offset: usize, bits: u64) -> Rule {
    seen(offset).write(Write::Merge(bits))
}

/// CTRL (section 8.2.3.1.1): master disable, link reset and device reset.
const CTRL: At = reg(0x0000);
const MASTER_DISABLE: u64 = 1 << 2;
const RESETS: u64 = 1 << 3 | 1 << 26;
const RESET_ENDS: Step = Step::Await(&[Check::new(CTRL, RESETS, 0)], Limit::Millis(100));
/// RXCTRL.RXEN (section 8.2.3.8.10), HLREG0.LPBK (section 8.2.3.22.8), GCR_EXT.Buffers_Clear_Func (section 8.2.3.4).
const RECEIVE: u64 = 1 << 0;
const LOOPBACK: u64 = 1 << 15;
const FLUSH: u64 = 1 << 30;
/// STATUS (section 8.2.3.1.2), bit 19: requests may be pending.
const NO_MASTER: Check = Check::new(reg(0x0008), 1 << 19, 0);
/// RXDCTL.ENABLE and TXDCTL.ENABLE (sections 8.2.3.8.7 and 8.2.3.9.10).
const ENABLE: u64 = 1 << 25;
const RX_OFF: Check = Check::new(rx(0x28), ENABLE, 0);
const TX_OFF: Check = Check::new(tx(0x28), ENABLE, 0);
/// How long a queue may take to be enabled or disabled.
const SOON: Limit = Limit::Millis(10);
/// SRRCTL: buffer size in KiB, advanced descriptors of one buffer, and drop what finds no descriptor (section 8.2.3.8.5).
const ADVANCED: u64 = 1 << 25;
/// The bit of `chosen` at a start of a receive queue: what finds no buffer is dropped instead of waiting for one.
pub const DROP: u64 = 1 << 28;
/// Transmit descriptors, second quadword: DTYP 3, DEXT; EOP, IFCS (section 7.2.3.2.4).
const DATA: u64 = 3 << 20 | 1 << 29 | 1 << 24 | 1 << 25;

const fn bell(offset: usize) -> Doorbell {
    let (width, stride) = (Width::W32, Stride::Bytes(0x40));
    Doorbell {
        window: 0,
        offset,
        width,
        index: (1, 0),
        stride,
        value: Rung::Position,
    }
}

impl Ixgbe {
    /// Receive queues: advanced descriptors of one buffer each (section 7.1.6).
    pub const RX: usize = 0;
    /// Transmit queues: advanced data descriptors, one for each packet (section 7.2.3.2.4).
    pub const TX: usize = 1;
}

impl Table for Ixgbe {
    const NAME: &'static str = "82599";
    /// Section 9.3.2: KX4, KR, CX4, SFP+, XAUI, and mezzanine and backplane variants of them.
    const IDS: &'static [Id] = &[Id::Device {
        vendor: 0x8086,
        devices: &[
            0x10F7, 0x10F8, 0x10F9, 0x10FB, 0x10FC, 0x1507, 0x1514, 0x1517,
        ],
    }];
    /// Section 9.3.6.1.
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x2_0000)];
    const REGISTERS: &'static [Rule] = &[
        // CTRL, STATUS, CTRL_EXT: no snoop is off, driver loaded (8.2.3.1).
        seen(0x0000),
        seen(0x0008),
        some(0x0018, 1 << 16 | 1 << 28),
        // EICR, EICS, EIAC, EITR, EIMS, EIMC, EIAM, GPIE, IVAR, IVAR_MISC: interrupts (8.2.3.5).
        any(0x0800),
        any(0x0808),
        any(0x0810),
        any(0x0820).times(24, 4),
        any(0x0880),
        any(0x0888),
        any(0x0890),
        any(0x0898),
        any(0x0900).times(64, 4),
        any(0x0A00),
        // RDRXCTL: check sequence, coalescing's first size and acknowledgement, FCoE's; RXCTRL: enable (8.2.3.8).
        some(0x2F00, 1 << 1 | 0x1F << 17 | 1 << 25 | 1 << 26),
        some(0x3000, 1),
        // RXPBSIZE, HLREG0, MAXFRS, AUTOC, LINKS (8.2.3.8.9, 8.2.3.22).
        any(0x3C00).times(8, 4),
        any(0x4240),
        any(0x4268),
        any(0x42A0),
        seen(0x42A4),
        // RTTDCS, DMATXCTL: enable; DTXMXSZRQ, TXPBSIZE (8.2.3.9, 8.2.3.10).
        any(0x4900),
        some(0x4A80, 1),
        any(0x8100),
        any(0xCC00).times(8, 4),
        // RXCSUM, FCTRL, VLNCTRL, MCSTCTRL, MTA, MRQC, RETA, RSSRK, RAL0, RAH0: filters (8.2.3.7).
        any(0x5000),
        any(0x5080),
        any(0x5088),
        any(0x5090),
        any(0x5200).times(128, 4),
        any(0x5818),
        any(0x5C00).times(32, 4),
        any(0x5C80).times(10, 4),
        any(0xA200),
        any(0xA204),
        // SECRXCTRL: the security engine's receive path is halted; SECRXSTAT (8.2.3.12).
        some(0x8D00, 1 << 1),
        seen(0x8D04),
        // Statistics (8.2.3.23): missed, of receive queues dropped; errors; octets and packets, received and sent.
        seen(0x3FA0).times(8, 4),
        seen(0x1430).times(16, 0x40),
        seen(0x4000),
        seen(0x4004),
        seen(0x4034),
        seen(0x4040),
        seen(0x40A4),
        seen(0x40A8),
        seen(0x40AC),
        seen(0x40B0),
        seen(0x4088),
        seen(0x408C),
        seen(0x4074),
        seen(0x4090),
        seen(0x4094),
        seen(0x4080),
        // EEC: the EEPROM was read after a reset (8.2.3.2.1).
        seen(0x1_0010),
    ];
    /// It fetches and writes for enabled queues alone (sections 7.1.4 and 7.2.1.2), and for FCoE contexts, which frames reach by an
    /// EtherType filter (ETQF) alone that is marked so.
    const IDLE: &'static [Check] = &[
        Check::new(reg(0x1028), ENABLE, 0).times(64, 0x40),
        Check::new(reg(0xD028), ENABLE, 0).times(64, 0x40),
        Check::new(reg(0x6028), ENABLE, 0).times(128, 0x40),
        Check::new(reg(0x5128), 1 << 27, 0).times(8, 4),
    ];
    /// A software reset (section 4.2.1.6.1) behind a master disable (section 5.2.5.3.2). The device may not be accessed for a
    /// millisecond after it.
    const RESET: &'static [Step] = &[
        Step::Update(CTRL, 0, MASTER_DISABLE),
        Step::Await(&[NO_MASTER], Limit::Millis(100)),
        Step::Update(CTRL, 0, RESETS),
        Step::Sleep(10),
        RESET_ENDS,
    ];
    /// Flow control, a link that is down or a lost completion may keep requests in the device. Nothing is received or sent while its
    /// PCIe buffers are flushed, then it is reset twice, with more than 1 us between (specification update 3.1, clarification 9).
    const SILENT_RESET: &'static [Step] = &[
        Step::Update(reg(0x3000), RECEIVE, 0),
        Step::Update(CTRL, 0, MASTER_DISABLE),
        Step::Settle(&[NO_MASTER], Limit::Millis(100)),
        Step::Update(reg(0x4240), 0, LOOPBACK),
        Step::Sleep(3),
        Step::Update(reg(0x1_1050), 0, FLUSH),
        Step::Sleep(1),
        Step::Update(reg(0x1_1050), FLUSH, 0),
        Step::Update(reg(0x4240), LOOPBACK, 0),
        Step::Update(CTRL, 0, RESETS),
        Step::Sleep(10),
        RESET_ENDS,
        Step::Update(CTRL, 0, RESETS),
        Step::Sleep(10),
        RESET_ENDS,
    ];
    const QUEUES: &'static [Queue] = &[
        // RDBAL, RDBAH, RDLEN, SRRCTL, DCA_RXCTRL (no cache access), RSCCTL (no coalescing), RDH, RDT, RXDCTL.
        Queue {
            numbers: (0, 63),
            entries: (8, 4096),
            start: &[
                Step::Require(RX_OFF),
                Step::Write(rx(0x00), low(0)),
                Step::Write(rx(0x04), high(0)),
                Step::Write(rx(0x08), entries(16)),
                Step::Write(rx(0x14), only(ADVANCED).buffer(1024).chosen(DROP)),
                Step::Write(rx(0x0C), only(0)),
                Step::Write(rx(0x2C), only(0)),
                Step::Write(rx(0x10), only(0)),
                Step::Write(rx(0x18), only(0)),
                Step::Write(rx(0x28), only(ENABLE)),
            ],
            ready: &[Step::Await(&[Check::new(rx(0x28), ENABLE, ENABLE)], SOON)],
            // "An additional amount of time (about 100 us)" before the memory is anyone else's (section 4.6.7.1.2).
            stop: &[
                Step::Update(rx(0x28), ENABLE, 0),
                Step::Await(&[RX_OFF], SOON),
                Step::Sleep(1),
            ],
            doorbell: bell(0x1018),
            format: Format::Ring(RingFormat {
                direction: Direction::ToHost,
                fixed: 0,
                lengths: &[],
                bytes: (1024, 16 << 10),
                report: 0,
                done: 1 << 0,
                written: 32,
            }),
        },
        // TDBAL, TDBAH, TDLEN, DCA_TXCTRL, TDWBAL and TDWBAH (descriptors are written back, not the head), TDH, TDT, TXDCTL.
        Queue {
            numbers: (0, 127),
            entries: (8, 4096),
            start: &[
                Step::Require(TX_OFF),
                Step::Write(tx(0x00), low(0)),
                Step::Write(tx(0x04), high(0)),
                Step::Write(tx(0x08), entries(16)),
                Step::Write(tx(0x38), only(0)),
                Step::Write(tx(0x3C), only(0)),
                Step::Write(tx(0x10), only(0)),
                Step::Write(tx(0x18), only(0)),
                Step::Write(tx(0x28), only(ENABLE)),
            ],
            ready: &[Step::Await(&[Check::new(tx(0x28), ENABLE, ENABLE)], SOON)],
            stop: &[
                Step::Update(tx(0x28), ENABLE, 0),
                Step::Await(&[TX_OFF], SOON),
                Step::Sleep(1),
            ],
            doorbell: bell(0x6018),
            format: Format::Ring(RingFormat {
                direction: Direction::ToDevice,
                fixed: DATA,
                // DTALEN and PAYLEN.
                lengths: &[0, 46],
                bytes: (1, 15_872),
                // RS; as TXDCTL.WTHRESH is 0, each report is written at once (section 7.2.3.5.1).
                report: 1 << 27,
                done: 1 << 32,
                written: 0,
            }),
        },
    ];
}
