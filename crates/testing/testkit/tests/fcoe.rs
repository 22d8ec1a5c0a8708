//! The bus with an 82599 on which firmware has left an FCoE context open: the device places frames by the context and
//! not in the driver's ring.

use samara_device_io::host::DmaTranslate;
use samara_ixgbe_emulator::Loop;
use samara_ixgbe_emulator::registers::{bits, offset as at};
use samara_testkit::ixgbe_bus::{IxgbeBus, fcoe_frame};

const PAGE: usize = 4096;

/// Makes memory that is translated for the device. Returns the memory and its bus address.
fn granted(bus: &IxgbeBus) -> (&'static mut [u8], u64) {
    let memory = vec![0; 4 * PAGE].leak();
    let address = bus.bus_address(memory.as_ptr(), memory.len());
    (memory, address.expect("the bus translates all memory"))
}

#[test]
fn a_context_left_by_firmware_takes_frames() {
    let bus = IxgbeBus::leak(Loop::open());
    bus.master(true);
    let (memory, address) = granted(bus);
    // The first page holds the context's list of buffers. Its first buffer is the second page.
    memory[..8].copy_from_slice(&(address + PAGE as u64).to_le_bytes());
    bus.leave_fcoe_context(5, address);
    assert_eq!(bus.fcoe_context(5).map(|half| half & 1), [1, 1]);
    assert_eq!(bus.fcoe_context(6), [0, 0]);
    // The driver sets up one receive ring, in the third page. Its descriptors are all zero.
    bus.poke(at::RDBAL, (address + 2 * PAGE as u64) as u32);
    bus.poke(at::RDBAL + at::QUEUE_BASE_HIGH, (address >> 32) as u32);
    bus.poke(at::RDBAL + at::QUEUE_LENGTH, 128);
    bus.poke(at::RDBAL + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
    bus.poke(at::RDBAL + at::QUEUE_TAIL, 7);
    bus.poke(at::FCTRL, bits::FCTRL_BROADCAST);
    bus.poke(at::RXCTRL, bits::RXCTRL_ENABLE);
    assert_eq!(bus.omissions().rsc_ack_unset, 1);
    bus.settle();
    bus.link(|link| link.inbound.push_back(fcoe_frame(5, &[0x77; 100])));
    bus.settle();
    let placed = bus.placements();
    assert_eq!((placed.frames, placed.bytes), (1, 100));
    // The test reads through the bus, because a Rust reference to the memory may not see the device's writes.
    let words = bus.descriptor(address + PAGE as u64);
    assert_eq!(words, Some([0x7777_7777_7777_7777; 2]));
    assert_eq!(bus.strays(), 0);
    bus.leave_fcoe_contexts(0..512, address);
    assert!((0..512).all(|index| bus.fcoe_context(index) == [16 << 8 | 1, 1]));
}
