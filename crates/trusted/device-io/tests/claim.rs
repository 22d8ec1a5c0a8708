//! A claimed function, its memory and its transfers, on an emulated controller.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicUsize, Ordering};

use samara_device_io::DeviceSlot;
use samara_device_io::dma::{DmaTransfer, FinishError, LendError, MAX_TRANSFERS, Refused};
use samara_device_io::pci::{ClaimError, NotIdle, Silenced};
use samara_device_io::queue::{Pair, QueueError, QueueFault, SubmitError};
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_rref::RRef;
use samara_shared_heap::Owner;
use samara_shared_heap::heap::{Census, census_all};
use samara_testkit::device_memory::{Access, Oracle};
use samara_testkit::hosted::alone;
use samara_testkit::nvme_emulator::{Misbehaviour, NvmeEmulator, Shape};

use fixture::{
    Admin, CAP, Disk, Function, Io, admin, completed, enable, enabled, identified, namespace,
};

#[path = "fixtures/nvme.rs"]
mod fixture;

struct Bench {
    emulator: &'static NvmeEmulator,
    slot: DeviceSlot<Nvme>,
    before: Census,
    _alone: MutexGuard<'static, ()>,
}

impl Bench {
    fn new(flr: bool) -> Self {
        let alone = alone();
        let emulator = NvmeEmulator::leak(Shape {
            flr,
            ..Shape::default()
        });
        Self {
            emulator,
            slot: emulator.slot(),
            before: census_all(),
            _alone: alone,
        }
    }

    /// Claims a function, and brings up its controller so that it reads and writes.
    fn up(&self) -> (Function, Disk) {
        let function = self.slot.claim().unwrap();
        let disk = Disk::up(&function);
        assert!(self.emulator.is_bus_master());
        (function, disk)
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(census_all(), self.before, "something is left on the heap");
            assert!(!self.emulator.is_bus_master());
        }
    }
}

fn buffer(bytes: usize) -> RRef<[u8]> {
    RRef::new_zeroed_slice(bytes).unwrap()
}

#[test]
fn a_claim_is_exclusive_and_its_end_silences() {
    for flr in [true, false] {
        let bench = Bench::new(flr);
        let (function, mut disk) = bench.up();
        let transfer = function.begin(buffer(4096)).unwrap();
        disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
        assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Claimed);
        drop(function);
        assert!(!bench.emulator.is_bus_master());
        // The handles outlive the claim, but give access to nothing.
        let (next, mut of_next) = bench.up();
        let foreign = SubmitError::Queue(QueueError::Foreign);
        assert_eq!(disk.admin.page(&next, 0), Err(foreign));
        assert_eq!(disk.io.ring(&next), Err(QueueError::Foreign));
        assert_eq!(
            disk.io.next(&next),
            Err(QueueFault::Unusable(QueueError::Foreign))
        );
        assert_eq!(
            of_next.read(&next, 0, (&transfer, 0, 512)),
            Err(SubmitError::OutOfBounds)
        );
        assert!(matches!(next.finish(transfer), Err(FinishError { .. })));
    }
}

/// Records how many objects are on the heap at each write of configuration space while the device is bus master.
struct Seen(AtomicUsize);

impl Oracle for Seen {
    fn translated(&self, _: usize, _: usize) {}

    fn allows(&self, _: usize, _: usize, _: Access) -> bool {
        true
    }

    fn is_master(&self) {
        self.0.store(census_all().objects, Ordering::Relaxed);
    }
}

#[test]
fn a_claims_memory_is_released_after_the_silence() {
    static SEEN: Seen = Seen(AtomicUsize::new(0));
    let bench = Bench::new(true);
    bench.emulator.watch(&SEEN);
    let (function, disk) = bench.up();
    let transfer = function.begin(buffer(4096)).unwrap();
    let held = census_all().objects;
    drop(function);
    assert_eq!(SEEN.0.load(Ordering::Relaxed), held);
    drop((disk, transfer));
}

#[test]
fn a_driver_reads_no_base_address() {
    let bench = Bench::new(true);
    let function = bench.slot.claim().unwrap();
    for bar in 0..6 {
        assert_eq!(function.config(0x10 + 4 * bar) & !0xF, 0);
    }
    drop(function);
}

#[test]
fn bus_mastering_waits_for_a_device_in_reset() {
    let bench = Bench::new(false);
    let (function, _disk) = bench.up();
    assert_eq!(function.silence(), Silenced::BusMasterOff);
    // The device could still have commands from before the silence.
    assert_eq!(function.enable_bus_master(), Err(NotIdle));
    assert!(!bench.emulator.is_bus_master());
    function.reset().unwrap();
    function.enable_bus_master().unwrap();
}

