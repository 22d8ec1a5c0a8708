//! The registers that the driver uses (section 8.2), and the counters, which a read clears (section 8.2.3.23).

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, ReadWrite, Register, WriteError};
use samara_device_tables::Ixgbe;

/// A claimed 82599.
pub(crate) type Function = PciFunction<Ixgbe>;

type Readable = Register<Ixgbe, u32, ReadOnly>;
type Writable = Register<Ixgbe, u32, ReadWrite>;

const fn seen(offset: usize) -> Readable {
    Register::at(0, offset)
}

const fn any(offset: usize) -> Writable {
    Register::at(0, offset)
}

/// STATUS (8.2.3.1.2).
pub(crate) const STATUS: Readable = seen(0x0008);
/// CTRL_EXT (8.2.3.1.3).
pub(crate) const CTRL_EXT: Writable = any(0x0018);
/// EICR: interrupt causes, cleared by reading, or by writing ones (8.2.3.5.1).
pub(crate) const EICR: Writable = any(0x0800);
/// EIAC: causes cleared as their MSI-X message is sent (8.2.3.5.5).
pub(crate) const EIAC: Writable = any(0x0810);
/// EITR: least time between interrupts, vectors 0 to 23 (8.2.3.5.12).
pub(crate) const EITR: Writable = any(0x0820);
/// EIMS: interrupt mask set (8.2.3.5.3).
pub(crate) const EIMS: Writable = any(0x0880);
/// EIMC: interrupt mask clear (8.2.3.5.4).
pub(crate) const EIMC: Writable = any(0x0888);
/// EIAM: causes masked as their message is sent (8.2.3.5.6).
pub(crate) const EIAM: Writable = any(0x0890);
/// GPIE: how interrupts are sent (8.2.3.5.18).
pub(crate) const GPIE: Writable = any(0x0898);
/// IVAR: vectors of queue pairs, two in each of 64 words (8.2.3.5.16).
pub(crate) const IVAR: Writable = any(0x0900);
/// RDRXCTL: receive DMA control (8.2.3.8.8).
pub(crate) const RDRXCTL: Writable = any(0x2F00);
/// RXCTRL: bit 0 enables reception (8.2.3.8.10).
pub(crate) const RXCTRL: Writable = any(0x3000);
/// HLREG0: frame check sequence, padding, jumbo frames, loopback (8.2.3.22.8).
pub(crate) const HLREG0: Writable = any(0x4240);
/// MAXFRS: bits 31:16, the longest frame with its check sequence (8.2.3.22.13).
pub(crate) const MAXFRS: Writable = any(0x4268);
/// AUTOC: link mode and negotiation (8.2.3.22.19).
pub(crate) const AUTOC: Writable = any(0x42A0);
/// AUTOC2: bits 30:28 disable the link (8.2.3.22.22).
pub(crate) const AUTOC2: Writable = any(0x42A8);
/// RTTDCS: transmit arbiter; bit 6 stops it (8.2.3.10.2).
pub(crate) const RTTDCS: Writable = any(0x4900);
/// DMATXCTL: bit 0 enables transmission (8.2.3.9.2).
pub(crate) const DMATXCTL: Writable = any(0x4A80);
/// RXCSUM: checksum offload; bit 13 puts the RSS hash into descriptors (8.2.3.7.5).
pub(crate) const RXCSUM: Writable = any(0x5000);
/// FCTRL: which frames pass (8.2.3.7.1).
pub(crate) const FCTRL: Writable = any(0x5080);
/// MTA: which multicast frames pass, 128 words (8.2.3.7.7).
pub(crate) const MTA: Writable = any(0x5200);
/// MRQC: how frames are spread over queues (8.2.3.7.12).
pub(crate) const MRQC: Writable = any(0x5818);
/// RETA: the redirection table, 32 words of four queues (8.2.3.7.15).
pub(crate) const RETA: Writable = any(0x5C00);
/// RSSRK: the random key, 10 words (8.2.3.7.14).
pub(crate) const RSSRK: Writable = any(0x5C80);
/// DTXMXSZRQ: the most bytes that transmission requests at once (8.2.3.9.1).
pub(crate) const DTXMXSZRQ: Writable = any(0x8100);
/// SECRXCTRL, SECRXSTAT: the receive path of the security engine (8.2.3.12).
pub(crate) const SECRXCTRL: Writable = any(0x8D00);
/// See [`SECRXCTRL`].
pub(crate) const SECRXSTAT: Readable = seen(0x8D04);
/// RAL(0): the first receive address, loaded from the EEPROM at reset (8.2.3.7.8).
pub(crate) const RAL0: Writable = any(0xA200);
/// RAH(0): its last two bytes, and bit 31, valid (8.2.3.7.9).
pub(crate) const RAH0: Writable = any(0xA204);
/// MPSAR: pools of receive addresses, 256 words (8.2.3.7.10).
pub(crate) const MPSAR: Writable = any(0xA600);
/// FTQF: five-tuple filters, 128, which lead frames to queues (8.2.3.7.19).
pub(crate) const FTQF: Writable = any(0xE600);
/// PFUTA: which unicast frames pass to pools, 128 words (8.2.3.27.12).
pub(crate) const PFUTA: Writable = any(0xF400);
/// EEC: bit 9 says that the EEPROM was read after a reset (8.2.3.2.1).
pub(crate) const EEC: Readable = seen(0x1_0010);

