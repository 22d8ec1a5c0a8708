//! Attacks by stale handles: transfers, tags and lists from before a silence or a reset, or from an earlier use of
//! the same slot.
#![forbid(unsafe_code)]

use samara_device_io::dma::DmaTransfer;
use samara_device_io::queue::{QueueError, QueueFault};
use samara_host_std as _;
use samara_rref::RRef;
use samara_testkit::nvme_emulator::{Misbehaviour, NvmeEmulator, Shape};
use samara_testkit::virtio_emulator::{self, VirtioEmulator};

use nvme::{Disk, Function, completed};

#[path = "../fixtures/nvme.rs"]
mod nvme;
#[path = "../fixtures/virtio.rs"]
mod virtio;

/// A length that needs a list of pages.
const LONG: usize = 16 * 4096;

fn buffer(bytes: usize, byte: u8) -> RRef<[u8]> {
    let mut buffer = RRef::<[u8]>::new_zeroed_slice(bytes).unwrap();
    buffer.fill(byte);
    buffer
}

/// Writes each block's number into the block, on the medium.
fn mark(emulator: &NvmeEmulator) {
    emulator.medium(|medium| {
        for (lba, block) in medium.chunks_exact_mut(512).enumerate() {
            block.fill(lba as u8 | 0x80);
        }
    });
}

/// Whether `bytes` are the blocks from `lba` on.
fn are_blocks(bytes: &[u8], lba: usize) -> bool {
    let mut blocks = bytes.chunks_exact(512).zip(lba..);
    blocks.all(|(block, lba)| block.iter().all(|&byte| byte == lba as u8 | 0x80))
}

/// Uses each of the other slots once.
fn turn(disk: &mut Disk, function: &Function, transfer: &DmaTransfer) {
    for _ in 1..disk.io.capacity() {
        let tag = disk.read(function, 0, (transfer, 0, 512)).unwrap();
        assert_eq!(disk.complete(function).tag, tag);
    }
}

/// After the silence the first command's buffer is free, and the command's list of pages belongs to another command.
///
/// Invariant: DEV-10
#[test]
fn a_list_from_before_a_silence_is_not_used() {
    for is_silenced in [true, false] {
        for is_rung in [true, false] {
            let emulator = NvmeEmulator::leak(Shape {
                latency: 3,
                ..Shape::default()
            });
            mark(emulator);
            let function = emulator.slot().claim().unwrap();
            let mut disk = Disk::up(&function);
            let first = function.begin(buffer(LONG, 0)).unwrap();
            let old = disk.read(&function, 0, (&first, 0, LONG)).unwrap();
            if is_rung {
                disk.io.ring(&function).unwrap();
            }
            if is_silenced {
                let _ = function.silence();
            } else {
                function.reset().unwrap();
            }
            let mut first = function.finish(first).unwrap();
            first.fill(0xAA);

            disk.up_again(&function);
            let second = function.begin(buffer(LONG, 0)).unwrap();
            turn(&mut disk, &function, &second);
            let new = disk.read(&function, 128, (&second, 0, LONG)).unwrap();
            assert_eq!(old.slot(), new.slot());
            assert_ne!(old, new);
            assert_eq!(disk.complete(&function).tag, new);
            emulator.tick(16);
            assert_eq!(disk.io.next(&function), Ok(None));
            assert!(are_blocks(&function.finish(second).unwrap(), 128));
            assert!(first.iter().all(|&byte| byte == 0xAA));
            assert_eq!(emulator.counts().stray_accesses, 0);
        }
    }
}

