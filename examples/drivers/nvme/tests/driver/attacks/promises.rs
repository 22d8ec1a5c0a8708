//! What a controller says once, what its recovery loses, and stops of one that was silenced or has failed.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use samara_interfaces::block::BlockController;
use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Fault, InitError, Limits};
use samara_proxy::Export;
use samara_testkit::disks::{buffer, filled};
use samara_testkit::nvme_emulator::{Misbehaviour, NamespaceShape, Shape, Switches};

use super::super::Bench;

const MILLI: u64 = 1_000_000;
const TWIN: &[NamespaceShape] = &[NamespaceShape::PLAIN];
/// Invalid Namespace, and Internal Error: Do Not Retry.
const NO_NAMESPACE: Misbehaviour = Misbehaviour::Status(0x400B);
const INTERNAL: u16 = 0x4006;

fn limits() -> Limits {
    Limits {
        io_millis: 50,
        flush_millis: 50,
        ..Limits::default()
    }
}

/// A read of the first of two namespaces goes wrong, and so does the recovery, by `switch`; what both are good for then.
fn both(switch: impl FnOnce(&mut Switches)) -> [Result<(), BlockError>; 2] {
    let bench = Bench::new(Shape {
        further: TWIN,
        ..Shape::default()
    });
    let domain = bench.domain(limits());
    let controller = domain.shadow().unwrap();
    let disks = [0, 1].map(|number| controller.open(number).unwrap());
    bench.model.switch(|switches| {
        switches.next.push_back(Some(Misbehaviour::Silent));
        switch(switches);
    });
    assert!(disks[0].read(0, buffer(512)).is_err());
    let after = [0, 1].map(|number: usize| {
        let mut last = Ok(());
        for _ in 0..3 {
            last = disks[number].read(0, buffer(512)).map(drop);
        }
        last
    });
    bench
        .model
        .switch(|switches| *switches = Switches::default());
    drop((disks, controller));
    domain
        .stop(Duration::from_secs(30))
        .expect("it stops in time");
    bench.finish();
    after
}

/// Each of two namespaces is said once not to be there, one after the other: neither was said so twice.
#[test]
fn a_namespace_refused_once_is_still_a_disk() {
    // Identify Controller, both namespaces, Set Features, both queues; and the next bring-up.
    let mut admin = vec![None; 6];
    admin[1] = Some(NO_NAMESPACE);
    admin.extend([None, None, Some(NO_NAMESPACE)]);
    assert_eq!(
        both(|switches| switches.next_admin.extend(admin)),
        [Ok(()), Ok(())]
    );
}

/// Identify Controller says nothing once, at the start: what is said at each time after that is no other controller.
#[test]
fn a_serial_number_learned_late_ends_no_disk() {
    let bench = Bench::new(Shape::default());
    bench.model.switch(|switches| {
        switches.mute_controller = true;
        switches.serial = b'S';
    });
    let disk = bench.try_disk(limits());
    bench.model.switch(|switches| {
        switches.mute_controller = false;
        switches.next.push_back(Some(Misbehaviour::Silent));
    });
    if let Ok(disk) = disk {
        assert!(disk.read(0, buffer(512)).is_err());
        assert_eq!(disk.read(0, buffer(512)).map(drop), Ok(()));
    }
    bench.finish();
}

