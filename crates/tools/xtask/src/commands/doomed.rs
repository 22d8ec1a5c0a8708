//! Boots the kernel on a machine on which the kernel must report a failure and its reason. It must not hang, crash or
//! succeed.

use std::fmt;

use crate::error::Error;
use crate::guest::GuestError;
use crate::machine::{Ending, Machine};
use crate::tally::Tally;
use samara_provision::qemu::Qemu;

/// Boots the machine once and counts the boot as a test called `name`. `missing` gets the text that the kernel
/// printed, and returns a complaint if the text lacks something.
pub(super) fn boot(
    machine: &Machine,
    qemu: &Qemu,
    tally: &mut Tally,
    name: fmt::Arguments<'_>,
    missing: impl FnOnce(&str) -> Option<String>,
) -> Result<(), Error> {
    let mut said = Vec::new();
    let (_, ending) = machine.boot(qemu, &mut said)?;
    let said = String::from_utf8_lossy(&said);
    let complaint = complaint(&ending).or_else(|| missing(&said));
    tally.report(name, complaint.is_none());
    if let Some(complaint) = &complaint {
        println!("{said}    {complaint}");
    }
    Ok(())
}

/// Returns a complaint unless the boot ended with the kernel's report of a failure.
fn complaint(ending: &Result<Ending, GuestError>) -> Option<String> {
    match ending {
        Ok(Ending::Failure) => None,
        Ok(Ending::Success) => Some("the kernel reported success".into()),
        Ok(other) => Some(other.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::complaint;
    use crate::guest::GuestError;
    use crate::machine::Ending;

    #[test]
    fn only_a_reported_failure_passes() {
        assert_eq!(complaint(&Ok(Ending::Failure)), None);
        for ending in [Ending::Success, Ending::Reset, Ending::Refused] {
            assert!(complaint(&Ok(ending)).is_some());
        }
        let hang = Err(GuestError::TimedOut {
            limit: Duration::from_secs(1),
        });
        assert!(complaint(&hang).is_some());
    }
}
