//! A function's MSI-X table (PCI Express Base 5.0 §7.7.2, §6.1.4). Only this file writes it, because an entry holds
//! an address that the device writes to.

use core::fmt;

use samara_shared_heap::AllocError;

use super::config::{Config, Msix};
use crate::host::{Backing, Host, MapBarError, Message, NoMessage, PciAddress, contained};
use crate::mmio::Cell;
use crate::table::Width;

/// The most vectors that one claim uses: it uses those of the lowest numbers.
pub const MAX_VECTORS: u16 = 16;

/// An entry: address, its high half, data, vector control, whose bit 0 masks the entry.
const ENTRY: usize = 16;
const CONTROL: usize = 12;
const MASKED: u32 = 1;
/// Message control: bit 15 enables MSI-X, bit 14 masks all vectors.
const ENABLE: u32 = 1 << 31;
const MASK_ALL: u32 = 1 << 30;

/// Why a driver can't have an interrupt. It must poll then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InterruptError {
    /// The function has no MSI-X.
    NoMsix,
    /// The function has no vector of this number, or this crate does not use vectors of so high a number.
    NoSuchVector,
    /// The vector is in use.
    Taken,
    /// The host gives no message.
    Message(NoMessage),
    /// The table can't be mapped.
    Map(MapBarError),
    /// After all entries were masked, at least one of them did not read back as masked.
    Absent,
    /// No capability slot is free.
    Alloc(AllocError),
}

impl fmt::Display for InterruptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMsix => f.write_str("the function has no MSI-X: poll it"),
            Self::NoSuchVector => {
                f.write_str("the function has no such vector: use one from 0 to 15 that it has")
            }
            Self::Taken => f.write_str("the vector is in use: drop its interrupt first"),
            Self::Message(error) => error.fmt(f),
            Self::Map(error) => error.fmt(f),
            Self::Absent => {
                f.write_str("the function's vectors do not answer: poll it, and reset it")
            }
            Self::Alloc(error) => write!(f, "no room for the interrupt's capability: {error}"),
        }
    }
}

impl core::error::Error for InterruptError {}

/// The table as mapped for a claim.
struct Table {
    backing: Backing,
    bar: u8,
    start: usize,
    entries: u16,
    capability: u16,
}

/// The vectors of the claim that holds the slot, behind the slot's lock.
pub(crate) struct Vectors {
    /// The claim that has these vectors. All are off when a claim begins.
    pub(super) claim: Option<u64>,
    table: Option<Table>,
    /// Set once all entries were masked and the function was then allowed to send messages.
    is_open: bool,
    used: [Option<Message>; MAX_VECTORS as usize],
}

impl Table {
    /// Returns dword `at` of entry `entry`, which must be below `entries`.
    fn cell(&self, entry: u16, at: usize) -> Cell {
        let offset = self.start + usize::from(entry) * ENTRY + at;
        // SAFETY: `map` mapped all entries. Callers name an entry below `entries` and a dword in it. The cell is used
        // only while the table is mapped.
        unsafe { Cell::new(self.backing, offset, Width::W32) }
    }

    fn store(&self, entry: u16, at: usize, value: u32) {
        let cell = self.cell(entry, at);
        // SAFETY: any address that is written is one of the host's for messages (DEV-24).
        unsafe { cell.store(value.into()) }
    }

    /// Masks an entry. The read after the write ensures that the mask has taken effect when this function returns.
    fn mask(&self, entry: u16) {
        self.store(entry, CONTROL, MASKED);
        let _ = self.cell(entry, CONTROL).load();
    }

    fn fill(&self, entry: u16, used: Message) {
        self.store(entry, CONTROL, MASKED);
        let words = [used.address as u32, (used.address >> 32) as u32, used.data];
        for (at, word) in (0..).step_by(4).zip(words) {
            self.store(entry, at, word);
        }
        // The vector is unmasked only if the table took all words. Otherwise the vector could send its message to an
        // earlier address.
        let mut words = (0..).step_by(4).zip(words);
        let is_there = words.all(|(at, word)| self.cell(entry, at).load() as u32 == word);
        if is_there {
            self.store(entry, CONTROL, 0);
        }
    }
}

impl Vectors {
    pub(crate) const fn new() -> Self {
        Self {
            claim: None,
            table: None,
            is_open: false,
            used: [None; MAX_VECTORS as usize],
        }
    }

