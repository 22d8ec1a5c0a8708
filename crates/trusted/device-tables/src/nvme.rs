//! NVM Express controllers.
//!
//! Sources: *NVM Express Base Specification* 2.0c (cited as Base), *NVM Command Set Specification* 1.0c
//! (NVM), *NVMe over PCIe Transport Specification* 1.0c (PCIe).
//!
//! A driver can't tell the controller where its queues are:
//!
//! ```compile_fail,E0080
//! use samara_device_io::mmio::{ReadWrite, Register};
//! use samara_device_tables::Nvme;
//!
//! const ASQ: Register<Nvme, u64, ReadWrite> = Register::at(0, 0x28);
//! # fn main() { let _ = ASQ; }
//! ```
//!
//! The memory page size is fixed at 4 KiB, and the sizes of queue entries at the required 64 and 16 bytes, because
//! these sizes scale the addresses that a controller computes. Only the NVM command set is selected, so that each
//! operation code means one thing.

use samara_device_io::table::step::{address, at, chosen, last_entry, number, only};
use samara_device_io::table::{
    At, Bits, Check, Command, Data, Direction, Doorbell, Format, Id, Learn, Limit, PairFormat,
    Queue, Rule, Step, Stride, Table, Value, Width, Window, Write,
};

/// An NVM Express controller.
#[derive(Debug)]
pub enum Nvme {}

/// Properties (Base figure 33).
const CAP: At = at(0, 0x00, Width::W64);
const CC: At = at(0, 0x14, Width::W32);
const CSTS: At = at(0, 0x1C, Width::W32);
const AQA: At = at(0, 0x24, Width::W32);
const ASQ: At = at(0, 0x28, Width::W64);
const ACQ: At = at(0, 0x30, Width::W64);

/// CC.EN, and CC while the controller is enabled: CC.IOSQES and CC.IOCQES hold log2 of the entry sizes. CC.MPS,
/// CC.CSS and CC.AMS are 0: pages of 4 KiB, the NVM command set, round robin (Base §3.1.3.5). A start writes all of
/// CC but CC.SHN, which is 0 after a reset and belongs to the driver.
const ENABLE: u64 = 1;
const ENABLED: u64 = 6 << 16 | 4 << 20 | ENABLE;
const SHUT_DOWN: u64 = ENABLED | 1 << 14;
const SHUTS_DOWN: Write = Write::Exchange(&[(ENABLED, SHUT_DOWN), (SHUT_DOWN, SHUT_DOWN)]);
/// CSTS.RDY and CSTS.CFS (Base §3.1.3.6).
const READY: Check = Check::new(CSTS, 1, 1);
const NOT_READY: Check = Check::new(CSTS, 1, 0);
const FATAL: Check = Check::new(CSTS, 2, 2);
const DISABLED: Check = Check::new(CC, ENABLE, 0);
/// CAP.MPSMIN must be 0, for pages of 4 KiB; CAP.CSS must have bit 0, for the NVM command set (Base §3.1.3.1).
const SUPPORTED: Check = Check::new(CAP, 0xF << 48 | 1 << 37, 1 << 37);
/// The idle test excludes three things. While a boot partition is read (BPINFO.BRS), the controller accesses memory
/// outside of queues, whether or not it is enabled. With buffers of its own enabled (CMBMSC.CMSE, PMRMSC.CMSE), it
/// takes an address inside these buffers for its own and does not access host memory at that address. A controller
/// reset does not disable the buffers.
const NO_BOOT: Check = Check::new(at(0, 0x40, Width::W32), 3 << 24, 1 << 24).not();
const NO_CMB: Check = Check::new(at(0, 0x50, Width::W32), 1 << 1, 0);
const NO_PMR: Check = Check::new(at(0, 0xE14, Width::W32), 1 << 1, 0);
/// CAP.TO, in units of 500 ms (Base §3.1.3.1).
const TIMEOUT: Limit = Limit::Field(CAP, 24, 8, 500);
/// The doorbells are 4 << CAP.DSTRD bytes apart: tails at even numbers, heads at odd ones (PCIe §3.1.2).
const TAIL: Doorbell = Doorbell::position(0, 0x1000, Stride::Shifted(CAP, 32, 4)).index(2, 0);
const HEAD: Doorbell = TAIL.index(2, 1);

