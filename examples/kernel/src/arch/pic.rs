//! The two old interrupt controllers (Intel 8259A): silenced, since the firmware leaves them on the
//! vectors of faults.

use x86_64::instructions::port::PortWriteOnly;

/// Where even a masked controller's spurious interrupts go: to vectors that nothing else has.
pub(crate) const FIRST_VECTOR: u8 = 0x20;
/// Behind the last.
pub(crate) const END_VECTOR: u8 = 0x30;

const COMMAND: [u16; 2] = [0x20, 0xa0];
const DATA: [u16; 2] = [0x21, 0xa1];

/// Moves their vectors out of the way and masks every input.
pub(crate) fn silence() {
    let out = |port, value: u8| {
        // SAFETY: the ports of a PC's interrupt controllers; what is written can only keep them quiet.
        unsafe { PortWriteOnly::new(port).write(value) }
    };
    for (index, (command, data)) in COMMAND.into_iter().zip(DATA).enumerate() {
        out(command, 0x11); // initialise, four words
        out(data, FIRST_VECTOR + 8 * index as u8);
        out(data, if index == 0 { 1 << 2 } else { 2 }); // wired to each other by input 2
        out(data, 0x01); // as a PC's
        out(data, 0xff);
    }
}
