//! Which memory each device may touch now, as the driver's own calls tell; and what each device touches.
//!
//! An object is written down before it is given to the engine, and struck off when it has come back: while a call lasts that
//! gives it or takes it, both its holders may have it here. The exchange heap says the rest, at the moment of the access: is
//! it live, and whose is it?

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

/// Devices that there are.
pub(crate) const DEVICES: usize = 8;

/// One claim of one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) device: usize,
    pub(crate) serial: u32,
}

/// As what a device has something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// A queue's memory, until the claim is over.
    Queue,
    /// An object that moved in.
    Owned,
    /// A buffer that is lent: for reading, to several perhaps.
    Lent,
}

#[derive(Debug)]
struct Entry {
    bytes: usize,
    /// The part of it that the device may touch: from, and to before.
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
    /// By where they begin.
    entries: BTreeMap<usize, Entry>,
    history: History,
    violations: Vec<String>,
    /// Tags of commands that were put lately.
    tags: [u16; TAGS],
    tag: usize,
    /// The number of the current claim of each device, and in whose name it is.
    serials: [u32; DEVICES],
    names: [u32; DEVICES],
    /// Something has reset the device in its claim, or has tried to.
    resets: [bool; DEVICES],
}

/// Tags that are remembered.
const TAGS: usize = 8;

/// In whose name no claim is.
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

/// Bytes that devices have touched outside of what they may.
static OUTSIDE: AtomicU64 = AtomicU64::new(0);
/// Accesses that devices have made.
static ACCESSES: AtomicU64 = AtomicU64::new(0);
/// Calls that hand something over, under way for each device.
static UNSETTLED: [AtomicU32; DEVICES] = [const { AtomicU32::new(0) }; DEVICES];

/// Violations that are told.
const TOLD: usize = 8;

thread_local! {
    /// Where the memory is that was translated last on this thread and was no object of the driver's: a queue's.
    static QUEUE: Cell<usize> = const { Cell::new(0) };
}

fn book() -> MutexGuard<'static, Book> {
    BOOK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `f` on the book, as the host: domains come by.
fn with<R>(f: impl FnOnce(&mut Book) -> R) -> R {
    as_host(|| f(&mut book()))
}

/// A rule is broken.
pub(crate) fn violate(what: impl FnOnce() -> String) {
    with(|book| book.violate(what()));
}

/// The rules that were broken since this was last asked.
pub(crate) fn violations() -> Vec<String> {
    with(|book| std::mem::take(&mut book.violations))
}

/// A device was claimed in a driver's name: the claim.
pub(crate) fn claimed(device: usize, name: u32) -> Holder {
    with(|book| {
        book.names[device] = name;
        book.serials[device] += 1;
        book.resets[device] = false;
        let serial = book.serials[device];
        let holder = Holder { device, serial };
        book.history.note("claimed", holder, 0, 0);
        // The claim before is over, whoever had it: a domain that is dead, say.
        book.drop_holders(|other| other.device == device);
        holder
    })
}

/// A claim is over: the device may touch nothing of it.
pub(crate) fn over(holder: Holder) {
    with(|book| {
        book.history.note("over", holder, 0, 0);
        if book.serials[holder.device] == holder.serial {
            book.names[holder.device] = NOBODY;
        }
        book.drop_holders(|other| *other == holder);
    });
}

/// The device is about to be reset, or may be: by what silences it.
pub(crate) fn resets(holder: Holder) {
    with(|book| book.resets[holder.device] = true);
}

/// Whether the device was reset in its claim, or may have been.
pub(crate) fn was_reset(holder: Holder) -> bool {
    with(|book| book.resets[holder.device])
}

/// Whether a driver has claimed the device.
pub(crate) fn is_claimed(device: usize) -> bool {
    with(|book| book.names[device] != NOBODY)
}

/// A claim goes on in another's name.
pub(crate) fn moved(device: usize, name: u32) {
    with(|book| {
        book.names[device] = name;
        let serial = book.serials[device];
        book.history
            .note("moved", Holder { device, serial }, 0, name as usize);
    });
}

/// Something was done with a device as a whole, which no entry tells: for those who look for the cause.
pub(crate) fn told(what: &'static str, holder: Holder) {
    with(|book| book.history.note(what, holder, 0, 0));
}

