//! A buffer on loan to a device. The buffer is moved in, or lent for a scope. It is given back when no command uses
//! it any more.

use core::fmt;

use samara_domain_runtime::call;
use samara_rref::RRef;
use samara_shared_heap::thread;

use super::refused::{BeginError, Refused};
use super::table::DmaTable;
use crate::mmio::ClaimId;
use crate::pci::PciFunction;

/// A buffer in the in-flight table. Finishing consumes the transfer, so a driver can't use it after the buffer was
/// given back. A lent buffer's transfer can't outlive the scope of the loan:
///
/// ```compile_fail,E0382
/// use samara_device_io::PciFunction;
/// use samara_device_io::dma::DmaTransfer;
/// use samara_device_io::queue::{Pair, Unit};
/// use samara_device_tables::Nvme;
///
/// fn early(
///     function: &PciFunction<Nvme>,
///     queue: &mut Pair<Nvme, { Nvme::IO }>,
///     unit: &Unit,
///     transfer: DmaTransfer,
/// ) {
///     let buffer = function.finish(transfer);
///     let _ = queue.transfer::<{ Nvme::READ }>(function, [0; 7], unit, (&transfer, 0, 512));
/// }
/// ```
///
/// ```compile_fail,E0521
/// use samara_device_io::PciFunction;
/// use samara_device_io::dma::DmaTransfer;
/// use samara_device_tables::Nvme;
/// use samara_rref::RRef;
///
/// fn keep<'f>(function: &'f PciFunction<Nvme>, data: &RRef<[u8]>, kept: &mut Option<&'f DmaTransfer>) {
///     let _ = function.lend(data, |transfer| *kept = Some(transfer));
/// }
/// ```
///
/// A driver can't make a transfer from numbers either:
///
/// ```compile_fail,E0451
/// use samara_device_io::dma::DmaTransfer;
///
/// fn forge(like: DmaTransfer) -> DmaTransfer {
///     DmaTransfer { bus: 0, ..like }
/// }
/// ```
///
/// [`PciFunction::finish`] gives the buffer back. If the transfer is dropped instead, its buffer stays pinned until
/// the claim ends.
#[must_use = "a transfer that is not finished keeps its buffer until the claim ends"]
pub struct DmaTransfer {
    index: usize,
    claim: ClaimId,
    bus: u64,
    length: usize,
    /// Whether the device may write the buffer.
    writable: bool,
}

/// Part of a pinned buffer, already checked to lie inside it and to belong to the claim.
#[derive(Clone, Copy)]
pub(crate) struct Part {
    pub(crate) transfer: usize,
    pub(crate) bus: u64,
    pub(crate) length: usize,
    pub(crate) writable: bool,
}

/// The transfer has commands in flight, or is another function's. Await their completions, or reset or silence the
/// device; then finish it.
#[derive(Debug)]
pub struct FinishError {
    /// The transfer, still open.
    pub transfer: DmaTransfer,
}

/// Why a loan failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum LendError<R> {
    /// The buffer was not accepted; the scope did not run.
    Refused(Refused),
    /// The scope ended with commands still in flight. So the device was silenced before the buffer was unpinned. The
    /// device needs a reset, and no command of the function's other transfers is in flight any more.
    Silenced(R),
}

impl fmt::Display for FinishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("commands are in flight: await their completions, or reset the device first")
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

impl core::error::Error for FinishError {}
impl<R: fmt::Debug> core::error::Error for LendError<R> {}

impl DmaTransfer {
    /// Returns the buffer's length in bytes.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Always false: a transfer's buffer has at least one byte.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Returns bytes `offset..offset + length`, for a command of claim `claim`. `None` if the transfer is another
    /// claim's, or the bytes are empty or not inside the buffer.
    #[inline]
    pub(crate) fn part(&self, claim: ClaimId, offset: usize, length: usize) -> Option<Part> {
        let end = offset.checked_add(length)?;
        if self.claim != claim || length == 0 || end > self.length {
            return None;
        }
        Some(Part {
            transfer: self.index,
            bus: self.bus.wrapping_add(offset as u64),
            length,
            writable: self.writable,
        })
    }
}

impl fmt::Debug for DmaTransfer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DmaTransfer({} bytes)", self.length)
    }
}

