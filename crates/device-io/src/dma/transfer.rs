//! A buffer on loan to a device: moved in, or lent for a scope; given back when nothing of it is in
//! flight.

use core::fmt;
use core::marker::PhantomData;

use samara_domain_runtime::call;
use samara_rref::RRef;
use samara_shared_heap::thread;

use super::DmaAddr;
use super::ledger::Refusal;
use super::table::{BeginError, Refused};
use crate::pci::{ClaimId, PciFunction};

/// A buffer in the in-flight table. Give it back with [`PciFunction::finish`]; one that is dropped
/// stays pinned until the claim ends.
#[must_use = "a transfer that is not finished keeps its buffer until the claim ends"]
pub struct Transfer {
    index: usize,
    claim: ClaimId,
    length: usize,
}

/// Part of a pinned buffer, in flight under a tag; a command builder of a layout module consumes it,
/// so at most one command is made of it, and no longer than it.
pub struct Segment<'t> {
    pub(crate) address: DmaAddr,
    pub(crate) length: usize,
    pub(crate) tag: u16,
    /// The device may write it.
    pub(crate) writable: bool,
    pub(crate) claim: ClaimId,
    /// When it was put in flight: a silence since then has ended it.
    pub(crate) epoch: u32,
    _transfer: PhantomData<&'t Transfer>,
}

/// Why there is no such segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentError {
    /// The transfer belongs to another claim.
    Foreign,
    /// The range is empty or not inside the buffer.
    OutOfBounds,
    /// The tag is out of range or in flight already.
    Tag(TagError),
}

/// A tag that isn't what the caller takes it for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TagError {
    /// Not below [`MAX_TAGS`](super::MAX_TAGS).
    OutOfRange,
    /// In flight already, where it should be free.
    InFlight,
    /// Not in flight, where it should be.
    NotInFlight,
}

/// The transfer has commands in flight: end them, or silence the device, then finish it.
#[derive(Debug)]
pub struct FinishError {
    /// The transfer, still open.
    pub transfer: Transfer,
}

/// Why a loan failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LendError<R> {
    /// The buffer was not accepted; the scope did not run.
    Refused(Refused),
    /// The scope ended with commands still in flight, so the device was silenced before the buffer
    /// was unpinned: it needs a reset, and every other transfer of the function has ended too.
    Silenced(R),
}

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("the transfer belongs to another claim"),
            Self::OutOfBounds => f.write_str("the range is empty or reaches past the buffer"),
            Self::Tag(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for TagError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OutOfRange => "the tag is out of range: use one below MAX_TAGS",
            Self::InFlight => "the tag is in flight already: use another",
            Self::NotInFlight => {
                "the tag is not in flight: the device completed it twice or made it up"
            }
        })
    }
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("commands are still in flight: end them, or silence the device, first")
    }
}

impl<R> fmt::Display for LendError<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(reason) => reason.fmt(f),
            Self::Silenced(_) => {
                f.write_str("the device was silenced with the buffer in flight: reset it")
            }
        }
    }
}

impl core::error::Error for SegmentError {}
impl core::error::Error for TagError {}
impl core::error::Error for FinishError {}
impl<R: fmt::Debug> core::error::Error for LendError<R> {}

impl From<Refusal> for TagError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::BadTag => Self::OutOfRange,
            Refusal::TagState => Self::InFlight,
            Refusal::Full | Refusal::NotOpen | Refusal::InFlight => Self::NotInFlight,
        }
    }
}

impl Transfer {
    /// Bytes of the buffer.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether the buffer has no bytes: never.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("length", &self.length)
            .field("tag", &self.tag)
            .field("writable", &self.writable)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Transfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Transfer({} bytes)", self.length)
    }
}

impl PciFunction {
    /// Moves `buffer` into the in-flight table; the device may read and write it. No copy; a lock
    /// and one store for the change of owner.
    ///
    /// # Errors
    ///
    /// [`BeginError`] gives the buffer back.
    pub fn begin(&self, mut buffer: RRef<[u8]>) -> Result<Transfer, BeginError> {
        let length = buffer.len();
        let start = buffer.as_mut_ptr();
        if length == 0 {
            return Err(BeginError {
                reason: Refused::Empty,
                buffer,
            });
        }
        let Some(bus) = self.bus_address(start, length) else {
            return Err(BeginError {
                reason: Refused::Unreachable,
                buffer,
            });
        };
        match self.with_table(|table| table.open_owned(buffer, bus)) {
            Ok(index) => Ok(Transfer {
                index,
                claim: self.claim_id(),
                length,
            }),
            Err((reason, buffer)) => Err(BeginError { reason, buffer }),
        }
    }