/// A write whose first parts were done before the controller was reset, and the rest after its recovery: `BlockError::Reset` is "the device
/// was reset while this request was under way".
#[test]
fn a_write_across_a_reset_reports_it() {
    let mut untold = 0;
    for _ in 0..60 {
        let bench = Bench::new(Shape {
            latency: 3,
            ..Shape::default()
        });
        let disk = bench
            .try_disk(Limits {
                queue_depth: 2,
                max_transfer: 4096,
                ..limits()
            })
            .unwrap();
        // Of 17 commands, 16 of which are the write's, the eighth is never completed. One slot: if it is the read's, parts of the write
        // were done before it, and others come after.
        bench.model.switch(|switches| {
            switches.next.extend(vec![None; 7]);
            switches.next.push_back(Some(Misbehaviour::Silent));
        });
        let (wrote, read) = thread::scope(|scope| {
            let (disk, model) = (&disk, bench.model);
            let writer = scope.spawn(move || disk.write(0, &filled(0xAB, 65_536)));
            let reader = scope.spawn(move || {
                while model.counts().io_commands < 4 {
                    std::hint::spin_loop();
                }
                disk.read(2048, buffer(512)).map(drop)
            });
            (writer.join().unwrap(), reader.join().unwrap())
        });
        if read == Err(BlockError::Timeout) && wrote == Ok(()) {
            untold += 1;
        }
        drop(disk);
        bench.finish();
        if untold > 0 {
            break;
        }
    }
    assert_eq!(untold, 0, "writes that returned Ok over a reset");
}

/// A thread that did not get the lock in time has silenced the controller, and nobody has called since. The stop notifies it all the
/// same: its cache is lost with the power.
#[test]
fn a_stop_notifies_a_silenced_controller() {
    let mut lost = Vec::new();
    let mut silenced = 0;
    for round in 0..20 {
        let bench = Bench::new(Shape {
            latency: 4,
            ..Shape::default()
        });
        let disk = bench
            .try_disk(Limits {
                io_millis: 1_000,
                lock_millis: 0,
                ..Limits::default()
            })
            .unwrap();
        disk.write(5, &filled(0xAB, 512)).unwrap();
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    let _ = disk.tolerated();
                }
            });
            for _ in 0..20 {
                let _ = disk.read(0, buffer(131_072));
                if !bench.model.is_ready() {
                    break;
                }
            }
            over.store(true, SeqCst);
        });
        if !bench.model.is_ready() {
            silenced += 1;
            let stopped = disk.shut_down();
            if bench.model.counts().shutdowns == 0 {
                lost.push((round, stopped));
            }
        }
        drop(disk);
        bench.finish();
    }
    assert!(
        lost.is_empty(),
        "of {silenced}, {} were not notified: {:?}",
        lost.len(),
        lost.first()
    );
}

/// The controller fails for a moment right before a stop: it is brought up again, and told of the shutdown.
#[test]
fn a_stop_notifies_a_controller_that_failed() {
    let bench = Bench::new(Shape::default());
    let disk = bench.try_disk(limits()).unwrap();
    disk.write(5, &filled(0xAB, 512)).unwrap();
    bench.model.switch(|switches| switches.fatal = true);
    let stopped = disk.shut_down();
    let shutdowns = bench.model.counts().shutdowns;
    drop(disk);
    bench.finish();
    assert!(shutdowns > 0, "not notified");
    // What was written may be lost, and no flush has told so.
    assert_eq!(stopped, Err(InitError::Fault(Fault::Fatal)));
}

/// All ones for 5 ms, twice in one recovery, at any two accesses: nothing was said by that.
#[test]
fn blindness_twice_in_a_recovery_ends_no_disk() {
    let mut lost = Vec::new();
    // Of all of a recovery's accesses, those about which it was seen.
    for first in (38..50).step_by(2) {
        for second in (34..60).step_by(2) {
            let bench = Bench::new(Shape {
                blocks: 64,
                ..Shape::default()
            });
            let disk = bench.try_disk(limits()).unwrap();
            bench.model.switch(|switches| {
                switches.next.push_back(Some(Misbehaviour::Silent));
                switches.blind_after = Some((first, 5 * MILLI));
                switches.blind_again = Some((second, 5 * MILLI));
            });
            for _ in 0..4 {
                let _ = disk.read(0, buffer(512));
            }
            bench
                .model
                .switch(|switches| *switches = Switches::default());
            let mut last = Ok(());
            for _ in 0..2 {
                last = disk.read(0, buffer(512)).map(drop);
            }
            if let Err(error) = last {
                lost.push((first, second, error));
            }
            drop(disk);
            bench.finish();
        }
    }
    assert!(
        lost.is_empty(),
        "{} lost for good: {:?}",
        lost.len(),
        &lost[..lost.len().min(20)]
    );
}

