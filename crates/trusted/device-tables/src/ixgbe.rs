//! The Intel 82599 10 Gigabit Ethernet controller.
//!
//! Section numbers are those of the *Intel 82599 10 GbE Controller Datasheet*, revision 3.4. Offsets and bits were
//! compared with those of a public driver; section numbers could not be compared (decision 90).
//!
//! A driver can't tell the device where its ring is, nor claim to have filled more descriptors than it has:
//!
//! ```compile_fail,E0080
//! use samara_device_io::mmio::{ReadWrite, Register};
//! use samara_device_tables::Ixgbe;
//!
//! const RDT: Register<Ixgbe, u32, ReadWrite> = Register::at(0, 0x1018);
//! # fn main() { let _ = RDT; }
//! ```
//!
//! Nor can a driver read a statistic with a 64-bit access, which would clear the neighbouring one:
//!
//! ```compile_fail,E0080
//! use samara_device_io::mmio::{ReadOnly, Register};
//! use samara_device_tables::Ixgbe;
//!
//! const GPRC: Register<Ixgbe, u64, ReadOnly> = Register::at(0, 0x4078);
//! # fn main() { let _ = GPRC; }
//! ```
//!
//! Registers that drivers may write select, filter, count, moderate and pace. None of them holds or scales an address
//! (section 8.2.3). Whatever values a driver writes there, a queue reaches only the memory that its own register
//! block names, and only while that block enables the queue. Statistics are 32 bits wide and are cleared by reading:
//! a 64-bit access would clear the neighbour.

use samara_device_io::table::Step::{Await, Sleep, Update};
use samara_device_io::table::step::{at, entries, high, low, only};
use samara_device_io::table::{
    At, Check, Doorbell, Format, Id, Limit, Queue, RingFormat, Rule, Step, Stride, Table, Width,
    Window, Write,
};

/// An 82599.
#[derive(Debug)]
pub enum Ixgbe {}

const fn reg(offset: usize) -> At {
    at(0, offset, Width::W32)
}

/// A register of each queue's block: 64 receive queues from 0x1000 on (section 8.2.3.8), transmit queues from 0x6000
/// on (section 8.2.3.9).
const fn rx(offset: usize) -> At {
    reg(0x1000 + offset).each(0x40)
}

const fn tx(offset: usize) -> At {
    reg(0x6000 + offset).each(0x40)
}

const SEEN: Rule = Rule::new(0, 0, Width::W32).read();
const ANY: Rule = SEEN.write(Write::Any);

const fn some(offset: usize, bits: u64) -> Rule {
    let [rule] = SEEN.write(Write::Merge(bits)).each([offset]);
    rule
}

const fn zero(at: At) -> Step {
    Step::Write(at, only(0))
}

/// CTRL (section 8.2.3.1.1): master disable, link reset and device reset.
const CTRL: At = reg(0x0000);
const MASTER_DISABLE: u64 = 1 << 2;
const RESETS: u64 = 1 << 3 | 1 << 26;
/// The reset sequence sets master disable first, and the reset clears it again.
const RESET: Check = Check::new(CTRL, RESETS | MASTER_DISABLE, 0);
const RESET_ENDS: Step = Await(&[RESET], Limit::Millis(100));
/// STATUS (section 8.2.3.1.2), bit 19: requests may be pending.
const NO_MASTER: Check = Check::new(reg(0x0008), 1 << 19, 0);
/// RXDCTL.ENABLE and TXDCTL.ENABLE (sections 8.2.3.8.7 and 8.2.3.9.10).
const ON: u64 = 1 << 25;
const RX_OFF: Check = Check::new(rx(0x28), ON, 0);
const TX_OFF: Check = Check::new(tx(0x28), ON, 0);
/// How long a queue may take to be enabled or disabled.
const SOON: Limit = Limit::Millis(10);
/// A bit of SRRCTL (section 8.2.3.8.5) that a driver may choose when it starts a receive queue: packets that find no
/// buffer are dropped instead of waiting for one. SRRCTL also takes the buffer size in KiB, and bit 25 for advanced
/// descriptors of one buffer.
pub const DROP: u64 = 1 << 28;
/// The second quadword of transmit descriptors: DTYP 3, DEXT, EOP, IFCS (section 7.2.3.2.4).
const DATA: u64 = 3 << 20 | 1 << 29 | 1 << 24 | 1 << 25;
/// RS and DD. RS asks for a write-back, which comes at once because TXDCTL.WTHRESH is 0 (section 7.2.3.5.1). The
/// length fields are DTALEN and PAYLEN.
const TX_BITS: (u64, u64) = (1 << 27, 1 << 32);
const SENT: RingFormat = RingFormat::to_device(tx(0x10), (1, 15_872), DATA, &[0, 46], TX_BITS);

