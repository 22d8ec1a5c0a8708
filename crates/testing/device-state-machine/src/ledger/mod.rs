//! Records which memory each device may touch now, according to the driver's calls, and checks every access of a
//! device.
//!
//! An object is recorded before it is given to the engine, and removed after it has come back. So during a call that
//! gives or takes an object, the ledger may still allow, or already allow, the device an object that the driver owns.
//! At each access the shared heap tells whether the object is live and which domain owns it.

mod history;
mod offer;
mod watch;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use samara_shared_heap::Owner;
use samara_shared_heap::heap;
use samara_testkit::device_memory::Access;
use samara_testkit::hosted::as_host;

use history::History;
pub(crate) use offer::{Loan, Offer};
pub(crate) use watch::Watch;

/// The number of devices.
pub(crate) const DEVICES: usize = 8;

/// One claim of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) device: usize,
    pub(crate) serial: u32,
}

/// The way in which a device has an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A queue's memory, until the claim is over.
    Queue,
    /// An object that was moved into a queue or a transfer.
    Owned,
    /// A buffer that is lent for reading, possibly to several devices.
    Lent,
}

#[derive(Debug)]
struct Entry {
    bytes: usize,
    /// The part of the object that the device may touch, as start and end.
    part: (usize, usize),
    mode: Mode,
    holders: Vec<Holder>,
}

impl Entry {
    fn is_of(&self, device: usize) -> bool {
        self.holders.iter().any(|holder| holder.device == device)
    }
}

#[derive(Debug)]
struct Book {
    /// The objects by their addresses.
    entries: BTreeMap<usize, Entry>,
    history: History,
    violations: Vec<String>,
    /// Tags of commands that were put lately.
    tags: [u16; TAGS],
    tag: usize,
    /// The number of each device's latest claim; and, in `names`, the driver that has the claim.
    serials: [u32; DEVICES],
    names: [u32; DEVICES],
    /// For each device, whether a reset was at least tried since the device was claimed.
    resets: [bool; DEVICES],
}

/// The number of tags that are remembered.
const TAGS: usize = 8;

/// The name of a device without a claim.
const NOBODY: u32 = u32::MAX;

static BOOK: Mutex<Book> = Mutex::new(Book {
    entries: BTreeMap::new(),
    history: History::new(),
    violations: Vec::new(),
    tags: [0; TAGS],
    tag: 0,
    serials: [0; DEVICES],
    names: [NOBODY; DEVICES],
    resets: [false; DEVICES],
});

/// The number of bytes that devices have touched outside of the memory that they may touch.
static OUTSIDE: AtomicU64 = AtomicU64::new(0);
/// Accesses that devices have made.
static ACCESSES: AtomicU64 = AtomicU64::new(0);
/// For each device, the number of objects that are being handed over in calls that have not returned.
static UNSETTLED: [AtomicU32; DEVICES] = [const { AtomicU32::new(0) }; DEVICES];

/// The most violations that are reported.
const TOLD: usize = 8;

thread_local! {
    /// The address of the queue memory that was last translated on this thread. Memory belongs to a queue if it is
    /// not an object of the driver's.
    static QUEUE: Cell<usize> = const { Cell::new(0) };
}

fn book() -> MutexGuard<'static, Book> {
    BOOK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `f` on the book as the host. Domains call this too, and the book's memory must not belong to the calling
/// domain, which may die.
fn with<R>(f: impl FnOnce(&mut Book) -> R) -> R {
    as_host(|| f(&mut book()))
}

/// Records that a rule was broken.
pub(crate) fn violate(what: impl FnOnce() -> String) {
    with(|book| book.violate(what()));
}

/// Returns the rules that were broken since the last call.
pub(crate) fn violations() -> Vec<String> {
    with(|book| std::mem::take(&mut book.violations))
}

/// Records that a driver has claimed a device. Returns the claim.
pub(crate) fn claimed(device: usize, name: u32) -> Holder {
    with(|book| {
        book.names[device] = name;
        book.serials[device] += 1;
        book.resets[device] = false;
        let serial = book.serials[device];
        let holder = Holder { device, serial };
        book.history.note("claimed", holder, 0, 0);
        // A new claim means that the previous claim of the device is over, even if it was never reported as over.
        book.drop_holders(|other| other.device == device);
        holder
    })
}

/// Records that a claim is over. The device may touch no memory of the claim any more.
pub(crate) fn over(holder: Holder) {
    with(|book| {
        book.history.note("over", holder, 0, 0);
        if book.serials[holder.device] == holder.serial {
            book.names[holder.device] = NOBODY;
        }
        book.drop_holders(|other| *other == holder);
    });
}

/// Records that the device is about to be reset, or to be silenced, which may reset it.
pub(crate) fn resets(holder: Holder) {
    with(|book| book.resets[holder.device] = true);
}

/// Whether the device may have been reset since it was claimed.
pub(crate) fn was_reset(holder: Holder) -> bool {
    with(|book| book.resets[holder.device])
}

