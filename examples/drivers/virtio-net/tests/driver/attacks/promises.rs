//! Devices whose properties differ after a reset, and callers that make few calls or send no frames. The driver
//! notices each failure in time, and reports no failure where there is none.

use samara_interfaces::net::{NetDevice, NetError, Waited};
use samara_testkit::virtio_emulator::{Misbehaviour, Net, Shape, Switches};
use samara_virtio_net::Limits;

use super::super::{Bench, KEEPS, batch, benches, empty, shape, small, works};

const TX: usize = 1;
const SECOND: u64 = 1_000_000_000;
/// Ticks of the model's clock in a second.
const TICKS: u64 = 4_000;

const MTU: u64 = 1 << 3;
const MAC: u64 = 1 << 5;
const STATUS: u64 = 1 << 16;
const VERSION_1: u64 = 1 << 32;

fn resets(nic: &dyn NetDevice) -> u64 {
    nic.statistics().unwrap().resets
}

/// Breaks the device, and makes calls until the driver has reset the device. Switches of the model that take effect
/// at a reset take effect at this one.
fn breaks_down(bench: &Bench, nic: &dyn NetDevice) {
    let before = resets(nic);
    bench.model.break_down();
    for _ in 0..100 {
        if nic.exchange(0, empty(0), empty(1)).is_err() {
            break;
        }
    }
    assert_eq!(resets(nic), before + 1);
}

/// Waits for frames, and lets a second of the model's time pass.
fn waits(bench: &Bench, nic: &dyn NetDevice) {
    let start = bench.model.elapsed();
    nic.wait(0, 1_000).unwrap();
    let passed = bench.model.elapsed() - start;
    let rest = SECOND.saturating_sub(passed) * TICKS / SECOND;
    bench.model.tick(rest);
}

/// The link of a device that doesn't report a link status counts as up. Each reset may change whether the device
/// reports a link status.
#[test]
fn a_card_that_gains_a_link_status_is_used_again() {
    let silent = Net {
        status: false,
        ..KEEPS
    };
    for bench in benches(shape(silent)) {
        let bench = bench();
        let nic = bench.nic(small());
        works(&bench, &nic);
        for features in [MAC | STATUS | VERSION_1, MAC | VERSION_1] {
            bench.model.set_link(true);
            bench
                .model
                .switch(|switches| switches.features_after_reset = Some(features));
            breaks_down(&bench, &nic);
            works(&bench, &nic);
            bench.model.set_link(false);
            let is_up = nic.link().unwrap().is_up();
            assert_eq!(is_up, features & STATUS == 0);
        }
        drop(nic);
        bench.finish();
    }
}

#[test]
fn a_card_whose_mtu_has_grown_is_used() {
    let with_mtu = |mtu| {
        shape(Net {
            mtu: Some(mtu),
            ..KEEPS
        })
    };
    for grown in [2001, 2034, 2035, 9000, u16::MAX] {
        for bench in benches(with_mtu(2000)) {
            let bench = bench();
            let nic = bench.nic(Limits {
                mtu: 2000,
                ..small()
            });
            assert_eq!(nic.info().unwrap().mtu, 2000);
            bench
                .model
                .switch(|switches| switches.mtu_after_reset = Some(grown));
            breaks_down(&bench, &nic);
            works(&bench, &nic);
            drop(nic);
            bench.finish();
        }
    }
}

/// A device that no longer offers VIRTIO_NET_F_MTU takes only Ethernet's 1500 bytes.
#[test]
fn a_card_whose_mtu_has_shrunk_is_not_used() {
    for (mtu, features) in [(1999, MTU), (68, MTU), (9000, 0)] {
        let bench = Bench::new(shape(Net {
            mtu: Some(2000),
            ..KEEPS
        }));
        let nic = bench.nic(Limits {
            mtu: 2000,
            ..small()
        });
        bench.model.switch(|switches| {
            switches.mtu_after_reset = Some(mtu);
            switches.features_after_reset = Some(features | MAC | STATUS | VERSION_1);
        });
        breaks_down(&bench, &nic);
        assert_eq!(nic.link().unwrap_err(), NetError::Failed);
        drop(nic);
        bench.finish();
    }
}

/// Sends a frame that never leaves. Calls `second` until the driver resets the device because of this frame, at most
/// 100 times. Returns the number of calls.
fn seconds_until_a_frame_that_stays_is_noticed(
    bench: &Bench,
    nic: &dyn NetDevice,
    second: impl Fn(),
) -> u32 {
    bench.model.go_wrong(TX, Misbehaviour::Silent);
    drop(nic.exchange(0, batch(1, 60), empty(0)).unwrap());
    let mut seconds = 0;
    while resets(nic) == 0 && seconds < 100 {
        seconds += 1;
        second();
    }
    seconds
}

/// A thread waits for frames, for a second each time. It makes an exchange after each wait, or makes none.
#[test]
fn a_waiting_thread_notices_a_frame_that_stays() {
    for exchanges in [true, false] {
        let bench = Bench::new(shape(KEEPS));
        let nic = bench.nic(small());
        works(&bench, &nic);
        let seconds = seconds_until_a_frame_that_stays_is_noticed(&bench, &nic, || {
            waits(&bench, &nic);
            if exchanges {
                drop(nic.exchange(0, empty(0), empty(4)).unwrap());
            }
        });
        drop(nic);
        bench.finish();
        assert!(
            seconds <= 5,
            "noticed after {seconds} s, though tx_millis is 2 s (exchanges: {exchanges})"
        );
    }
}

