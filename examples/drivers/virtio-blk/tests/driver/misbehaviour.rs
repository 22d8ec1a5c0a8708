//! Devices that fail, or break the protocol. The request fails with a typed error, every buffer comes back, and
//! nothing hangs. If a reset helps, the next request works.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use samara_device_io::host::Clock;
use samara_domain::RRef;
use samara_interfaces::{BlockDevice, BlockError};
use samara_testkit::disks::{buffer, expected};
use samara_testkit::virtio_emulator::{Misbehaviour, Shape};
use samara_virtio_blk::Limits;

use super::{Bench, SLOW, benches, works};

/// Makes the first command of a read, of a write and of a flush go wrong. For each of the three, returns the error,
/// if it failed, and the number of resets of the device.
fn outcomes(wrong: Misbehaviour) -> Vec<(Option<BlockError>, u64)> {
    let mut outcomes = Vec::new();
    for bench in benches(SLOW) {
        let bench = bench();
        let disk = bench.disk();
        let lent = RRef::from_slice(&expected(0, 65_536));
        let requests: [&dyn Fn() -> Option<BlockError>; 3] = [
            &|| disk.read(0, buffer(65_536)).err(),
            &|| disk.write(0, &lent).err(),
            &|| disk.flush().err(),
        ];
        for request in requests {
            let before = bench.model.counts().resets;
            bench.model.go_wrong(0, wrong);
            let outcome = request();
            outcomes.push((outcome, bench.model.counts().resets - before));
            works(&disk);
        }
        assert_eq!(*lent, *expected(0, 65_536), "the lent buffer was changed");
        drop((disk, lent));
        bench.finish();
    }
    outcomes
}

/// Checks that each of these requests fails with `error`, and that the device is reset once for it.
fn is_reset_for(wrong: Misbehaviour, error: BlockError) {
    for outcome in outcomes(wrong) {
        assert_eq!(outcome, (Some(error), 1), "{wrong:?}");
    }
}

#[test]
fn error_statuses_become_typed_errors_without_a_reset() {
    for status in [1, 2] {
        for outcome in outcomes(Misbehaviour::Status(status)) {
            assert_eq!(outcome, (Some(BlockError::Device(status.into())), 0));
        }
    }
}

#[test]
fn invalid_or_missing_statuses_are_not_believed() {
    for status in [3, 4, 0x80, 0xFF] {
        is_reset_for(Misbehaviour::Status(status), BlockError::Protocol);
    }
    is_reset_for(Misbehaviour::NoStatus, BlockError::Protocol);
}

#[test]
fn an_id_of_no_chain_in_flight_is_not_believed() {
    // 64 is beyond the queue, the next two are beyond 16 bits, 1 and 2 are in the middle of a chain, 60 is the head of
    // a free chain, and 63 is beyond the last chain.
    for id in [64, u32::MAX, 0x1_0000, 1, 2, 60, 63] {
        is_reset_for(Misbehaviour::Id(id), BlockError::Protocol);
    }
}

#[test]
fn the_id_of_another_chain_in_flight_is_not_believed() {
    let bench = Bench::new(SLOW);
    let disk = bench.disk();
    // The device completes the first of eight commands under the ID of the last one, which it is still executing.
    bench.model.switch(|switches| {
        switches.next[0].push_back(Some(Misbehaviour::Id(21)));
        let late = Some(Misbehaviour::Late(50));
        switches.next[0].extend([None, None, None, None, None, None, late]);
    });
    let read = disk.read(0, buffer(65_536));
    assert_eq!(read.unwrap_err(), BlockError::Protocol);
    bench.model.tick(100);
    works(&disk);
    drop(disk);
    bench.finish();
}

