//! The driver's looks at the device. Looks notice each failure in time, whatever calls the callers make, and report
//! no failure where there is none.

use samara_interfaces::net::{NetDevice, NetError};
use samara_ixgbe::Limits;
use samara_ixgbe_emulator::{Faults, Loop, WriteBack};
use samara_testkit::ixgbe_bus::frame;

use super::super::{Bench, empty, frames, small};

const MILLI: u64 = 1_000_000;

fn one() -> Vec<u8> {
    frame(60, 1)
}

fn resets(nic: &dyn NetDevice) -> u64 {
    nic.statistics().unwrap().resets
}

/// Waits for frames, and lets a second of the model's time pass.
fn waits(bench: &Bench, nic: &dyn NetDevice, queue: u16) {
    let start = bench.bus.now();
    nic.wait(queue, 1_000).unwrap();
    bench.bus.settle();
    let passed = (bench.bus.now() - start) / MILLI;
    bench.bus.pass(1_000u64.saturating_sub(passed));
}

/// Resets the device behind the driver's back, as firmware can. Afterwards the registers have their reset values.
fn resets_itself(bench: &Bench) {
    const CTRL: u32 = 0;
    const RST: u32 = 1 << 26;
    bench.bus.poke(CTRL, bench.bus.register(CTRL) | RST);
    bench.bus.settle();
    bench.bus.pass(20);
}

#[test]
fn a_card_that_has_reset_itself_receives_again() {
    for sends in [true, false] {
        let bench = Bench::new(Loop::open());
        let nic = bench.nic(small());
        resets_itself(&bench);
        let start = bench.bus.now();
        let mut received = 0;
        while bench.bus.now() - start < 10_000 * MILLI && received == 0 {
            bench.bus.link(|link| link.inbound.push_back(one()));
            bench.bus.settle();
            for _ in 0..64 {
                let tx = if sends {
                    frames([&one()[..]])
                } else {
                    empty(0)
                };
                received += nic.exchange(0, tx, empty(4)).unwrap().received;
            }
            bench.bus.pass(50);
        }
        assert_eq!(resets(&nic), 1, "sends {sends}");
        drop(nic);
        bench.finish();
        assert!(received > 0, "sends {sends}");
    }
}

/// The thread makes no exchanges, because no wait reports frames.
#[test]
fn a_card_that_has_reset_itself_ends_waits_again() {
    for queue in [0, 1] {
        let bench = Bench::new(Loop::open());
        let nic = bench.nic(Limits {
            queues: 2,
            ..small()
        });
        resets_itself(&bench);
        let mut seconds = 0;
        while resets(&nic) == 0 && seconds < 10 {
            seconds += 1;
            waits(&bench, &nic, queue);
        }
        drop(nic);
        bench.finish();
        assert!(seconds <= 1, "noticed after {seconds} s");
    }
}

/// Reception hangs for good. The test polls, with and without reading the statistics each time that frames come.
#[test]
fn a_deaf_card_is_reset_though_statistics_are_read() {
    for statistics in [false, true] {
        let bench = Bench::new(Loop::open());
        let mut faults = Faults::default();
        (faults.security_busy, faults.rx_enable_hangs) = (true, true);
        bench.bus.inject(faults);
        let nic = bench.nic(small());
        let start = bench.bus.now();
        while bench.bus.now() - start < 20_000 * MILLI {
            bench
                .bus
                .link(|link| link.inbound.extend((0..64).map(|seed| frame(1_500, seed))));
            bench.bus.settle();
            if statistics {
                let _ = nic.statistics();
            }
            for _ in 0..64 {
                drop(nic.exchange(0, empty(0), empty(4)).unwrap());
            }
            bench.bus.pass(50);
        }
        let so = nic.statistics().unwrap();
        drop(nic);
        bench.finish();
        assert!(so.resets >= 2, "{so:?} (statistics are read: {statistics})");
        assert!(so.rx_missed > 0);
    }
}

/// Each dropped frame is counted once, whether a look or a call of `statistics` reads the counter.
#[test]
fn looks_and_statistics_count_each_drop_once() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    const SENT: u64 = 400;
    for turn in 0..SENT {
        bench
            .bus
            .link(|link| link.inbound.push_back(frame(1_500, turn as u8)));
        bench.bus.settle();
        if turn % 7 == 0 {
            let _ = nic.statistics().unwrap();
        }
        // Makes an exchange that takes no frames. Some of these exchanges look at the device.
        drop(nic.exchange(0, empty(0), empty(0)).unwrap());
        bench.bus.pass(30);
    }
    let mut received = 0;
    loop {
        let exchanged = nic.exchange(0, empty(0), empty(32)).unwrap();
        bench.bus.settle();
        if exchanged.received == 0 {
            break;
        }
        received += exchanged.received as u64;
    }
    let so = nic.statistics().unwrap();
    drop(nic);
    bench.finish();
    assert_eq!((so.resets, so.rx_packets), (0, SENT), "{so:?}");
    assert!(so.rx_missed > 0 && received > 0, "{so:?}");
    assert_eq!(received + so.rx_missed, SENT);
}

