//! A submission queue and its completion queue: commands with tags, completed in any order.

use core::fmt;
use core::marker::PhantomData;
use core::sync::atomic::{Ordering, fence};

use super::core::Core;
use super::entry::{Entry, Unit};
use super::tags::{SLOTS, Tag, Tags};
use crate::dma::{DmaTransfer, Held};
use crate::error::{QueueError, QueueFault, SubmitError};
use crate::pci::PciFunction;
use crate::table::command::WORDS;
use crate::table::step::Known;
use crate::table::{Command, Data, Direction, Learn, PairFormat, Queue, Table};

/// Both queues and the engine's page start at a multiple of this.
const PAGE: usize = 4096;
/// Bytes of an entry, and of a completion.
const ENTRY: usize = 64;
const COMPLETION: usize = 16;
/// Marks a slot whose command transfers no buffer.
const NONE: u8 = u8::MAX;

/// Queue `Q` of device `D`'s table: a pair of queues. Its memory belongs to the claim: dropping the pair releases
/// nothing.
///
/// A command fits only its own kind of queue. An admin queue would take the operation code of `Read` (02h) as `Get
/// Log Page`, whose length the driver could choose.
///
/// ```compile_fail,E0080
/// # use samara_device_io::PciFunction;
/// # use samara_device_io::queue::{Pair, SubmitError, Tag, Unit};
/// # use samara_device_io::dma::DmaTransfer;
/// # use samara_device_tables::Nvme;
/// type Put = fn(
///     &mut Pair<Nvme, { Nvme::ADMIN }>,
///     &PciFunction<Nvme>,
///     &Unit,
///     &DmaTransfer,
/// ) -> Result<Tag, SubmitError>;
/// let put: Put = |admin, function, unit, transfer| {
///     admin.transfer::<{ Nvme::READ }>(function, [0; 7], unit, (transfer, 0, 512))
/// };
/// ```
///
/// ```compile_fail,E0080
/// # use samara_device_io::PciFunction;
/// # use samara_device_io::queue::{Pair, SubmitError, Tag};
/// # use samara_device_tables::Nvme;
/// type Put = fn(&mut Pair<Nvme, { Nvme::ADMIN }>, &PciFunction<Nvme>) -> Result<Tag, SubmitError>;
/// let put: Put = |admin, function| admin.submit::<{ Nvme::FLUSH }>(function, [0; 7]);
/// ```
///
/// A command that makes a queue accepts only a queue of the kind that the table names for it:
///
/// ```compile_fail,E0080
/// # use samara_device_io::PciFunction;
/// # use samara_device_io::queue::{Pair, SubmitError, Tag};
/// # use samara_device_tables::Nvme;
/// type Admin = Pair<Nvme, { Nvme::ADMIN }>;
/// type Put = fn(&mut Admin, &PciFunction<Nvme>, &mut Admin) -> Result<Tag, SubmitError>;
/// let put: Put = |admin, function, other| {
///     admin.create::<{ Nvme::CREATE_SUBMISSION }, { Nvme::ADMIN }>(function, [0; 7], other)
/// };
/// ```
///
/// Two threads that share a queue must take turns; otherwise one could change the entry that the other tells the
/// device of.
///
/// ```compile_fail,E0596
/// use samara_device_io::PciFunction;
/// use samara_device_io::queue::Pair;
/// use samara_device_tables::Nvme;
///
/// fn torn(function: &PciFunction<Nvme>, queue: &Pair<Nvme, { Nvme::IO }>) {
///     std::thread::scope(|scope| {
///         scope.spawn(|| queue.submit::<{ Nvme::FLUSH }>(function, [0; 7]));
///         scope.spawn(|| queue.ring(function));
///     });
/// }
/// ```
///
/// At most 64 commands are in flight. There is always at least one entry more than commands in flight, so that a
/// completion always finds room.
pub struct Pair<D, const Q: usize> {
    core: Core,
    /// The offsets at which completions, the engine's page and the lists begin.
    at: [usize; 3],
    state: State,
    odd_heads: u64,
    _device: PhantomData<fn() -> D>,
}

