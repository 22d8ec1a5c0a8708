//! Devices that repeat an earlier report, report a false length, or vanish. No frame is received twice or shows bytes
//! of another caller, and no buffer is lost.

use samara_interfaces::net::{NetDevice, NetError, Packet, Packets};
use samara_testkit::virtio_emulator::{Misbehaviour, Shape, Switches};
use samara_virtio_net::Limits;

use super::super::{
    Bench, KEEPS, batch, empty, frame, frames, poll, received, shape, small, works,
};

const RX: usize = 0;
const TX: usize = 1;

/// Returns a batch of one packet that was used before. The packet is empty, but its buffer is full of secret bytes.
fn used(byte: u8) -> Packets {
    let secret = vec![byte; 1500];
    let mut batch = frames([&secret[..]]);
    let mut packet = batch.pop_front().unwrap();
    packet.set_len(0).unwrap();
    batch.push_back(packet).unwrap();
    batch
}

/// Whether a frame contains a part of these secret bytes.
fn shows(frame: &[u8], byte: u8) -> bool {
    frame.windows(8).any(|some| some == [byte; 8])
}

#[test]
fn a_frame_that_is_given_twice_is_received_once() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    bench.model.go_wrong(RX, Misbehaviour::Twice);
    assert!(bench.model.receive(&frame(300, 1)));
    bench.model.tick(5);
    let mut all = Vec::new();
    for _ in 0..6 {
        let mut exchanged = nic.exchange(0, empty(0), used(0x5E)).unwrap();
        all.extend(received(&mut exchanged));
    }
    assert!(
        !all.iter().any(|frame| shows(frame, 0x5E)),
        "a caller's earlier bytes are received as a frame"
    );
    assert_eq!(all, [frame(300, 1)]);
    drop(nic);
    bench.finish();
}

#[test]
fn a_repeated_used_element_returns_no_other_buffer() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    bench.model.go_wrong(TX, Misbehaviour::Again(3));
    bench.model.go_wrong(TX, Misbehaviour::Late(10));
    let mut tx = nic
        .exchange(0, frames([&frame(300, 1)[..]]), empty(0))
        .unwrap()
        .tx;
    bench.model.tick(1);
    while tx.is_empty() {
        tx = nic.exchange(0, tx, empty(0)).unwrap().tx;
    }
    drop(tx);
    let mut tx = nic
        .exchange(0, frames([&frame(300, 2)[..]]), empty(0))
        .unwrap()
        .tx;
    bench.model.tick(6);
    let mut back = 0;
    for _ in 0..3 {
        let exchanged = nic.exchange(0, tx, empty(0)).unwrap();
        tx = exchanged.tx;
        while let Some(mut packet) = tx.pop_front() {
            back += 1;
            // The caller has its buffer back and writes its next frame there. The caller keeps the buffer while the
            // device goes on.
            packet.fill(&vec![0x99; 300]).unwrap();
            core::mem::forget(packet);
        }
    }
    bench.model.tick(20);
    let sent = bench.model.take_sent();
    assert!(
        !sent.iter().any(|frame| frame[100] == 0x99),
        "a buffer came back before its frame was sent, so later bytes were sent ({back} buffers came back)"
    );
    drop((tx, nic));
}

#[test]
fn a_chain_that_outlives_a_reset_is_no_frame() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(Limits {
        tx_millis: 50,
        ..small()
    });
    bench.model.switch(|switches| {
        switches.outlives_reset = true;
        switches.next[RX].push_back(Some(Misbehaviour::Late(60)));
    });
    assert!(bench.model.receive(&frame(300, 1)));
    bench.model.break_down();
    assert!(nic.wait(0, 0).is_ok());
    assert_eq!(nic.statistics().unwrap().resets, 1);
    bench.model.tick(100);
    let mut all = Vec::new();
    for _ in 0..6 {
        let mut exchanged = nic.exchange(0, empty(0), used(0x5E)).unwrap();
        all.extend(received(&mut exchanged));
    }
    // No frame has arrived since the reset.
    assert_eq!(all, Vec::<Vec<u8>>::new());
    bench
        .model
        .switch(|switches| *switches = Switches::default());
    drop(nic);
    bench.finish();
}

