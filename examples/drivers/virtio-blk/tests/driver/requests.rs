//! Reads, writes and flushes of many lengths, on devices of many shapes.

use samara_domain::RRef;
use samara_interfaces::{BlockDevice, BlockError};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::virtio_emulator::{Block, Layout, Shape};
use samara_virtio_blk::Limits;

use super::{Bench, shape};

/// Sectors of 512 bytes on the medium.
const SECTORS: usize = 4096;

/// Reads and writes requests of many lengths, at many places, in blocks of `block` bytes, and compares every byte.
fn round_trips(shape: Shape, block: usize, limits: Limits) -> Bench {
    let bench = Bench::new(shape);
    let disk = bench.try_disk(limits).unwrap();
    let geometry = disk.geometry().unwrap();
    assert_eq!(geometry.block_size as usize, block);
    assert_eq!(geometry.blocks as usize, SECTORS * 512 / block);
    for blocks in [1, 2, 3, 7, 8, 9, 16, 31, 32, 33, 64] {
        for lba in [0, 1, 5, geometry.blocks as usize - blocks] {
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
        // The test puts the old bytes back and checks that nothing else has changed.
        bench.model.medium(|medium| {
            let end = lba * block + data.len();
            medium[lba * block..end].copy_from_slice(&expected(lba * block, data.len()));
            assert_eq!(medium[..], *expected(0, SECTORS * 512));
        });
    }
    drop(disk);
    assert_eq!(
        bench.model.counts().resets,
        3,
        "one each at the start, at the orderly stop, and at the release of the function"
    );
    bench
}

#[test]
fn blocks_are_sectors_without_a_block_size() {
    let plain = shape(Block {
        block_size: None,
        ..Block::PLAIN
    });
    round_trips(plain, 512, Limits::default()).finish();
}

#[test]
fn blocks_of_several_sizes() {
    for block in [512, 1024, 4096, 16_384] {
        let shape = shape(Block {
            block_size: Some(block),
            ..Block::PLAIN
        });
        round_trips(shape, block as usize, Limits::default()).finish();
    }
}

#[test]
fn requests_are_split_at_size_max() {
    for size_max in [512, 513, 1536, 4608, 65_536, u32::MAX] {
        let shape = shape(Block {
            size_max: Some(size_max),
            ..Block::PLAIN
        });
        let bench = round_trips(shape, 512, Limits::default());
        bench.finish();
    }
}

#[test]
fn a_request_has_one_data_segment() {
    for seg_max in [None, Some(1)] {
        let shape = shape(Block {
            seg_max,
            ..Block::PLAIN
        });
        round_trips(shape, 512, Limits::default()).finish();
    }
}

#[test]
fn requests_are_split_at_the_drivers_own_limit() {
    for max_transfer in [0, 512, 1536, 4608, 12_800] {
        let limits = Limits {
            max_transfer,
            ..Limits::default()
        };
        round_trips(Shape::BLOCK, 512, limits).finish();
    }
}

#[test]
fn registers_may_stand_close_together() {
    for notify_multiplier in [0, 2, 4, 8] {
        let shape = Shape {
            layout: Layout::TIGHT,
            notify_multiplier,
            ..Shape::BLOCK
        };
        round_trips(shape, 512, Limits::default()).finish();
    }
}

#[test]
fn the_shortest_queue_that_there_is() {
    for (queue_size, queue_entries) in [(8, 256), (256, 8), (256, 0), (8, 9)] {
        let shape = Shape {
            queue_size,
            latency: 2,
            ..shape(Block {
                size_max: Some(8192),
                ..Block::PLAIN
            })
        };
        let limits = Limits {
            queue_entries,
            ..Limits::default()
        };
        let bench = round_trips(shape, 512, limits);
        assert_eq!(bench.model.counts().most_in_flight, 1);
        bench.finish();
    }
}

#[test]
fn a_long_read_is_split_and_completes_in_any_order() {
    let shape = Shape {
        latency: 20,
        reorder: true,
        ..shape(Block {
            size_max: Some(8192),
            ..Block::PLAIN
        })
    };
    let bench = Bench::new(shape);
    let disk = bench.disk();
    let read = disk.read(64, buffer(128 << 10)).unwrap();
    assert_eq!(*read, *expected(64 * 512, 128 << 10));
    let counts = bench.model.counts();
    assert_eq!((counts.chains, counts.most_in_flight), (16, 16));
    drop((read, disk));
    bench.finish();
}

#[test]
fn more_commands_than_the_queue_holds() {
    let shape = Shape {
        latency: 3,
        queue_size: 16,
        ..shape(Block {
            size_max: Some(8192),
            ..Block::PLAIN
        })
    };
    let bench = Bench::new(shape);
    let disk = bench.disk();
    for _ in 0..40 {
        let read = disk.read(0, buffer(256 << 10)).unwrap();
        assert_eq!(*read, *expected(0, 256 << 10));
    }
    // One of the queue's five chains always stays free.
    assert_eq!(bench.model.counts().most_in_flight, 4);
    drop(disk);
    bench.finish();
}

#[test]
fn the_ring_indices_wrap_around() {
    let shape = Shape {
        queue_size: 8,
        ..shape(Block {
            size_max: Some(512),
            ..Block::PLAIN
        })
    };
    let bench = Bench::new(shape);
    let disk = bench.disk();
    while bench.model.counts().chains <= 1 << 16 {
        let lba = bench.model.counts().chains % 1024;
        let read = disk.read(lba, buffer(256 << 10)).unwrap();
        assert_eq!(*read, *expected(lba as usize * 512, 256 << 10));
    }
    drop(disk);
    bench.finish();
}

#[test]
fn bad_requests_never_reach_the_device() {
    let bench = Bench::new(Shape::BLOCK);
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
    assert_eq!(bench.model.counts().chains, 0);
    drop(disk);
    bench.finish();
}

#[test]
fn half_a_block_at_the_end_is_out_of_range() {
    let bench = Bench::new(shape(Block {
        sectors: 4095,
        block_size: Some(4096),
        ..Block::PLAIN
    }));
    let disk = bench.disk();
    assert_eq!(disk.geometry().unwrap().blocks, 511);
    assert_eq!(
        disk.read(511, buffer(4096)).unwrap_err(),
        BlockError::OutOfRange
    );
    let read = disk.read(510, buffer(4096)).unwrap();
    assert_eq!(*read, *expected(510 * 4096, 4096));
    drop((disk, read));
    bench.finish();
}

#[test]
fn the_largest_capacity_does_not_overflow() {
    let bench = Bench::new(shape(Block {
        sectors: u64::MAX,
        block_size: Some(65_536),
        ..Block::PLAIN
    }));
    let disk = bench.disk();
    let geometry = disk.geometry().unwrap();
    assert_eq!(
        (geometry.blocks, geometry.bytes()),
        (u64::MAX >> 7, u64::MAX)
    );
    // The model's medium is smaller than the capacity that it reports. Requests beyond the medium fail.
    let read = disk.read(geometry.blocks - 1, buffer(65_536));
    assert_eq!(read.unwrap_err(), BlockError::Device(1));
    let read = disk.read(geometry.blocks, buffer(65_536));
    assert_eq!(read.unwrap_err(), BlockError::OutOfRange);
    drop(disk);
    bench.finish();
}

#[test]
fn a_read_only_device_says_so() {
    let bench = Bench::new(shape(Block {
        read_only: true,
        ..Block::PLAIN
    }));
    let disk = bench.disk();
    assert!(disk.geometry().unwrap().read_only);
    assert_eq!(
        disk.write(0, &buffer(512)).unwrap_err(),
        BlockError::WriteProtected
    );
    assert_eq!(*disk.read(0, buffer(512)).unwrap(), *expected(0, 512));
    assert_eq!(bench.model.counts().chains, 1);
    drop(disk);
    bench.finish();
}

#[test]
fn flush_reaches_a_device_that_has_a_cache() {
    for flush in [true, false] {
        let bench = Bench::new(shape(Block {
            flush,
            ..Block::PLAIN
        }));
        let disk = bench.disk();
        disk.write(1, &buffer(512)).unwrap();
        disk.flush().unwrap();
        assert_eq!(bench.model.counts().flushes, u64::from(flush));
        assert_eq!(bench.model.counts().chains, 1 + u64::from(flush));
        drop(disk);
        bench.finish();
    }
}

#[test]
fn several_threads_have_commands_in_flight_at_once() {
    let shape = Shape {
        latency: 5,
        reorder: true,
        queue_size: 64,
        ..shape(Block {
            size_max: Some(8192),
            ..Block::PLAIN
        })
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
                    disk.flush().unwrap();
                }
            });
        }
    });
    let counts = bench.model.counts();
    assert_eq!(counts.resets, 1);
    assert!(counts.most_in_flight > 3, "{counts:?}");
    drop(disk);
    bench.finish();
}