/// The device reads a list when it executes the command, which may be long after other commands were put.
///
/// Invariant: DEV-10
#[test]
fn each_command_in_flight_has_a_list_of_its_own() {
    let emulator = NvmeEmulator::leak(Shape {
        latency: 5,
        reorder: true,
        ..Shape::default()
    });
    mark(emulator);
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let mut ended = 0;
    let mut flying = Vec::new();
    for round in 0..40 {
        let lba = 64 * round as u32 % 1024;
        let transfer = function.begin(buffer(LONG, 0)).unwrap();
        let tag = disk.read(&function, lba, (&transfer, 0, LONG)).unwrap();
        flying.push((tag, lba, transfer));
        // Slots become free in another order than they were taken.
        if flying.len() == 7 {
            disk.io.ring(&function).unwrap();
            for _ in 0..1 + round % 7 {
                let done = completed(&function, &mut disk.io);
                let at = flying.iter().position(|(tag, ..)| *tag == done.tag);
                let (_, lba, transfer) = flying.remove(at.unwrap());
                let back = function.finish(transfer).unwrap();
                assert!(are_blocks(&back, lba as usize));
                ended += 1;
            }
            if disk.io.next(&function).unwrap().is_some() {
                panic!("one too many");
            }
        }
    }
    assert!(ended > 30);
    assert_eq!(emulator.counts().stray_accesses, 0);
}

/// An old completion names a slot that another command has now.
///
/// Invariant: DEV-9
#[test]
fn an_old_completion_ends_no_new_command() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let first = function.begin(buffer(512, 0)).unwrap();
    let old = disk.read(&function, 0, (&first, 0, 512)).unwrap();
    disk.complete(&function);
    drop(function.finish(first).unwrap());

    let second = function.begin(buffer(512, 0)).unwrap();
    turn(&mut disk, &function, &second);
    emulator.switch(|switches| {
        let wrong = Misbehaviour::Cid(old.value());
        switches.next.push_back(Some(wrong));
    });
    let new = disk.read(&function, 0, (&second, 0, 512)).unwrap();
    assert_eq!(old.slot(), new.slot());
    disk.io.ring(&function).unwrap();
    assert_eq!(
        disk.io.next(&function),
        Err(QueueFault::Unknown(old.value()))
    );
    let second = function.finish(second).unwrap_err().transfer;
    function.reset().unwrap();
    drop(function.finish(second).unwrap());
}

/// A completion names a command of which the device was not told yet. If that ended the command, the device would
/// later execute it and write into a buffer that has gone back.
///
/// Invariant: DEV-9
#[test]
fn a_command_before_its_doorbell_does_not_end() {
    let emulator = NvmeEmulator::leak(Shape {
        latency: 1,
        ..Shape::default()
    });
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    // The second slot's tag, at the slot's first use.
    let next = 1;
    emulator.switch(|switches| {
        let wrong = Misbehaviour::Cid(next);
        switches.next.push_back(Some(wrong));
    });
    let first = function.begin(buffer(512, 0)).unwrap();
    let second = function.begin(buffer(512, 0)).unwrap();
    disk.read(&function, 0, (&first, 0, 512)).unwrap();
    disk.io.ring(&function).unwrap();
    let untold = disk.read(&function, 0, (&second, 0, 512)).unwrap();
    assert_eq!(untold.value(), next);
    emulator.tick(4);
    assert_eq!(
        disk.io.next(&function),
        Err(QueueFault::Unknown(untold.value()))
    );
    assert!(function.finish(second).is_err());
}

/// The queue's memory still holds a completion from before the reset. Its phase bit is that of a new completion.
///
/// Invariant: DEV-10
#[test]
fn a_reset_discards_untaken_completions() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let function = emulator.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let first = function.begin(buffer(512, 0)).unwrap();
    disk.read(&function, 0, (&first, 0, 512)).unwrap();
    disk.io.ring(&function).unwrap();
    function.reset().unwrap();
    drop(function.finish(first).unwrap());

    disk.up_again(&function);
    emulator.switch(|switches| switches.hang = true);
    let second = function.begin(buffer(512, 0)).unwrap();
    disk.read(&function, 0, (&second, 0, 512)).unwrap();
    disk.io.ring(&function).unwrap();
    assert_eq!(disk.io.next(&function), Ok(None));
    assert!(function.finish(second).is_err());
}

