//! Bringing a device up again.
//!
//! A bring-up has two ends: the device is up, or it has said twice that it isn't what callers were promised. Every other failure is begun
//! again, within one bound: registers that read as all ones, a command that was lost, another thread's silencing.

use samara_device_io::PciFunction;
use samara_device_io::pci::ResetError;
use samara_device_io::table::Table;

/// The command register of a function, and its bit that has it answer accesses to its registers (PCI 3.0 §6.2.2).
const COMMAND: u16 = 0x04;
const MEMORY_SPACE: u32 = 1 << 1;

/// How long a device may be silent behind a reset of its function: 2 s, as some need (hardware case 4).
const SILENT_MILLIS: u64 = 2_000;
/// After how long a bring-up that goes on failing isn't begun again.
const BEGIN_MILLIS: u64 = 10_000;
/// The first and the longest pause between two bring-ups.
const PAUSE_MILLIS: (u64, u64) = (1, 500);

/// What a failed bring-up says of the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It is gone, for as long as a device may be silent.
    Gone,
    /// It has said that it is none that the driver can use, or not the one that callers know.
    Said,
    /// Nothing that lasts.
    Passing,
}

/// Whether the device was taken out and another, or the same, put in: it answers in configuration space, and has no registers
/// yet, which the claim gave it. One that is being reset by another thread has none either, and has them again soon.
fn is_another<D>(function: &PciFunction<D>) -> bool {
    let is_known = || {
        let command = function.config(COMMAND);
        command == u32::MAX || command & MEMORY_SPACE != 0
    };
    !is_known() && !function.deadline(SILENT_MILLIS).poll(is_known)
}

/// Resets the device. One that doesn't answer behind it has two seconds until it `answers`, and is reset once more then.
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
    match function.reset() {
        Err(ResetError::Absent) if function.deadline(SILENT_MILLIS).poll(answers) => {
            function.reset()
        }
        done => done,
    }
}

/// Brings a device up by `once`, which begins with a reset, until that succeeds, or fails for a reason that lasts by `says`.
///
/// # Errors
///
/// The last one of `once`.
pub fn begin_again<D: Table, E>(
    function: &PciFunction<D>,
    once: impl FnMut() -> Result<(), E>,
    says: impl Fn(&E) -> Failure,
) -> Result<(), E> {
    let over = function.deadline(BEGIN_MILLIS);
    let rest = |millis| {
        function.deadline(millis).sleep();
        over.passed()
    };
    again(once, says, rest)
}

/// The same, where `rest` waits for so many milliseconds and says whether the time is over.
fn again<E>(
    mut once: impl FnMut() -> Result<(), E>,
    says: impl Fn(&E) -> Failure,
    mut rest: impl FnMut(u64) -> bool,
) -> Result<(), E> {
    let (mut pause, most) = PAUSE_MILLIS;
    let (mut said, mut is_over) = (0, false);
    loop {
        let Err(error) = once() else {
            return Ok(());
        };
        match says(&error) {
            Failure::Gone => return Err(error),
            Failure::Said => said += 1,
            Failure::Passing => {}
        }
        if said == 2 || is_over {
            return Err(error);
        }
        // Once more in any case: one bring-up may take longer than that.
        is_over = rest(pause);
        pause = most.min(2 * pause);
    }
}

/// Executes `once`, and once more if it fails by what the device [has said](Failure::Said): a start refuses a device only for what that
/// has said twice.
///
/// # Errors
///
/// The last one of `once`.
pub fn ask_twice<T, E>(
    mut once: impl FnMut() -> Result<T, E>,
    says: impl Fn(&E) -> Failure,
) -> Result<T, E> {
    match once() {
        Err(error) if says(&error) == Failure::Said => once(),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::Failure::{self, Gone, Passing, Said};
    use super::{again, ask_twice};

    /// How many bring-ups there are if these failures come, then success, and the time is over after ten rests.
    fn tries(failures: &[Failure]) -> (Result<(), Failure>, usize) {
        let (mut count, mut rests) = (0, 0);
        let once = || {
            count += 1;
            failures.get(count - 1).map_or(Ok(()), |&error| Err(error))
        };
        let rest = |_| {
            rests += 1;
            rests >= 10
        };
        (again(once, |error| *error, rest), count)
    }

    #[test]
    fn what_passes_is_tried_again_and_not_for_ever() {
        assert_eq!(tries(&[]), (Ok(()), 1));
        assert_eq!(tries(&[Passing; 9]), (Ok(()), 10));
        assert_eq!(tries(&[Passing; 100]), (Err(Passing), 11));
    }

    #[test]
    fn what_is_said_twice_is_believed() {
        assert_eq!(tries(&[Said]), (Ok(()), 2));
        assert_eq!(tries(&[Passing, Said, Passing, Said]), (Err(Said), 4));
        assert_eq!(tries(&[Gone]), (Err(Gone), 1));
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
        assert_eq!(tries(Passing), (true, 1));
        assert_eq!(tries(Gone), (true, 1));
    }
}
