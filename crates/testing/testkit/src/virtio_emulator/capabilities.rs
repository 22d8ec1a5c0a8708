//! The capability list (§4.1.4), in which a driver finds the virtio structures. The model can also make the list
//! malformed.

use std::vec::Vec;

use super::config_space::{MSIX_BAR, PENDING, STRUCTURES_BAR, TABLE};
use super::shape::{Malformed, Shape, Structure};

/// Capability IDs (PCI Express Base 5.0 §7.5.3, §7.7.2, §7.9.4).
const EXPRESS: u8 = 0x10;
const MSI_X: u8 = 0x11;
const VENDOR: u8 = 0x09;

/// `cfg_type` (§4.1.4).
const COMMON: u8 = 1;
const NOTIFY: u8 = 2;
const ISR: u8 = 3;
const DEVICE: u8 = 4;
const WINDOW: u8 = 5;

/// Configuration space from `FIRST` to before `END` holds the capabilities. It follows the header.
const FIRST: usize = 0x40;
const END: usize = 0x100;

/// Offsets in configuration space: of the first capability in the list, and of the capabilities whose registers have
/// side effects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Places {
    pub(super) first: u8,
    pub(super) express: Option<usize>,
    pub(super) msix: Option<usize>,
    pub(super) window: usize,
}

/// Returns a virtio structure capability. `write` fills in its next pointer.
fn vendor(kind: u8, bar: u8, at: Structure, extra: Option<u32>) -> Vec<u8> {
    let length = if extra.is_some() { 20 } else { 16 };
    let mut bytes = std::vec![VENDOR, 0, length, kind, bar, 0, 0, 0];
    bytes.extend(at.offset.to_le_bytes());
    bytes.extend(at.length.to_le_bytes());
    bytes.extend(extra.map(u32::to_le_bytes).into_iter().flatten());
    bytes
}

/// Returns the capability of the common configuration, malformed if the shape says so.
fn common(shape: &Shape) -> Vec<u8> {
    let (mut bar, mut at) = (STRUCTURES_BAR, shape.layout.common);
    match shape.malformed {
        Some(Malformed::ReservedBar) => bar = 6,
        Some(Malformed::AbsentBar) => bar = 2,
        Some(Malformed::InMsixTable) => {
            bar = MSIX_BAR;
            at.offset = TABLE;
        }
        Some(Malformed::PastBar) => at.offset = shape.layout.bar - 8,
        Some(Malformed::Wraps) => at.offset = u32::MAX - 7,
        Some(Malformed::Misaligned) => at.offset += 1,
        Some(Malformed::Short) => at.length = 0x18,
        _ => {}
    }
    vendor(COMMON, bar, at, None)
}

fn notify(shape: &Shape) -> Vec<u8> {
    let multiplier = match shape.malformed {
        Some(Malformed::NotifyFar) => 1 << 30,
        _ => shape.notify_multiplier,
    };
    let mut bytes = vendor(
        NOTIFY,
        STRUCTURES_BAR,
        shape.layout.notify,
        Some(multiplier),
    );
    if shape.malformed == Some(Malformed::ShortCapability) {
        bytes[2] = 16;
    }
    bytes
}

/// Returns the PCI Express capability: version 1, of an endpoint.
fn express(shape: &Shape) -> Vec<u8> {
    let mut bytes = std::vec![0; 20];
    bytes[0] = EXPRESS;
    bytes[2] = 1;
    // Device Capabilities, bit 28: Function Level Reset.
    bytes[7] = u8::from(shape.flr) << 4;
    bytes
}

fn msix(shape: &Shape) -> Vec<u8> {
    let mut bytes = std::vec![MSI_X, 0];
    bytes.extend((shape.vectors() - 1).to_le_bytes());
    bytes.extend((TABLE | u32::from(MSIX_BAR)).to_le_bytes());
    bytes.extend((PENDING | u32::from(MSIX_BAR)).to_le_bytes());
    bytes
}

/// Returns all capabilities by ascending address. The linked list runs in the other order, from the last capability
/// to the first, as in QEMU.
fn list(shape: &Shape) -> Vec<Vec<u8>> {
    let layout = &shape.layout;
    let has_not = |malformed| shape.malformed == Some(malformed);
    let mut list = Vec::new();
    if shape.express {
        list.push(express(shape));
    }
    if !has_not(Malformed::NoCommon) && !has_not(Malformed::AtTheEnd) {
        list.push(common(shape));
    }
    if !has_not(Malformed::NoIsr) {
        list.push(vendor(ISR, STRUCTURES_BAR, layout.isr, None));
    }
    if !has_not(Malformed::NoDevice) {
        list.push(vendor(DEVICE, STRUCTURES_BAR, layout.device, None));
    }
    if !has_not(Malformed::NoNotify) {
        list.push(notify(shape));
    }
    let nowhere = Structure {
        offset: 0,
        length: 0,
    };
    list.push(vendor(WINDOW, 0, nowhere, Some(0)));
    if shape.vectors() > 0 {
        list.push(msix(shape));
    }
    if shape.decoys {
        // Later versions of the specification may define this type and this BAR. A driver must skip both capabilities.
        list.push(vendor(0x7F, STRUCTURES_BAR, layout.common, None));
        list.push(vendor(COMMON, 7, layout.common, None));
    }
    list
}

/// Writes the capability list into configuration space and returns its places.
pub(super) fn write(shape: &Shape, space: &mut [u8; END]) -> Places {
    let mut places = Places::default();
    let (mut at, mut next) = (FIRST, 0);
    if shape.malformed == Some(Malformed::AtTheEnd) {
        let last = END - 4;
        space[last..].copy_from_slice(&common(shape)[..4]);
        next = last as u8;
    }
    for mut bytes in list(shape) {
        bytes[1] = next;
        match (bytes[0], bytes[3]) {
            (EXPRESS, _) => places.express = Some(at),
            (MSI_X, _) => places.msix = Some(at),
            (VENDOR, WINDOW) => places.window = at,
            _ => {}
        }
        space[at..at + bytes.len()].copy_from_slice(&bytes);
        next = at as u8;
        at += bytes.len();
    }
    if shape.malformed == Some(Malformed::Loop) {
        space[FIRST + 1] = next;
    }
    places.first = next;
    places
}