/// Behind a reset namespace 1 is another one: deleted and created anew from elsewhere, as large as the first. Its EUI-64 (NVM 1.0 figure 97,
/// bytes 120 to 127) says so. It isn't written.
#[test]
fn another_namespace_of_this_id_is_not_written() {
    let bench = Bench::new(Shape::default());
    bench
        .model
        .switch(|switches| switches.eui64 = 0x0011_2233_4455_6677);
    let disk = bench.try_disk(limits()).unwrap();
    bench.model.switch(|switches| {
        switches.eui64 = 0x0011_2233_4455_6678;
        switches.next.push_back(Some(Misbehaviour::Silent));
    });
    assert!(disk.read(0, buffer(512)).is_err());
    let wrote = disk.write(5, &filled(0xAB, 512));
    let is_written = bench.model.medium(|medium| medium[5 * 512] == 0xAB);
    drop(disk);
    bench.finish();
    assert!(wrote.is_err() && !is_written, "{wrote:?}");
}

/// A controller that has reset itself (CSTS.RDY is 0) executes nothing any more. One who flushes doesn't wait for a minute to find out.
#[test]
fn a_controller_that_has_reset_itself_is_noticed() {
    let bench = Bench::new(Shape::default());
    let disk = bench.try_disk(Limits::default()).unwrap();
    bench
        .model
        .switch(|switches| (switches.hang, switches.never_ready) = (true, true));
    let begun = bench.model.now();
    let flushed = disk.flush();
    let took = (bench.model.now() - begun) / MILLI;
    bench
        .model
        .switch(|switches| *switches = Switches::default());
    drop(disk);
    bench.finish();
    assert!(flushed.is_err() && took < 30_000, "{took} ms");
}

