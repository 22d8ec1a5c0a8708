//! Attacks by what is over: transfers, tags and lists of before a silence or a reset, and of before they were used again.
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

/// Pages that need a list.
const LONG: usize = 16 * 4096;

fn buffer(bytes: usize, byte: u8) -> RRef<[u8]> {
    let mut buffer = RRef::<[u8]>::new_zeroed_slice(bytes).unwrap();
    buffer.fill(byte);
    buffer
}

/// Each block of the medium says which one it is.
fn mark(model: &NvmeEmulator) {
    model.medium(|medium| {
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

/// All other slots have their turn.
fn turn(disk: &mut Disk, function: &Function, transfer: &DmaTransfer) {
    for _ in 1..disk.io.capacity() {
        let tag = disk.read(function, 0, (transfer, 0, 512)).unwrap();
        assert_eq!(disk.complete(function).tag, tag);
    }
}

/// Once the silence is over the first buffer is free, and the list of its command is another's.
#[test]
fn a_list_of_before_a_silence_names_nobodys_pages() {
    for is_silenced in [true, false] {
        for is_rung in [true, false] {
            let model = NvmeEmulator::leak(Shape {
                latency: 3,
                ..Shape::default()
            });
            mark(model);
            let function = model.slot().claim().unwrap();
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
            model.tick(16);
            assert_eq!(disk.io.next(&function), Ok(None));
            assert!(are_blocks(&function.finish(second).unwrap(), 128));
            assert!(first.iter().all(|&byte| byte == 0xAA));
            assert_eq!(model.counts().stray_accesses, 0);
        }
    }
}

/// The device looks at a list when it executes its command, which may be long after others were put.
#[test]
fn each_command_in_flight_has_a_list_of_its_own() {
    let model = NvmeEmulator::leak(Shape {
        latency: 5,
        reorder: true,
        ..Shape::default()
    });
    mark(model);
    let function = model.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let mut ended = 0;
    let mut flying = Vec::new();
    for round in 0..40 {
        let lba = 64 * round as u32 % 1024;
        let transfer = function.begin(buffer(LONG, 0)).unwrap();
        let tag = disk.read(&function, lba, (&transfer, 0, LONG)).unwrap();
        flying.push((tag, lba, transfer));
        // Slots become free in another order than they were taken in.
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
    assert_eq!(model.counts().stray_accesses, 0);
}

/// The command that has the slot now is another.
#[test]
fn a_completion_of_before_ends_no_command_of_now() {
    let model = NvmeEmulator::leak(Shape::default());
    let function = model.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let first = function.begin(buffer(512, 0)).unwrap();
    let old = disk.read(&function, 0, (&first, 0, 512)).unwrap();
    disk.complete(&function);
    drop(function.finish(first).unwrap());

    let second = function.begin(buffer(512, 0)).unwrap();
    turn(&mut disk, &function, &second);
    model.switch(|switches| {
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

/// The device would execute it when it is told of it, into a buffer that has gone back.
#[test]
fn a_command_that_the_device_was_not_told_of_does_not_end() {
    let model = NvmeEmulator::leak(Shape {
        latency: 1,
        ..Shape::default()
    });
    let function = model.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    // The second slot, for the first time.
    let next = 1;
    model.switch(|switches| {
        let wrong = Misbehaviour::Cid(next);
        switches.next.push_back(Some(wrong));
    });
    let first = function.begin(buffer(512, 0)).unwrap();
    let second = function.begin(buffer(512, 0)).unwrap();
    disk.read(&function, 0, (&first, 0, 512)).unwrap();
    disk.io.ring(&function).unwrap();
    let untold = disk.read(&function, 0, (&second, 0, 512)).unwrap();
    assert_eq!(untold.value(), next);
    model.tick(4);
    assert_eq!(
        disk.io.next(&function),
        Err(QueueFault::Unknown(untold.value()))
    );
    assert!(function.finish(second).is_err());
}

/// What the device had completed before is in the queue's memory, with the phase of a new completion.
#[test]
fn a_completion_that_was_not_taken_before_a_reset_is_gone() {
    let model = NvmeEmulator::leak(Shape::default());
    let function = model.slot().claim().unwrap();
    let mut disk = Disk::up(&function);
    let first = function.begin(buffer(512, 0)).unwrap();
    disk.read(&function, 0, (&first, 0, 512)).unwrap();
    disk.io.ring(&function).unwrap();
    function.reset().unwrap();
    drop(function.finish(first).unwrap());

    disk.up_again(&function);
    model.switch(|switches| switches.hang = true);
    let second = function.begin(buffer(512, 0)).unwrap();
    disk.read(&function, 0, (&second, 0, 512)).unwrap();
    disk.io.ring(&function).unwrap();
    assert_eq!(disk.io.next(&function), Ok(None));
    assert!(function.finish(second).is_err());
}

/// The first claim's buffer is free, and whoever has the memory now is not to be written to.
#[test]
fn a_transfer_of_an_earlier_claim_is_no_transfer() {
    let model = NvmeEmulator::leak(Shape::default());
    let slot = model.slot();
    let first = slot.claim().unwrap();
    let stale = first.begin(buffer(512, 0)).unwrap();
    drop(first);
    let function: Function = slot.claim().unwrap();
    let mut disk = Disk::up(&function);
    // Of the same number in the claim's table.
    let own = function.begin(buffer(512, 0)).unwrap();
    assert!(disk.read(&function, 0, (&stale, 0, 512)).is_err());
    let stale = function.finish(stale).unwrap_err().transfer;
    disk.read(&function, 0, (&own, 0, 512)).unwrap();
    assert!(function.finish(stale).is_err());
    let own = function.finish(own).unwrap_err().transfer;
    disk.complete(&function);
    drop(function.finish(own).unwrap());
}

#[test]
fn a_chain_that_was_put_before_a_reset_is_not_told_after_it() {
    let shape = virtio_emulator::Shape::BLOCK;
    for is_silenced in [true, false] {
        let model = VirtioEmulator::leak(shape);
        let function: virtio::Disk = model.slot().claim().unwrap();
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
        assert_eq!(model.counts().chains, 0);
        let second = function.begin(buffer(512, 0)).unwrap();
        virtio::read(&mut queue, &function, &second, 0).unwrap();
        queue.ring(&function).unwrap();
        assert!(queue.next(&function).unwrap().is_some());
        assert_eq!(queue.next(&function), Ok(None));
        drop(function.finish(second).unwrap());
        let counts = model.counts();
        assert_eq!((counts.chains, counts.stray_accesses), (1, 0));
    }
}

/// What the device had used before is in the queue's memory.
#[test]
fn a_chain_that_was_used_before_a_reset_is_gone() {
    let model = VirtioEmulator::leak(virtio_emulator::Shape::BLOCK);
    let function: virtio::Disk = model.slot().claim().unwrap();
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
    model.switch(|switches| switches.hang = true);
    let second = function.begin(buffer(512, 0)).unwrap();
    virtio::read(&mut queue, &function, &second, 0).unwrap();
    queue.ring(&function).unwrap();
    assert_eq!(queue.next(&function), Ok(None));
    assert!(function.finish(second).is_err());
}