/// RDT and TDT.
const RX_DOORBELL: Doorbell = Doorbell::position(0, 0x1018, Stride::Bytes(0x40));
const TX_DOORBELL: Doorbell = Doorbell::position(0, 0x6018, Stride::Bytes(0x40));

impl Ixgbe {
    /// Receive queues: advanced descriptors of one buffer each (section 7.1.6).
    pub const RX: usize = 0;
    /// Transmit queues: advanced data descriptors, one for each packet (section 7.2.3.2.4).
    pub const TX: usize = 1;
}

impl Table for Ixgbe {
    const NAME: &'static str = "82599";
    /// Section 9.3.2: KX4, KR, CX4, SFP+, XAUI, and mezzanine and backplane variants of them.
    const IDS: &'static [Id] = &[
        Id::Device(0x8086, &[0x10F7, 0x10F8, 0x10F9, 0x10FB, 0x10FC]),
        Id::Device(0x8086, &[0x1507, 0x1514, 0x1517]),
    ];
    /// Section 9.3.6.1.
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x2_0000)];
    const REGISTERS: &'static [&'static [Rule]] = &[
        // CTRL, STATUS, LINKS, SECRXSTAT, EEC (8.2.3.1, 8.2.3.22, 8.2.3.12, 8.2.3.2.1).
        &SEEN.each([0x0000, 0x0008, 0x42A4, 0x8D04, 0x1_0010]),
        &[
            // CTRL_EXT: no-snoop disable, driver loaded (8.2.3.1.3).
            some(0x0018, 1 << 16 | 1 << 28),
            // RDRXCTL: CRCStrip, RSCFRSTSIZE, RSCACKC and FCOE_WRFIX; RXCTRL: enable (8.2.3.8).
            some(0x2F00, 1 << 1 | 0x1F << 17 | 1 << 25 | 1 << 26),
            some(0x3000, 1),
            // AUTOC2: the bits that disable the link (8.2.3.22); DMATXCTL: enable (8.2.3.9.2).
            some(0x42A8, 7 << 28),
            some(0x4A80, 1),
            // SECRXCTRL: halts the security engine's receive path (8.2.3.12).
            some(0x8D00, 1 << 1),
        ],
        // EICR, EICS, EIAC, EIMS, EIMC, EIAM, GPIE (8.2.3.5); EITR, IVAR.
        &ANY.each([0x0800, 0x0808, 0x0810, 0x0880, 0x0888, 0x0890, 0x0898]),
        &ANY.times(24, 4).each([0x0820]),
        &ANY.times(64, 4).each([0x0900]),
        // IVAR_MISC (8.2.3.5.17); HLREG0, MAXFRS, AUTOC (8.2.3.22); RTTDCS, DTXMXSZRQ (8.2.3.10, 8.2.3.9); RXPBSIZE,
        // TXPBSIZE.
        &ANY.each([0x0A00, 0x4240, 0x4268, 0x42A0, 0x4900, 0x8100]),
        &ANY.times(8, 4).each([0x3C00, 0xCC00]),
        // RXCSUM, FCTRL, VLNCTRL, MCSTCTRL, MRQC, RAL0, RAH0 (8.2.3.7); RETA, RSSRK; MTA, FTQF, PFUTA (8.2.3.27); MPSAR.
        &ANY.each([0x5000, 0x5080, 0x5088, 0x5090, 0x5818, 0xA200, 0xA204]),
        &ANY.times(32, 4).each([0x5C00]),
        &ANY.times(10, 4).each([0x5C80]),
        &ANY.times(128, 4).each([0x5200, 0xE600, 0xF400]),
        &ANY.times(256, 4).each([0xA600]),
        // Statistics (8.2.3.23): errors; octets and packets, received and sent; missed; received and dropped for each
        // receive queue.
        &SEEN.each([0x4000, 0x4004, 0x4034, 0x4040, 0x40A4, 0x40A8, 0x40AC]),
        &SEEN.each([0x40B0, 0x4074, 0x4080, 0x4088, 0x408C, 0x4090, 0x4094]),
        &SEEN.times(8, 4).each([0x3FA0]),
        &SEEN.times(16, 0x40).each([0x1030, 0x1430]),
    ];
    /// The device fetches and writes only for enabled queues (sections 7.1.4 and 7.2.1.2), and for FCoE contexts.
    /// Frames reach an FCoE context only by an EtherType filter (ETQF) that is marked for FCoE.
    const IDLE: &'static [Check] = &[
        Check::new(reg(0x1028), ON, 0).times(64, 0x40),
        Check::new(reg(0xD028), ON, 0).times(64, 0x40),
        Check::new(reg(0x6028), ON, 0).times(128, 0x40),
        Check::new(reg(0x5128), 1 << 27, 0).times(8, 4),
    ];
    /// A software reset (section 4.2.1.6.1) after a master disable (section 5.2.5.3.2). The device may not be
    /// accessed for a millisecond after the reset.
    const RESET: &'static [Step] = &[
        Update(CTRL, 0, MASTER_DISABLE),
        Await(&[NO_MASTER], Limit::Millis(100)),
        Update(CTRL, 0, RESETS),
        Sleep(10),
        RESET_ENDS,
    ];
    /// Flow control, a link that is down or a lost completion may keep requests in the device. So the sequence stops
    /// reception and transmission, flushes the device's PCIe buffers, and then resets the device twice, with more
    /// than 1 us between (specification update 3.1, clarification 9).
    const SILENT_RESET: &'static [Step] = &[
        // RXCTRL.RXEN (8.2.3.8.10) and HLREG0.LPBK (8.2.3.22.8) only stop reception and transmission; they reset
        // nothing. GCR_EXT.Buffers_Clear_Func must be set for 20 us (8.2.3.4).
        Update(reg(0x3000).shared(), 1 << 0, 0),
        Update(reg(0x4240).shared(), 0, 1 << 15),
        Update(reg(0x1_1050), 0, 1 << 30),
        Sleep(1),
        Update(reg(0x1_1050), 1 << 30, 0),
        Update(reg(0x4240).shared(), 1 << 15, 0),
        Update(CTRL, 0, RESETS),
        Sleep(10),
        RESET_ENDS,
        Update(CTRL, 0, RESETS),
        Sleep(10),
        RESET_ENDS,
    ];
    const QUEUES: &'static [Queue] = &[
        // RDBAL, RDBAH, RDLEN, SRRCTL, DCA_RXCTRL (no direct cache access), RSCCTL (no coalescing), RDH, RDT, RXDCTL.
        Queue {
            numbers: (0, 63),
            entries: (8, 4096),
            start: &[
                Step::Require(RX_OFF),
                Step::Write(rx(0x00), low(0)),
                Step::Write(rx(0x04), high(0)),
                Step::Write(rx(0x08), entries(16)),
                Step::Write(rx(0x14), only(1 << 25).buffer(1024).chosen(DROP)),
                zero(rx(0x0C)),
                zero(rx(0x2C)),
                zero(rx(0x10)),
                zero(rx(0x18)),
                Step::Write(rx(0x28), only(ON)),
            ],
            ready: &[Await(&[Check::new(rx(0x28), ON, ON)], SOON)],
            // The device needs "an additional amount of time (about 100 us)" before the memory may be reused (section
            // 4.6.7.1.2).
            stop: &[Update(rx(0x28), ON, 0), Await(&[RX_OFF], SOON), Sleep(1)],
            doorbell: RX_DOORBELL,
            format: Format::Ring(RingFormat::to_host(rx(0x10), (1024, 16 << 10), 1 << 0, 32)),
        },
        // TDBAL, TDBAH, TDLEN, DCA_TXCTRL, TDWBAL and TDWBAH (the device writes back descriptors, not the head), TDH,
        // TDT, TXDCTL.
        Queue {
            numbers: (0, 127),
            entries: (8, 4096),
            start: &[
                Step::Require(TX_OFF),
                Step::Write(tx(0x00), low(0)),
                Step::Write(tx(0x04), high(0)),
                Step::Write(tx(0x08), entries(16)),
                zero(tx(0x0C)),
                zero(tx(0x38)),
                zero(tx(0x3C)),
                zero(tx(0x10)),
                zero(tx(0x18)),
                Step::Write(tx(0x28), only(ON)),
            ],
            ready: &[Await(&[Check::new(tx(0x28), ON, ON)], SOON)],
            stop: &[Update(tx(0x28), ON, 0), Await(&[TX_OFF], SOON), Sleep(1)],
            doorbell: TX_DOORBELL,
            format: Format::Ring(SENT),
        },
    ];
}
