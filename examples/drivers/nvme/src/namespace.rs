//! Finds the namespaces of a controller that this driver can use, and finds them again after a reset (Base §5.17, NVM
//! §4.1.5).

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
/// The first format of Identify Namespace: byte 128, counted in dwords. Each format is a dword.
const FORMATS: usize = 128 / 4;
/// The most namespaces that the driver looks at, and the most that it uses.
const MOST: u32 = 64;
const USED: usize = 8;

/// A namespace as the controller formatted it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespace {
    /// The engine's record of its block size and its NSID.
    pub(crate) unit: Unit,
    /// Size in logical blocks (NSZE).
    pub(crate) blocks: u64,
    /// Whether the namespace refuses writes.
    pub(crate) write_protected: bool,
    names: Names,
}

/// The NGUID and the EUI-64 of a namespace, which are unique to it; zeroes if the namespace has none (NVM figure 97).
type Names = [u32; 6];
const NO_NAMES: Names = [0; 6];
/// The place of the names in Identify Namespace: bytes 104 to 127, counted in dwords.
const NAMES: usize = 104 / 4;

impl Namespace {
    /// Whether the namespace, after a reset, still keeps what callers were told when it `was` first found: its ID,
    /// its block size, at least its number of blocks, and its names. It may have grown, and it may refuse writes now.
    fn keeps(&self, was: &Self) -> bool {
        let facts = |of: &Self| (of.unit.key(), of.unit.shift());
        let is_named = was.names == NO_NAMES || self.names == was.names;
        facts(self) == facts(was) && self.blocks >= was.blocks && is_named
    }

    /// Whether the namespace has lost its names. Missing names mean that the controller has reported nothing. Other
    /// names would mean that this is another namespace.
    fn is_unnamed(&self, was: &Self) -> bool {
        self.names == NO_NAMES && was.names != NO_NAMES
    }

    /// Returns the controller's answer about the namespace.
    const fn said(&self) -> Said {
        Said::Is(self.blocks, self.unit.shift(), self.names)
    }
}

/// The controller's answer about a namespace that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// The namespace has this many blocks, `1 << .1` bytes each, and these names.
    Is(u64, u8, Names),
    /// The namespace can't be used.
    Unusable(FormatError),
    /// Identify failed with this status.
    Refused(StatusError),
}

/// The controller's answers, at the last look, about the namespaces that have changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes {
    said: [Option<Said>; USED],
    /// The number of looks whose answers differed from those of the look before.
    number: u64,
}

/// The finding that some namespaces have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Changed {
    /// The number of these answers (see [`Changes`]). It stays the same as long as the controller gives the same
    /// answers.
    number: u64,
    /// Whether, for some of these namespaces, the controller has reported nothing.
    pub(crate) are_unknown: bool,
}

impl Changes {
    pub(crate) const NONE: Self = Self {
        said: [None; USED],
        number: 0,
    };

    /// Notes the answers `said` of the controller, and returns their number.
    fn note(&mut self, said: [Option<Said>; USED]) -> u64 {
        self.number += u64::from(self.said != said);
        self.said = said;
        self.number
    }
}

/// The reason why a namespace can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// NSZE is 0: the namespace is inactive or has no blocks.
    NoCapacity,
    /// LBADS is not from 9 to 16: the blocks have `1 << .0` bytes.
    BlockSize(u8),
    /// FLBAS names a format that the controller doesn't have.
    NoSuchFormat(u8),
    /// Blocks carry this many bytes of metadata, which needs a second buffer.
    Metadata(u16),
    /// The namespace has this command set instead of the NVM command set.
    CommandSet(u8),
    /// The controller has namespaces of several command sets (CAP.CSS bit 6), and does not report the command set of
    /// this namespace.
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
                "blocks with {bytes} bytes of metadata aren't supported: format the namespace without metadata"
            ),
            Self::CommandSet(set) => write!(
                f,
                "the namespace has command set {set:#04x}, which this driver lacks: use one of the NVM command set"
            ),
            Self::UnknownCommandSet => f.write_str(
                "the controller does not say which command set the namespace has: update its firmware",
            ),
            Self::BlockTooLong => f.write_str(
                "a block is longer than one transfer may be (MDTS): format the namespace with smaller blocks",
            ),
        }
    }
}