/// Invariant: DEV-29
#[test]
fn a_false_length_shows_no_bytes_of_other_callers() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    // Fills the receive queue with buffers that were used before.
    for turn in 0..40 {
        bench.model.receive(&frame(60, turn));
        bench.model.tick(2);
        let mut exchanged = nic.exchange(0, empty(0), used(0x5E)).unwrap();
        drop(received(&mut exchanged));
    }
    bench.model.go_wrong(RX, Misbehaviour::Length(1012));
    assert!(bench.model.receive(&frame(60, 1)));
    bench.model.tick(5);
    let all = poll(&nic).unwrap();
    assert!(
        !all.iter().any(|frame| shows(frame, 0x5E)),
        "another caller's bytes are received"
    );
    drop(nic);
    bench.finish();
}

/// Starts the driver and makes calls of all kinds. Returns the first error: `None` if the start failed.
fn some(bench: &Bench) -> Result<(), Option<NetError>> {
    let limits = Limits {
        tx_millis: 20,
        ..small()
    };
    let nic = bench.try_nic(limits).map_err(|_| None)?;
    for turn in 0..3 {
        bench.model.receive(&frame(70, turn));
        drop(nic.exchange(0, batch(3, 80), empty(3)).map_err(Some)?);
        bench.model.tick(3);
        nic.wait(0, 10).map_err(Some)?;
        nic.link().map_err(Some)?;
        for _ in 0..70 {
            drop(nic.exchange(0, empty(0), empty(2)).map_err(Some)?);
        }
    }
    Ok(())
}

#[test]
fn unplugged_at_any_access() {
    for flr in [true, false] {
        for after in (0..220).step_by(13) {
            let bench = Bench::new(Shape {
                flr,
                latency: 1,
                ..shape(KEEPS)
            });
            bench
                .model
                .switch(|switches| switches.removed_after = Some(after));
            if let Err(Some(error)) = some(&bench) {
                assert_eq!(error, NetError::Gone, "{after}");
            }
            bench.model.replug(Shape::NET);
            bench.finish();
        }
    }
}

#[test]
fn blind_at_any_access_for_a_while() {
    for flr in [true, false] {
        for pauses in [40, 8_000] {
            for after in (0..200).step_by(13) {
                let bench = Bench::new(Shape {
                    flr,
                    latency: 1,
                    ..shape(KEEPS)
                });
                bench
                    .model
                    .switch(|switches| switches.blind_after = Some((after, pauses)));
                let before = bench.model.elapsed();
                let _ = some(&bench);
                let took = bench.model.elapsed() - before;
                assert!(took < 20_000_000_000, "{after} {pauses}: {took}");
                bench.model.switch(|switches| switches.blind_after = None);
                bench.model.tick(u64::from(pauses));
                assert_eq!(some(&bench), Ok(()), "{flr} {after} {pauses}");
                bench.finish();
            }
        }
    }
}

#[test]
fn a_nic_that_is_blind_for_a_moment_is_used_again() {
    for flr in [true, false] {
        for after in (0..40).step_by(7) {
            let bench = Bench::new(Shape {
                flr,
                latency: 1,
                ..shape(KEEPS)
            });
            let nic = bench.nic(small());
            // 400 pauses are 100 ms, which is less than a reset may take.
            bench
                .model
                .switch(|switches| switches.blind_after = Some((after, 400)));
            for _ in 0..400 {
                let _ = nic.exchange(0, empty(0), empty(1));
                let _ = nic.wait(0, 0);
                bench.model.tick(2);
            }
            assert!(nic.link().is_ok(), "{flr} {after}: lost for good");
            works(&bench, &nic);
            drop(nic);
            bench.finish();
        }
    }
}