impl<D> PciFunction<D> {
    /// Moves `buffer` into the in-flight table; the device may read and write it. Copies nothing: takes a lock, and
    /// one store to change the owner.
    ///
    /// # Errors
    ///
    /// [`BeginError`] gives the buffer back.
    pub fn begin(&self, mut buffer: RRef<[u8]>) -> Result<DmaTransfer, BeginError> {
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
        match self.with_table(|table| table.open_owned(buffer)) {
            Ok(index) => Ok(self.transfer(index, bus, length, true)),
            Err((reason, buffer)) => Err(BeginError { reason, buffer }),
        }
    }

    /// Takes a transfer's buffer back.
    ///
    /// # Errors
    ///
    /// [`FinishError`] gives the transfer back if it has commands in flight, or if it belongs to another function.
    pub fn finish(&self, transfer: DmaTransfer) -> Result<RRef<[u8]>, FinishError> {
        if transfer.claim != self.claim_id() || self.is_in_flight(transfer.index) {
            return Err(FinishError { transfer });
        }
        // Only `begin` makes a `DmaTransfer` by value, always with an owned buffer.
        let buffer = self.with_table(|table| table.close(transfer.index));
        buffer.ok_or(FinishError { transfer })
    }

    /// Whether any command of a transfer is in flight. If the caller owns the transfer, no further command can be put
    /// in flight meanwhile.
    fn is_in_flight(&self, transfer: usize) -> bool {
        // While the epoch is odd, the silence or reset has not finished, so commands of the epoch before still count.
        let epoch = self.claim().control.epoch() & !1;
        self.with_table(|table| table.is_in_flight(transfer, epoch))
    }

    fn transfer(&self, index: usize, bus: u64, length: usize, writable: bool) -> DmaTransfer {
        DmaTransfer {
            index,
            claim: self.claim_id(),
            bus,
            length,
            writable,
        }
    }

    /// Pins `buffer` for the length of `scope`; the device may read it, not write it. When the scope ends, even by a
    /// panic, and commands of the buffer are still in flight, the device is silenced first. The silence takes bounded
    /// time: see [`silence`](Self::silence).
    ///
    /// # Errors
    ///
    /// [`LendError::Refused`] if the buffer can't be pinned, [`LendError::Silenced`] if the scope left commands in
    /// flight.
    pub fn lend<R>(
        &self,
        buffer: &RRef<[u8]>,
        scope: impl FnOnce(&DmaTransfer) -> R,
    ) -> Result<R, LendError<R>> {
        let length = buffer.len();
        if length == 0 {
            return Err(LendError::Refused(Refused::Empty));
        }
        let bus = self.bus_address(buffer.as_ptr(), length);
        let bus = bus.ok_or(LendError::Refused(Refused::Unreachable))?;
        let index = self.with_table(DmaTable::open_lent);
        let index = index.ok_or(LendError::Refused(Refused::Full))?;
        let transfer = self.transfer(index, bus, length, false);
        let loan = Loan {
            function: self,
            index,
        };
        let (result, silenced) =
            if samara_unwind::RUNS_DESTRUCTORS && thread::current().owner().is_host() {
                // If the thread runs for the host, it is never cut, and a panic runs the loan's destructor.
                let result = scope(&transfer);
                (result, loan.end())
            } else {
                // The loan must end before the buffer goes back to its lender, so a cut stops at this boundary and
                // ends the loan first.
                // SAFETY: `loan.end` is this crate's code. It takes at most as long as a silence and does not panic
                // (DEV-36).
                unsafe { call::with_cleanup_boundary(|| scope(&transfer), || loan.end()) }
            };
        if silenced {
            Err(LendError::Silenced(result))
        } else {
            Ok(result)
        }
    }
}

/// Ends a loan when its scope ends, whether by return, panic or cut.
struct Loan<'f, D> {
    function: &'f PciFunction<D>,
    index: usize,
}

impl<D> Loan<'_, D> {
    /// Unpins the buffer; returns whether the device had to be silenced first.
    fn end(self) -> bool {
        let silenced = self.unpin();
        core::mem::forget(self);
        silenced
    }

    fn unpin(&self) -> bool {
        let in_flight = self.function.is_in_flight(self.index);
        if in_flight {
            let _ = self.function.silence();
        }
        let _ = self.function.with_table(|table| table.close(self.index));
        in_flight
    }
}

impl<D> Drop for Loan<'_, D> {
    fn drop(&mut self) {
        let _ = self.unpin();
    }
}