/// Whether a driver has claimed the device.
pub(crate) fn is_claimed(device: usize) -> bool {
    with(|book| book.names[device] != NOBODY)
}

/// Records that a claim now belongs to another driver.
pub(crate) fn moved(device: usize, name: u32) {
    with(|book| {
        book.names[device] = name;
        let serial = book.serials[device];
        book.history
            .note("moved", Holder { device, serial }, 0, name as usize);
    });
}

/// Records an operation on a whole device, for the history of a failure.
pub(crate) fn told(what: &'static str, holder: Holder) {
    with(|book| book.history.note(what, holder, 0, 0));
}

/// Records that a driver has ended, and all its claims with it. Returns the devices of those claims.
pub(crate) fn dead(name: u32) -> Vec<usize> {
    with(|book| {
        let of = |device: &usize| book.names[*device] == name;
        let devices: Vec<_> = (0..DEVICES).filter(of).collect();
        for &device in &devices {
            book.names[device] = NOBODY;
            let serial = book.serials[device];
            book.history.note("dead", Holder { device, serial }, 0, 0);
            book.drop_holders(|holder| holder.device == device);
            // The driver may have died in the middle of calls.
            UNSETTLED[device].store(0, Relaxed);
        }
        devices
    })
}

/// Records that an object of the driver's has come back from the engine. The engine must have had it under this
/// claim.
pub(crate) fn back(holder: Holder, start: usize) {
    with(|book| {
        book.history.note("back", holder, start, 0);
        match book.entries.get(&start) {
            Some(entry) if entry.mode == Mode::Owned && entry.holders == [holder] => {
                book.entries.remove(&start);
            }
            other => {
                let other = format!("{other:?}");
                let history = book.history.of(start, 1);
                book.violate(format!(
                    "{start:#x} came back from {holder:?}, which did not have it: {other}\n{history}"
                ));
            }
        }
    });
}

/// Records that a queue is about to be made.
pub(crate) fn making() {
    QUEUE.set(0);
}

/// Records that a queue could not be made: its memory, if there was any, is freed.
pub(crate) fn no_queue() {
    let start = QUEUE.replace(0);
    with(|book| {
        if book
            .entries
            .get(&start)
            .is_some_and(|entry| entry.mode == Mode::Queue)
        {
            book.entries.remove(&start);
        }
    });
}

/// Returns the number of bytes that devices have touched outside of the memory that they may touch, and the number of
/// all accesses.
pub(crate) fn touched() -> (u64, u64) {
    (OUTSIDE.load(Relaxed), ACCESSES.load(Relaxed))
}

/// Returns the number of bytes that a driver's claims hold: queues, and objects that were moved in.
pub(crate) fn bytes_of(name: u32) -> usize {
    with(|book| {
        let names = &book.names;
        let is_of = |entry: &&Entry| {
            let mut holders = entry.holders.iter();
            entry.mode != Mode::Lent && holders.all(|holder| names[holder.device] == name)
        };
        book.entries.values().filter(is_of).map(|it| it.bytes).sum()
    })
}

/// Records that the device may touch only these bytes of an object that was given.
pub(crate) fn chosen(start: usize, (offset, bytes): (usize, usize)) {
    with(|book| {
        if let Some(entry) = book.entries.get_mut(&start) {
            entry.part = (offset, offset + bytes);
        }
    });
}

/// Returns the address, as a device sees it, of some object in the ledger. A step writes the address to an arbitrary
/// register, to try whether the device can be led to use it.
pub(crate) fn some_address(number: usize) -> u64 {
    with(|book| {
        let count = book.entries.len().max(1);
        let start = book.entries.keys().nth(number % count);
        let start = start.copied().unwrap_or(0x1000);
        samara_testkit::device_memory::OFFSET + start as u64
    })
}

/// Records the tag of a command that was put.
pub(crate) fn tagged(tag: u16) {
    with(|book| {
        book.tags[book.tag % TAGS] = tag;
        book.tag = book.tag.wrapping_add(1);
    });
}

/// Returns the tag of a command that was put lately, which a malicious device might guess.
pub(crate) fn some_tag(number: usize) -> u16 {
    with(|book| book.tags[number % TAGS])
}

/// Forgets the records of the last case.
pub(crate) fn clear() {
    with(|book| {
        book.entries.clear();
        book.history.clear();
        book.violations.clear();
        book.names = [NOBODY; DEVICES];
    });
    for unsettled in &UNSETTLED {
        unsettled.store(0, Relaxed);
    }
    OUTSIDE.store(0, Relaxed);
}

impl Book {
    fn violate(&mut self, what: String) {
        if self.violations.len() < TOLD {
            self.violations.push(what);
        }
    }

    fn drop_holders(&mut self, is: impl Fn(&Holder) -> bool) {
        self.entries.retain(|_, entry| {
            entry.holders.retain(|holder| !is(holder));
            !entry.holders.is_empty()
        });
    }