#[test]
fn silencing_resets_if_possible_and_says_so() {
    let bench = Bench::new(true);
    let (function, _disk) = bench.up();
    let epoch = function.epoch();
    assert_eq!(function.silence(), Silenced::Reset);
    assert_ne!(function.epoch(), epoch);
    assert!(!bench.emulator.is_ready());
    // The base address was restored, so the registers can be read.
    assert!(![0, u64::MAX].contains(&function.read(CAP)));
    bench.emulator.switch(|switches| switches.removed = true);
    assert_eq!(function.silence(), Silenced::Absent);
    drop(function);
    bench.emulator.replug();
}

/// Invariant: DEV-9
#[test]
fn a_moved_buffer_is_kept_until_its_commands_end() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    let transfer = function.begin(buffer(8192)).unwrap();
    disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
    disk.read(&function, 8, (&transfer, 4096, 4096)).unwrap();
    disk.complete(&function);
    let FinishError { transfer } = function.finish(transfer).unwrap_err();
    disk.complete(&function);
    let back = function.finish(transfer).unwrap();
    assert_eq!(RRef::owner(&back), Owner::HOST);
    // Now a silence ends the command.
    let transfer = function.begin(back).unwrap();
    disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
    let _ = function.silence();
    let not_started = QueueFault::Unusable(QueueError::NotStarted);
    assert_eq!(disk.io.next(&function), Err(not_started));
    assert_eq!(function.finish(transfer).unwrap().len(), 8192);
}

#[test]
fn parts_and_tags_are_checked() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    let transfer = function.begin(buffer(4096)).unwrap();
    for (offset, length) in [
        (0, 0),
        (0, 4097),
        (0, 8192),
        (4096, 512),
        (usize::MAX, 2),
        (usize::MAX - 511, 512),
        (512, usize::MAX - 511),
    ] {
        let put = disk.read(&function, 0, (&transfer, offset, length));
        assert_eq!(put, Err(SubmitError::OutOfBounds), "{offset} {length}");
    }
    // As many commands as fit, each with a slot of its own.
    let part = (&transfer, 0, 512);
    let tags: Vec<_> = (0..7)
        .map(|_| disk.read(&function, 0, part).unwrap())
        .collect();
    for (at, tag) in tags.iter().enumerate() {
        assert!(
            tags[at + 1..]
                .iter()
                .all(|other| other.slot() != tag.slot())
        );
    }
    assert_eq!(disk.read(&function, 0, part), Err(SubmitError::Full));
    for tag in tags {
        assert_eq!(disk.complete(&function).tag, tag);
    }
    assert_eq!(disk.io.next(&function), Ok(None));
    // A second completion of a command is refused, and so is one of a command that never existed.
    for wrong in [Misbehaviour::Twice, Misbehaviour::Cid(0x1234)] {
        let twice = wrong == Misbehaviour::Twice;
        bench
            .emulator
            .switch(|switches| switches.next.push_back(Some(wrong)));
        let tag = disk.read(&function, 0, part).unwrap();
        disk.io.ring(&function).unwrap();
        if twice {
            assert_eq!(completed(&function, &mut disk.io).tag, tag);
        }
        let unknown = if twice { tag.value() } else { 0x1234 };
        assert_eq!(disk.io.next(&function), Err(QueueFault::Unknown(unknown)));
    }
    let FinishError { transfer } = function.finish(transfer).unwrap_err();
    function.reset().unwrap();
    drop(function.finish(transfer).unwrap());
}

#[test]
fn a_full_table_gives_the_buffer_back() {
    let bench = Bench::new(true);
    let function = bench.slot.claim().unwrap();
    let transfers: Vec<_> = (0..MAX_TRANSFERS)
        .map(|_| function.begin(buffer(512)).unwrap())
        .collect();
    let mut one_more = buffer(512);
    one_more[7] = 7;
    let refused = function.begin(one_more).unwrap_err();
    assert_eq!((refused.reason, refused.buffer[7]), (Refused::Full, 7));
    let lent = function.lend(&refused.buffer, |_| ());
    assert!(matches!(lent, Err(LendError::Refused(Refused::Full))));
    for transfer in transfers {
        drop(function.finish(transfer).unwrap());
    }
    assert_eq!(
        function.begin(buffer(0)).unwrap_err().reason,
        Refused::Empty
    );
    drop((refused, function));
}

#[test]
fn a_loan_that_ends_in_flight_silences_the_device() {
    for flr in [true, false] {
        let bench = Bench::new(flr);
        let (function, mut disk) = bench.up();
        let data = buffer(4096);
        assert_eq!(function.lend(&data, |_| 5).unwrap(), 5);
        assert!(bench.emulator.is_bus_master());
        let lent = function.lend(&data, |transfer| {
            disk.write(&function, 0, (transfer, 0, 512)).unwrap();
        });
        assert!(matches!(lent, Err(LendError::Silenced(()))));
        assert!(!bench.emulator.is_bus_master());
        assert_eq!(disk.io.ring(&function), Err(QueueError::NotStarted));
        drop((function, data));
    }
}