#[test]
fn resets_neither_lose_nor_duplicate_buffers() {
    let bench = Bench::new(Shape {
        latency: 1,
        ..shape(KEEPS)
    });
    let nic = bench.nic(Limits {
        tx_millis: 20,
        ..small()
    });
    let (mut tx, mut rx) = (batch(8, 100), empty(8));
    let mut held = 8;
    for turn in 0..300u32 {
        let wrong = match turn % 5 {
            0 => Misbehaviour::Id(u32::MAX),
            1 => Misbehaviour::Silent,
            2 => Misbehaviour::NeedsReset,
            3 => Misbehaviour::Twice,
            _ => Misbehaviour::Jump(5),
        };
        bench.model.switch(|switches| switches.next[TX].clear());
        bench.model.go_wrong(TX, wrong);
        let exchanged = nic.exchange(0, tx, rx).unwrap();
        (tx, rx) = (exchanged.tx, exchanged.rx);
        assert_eq!(rx.len(), 8);
        assert!(tx.len() <= held.max(8), "{turn}");
        held = 8;
        while let Some(packet) = tx.pop_front() {
            drop(packet);
        }
        bench.model.tick(3);
        // The next batch has 8 frames, which is more than the queue has room for.
        while tx.len() < 8 {
            let mut packet = Packet::alloc().unwrap();
            packet.fill(&frame(90, 1)).unwrap();
            tx.push_back(packet).unwrap();
        }
    }
    drop((tx, rx, nic));
    bench.finish();
}

/// Returns a frame that contains `number` and whose length and bytes depend on it.
fn numbered(number: u32) -> Vec<u8> {
    let length = 60 + (number as usize * 37) % 1400;
    let mut bytes = frame(length, 1);
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
    for turn in 0..40u32 {
        let bench = Bench::new(Shape {
            latency: if turn % 2 == 0 { 0 } else { turn % 4 },
            reorder: turn % 3 == 0,
            flr: turn % 2 == 0,
            ..Shape::NET
        });
        let nic = bench.nic(Limits {
            tx_millis: 20,
            ..small()
        });
        let (mut next, mut seen) = (0u32, std::collections::HashSet::new());
        let mut random = 0x9E37_79B9u32.wrapping_mul(turn + 1);
        let mut draw = move || {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            random
        };
        bench
            .model
            .switch(|switches| switches.keeps_its_word = true);
        for _ in 0..400u32 {
            let wrong = match draw() % 20 {
                0 => Some(Misbehaviour::Silent),
                1 if turn % 2 == 1 => Some(Misbehaviour::Late(draw() % 80)),
                2 => Some(Misbehaviour::NeedsReset),
                3 if turn % 2 == 0 => Some(Misbehaviour::Id(draw() % 40)),
                4 => Some(Misbehaviour::Overlong(draw() % 5)),
                _ => None,
            };
            if let Some(wrong) = wrong {
                // Only the transmit queue goes wrong, because a driver can't check a device's reports about received
                // frames.
                bench.model.go_wrong(TX, wrong);
            }
            let count = draw() % 8;
            let some: Vec<_> = (next..next + count).map(numbered).collect();
            next += count;
            let Ok(mut exchanged) =
                nic.exchange(0, frames(some.iter().map(|one| &one[..])), empty(8))
            else {
                panic!("turn {turn}: the device is lost for good");
            };
            for got in received(&mut exchanged) {
                let number = u32::from_le_bytes(got[14..18].try_into().unwrap());
                assert_eq!(got, numbered(number), "turn {turn}: damaged");
                assert!(seen.insert(number), "turn {turn}: {number} came twice");
            }
            bench.model.tick(u64::from(draw() % 8));
        }
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        drop(nic);
        bench.finish();
    }
}