impl core::error::Error for FormatError {}

/// The IDs of namespaces that may be active.
struct Candidates {
    /// A 0 ends the IDs.
    ids: [u32; MOST as usize],
    /// Whether the IDs were only counted: the controller has no list of active namespaces, so these are the first IDs
    /// up to its NN.
    counted: bool,
}

impl Candidates {
    /// Asks the controller for its active namespaces. If it has no list of them, counts up to `count`, which is NN.
    fn ask(admin: &mut Admin, function: &Function, count: u32) -> Result<Self, InitError> {
        let mut ids = [0; MOST as usize];
        // A controller of NVM Express 1.0 has no such list, and answers with Invalid Field.
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

/// The namespaces that can be used, in the controller's order. The place of a namespace that was given up stays
/// empty.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Namespaces([Option<Namespace>; USED]);

impl Namespaces {
    /// Returns the namespace at `index`.
    pub(crate) fn get(&self, index: usize) -> Option<&Namespace> {
        self.0.get(index)?.as_ref()
    }

    /// Removes the namespaces that have changed. They stay removed, even if they change back.
    pub(crate) fn strike_out(&mut self, changes: &Changes) {
        for (place, said) in self.0.iter_mut().zip(&changes.said) {
            *place = place.filter(|_| said.is_none());
        }
    }

    /// Takes over the names of the namespaces that a later bring-up has `found`.
    pub(crate) fn take_names(&mut self, found: &Self) {
        for (was, found) in self.0.iter_mut().flatten().zip(found.0.iter().flatten()) {
            was.names = found.names;
        }
    }

    /// Returns the number of namespaces.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().flatten().count()
    }
}

/// Looks again, after a reset, at the namespaces that were `promised` to callers. Returns their present properties.
/// `max_transfer` is the most bytes that one command can transfer now.
///
/// # Errors
///
/// [`Changed`] is the inner error if some of the namespaces have changed. Then `changes` holds the controller's
/// answers about these. [`InitError`] if the controller fails.
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
            // The controller has answered, so the other namespaces are looked at, too: a status for one namespace
            // says nothing about the others.
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

/// Finds the namespaces to be used: the one with the ID `wanted`, or all that can be used if `wanted` is 0. `count`
/// is the controller's NN, and `max_transfer` is the most bytes that one command can transfer.
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
            // An ID that was only counted may well be inactive.
            Err(FormatError::NoCapacity) if candidates.counted => {}
            Err(error) => {
                // The namespace may be active, although the driver has learned nothing about it. If the driver passed
                // over it, the disks after it would get other numbers.
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

/// Whether this error means only that the driver has learned nothing about the namespace. In this case Identify's
/// page is all zeroes, because the command wrote nothing or the namespace is inactive. A namespace without blocks is
/// another case: its page has a format.
fn is_unknown(admin: &Admin, function: &Function, error: FormatError) -> Result<bool, InitError> {
    Ok(match error {
        FormatError::NoCapacity => admin.word(function, FORMATS)? == 0,
        FormatError::UnknownCommandSet => true,
        _ => false,
    })
}

/// Looks at namespace `id`. Returns the namespace. The inner error says why the namespace can't be used.
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
        // There is no namespace of this ID: the ID was only counted, or the namespace was detached.
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

/// Returns why the blocks of the format in Identify's page can't be transferred. The caller knows from the engine
/// that they can't be.
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

/// Returns the command set of namespace `id`; 0 is the NVM command set. `None` if the controller does not report it.
/// The controller has several command sets.
fn command_set(admin: &mut Admin, function: &Function, id: u32) -> Result<Option<u8>, InitError> {
    let is_answer = StatusError::is_no_namespace;
    let asked = admin.identify(function, (DESCRIPTORS, id), is_answer)?;
    // A descriptor has a type, a length, two reserved bytes, and then the number of bytes that the length gives. Type
    // 0 ends the list.
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