/// Invariant: DEV-9
#[test]
fn a_loan_that_a_panic_ends_silences_the_device_first() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    let data = buffer(4096);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _ = function.lend(&data, |transfer| {
            disk.write(&function, 0, (transfer, 0, 512)).unwrap();
            panic!("with a command in flight");
        });
    }));
    assert!(panicked.is_err());
    assert!(!bench.emulator.is_bus_master());
    assert_eq!(disk.io.ring(&function), Err(QueueError::NotStarted));
    drop((function, data));
}

/// A unit is learned only from the engine's own page, and only if the command that filled this page succeeded.
///
/// Invariant: DEV-26
#[test]
fn a_unit_comes_from_the_engines_page() {
    let bench = Bench::new(true);
    let function = bench.slot.claim().unwrap();
    let mut admin = enabled(&function);
    assert_eq!(admin.start(&function, 0), Err(QueueError::Started));
    let unit = namespace(&function, &mut admin);
    assert_eq!((unit.key(), unit.shift()), (1, 9));
    // There is no such namespace: the page is all zeroes.
    let none = identified(&function, &mut admin, 2);
    assert_eq!(none.unit, None);
    // The command fails, so the page was not written.
    let fail = |status| {
        bench
            .emulator
            .switch(|switches| switches.every_admin = status);
    };
    fail(Some(Misbehaviour::Status(0x0B)));
    let failed = identified(&function, &mut admin, 1);
    assert_eq!((failed.status, failed.unit), (0x0B, None));
    fail(None);
    // Only one command can have the page.
    let words = [1, 0, 0, 0, 0, 0, 0];
    let tag = admin.submit::<{ Nvme::IDENTIFY_NAMESPACE }>(&function, words);
    assert!(tag.is_ok());
    let in_use = SubmitError::PageInUse;
    assert_eq!(
        admin.submit::<{ Nvme::IDENTIFY }>(&function, words),
        Err(in_use)
    );
    assert_eq!(admin.page(&function, 0), Err(in_use));
    drop(function);
}

/// A block with metadata transfers more bytes than its size says, so the engine learns no unit of a namespace with
/// metadata.
///
/// Invariant: DEV-26
#[test]
fn a_block_with_metadata_is_no_unit() {
    let _alone = alone();
    for (metadata, block_shift) in [(8, 9), (0, 8), (0, 17)] {
        let emulator = NvmeEmulator::leak(Shape {
            metadata,
            block_shift,
            ..Shape::default()
        });
        let function = emulator.slot().claim().unwrap();
        let mut admin = enabled(&function);
        let identified = identified(&function, &mut admin, 1);
        assert_eq!((identified.status, identified.unit), (0, None));
    }
}

/// Only the device can say whether blocks are inside the namespace.
#[test]
fn commands_stay_inside_buffer_and_namespace() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    let mut read = |transfer: &DmaTransfer, offset, length, lba| {
        let put = disk.read(&function, lba, (transfer, offset, length));
        put.map(|_| disk.complete(&function).status)
    };
    let transfer = function.begin(buffer(1 << 20)).unwrap();
    assert_eq!(read(&transfer, 0, 4096, 0), Ok(0));
    assert_eq!(read(&transfer, 0, 4096, 4096 - 8), Ok(0));
    // LBA Out of Range (NVM Express Base 2.0 figure 96).
    assert_eq!(read(&transfer, 0, 4096, 4096 - 7), Ok(0x80));
    assert_eq!(read(&transfer, 0, 4096, u32::MAX), Ok(0x80));
    assert_eq!(read(&transfer, 0, 511, 0), Err(SubmitError::Length));
    assert_eq!(read(&transfer, 0, 513, 0), Err(SubmitError::Length));
    assert_eq!(read(&transfer, 2, 512, 0), Err(SubmitError::Misaligned));
    // 65 pages fit the first pointer and a list, 66 don't. The device takes even fewer than 65 (MDTS), and reports an
    // error.
    let too_long = read(&transfer, 4, 64 * 4096, 0).unwrap();
    assert_ne!(too_long, 0);
    assert_eq!(read(&transfer, 0, 65 * 4096, 0), Ok(too_long));
    assert_eq!(read(&transfer, 4, 65 * 4096, 0), Err(SubmitError::Length));
    assert_eq!(read(&transfer, 0, 66 * 4096, 0), Err(SubmitError::Length));
    drop(function.finish(transfer).unwrap());
    let data = buffer(4096);
    let lent = function.lend(&data, |transfer| read(transfer, 0, 512, 0));
    assert_eq!(lent.unwrap(), Err(SubmitError::ReadOnlyBuffer));
    assert_eq!(bench.emulator.counts().stray_accesses, 0);
}

