//! Brings a device up again.
//!
//! A bring-up ends in one of two ways: the device is up, or it persistently says that it isn't the device that
//! callers were promised. After every other failure the bring-up is begun again, within one bound: registers that
//! read as all ones or as zeroes, a command that was lost, another thread's silencing.

use samara_device_io::PciFunction;
use samara_device_io::pci::{ResetError, Silenced};
use samara_device_io::table::Table;

use crate::NANOS_PER_MILLI;

/// Vendor and device ID of a function; its command register, and the bit there that makes it answer accesses to its
/// registers (PCI 3.0 §6.2.1, §6.2.2).
const ID: u16 = 0x00;
const COMMAND: u16 = 0x04;
const MEMORY_SPACE: u32 = 1 << 1;

/// How long a device may be silent after a reset of its function: 2 s, as some need (hardware case 4).
const SILENT_MILLIS: u64 = 2_000;
/// After how long a bring-up that keeps failing isn't begun again.
const BEGIN_MILLIS: u64 = 10_000;
/// How long a device must go on saying the same until it is believed: some say something else for a while after a
/// reset (hardware case 28).
const LASTS_MILLIS: u64 = 2_000;
/// The first and the longest pause between two bring-ups.
const PAUSE_MILLIS: (u64, u64) = (1, 500);
/// The shortest pause after the device has made a statement.
const SAID_MILLIS: u64 = 100;

/// What a failed bring-up says about the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The device is gone: it was silent for as long as a device may be.
    Gone,
    /// The device has said that it is none that the driver can use, or not the one that callers know.
    Said,
    /// The device has said nothing, where a usable device says something: it gave zeroes, or all ones. That passes.
    Blank,
    /// Another failure, which passes.
    Passing,
}

/// Whether the function answers in configuration space.
fn is_there<D>(function: &PciFunction<D>) -> bool {
    function.config(ID) != u32::MAX
}

/// Whether the function answers accesses to its registers, which the claim has switched on. It doesn't during a reset,
/// until the engine has put its base addresses back. Also true if the command register reads as all ones: then the
/// function does not answer at all.
fn has_registers<D>(function: &PciFunction<D>) -> bool {
    function.config(COMMAND) & MEMORY_SPACE != 0
}

/// Whether the device was taken out and the same or another one put in: it answers in configuration space, and still
/// has no registers after the wait. A device that another thread is resetting has no registers either, but has them
/// again soon.
fn is_another<D>(function: &PciFunction<D>) -> bool {
    !function
        .deadline(SILENT_MILLIS)
        .poll(|| has_registers(function))
}

/// [Silences](PciFunction::silence) the function. If it was still being reset when the engine stopped waiting, it is
/// silenced again as soon as it answers: until then it has no base addresses. All such silences begin within two
/// seconds, and the last one may take 2.2 s more.
pub fn silence<D: Table>(function: &PciFunction<D>) {
    let mut silenced = function.silence();
    let over = function.deadline(SILENT_MILLIS);
    while silenced == Silenced::Lost && over.poll(|| is_there(function)) && !over.passed() {
        silenced = function.silence();
    }
}

/// Resets the device. If it doesn't answer after that, it has two seconds until it `answers`, and is then reset
/// again. A device that was still being reset when the engine stopped waiting is reset again as soon as it is there,
/// which puts its base addresses back.
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

/// Brings a device up by `once`, which begins with a reset, until that succeeds or fails for a reason that lasts by
/// `says`. A statement of the device lasts if the device has made the same one for two seconds; so an error must
/// contain all that the device said.
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

/// Does the same, where `rest` waits for this many milliseconds and returns how many have gone by since the
/// beginning.
fn again<E: PartialEq>(
    mut once: impl FnMut() -> Result<(), E>,
    says: impl Fn(&E) -> Failure,
    mut rest: impl FnMut(u64) -> u64,
) -> Result<(), E> {
    let (mut pause, most) = PAUSE_MILLIS;
    let mut now = 0;
    // What the device says, and since when.
    let mut said: Option<(E, u64)> = None;
    loop {
        let Err(error) = once() else {
            return Ok(());
        };
        let failure = says(&error);
        // `once` runs at least once after the last pause, because a single bring-up may take longer than the bound.
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

/// Executes `once`, and once more if it fails because of what the device [has said](Failure::Said), or because it has
/// said [nothing](Failure::Blank): a start refuses a device only for an answer that it gave twice.
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

    /// Returns how the bring-ups end, and when, if these errors come, each for this many milliseconds, and then
    /// success.
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
        // A passing failure in between says nothing.
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
