//! Namespaces: which there are, and which of them this driver can use (Base §5.17, NVM §4.1.5).

use core::fmt;

use samara_device_io::queue::{Completion, Unit};
use samara_device_tables::Nvme;

use crate::admin::{Admin, Queue};
use crate::error::InitError;
use crate::registers::{Capabilities, Function};
use crate::status::StatusError;

/// CNS values (Base figure 273).
const ACTIVE: u32 = 0x02;
const DESCRIPTORS: u32 = 0x03;
/// A namespace identification descriptor's type: command set identifier (Base figure 277).
const COMMAND_SET: u8 = 4;
/// The formats stand from byte 128 of Identify Namespace on, a dword each.
const FORMATS: usize = 128 / 4;
/// Namespaces that are looked at, and that are used, at most.
const MOST: u32 = 64;
const USED: usize = 8;

/// A namespace as the controller formatted it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespace {
    /// Its blocks' size, and its NSID.
    pub(crate) unit: Unit,
    /// Size in logical blocks (NSZE).
    pub(crate) blocks: u64,
    /// Whether it refuses writes.
    pub(crate) write_protected: bool,
    names: Names,
}

/// NGUID and EUI-64, which no other namespace has: zeroes if it has none (NVM figure 97).
type Names = [u32; 6];
const NO_NAMES: Names = [0; 6];
/// They are bytes 104 to 127 of Identify Namespace.
const NAMES: usize = 104 / 4;

impl Namespace {
    /// Whether it keeps, after a reset, what callers were told of it, as which it `was` found first. It may have grown, and refuse writes.
    fn keeps(&self, was: &Self) -> bool {
        let facts = |of: &Self| (of.unit.key(), of.unit.shift());
        let is_named = was.names == NO_NAMES || self.names == was.names;
        facts(self) == facts(was) && self.blocks >= was.blocks && is_named
    }

    /// It has lost its names: that says nothing, where another one's would.
    fn is_unnamed(&self, was: &Self) -> bool {
        self.names == NO_NAMES && was.names != NO_NAMES
    }

    /// What was said of it.
    const fn said(&self) -> Said {
        Said::Is(self.blocks, self.unit.shift(), self.names)
    }
}

/// What was said of a namespace that isn't what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// It has so many blocks, of such a size, and these names.
    Is(u64, u8, Names),
    /// It can't be used.
    Unusable(FormatError),
    /// It can't be identified.
    Refused(StatusError),
}

/// What was said at the last look of namespaces that aren't what they were.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes {
    said: [Option<Said>; USED],
    /// How often that was something else than at the look before.
    number: u64,
}

/// Some namespaces aren't what they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The number of what was said of them.
    number: u64,
    /// Of some of them nothing was said.
    pub(crate) are_unknown: bool,
}

impl Changes {
    pub(crate) const NONE: Self = Self {
        said: [None; USED],
        number: 0,
    };

    /// Notes what was `said`; which that is.
    fn note(&mut self, said: [Option<Said>; USED]) -> u64 {
        self.number += u64::from(self.said != said);
        self.said = said;
        self.number
    }
}

/// Why a namespace can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// NSZE is 0: the namespace is inactive or has no blocks.
    NoCapacity,
    /// LBADS is not 9 to 16: blocks of `1 << .0` bytes.
    BlockSize(u8),
    /// FLBAS names a format that the controller doesn't have.
    NoSuchFormat(u8),
    /// Blocks carry this many bytes of metadata, which needs a second buffer.
    Metadata(u16),
    /// Its command set isn't the NVM command set.
    CommandSet(u8),
    /// The controller has namespaces of several command sets (CAP.CSS bit 6), and does not say of which this one is.
    UnknownCommandSet,
    /// A block is longer than the longest transfer (MDTS).
    BlockTooLong,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCapacity => {
                f.write_str("the namespace has no blocks: attach or create one that has")
            }
            Self::BlockSize(shift) => write!(
                f,
                "blocks of 2^{shift} bytes aren't supported: format the namespace with 512 bytes to 64 KiB"
            ),
            Self::NoSuchFormat(index) => write!(
                f,
                "the namespace has format {index}, which the controller does not list: format the namespace anew"
            ),
            Self::Metadata(bytes) => write!(
                f,
                "blocks with {bytes} bytes of metadata aren't supported: format the namespace without"
            ),
            Self::CommandSet(set) => write!(
                f,
                "the namespace has command set {set:#04x}, which this driver lacks: use one of the NVM command set"
            ),
            Self::UnknownCommandSet => f.write_str(
                "the controller does not say which command set the namespace has: update its firmware",
            ),
            Self::BlockTooLong => f.write_str(
                "a block is longer than the controller's longest transfer (MDTS): format the namespace with smaller blocks",
            ),
        }
    }
}

