//! Devices described as data: everything that the trusted engine needs to know about a device, and no code.
//!
//! A [`Table`] is a type with constants. They list the functions that the table fits, the places of the registers and
//! the accesses that a driver may make, the steps of a reset, and the formats of queues and descriptors. The kernel's
//! owner reviews a table once. The host names the table when it gives a device away
//! ([`PciSlot::with_table`](crate::pci::PciSlot::with_table)). The engine is compiled for each table, so a table
//! costs nothing at run time, and the engine has no branch on a device.
//!
//! The compiler checks a table ([`lint`]) where the host first names it: a contradiction in a table is a compile
//! error.
//!
//! | module | concept |
//! |---|---|
//! | [`register`] | registers: width, what may be read, what may be written |
//! | [`step`] | steps that access registers in turn: reset, start, stop; and checks |
//! | [`queue`] | queues, and the formats of their descriptors and entries |
//! | [`command`] | entries of a submission queue: which there are, what they transfer |
//! | [`lint`] | the checks of a table |

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

/// The most windows that a table can have.
pub const MAX_WINDOWS: usize = 6;

/// A device's description. The engine relies on the constants of a table: see
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
    /// The name of the kind of device, for messages and for descriptors of interfaces.
    const NAME: &'static str;
    /// The table fits a function that matches any of these.
    const IDS: &'static [Id];
    /// Where registers are. Rules and steps name a window by its index in this list.
    const WINDOWS: &'static [Window];
    /// What drivers may do with registers. A register that is in no rule can be neither read nor written.
    ///
    /// The rules may be grouped in any way.
    const REGISTERS: &'static [&'static [Rule]];
    /// The idle test. If the device was reset and all these checks hold, the device accesses no memory until a queue
    /// is started, even as bus master.
    const IDLE: &'static [Check];
    /// Steps that make the device idle, or fail. After them, memory that the device could reach may be reused.
    const RESET: &'static [Step];
    /// Steps that make the device idle after [`RESET`](Self::RESET) failed and the device was silenced without a
    /// Function Level Reset. A silenced device issues no memory requests, so these steps need not wait for requests
    /// to end. But they must clear everything that the device holds back, because the device may become bus master
    /// after them.
    const SILENT_RESET: &'static [Step] = Self::RESET;
    /// The device's queues. A driver names a queue by its index in this list.
    const QUEUES: &'static [Queue];
    /// The commands that drivers may put into submission queues. A driver names a command by its index in this list.
    const COMMANDS: &'static [Command] = &[];
}

/// Identifies functions that a table fits.
#[derive(Clone, Copy, Debug)]
pub enum Id {
    /// A vendor, and any of these device IDs.
    Device(u16, &'static [u16]),
    /// A base class, sub-class and programming interface.
    Class([u8; 3]),
}

/// A range of registers.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub(crate) place: Place,
    /// The number of bytes that the device must have.
    pub(crate) length: usize,
    /// The number of bytes that are mapped if the device has them. It is for arrays of registers whose length is
    /// known only at run time.
    pub(crate) most: usize,
    /// Alignment of the window's start: at least the width of its widest register.
    pub(crate) align: usize,
}

/// The place of a window.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// The start of a base address register.
    Bar(u8),
    /// The place that a vendor-specific capability (ID 09h) states. The capability has this value in its byte 3, the
    /// BAR in byte 4, the offset in the dword at 8, and the length in the dword at 12 (Virtio 1.2 §4.1.4).
    Capability(u8),
}

impl Window {
    /// A window of the first `length` bytes of memory BAR `bar`.
    pub const fn bar(bar: u8, length: usize) -> Self {
        Self::new(Place::Bar(bar), length)
    }

    /// A window of `length` bytes, in the place that the vendor-specific capability of kind `kind` gives (Virtio 1.2
    /// §4.1.4).
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

    /// The same window, at a multiple of `align` bytes instead of 8.
    pub const fn aligned_to(self, align: usize) -> Self {
        Self { align, ..self }
    }

    /// The same window, mapped up to `most` bytes if the device has them.
    pub const fn up_to(self, most: usize) -> Self {
        Self { most, ..self }
    }
}
