//! The table's steps, executed: reset, idle test, and what starts and stops queues.

use core::fmt;

use super::function::PciFunction;
use super::reset::Silenced;
use crate::mmio::Cell;
use crate::table::step::Known;
use crate::table::{At, Check, Limit, Step, Table};

/// Why steps came to no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepError {
    /// Nothing answers: the device was unplugged.
    Absent,
    /// The device isn't in the state that the next step needs.
    State,
    /// The device did not do it in time.
    Timeout,
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "nothing answers: the device was unplugged",
            Self::State => "the device is in another state than the next step needs: reset it",
            Self::Timeout => "the device did not change its state in time: reset it",
        })
    }
}

impl core::error::Error for StepError {}

/// Why a reset failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResetError {
    /// Nothing answers: the device was unplugged.
    Absent,
    /// It does not become idle, not by a Function Level Reset either.
    Failed,
}

impl fmt::Display for ResetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the device was unplugged: plug it in again",
            Self::Failed => "the device does not come back from a reset: it needs a power cycle",
        })
    }
}

impl core::error::Error for ResetError {}

impl<D: Table> PciFunction<D> {
    fn register(&self, at: &At, offset: usize) -> Result<Cell, StepError> {
        // The lint has found it inside what every such device has.
        self.cell(at.window, offset, at.width)
            .ok_or(StepError::Absent)
    }

    /// Whether a check holds, of the registers of queue `number`.
    fn holds(&self, check: &Check, number: u16) -> bool {
        (0..check.count).all(|index| {
            let offset = check.at.of(number) + index * check.stride;
            let register = self.register(&check.at, offset);
            register.is_ok_and(|register| check.holds(register.load()))
        })
    }

    /// Whether the device is held in reset, with nothing of an earlier owner left in it.
    pub(super) fn is_idle(&self) -> bool {
        D::IDLE.iter().all(|check| self.holds(check, 0))
    }

    fn millis(&self, limit: &Limit) -> u64 {
        match limit {
            Limit::Millis(millis) => *millis,
            Limit::Field {
                at,
                shift,
                bits,
                millis,
            } => {
                // One that does not answer now says nothing of the time that it takes.
                let value = self.present(at, 0).map_or(0, |(_, value)| value);
                let units = value >> shift & ((1 << bits) - 1);
                units.max(1) * millis
            }
        }
    }

    /// A register that is read to be changed.
    fn present(&self, at: &At, number: u16) -> Result<(Cell, u64), StepError> {
        let register = self.register(at, at.of(number))?;
        let value = register.load();
        if value == at.width.all_ones() {
            return Err(StepError::Absent);
        }
        Ok((register, value))
    }

    /// Executes steps for the queue that is `known`. All that is written is what the table says.
    pub(crate) fn run(&self, steps: &[Step], known: &Known, chosen: u64) -> Result<(), StepError> {
        let number = known.number;
        for step in steps {
            match step {
                Step::Write(at, value) => {
                    let register = self.register(at, at.of(number))?;
                    // SAFETY: the value that the table has there. If it's an address, it's that of the queue's memory, which stays
                    // allocated until the claim ends; the claim ends after the device was silenced.
                    unsafe { register.store(value.of(known, chosen)) };
                }
                Step::Update(at, clear, set) => {
                    let (register, value) = self.present(at, number)?;
                    // SAFETY: bits that the table has there, which are no address (`lint`).
                    unsafe { register.store(value & !clear | set) };
                }
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

    /// Waits until one of `checks` holds; false if the time is over. A device that reads as all ones may be back in a moment.
    fn settles(&self, checks: &[Check], limit: &Limit, number: u16) -> bool {
        let deadline = self.deadline(self.millis(limit));
        deadline.poll(|| checks.iter().any(|check| self.holds(check, number)))
    }

    /// Resets the device by the table's steps: no queue runs after it, and what was in flight can be taken back. Where the
    /// device doesn't comply, the function is [silenced](Self::silence) and the steps are tried once more. Takes as long as the
    /// steps do, and 1.2 s if they fail.
    ///
    /// # Errors
    ///
    /// [`ResetError`]; no queue runs then either.
    pub fn reset(&self) -> Result<(), ResetError> {
        if self.try_reset() {
            return Ok(());
        }
        if self.silence() == Silenced::Absent {
            return Err(ResetError::Absent);
        }
        // Nothing is in flight now, whatever the steps come to.
        if self.try_reset() || self.is_idle() {
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

    /// The table's steps. Each write is in one piece with what else is done to the device under the lock: of a queue that is
    /// started meanwhile, all steps come before it or after.
    fn run_reset(&self) -> Result<(), StepError> {
        for step in D::RESET {
            let run = || self.run(core::slice::from_ref(step), &Known::default(), 0);
            match step {
                Step::Write(..) | Step::Update(..) => self.claim().control.with(|_| run())?,
                _ => run()?,
            }
        }
        Ok(())
    }

    fn try_reset(&self) -> bool {
        let complied = self.run_reset().is_ok();
        // Under the lock under which queues are started: what is idle now stays so until nothing is in flight any more.
        complied
            && self.claim().control.with(|silencing| {
                let is_reset = !silencing && self.is_idle();
                if is_reset {
                    self.all_ended();
                }
                is_reset
            })
    }
}