#[test]
fn a_chain_that_is_used_twice_ends_no_other() {
    for (outcome, _) in outcomes(Misbehaviour::Twice) {
        // The command itself has completed. Its request fails if other commands of the request were still in flight.
        assert!(
            matches!(outcome, None | Some(BlockError::Protocol)),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_used_length_is_not_needed() {
    for length in [0, 1, 513] {
        for outcome in outcomes(Misbehaviour::Length(length)) {
            // In a write and in a flush the device may write only the status byte, so 513 bytes are too many.
            let is_too_long = outcome == (Some(BlockError::Protocol), 1) && length == 513;
            assert!(outcome == (None, 0) || is_too_long, "{length}: {outcome:?}");
        }
    }
}

#[test]
fn a_used_length_past_the_buffer_breaks_the_protocol() {
    for by in [1, 4096, 0xFFFF_0000] {
        is_reset_for(Misbehaviour::Overlong(by), BlockError::Protocol);
    }
}

#[test]
fn a_used_index_that_jumps_is_a_broken_protocol() {
    for by in [63, 64, 0x7FFF, 0x8000, 0xFFF0] {
        is_reset_for(Misbehaviour::Jump(by), BlockError::Protocol);
    }
}

#[test]
fn a_used_index_that_goes_back_is_an_error() {
    for (outcome, resets) in outcomes(Misbehaviour::Jump(0xFFFF)) {
        let error = outcome.unwrap();
        assert!(
            [BlockError::Timeout, BlockError::Protocol].contains(&error),
            "{error}"
        );
        assert_eq!(resets, 1);
    }
}

#[test]
fn no_completion_is_a_timeout() {
    is_reset_for(Misbehaviour::Silent, BlockError::Timeout);
}

#[test]
fn a_late_completion_is_waited_for() {
    for outcome in outcomes(Misbehaviour::Late(1000)) {
        assert_eq!(outcome, (None, 0));
    }
}

#[test]
fn a_device_that_needs_a_reset_gets_it_before_timeout() {
    for bench in benches(SLOW) {
        let bench = bench();
        let disk = bench.disk();
        for in_flight in [true, false] {
            let before = bench.model.now();
            match in_flight {
                true => bench.model.go_wrong(0, Misbehaviour::NeedsReset),
                false => bench.model.break_down(),
            }
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Reset);
            assert!(bench.model.now() - before < 1_000_000_000);
            works(&disk);
        }
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_device_that_hangs_is_reset_until_it_does_not() {
    for bench in benches(Shape::BLOCK) {
        let bench = bench();
        let disk = bench.disk();
        bench.model.switch(|switches| switches.hang = true);
        for _ in 0..3 {
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
            assert_eq!(
                disk.write(0, &buffer(4096)).unwrap_err(),
                BlockError::Timeout
            );
            assert_eq!(disk.flush().unwrap_err(), BlockError::Timeout);
        }
        bench.model.switch(|switches| switches.hang = false);
        works(&disk);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_device_lost_in_a_reset_fails_requests_at_once() {
    let bench = Bench::new(Shape { flr: false, ..SLOW });
    let disk = bench.disk();
    bench.model.switch(|switches| {
        switches.hang = true;
        switches.never_reset = true;
    });
    assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
    assert!(!bench.model.is_bus_master());
    let before = bench.model.now();
    for _ in 0..3 {
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Failed);
        assert_eq!(
            disk.write(0, &buffer(4096)).unwrap_err(),
            BlockError::Failed
        );
        assert_eq!(disk.flush().unwrap_err(), BlockError::Failed);
    }
    assert!(bench.model.now() - before < 1_000_000_000);
    drop(disk);
    bench.finish();
}

#[test]
fn a_device_comes_back_by_a_function_reset_alone() {
    let bench = Bench::new(SLOW);
    let disk = bench.disk();
    bench.model.switch(|switches| {
        switches.hang = true;
        switches.never_reset = true;
    });
    for _ in 0..3 {
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
    }
    bench.model.switch(|switches| switches.hang = false);
    works(&disk);
    drop(disk);
    bench.finish();
}

#[test]
fn a_device_that_is_slow_to_come_back_is_waited_for() {
    for bench in benches(SLOW) {
        let bench = bench();
        let disk = bench.disk();
        for (reset_takes, blind_after_reset) in [(500, 0), (0, 500), (300, 300)] {
            bench.model.switch(|switches| {
                switches.reset_takes = reset_takes;
                switches.blind_after_reset = blind_after_reset;
            });
            bench.model.go_wrong(0, Misbehaviour::Silent);
            assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Timeout);
            works(&disk);
        }
        drop(disk);
        bench.finish();
    }
}

#[test]
fn unplugged_with_commands_in_flight() {
    let bench = Bench::new(Shape::BLOCK);
    // Requests stay in flight. They do not time out before the device is unplugged.
    bench.model.switch(|switches| switches.hang = true);
    let limits = Limits {
        io_millis: 3_600_000,
        ..Limits::default()
    };
    let disk = bench.try_disk(limits).unwrap();
    std::thread::scope(|scope| {
        let model = bench.model;
        scope.spawn(move || {
            while model.counts().chains == 0 {
                std::thread::yield_now();
            }
            model.switch(|switches| switches.removed = true);
        });
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
    });
    assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
    assert_eq!(disk.write(0, &buffer(4096)).unwrap_err(), BlockError::Gone);
    assert_eq!(disk.flush().unwrap_err(), BlockError::Gone);
    drop(disk);
    bench.model.replug(Shape::BLOCK);
    drop(bench.disk());
    bench.finish();
}

#[test]
fn another_device_in_its_place_is_not_driven() {
    // The new device is as much like the old one as possible.
    for bench in benches(SLOW) {
        let bench = bench();
        let disk = bench.disk();
        works(&disk);
        bench.model.replug(SLOW);
        // The new function's memory decoding is still off, so its registers do not answer.
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
        assert_eq!(disk.read(0, buffer(4096)).unwrap_err(), BlockError::Gone);
        assert_eq!(bench.model.status(), 0);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_stop_of_a_device_that_hangs_ends() {
    for bench in benches(SLOW) {
        let bench = bench();
        let disk = bench.disk();
        bench.model.switch(|switches| switches.hang = true);
        let before = bench.model.now();
        assert_eq!(disk.shut_down().unwrap_err(), BlockError::Timeout);
        assert!(bench.model.now() - before < 20_000_000_000);
        drop(disk);
        bench.model.switch(|switches| switches.hang = false);
        bench.finish();
    }
}

#[test]
fn a_reset_for_one_request_fails_those_in_flight() {
    let bench = Bench::new(Shape {
        latency: 10,
        reorder: true,
        ..SLOW
    });
    let disk = bench.disk();
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (disk, model) = (&disk, bench.model);
            scope.spawn(move || {
                for turn in 0..30u64 {
                    if thread == 0 && turn % 5 == 0 {
                        model.go_wrong(0, Misbehaviour::Id(u32::MAX));
                    }
                    let lba = thread * 512 + turn;
                    match disk.read(lba, buffer(32_768)) {
                        Ok(read) => assert_eq!(*read, *expected(lba as usize * 512, 32_768)),
                        Err(error) => assert_eq!(error, BlockError::Protocol),
                    }
                }
            });
        }
    });
    works(&disk);
    drop(disk);
    bench.finish();
}

#[test]
fn a_request_is_given_up_in_time_though_others_go_on() {
    // The latency is so long that one thread can take a completion for which another thread waits.
    let bench = Bench::new(Shape {
        latency: 20,
        ..SLOW
    });
    let limits = Limits {
        io_millis: 2_000,
        ..Limits::default()
    };
    let disk = bench.try_disk(limits).unwrap();
    let done = AtomicBool::new(false);
    let before = bench.model.now();
    let took = std::thread::scope(|scope| {
        bench.model.go_wrong(0, Misbehaviour::Silent);
        let silent = scope.spawn(|| {
            let error = disk.read(0, buffer(512)).unwrap_err();
            done.store(true, SeqCst);
            (error, bench.model.now() - before)
        });
        while bench.model.counts().chains == 0 {
            std::thread::yield_now();
        }
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..2_000 {
                    // This read may fail, if the device is reset meanwhile.
                    let _ = disk.read(100, buffer(8192));
                    if done.load(SeqCst) {
                        break;
                    }
                }
            });
        }
        silent.join().unwrap()
    });
    assert_eq!(took.0, BlockError::Timeout);
    assert!(took.1 < 4_000_000_000, "{} ns", took.1);
    works(&disk);
    drop(disk);
    bench.finish();
}
