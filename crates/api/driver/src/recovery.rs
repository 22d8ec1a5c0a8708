//! Brings a device up again.
//!
//! The attempts end when the device is up, when the device is gone, or when the device says again and again that it
//! isn't the device that callers were promised. After every other failure the bring-up is repeated, within a bound of
//! time. Such failures are registers that read as all ones or as zeroes, a lost command, or another thread that
//! silences the device.

use samara_device_io::PciFunction;
use samara_device_io::pci::{ResetError, Silenced};
use samara_device_io::table::Table;

use crate::NANOS_PER_MILLI;

/// The offsets of a function's vendor and device ID and of its command register (PCI 3.0 §6.2.1, §6.2.2).
/// `MEMORY_SPACE` is the bit of the command register that makes the function answer accesses to its registers.
const ID: u16 = 0x00;
const COMMAND: u16 = 0x04;
const MEMORY_SPACE: u32 = 1 << 1;

/// The time that a device may be silent after a reset of its function. Some devices need 2 s (hardware case 4).
const SILENT_MILLIS: u64 = 2_000;
/// The time after which a bring-up that keeps failing isn't repeated any more.
const BEGIN_MILLIS: u64 = 10_000;
/// The time for which a device must repeat a statement until the driver believes it. For a while after a reset some
/// devices make statements that are not true yet (hardware case 28).
const LASTS_MILLIS: u64 = 2_000;
/// The first and the longest pause between two bring-ups.
const PAUSE_MILLIS: (u64, u64) = (1, 500);
/// The shortest pause after the device has made a statement.
const SAID_MILLIS: u64 = 100;

/// The meaning of a failed bring-up for the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The device is gone: it was silent for as long as a device may be.
    Gone,
    /// The device has said that the driver can't use it, or that it is not the device that callers know.
    Said,
    /// The device has given zeroes or all ones where a usable device gives another value. This may pass.
    Blank,
    /// Another failure, which may pass.
    Passing,
}

/// Whether the function answers in configuration space.
fn is_there<D>(function: &PciFunction<D>) -> bool {
    function.config(ID) != u32::MAX
}

/// Whether the function answers accesses to its registers. The claim has switched this on, and a reset switches it
/// off until the engine has restored the base addresses. The result is also true if the command register reads as all
/// ones, although the function does not answer at all then.
fn has_registers<D>(function: &PciFunction<D>) -> bool {
    function.config(COMMAND) & MEMORY_SPACE != 0
}

/// Whether the device was taken out, and the same or another device was put in. Such a device answers in
/// configuration space, and still has no registers after this function's wait. A device that another thread is
/// resetting has no registers either, but has them again soon.
fn is_another<D>(function: &PciFunction<D>) -> bool {
    !function
        .deadline(SILENT_MILLIS)
        .poll(|| has_registers(function))
}

/// [Silences](PciFunction::silence) the function. If the function was still being reset when the engine stopped
/// waiting, it is silenced again as soon as it answers; until then it has no base addresses. The repetitions begin
/// within two seconds, and the last one may take 2.2 s more.
pub fn silence<D: Table>(function: &PciFunction<D>) {
    let mut silenced = function.silence();
    let over = function.deadline(SILENT_MILLIS);
    while silenced == Silenced::Lost && over.poll(|| is_there(function)) && !over.passed() {
        silenced = function.silence();
    }
}

/// Resets the device. If the device doesn't answer after the reset, the function waits up to two seconds for
/// `answers` to become true, and then resets the device again. If the device was still being reset when the engine
/// stopped waiting, it is reset again as soon as it is there, which restores its base addresses.
///
/// # Errors
///
/// [`ResetError`]; [`Absent`](ResetError::Absent) is final.
pub fn reset<D: Table>(
    function: &PciFunction<D>,
    answers: impl Fn() -> bool,
) -> Result<(), ResetError> {
    if is_another(function) {
        return Err(ResetError::Absent);
    }
    let mut done = function.reset();
    let over = function.deadline(SILENT_MILLIS);
    let may_be_reset = || is_there(function) && (!has_registers(function) || answers());
    while done == Err(ResetError::Absent) && over.poll(may_be_reset) && !over.passed() {
        done = function.reset();
    }
    done
}

/// Brings a device up by `once`, which begins with a reset. Repeats `once` until it succeeds, until it fails for a
/// lasting reason, or until ten seconds are over. `says` classifies each error. A statement of the device is a
/// lasting reason if the device has made the same statement for two seconds. Statements are compared as errors, so an
/// error must contain all values that the device reported.
///
/// # Errors
///
/// The last error of `once`.
pub fn begin_again<D: Table, E: PartialEq>(
    function: &PciFunction<D>,
    once: impl FnMut() -> Result<(), E>,
    says: impl Fn(&E) -> Failure,
) -> Result<(), E> {
    let begun = function.clock().now();
    let rest = |millis| {
        function.deadline(millis).sleep();
        function.clock().now().saturating_sub(begun) / NANOS_PER_MILLI
    };
    again(once, says, rest)
}