/// Each exchange receives a frame, so no exchange counts as a call that has moved no packet.
#[test]
fn a_receiving_thread_notices_a_frame_that_stays() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    works(&bench, &nic);
    let seconds = seconds_until_a_frame_that_stays_is_noticed(&bench, &nic, || {
        bench.model.tick(4_000);
        assert!(bench.model.receive(&[7; 60]));
        bench.model.tick(1);
        drop(nic.exchange(0, empty(0), empty(4)).unwrap());
    });
    drop(nic);
    bench.finish();
    assert!(
        seconds <= 48,
        "noticed after {seconds} s: three looks, one in 16 calls, take 48 s"
    );
}

#[test]
fn a_waiting_thread_notices_that_the_link_is_up() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    works(&bench, &nic);
    bench.model.set_link(false);
    for _ in 0..200 {
        drop(nic.exchange(0, empty(0), empty(4)).unwrap());
    }
    bench.model.set_link(true);
    drop(bench.model.take_sent());
    let mut seconds = 0;
    while bench.model.take_sent().is_empty() && seconds < 100 {
        seconds += 1;
        waits(&bench, &nic);
        drop(nic.exchange(0, batch(1, 60), empty(4)).unwrap());
        bench.model.tick(4);
    }
    drop(nic);
    bench.finish();
    assert!(seconds <= 2, "noticed after {seconds} s");
}

/// A sent frame never leaves, while the link goes down and comes up again several times.
#[test]
fn a_hang_is_noticed_though_the_link_comes_and_goes() {
    let bench = Bench::new(shape(KEEPS));
    let nic = bench.nic(small());
    works(&bench, &nic);
    bench.model.go_wrong(TX, Misbehaviour::Silent);
    drop(nic.exchange(0, batch(1, 60), empty(0)).unwrap());
    let (mut up, mut seconds) = (true, 0);
    while resets(&nic) == 0 && seconds < 60 {
        seconds += 1;
        for _ in 0..64 {
            drop(nic.exchange(0, empty(0), empty(1)).unwrap());
        }
        up = !up;
        bench.model.set_link(up);
        bench.model.tick(4_000);
    }
    drop(nic);
    bench.finish();
    assert!(seconds < 60, "the link was up for half a minute");
}

/// The caller's batches are full of empty packets, so they have no room for the buffers of sent frames. The driver
/// keeps the buffers until a batch has room.
#[test]
fn batches_without_frames_reset_no_card() {
    let bench = Bench::new(Shape {
        latency: 4,
        ..shape(KEEPS)
    });
    let nic = bench.nic(small());
    works(&bench, &nic);
    // Each round gets back exactly as many buffers as it has given, so no buffer stays with the driver.
    for _ in 0..3 {
        drop(nic.exchange(0, batch(3, 60), empty(0)).unwrap());
        bench.model.tick(20);
        assert_eq!(bench.model.take_sent().len(), 3, "the frames have left");
        let mut junk = empty(32);
        for _ in 0..20 {
            for _ in 0..100 {
                junk = nic.exchange(0, junk, empty(0)).unwrap().tx;
                assert_eq!(junk.len(), 32);
            }
            bench.model.tick(4_000);
        }
        drop(junk);
        assert_eq!(nic.exchange(0, empty(0), empty(0)).unwrap().tx.len(), 3);
    }
    assert_eq!(resets(&nic), 0);
    drop(nic);
    bench.finish();
}

/// If the register of the queue's vector reads as all ones for an instant, the queue still has its vector. The same
/// is true of such an instant at any other register access of a start or a recovery.
#[test]
fn blind_for_an_instant_does_not_end_waiting() {
    let mut wrong = Vec::new();
    for after in 0..110 {
        for at_start in [true, false] {
            let bench = Bench::new(shape(KEEPS));
            let blind = |switches: &mut Switches| switches.blind_after = Some((after, 1));
            if at_start {
                bench.model.switch(blind);
            }
            if let Ok(nic) = bench.try_nic(small()) {
                if !at_start {
                    bench.model.break_down();
                    bench.model.switch(blind);
                    for _ in 0..100 {
                        drop(nic.exchange(0, empty(0), empty(1)).unwrap());
                    }
                }
                bench
                    .model
                    .switch(|switches| *switches = Switches::default());
                bench.model.tick(10);
                for _ in 0..64 {
                    drop(nic.exchange(0, empty(0), empty(1)).unwrap());
                }
                let waited = nic.wait(0, 1);
                if waited != Ok(Waited::TimedOut) {
                    wrong.push((at_start, after, waited));
                }
                drop(nic);
            }
            bench
                .model
                .switch(|switches| *switches = Switches::default());
            bench.model.tick(10);
            bench.finish();
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// If a start succeeds, it tells callers the true address, MTU and link, and the driver keeps the device at a later
/// reset.
#[test]
fn blind_for_an_instant_at_every_access_of_a_start() {
    let mut wrong = Vec::new();
    for flr in [true, false] {
        for after in 0..150 {
            let bench = Bench::new(Shape {
                flr,
                ..shape(Net {
                    mtu: Some(1400),
                    ..KEEPS
                })
            });
            bench
                .model
                .switch(|switches| switches.blind_after = Some((after, 1)));
            if let Ok(nic) = bench.try_nic(small()) {
                let info = nic.info().unwrap();
                bench
                    .model
                    .switch(|switches| *switches = Switches::default());
                breaks_down(&bench, &nic);
                let link = nic.link();
                if info.mac.0 != Net::PLAIN.mac.unwrap() || info.mtu != 1400 || link.is_err() {
                    wrong.push((flr, after, info, link));
                }
            }
            bench.finish();
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// During the stop another thread waits, and looks at the device after its wait.
#[test]
fn a_card_that_was_stopped_is_not_brought_up_again() {
    let bench = Bench::new(shape(KEEPS));
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
    assert!(!bench.model.is_bus_master());
    drop(nic);
    bench.finish();
}
