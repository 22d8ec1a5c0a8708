//! Reads, writes and flushes of many lengths, on controllers of many shapes.

use samara_domain::RRef;
use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::Limits;
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::Shape;

use super::Bench;

/// Reads and writes requests of many lengths, at many places, and compares every byte.
fn round_trips(shape: Shape, limits: Limits) -> Bench {
    let bench = Bench::new(shape);
    let disk = bench.try_disk(limits).unwrap();
    let block = 1usize << shape.block_shift;
    assert_eq!(disk.geometry().unwrap().block_size as usize, block);
    for blocks in [1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 64] {
        for lba in [0, 1, 5, shape.blocks as usize - blocks] {
            let read = disk.read(lba as u64, buffer(blocks * block)).unwrap();
            assert_eq!(
                *read,
                *expected(lba * block, blocks * block),
                "{blocks} blocks at {lba}"
            );
        }
    }
    for (turn, blocks) in [1, 2, 9, 33, 64].into_iter().enumerate() {
        let lba = 3 + turn;
        let data: Vec<u8> = (0..blocks * block).map(|i| (i * 7 + turn) as u8).collect();
        let lent = RRef::from_slice(&data);
        disk.write(lba as u64, &lent).unwrap();
        assert_eq!(*lent, *data, "the buffer was only read");
        bench
            .model
            .medium(|medium| assert_eq!(medium[lba * block..][..data.len()], *data));
        let read = disk.read(lba as u64, buffer(data.len())).unwrap();
        assert_eq!(*read, *data);
        // Nothing but the written blocks has changed.
        bench.model.medium(|medium| {
            let end = lba * block + data.len();
            medium[lba * block..end].copy_from_slice(&expected(lba * block, data.len()));
            assert_eq!(medium[..], *expected(0, shape.blocks as usize * block));
        });
    }
    drop(disk);
    bench
}

#[test]
fn blocks_of_512_bytes() {
    round_trips(Shape::default(), Limits::default()).finish();
}

#[test]
fn large_blocks_and_far_doorbells_work() {
    let shape = Shape {
        block_shift: 12,
        blocks: 512,
        doorbell_stride: 8,
        ..Shape::default()
    };
    round_trips(shape, Limits::default()).finish();
}

#[test]
fn every_mdts_up_to_128_pages_works() {
    for mdts in 0..=7 {
        let bench = round_trips(
            Shape {
                mdts,
                ..Shape::default()
            },
            Limits::default(),
        );
        bench.finish();
    }
}

#[test]
fn commands_may_start_inside_a_page() {
    // The second command of a request starts inside a page. Commands need one PRP entry, two, or a list.
    for max_transfer in [512, 1536, 4608, 12_800] {
        let limits = Limits {
            max_transfer,
            ..Limits::default()
        };
        round_trips(Shape::default(), limits).finish();
    }
}

#[test]
fn the_shortest_queue_that_there_is() {
    let shape = Shape {
        queue_entries: 2,
        mdts: 1,
        latency: 2,
        ..Shape::default()
    };
    let bench = round_trips(shape, Limits::default());
    assert_eq!(bench.model.counts().most_in_flight, 1);
    bench.finish();
}

#[test]
fn a_long_read_is_split_and_pipelined() {
    let shape = Shape {
        mdts: 1,
        latency: 20,
        reorder: true,
        ..Shape::default()
    };
    let bench = Bench::new(shape);
    let disk = bench.disk();
    let read = disk.read(64, buffer(128 << 10)).unwrap();
    assert_eq!(*read, *expected(64 * 512, 128 << 10));
    let counts = bench.model.counts();
    assert_eq!(counts.io_commands, 16);
    assert_eq!(counts.most_in_flight, 16);
    drop((read, disk));
    bench.finish();
}

#[test]
fn more_commands_than_the_queue_holds() {
    let shape = Shape {
        mdts: 1,
        latency: 3,
        queue_entries: 5,
        ..Shape::default()
    };
    let bench = Bench::new(shape);
    let disk = bench.disk();
    for _ in 0..40 {
        let read = disk.read(0, buffer(256 << 10)).unwrap();
        assert_eq!(*read, *expected(0, 256 << 10));
    }
    assert_eq!(bench.model.counts().most_in_flight, 4);
    drop(disk);
    bench.finish();
}

#[test]
fn bad_requests_never_reach_the_controller() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    let blocks = disk.geometry().unwrap().blocks;
    for bytes in [0, 1, 511, 513, 4095] {
        assert_eq!(
            disk.read(0, buffer(bytes)).unwrap_err(),
            BlockError::BadLength
        );
        assert_eq!(
            disk.write(0, &buffer(bytes)).unwrap_err(),
            BlockError::BadLength
        );
    }
    for lba in [blocks, blocks - 1, u64::MAX, u64::MAX - 1] {
        assert_eq!(
            disk.read(lba, buffer(1024)).unwrap_err(),
            BlockError::OutOfRange
        );
        assert_eq!(
            disk.write(lba, &buffer(1024)).unwrap_err(),
            BlockError::OutOfRange
        );
    }
    assert_eq!(bench.model.counts().io_commands, 0);
    drop(disk);
    bench.finish();
}

#[test]
fn a_write_protected_namespace_says_so() {
    let bench = Bench::new(Shape {
        read_only: true,
        ..Shape::default()
    });
    let disk = bench.disk();
    assert!(disk.geometry().unwrap().read_only);
    assert_eq!(
        disk.write(0, &buffer(512)).unwrap_err(),
        BlockError::WriteProtected
    );
    drop(disk);
    bench.finish();
}

#[test]
fn flush_reaches_the_device() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    disk.write(1, &buffer(512)).unwrap();
    disk.flush().unwrap();
    assert_eq!(bench.model.counts().flushes, 1);
    drop(disk);
    bench.finish();
}

#[test]
fn several_threads_have_commands_in_flight_at_once() {
    let shape = Shape {
        mdts: 1,
        latency: 5,
        reorder: true,
        queue_entries: 16,
        ..Shape::default()
    };
    let bench = Bench::new(shape);
    let disk = bench.disk();
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let disk = &disk;
            scope.spawn(move || {
                for turn in 0..50 {
                    let lba = thread * 1024 + turn * 3;
                    let data: Vec<u8> = (0..20_480).map(|i| (i as u64 + lba) as u8).collect();
                    disk.write(lba, &RRef::from_slice(&data)).unwrap();
                    assert_eq!(*disk.read(lba, buffer(20_480)).unwrap(), *data);
                }
            });
        }
    });
    assert_eq!(bench.model.counts().resets, 0);
    drop(disk);
    bench.finish();
}

#[test]
fn an_orderly_stop_notifies_the_controller() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    disk.shut_down().unwrap();
    assert_eq!(bench.model.counts().shutdowns, 1);
    assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Stopped);
    drop(disk);
    assert_eq!(bench.model.counts().shutdowns, 1);
    bench.finish();
}

#[test]
fn a_stop_fails_what_is_in_flight() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            ..Shape::default()
        });
        // The read stays in flight, and its timeout does not come before the stop.
        bench.model.switch(|switches| switches.hang = true);
        let limits = Limits {
            io_millis: 3_600_000,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| disk.read(0, buffer(65_536)).unwrap_err());
            while bench.model.counts().io_commands == 0 {
                std::thread::yield_now();
            }
            disk.shut_down().unwrap();
            assert_eq!(reader.join().unwrap(), BlockError::Stopped);
        });
        drop(disk);
        bench.finish();
    }
}
