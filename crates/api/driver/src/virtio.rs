//! The virtio transport over PCI (Virtio 1.2 §3.1, §4.1): the parts that are the same for all drivers of virtio
//! devices.
//!
//! To bring a device up, call [`reset`] and [`accept`], start its queues, and call [`go_live`].

use core::fmt;

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, ReadWrite, Register, WriteError, WriteOnly};
use samara_device_io::pci::{NotIdle, ResetError};
use samara_device_io::table::Table;
use samara_device_tables::virtio::{COMMON, ISR};

use crate::recovery::{self, Failure};

/// VIRTIO_F_VERSION_1 (§6): the device is not a legacy device.
pub const VERSION_1: u64 = 1 << 32;
/// No vector (§4.1.5.1.2).
pub const NO_VECTOR: u16 = 0xFFFF;

/// Bits of the device status (§2.1).
const ACKNOWLEDGE: u8 = 1;
const DRIVER: u8 = 2;
const DRIVER_OK: u8 = 4;
const FEATURES_OK: u8 = 8;
const LIVE: u8 = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
/// Bit 1 of the ISR status: the configuration has changed (§4.1.4.5).
const CONFIGURATION_CHANGED: u8 = 2;
/// The longest time in milliseconds for which the configuration may keep changing while it is read.
const STABLE_MILLIS: u64 = 10;

/// The registers of device `D` (§4.1.4.3).
struct Registers<D>(D);

impl<D: Table> Registers<D> {
    const DEVICE_FEATURE: Register<D, u32, ReadOnly> = Register::at(COMMON, 0x04);
    const DRIVER_FEATURE: Register<D, u32, WriteOnly> = Register::at(COMMON, 0x0C);
    const STATUS: Register<D, u8, ReadWrite> = Register::at(COMMON, 0x14);
    const GENERATION: Register<D, u8, ReadOnly> = Register::at(COMMON, 0x15);
    const QUEUE_SIZE: Register<D, u16, ReadOnly> = Register::at(COMMON, 0x18);
    const QUEUE_VECTOR: Register<D, u16, ReadOnly> = Register::at(COMMON, 0x1A);
    const ISR: Register<D, u8, ReadOnly> = Register::at(ISR, 0x00);
}

/// The reason why a device can't be brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransportError {
    /// A reset has found that the device was unplugged.
    Gone,
    /// Registers read as all ones after a reset: the device was unplugged, or does not answer for a moment.
    Absent,
    /// The device does not come out of a reset.
    Reset(ResetError),
    /// Bus mastering was refused.
    Enable(NotIdle),
    /// The driver's write to a register was refused.
    Register(WriteError),
    /// The device does not offer VIRTIO_F_VERSION_1: it is a legacy device.
    Legacy,
    /// The device does not accept the driver's choice among the features that it offers (`.0`).
    Features(u64),
    /// The device's configuration never stayed the same while it was read.
    Unstable,
    /// A queue has a size (`.0`) that no split virtqueue can have (§2.7), or that is below the smallest size that the
    /// driver uses (`.1`).
    QueueSize(u16, u16),
    /// The device did not go live.
    NotLive,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the device was unplugged"),
            Self::Absent => f.write_str("the device does not answer: reset it"),
            Self::Reset(error) => error.fmt(f),
            Self::Enable(error) => error.fmt(f),
            Self::Register(error) => error.fmt(f),
            Self::Legacy => f.write_str(
                "the device is a legacy one: have its hypervisor offer VIRTIO_F_VERSION_1 (QEMU: disable-legacy=on)",
            ),
            Self::Features(offered) => write!(
                f,
                "the device, which offers features {offered:#x}, insists on one that the driver does not support: turn it off in its hypervisor"
            ),
            Self::Unstable => f.write_str("the device's configuration never stays the same: replace the device"),
            Self::QueueSize(0, _) => f.write_str("the device lacks a queue that the driver needs"),
            Self::QueueSize(size, least) => write!(f, "the device has a queue of {size} entries: give it a power of two from {least} on"),
            Self::NotLive => f.write_str("the device did not go live when the driver set DRIVER_OK: reset it"),
        }
    }
}

impl core::error::Error for TransportError {}

crate::from_errors!(TransportError: Enable(NotIdle), Register(WriteError));

impl From<ResetError> for TransportError {
    fn from(error: ResetError) -> Self {
        match error {
            ResetError::Absent => Self::Gone,
            error => Self::Reset(error),
        }
    }
}

impl TransportError {
    /// Returns the meaning for the device of a bring-up that failed with this error.
    pub const fn says(&self) -> Failure {
        match self {
            Self::Gone => Failure::Gone,
            Self::QueueSize(0, _) => Failure::Blank,
            Self::Features(_) | Self::QueueSize(..) => Failure::Said,
            // `Legacy` counts as passing, because a device that offers no features may not have them ready yet.
            _ => Failure::Passing,
        }
    }
}

/// The state of a device that was brought up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Live,
    /// The device says that it needs a reset, or was reset by a cause that the driver does not know.
    NeedsReset,
    /// The status reads as all ones: the device was unplugged, or does not answer for a moment. A
    /// [reset](PciFunction::reset) finds out which is the case.
    Absent,
}