/// The state of both queues.
struct State {
    at: Positions,
    tags: Tags,
    /// The slots whose commands the device was told of, one bit for each slot.
    announced: u64,
    /// The transfer of each slot's command.
    transfers: [u8; SLOTS],
    /// If a command in flight uses the engine's page: the command's tag, the description by which the engine learns a
    /// unit from the page, and the unit's key.
    page: Option<(Tag, Option<&'static Learn>, u32)>,
}

/// Positions in the two queues since their start.
#[derive(Clone, Copy, Default)]
struct Positions {
    /// For a queue that is made by commands: the parts for which a command was put in this epoch, one bit for each
    /// part.
    announced: u8,
    tail: u16,
    /// The tail as last written to the doorbell.
    rung: u16,
    head: u16,
    /// The head as last written to the completion queue's doorbell.
    released: u16,
    /// The phase bit of completions that the device has not written in this pass. It is inverted with each pass.
    phase: bool,
}

/// A command that the device has completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The command's tag. The tag's command isn't in flight any more.
    pub tag: Tag,
    /// The command's result, a word from the device.
    pub result: u32,
    /// The status: 0 if it succeeded.
    pub status: u32,
    /// The unit that the engine learned from its page, if the command was to learn one.
    pub unit: Option<Unit>,
}

impl<D: Table, const Q: usize> Pair<D, Q> {
    const QUEUE: &'static Queue = &D::QUEUES[Q];
    const FORMAT: &'static PairFormat = Self::QUEUE.pair();

