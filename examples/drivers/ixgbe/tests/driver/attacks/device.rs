//! An 82599 that vanishes, does not answer for a while, does not come back from a reset, or reports false lengths.

use samara_interfaces::net::{NetDevice, NetError};
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::{Faults, Loop, WriteBack};
use samara_testkit::ixgbe_bus::frame;

use super::super::{Bench, empty, frames, poll, received, small};

fn impatient() -> Limits {
    Limits {
        tx_millis: 20,
        ..small()
    }
}

/// Makes the driver reset the device. The device has these `faults` during the reset.
fn recovers(bench: &Bench, nic: &dyn NetDevice, mut faults: Faults) {
    faults.write_back = WriteBack::Lost;
    bench.bus.inject(faults);
    let _ = nic.exchange(0, frames([&frame(60, 1)[..]]), empty(0));
    for _ in 0..300 {
        bench.bus.settle();
        bench.bus.pass(5);
        if nic.exchange(0, empty(0), empty(1)).is_err() {
            break;
        }
    }
}

#[test]
fn a_device_that_is_given_up_is_no_bus_master() {
    for hides in [true, false] {
        for wrong in 0..2 {
            let bench = Bench::new(Loop::open());
            let nic = bench.nic(impatient());
            if hides {
                bench.bus.hide_function_reset();
            }
            let mut faults = Faults::default();
            match wrong {
                0 => faults.eeprom_time = u64::MAX,
                _ => faults.queue_time = u64::MAX / 4,
            }
            recovers(&bench, &nic, faults);
            assert_eq!(nic.link().err(), Some(NetError::Failed));
            assert!(
                !bench.bus.is_bus_master(),
                "the device was given up, but is bus master (hides: {hides}, wrong: {wrong})"
            );
            drop(nic);
            bench.finish();
        }
    }
}

#[test]
fn a_device_that_is_blind_for_a_moment_is_used_again() {
    for after in (0..40).step_by(3) {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(impatient());
        // The registers read as all ones for 20 ms.
        bench.bus.blind_after(Some((after, 20_000_000)));
        for turn in 0..400u32 {
            let _ = nic.exchange(0, frames([&frame(60, turn as u8)[..]]), empty(4));
            let _ = nic.wait(0, 0);
            bench.bus.pass(1);
            bench.bus.settle();
        }
        bench.bus.blind_after(None);
        bench.bus.pass(100);
        assert!(nic.link().is_ok(), "after {after} accesses: lost for good");
        drop(nic);
        bench.finish();
    }
}

/// Starts the driver and makes calls of all kinds. Returns the first error: `None` if the start failed.
fn some(bench: &Bench) -> Result<(), Option<NetError>> {
    let nic = bench.try_nic(impatient()).map_err(|_| None)?;
    bench.bus.settle();
    for turn in 0..3 {
        drop(
            nic.exchange(0, frames([&frame(70, turn)[..]]), empty(3))
                .map_err(Some)?,
        );
        bench.bus.settle();
        nic.wait(0, 10).map_err(Some)?;
        nic.link().map_err(Some)?;
        nic.statistics().map_err(Some)?;
        for _ in 0..70 {
            let mut exchanged = nic.exchange(0, empty(0), empty(2)).map_err(Some)?;
            for bytes in received(&mut exchanged) {
                assert_eq!(bytes.len(), 70);
            }
        }
    }
    Ok(())
}

#[test]
fn unplugged_at_any_access() {
    for step in (0..140).step_by(5) {
        // Most accesses go to filter memories and are alike, so the test tries only a few of these.
        let after = if step < 60 {
            step
        } else {
            60 + (step - 60) * 31
        };
        let bench = Bench::new(Loop::closed());
        bench.bus.remove_after(Some(after));
        if let Err(Some(error)) = some(&bench) {
            assert_eq!(error, NetError::Gone, "{after}");
        }
        bench.bus.remove_after(None);
        bench.bus.replug();
        bench.bus.inject(Faults::default());
        assert_eq!(some(&bench), Ok(()), "{after}");
        bench.finish();
    }
}

#[test]
fn blind_at_any_access_for_a_while() {
    for nanos in [1_000, 20_000_000, 2_000_000_000] {
        for step in (0..90).step_by(5) {
            let after = if step < 40 {
                step
            } else {
                40 + (step - 40) * 43
            };
            let bench = Bench::new(Loop::closed());
            bench.bus.blind_after(Some((after, nanos)));
            let before = bench.bus.now();
            let _ = some(&bench);
            let took = bench.bus.now() - before;
            assert!(took < 20_000_000_000, "{after} {nanos}: {took}");
            bench.bus.blind_after(None);
            bench.bus.pass(nanos / 1_000_000 + 1);
            assert_eq!(some(&bench), Ok(()), "{after} {nanos}");
            bench.finish();
        }
    }
}

