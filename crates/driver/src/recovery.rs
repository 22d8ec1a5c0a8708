//! Bringing a device up again.

use samara_device_io::PciFunction;

/// The command register of a function, and its bit that has it answer accesses to its registers (PCI 3.0 §6.2.2).
const COMMAND: u16 = 0x04;
const MEMORY_SPACE: u32 = 1 << 1;

/// Whether the device was taken out and another, or the same, put in: it answers in configuration space, and has no registers
/// yet, which the claim gave it. It isn't the one that the driver knows. One that is silent for a moment is as it was.
pub fn is_another<D>(function: &PciFunction<D>) -> bool {
    let command = function.config(COMMAND);
    command != u32::MAX && command & MEMORY_SPACE == 0
}

/// How often a device is brought up until it counts as lost.
const TRIES: usize = 3;

/// Brings a device up by `once`, which begins with a reset; again if it fails for a reason that `passes`: registers that read as all
/// ones behind the reset, another thread's silencing in the midst of it. A device that is unplugged fails in its reset, which asks
/// for as long as its table says: that does not pass.
///
/// # Errors
///
/// The last one of `once`.
pub fn begin_again<E>(
    mut once: impl FnMut() -> Result<(), E>,
    passes: impl Fn(&E) -> bool,
) -> Result<(), E> {
    let mut done = once();
    for _ in 1..TRIES {
        match &done {
            Err(error) if passes(error) => done = once(),
            _ => break,
        }
    }
    done
}

#[cfg(test)]
mod tests {
    use super::{TRIES, begin_again};

    #[test]
    fn what_passes_is_tried_again_and_not_for_ever() {
        let mut tries = 0;
        let mut count = |until: usize, passes: bool| {
            tries = 0;
            let once = || {
                tries += 1;
                if tries < until { Err(tries) } else { Ok(()) }
            };
            (begin_again(once, |_| passes), tries)
        };
        assert_eq!(count(1, true), (Ok(()), 1));
        assert_eq!(count(2, true), (Ok(()), 2));
        assert_eq!(count(2, false), (Err(1), 1));
        assert_eq!(count(100, true), (Err(TRIES), TRIES));
    }
}