/// LINKS: the link's state (8.2.3.22.20).
pub(crate) const LINKS: Readable = seen(0x42A4);
/// GPTC, GPRC: good packets transmitted, received.
const GPTC: Readable = seen(0x4080);
const GPRC: Readable = seen(0x4074);
/// GOTCL and GOTCH, GORCL and GORCH: good octets, low half first, 36 bits in all.
const GOTC: [Readable; 2] = [seen(0x4090), seen(0x4094)];
const GORC: [Readable; 2] = [seen(0x4088), seen(0x408C)];
/// Errors: check sequence (CRCERRS), illegal byte (ILLERRC), local faults of the MAC (MLFC), length (RLEC); fragments
/// (RFC), undersize (RUC), oversize (ROC), jabber (RJC).
const ERRORS: [Readable; 8] = [
    seen(0x4000),
    seen(0x4004),
    seen(0x4034),
    seen(0x4040),
    seen(0x40A8),
    seen(0x40A4),
    seen(0x40AC),
    seen(0x40B0),
];
/// RXMPC: packets that a full packet buffer dropped, eight counters. QPRDC: packets that a queue without descriptors
/// dropped, 16 counters. After a reset all queues are mapped to the first one.
const RXMPC: Readable = seen(0x3FA0);
const QPRDC: Readable = seen(0x1430);
/// QPRC: packets given to queues, 16 counters. After a reset all queues are mapped to the first one.
const QPRC: Readable = seen(0x1030);

/// Sets bits of a register.
pub(crate) fn set(function: &Function, register: Writable, bits: u32) -> Result<(), WriteError> {
    function.update(register, bits, bits)
}

/// Clears bits of a register.
pub(crate) fn clear(function: &Function, register: Writable, bits: u32) -> Result<(), WriteError> {
    function.update(register, bits, 0)
}

/// Writes element `index` of an array.
pub(crate) fn write_nth(
    function: &Function,
    array: Writable,
    index: usize,
    value: u32,
) -> Result<(), WriteError> {
    let register = array.nth(index).ok_or(WriteError::OutOfBounds)?;
    function.write(register, value)
}

/// Reads a counter. Returns 0 if it reads as all ones, because then no device answers.
fn count(function: &Function, counter: Readable) -> u64 {
    match function.read(counter) {
        u32::MAX => 0,
        count => count.into(),
    }
}

/// Returns how many good packets were sent since the last read.
pub(crate) fn packets_sent(function: &Function) -> u64 {
    count(function, GPTC)
}

/// Returns how many good packets were received since the last read.
pub(crate) fn packets_received(function: &Function) -> u64 {
    count(function, GPRC)
}

/// Returns how many bytes of good packets were sent since the last read.
pub(crate) fn octets_sent(function: &Function) -> u64 {
    wide(function, GOTC)
}

/// Returns how many bytes of good packets were received since the last read.
pub(crate) fn octets_received(function: &Function) -> u64 {
    wide(function, GORC)
}

/// Returns how many errors of reception there were since the last read.
pub(crate) fn receive_errors(function: &Function) -> u64 {
    let errors = ERRORS.iter();
    errors.map(|&error| count(function, error)).sum()
}

/// Returns how many packets were given to any queue since the last read.
pub(crate) fn packets_queued(function: &Function) -> u64 {
    count(function, QPRC)
}

/// Returns how many packets were dropped since the last read because the packet buffer was full. Without data centre
/// bridging only the first packet buffer is in use.
pub(crate) fn packets_overrun(function: &Function) -> u64 {
    count(function, RXMPC)
}

/// Returns how many packets were dropped since the last read, apart from [those](packets_overrun) of a full buffer.
pub(crate) fn packets_missed(function: &Function) -> u64 {
    let all = |array: Readable, from: usize| {
        let registers = (from..).map_while(move |index| array.nth(index));
        registers
            .map(|register| count(function, register))
            .sum::<u64>()
    };
    all(RXMPC, 1) + all(QPRDC, 0)
}

fn wide(function: &Function, [low, high]: [Readable; 2]) -> u64 {
    let low = count(function, low);
    low | (count(function, high) & 0xF) << 32
}