#[test]
fn an_orderly_stop_flushes_and_resets_the_device() {
    let bench = Bench::new(Shape::BLOCK);
    let disk = bench.disk();
    disk.write(0, &buffer(512)).unwrap();
    disk.shut_down().unwrap();
    assert_eq!(bench.model.counts().flushes, 1);
    assert_eq!(bench.model.status(), 0);
    assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Stopped);
    assert_eq!(disk.flush().unwrap_err(), BlockError::Stopped);
    assert_eq!(disk.shut_down().unwrap_err(), BlockError::Stopped);
    let counts = bench.model.counts();
    drop(disk);
    assert_eq!(bench.model.counts().flushes, counts.flushes);
    bench.finish();
}

#[test]
fn a_stop_fails_what_is_in_flight() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            ..Shape::BLOCK
        });
        // Requests stay in flight. They do not time out before the stop.
        bench.model.switch(|switches| switches.hang = true);
        let limits = Limits {
            io_millis: 3_600_000,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| disk.read(0, buffer(65_536)).unwrap_err());
            while bench.model.counts().chains == 0 {
                std::thread::yield_now();
            }
            // The flush in the stop times out, so the driver resets the device.
            assert_eq!(disk.shut_down().unwrap_err(), BlockError::Timeout);
            assert_eq!(reader.join().unwrap(), BlockError::Timeout);
        });
        assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Stopped);
        drop(disk);
        bench.finish();
    }
}