/// A thread waits for frames, for a second each time. It makes an exchange after each wait, or makes none.
#[test]
fn a_waiting_thread_notices_a_frame_that_stays() {
    for exchanges in [true, false] {
        let bench = Bench::new(Loop::open());
        let nic = bench.nic(small());
        let mut faults = Faults::default();
        faults.write_back = WriteBack::Lost;
        bench.bus.inject(faults);
        drop(nic.exchange(0, frames([&one()[..]]), empty(0)).unwrap());
        let mut seconds = 0;
        while resets(&nic) == 0 && seconds < 100 {
            seconds += 1;
            waits(&bench, &nic, 0);
            if exchanges {
                drop(nic.exchange(0, empty(0), empty(4)).unwrap());
            }
        }
        drop(nic);
        bench.finish();
        assert!(
            seconds <= 5,
            "noticed after {seconds} s, though tx_millis is 2 s (exchanges: {exchanges})"
        );
    }
}

#[test]
fn a_waiting_thread_notices_that_the_link_is_up() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    let mut faults = Faults::default();
    faults.link_down = true;
    bench.bus.inject(faults);
    bench.bus.settle();
    assert!(!nic.link().unwrap().is_up());
    bench.bus.inject(Faults::default());
    bench.bus.settle();
    let mut seconds = 0;
    while bench.bus.link(|link| link.outbound.is_empty()) && seconds < 100 {
        seconds += 1;
        waits(&bench, &nic, 0);
        drop(nic.exchange(0, frames([&one()[..]]), empty(4)).unwrap());
        bench.bus.settle();
    }
    drop(nic);
    bench.finish();
    assert!(seconds <= 2, "noticed after {seconds} s");
}

/// The device never writes the descriptor of a sent frame back, while the link goes down and comes up again several
/// times.
#[test]
fn a_hang_is_noticed_though_the_link_comes_and_goes() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    let faults = |up: bool| {
        let mut faults = Faults::default();
        (faults.write_back, faults.link_down) = (WriteBack::Lost, !up);
        bench.bus.inject(faults);
        bench.bus.settle();
    };
    faults(true);
    drop(nic.exchange(0, frames([&one()[..]]), empty(0)).unwrap());
    let (mut up, mut seconds) = (true, 0);
    while resets(&nic) == 0 && seconds < 60 {
        seconds += 1;
        for _ in 0..64 {
            drop(nic.exchange(0, empty(0), empty(1)).unwrap());
        }
        up = !up;
        faults(up);
        bench.bus.pass(1_000);
    }
    bench.bus.inject(Faults::default());
    drop(nic);
    bench.finish();
    assert!(
        seconds < 60,
        "not noticed, though the link was up for half a minute"
    );
}

/// The caller's batches are full of empty packets, so they have no room for the buffers of sent frames. The driver
/// keeps the buffers until a batch has room.
#[test]
fn batches_without_frames_reset_no_card() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    for _ in 0..3 {
        let three = [one(), one(), one()];
        let batch = frames(three.iter().map(|frame| &frame[..]));
        drop(nic.exchange(0, batch, empty(0)).unwrap());
        bench.bus.settle();
        let sent = bench.bus.link(|link| std::mem::take(&mut link.outbound));
        assert_eq!(sent.len(), 3, "the frames have left");
        let mut junk = empty(32);
        for _ in 0..20 {
            for _ in 0..100 {
                junk = nic.exchange(0, junk, empty(0)).unwrap().tx;
                assert_eq!(junk.len(), 32);
            }
            bench.bus.pass(1_000);
        }
        drop(junk);
        assert_eq!(nic.exchange(0, empty(0), empty(0)).unwrap().tx.len(), 3);
    }
    assert_eq!(resets(&nic), 0);
    drop(nic);
    bench.finish();
}

/// A start that succeeds tells callers the true address and link.
#[test]
fn blind_for_an_instant_at_every_access_of_a_start() {
    let mut wrong = Vec::new();
    let bench = Bench::new(Loop::closed());
    let nic = bench.nic(small());
    let mac = nic.info().unwrap().mac;
    drop(nic);
    bench.finish();
    // Accesses to filter memories are alike, so the test tries only a few of them.
    for after in (0..120).chain((120..1_500).step_by(40)) {
        let bench = Bench::new(Loop::closed());
        bench.bus.blind_after(Some((after, 1)));
        if let Ok(nic) = bench.try_nic(small()) {
            bench.bus.blind_after(None);
            let told = nic.info().unwrap().mac;
            bench.bus.settle();
            let link = nic.link();
            if told != mac || !link.is_ok_and(|link| link.is_up()) {
                wrong.push((after, told, link));
            }
        }
        bench.bus.blind_after(None);
        bench.bus.pass(1);
        bench.finish();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// During the stop another thread waits, and looks at the device after its wait.
#[test]
fn a_card_that_was_stopped_is_not_brought_up_again() {
    let bench = Bench::new(Loop::open());
    let nic = bench.nic(small());
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            loop {
                match nic.wait(0, 500_000) {
                    Err(NetError::Busy) => std::thread::yield_now(),
                    waited => break waited,
                }
            }
        });
        while nic.wait(0, 0) != Err(NetError::Busy) && !waiter.is_finished() {
            std::thread::yield_now();
        }
        nic.shut_down().unwrap();
        assert_eq!(waiter.join().unwrap(), Err(NetError::Failed));
    });
    assert_eq!(resets(&nic), 0);
    assert!(!bench.bus.is_bus_master());
    drop(nic);
    bench.finish();
}
