//! Bringing a device up again.
//!
//! A bring-up has two ends: the device is up, or it goes on saying that it isn't what callers were promised. Every other failure is
//! begun again, within one bound: registers that read as all ones or as zeroes, a command that was lost, another thread's silencing.

use samara_device_io::PciFunction;
use samara_device_io::pci::{ResetError, Silenced};
use samara_device_io::table::Table;

use crate::NANOS_PER_MILLI;

/// Vendor and device of a function; its command register, and the bit there that has it answer accesses to its registers
/// (PCI 3.0 §6.2.1, §6.2.2).
const ID: u16 = 0x00;
const COMMAND: u16 = 0x04;
const MEMORY_SPACE: u32 = 1 << 1;

/// How long a device may be silent behind a reset of its function: 2 s, as some need (hardware case 4).
const SILENT_MILLIS: u64 = 2_000;
/// After how long a bring-up that goes on failing isn't begun again.
const BEGIN_MILLIS: u64 = 10_000;
/// For how long a device is to go on saying the same until it is believed: some say something else for a while behind a reset (hardware
/// case 28).
const LASTS_MILLIS: u64 = 2_000;
/// The first and the longest pause between two bring-ups.
const PAUSE_MILLIS: (u64, u64) = (1, 500);
/// The least pause behind what a device has said.
const SAID_MILLIS: u64 = 100;

/// What a failed bring-up says of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is gone, for as long as a device may be silent.
    Gone,
    /// It has said that it is none that the driver can use, or not the one that callers know.
    Said,
    /// It has said nothing, where a device that can be used says something: zeroes, or all ones. That passes.
    Blank,
    /// Nothing that lasts.
    Passing,
}

/// Whether the function answers in configuration space.
fn is_there<D>(function: &PciFunction<D>) -> bool {
    function.config(ID) != u32::MAX
}

/// Whether the function answers accesses to its registers, which the claim has it do. It doesn't during a reset, before the engine has put
/// its base addresses back; all ones are no answer.
fn has_registers<D>(function: &PciFunction<D>) -> bool {
    function.config(COMMAND) & MEMORY_SPACE != 0
}

/// Whether the device was taken out and another, or the same, put in: it answers in configuration space, and has no registers
/// yet. One that is being reset by another thread has none either, and has them again soon.
fn is_another<D>(function: &PciFunction<D>) -> bool {
    !function
        .deadline(SILENT_MILLIS)
        .poll(|| has_registers(function))
}

/// [Silences](PciFunction::silence) the function. If it was still being reset when the engine stopped waiting, it is silenced again as soon
/// as it answers: it has no base addresses until then. All such silences begin within two seconds, and the last may take 2.2 s more.
pub fn silence<D: Table>(function: &PciFunction<D>) {
    let mut silenced = function.silence();
    let over = function.deadline(SILENT_MILLIS);
    while silenced == Silenced::Lost && over.poll(|| is_there(function)) && !over.passed() {
        silenced = function.silence();
    }
}

/// Resets the device. One that doesn't answer behind it has two seconds until it `answers`, and is reset again then. So is one that
/// was still being reset when the engine stopped waiting, as soon as it is there: its base addresses are put back by that.
///
/// # Errors
///
/// [`ResetError`]: [`Absent`](ResetError::Absent) is for good.
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

/// Brings a device up by `once`, which begins with a reset, until that succeeds, or fails for a reason that lasts by `says`. What the
/// device says lasts if it has said the same for two seconds: an error is to hold all that was said.
///
/// # Errors
///
/// The last one of `once`.
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

/// The same, where `rest` waits for so many milliseconds and says how many have gone by since the beginning.
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
        // Once more in any case behind the last pause: one bring-up may take longer than that.
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

/// Executes `once`, and once more if it fails by what the device [has said](Failure::Said), or because it has said
/// [nothing](Failure::Blank): a start refuses a device only for what it was asked twice.
///
/// # Errors
///
/// The last one of `once`.
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

    /// How the bring-ups end if these errors come, each for so many milliseconds, then success; and when.
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
    fn what_passes_is_tried_again_and_not_for_ever() {
        for failure in [Passing, Blank] {
            assert_eq!(end(&[(9_000, (failure, 0))]).0, Ok(()));
            let (ended, millis) = end(&[(u64::MAX / 2, (failure, 0))]);
            assert_eq!(ended, Err((failure, 0)));
            assert!((10_000..11_000).contains(&millis), "{millis}");
        }
        assert_eq!(end(&[(1, (Gone, 0))]), (Err((Gone, 0)), 0));
    }

    #[test]
    fn what_is_said_for_two_seconds_is_believed() {
        assert_eq!(end(&[(1_900, (Said, 1))]).0, Ok(()));
        let (ended, millis) = end(&[(60_000, (Said, 1))]);
        assert_eq!(ended, Err((Said, 1)));
        assert!((LASTS_MILLIS..3_000).contains(&millis), "{millis}");
        // What passes meanwhile says nothing.
        let said = [(500, (Said, 1)), (1_000, (Passing, 0)), (60_000, (Said, 1))];
        assert!(end(&said).1 < 3_000);
    }

    #[test]
    fn what_differs_each_time_is_not_believed() {
        let said = [1, 2, 1, 2].map(|what| (1_500, (Said, what)));
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