    /// Ends a claim: masks its vectors. Returns the BAR and the mapping that the caller must unmap.
    pub(crate) fn end(&mut self, config: &Config) -> Option<(u8, Backing)> {
        self.claim = None;
        // The record is cleared before the device is accessed, because host code makes these accesses and may panic.
        (self.used, self.is_open) = ([None; MAX_VECTORS as usize], false);
        let table = self.table.take()?;
        for entry in 0..table.entries.min(MAX_VECTORS) {
            contained(|| table.mask(entry));
        }
        config.clear(table.capability, ENABLE);
        Some((table.bar, table.backing))
    }

    /// Maps the table, masks all its entries, and enables MSI-X, unless that was done for this claim.
    fn map(
        &mut self,
        msix: Option<Msix>,
        (config, host, address): (&Config, &Host, PciAddress),
    ) -> Result<&Table, InterruptError> {
        if self.table.is_none() {
            let msix = msix.ok_or(InterruptError::NoMsix)?;
            let entries = msix.entries;
            let (bar, start, _) = msix.table;
            // On a 32-bit machine the end of the table overflows if the device states too large an offset.
            let length = start.checked_add(usize::from(entries) * ENTRY);
            let length = length.ok_or(InterruptError::Map(MapBarError::TooShort))?;
            let backing = host.bars.map(address, bar, length);
            let table = Table {
                backing: backing.map_err(InterruptError::Map)?,
                bar,
                start,
                entries,
                capability: msix.capability,
            };
            self.table = Some(table);
        }
        let table = self.table.as_ref().ok_or(InterruptError::NoMsix)?;
        self.is_open = self.is_open || enable(table, config);
        self.is_open.then_some(table).ok_or(InterruptError::Absent)
    }

    /// Programs `vector` with a message of the host's and unmasks it; returns the message.
    pub(crate) fn take(
        &mut self,
        vector: u16,
        msix: Option<Msix>,
        place: (&Config, &Host, PciAddress),
    ) -> Result<Message, InterruptError> {
        let entries = self.map(msix, place)?.entries;
        let used = self.used.get_mut(usize::from(vector));
        let used = used.filter(|_| vector < entries);
        let used = used.ok_or(InterruptError::NoSuchVector)?;
        if used.is_some() {
            return Err(InterruptError::Taken);
        }
        let (_, host, address) = place;
        let message = host.messages.allocate(address);
        let message = message.map_err(InterruptError::Message)?;
        *used = Some(message);
        if let Some(table) = &self.table {
            table.fill(vector, message);
        }
        Ok(message)
    }

    /// Masks `vector` of `claim`; does nothing if that claim is over.
    pub(crate) fn mask(&mut self, claim: u64, vector: u16) {
        if let Some(table) = self.table.as_ref().filter(|_| self.claim == Some(claim)) {
            table.mask(vector);
        }
    }

    /// Masks `vector` of `claim`, so that it may be taken again; does nothing if that claim is over.
    pub(crate) fn give_back(&mut self, claim: u64, vector: u16) {
        if self.claim != Some(claim) {
            return;
        }
        let used = self.used.get_mut(usize::from(vector));
        if let (Some(table), Some(_)) = (&self.table, used.and_then(Option::take)) {
            contained(|| table.mask(vector));
        }
    }

    /// Programs the vectors again after a Function Level Reset, which has cleared the table.
    pub(crate) fn restore(&mut self, config: &Config) {
        let Some(table) = &self.table else {
            return;
        };
        self.is_open = enable(table, config);
        for (entry, used) in (0..table.entries).zip(&self.used) {
            if let &Some(used) = used {
                table.fill(entry, used);
            }
        }
    }
}

/// Masks all entries, because a driver may configure the device to use any of them. If all entries then read as
/// masked, allows the function to send messages (while it is bus master). Returns whether all are masked.
fn enable(table: &Table, config: &Config) -> bool {
    let at = table.capability;
    let control = config.read(at) & 0xFFFF_0000;
    config.write(at, control | ENABLE | MASK_ALL);
    for entry in 0..table.entries {
        table.store(entry, CONTROL, MASKED);
    }
    // Other bits of the dword are reserved, or steering tags.
    let control_of = |entry| table.cell(entry, CONTROL).load() as u32;
    let is_masked = |entry| control_of(entry) & MASKED != 0 && control_of(entry) != u32::MAX;
    let are_masked = (0..table.entries).all(is_masked);
    if are_masked {
        config.write(at, (control | ENABLE) & !MASK_ALL);
    }
    are_masked
}