/// Does the work of [`begin_again`], without a function or a clock. `rest` waits for the given number of
/// milliseconds, and returns the milliseconds since the beginning.
fn again<E: PartialEq>(
    mut once: impl FnMut() -> Result<(), E>,
    says: impl Fn(&E) -> Failure,
    mut rest: impl FnMut(u64) -> u64,
) -> Result<(), E> {
    let (mut pause, most) = PAUSE_MILLIS;
    let mut now = 0;
    // The statement that the device repeats, and the time at which it was made first.
    let mut said: Option<(E, u64)> = None;
    loop {
        let Err(error) = once() else {
            return Ok(());
        };
        let failure = says(&error);
        // The bound is compared with the time at the end of the last pause. So even if a single bring-up takes longer
        // than the bound, `once` runs at least twice.
        if failure == Failure::Gone || now >= BEGIN_MILLIS {
            return Err(error);
        }
        if failure == Failure::Said {
            let before = said.take_if(|(before, _)| *before == error);
            let since = before.map_or(now, |(_, since)| since);
            if now.saturating_sub(since) >= LASTS_MILLIS {
                return Err(error);
            }
            said = Some((error, since));
            pause = pause.max(SAID_MILLIS);
        }
        now = rest(pause);
        pause = most.min(2 * pause);
    }
}

/// Executes `once`. If it fails because of a [statement](Failure::Said) of the device, or because the device has said
/// [nothing](Failure::Blank), executes it once more. So a driver's start refuses a device only if the device fails
/// twice.
///
/// # Errors
///
/// The last error of `once`.
pub fn ask_twice<T, E>(
    mut once: impl FnMut() -> Result<T, E>,
    says: impl Fn(&E) -> Failure,
) -> Result<T, E> {
    let done = once();
    match done.as_ref().map_err(says) {
        Err(Failure::Said | Failure::Blank) => once(),
        _ => done,
    }
}

#[cfg(test)]
mod tests {
    use super::Failure::{self, Blank, Gone, Passing, Said};
    use super::{LASTS_MILLIS, again, ask_twice};

    /// A failure, and what the device has said.
    type Error = (Failure, u32);

    /// Returns the final result of the bring-ups, and the milliseconds until then. The bring-ups fail with each of
    /// `errors` in turn, for its number of milliseconds, and then succeed.
    fn end(errors: &[(u64, Error)]) -> (Result<(), Error>, u64) {
        let now = core::cell::Cell::new(0);
        let once = || {
            let mut until = 0;
            for (millis, error) in errors {
                until += millis;
                if now.get() < until {
                    return Err(*error);
                }
            }
            Ok(())
        };
        let rest = |millis| {
            now.set(now.get() + millis);
            now.get()
        };
        (again(once, |(failure, _)| *failure, rest), now.get())
    }

    #[test]
    fn passing_failures_are_retried_within_a_bound() {
        for failure in [Passing, Blank] {
            assert_eq!(end(&[(9_000, (failure, 0))]).0, Ok(()));
            let (ended, millis) = end(&[(u64::MAX / 2, (failure, 0))]);
            assert_eq!(ended, Err((failure, 0)));
            assert!((10_000..11_000).contains(&millis), "{millis}");
        }
        assert_eq!(end(&[(1, (Gone, 0))]), (Err((Gone, 0)), 0));
    }

    #[test]
    fn a_statement_is_believed_after_two_seconds() {
        assert_eq!(end(&[(1_900, (Said, 1))]).0, Ok(()));
        let (ended, millis) = end(&[(60_000, (Said, 1))]);
        assert_eq!(ended, Err((Said, 1)));
        assert!((LASTS_MILLIS..3_000).contains(&millis), "{millis}");
        // A passing failure between two equal statements does not make the two seconds begin again.
        let said = [(500, (Said, 1)), (1_000, (Passing, 0)), (60_000, (Said, 1))];
        assert!(end(&said).1 < 3_000);
    }

    #[test]
    fn changing_statements_are_not_believed() {
        let said = [1, 2, 1, 2].map(|said| (1_500, (Said, said)));
        assert_eq!(end(&said).0, Ok(()));
        assert_eq!(end(&[]), (Ok(()), 0));
    }

    #[test]
    fn a_start_asks_twice() {
        let tries = |failure| {
            let mut count = 0;
            let once = || {
                count += 1;
                Err::<(), _>(failure)
            };
            (ask_twice(once, |error| *error).is_err(), count)
        };
        assert_eq!(tries(Said), (true, 2));
        assert_eq!(tries(Blank), (true, 2));
        assert_eq!(tries(Passing), (true, 1));
        assert_eq!(tries(Gone), (true, 1));
    }
}