    /// Returns a command of this kind of queue.
    const fn command(command: usize) -> &'static Command {
        let command = &D::COMMANDS[command];
        assert!(command.queue == Q, "a command of another queue");
        command
    }

    /// Makes queue `number`, of `entries` entries each way.
    ///
    /// # Errors
    ///
    /// [`QueueError`]; [`Taken`](QueueError::Taken) if the claim already has this queue.
    pub fn new(function: &PciFunction<D>, number: u16, entries: u32) -> Result<Self, QueueError> {
        let known = Known::of(number, entries, 0);
        // `entries` comes from a driver, so it is bounded before anything is allocated.
        let count = entries.clamp(1, Self::QUEUE.entries.1) as usize;
        let at @ [completions, page, lists] = Self::offsets(count);
        let (bytes, parts) = (
            lists + SLOTS * Self::FORMAT.list * 8,
            [0, completions, page],
        );
        let state = State {
            at: Positions::default(),
            tags: Tags::new(count.saturating_sub(1)),
            announced: 0,
            transfers: [NONE; SLOTS],
            page: None,
        };
        Ok(Self {
            core: Core::new(function, Q, known, bytes, parts, Held::Flights)?,
            at,
            state,
            odd_heads: 0,
            _device: PhantomData,
        })
    }

    /// Returns where completions, the engine's page and the lists begin.
    const fn offsets(entries: usize) -> [usize; 3] {
        let completions = (entries * ENTRY).next_multiple_of(PAGE);
        let page = completions + (entries * COMPLETION).next_multiple_of(PAGE);
        [completions, page, page + PAGE]
    }

    /// Starts both queues, empty, by the table's steps. `chosen` are the bits that the steps leave to the driver.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn start(&mut self, function: &PciFunction<D>, chosen: u64) -> Result<(), QueueError> {
        if Self::QUEUE.start.is_empty() {
            // Commands make this queue: see `create`.
            return Err(QueueError::NotStarted);
        }
        let state = &mut self.state;
        let restart = |core: &Core| Self::restart(core, state);
        self.core.start(function, Self::QUEUE, chosen, restart)
    }

    /// Empties both queues before the device is told of them; they do not run (`Core::begin`).
    fn restart(core: &Core, state: &mut State) -> bool {
        let [_, page, _] = Self::offsets(core.known.entries as usize);
        // SAFETY: these are the entries and completions, inside the memory (DEV-11).
        unsafe { core.memory.clear(0, page) };
        state.at = Positions::default();
        // Slots keep their use counts here, so a completion with an earlier tag matches no later command.
        state.tags.free_all();
        (state.page, state.announced) = (None, 0);
        true
    }

    /// Returns how many commands can be in flight at once.
    pub fn capacity(&self) -> usize {
        (self.core.known.entries as usize - 1).min(SLOTS)
    }

    /// Returns how many commands are in flight.
    pub fn in_flight(&self) -> usize {
        self.state.tags.used() as usize
    }

    /// Returns the number of completions that stated an impossible head. A head is impossible if it says that the
    /// device has read entries that it wasn't given, or that it has left more entries unread than are in flight. The
    /// engine uses these heads for nothing else.
    pub fn odd_heads(&self) -> u64 {
        self.odd_heads
    }

    /// Puts command `C`, which transfers either nothing or the engine's page. [`ring`](Self::ring) tells the device
    /// of it.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; then nothing was put.
    pub fn submit<const C: usize>(
        &mut self,
        function: &PciFunction<D>,
        words: [u32; WORDS],
    ) -> Result<Tag, SubmitError> {
        self.core.running(function)?;
        let command = const { Self::command(C) };
        let mut entry = Entry::new(Self::FORMAT, command, &self.core.known, &words)?;
        match command.data {
            Data::None => self.put(entry),
            Data::Page(learn) => {
                // The engine must learn only from bytes that the device writes for this command. So the engine clears
                // the page first.
                self.free_page(function)?;
                // SAFETY: this is the engine's page, which no command in flight has (DEV-11).
                unsafe { self.core.memory.clear(self.at[1], PAGE) };
                entry.point(Self::FORMAT, 0, self.core.memory.bus + self.at[1] as u64);
                let key = learn.map_or(0, |learn| entry.0[Self::FORMAT.words[learn.key]]);
                let tag = self.put(entry)?;
                self.state.page = Some((tag, learn, key));
                Ok(tag)
            }
            Data::Units(..) | Data::Queue(..) => Err(SubmitError::Forbidden),
        }
    }

    /// Puts command `C`, which transfers bytes `offset..offset + length` of a buffer. [`ring`](Self::ring) tells the
    /// device of it.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; then nothing was put.
    #[inline]
    pub fn transfer<const C: usize>(
        &mut self,
        function: &PciFunction<D>,
        words: [u32; WORDS],
        unit: &Unit,
        (transfer, offset, length): (&DmaTransfer, usize, usize),
    ) -> Result<Tag, SubmitError> {
        let epoch = self.core.running(function)?;
        let command = const { Self::command(C) };
        let Data::Units(direction, key, count) = command.data else {
            return Err(SubmitError::Forbidden);
        };
        if unit.claim != self.core.claim || unit.epoch != epoch {
            return Err(SubmitError::StaleUnit);
        }
        let part = transfer.part(self.core.claim, offset, length);
        let part = part.ok_or(SubmitError::OutOfBounds)?;
        if direction == Direction::ToHost && !part.writable {
            return Err(SubmitError::ReadOnlyBuffer);
        }
        let units = length >> unit.shift;
        if units << unit.shift != length || units == 0 || units > 1 << count.bits {
            return Err(SubmitError::Length);
        }
        let mut entry = Entry::new(Self::FORMAT, command, &self.core.known, &words)?;
        entry.0[Self::FORMAT.words[key]] = unit.key;
        entry.0[Self::FORMAT.words[count.word]] |= (units as u32 - 1) << count.shift;
        // `put` will take this same tag.
        let tag = self.state.tags.next().ok_or(SubmitError::Full)?;
        let list = self.at[2] + tag.slot() * Self::FORMAT.list * 8;
        entry.describe(Self::FORMAT, &part, &self.core.memory, list)?;
        self.core.takes_off(part.transfer, epoch);
        let tag = self.put(entry)?;
        self.state.transfers[tag.slot()] = part.transfer as u8;
        Ok(tag)
    }

    /// Puts command `C`, which tells the device of one part of `queue`. This can be done once for each part in an
    /// epoch. [`ring`](Self::ring) tells the device of it. `queue` runs once commands for all its parts were put.
    ///
    /// # Errors
    ///
    /// [`SubmitError`]; then nothing was put.
    pub fn create<const C: usize, const K: usize>(
        &mut self,
        function: &PciFunction<D>,
        words: [u32; WORDS],
        queue: &mut Pair<D, K>,
    ) -> Result<Tag, SubmitError> {
        let epoch = self.core.running(function)?;
        // This is checked before any state changes.
        self.state.tags.next().ok_or(SubmitError::Full)?;
        let (command, part) = const {
            let command = Self::command(C);
            let Data::Queue(queue, part) = command.data else {
                panic!("a command that makes no queue");
            };
            assert!(queue == K, "a command that makes another queue");
            (command, part)
        };
        let mut entry = Entry::new(Self::FORMAT, command, &queue.core.known, &words)?;
        entry.point(Self::FORMAT, 0, queue.core.known.parts[part]);
        if !queue.core.is_in_use(function) {
            let state = &mut queue.state;
            let restart = |core: &Core| Pair::<D, K>::restart(core, state);
            let of = (function, epoch);
            queue.core.begin(of, restart, |_| Ok(()))?;
        }
        if queue.core.claim != self.core.claim {
            return Err(QueueError::Foreign.into());
        }
        if queue.state.at.announced >> part & 1 != 0 {
            return Err(QueueError::Started.into());
        }
        if queue.state.at.announced != 0 {
            queue.core.find_doorbells(function, Pair::<D, K>::QUEUE)?;
        }
        queue.state.at.announced |= 1 << part;
        self.put(entry)
    }

    /// Writes an entry after the last one, with a tag of its own.
    #[inline]
    fn put(&mut self, mut entry: Entry) -> Result<Tag, SubmitError> {
        let tag = self.state.tags.take().ok_or(SubmitError::Full)?;
        // A completion must always find room. So the engine gives the room of taken completions back before the
        // device could run out of room.
        let (at, entries) = (self.state.at, self.core.known.entries);
        if at.head != at.released {
            let taken = (u32::from(at.head) + entries - u32::from(at.released)) % entries;
            if taken + self.state.tags.used() >= entries {
                self.release();
            }
        }
        let tag_at = &Self::FORMAT.tag;
        entry.0[tag_at.word] |= u32::from(tag.value()) << tag_at.shift;
        let at = usize::from(self.state.at.tail) * ENTRY;
        for (pair, words) in entry.0.chunks_exact(2).enumerate() {
            let word = u64::from(words[1]) << 32 | u64::from(words[0]);
            // SAFETY: the tail is below `entries`, so the entry is inside the submission queue. The device does not
            // use that entry: fewer commands than `entries` are uncompleted, and it reads entries in order. The entry
            // points to the engine's memory, or to memory that is pinned until the command has ended or the device
            // was silenced (DEV-9, DEV-12).
            unsafe { self.core.memory.store(at + 8 * pair, word.to_le()) };
        }
        self.state.at.tail = self.after(self.state.at.tail);
        self.state.transfers[tag.slot()] = NONE;
        Ok(tag)
    }

    /// Returns the position after `position`.
    #[inline]
    fn after(&self, position: u16) -> u16 {
        let next = position.wrapping_add(1);
        next * u16::from(u32::from(next) != self.core.known.entries)
    }

    /// Tells the device of all commands that were put. Costs one register write, if anything was put.
    ///
    /// # Errors
    ///
    /// [`QueueError`] if the queue does not run.
    #[inline]
    pub fn ring(&mut self, function: &PciFunction<D>) -> Result<(), QueueError> {
        self.core.running(function)?;
        if self.state.at.rung != self.state.at.tail
            && let Some(doorbell) = &self.core.doorbell
        {
            // SAFETY: every entry before the tail is whole (DEV-12).
            unsafe { doorbell.ring(self.state.at.tail.into()) };
            self.state.at.rung = self.state.at.tail;
            self.state.announced = self.state.tags.slots();
        }
        Ok(())
    }

    /// Takes the next completion. The completed command isn't in flight any more. If there is none, gives the room of
    /// the completions that were taken back to the device, which costs one register write.
    ///
    /// # Errors
    ///
    /// [`QueueFault`] if the device completes a command that it wasn't given: reset it.
    #[inline]
    pub fn next(&mut self, function: &PciFunction<D>) -> Result<Option<Completion>, QueueFault> {
        let epoch = self.core.running(function)?;
        let format = Self::FORMAT;
        let at = self.at[0] + usize::from(self.state.at.head) * COMPLETION;
        let word = |word: usize| {
            // SAFETY: the head is below `entries`, so the word is inside the completion queue.
            u32::from_le(unsafe { self.core.memory.load::<u32>(at + 4 * word) })
        };
        let last = word(format.phase.word);
        if (last >> format.phase.shift & 1 == 1) == self.state.at.phase {
            self.release();
            return Ok(None);
        }
        // The device writes the word with the phase last; the other words are read after the phase was seen.
        fence(Ordering::Acquire);
        let mut words = [word(0), word(1), word(2), word(3)];
        words[format.phase.word] = last;
        self.state.at.head = self.after(self.state.at.head);
        if self.state.at.head == 0 {
            self.state.at.phase = !self.state.at.phase;
        }
        let number = format.number.get(&words);
        if number != u32::from(self.core.known.number) {
            return Err(QueueFault::Queue(number as u16));
        }
        let value = format.done_tag.get(&words) as u16;
        // A tag is also in use if its command was put but not rung. The device does not know such a command yet, so a
        // completion of it is a fault.
        let tag = self.state.tags.find(value);
        let tag = tag.filter(|tag| self.state.announced >> tag.slot() & 1 != 0);
        let tag = tag.ok_or(QueueFault::Unknown(value))?;
        if !self.has_read(format.head.get(&words)) {
            self.odd_heads = self.odd_heads.saturating_add(1);
        }
        self.state.tags.free(tag);
        self.state.announced &= !(1 << tag.slot());
        let transfer = self.state.transfers[tag.slot()];
        self.core.lands(transfer.into(), epoch);
        let (result, status) = (words[format.result], format.status.get(&words));
        let unit = self.page_done(tag, status == 0, epoch);
        Ok(Some(Completion {
            tag,
            result,
            status,
            unit,
        }))
    }

    /// Whether `head` is possible as the position up to which the device has read: no more entries may be unread than
    /// commands are in flight.
    fn has_read(&self, head: u32) -> bool {
        let (entries, rung) = (self.core.known.entries, u32::from(self.state.at.rung));
        let wrapped = if head > rung { entries } else { 0 };
        head < entries && rung + wrapped - head <= self.state.tags.used()
    }

    /// Gives the room of completions that were taken back to the device.
    #[inline]
    fn release(&mut self) {
        if self.state.at.released != self.state.at.head
            && let Some(doorbell) = &self.core.second
        {
            // SAFETY: every completion before the head was read (DEV-12).
            unsafe { doorbell.ring(self.state.at.head.into()) };
            self.state.at.released = self.state.at.head;
        }
    }

    /// If `tag`'s command used the engine's page, learns the unit from the page and frees the page.
    fn page_done(&mut self, tag: Tag, succeeded: bool, epoch: u64) -> Option<Unit> {
        let (_, wanted, key) = self.state.page.take_if(|(of, ..)| *of == tag)?;
        let wanted = wanted.filter(|_| succeeded)?;
        let page = self.at[1];
        // SAFETY: the lint has checked that these bytes are inside the page.
        let byte = |at: usize| unsafe { self.core.memory.load::<u8>(page + at) };
        Some(Unit {
            claim: self.core.claim,
            epoch,
            key,
            shift: wanted.shift_in(byte)?,
        })
    }

    /// Checks that no command uses the engine's page, and that the queues run.
    fn free_page(&self, function: &PciFunction<D>) -> Result<(), SubmitError> {
        self.core.running(function)?;
        let page = self.state.page;
        page.map_or(Ok(()), |_| Err(SubmitError::PageInUse))
    }

    /// Returns dword `index` of the engine's page, as the device last wrote it.
    ///
    /// # Errors
    ///
    /// [`SubmitError::PageInUse`] while a command uses the page; [`SubmitError::OutOfBounds`] if `index` is past the
    /// page's end.
    pub fn page(&self, function: &PciFunction<D>, index: usize) -> Result<u32, SubmitError> {
        self.free_page(function)?;
        if index >= PAGE / 4 {
            return Err(SubmitError::OutOfBounds);
        }
        // SAFETY: inside the page.
        let word = unsafe { self.core.memory.load::<u32>(self.at[1] + 4 * index) };
        Ok(u32::from_le(word))
    }
}

impl<D, const Q: usize> fmt::Debug for Pair<D, Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pair({})", self.core.known.number)
    }
}
