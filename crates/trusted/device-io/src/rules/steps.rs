//! Executes the table's steps: resets, the idle test, and the steps that start and stop queues.

use crate::error::{ResetError, StepError};
use crate::mmio::{Cell, Phase};
use crate::pci::{NotIdle, PciFunction, Silenced};
use crate::table::step::Known;
use crate::table::{At, Check, Limit, Step, Table};

/// The operation to which a sequence of steps belongs.
#[derive(Clone, Copy)]
pub(crate) enum Run {
    /// A start, under the lock.
    Start,
    /// The steps that follow a start, or the steps of a stop. They are refused while the device is being silenced or
    /// reset.
    Started,
    /// The reset of this number.
    Reset(u32),
}

impl<D: Table> PciFunction<D> {
    fn register(&self, at: &At, offset: usize) -> Result<Cell, StepError> {
        // The lint has checked that the register is inside the part of the window that every such device has.
        self.cell(at.window, offset, at.width)
            .ok_or(StepError::Absent)
    }

    /// Whether a check holds for the registers of queue `number`.
    fn holds(&self, check: &Check, number: u16) -> bool {
        (0..check.count).all(|index| {
            let offset = check.at.of(number) + index * check.stride;
            let register = self.register(&check.at, offset);
            register.is_ok_and(|register| check.holds(register.load()))
        })
    }

    /// Whether the device's registers say that it is held in reset.
    pub(super) fn is_idle(&self) -> bool {
        D::IDLE.iter().all(|check| self.holds(check, 0))
    }

    /// Lets the function issue memory requests. The device must have been [reset](Self::reset) in this claim, must
    /// not have been silenced since, and must be [idle](Table::IDLE).
    ///
    /// # Errors
    ///
    /// [`NotIdle`] if the device isn't idle, wasn't reset, or is being silenced or reset: call [`reset`](Self::reset)
    /// first. The same error comes if the function doesn't answer, or if another function is in its place.
    pub fn enable_bus_master(&self) -> Result<(), NotIdle> {
        self.claim().control.with(|phase| {
            // An idle device stays idle here, because queues are started only under this lock.
            if phase != Phase::Reset || !self.is_idle() || !self.claim().set_master() {
                return Err(NotIdle);
            }
            Ok(())
        })
    }

    fn millis(&self, limit: &Limit) -> u64 {
        match limit {
            Limit::Millis(millis) => *millis,
            Limit::Field(at, shift, bits, millis) => {
                // A device that does not answer now can't state its time. The value is then taken as 0, which counts
                // as one unit.
                let value = self.present(at, 0).map_or(0, |(_, value)| value);
                let units = value >> shift & ((1 << bits) - 1);
                units.max(1) * millis
            }
        }
    }

    /// Reads a register whose value is needed; fails if it reads as all ones.
    fn present(&self, at: &At, number: u16) -> Result<(Cell, u64), StepError> {
        let register = self.register(at, at.of(number))?;
        let value = register.load();
        if value == at.width.all_ones() {
            return Err(StepError::Absent);
        }
        Ok((register, value))
    }

    /// Writes a register, as a step of `run`.
    fn step<R>(
        &self,
        run: Run,
        write: impl FnOnce() -> Result<R, StepError>,
    ) -> Result<R, StepError> {
        let control = &self.claim().control;
        match run {
            Run::Start => write(),
            Run::Started => control.with(|phase| match phase {
                Phase::Changing => Err(StepError::State),
                _ => write(),
            }),
            // If a newer reset was begun, this one must not change the device between the newer one's steps.
            Run::Reset(number) => control
                .in_reset(number, write)
                .unwrap_or(Err(StepError::State)),
        }
    }

    /// Checks that the device has kept the addresses and sizes that the steps wrote. A device that ignored writes for
    /// a moment must not be enabled with older addresses or sizes.
    fn confirm(&self, steps: &[Step], known: &Known, chosen: u64) -> Result<(), StepError> {
        for step in steps {
            if let Step::Write(at, value) = step
                && value.tells()
                && self.present(at, known.number)?.1 != value.of(known, chosen)
            {
                return Err(StepError::State);
            }
        }
        Ok(())
    }

