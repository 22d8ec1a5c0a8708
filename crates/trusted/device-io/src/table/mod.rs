//! A device described as data: what the trusted engine needs to know of it, and nothing that runs.
//!
//! A [`Table`] is a type whose constants say which functions it fits, where the registers are and what a driver may do
//! with them, how the device is reset, and how its queues and descriptors look. The kernel's owner reviews a table once;
//! the host names it when it gives a device away ([`PciSlot::with_table`](crate::pci::PciSlot::with_table)). The engine is
//! compiled for each table, so a table costs nothing at run time, and the engine has no branch on a device.
//!
//! A table is checked when a claim or a register constant first names it, in the compiler ([`lint`]): an error there is
//! an error of compilation.
//!
//! | module | concept |
//! |---|---|
//! | [`register`] | registers: width, what may be read, what may be written |
//! | [`step`] | what is done to registers in turn: reset, start, stop; what is to be seen there |
//! | [`queue`] | queues, and the formats of their descriptors and entries |
//! | [`command`] | entries of a submission queue: which there are, what they transfer |
//! | [`lint`] | what a table is checked for |

pub mod command;
pub mod lint;
pub mod queue;
pub mod register;
pub mod step;

pub use self::command::{Command, Data, Learn};
pub use self::queue::{
    Bits, Direction, Doorbell, Format, PairFormat, Piece, Queue, RingFormat, Rung, SplitFormat,
    Stride,
};
pub use self::register::{Rule, Width, Write};
pub use self::step::{At, Check, Limit, Step, Value};

/// Windows that a table can have.
pub const MAX_WINDOWS: usize = 6;

/// A device's description. What its constants say is believed: see
/// [`PciSlot::with_table`](crate::pci::PciSlot::with_table).
///
/// ```
/// use samara_device_io::table::step::{at, only};
/// use samara_device_io::table::*;
///
/// /// A timer without DMA: a command register, and a count that drivers read.
/// enum Timer {}
///
/// impl Table for Timer {
///     const NAME: &'static str = "timer";
///     const IDS: &'static [Id] = &[Id::Device(0x1234, &[0x11E9])];
///     const WINDOWS: &'static [Window] = &[Window::bar(0, 0x10)];
///     const REGISTERS: &'static [&'static [Rule]] = &[&[
///         Rule::new(0, 0x0, Width::W32).read().write(Write::Bits(0b11)),
///         Rule::new(0, 0x4, Width::W32).read(),
///     ]];
///     const IDLE: &'static [Check] = &[Check::new(at(0, 0x0, Width::W32), 1, 0)];
///     const RESET: &'static [Step] = &[Step::Write(at(0, 0x0, Width::W32), only(0))];
///     const QUEUES: &'static [Queue] = &[];
/// }
/// const _: () = lint::lint::<Timer>();
/// ```
pub trait Table: Sized + 'static {
    /// The kind of device, for messages and descriptors of interfaces.
    const NAME: &'static str;
    /// Functions that it fits: any of these.
    const IDS: &'static [Id];
    /// Where registers are. Rules and steps name a window by its index here.
    const WINDOWS: &'static [Window];
    /// What drivers may do with registers. A register that is in no rule can be neither read nor written.
    ///
    /// In groups, as it is best read.
    const REGISTERS: &'static [&'static [Rule]];
    /// While all of this holds, and the device was reset, it accesses no memory, though it may be bus master, until a queue is
    /// started.
    const IDLE: &'static [Check];
    /// What makes it idle, or fails. Memory that it could reach may be reused after it.
    const RESET: &'static [Step];
    /// What makes it idle after [`RESET`](Self::RESET) failed and it was silenced, but not reset as a function. It issues no request
    /// then, so these steps need not wait for one to end; but they must clear what it holds back, as it may be bus master after
    /// them.
    const SILENT_RESET: &'static [Step] = Self::RESET;
    /// Its queues. A driver names a queue by its index here.
    const QUEUES: &'static [Queue];
    /// The entries that drivers may put into submission queues. A driver names a command by its index here.
    const COMMANDS: &'static [Command] = &[];
}

/// Functions that a table fits.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// By vendor, and any of these device IDs.
    Device(u16, &'static [u16]),
    /// By base class, sub-class and programming interface.
    Class([u8; 3]),
}

/// A range of registers.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub(crate) place: Place,
    /// Bytes that the device must have.
    pub(crate) length: usize,
    /// Bytes that are mapped if the device has them: registers whose number is known at run time only.
    pub(crate) most: usize,
    /// What its place is a multiple of: the width of its widest register at least.
    pub(crate) align: usize,
}

/// Where a window is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The start of a base address register.
    Bar(u8),
    /// Where the vendor-specific capability (ID 09h) says that has this in its byte 3: BAR in byte 4, offset in the dword at
    /// 8, length in the dword at 12 (Virtio 1.2 §4.1.4).
    Capability(u8),
}

impl Window {
    /// The first `length` bytes of memory BAR `bar`.
    pub const fn bar(bar: u8, length: usize) -> Self {
        Self::new(Place::Bar(bar), length)
    }

    /// `length` bytes where the vendor-specific capability of kind `kind` says (Virtio 1.2 §4.1.4).
    pub const fn capability(kind: u8, length: usize) -> Self {
        Self::new(Place::Capability(kind), length)
    }

    const fn new(place: Place, length: usize) -> Self {
        Self {
            place,
            length,
            most: length,
            align: 8,
        }
    }

    /// The same, at a multiple of `align` bytes instead of one of 8.
    pub const fn aligned_to(self, align: usize) -> Self {
        Self { align, ..self }
    }

    /// The same, and up to `most` bytes if the device has them.
    pub const fn up_to(self, most: usize) -> Self {
        Self { most, ..self }
    }
}
