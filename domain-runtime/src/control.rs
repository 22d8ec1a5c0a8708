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

/// Calls into one domain through one shard. Both numbers only grow (and wrap). Their difference is the number of
/// calls in flight, and the entries serve as the domain's call statistics at no cost.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) entries: AtomicUsize,
    pub(crate) exits: AtomicUsize,
}

/// The counters of one shard for all domains. No cache line is shared with another shard.
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

/// The description of the domain in a slot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Label {
    pub(crate) name: Text<32>,
    pub(crate) restarts: u32,
    /// The generation that is described.
    generation: u32,
    /// When the slot was claimed, in the host's nanoseconds.
    pub(crate) since: u64,
    calls_before: usize,
    end: Option<End>,
    /// Whether the death of that generation has been reported.
    reported: bool,
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
        reported: false,
    };

    /// Whether the label describes `generation`.
    pub(crate) const fn is_of(&self, generation: u32) -> bool {
        self.generation == generation
    }
}

/// A domain's permanent slot: generation and state in one word, and the description of the domain.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct ControlBlock {
    // The fields that each call reads, on one cache line.
    word: AtomicU32,
    index: u8,
    /// Bytes of stack that an entry must find. Written before a generation's first entry.
    pub(crate) stack: Need,
    label: NoCutMutex<Label>,
    /// The recorded ends of the name's generations, to which the end of this generation will be added. A thread that
    /// takes both locks takes the label's first.
    exits: NoCutMutex<Option<Shared>>,
    /// The note that a trap handler leaves of a death.
    pub(crate) trap: TrapNote,
    /// Microseconds that a thread may stay inside; 0 for no limit.
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
            // SAFETY: the lock is held while the label is written or copied and the word takes a step: trusted code
            // in bounded time (ORDER-54).
            label: unsafe { NoCutMutex::new(Label::NEW) },
            // SAFETY: the lock is held while the reference is copied or replaced, and while an end is added (ORDER-54).
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

/// A counted entry by a thread that does not act for the domain. If a generation is seen alive after a hold on it was
/// made, it is not reclaimed for as long as the hold is kept.
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

    /// Generation and state now. The load is SeqCst, so that it is ordered after the addition to an entry's counter
    /// (see `call`).
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

    /// Whether each shard had no call in flight at some moment during this function; the moments may differ. Once the
    /// state refuses entries, a shard without calls in flight stays without. So `true` then means that no call is in
    /// flight on any shard.
    pub(crate) fn is_drained(&self) -> bool {
        ROWS.iter().all(|row| {
            let counter = &row.0[usize::from(self.index)];
            // Exits are read first. So if both numbers are equal, every entry up to the first read had exited.
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

    /// The name of the last generation; `None` while another thread holds the label's lock. Does not wait.
    #[cfg(all(feature = "contain", target_arch = "x86_64"))]
    pub(crate) fn name(&self) -> Option<Text<32>> {
        self.label.try_lock().map(|label| label.name)
    }

    /// Why `generation` ended; `None` while it runs, and after the slot has been used again.
    #[must_use]
    pub fn reason(&self, generation: u32) -> Option<ExitReason> {
        self.end(generation).map(|end| end.reason)
    }

    /// How `generation` ended, under the conditions of [`reason`](Self::reason). Waits for a thread that is reporting
    /// the end now.
    pub(crate) fn end(&self, generation: u32) -> Option<End> {
        let label = self.label();
        label.is_of(generation).then_some(label.end).flatten()
    }

    /// The recorded ends of the name for which the slot is claimed.
    #[cfg(feature = "alloc")]
    pub(crate) fn exits(&self) -> Option<Shared> {
        self.exits.lock().clone()
    }

    /// A number that all generations of its name share; 0 for a generation that was started alone, without a service.
    pub(crate) fn name_number(&self) -> usize {
        self.exits.lock().as_ref().map_or(0, name_of)
    }

    /// Claims a free slot for a new generation named `name`; the slot's word is then `Starting`. The generation is
    /// not reclaimed while the hold is kept.
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
                    reported: false,
                };
                block.trap.clear();
                block.budget.store(0, SeqCst);
                drop(label);
                (block, word, hold)
            })
        })
    }

    /// Takes the step to the state `to` if `from` is still the word.
    pub(crate) fn step(&self, from: Word, to: State) -> Option<Word> {
        let next = from.step(to)?;
        self.swap(from, next).then_some(next)
    }

    /// Ends a reclaim: the slot is free with its next generation, or retired.
    pub(crate) fn finish_reclaim(&self, from: Word) {
        {
            // The reference is dropped without a lock held.
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

    /// Notes why the generation ends; the first reason of a generation stays.
    pub(crate) fn note(&self, reason: &ExitReason) {
        let mut label = self.label.lock();
        label.end.get_or_insert_with(|| End::here(reason));
    }

    /// Marks `generation` dead without reporting the death: for trap handlers. The next thread that leaves the
    /// generation reports it. Returns false if the generation is not alive.
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

    /// Reports the death of `generation` if a trap handler has condemned it and its death has not been reported yet.
    #[cold]
    #[inline(never)]
    pub(crate) fn report_condemned(&self, generation: u32) {
        // Only `contain` condemns. A thread that condemns has left a trap note first, or has found one.
        if cfg!(all(feature = "contain", target_arch = "x86_64")) && self.trap.is_there() {
            const UNTOLD: ExitReason = ExitReason::bare(ExitKind::Killed);
            self.die(generation, &UNTOLD);
        }
    }

    /// Marks `generation` dead, unless a trap handler has [condemned](Self::condemn) it already, and reports the death.
    /// Returns false if the death was reported before: the first report counts. A reason noted before (a panic's
    /// message) stays. Else the reason is the trap handler's note if there is one, and `reason` if not.
    ///
    /// A reason has about half a kilobyte, so it is passed by reference and copied where it is kept.
    pub(crate) fn die(&self, generation: u32, reason: &ExitReason) -> bool {
        let (name, noted, at);
        {
            // Held over the step: once the generation is dead, the slot may be reclaimed and claimed again, and the
            // reason would be noted for the next generation.
            let mut label = self.label.lock();
            loop {
                let word = self.word();
                if word.generation() != generation {
                    return false;
                }
                if word.state() == State::Stopping && !label.reported {
                    // A trap handler has condemned it, and its death has not been reported.
                    break;
                }
                let Some(next) = word.step(State::Stopping) else {
                    return false;
                };
                if self.swap(word, next) {
                    break;
                }
            }
            label.reported = true;
            at = Duration::from_nanos(host::now_ns());
            name = label.name;
            let trapped = || self.trap.end(generation);
            let end = label
                .end
                .get_or_insert_with(|| trapped().unwrap_or_else(|| End::here(reason)));
            if let Some(exits) = &*self.exits.lock() {
                exits.push(self.index.into(), generation, at, end);
            }
            noted = end.reason;
        }
        host::event(&Event::Died {
            id: self.index.into(),
            generation,
            name: name.as_str(),
            reason: &noted,
            at,
        });
        // A parked thread of the domain wakes up and finds the domain dead.
        threads::wake_all(self.owner());
        host::wake_reaper();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{State, Word, blocks};
    use crate::runtime::info;

    /// Invariant: LIFE-11
    #[test]
    fn a_claimed_slot_has_no_former_name() {
        // The last slot: no other test uses so many.
        let block = blocks().last().expect("there are slots");
        let claimed = Word::FIRST.step(State::Starting).expect("a step");
        assert!(block.swap(Word::FIRST, claimed));
        assert!(info(block).is_none());
        assert!(block.swap(claimed, Word::FIRST));
    }
}
