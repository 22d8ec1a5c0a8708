//! The zones of a zoned namespace (Zoned Namespace Command Set 1.1 §2.3). Each zone has a write pointer. A write that
//! begins elsewhere in the zone fails.

use std::vec::Vec;

/// The blocks of a zone. All blocks of a zone can be written.
pub(super) const ZONE_BLOCKS: u64 = 64;

const BOUNDARY_ERROR: u16 = 0x01B8;
const FULL: u16 = 0x01B9;
const INVALID_WRITE: u16 = 0x01BC;

/// The write pointers of all zones.
pub(super) struct Zones {
    pointers: Vec<u64>,
}

impl Zones {
    /// Makes empty zones over `blocks` blocks. Blocks at the end that do not fill a zone belong to no zone.
    pub(super) fn new(blocks: u64) -> Self {
        let starts = (0..blocks / ZONE_BLOCKS).map(|zone| zone * ZONE_BLOCKS);
        Self {
            pointers: starts.collect(),
        }
    }

    /// Moves a write pointer over `blocks` blocks from `lba` on. If these blocks can't be written, returns the status
    /// for the reason.
    pub(super) fn write(&mut self, lba: u64, blocks: u64) -> Result<(), u16> {
        let zone = lba / ZONE_BLOCKS;
        let end = (zone + 1) * ZONE_BLOCKS;
        let pointer = usize::try_from(zone)
            .ok()
            .and_then(|zone| self.pointers.get_mut(zone))
            .ok_or(BOUNDARY_ERROR)?;
        match lba.checked_add(blocks) {
            _ if *pointer == end => Err(FULL),
            Some(next) if next <= end && lba == *pointer => {
                *pointer = next;
                Ok(())
            }
            Some(next) if next <= end => Err(INVALID_WRITE),
            _ => Err(BOUNDARY_ERROR),
        }
    }
}