impl core::error::Error for FormatError {}

/// Namespaces that may be active, ended by 0.
struct Candidates {
    ids: [u32; MOST as usize],
    /// The controller did not list them: all that there may be.
    counted: bool,
}

impl Candidates {
    /// What the controller says, which has `count` namespaces at most (NN).
    fn ask(admin: &mut Admin, function: &Function, count: u32) -> Result<Self, InitError> {
        let mut ids = [0; MOST as usize];
        // Before NVM Express 1.1 there was no such list.
        let asked = admin.identify(function, (ACTIVE, 0), StatusError::is_invalid_field)?;
        let counted = asked.is_err();
        for (index, id) in ids.iter_mut().enumerate() {
            *id = match counted {
                false => admin.word(function, index)?,
                true if (index as u32) < count => index as u32 + 1,
                true => 0,
            };
        }
        Ok(Self { ids, counted })
    }
}

/// The namespaces that can be used, in the controller's order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespaces([Option<Namespace>; USED]);

impl Namespaces {
    /// Number `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&Namespace> {
        self.0.get(index)?.as_ref()
    }

    /// Strikes those out that have changed: they don't come back as the same.
    pub(crate) fn strike_out(&mut self, changes: &Changes) {
        for (place, said) in self.0.iter_mut().zip(&changes.said) {
            *place = place.filter(|_| said.is_none());
        }
    }

    /// Takes note of the names of those that are `found` to have some, and had none.
    pub(crate) fn take_names(&mut self, found: &Self) {
        for (was, found) in self.0.iter_mut().flatten().zip(found.0.iter().flatten()) {
            was.names = found.names;
        }
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }
}

/// Looks at the namespaces again that were `promised` to callers, after a reset. `max_transfer` is what one command can transfer now.
///
/// # Errors
///
/// [`Changed`] if some don't keep what was promised, which `changes` tells then, whatever became of others; [`InitError`].
pub(crate) fn find_again(
    admin: &mut Admin,
    function: &Function,
    capabilities: Capabilities,
    (promised, max_transfer): (&Namespaces, usize),
    changes: &mut Changes,
) -> Result<Result<Namespaces, Changed>, InitError> {
    let mut found = *promised;
    let (mut all, mut are_unknown) = ([None; USED], false);
    for (place, said) in found.0.iter_mut().zip(&mut all) {
        let Some(was) = *place else {
            continue;
        };
        match look(admin, function, capabilities, was.unit.key(), max_transfer) {
            Ok(Ok(now)) => {
                *said = (!now.keeps(&was)).then(|| now.said());
                are_unknown |= now.is_unnamed(&was);
                *place = Some(now);
            }
            Ok(Err(error)) => {
                *said = Some(Said::Unusable(error));
                are_unknown |= is_unknown(admin, function, error)?;
            }
            // The controller has answered: what it does not tell of one says nothing of the others.
            Err(InitError::Status(error)) => *said = Some(Said::Refused(error)),
            Err(error) => return Err(error),
        }
    }
    let number = changes.note(all);
    if all.iter().all(Option::is_none) {
        return Ok(Ok(found));
    }
    Ok(Err(Changed {
        number,
        are_unknown,
    }))
}

/// The namespaces to be used: number `wanted`, or all that can be if that's 0. `count` is the controller's NN,
/// `max_transfer` what one command can transfer.
pub(crate) fn find(
    admin: &mut Admin,
    function: &Function,
    capabilities: Capabilities,
    (wanted, count, max_transfer): (u32, u32, usize),
) -> Result<Namespaces, InitError> {
    let candidates = Candidates::ask(admin, function, count)?;
    let mut refused = None;
    let mut found = Namespaces([None; USED]);
    let mut places = found.0.iter_mut();
    let ids = candidates.ids.into_iter().take_while(|&id| id != 0);
    for id in ids.filter(|&id| wanted == 0 || id == wanted) {
        match look(admin, function, capabilities, id, max_transfer)? {
            Ok(namespace) => match places.next() {
                Some(place) => *place = Some(namespace),
                None => break,
            },
            // Inactive, where they were only counted.
            Err(FormatError::NoCapacity) if candidates.counted => {}
            Err(error) => {
                // It is listed, and nothing is said of it: it isn't passed over, or the disks behind it would have other numbers.
                if is_unknown(admin, function, error)? {
                    return Err(error.into());
                }
                refused.get_or_insert(error);
            }
        }
    }
    if found.count() == 0 {
        return Err(refused.map_or(InitError::NoNamespace, InitError::Format));
    }
    Ok(found)
}