    /// Takes a transfer's buffer back.
    ///
    /// # Errors
    ///
    /// [`FinishError`] gives the transfer back if something of it is in flight, or it is not of this
    /// function.
    pub fn finish(&self, transfer: Transfer) -> Result<RRef<[u8]>, FinishError> {
        if transfer.claim != self.claim_id() {
            return Err(FinishError { transfer });
        }
        // Only `begin` makes a `Transfer` by value, always with an owned buffer.
        match self.with_table(|table| table.close(transfer.index)) {
            Ok(Some(buffer)) => Ok(buffer),
            Ok(None) | Err(_) => Err(FinishError { transfer }),
        }
    }

    /// Pins `buffer` for the length of `scope`; the device may read it, not write it. When the scope
    /// ends, also by a panic, nothing of the buffer is in flight: if something was, the device is
    /// silenced first (bounded: see [`silence`](Self::silence)).
    ///
    /// # Errors
    ///
    /// [`LendError::Refused`] if the buffer can't be pinned, [`LendError::Silenced`] if the scope
    /// left something in flight.
    pub fn lend<R>(
        &self,
        buffer: &RRef<[u8]>,
        scope: impl FnOnce(&Transfer) -> R,
    ) -> Result<R, LendError<R>> {
        let length = buffer.len();
        if length == 0 {
            return Err(LendError::Refused(Refused::Empty));
        }
        let bus = self.bus_address(buffer.as_ptr(), length);
        let bus = bus.ok_or(LendError::Refused(Refused::Unreachable))?;
        let index = self.with_table(|table| table.open_lent(length, bus));
        let index = index.map_err(|_| LendError::Refused(Refused::Full))?;
        let transfer = Transfer {
            index,
            claim: self.claim_id(),
            length,
        };
        let loan = Loan {
            function: self,
            index,
        };
        let (result, silenced) =
            if samara_unwind::RUNS_DESTRUCTORS && thread::current().owner().is_host() {
                // Not cut, and a panic runs the loan's destructor.
                let result = scope(&transfer);
                (result, loan.end())
            } else {
                // The loan must end before the buffer goes back to its lender: a cut stops here first.
                // SAFETY: this crate's code, as bounded as a silence; neither panics.
                unsafe { call::bounded(|| scope(&transfer), || loan.end()) }
            };
        if silenced {
            Err(LendError::Silenced(result))
        } else {
            Ok(result)
        }
    }

    /// Puts bytes `offset..offset + length` of a transfer in flight under `tag`.
    ///
    /// # Errors
    ///
    /// [`SegmentError`]; nothing is in flight then.
    pub fn segment<'t>(
        &self,
        transfer: &'t Transfer,
        tag: u16,
        offset: usize,
        length: usize,
    ) -> Result<Segment<'t>, SegmentError> {
        if transfer.claim != self.claim_id() {
            return Err(SegmentError::Foreign);
        }
        let (started, epoch) = self.with_table(|table| {
            let started = table.start(transfer.index, usize::from(tag), offset, length);
            (started, self.epoch())
        });
        let started = started.map_err(|refusal| SegmentError::Tag(refusal.into()))?;
        let (bus, writable) = started.ok_or(SegmentError::OutOfBounds)?;
        Ok(Segment {
            address: DmaAddr::inside(bus, 0),
            length,
            tag,
            writable,
            claim: transfer.claim,
            epoch,
            _transfer: PhantomData,
        })
    }

    /// Takes `tag` out of flight: the driver's word that the device is done with it, or never got it.
    ///
    /// # Errors
    ///
    /// [`TagError`] if the tag is not in flight.
    pub fn ended(&self, tag: u16) -> Result<(), TagError> {
        self.with_table(|table| table.end(usize::from(tag)))
            .map_err(|refusal| match refusal {
                Refusal::BadTag => TagError::OutOfRange,
                _ => TagError::NotInFlight,
            })
    }
}

/// Ends a loan on every way out of its scope.
struct Loan<'f> {
    function: &'f PciFunction,
    index: usize,
}

impl Loan<'_> {
    /// Unpins the buffer; true if the device had to be silenced for it.
    fn end(self) -> bool {
        let silenced = self.unpin();
        core::mem::forget(self);
        silenced
    }

    fn unpin(&self) -> bool {
        let in_flight = self
            .function
            .with_table(|table| table.outstanding(self.index) != 0);
        if in_flight {
            let _ = self.function.silence();
        }
        let _ = self.function.with_table(|table| table.close(self.index));
        in_flight
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        let _ = self.unpin();
    }
}
