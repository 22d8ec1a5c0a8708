//! Control blocks: the permanent slots of domains, and the counters of calls in flight.

use crate::event::Event;
use crate::exit_reason::{End, ExitKind, ExitReason};
use crate::exits::{Shared, name_of};
use crate::primitive::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use crate::stack::Need;
use crate::state::{State, Word};
use crate::text::Text;
use crate::trap_note::TrapNote;
use crate::{host, threads};
use core::time::Duration;
use samara_shared_heap::owner::MAX_OWNERS;
use samara_shared_heap::thread::{self, SHARDS};
use samara_shared_heap::{NoCutMutex, Owner};

/// Calls into one domain through one shard. Both only grow (and wrap): their difference is what is
/// in flight, and the entries are the domain's call statistics for free.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) entries: AtomicUsize,
    pub(crate) exits: AtomicUsize,
}

/// The counters of one shard for all domains: no line is shared with another shard.
#[repr(align(128))]
struct Row([Counter; MAX_OWNERS]);

static ROWS: [Row; SHARDS] = [const {
    Row([const {
        Counter {
            entries: AtomicUsize::new(0),
            exits: AtomicUsize::new(0),
        }
    }; MAX_OWNERS])
}; SHARDS];

/// What is told about the domain in a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) name: Text<32>,
    pub(crate) restarts: u32,
    /// The generation that all this is about.
    generation: u32,
    /// When it was claimed, in the host's nanoseconds.
    pub(crate) since: u64,
    calls_before: usize,
    end: Option<End>,
    /// Whether its death was told.
    told: bool,
}

impl Label {
    const NEW: Self = Self {
        name: Text::new(),
        restarts: 0,
        // No generation has this number.
        generation: u32::MAX,
        since: 0,
        calls_before: 0,
        end: None,
        told: false,
    };

    /// Whether it is about `generation`.
    pub(crate) const fn is_of(&self, generation: u32) -> bool {
        self.generation == generation
    }
}

/// A domain's permanent slot: generation and state in one word, and what is told about it.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct ControlBlock {
    // What each call reads, on one line.
    word: AtomicU32,
    index: u8,
    /// Bytes of stack that an entry must find. Written before a generation's first entry.
    pub(crate) stack: Need,
    label: NoCutMutex<Label>,
    /// Where the end of this generation is told; taken under the label's lock.
    exits: NoCutMutex<Option<Shared>>,
    /// What a trap handler found.
    pub(crate) trap: TrapNote,
    /// Microseconds that a thread may stay inside; 0 for as long as it likes.
    pub(crate) budget: AtomicU32,
    /// Whether a wait begins the budget anew.
    pub(crate) renews: AtomicBool,
}

const _: () = assert!(MAX_OWNERS <= 256, "a slot's index is a byte");

static BLOCKS: [ControlBlock; MAX_OWNERS] = {
    let mut blocks = [const {
        ControlBlock {
            word: AtomicU32::new(Word::FIRST.0),
            index: 0,
            stack: Need::NEW,
            // SAFETY: what is told is noted and copied; the word takes a step.
            label: unsafe { NoCutMutex::new(Label::NEW) },
            // SAFETY: an end is noted.
            exits: unsafe { NoCutMutex::new(None) },
            trap: TrapNote::NEW,
            budget: AtomicU32::new(0),
            renews: AtomicBool::new(false),
        }
    }; MAX_OWNERS];
    let mut at = 0;
    while at < MAX_OWNERS {
        blocks[at].index = at as u8;
        at += 1;
    }
    blocks
};

/// The slot of `owner`.
#[inline]
#[must_use]
pub fn block(owner: Owner) -> &'static ControlBlock {
    &BLOCKS[owner.index()]
}

/// The owner whose slot has `index`.
#[inline]
pub(crate) const fn owner(index: u8) -> Owner {
    match Owner::from_index(index as usize) {
        Some(owner) => owner,
        None => Owner::HOST,
    }
}

/// The counter of the slot with `index` in `shard`.
#[inline]
pub(crate) fn counter(index: u8, shard: usize) -> &'static Counter {
    &ROWS[shard].0[usize::from(index)]
}