/// Every page of a transfer goes to its place, at any offset in the first page. The cases cover a second pointer that
/// is empty, one that is the address of the second page, and one that is the address of a list.
///
/// Invariant: DEV-26
#[test]
fn a_transfer_covers_its_bytes_exactly() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    bench.emulator.medium(|medium| {
        for (at, byte) in medium.iter_mut().enumerate() {
            *byte = (at / 512 + at) as u8 | 1;
        }
    });
    for offset in [0, 4, 512, 4092, 4096] {
        for blocks in [1, 7, 8, 9, 16, 17, 256] {
            let length = blocks * 512;
            let transfer = function.begin(buffer(offset + length + 4096)).unwrap();
            disk.read(&function, 3, (&transfer, offset, length))
                .unwrap();
            assert_eq!(disk.complete(&function).status, 0);
            assert_eq!(disk.io.next(&function), Ok(None));
            let back = function.finish(transfer).unwrap();
            let (before, rest) = back.split_at(offset);
            let (read, after) = rest.split_at(length);
            let is_right = bench
                .emulator
                .medium(|medium| medium[3 * 512..][..length] == *read);
            assert!(is_right, "{offset} {blocks}");
            assert!(before.iter().chain(after).all(|&byte| byte == 0));
        }
    }
    assert_eq!(bench.emulator.counts().stray_accesses, 0);
}

#[test]
fn queues_are_bounded_in_number_and_extent() {
    let bench = Bench::new(true);
    let function = bench.slot.claim().unwrap();
    for entries in [0, 1, 4097, u32::MAX] {
        let queue = Admin::new(&function, 0, entries).err();
        assert_eq!(queue, Some(QueueError::BadLength), "{entries}");
    }
    let mut queues: Vec<Io> = Vec::new();
    for number in 1..=16 {
        queues.push(Pair::new(&function, number, 2).unwrap());
    }
    for number in [0, 17, u16::MAX] {
        let queue = Io::new(&function, number, 2).err();
        assert_eq!(queue, Some(QueueError::NoSuchQueue), "{number}");
    }
    assert_eq!(Io::new(&function, 1, 2).err(), Some(QueueError::Taken));
    let mut admin = admin(&function);
    enable(&function, &mut admin);
    let past = Err(SubmitError::OutOfBounds);
    assert_eq!(admin.page(&function, 1024), past);
    assert_eq!(admin.page(&function, usize::MAX), past);
    assert_eq!(admin.page(&function, 1023), Ok(0));
    // The engine refuses to use one function's memory for another function.
    let other = NvmeEmulator::leak(Shape::default()).slot().claim().unwrap();
    let foreign = Err(SubmitError::Queue(QueueError::Foreign));
    assert_eq!(admin.page(&other, 0), foreign);
    drop((other, function, queues));
}

/// The engine tells the device of free completion entries when the driver finds the queue empty. This driver takes
/// one completion for each command that it puts, so it never finds the queue empty.
#[test]
fn a_completion_always_finds_room() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    let flush = |disk: &mut Disk| {
        let words = [1, 0, 0, 0, 0, 0, 0];
        let put = disk.io.submit::<{ Nvme::FLUSH }>(&function, words);
        put.unwrap();
        disk.io.ring(&function).unwrap();
    };
    for _ in 0..4 {
        flush(&mut disk);
    }
    for _ in 0..40 {
        assert!(disk.io.next(&function).unwrap().is_some());
        flush(&mut disk);
    }
    assert_eq!(bench.emulator.counts().bad_doorbells, 0);
    for _ in 0..4 {
        assert!(disk.io.next(&function).unwrap().is_some());
    }
    assert_eq!(disk.io.next(&function), Ok(None));
    drop(function);
}

/// A completion names a command of which the device was not told yet. If the completion ended the command, the device
/// would later execute the command on a buffer that was given back.
#[test]
fn a_command_that_was_not_rung_is_not_completed() {
    let bench = Bench::new(true);
    let (function, mut disk) = bench.up();
    let transfer = function.begin(buffer(8192)).unwrap();
    disk.read(&function, 0, (&transfer, 0, 4096)).unwrap();
    // The guess is the second slot's tag, at the slot's first use.
    let guessed = 1;
    bench
        .emulator
        .switch(|switches| switches.next.push_back(Some(Misbehaviour::Cid(guessed))));
    disk.io.ring(&function).unwrap();
    let second = disk.read(&function, 8, (&transfer, 4096, 4096)).unwrap();
    assert_eq!(second.value(), guessed);
    let unknown = QueueFault::Unknown(guessed);
    assert_eq!(disk.io.next(&function), Err(unknown));
    let FinishError { transfer } = function.finish(transfer).unwrap_err();
    function.reset().unwrap();
    assert_eq!(function.finish(transfer).unwrap().len(), 8192);
}