/// Submission queue entries (Base §3.3.3.1) have the operation code, CID, NSID, PRP1 and PRP2, and command dwords 10
/// to 15; for completions see Base §3.3.3.2. PRP lists (Base §4.1.1) have 64 entries, enough for at least 256 KiB at
/// any offset in the first page.
const FORMAT: PairFormat = PairFormat {
    opcode: Bits::new(0, 0, 8),
    tag: Bits::new(0, 16, 16),
    pointers: [6, 8],
    page: 4096,
    list: 64,
    words: [1, 10, 11, 12, 13, 14, 15],
    phase: Bits::new(3, 16, 1),
    done_tag: Bits::new(3, 0, 16),
    status: Bits::new(3, 17, 15),
    number: Bits::new(2, 16, 16),
    head: Bits::new(2, 0, 16),
    result: 0,
    head_doorbell: HEAD,
};

/// Identify Namespace (NVM §4.1.5.1): bits 3:0 and 6:5 of FLBAS, byte 26, select a format; NLBAF, byte 25, is the
/// number of the last format. The formats begin at byte 128. In each, bytes 0 and 1 are the metadata size, which must
/// be 0, and byte 2 is LBADS, which must be 9 to 16.
const BLOCKS: Learn = Learn {
    key: 0,
    selector: 26,
    index: [(0, 0xF, 0), (5, 0b11, 4)],
    last: 25,
    table: (128, 4),
    shift: 2,
    shifts: (9, 16),
    zero: (0, 2),
};

const WORD: Rule = Rule::new(0, 0, Width::W32).read();
const NO: Value = only(0);
const ALL: Value = chosen(0xFFFF_FFFF);
/// A queue's number, and its number of entries less one (Base §5.4, §5.5).
const QUEUE: Value = last_entry(1 << 16).number(1);
/// The queue is contiguous. For a completion queue the driver chooses whether it interrupts, and by which vector; a
/// submission queue names its completion queue, which has the same number.
const VECTOR: Value = chosen(0xFFFF_0002).plus(1);
const COMPLETIONS: Value = number(1 << 16).plus(1);

/// A command with NSID and dwords 10 to 12; the other dwords are 0.
const fn command(queue: usize, opcode: u8, words: [Value; 4], data: Data) -> Command {
    let [nsid, ten, eleven, twelve] = words;
    Command::new(queue, opcode, [nsid, ten, eleven, twelve, NO, NO, NO], data)
}

const fn admin(opcode: u8, words: [Value; 4], data: Data) -> Command {
    command(Nvme::ADMIN, opcode, words, data)
}

/// Dwords 10 and 11 hold the LBA; bits 15:0 of dword 12 hold the number of blocks less one. The driver chooses Force
/// Unit Access and Limited Retry (NVM §3.2.4, §3.2.6).
const fn blocks(opcode: u8, direction: Direction) -> Command {
    let data = Data::Units(direction, 0, Bits::new(3, 0, 16));
    command(Nvme::IO, opcode, [NO, ALL, ALL, chosen(0b11 << 30)], data)
}

const fn queue(numbers: (u16, u16), start: &'static [Step], ready: &'static [Step]) -> Queue {
    Queue {
        numbers,
        entries: (2, 4096),
        start,
        ready,
        stop: &[],
        doorbell: TAIL,
        format: Format::Pair(&FORMAT),
    }
}