/// A driver has ended, and all its claims with it: the devices.
pub(crate) fn dead(name: u32) -> Vec<usize> {
    with(|book| {
        let of = |device: &usize| book.names[*device] == name;
        let devices: Vec<_> = (0..DEVICES).filter(of).collect();
        for &device in &devices {
            book.names[device] = NOBODY;
            let serial = book.serials[device];
            book.history.note("dead", Holder { device, serial }, 0, 0);
            book.drop_holders(|holder| holder.device == device);
            // It may have been in the middle of calls.
            UNSETTLED[device].store(0, Relaxed);
        }
        devices
    })
}

/// An object of the driver's has come out of the engine, which must have had it by this claim.
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
                    "{start:#x} came out of {holder:?}, which has not had it: {other}\n{history}"
                ));
            }
        }
    });
}

/// A queue is about to be made.
pub(crate) fn making() {
    QUEUE.set(0);
}

/// A queue could not be had: its memory, if there was any, is freed.
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

/// Bytes that devices have touched outside of what they may, and accesses in all.
pub(crate) fn touched() -> (u64, u64) {
    (OUTSIDE.load(Relaxed), ACCESSES.load(Relaxed))
}

/// Bytes that the claims in a driver's name have: queues, and objects that moved in.
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

/// Of an object that was given, the device may touch so many bytes only, from `offset` on.
pub(crate) fn chosen(start: usize, (offset, bytes): (usize, usize)) {
    with(|book| {
        if let Some(entry) = book.entries.get_mut(&start) {
            entry.part = (offset, offset + bytes);
        }
    });
}

/// An address that means something, to be written where none belongs.
pub(crate) fn some_address(number: usize) -> u64 {
    with(|book| {
        let count = book.entries.len().max(1);
        let start = book.entries.keys().nth(number % count);
        let start = start.copied().unwrap_or(0x1000);
        samara_testkit::device_memory::OFFSET + start as u64
    })
}

/// A command was put.
pub(crate) fn tagged(tag: u16) {
    with(|book| {
        book.tags[book.tag % TAGS] = tag;
        book.tag = book.tag.wrapping_add(1);
    });
}

/// The tag of a command that was put lately: what a device would be clever to guess.
pub(crate) fn some_tag(number: usize) -> u16 {
    with(|book| book.tags[number % TAGS])
}

/// All is forgotten: a case begins.
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

    /// The entry that has all of these bytes.
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
        // What is left of a queue that could not be had is nothing.
        if let Some(former) = former.filter(|former| former.mode != Mode::Queue) {
            let history = self.history.of(start, 1);
            self.violate(format!(
                "{start:#x} is given to {holder:?} and is there already: {former:?}\n{history}"
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
                "{start:#x} is lent and is there already\n{history}"
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

    /// Why a device may not touch these bytes.
    fn refusal(&self, device: usize, start: usize, bytes: usize, access: Access) -> Option<String> {
        let found = heap::find(start);
        let inside = found.filter(|found| {
            start
                .checked_add(bytes)
                .is_some_and(|end| end <= found.start + found.bytes)
        });
        let Some(found) = inside else {
            return Some(format!("what is no live object: {found:?}"));
        };
        let Some((first, entry)) = self.entry(start, bytes) else {
            return Some(format!("what is with no device: {found:?}"));
        };
        let (from, to) = entry.part;
        if start < first + from || start + bytes > first + to {
            return Some(format!("more than was chosen: {entry:?}"));
        }
        if !entry.is_of(device) {
            return Some(format!("what is with another device: {entry:?}"));
        }
        match entry.mode {
            Mode::Lent if access == Access::Write => Some("a lent buffer".into()),
            Mode::Owned | Mode::Queue if found.owner != Owner::HOST => {
                Some(format!("what has another owner by now: {found:?}"))
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

    /// The device is bus master: what it may touch is there.
    fn is_master(&mut self, device: usize) {
        let gone = self.entries.iter().find_map(|(&start, entry)| {
            let is_here = entry.is_of(device) && entry.mode == Mode::Owned;
            (is_here && heap::find(start).is_none()).then_some(start)
        });
        if let Some(start) = gone {
            let history = self.history.of(start, 1);
            self.violate(format!(
                "device {device} is bus master, and {start:#x}, which it may touch, is freed\n{history}"
            ));
        }
    }
}