/// Whether a namespace can't be used because nothing was learned of it: an inactive one's page is all zeroes, and has no format.
fn is_unknown(admin: &Admin, function: &Function, error: FormatError) -> Result<bool, InitError> {
    Ok(match error {
        FormatError::NoCapacity => admin.word(function, FORMATS)? == 0,
        FormatError::UnknownCommandSet => true,
        _ => false,
    })
}

/// Looks at namespace `id`.
fn look(
    admin: &mut Admin,
    function: &Function,
    capabilities: Capabilities,
    id: u32,
    max_transfer: usize,
) -> Result<Result<Namespace, FormatError>, InitError> {
    if capabilities.has_command_sets() {
        match command_set(admin, function, id)? {
            Some(0) => {}
            Some(set) => return Ok(Err(FormatError::CommandSet(set))),
            None => return Ok(Err(FormatError::UnknownCommandSet)),
        }
    }
    let words = [id, 0, 0, 0, 0, 0, 0];
    let submit = |queue: &mut Queue| queue.submit::<{ Nvme::IDENTIFY_NAMESPACE }>(function, words);
    let asked = admin.ask(function, submit, StatusError::is_no_namespace)?;
    let Ok(Completion { unit, .. }) = asked else {
        // One that was only counted.
        return Ok(Err(FormatError::NoCapacity));
    };
    let [low, high] = [admin.word(function, 0)?, admin.word(function, 1)?];
    let blocks = u64::from(high) << 32 | u64::from(low);
    if blocks == 0 {
        return Ok(Err(FormatError::NoCapacity));
    }
    let Some(unit) = unit else {
        return Ok(Err(unusable(admin, function)?));
    };
    if max_transfer < 1 << unit.shift() {
        return Ok(Err(FormatError::BlockTooLong));
    }
    // NSATTR is byte 99, bit 0: currently write protected.
    let write_protected = admin.byte(function, 99)? & 1 != 0;
    let mut names = NO_NAMES;
    for (index, word) in (NAMES..).zip(&mut names) {
        *word = admin.word(function, index)?;
    }
    Ok(Ok(Namespace {
        unit,
        blocks,
        write_protected,
        names,
    }))
}

/// Why blocks of the format that the page tells of can't be transferred: the engine has found that they can't.
fn unusable(admin: &Admin, function: &Function) -> Result<FormatError, InitError> {
    // FLBAS is byte 26: format index in bits 3:0, its upper bits in 6:5.
    let flbas = admin.byte(function, 26)?;
    let index = usize::from(flbas & 0xF | (flbas >> 5 & 0b11) << 4);
    // NLBAF is byte 25: the last format.
    if index > usize::from(admin.byte(function, 25)?) {
        return Ok(FormatError::NoSuchFormat(index as u8));
    }
    let format = admin.word(function, FORMATS + index)?;
    Ok(match format as u16 {
        0 => FormatError::BlockSize((format >> 16) as u8),
        metadata => FormatError::Metadata(metadata),
    })
}

/// The command set of namespace `id`: 0 is the NVM command set. `None` if the controller, which has several, does not say.
fn command_set(admin: &mut Admin, function: &Function, id: u32) -> Result<Option<u8>, InitError> {
    let is_answer = StatusError::is_no_namespace;
    let asked = admin.identify(function, (DESCRIPTORS, id), is_answer)?;
    // Descriptors: type, length, two reserved bytes, as many as the length says. Type 0 ends them.
    let mut at = 0;
    while asked.is_ok() && at + 4 < 4096 {
        let [kind, length, ..] = admin.word(function, at / 4)?.to_le_bytes();
        if kind == COMMAND_SET {
            return admin.byte(function, at + 4).map(Some);
        }
        if kind == 0 || length == 0 {
            break;
        }
        at += 4 + usize::from(length).next_multiple_of(4);
    }
    Ok(None)
}
