//! The two legacy interrupt controllers (Intel 8259A). They are silenced, since the firmware leaves them configured for
//! vectors that the CPU uses for faults.

use x86_64::instructions::port::PortWriteOnly;

/// The first vector of the controllers after [`silence`]. These vectors serve no other interrupt, because a masked
/// controller can still send spurious interrupts.
pub(crate) const FIRST_VECTOR: u8 = 0x20;
/// One past the last of these vectors.
pub(crate) const END_VECTOR: u8 = 0x30;

const COMMAND: [u16; 2] = [0x20, 0xa0];
const DATA: [u16; 2] = [0x21, 0xa1];

/// Moves the controllers to unused vectors and masks every input.
pub(crate) fn silence() {
    let out = |port, value: u8| {
        // SAFETY: these are the ports of a PC's interrupt controllers, and the values written only silence them.
        unsafe { PortWriteOnly::new(port).write(value) }
    };
    for (index, (command, data)) in COMMAND.into_iter().zip(DATA).enumerate() {
        out(command, 0x11); // initialise, with four words
        out(data, FIRST_VECTOR + 8 * index as u8);
        out(data, if index == 0 { 1 << 2 } else { 2 }); // wired to each other by input 2
        out(data, 0x01); // 8086 mode
        out(data, 0xff); // mask all inputs
    }
}
