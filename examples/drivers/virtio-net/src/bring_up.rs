//! Resets the device, negotiates features and reads its configuration (§3.1, §5.1.5).

use samara_device_io::PciFunction;
use samara_device_io::mmio::{ReadOnly, Register};
use samara_device_tables::VirtioNet;
use samara_device_tables::virtio::DEVICE;
use samara_driver::virtio;
use samara_interfaces::MacAddress;

use crate::args::{MAX_MTU, MIN_MTU};
use crate::error::InitError;
use crate::faults::fault_point;

/// A claimed device.
pub(crate) type Function = PciFunction<VirtioNet>;

/// Feature bits (§5.1.3).
const MTU: u64 = 1 << 3;
const MAC: u64 = 1 << 5;
const STATUS: u64 = 1 << 16;
/// The MTU of a device that does not report one.
const ETHERNET_MTU: u16 = 1500;

/// The fields of the configuration (§5.1.4): `mac`, with a register for each byte; `status`, whose bit 0 says that
/// the link is up; `mtu`.
const MAC_BYTES: Register<VirtioNet, u8, ReadOnly> = Register::at(DEVICE, 0x00);
const LINK: Register<VirtioNet, u16, ReadOnly> = Register::at(DEVICE, 0x06);
const MTU_BYTES: Register<VirtioNet, u16, ReadOnly> = Register::at(DEVICE, 0x0A);

/// The properties of a device, as negotiated at its last reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) mac: MacAddress,
    /// The most bytes of payload in a frame: the negotiated MTU, or Ethernet's.
    pub(crate) mtu: u16,
    /// The MTU that the device offers. It may be more than fits into a packet.
    takes: u16,
    /// Whether the device reports its link status. If the device does not report it, the link counts as up.
    pub(crate) tells_link: bool,
}

impl Facts {
    /// Whether the device, after a reset, still keeps what callers were told when it `was` first brought up. It must
    /// have the same address and accept frames of `mtu` bytes of payload, and it must have a link status if it had
    /// one before. It may have more.
    pub(crate) fn keep(&self, was: &Self, mtu: u16) -> bool {
        self.mac == was.mac && self.takes >= mtu && (self.tells_link || !was.tells_link)
    }
}

/// Whether the link is up, for a device that reports its link status; `None` if the device does not answer.
pub(crate) fn link_is_up(function: &Function) -> Option<bool> {
    match function.read(LINK) {
        u16::MAX => None,
        link => Some(link & 1 != 0),
    }
}

/// Resets the device, negotiates features and reads the facts. Afterwards no frame is in flight, even on an error.
pub(crate) fn negotiate(function: &Function) -> Result<Facts, InitError> {
    let offered = virtio::reset(function)?;
    fault_point!(Init);
    // The driver reads the MTU before it accepts the feature, as §3.1.1 allows. It does not accept the feature if a
    // frame of this MTU would not fit into a packet.
    let mtu = virtio::stable(function, || function.read(MTU_BYTES))?;
    let fits = if mtu <= MAX_MTU { MTU } else { 0 };
    let features = virtio::accept(function, offered, MAC | STATUS | fits)?;
    if features & MTU != 0 && mtu < MIN_MTU {
        return Err(InitError::Mtu(mtu));
    }
    if features & MAC == 0 {
        return Err(InitError::NoAddress);
    }
    let byte = |index| {
        let register = MAC_BYTES.nth(index);
        register.map_or(u8::MAX, |register| function.read(register))
    };
    let mac = virtio::stable(function, || MacAddress(core::array::from_fn(byte)))?;
    if mac.0[0] & 1 != 0 || mac.0 == [0; 6] {
        return Err(InitError::BadAddress(mac));
    }
    let or_ethernet = |is_told| if is_told { mtu } else { ETHERNET_MTU };
    Ok(Facts {
        mac,
        mtu: or_ethernet(features & MTU != 0),
        takes: or_ethernet(offered & MTU != 0),
        tells_link: features & STATUS != 0,
    })
}
