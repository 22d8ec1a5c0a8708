//! Finds windows of registers, and maps them for a claim.

use core::fmt;

use super::access::Cell;
use crate::host::{Backing, Host, MapBarError, PciAddress};
use crate::pci::{Config, MsixRange};
use crate::table::{Place, Width, Window};

/// The ID of vendor-specific capabilities.
const CAPABILITY_VENDOR: u8 = 0x09;

/// A window as mapped for a claim.
pub(crate) struct Mapped {
    pub(crate) backing: Backing,
    pub(crate) bar: u8,
    start: usize,
    length: usize,
    /// The dword that follows the window's capability, if there is one.
    pub(crate) multiplier: Option<u32>,
}

/// Why a window can't be mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WindowError {
    /// The function has no valid capability that says where the window is.
    NoCapability,
    /// The window shares bytes with the MSI-X table, which holds bus addresses, or with the MSI-X pending bits.
    OverlapsMsix,
    /// The window shares bytes with another window.
    Overlaps,
    /// The host can't map the BAR.
    Map(MapBarError),
}

impl fmt::Display for WindowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapability => f.write_str(
                "the function has no valid capability for a window of its table: it is another device, or broken",
            ),
            Self::OverlapsMsix => f.write_str(
                "the MSI-X table lies among the window's registers: the device does not fit its table",
            ),
            Self::Overlaps => f.write_str(
                "two windows of the device's table overlap: the device does not fit its table",
            ),
            Self::Map(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for WindowError {}

/// Returns the place of a window: its BAR, its start, the most bytes of it to map, and the dword that follows its
/// capability.
fn find(window: &Window, config: &Config) -> Result<(u8, usize, usize, Option<u32>), WindowError> {
    let kind = match window.place {
        Place::Bar(bar) => return Ok((bar, 0, window.most, None)),
        Place::Capability(kind) => kind,
    };
    for (id, at) in config.list() {
        let [_, _, bytes, of] = config.read(at).to_le_bytes();
        if id != CAPABILITY_VENDOR || of != kind || bytes < 16 || at > 0xF0 {
            continue;
        }
        let bar = config.read(at + 4) as u8;
        let (start, length) = (config.read(at + 8), config.read(at + 12));
        let multiplier = (bytes >= 20 && at <= 0xEC).then(|| config.read(at + 16));
        // Capabilities are skipped if their BAR number is reserved or their BAR consists of I/O ports.
        let start = start as usize;
        if config.has_memory_bar(bar)
            && start.is_multiple_of(window.align)
            && length as usize >= window.length
        {
            let length = (length as usize).min(window.most);
            return Ok((bar, start, length, multiplier));
        }
    }
    Err(WindowError::NoCapability)
}

/// Finds and maps windows. No two windows may overlap, because a value that is harmless in one window could have
/// another meaning in the other. If mapping fails, `mapped` still holds the windows that were mapped before.
pub(crate) fn locate(
    windows: &[Window],
    mapped: &mut [Option<Mapped>],
    msix: &[MsixRange],
    place: (&Config, &Host, PciAddress),
) -> Result<(), WindowError> {
    for (index, window) in windows.iter().enumerate() {
        let located = locate_one(window, msix, place)?;
        let overlaps = mapped.iter().flatten().any(|it| it.overlaps(&located));
        if let Some(mapped) = mapped.get_mut(index) {
            *mapped = Some(located);
        }
        if overlaps {
            return Err(WindowError::Overlaps);
        }
    }
    Ok(())
}

/// Finds a window and maps it. The mapping ends before the MSI-X table and pending bits. It includes the window's
/// optional bytes only if the BAR has them all.
fn locate_one(
    window: &Window,
    msix: &[MsixRange],
    (config, host, address): (&Config, &Host, PciAddress),
) -> Result<Mapped, WindowError> {
    let (bar, start, mut length, multiplier) = find(window, config)?;
    for &(of, from, bytes) in msix {
        if of != bar {
            continue;
        }
        if from >= start {
            length = length.min(from - start);
        } else if bytes > start - from {
            return Err(WindowError::OverlapsMsix);
        }
    }
    if length < window.length {
        return Err(WindowError::OverlapsMsix);
    }
    let too_short = WindowError::Map(MapBarError::TooShort);
    start.checked_add(length).ok_or(too_short)?;
    let map = |length: usize| {
        let mapped = host.bars.map(address, bar, start + length);
        mapped.map(|backing| Mapped {
            backing,
            bar,
            start,
            length,
            multiplier,
        })
    };
    match map(length) {
        Err(MapBarError::TooShort) if length > window.length => map(window.length),
        mapped => mapped,
    }
    .map_err(WindowError::Map)
}

impl Mapped {
    /// Whether the two windows share a byte.
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        // The sums do not overflow: windows end inside their BARs.
        let is_before = |one: &Self, other: &Self| one.start + one.length <= other.start;
        self.bar == other.bar && !is_before(self, other) && !is_before(other, self)
    }

    /// Returns the register `offset` bytes from the window's start; `None` if it is not inside the window or not
    /// aligned.
    pub(crate) fn cell(&self, offset: usize, width: Width) -> Option<Cell> {
        let inside = width.bytes() <= self.length && offset <= self.length - width.bytes();
        let offset = inside.then(|| self.start + offset)?;
        if !offset.is_multiple_of(width.bytes()) {
            return None;
        }
        // SAFETY: the register is inside the window, and the mapping reaches from the BAR's start to the window's
        // end. It is aligned in the BAR. Only holders of the claim use cells, and the claim keeps the mapping (AUTH-7).
        Some(unsafe { Cell::new(self.backing, offset, width) })
    }
}