/// All slots that domains may use: all but the host's.
pub(crate) fn blocks() -> &'static [ControlBlock] {
    &BLOCKS[1..]
}

/// Counts as an entry without acting for the domain: what was learned of a generation stays true.
#[derive(Debug)]
pub(crate) struct Hold {
    block: &'static ControlBlock,
    counter: &'static Counter,
}

impl Hold {
    pub(crate) fn new(block: &'static ControlBlock) -> Self {
        let counter = block.counter(thread::current().shard());
        counter.entries.fetch_add(1, SeqCst);
        Self { block, counter }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.counter.exits.fetch_add(1, SeqCst);
        if self.block.word().state() == State::Stopping {
            host::wake_reaper();
        }
    }
}

impl ControlBlock {
    /// The owner whose slot this is.
    #[inline]
    #[must_use]
    pub fn owner(&self) -> Owner {
        owner(self.index)
    }

    #[inline]
    pub(crate) const fn index(&self) -> u8 {
        self.index
    }

    /// Generation and state now. SeqCst: ordered after an entry's counter (see `call`).
    #[inline]
    #[must_use]
    pub fn word(&self) -> Word {
        Word(self.word.load(SeqCst))
    }

    /// The counter of this slot in `shard`.
    #[inline]
    pub(crate) fn counter(&self, shard: usize) -> &'static Counter {
        counter(self.index, shard)
    }

    /// Whether no call was in flight on any shard at some moment since this was called. Once the
    /// state refuses entries that stays so.
    pub(crate) fn is_drained(&self) -> bool {
        ROWS.iter().all(|row| {
            let counter = &row.0[usize::from(self.index)];
            // Exits first: equal then means that every entry up to that read had exited.
            let exits = counter.exits.load(SeqCst);
            let entries = counter.entries.load(SeqCst);
            entries == exits
        })
    }

    fn entries(&self) -> usize {
        ROWS.iter().fold(0, |sum, row| {
            sum.wrapping_add(row.0[usize::from(self.index)].entries.load(SeqCst))
        })
    }

    /// Calls into this generation so far, the runtime's own (init, stop) included.
    pub(crate) fn calls(&self) -> usize {
        self.entries().wrapping_sub(self.label().calls_before)
    }

    pub(crate) fn label(&self) -> Label {
        *self.label.lock()
    }

    /// The name of the last generation; `None` while the label is being changed. Does not wait.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn name(&self) -> Option<Text<32>> {
        self.label.try_lock().map(|label| label.name)
    }

    /// Why `generation` ended; `None` while it runs, and once the slot was used again.
    #[must_use]
    pub fn reason(&self, generation: u32) -> Option<ExitReason> {
        self.end(generation).map(|end| end.reason)
    }

    /// How `generation` ended, as [`exit_reason`](Self::reason). Waits for whoever is telling of it now.
    pub(crate) fn end(&self, generation: u32) -> Option<End> {
        let label = self.label();
        label.is_of(generation).then_some(label.end).flatten()
    }

    /// Where the ends of the name are kept that it is claimed for.
    #[cfg(feature = "alloc")]
    pub(crate) fn exits(&self) -> Option<Shared> {
        self.exits.lock().clone()
    }

    /// A number that all generations of its name have; 0 for one that is alone.
    pub(crate) fn name_number(&self) -> usize {
        self.exits.lock().as_ref().map_or(0, name_of)
    }

    /// Claims a free slot for a new generation named `name`; its word is then `Starting`. While the
    /// hold lasts it is not reclaimed.
    pub(crate) fn claim(
        name: Text<32>,
        restarts: u32,
        exits: Option<&Shared>,
    ) -> Option<(&'static Self, Word, Hold)> {
        blocks().iter().find_map(|block| {
            let word = block.word().step(State::Starting)?;
            let free = Word::new(word.generation(), State::Free);
            block.swap(free, word).then(|| {
                let hold = Hold::new(block);
                let mut label = block.label.lock();
                *block.exits.lock() = exits.cloned();
                *label = Label {
                    name,
                    restarts,
                    generation: word.generation(),
                    since: host::now_ns(),
                    calls_before: block.entries(),
                    end: None,
                    told: false,
                };
                block.trap.clear();
                block.budget.store(0, SeqCst);
                drop(label);
                (block, word, hold)
            })
        })
    }

    /// Takes the step from `from` if that is still the word.
    pub(crate) fn step(&self, from: Word, to: State) -> Option<Word> {
        let next = from.step(to)?;
        self.swap(from, next).then_some(next)
    }

    /// Ends a reclaim: the slot is free with its next generation, or retired.
    pub(crate) fn finish_reclaim(&self, from: Word) {
        {
            // Dropped with no lock held.
            let _told = { self.exits.lock().take() };
        }
        if let Some(next) = from.reclaimed() {
            self.swap(from, next);
        }
    }

    fn swap(&self, from: Word, to: Word) -> bool {
        self.word
            .compare_exchange(from.0, to.0, SeqCst, SeqCst)
            .is_ok()
    }

    /// Notes a reason; the first one of a generation stays.
    pub(crate) fn note(&self, reason: &ExitReason) {
        let mut label = self.label.lock();
        label.end.get_or_insert_with(|| End::here(reason));
    }

    /// Marks `generation` as dead without telling anybody: for trap handlers. Whoever leaves it next
    /// tells. Returns false if it is not alive.
    pub(crate) fn condemn(&self, generation: u32) -> bool {
        loop {
            let word = self.word();
            let next = match word.step(State::Stopping) {
                Some(next) if word.generation() == generation => next,
                _ => return false,
            };
            if self.swap(word, next) {
                return true;
            }
        }
    }

    /// Tells of the death of `generation` if a trap handler has condemned it and nobody has yet.
    #[cold]
    #[inline(never)]
    pub(crate) fn tell_condemned(&self, generation: u32) {
        // Without `contain` nobody condemns; who does has put a note there, or found one.
        if cfg!(all(feature = "contain", target_arch = "x86_64")) && self.trap.is_there() {
            const UNTOLD: ExitReason = ExitReason::bare(ExitKind::Killed);
            self.die(generation, &UNTOLD);
        }
    }

    /// Marks `generation` as dead; the first death counts. The reason noted before (a panic's
    /// message) stays; else it is `reason`.
    ///
    /// Half a kilobyte: handed on by reference, and copied where it stays.
    pub(crate) fn die(&self, generation: u32, reason: &ExitReason) -> bool {
        let (name, told, at);
        {
            // Held over the step: once it is dead the slot may be reclaimed and claimed again, and
            // the reason would be noted of the next generation.
            let mut label = self.label.lock();
            loop {
                let word = self.word();
                if word.generation() != generation {
                    return false;
                }
                if word.state() == State::Stopping && !label.told {
                    // Condemned.
                    break;
                }
                let Some(next) = word.step(State::Stopping) else {
                    return false;
                };
                if self.swap(word, next) {
                    break;
                }
            }
            label.told = true;
            at = Duration::from_nanos(host::now_ns());
            name = label.name;
            let struck = || self.trap.end(generation);
            let end = label
                .end
                .get_or_insert_with(|| struck().unwrap_or_else(|| End::here(reason)));
            if let Some(exits) = &*self.exits.lock() {
                exits.push(self.index.into(), generation, at, end);
            }
            told = end.reason;
        }
        host::event(&Event::Died {
            id: self.index.into(),
            generation,
            name: name.as_str(),
            reason: &told,
            at,
        });
        // A parked thread of the domain finds it dead.
        threads::wake_all(self.owner());
        host::wake_reaper();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{State, Word, blocks};
    use crate::runtime::info;

    #[test]
    fn a_slot_that_is_being_claimed_does_not_have_its_predecessors_name() {
        // The last one: no other test gets so far.
        let block = blocks().last().expect("there are slots");
        let claimed = Word::FIRST.step(State::Starting).expect("a step");
        assert!(block.swap(Word::FIRST, claimed));
        assert!(info(block).is_none());
        assert!(block.swap(claimed, Word::FIRST));
    }
}