impl Nvme {
    /// The value that drivers write to CC of an enabled controller to announce a normal shutdown (Base §3.6.1).
    pub const SHUT_DOWN: u32 = SHUT_DOWN as u32;
    /// The admin queues.
    pub const ADMIN: usize = 0;
    /// I/O queues.
    pub const IO: usize = 1;
    /// Create I/O Completion Queue (Base §5.4): if bit 1 of dword 11 is set, bits 31:16 hold the interrupt vector;
    /// otherwise the queue is polled.
    pub const CREATE_COMPLETION: usize = 0;
    /// Create I/O Submission Queue (Base §5.5).
    pub const CREATE_SUBMISSION: usize = 1;
    /// Delete I/O Submission Queue (Base §5.7): its number in dword 10.
    pub const DELETE_SUBMISSION: usize = 2;
    /// Delete I/O Completion Queue (Base §5.6): its number in dword 10.
    pub const DELETE_COMPLETION: usize = 3;
    /// Identify (Base §5.17): NSID; dword 10, CNS; dword 11, CSI.
    pub const IDENTIFY: usize = 4;
    /// Identify Namespace of the NVM command set (CNS 00h), from which the engine learns the block size: NSID.
    pub const IDENTIFY_NAMESPACE: usize = 5;
    /// Set Features, Number of Queues (Base §5.27.1.5): dword 11.
    pub const SET_QUEUES: usize = 6;
    /// Read (NVM §3.2.4).
    pub const READ: usize = 7;
    /// Write (NVM §3.2.6).
    pub const WRITE: usize = 8;
    /// Flush (Base §7.1): NSID.
    pub const FLUSH: usize = 9;
}

impl Table for Nvme {
    const NAME: &'static str = "NVMe controller";
    /// The NVM Express I/O controller (PCIe §3.1.1).
    const IDS: &'static [Id] = &[Id::Class([0x01, 0x08, 0x02])];
    const WINDOWS: &'static [Window] = &[Window::bar(0, 0x1000).up_to(0x2000)];
    /// CAP; VS, CSTS; INTMS, INTMC; CC.
    const REGISTERS: &'static [&'static [Rule]] = &[
        &[Rule::new(0, 0x00, Width::W64).read()],
        &WORD.each([0x08, 0x1C]),
        &WORD.write(Write::Any).each([0x0C, 0x10]),
        &WORD.write(SHUTS_DOWN).each([0x14]),
    ];

    /// A controller that is disabled has no queue and executes no command (Base §3.7.2).
    const IDLE: &'static [Check] = &[DISABLED, NOT_READY, NO_BOOT, NO_CMB, NO_PMR];
    /// Clears EN and SHN. EN may not be cleared before the controller has set RDY (Base §3.1.3.5); a controller that
    /// never sets RDY is reset regardless.
    const RESET: &'static [Step] = &[
        Step::Settle(&[READY, DISABLED, FATAL], TIMEOUT),
        Step::Update(CC, ENABLE | 0b11 << 14, 0),
        Step::Await(&[NOT_READY], TIMEOUT),
    ];
    const QUEUES: &'static [Queue] = &[
        queue(
            (0, 0),
            &[
                Step::Require(SUPPORTED),
                Step::Require(DISABLED),
                Step::Require(NOT_READY),
                Step::Write(AQA, last_entry(0x0001_0001)),
                Step::Write(ASQ, address(0)),
                Step::Write(ACQ, address(1)),
                Step::Update(CC, 0xFFFF_3FFF, ENABLED),
            ],
            &[
                Step::Await(&[READY, FATAL], TIMEOUT),
                Step::Require(Check::new(CSTS, 0b11, 0b01)),
            ],
        ),
        queue((1, 16), &[], &[]),
    ];
    const COMMANDS: &'static [Command] = &[
        admin(0x05, [NO, QUEUE, VECTOR, NO], Data::Queue(Self::IO, 1)),
        admin(0x01, [NO, QUEUE, COMPLETIONS, NO], Data::Queue(Self::IO, 0)),
        admin(0x00, [NO, chosen(0xFFFF), NO, NO], Data::None),
        admin(0x04, [NO, chosen(0xFFFF), NO, NO], Data::None),
        admin(
            0x06,
            [ALL, chosen(0xFF), chosen(0xFF << 24), NO],
            Data::Page(None),
        ),
        admin(0x06, [ALL, NO, NO, NO], Data::Page(Some(&BLOCKS))),
        admin(0x09, [NO, only(0x07), ALL, NO], Data::None),
        blocks(0x02, Direction::ToHost),
        blocks(0x01, Direction::ToDevice),
        command(Self::IO, 0x00, [ALL, NO, NO, NO], Data::None),
    ];
}