    /// Executes steps for the queue that `known` describes. Writes only values that the table contains.
    pub(crate) fn run(
        &self,
        run: Run,
        steps: &[Step],
        known: &Known,
        chosen: u64,
    ) -> Result<(), StepError> {
        let number = known.number;
        for (index, step) in steps.iter().enumerate() {
            if matches!(run, Run::Start) && index + 1 == steps.len() {
                self.confirm(steps, known, chosen)?;
            }
            match step {
                Step::Write(at, value) => {
                    let register = self.register(at, at.of(number))?;
                    self.step(run, || {
                        // SAFETY: the table has this value here. If it is an address, it is the address of the
                        // queue's memory. That memory stays allocated until the claim ends, and the claim ends after
                        // the device was silenced (DEV-9, DEV-18).
                        unsafe { register.store(value.of(known, chosen)) };
                        Ok(())
                    })?;
                    // The number is read back, because the next steps would reach another queue if the device did not
                    // take the number.
                    let selects = value.names_queue() && at.stride == 0;
                    if selects && self.present(at, number)?.1 != value.of(known, chosen) {
                        return Err(StepError::State);
                    }
                }
                Step::Update(at, clear, set) => self.step(run, || {
                    let (register, value) = self.present(at, number)?;
                    // SAFETY: the table has these bits here, and they are no address.
                    unsafe { register.store(value & !clear | set) };
                    Ok(())
                })?,
                Step::Require(check) if self.holds(check, number) => {}
                Step::Require(check) => {
                    self.present(&check.at, number)?;
                    return Err(StepError::State);
                }
                Step::AtLeast(at, value) => {
                    if self.present(at, number)?.1 < value.of(known, chosen) {
                        return Err(StepError::State);
                    }
                }
                Step::Await(checks, limit) => {
                    if !self.settles(checks, limit, number) {
                        let answers = checks
                            .iter()
                            .all(|check| self.present(&check.at, number).is_ok());
                        return Err(if answers {
                            StepError::Timeout
                        } else {
                            StepError::Absent
                        });
                    }
                }
                Step::Settle(checks, limit) => {
                    self.settles(checks, limit, number);
                }
                Step::Sleep(millis) => self.deadline(*millis).sleep(),
            }
        }
        Ok(())
    }

    /// Waits until one of `checks` holds, and returns true; returns false if the time is over first. A device that
    /// reads as all ones may answer again in a moment, so the wait goes on.
    fn settles(&self, checks: &[Check], limit: &Limit, number: u16) -> bool {
        let deadline = self.deadline(self.millis(limit));
        deadline.poll(|| checks.iter().any(|check| self.holds(check, number)))
    }

    /// Resets the device by the table's steps. After a reset no queue runs, and all objects and transfers in flight
    /// can be taken back. If the steps fail, or the device is not idle after them, the function is
    /// [silenced](Self::silence). If the silence does not reset the device, the engine executes the table's steps for
    /// [that case](Table::SILENT_RESET). A reset takes as long as the steps do. If they fail, the silence adds at
    /// most 2.2 s, and the steps for that case add their own time. During a reset no queue can be started. After a
    /// failed reset this holds until a later reset succeeds.
    ///
    /// # Errors
    ///
    /// [`ResetError`]. In this case, too, no queue runs, unless another thread's reset has succeeded meanwhile.
    pub fn reset(&self) -> Result<(), ResetError> {
        let number = self.claim().control.begin_reset();
        if self.complies(number, D::RESET)? {
            return Ok(());
        }
        match self.silence() {
            Silenced::Absent => return Err(ResetError::Absent),
            // A Function Level Reset leaves the device in the state that the table's steps would leave it in. So it
            // counts as success here, because some devices never complete the steps.
            Silenced::Reset if self.ends_reset(number)? => return Ok(()),
            _ => {}
        }
        if self.complies(number, D::SILENT_RESET)? {
            return Ok(());
        }
        let gone = D::IDLE
            .iter()
            .all(|check| self.present(&check.at, 0).is_err());
        Err(if gone {
            ResetError::Absent
        } else {
            ResetError::Failed
        })
    }

    /// Executes `steps` for reset `number`. Returns whether they leave the device idle.
    fn complies(&self, number: u32, steps: &[Step]) -> Result<bool, ResetError> {
        let steps = self.run(Run::Reset(number), steps, &Known::default(), 0);
        if steps.is_err() && self.claim().control.in_reset(number, || ()).is_some() {
            return Ok(false);
        }
        self.ends_reset(number)
    }

    /// Ends reset `number`, if the device is idle.
    fn ends_reset(&self, number: u32) -> Result<bool, ResetError> {
        // Queues are started under the same lock, so a device that is idle now stays idle until everything in flight
        // has ended.
        let claim = self.claim();
        let ended = claim.control.end_reset(number, || self.is_idle());
        if ended == Some(true) {
            // The device answers again. A Function Level Reset may have cleared the vectors, so they are programmed
            // again.
            claim.restore_vectors();
        }
        ended.ok_or(ResetError::Superseded)
    }
}
