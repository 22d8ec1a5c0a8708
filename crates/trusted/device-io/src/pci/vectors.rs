//! A function's MSI-X table (PCI Express Base 5.0 §7.7.2, §6.1.4), which only this file writes: an entry is
//! an address that the device writes to.

use core::fmt;

use samara_shared_heap::AllocError;

use super::config::{Config, Msix};
use crate::host::{Backing, Host, MapBarError, Message, NoMessage, PciAddress, contained};
use crate::mmio::Cell;
use crate::table::Width;

/// Vectors that one claim uses at most, from 0 on.
pub const MAX_VECTORS: u16 = 16;

/// An entry: address, its high half, data, vector control; bit 0 of that masks it.
const ENTRY: usize = 16;
const CONTROL: usize = 12;
const MASKED: u32 = 1;
/// Message control: bit 15 enables MSI-X, bit 14 masks all of it.
const ENABLE: u32 = 1 << 31;
const MASK_ALL: u32 = 1 << 30;

/// Why an interrupt isn't to be had. A driver polls then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InterruptError {
    /// The function has no MSI-X.
    NoMsix,
    /// It has no such vector, or more than this crate uses.
    NoSuchVector,
    /// The vector is in use.
    Taken,
    /// The host gives none.
    Message(NoMessage),
    /// The table can't be mapped.
    Map(MapBarError),
    /// The table does not take what is written there.
    Absent,
    /// No room for the capability.
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

/// Behind the slot's lock: vectors of the claim that there is.
pub(crate) struct Vectors {
    /// Which claim's. One that begins has all of them off.
    pub(super) claim: Option<u64>,
    table: Option<Table>,
    /// All its entries were masked, and the function may send messages.
    is_open: bool,
    used: [Option<Message>; MAX_VECTORS as usize],
}

impl Table {
    /// Dword `at` of an entry, which callers name below `entries`.
    fn cell(&self, entry: u16, at: usize) -> Cell {
        let offset = self.start + usize::from(entry) * ENTRY + at;
        // SAFETY: `map` mapped all entries; callers name one below `entries` and a dword in it. It is used while it is mapped.
        unsafe { Cell::new(self.backing, offset, Width::W32) }
    }

    fn store(&self, entry: u16, at: usize, value: u32) {
        let cell = self.cell(entry, at);
        // SAFETY: the address written is a host's, for messages.
        unsafe { cell.store(value.into()) }
    }

    /// Has taken effect when it returns, since the read follows the write.
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
        // A message to an address that was there before is not sent.
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

    /// A claim ends: its vectors are masked. What the caller is to unmap: BAR, and mapping.
    pub(crate) fn end(&mut self, config: &Config) -> Option<(u8, Backing)> {
        self.claim = None;
        // First what is known of the device, then the device: its accesses are a host's, which may panic.
        (self.used, self.is_open) = ([None; MAX_VECTORS as usize], false);
        let table = self.table.take()?;
        for entry in 0..table.entries.min(MAX_VECTORS) {
            contained(|| table.mask(entry));
        }
        config.clear(table.capability, ENABLE);
        Some((table.bar, table.backing))
    }

    /// Maps the table of `claim`, all its entries masked, and enables MSI-X.
    fn map(
        &mut self,
        msix: Option<Msix>,
        (config, host, address): (&Config, &Host, PciAddress),
    ) -> Result<&Table, InterruptError> {
        if self.table.is_none() {
            let msix = msix.ok_or(InterruptError::NoMsix)?;
            let entries = msix.entries;
            let (bar, start, _) = msix.table;
            // Where addresses have 32 bits a device can say what no BAR is as long as.
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

    /// Programs `vector`, which is then unmasked, with the message that `allocate` makes.
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

    /// Masks `vector` of `claim`; nothing if that's over.
    pub(crate) fn mask(&mut self, claim: u64, vector: u16) {
        if let Some(table) = self.table.as_ref().filter(|_| self.claim == Some(claim)) {
            table.mask(vector);
        }
    }

    /// `vector` of `claim` is masked, and may be taken again; nothing if that claim is over.
    pub(crate) fn give_back(&mut self, claim: u64, vector: u16) {
        if self.claim != Some(claim) {
            return;
        }
        let used = self.used.get_mut(usize::from(vector));
        if let (Some(table), Some(_)) = (&self.table, used.and_then(Option::take)) {
            contained(|| table.mask(vector));
        }
    }

    /// After a Function Level Reset, which has cleared the table.
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

/// Masks all entries, of which a driver may have the device use any, then lets the function send messages (if it may be bus master):
/// if all are masked.
fn enable(table: &Table, config: &Config) -> bool {
    let at = table.capability;
    let control = config.read(at) & 0xFFFF_0000;
    config.write(at, control | ENABLE | MASK_ALL);
    for entry in 0..table.entries {
        table.store(entry, CONTROL, MASKED);
    }
    // The rest of the dword is reserved, or steering tags.
    let control_of = |entry| table.cell(entry, CONTROL).load() as u32;
    let is_masked = |entry| control_of(entry) & MASKED != 0 && control_of(entry) != u32::MAX;
    let are_masked = (0..table.entries).all(is_masked);
    if are_masked {
        config.write(at, (control | ENABLE) & !MASK_ALL);
    }
    are_masked
}