    /// Returns the entry that contains all of these bytes.
    fn entry(&self, start: usize, bytes: usize) -> Option<(usize, &Entry)> {
        let (&first, entry) = self.entries.range(..=start).next_back()?;
        let end = start.checked_add(bytes)?;
        (end <= first + entry.bytes).then_some((first, entry))
    }

    fn give(&mut self, holder: Holder, start: usize, bytes: usize) {
        self.history.note("given", holder, start, bytes);
        let entry = Entry {
            bytes,
            part: (0, bytes),
            mode: Mode::Owned,
            holders: vec![holder],
        };
        let former = self.entries.insert(start, entry);
        // An entry of mode `Queue` may be left over from a queue that could not be made, so it is no violation.
        if let Some(former) = former.filter(|former| former.mode != Mode::Queue) {
            let history = self.history.of(start, 1);
            self.violate(format!(
                "{start:#x} is given to {holder:?}, but a device has it already: {former:?}\n{history}"
            ));
        }
    }

    fn lend(&mut self, holder: Holder, start: usize, bytes: usize) {
        self.history.note("lent", holder, start, bytes);
        let entry = self.entries.entry(start).or_insert(Entry {
            bytes,
            part: (0, bytes),
            mode: Mode::Lent,
            holders: Vec::new(),
        });
        if entry.mode == Mode::Queue {
            entry.mode = Mode::Lent;
            entry.bytes = bytes;
            entry.part = (0, bytes);
            entry.holders.clear();
        }
        entry.holders.push(holder);
        if entry.mode == Mode::Owned {
            let history = self.history.of(start, 1);
            self.violate(format!(
                "{start:#x} is lent, but a device owns it already\n{history}"
            ));
        }
    }

    fn unlend(&mut self, holder: Holder, start: usize) {
        self.history.note("no longer lent", holder, start, 0);
        if let Some(entry) = self.entries.get_mut(&start) {
            if let Some(at) = entry.holders.iter().position(|other| *other == holder) {
                entry.holders.remove(at);
            }
            if entry.holders.is_empty() {
                self.entries.remove(&start);
            }
        }
    }

    fn translated(&mut self, device: usize, start: usize, bytes: usize) -> bool {
        if self.entry(start, bytes).is_some_and(|(first, entry)| {
            entry.mode != Mode::Queue && first <= start && entry.is_of(device)
        }) {
            return false;
        }
        let holder = Holder {
            device,
            serial: self.serials[device],
        };
        self.history.note("queue", holder, start, bytes);
        let entry = Entry {
            bytes,
            part: (0, bytes),
            mode: Mode::Queue,
            holders: vec![holder],
        };
        self.entries.insert(start, entry);
        true
    }

    /// Returns the reason why a device may not touch these bytes, or `None` if it may.
    fn refusal(&self, device: usize, start: usize, bytes: usize, access: Access) -> Option<String> {
        let found = heap::find(start);
        let inside = found.filter(|found| {
            start
                .checked_add(bytes)
                .is_some_and(|end| end <= found.start + found.bytes)
        });
        let Some(found) = inside else {
            return Some(format!("which is not a live object: {found:?}"));
        };
        let Some((first, entry)) = self.entry(start, bytes) else {
            return Some(format!("which no device has: {found:?}"));
        };
        let (from, to) = entry.part;
        if start < first + from || start + bytes > first + to {
            return Some(format!("which is outside of the chosen part: {entry:?}"));
        }
        if !entry.is_of(device) {
            return Some(format!("which another device has: {entry:?}"));
        }
        match entry.mode {
            Mode::Lent if access == Access::Write => Some("which is a lent buffer".into()),
            Mode::Owned | Mode::Queue if found.owner != Owner::HOST => {
                Some(format!("which has another owner by now: {found:?}"))
            }
            _ => None,
        }
    }

    fn allows(&mut self, device: usize, start: usize, bytes: usize, access: Access) -> bool {
        if bytes == 0 {
            return true;
        }
        let Some(why) = self.refusal(device, start, bytes, access) else {
            return true;
        };
        OUTSIDE.fetch_add(bytes as u64, Relaxed);
        let history = self.history.of(start, bytes);
        self.violate(format!(
            "device {device}: {access:?} of {bytes} bytes at {start:#x}, {why}\n{history}"
        ));
        false
    }

    /// Checks that every object that was moved in to the device is live. The device is bus master, so it may still
    /// touch these objects.
    fn is_master(&mut self, device: usize) {
        let gone = self.entries.iter().find_map(|(&start, entry)| {
            let is_here = entry.is_of(device) && entry.mode == Mode::Owned;
            (is_here && heap::find(start).is_none()).then_some(start)
        });
        if let Some(start) = gone {
            let history = self.history.of(start, 1);
            self.violate(format!(
                "device {device} is bus master although {start:#x}, which it may touch, is freed\n{history}"
            ));
        }
    }
}