#[test]
fn a_false_length_shows_no_earlier_frames_bytes() {
    let bench = Bench::new(Loop::closed());
    let nic = bench.nic(small());
    // The device reports 1024 bytes more than it has written. Callers' buffers are new in this test, so they are
    // zeroed.
    let mut faults = Faults::default();
    faults.write_back = WriteBack::Corrupted([0, 0x0400 << 32]);
    for turn in 0..40 {
        drop(
            nic.exchange(0, frames([&[0x5E; 1400][..]]), empty(4))
                .unwrap(),
        );
        bench.bus.settle();
        drop(poll(&nic, 0).unwrap());
        let _ = turn;
    }
    bench.bus.inject(faults);
    drop(
        nic.exchange(0, frames([&frame(60, 1)[..]]), empty(0))
            .unwrap(),
    );
    bench.bus.settle();
    let all = poll(&nic, 0).unwrap();
    assert!(
        !all.iter().any(|frame| frame[60..].contains(&0x5E)),
        "bytes of an earlier frame are received"
    );
    drop(nic);
    bench.finish();
}

/// Returns a broadcast frame that contains `number`, and whose length and bytes depend on it.
fn numbered(number: u32) -> Vec<u8> {
    let length = 60 + (number as usize * 37) % 1400;
    let mut bytes = frame(length, (number % 251) as u8 + 1);
    bytes[14..18].copy_from_slice(&number.to_le_bytes());
    for (at, byte) in bytes.iter_mut().enumerate().skip(18) {
        *byte = (number
            .wrapping_mul(2_654_435_761)
            .rotate_left(at as u32 % 32)) as u8;
    }
    bytes
}

#[test]
fn under_every_fault_each_frame_comes_once_and_whole() {
    for turn in 0..24u32 {
        let bench = Bench::new(Loop::closed());
        let nic = bench.nic(impatient());
        let (mut next, mut seen) = (0u32, std::collections::HashSet::new());
        let mut random = 0x9E37_79B9u32.wrapping_mul(turn + 1);
        let mut draw = move || {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random
        };
        for round in 0..400u32 {
            if round % 20 == 0 {
                let mut faults = Faults::default();
                let every = core::num::NonZeroU32::new(2 + draw() % 9);
                match draw() % 9 {
                    0 => faults.write_back = WriteBack::Delayed(every.unwrap()),
                    1 => faults.write_back = WriteBack::Reordered,
                    2 => faults.write_back = WriteBack::Lost,
                    // `dma_error_every` is left out: if the write of a frame fails, the driver receives whatever the
                    // buffer held.
                    4 => faults.rx_empty_every = every,
                    5 => {
                        faults.rx_empty_every = every;
                        faults.rx_empty_ends = true;
                    }
                    6 => faults.queue_time = 50_000,
                    7 => faults.master_stuck = true,
                    _ => {}
                }
                bench.bus.inject(faults);
            }
            let count = draw() % 8;
            let some: Vec<_> = (next..next + count).map(numbered).collect();
            next += count;
            let Ok(mut exchanged) =
                nic.exchange(0, frames(some.iter().map(|one| &one[..])), empty(8))
            else {
                break;
            };
            for got in received(&mut exchanged) {
                let number = u32::from_le_bytes(got[14..18].try_into().unwrap());
                assert_eq!(got, numbered(number), "turn {turn}: damaged");
                assert!(seen.insert(number), "turn {turn}: {number} came twice");
            }
            bench.bus.steps(draw() % 4);
            if draw() % 5 == 0 {
                bench.bus.settle();
                bench.bus.pass(u64::from(draw() % 30));
            }
        }
        drop(nic);
        bench.finish();
    }
}

#[test]
fn rings_of_before_a_reset_give_no_frames_after_it() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(impatient());
    let mut faults = Faults::default();
    faults.keeps_writing = true;
    recovers(&bench, &nic, faults);
    assert!(nic.statistics().unwrap().resets >= 1);
    for number in 0..40 {
        bench
            .bus
            .link(|link| link.inbound.push_back(numbered(number)));
        bench.bus.settle();
    }
    for got in poll(&nic, 0).unwrap() {
        let number = u32::from_le_bytes(got[14..18].try_into().unwrap());
        assert_eq!(got, numbered(number), "damaged");
    }
    bench.bus.inject(Faults::default());
    drop(nic);
}