/// The first claim's buffer is free, and the memory's new owner must not be written to.
///
/// Invariant: DEV-10
#[test]
fn a_transfer_of_an_earlier_claim_is_refused() {
    let emulator = NvmeEmulator::leak(Shape::default());
    let slot = emulator.slot();
    let first = slot.claim().unwrap();
    let stale = first.begin(buffer(512, 0)).unwrap();
    drop(first);
    let function: Function = slot.claim().unwrap();
    let mut disk = Disk::up(&function);
    // This transfer has the same index in its claim's table as the stale one.
    let own = function.begin(buffer(512, 0)).unwrap();
    assert!(disk.read(&function, 0, (&stale, 0, 512)).is_err());
    let stale = function.finish(stale).unwrap_err().transfer;
    disk.read(&function, 0, (&own, 0, 512)).unwrap();
    assert!(function.finish(stale).is_err());
    let own = function.finish(own).unwrap_err().transfer;
    disk.complete(&function);
    drop(function.finish(own).unwrap());
}

/// Invariant: DEV-10
#[test]
fn a_chain_put_before_a_reset_is_not_announced() {
    let shape = virtio_emulator::Shape::BLOCK;
    for is_silenced in [true, false] {
        let emulator = VirtioEmulator::leak(shape);
        let function: virtio::Disk = emulator.slot().claim().unwrap();
        virtio::negotiate(&function);
        let mut queue = virtio::Requests::new(&function, 0, 16).unwrap();
        queue.start(&function, 0xFFFF).unwrap();
        virtio::go(&function);
        let first = function.begin(buffer(512, 0)).unwrap();
        virtio::read(&mut queue, &function, &first, 0).unwrap();
        if is_silenced {
            let _ = function.silence();
        } else {
            function.reset().unwrap();
        }
        drop(function.finish(first).unwrap());
        assert_eq!(queue.ring(&function), Err(QueueError::NotStarted));

        virtio::negotiate(&function);
        queue.start(&function, 0xFFFF).unwrap();
        virtio::go(&function);
        queue.ring(&function).unwrap();
        assert_eq!(emulator.counts().chains, 0);
        let second = function.begin(buffer(512, 0)).unwrap();
        virtio::read(&mut queue, &function, &second, 0).unwrap();
        queue.ring(&function).unwrap();
        assert!(queue.next(&function).unwrap().is_some());
        assert_eq!(queue.next(&function), Ok(None));
        drop(function.finish(second).unwrap());
        let counts = emulator.counts();
        assert_eq!((counts.chains, counts.stray_accesses), (1, 0));
    }
}

/// The queue's memory still holds a used element that the device wrote before the reset.
///
/// Invariant: DEV-10
#[test]
fn a_reset_discards_used_chains() {
    let emulator = VirtioEmulator::leak(virtio_emulator::Shape::BLOCK);
    let function: virtio::Disk = emulator.slot().claim().unwrap();
    virtio::negotiate(&function);
    let mut queue = virtio::Requests::new(&function, 0, 16).unwrap();
    queue.start(&function, 0xFFFF).unwrap();
    virtio::go(&function);
    let first = function.begin(buffer(512, 0)).unwrap();
    virtio::read(&mut queue, &function, &first, 0).unwrap();
    queue.ring(&function).unwrap();
    function.reset().unwrap();
    drop(function.finish(first).unwrap());

    virtio::negotiate(&function);
    queue.start(&function, 0xFFFF).unwrap();
    virtio::go(&function);
    emulator.switch(|switches| switches.hang = true);
    let second = function.begin(buffer(512, 0)).unwrap();
    virtio::read(&mut queue, &function, &second, 0).unwrap();
    queue.ring(&function).unwrap();
    assert_eq!(queue.next(&function), Ok(None));
    assert!(function.finish(second).is_err());
}