/// Case 28: "after a subsystem reset Identify returns other data for a while". A while of a second is less than the ten for which all else
/// is begun again.
#[test]
fn wrong_identify_data_for_a_while_ends_no_disk() {
    let mut lost = Vec::new();
    for millis in [100, 250, 500, 1_000, 2_000] {
        for blocks in [0, 2048] {
            let bench = Bench::new(Shape::default());
            let disk = bench.try_disk(limits()).unwrap();
            let now = bench.model.now();
            bench.model.switch(|switches| {
                switches.next.push_back(Some(Misbehaviour::Silent));
                switches.identify_as = Some(NamespaceShape {
                    blocks,
                    ..NamespaceShape::PLAIN
                });
                switches.identify_until = now + (50 + millis) * MILLI;
            });
            assert!(disk.read(0, buffer(512)).is_err());
            let read = disk.read(0, buffer(512)).map(drop);
            if let Err(error) = read {
                lost.push((millis, blocks, error));
            }
            drop(disk);
            bench.finish();
        }
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// A Function Level Reset takes longer than the engine waits (1.1 s). The function is there again within the two seconds that a driver
/// gives a device to answer, and within the ten of a recovery.
#[test]
fn a_function_reset_of_seconds_ends_no_disk() {
    let mut lost = Vec::new();
    for millis in [500, 1_050, 1_200, 1_500, 2_900] {
        let bench = Bench::new(Shape::default());
        let disk = bench.try_disk(limits()).unwrap();
        bench.model.switch(|switches| {
            switches.flr_takes = millis * MILLI;
            // Its own reset doesn't end, so that the function is reset.
            switches.never_idle = true;
            switches.next.push_back(Some(Misbehaviour::Silent));
        });
        let over = AtomicBool::new(false);
        let mut last = Ok(());
        thread::scope(|scope| {
            // Works again once its function was reset; each reset of that takes as long.
            scope.spawn(|| {
                while !over.load(SeqCst) {
                    bench.model.switch(|switches| {
                        if switches.flr_until != 0 {
                            switches.never_idle = false;
                        }
                    });
                    thread::yield_now();
                }
            });
            for _ in 0..4 {
                last = disk.read(0, buffer(512)).map(drop);
            }
            over.store(true, SeqCst);
        });
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        bench.model.tick(20_000);
        if let Err(error) = last {
            lost.push((millis, error));
        }
        drop(disk);
        bench.finish();
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// Identify succeeds and writes nothing, for less than a second behind a reset (cases 80 and 81): nothing was said of the namespace, or of
/// the controller, however often.
#[test]
fn a_mute_identify_in_a_recovery_ends_no_disk() {
    let mut lost = Vec::new();
    for controller in [false, true] {
        let bench = Bench::new(Shape::default());
        bench.model.switch(|switches| switches.serial = b'S');
        let disk = bench.try_disk(limits()).unwrap();
        let now = bench.model.now();
        bench.model.switch(|switches| {
            switches.next.push_back(Some(Misbehaviour::Silent));
            switches.identify_until = now + 900 * MILLI;
            match controller {
                true => switches.mute_controller = true,
                false => switches.mute_namespace = Some(1),
            }
        });
        assert!(disk.read(0, buffer(512)).is_err());
        if let Err(error) = disk.read(0, buffer(512)) {
            lost.push((controller, error));
        }
        drop(disk);
        bench.finish();
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// Of two namespaces one can't be identified any more: the other is a disk.
#[test]
fn a_namespace_that_fails_its_identify_ends_no_other() {
    let [first, second] = both(|switches| switches.namespace_status = Some((2, INTERNAL)));
    assert_eq!((first, second), (Ok(()), Err(BlockError::Failed)));
}

/// A write has returned; then the controller fails, and its cache is lost. Nobody can tell, so the next flush does not say "done", and the
/// one behind it does. One that was under way when that was noticed doesn't either: it tells its own caller only.
#[test]
fn a_flush_after_a_failure_fails_once() {
    for is_fatal in [true, false] {
        let bench = Bench::new(Shape::default());
        let disk = bench.try_disk(limits()).unwrap();
        disk.write(5, &filled(0xAB, 512)).unwrap();
        bench.model.switch(|switches| match is_fatal {
            true => switches.fatal = true,
            false => (switches.hang, switches.never_ready) = (true, true),
        });
        thread::scope(|scope| {
            // Another caller finds out, or the flush itself.
            if !is_fatal {
                scope.spawn(|| assert!(disk.read(100, buffer(512)).is_err()));
                while bench.model.is_ready() {
                    thread::yield_now();
                }
                bench
                    .model
                    .switch(|switches| *switches = Switches::default());
            }
        });
        if is_fatal {
            assert_eq!(disk.flush(), Err(BlockError::Reset), "under way");
        }
        assert_eq!(disk.flush(), Err(BlockError::Reset), "{is_fatal}");
        assert_eq!(disk.flush(), Ok(()), "{is_fatal}");
        drop(disk);
        bench.finish();
    }
}

/// A reset by the driver keeps the cache (Base 2.0 §3.7.2): the flush behind a time-out is a flush.
#[test]
fn a_flush_after_a_timeout_succeeds() {
    let bench = Bench::new(Shape::default());
    let disk = bench.try_disk(limits()).unwrap();
    disk.write(5, &filled(0xAB, 512)).unwrap();
    bench
        .model
        .switch(|switches| switches.next.push_back(Some(Misbehaviour::Silent)));
    assert_eq!(
        disk.read(0, buffer(512)).map(drop),
        Err(BlockError::Timeout)
    );
    assert_eq!(disk.flush(), Ok(()));
    drop(disk);
    bench.finish();
}