/// Resets the device, enables bus mastering, tells the device that there is a driver (§3.1.1), and returns the
/// features that the device offers. Nothing is in flight afterwards, even on an error. This takes as long as
/// [`recovery::reset`].
///
/// # Errors
///
/// [`TransportError`].
pub fn reset<D: Table>(function: &PciFunction<D>) -> Result<u64, TransportError> {
    recovery::reset(function, || state(function) != State::Absent)?;
    function.enable_bus_master()?;
    function.write(Registers::<D>::STATUS, ACKNOWLEDGE)?;
    function.write(Registers::<D>::STATUS, ACKNOWLEDGE | DRIVER)?;
    let half = |index| {
        let half = function.read_selected(Registers::<D>::DEVICE_FEATURE, index);
        // No device offers 32 features in a row, so all ones mean that the device does not answer.
        let half = Some(half).filter(|&half| half != u32::MAX);
        half.map(u64::from).ok_or(TransportError::Absent)
    };
    let offered = half(1)? << 32 | half(0)?;
    if offered & VERSION_1 == 0 {
        return Err(TransportError::Legacy);
    }
    Ok(offered)
}

/// Accepts VIRTIO_F_VERSION_1 and each of the `offered` features that is also `wanted`. Returns the accepted
/// features.
///
/// # Errors
///
/// [`TransportError`].
pub fn accept<D: Table>(
    function: &PciFunction<D>,
    offered: u64,
    wanted: u64,
) -> Result<u64, TransportError> {
    let accepted = offered & (wanted | VERSION_1);
    let feature = Registers::<D>::DRIVER_FEATURE;
    function.write_selected(feature, 0, accepted as u32)?;
    function.write_selected(feature, 1, (accepted >> 32) as u32)?;
    let status = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    function.write(Registers::<D>::STATUS, status)?;
    match function.read(Registers::<D>::STATUS) {
        u8::MAX => Err(TransportError::Absent),
        now if now & FEATURES_OK == 0 => Err(TransportError::Features(offered)),
        _ => Ok(accepted),
    }
}

/// Returns the values that `read` reads from the device's configuration. They all belong to one state of the
/// configuration (§4.1.4.3.1).
///
/// # Errors
///
/// [`TransportError::Unstable`] if the configuration keeps changing; [`TransportError::Absent`].
pub fn stable<D: Table, T>(
    function: &PciFunction<D>,
    mut read: impl FnMut() -> T,
) -> Result<T, TransportError> {
    let once = || {
        let before = function.read(Registers::<D>::GENERATION);
        let value = read();
        (function.read(Registers::<D>::GENERATION) == before).then_some(value)
    };
    let value = function.wait_for(STABLE_MILLIS, once);
    if state(function) == State::Absent {
        return Err(TransportError::Absent);
    }
    value.ok_or(TransportError::Unstable)
}

/// Returns the number of entries to use for queue `number`: as many as the device has, but at most `most`, which is a
/// power of two.
///
/// # Errors
///
/// [`TransportError::QueueSize`] if there's no such queue, or its size is below `least` or not a power of two;
/// [`TransportError::Absent`].
pub fn queue_entries<D: Table>(
    function: &PciFunction<D>,
    number: u16,
    (least, most): (u16, u32),
) -> Result<u32, TransportError> {
    match function.read_selected(Registers::<D>::QUEUE_SIZE, number.into()) {
        u16::MAX => Err(TransportError::Absent),
        size if size < least || !size.is_power_of_two() => {
            Err(TransportError::QueueSize(size, least))
        }
        size => Ok(most.min(size.into())),
    }
}

/// Returns the vector by which queue `number` interrupts. It is [`NO_VECTOR`] if the queue was started without a
/// vector, or if the device could not map the vector with which the queue was started.
pub fn queue_vector<D: Table>(function: &PciFunction<D>, number: u16) -> u16 {
    function.read_selected(Registers::<D>::QUEUE_VECTOR, number.into())
}

/// Lets the device work. Its queues must have been started before. The driver may put chains into the queues before
/// this call, but must notify the device only after it.
///
/// # Errors
///
/// [`TransportError`].
pub fn go_live<D: Table>(function: &PciFunction<D>) -> Result<(), TransportError> {
    function.write(Registers::<D>::STATUS, LIVE)?;
    match state(function) {
        State::Live => Ok(()),
        State::NeedsReset => Err(TransportError::NotLive),
        State::Absent => Err(TransportError::Absent),
    }
}

/// Returns the device's state. Costs one register read.
pub fn state<D: Table>(function: &PciFunction<D>) -> State {
    match function.read(Registers::<D>::STATUS) {
        LIVE => State::Live,
        u8::MAX => State::Absent,
        _ => State::NeedsReset,
    }
}

/// Whether the device says that its configuration has changed since the last call. Costs one register read.
pub fn configuration_has_changed<D: Table>(function: &PciFunction<D>) -> bool {
    let isr = function.read(Registers::<D>::ISR);
    isr != u8::MAX && isr & CONFIGURATION_CHANGED != 0
}
