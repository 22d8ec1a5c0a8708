//! Checks how many commands pass before a tag is used again.
#![expect(unsafe_code, reason = "stands for the device")]

use std::sync::Mutex;

use samara_device_io::PciFunction;
use samara_device_io::queue::Pair;
use samara_device_io::table::Width;
use samara_device_tables::Nvme;
use samara_host_std as _;

use liar::Liar;

#[path = "../fixtures/liar.rs"]
mod liar;

const CC: usize = 0x14;
const CSTS: usize = 0x1C;
const ASQ: usize = 0x28;
const ACQ: usize = 0x30;

/// A queue of 64 slots has 65,472 tags. If slots were not used in turn, a driver with one command in flight at a time
/// would use only 1,023 of them.
#[test]
fn a_tag_repeats_only_after_all_others() {
    static DONE: Mutex<u32> = Mutex::new(0);
    let liar = Liar::leak(0x5678_1234, 0x0108_0200);
    liar.set(0, 0, Width::W64, 1 << 37 | 1 << 24);
    liar.react(|liar, _, offset, value| {
        if let (CC, Some(value)) = (offset, value) {
            liar.set(0, CSTS, Width::W32, (value & 1).into());
        }
    });
    let function: PciFunction<Nvme> = liar.slot().claim().unwrap();
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
    let mut admin = Pair::<Nvme, { Nvme::ADMIN }>::new(&function, 0, 64).unwrap();
    admin.start(&function, 0).unwrap();
    // Writes a completion with this tag.
    let complete = |liar: &Liar, tag: u16| {
        let mut done = DONE.lock().unwrap();
        let phase = u32::from((*done / 64).is_multiple_of(2));
        let words = [0, 0, (*done + 1) % 64, u32::from(tag) | phase << 16].map(u32::to_le_bytes);
        let bus = liar.get(0, ACQ, Width::W64) + 16 * u64::from(*done % 64);
        let at = std::ptr::with_exposed_provenance_mut::<u8>((bus - liar::OFFSET) as usize);
        // SAFETY: the completion queue.
        unsafe { std::ptr::copy_nonoverlapping(words.as_flattened().as_ptr(), at, 16) };
        *done += 1;
    };
    assert_ne!(liar.get(0, ASQ, Width::W64), 0);
    let mut first = None;
    for commands in 1.. {
        let tag = admin
            .submit::<{ Nvme::SET_QUEUES }>(&function, [0; 7])
            .unwrap();
        if first == Some(tag) {
            // The device repeats the completion of the first command. The completion ends this command, because both
            // commands have the same tag.
            admin.ring(&function).unwrap();
            complete(liar, tag.value());
            assert!(admin.next(&function).unwrap().is_some());
            assert!(
                commands > 63 * 1023,
                "the tag of command 1 is that of command {commands}"
            );
            break;
        }
        first = first.or(Some(tag));
        admin.ring(&function).unwrap();
        complete(liar, tag.value());
        admin.next(&function).unwrap().unwrap();
        assert_eq!(admin.next(&function), Ok(None));
    }
}
