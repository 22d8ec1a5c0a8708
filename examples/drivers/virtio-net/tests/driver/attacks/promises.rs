//! Cards that keep their promises, and more than that; and callers that are few, or send nothing: what is wrong is noticed in time, and
//! nothing else is.

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

/// The device fails, and the driver resets it, behind which the model does as its switches say.
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

/// A thread waits for a second.
fn waits(bench: &Bench, nic: &dyn NetDevice) {
    let start = bench.model.elapsed();
    nic.wait(0, 1_000).unwrap();
    let passed = bench.model.elapsed() - start;
    let rest = SECOND.saturating_sub(passed) * TICKS / SECOND;
    bench.model.tick(rest);
}

/// Callers were told that the link is up, which is so of a device that doesn't tell. Whether it does may change at each reset.
#[test]
fn a_card_that_tells_of_its_link_after_a_reset_is_used() {
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

/// Without VIRTIO_NET_F_MTU nothing is said of more than 1500 bytes.
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

/// A frame never leaves. How often `second` is called until the card is reset for it; 100 at most.
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

/// A thread that waits for frames, a second each time, with an exchange behind each wait or without.
#[test]
fn a_frame_that_stays_is_noticed_by_one_who_waits() {
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
        assert!(seconds <= 5, "{seconds} s, tx_millis is 2 s ({exchanges})");
    }
}

/// Frames arrive at each of its waits, so that no call moves nothing.
#[test]
fn a_frame_that_stays_is_noticed_by_one_who_receives() {
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
    assert!(seconds <= 48, "{seconds} s: three looks, one in 16 calls");
}

#[test]
fn a_link_that_is_up_again_is_noticed_by_one_who_waits() {
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
    assert!(seconds <= 2, "{seconds} s");
}

/// Nothing leaves any more, and the link comes and goes.
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

/// Batches that are full of what is no frame have no room for buffers of frames that left: those are kept until there is.
#[test]
fn batches_of_what_is_no_frame_reset_no_card() {
    let bench = Bench::new(Shape {
        latency: 4,
        ..shape(KEEPS)
    });
    let nic = bench.nic(small());
    works(&bench, &nic);
    // Buffers come back with later calls, so no more than were given.
    for _ in 0..3 {
        drop(nic.exchange(0, batch(3, 60), empty(0)).unwrap());
        bench.model.tick(20);
        assert_eq!(bench.model.take_sent().len(), 3, "they have left");
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

/// All ones where the queue's vector stands are no vector, and none where the link's state stands are no link.
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

/// The answers that callers get are true, and the card survives a reset.
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

/// A thread waits meanwhile, and looks at the device behind its wait.
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
