//! Three kinds of attacks: answers that are wrong for a while, data that a failure loses, and stops of a controller
//! that was silenced or has failed.

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
/// Invalid Namespace or Format, and Internal Error, both with Do Not Retry.
const NO_NAMESPACE: Misbehaviour = Misbehaviour::Status(0x400B);
const INTERNAL: u16 = 0x4006;

fn limits() -> Limits {
    Limits {
        io_millis: 50,
        flush_millis: 50,
        ..Limits::default()
    }
}

/// Has a read of the first of two namespaces time out. `switch` sets the model's switches, so that the recovery goes
/// wrong. Returns the result of a later read of each namespace.
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

/// In a recovery, Identify ends with Invalid Namespace once for each of two namespaces. Afterwards both namespaces
/// are still disks.
#[test]
fn a_namespace_refused_once_is_still_a_disk() {
    // The first bring-up sends Identify Controller and Identify of both namespaces. It ends after these, because
    // namespace 1 is missing. The second bring-up begins with the same commands, and the last of these fails.
    let refused = Some(NO_NAMESPACE);
    let admin = [None, refused, None, None, None, refused];
    assert_eq!(
        both(|switches| switches.next_admin.extend(admin)),
        [Ok(()), Ok(())]
    );
}

/// The first commands of a write complete before a reset of the controller, and the other commands after it. Such a
/// write must not return `Ok`, but `BlockError::Reset`: "the device was reset while this request was under way".
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
        // The write has 16 commands and the read has one. The eighth of all these commands never completes. The queue
        // has one slot. If the eighth command is the read's, some commands of the write complete before the reset and
        // others after it.
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

/// A thread that did not get the lock in time has silenced the controller, and no call was made since. The stop
/// brings the controller up and notifies it of the shutdown. Otherwise the cache would be lost when the power goes.
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

/// The controller fails right before a stop. The stop brings it up again and notifies it of the shutdown.
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
    // The write may be lost, and no flush has reported this.
    assert_eq!(stopped, Err(InitError::Fault(Fault::Fatal)));
}

/// The registers read as all ones for 5 ms, at two moments of one recovery. The driver does not take these reads for
/// statements of the controller.
#[test]
fn blindness_twice_in_a_recovery_ends_no_disk() {
    let mut lost = Vec::new();
    // Among all accesses of a recovery, a former defect showed at these.
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

/// After a reset, namespace 1 is another namespace of the same size, because another host has deleted it and created
/// it anew. Its EUI-64 (NVM 1.0 figure 97, bytes 120 to 127) is different. The driver must not write to it.
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

/// A controller that has reset itself (CSTS.RDY is 0) executes nothing any more. A flush notices this before its
/// timeout of a minute.
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

/// Hardware case 28: after a reset, Identify returns other data for a while. If this lasts for up to two seconds, the
/// disk goes on.
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

/// A Function Level Reset takes up to 2.9 s. The engine waits for it for 1.1 s; after that the driver waits two seconds
/// more for the device to answer.
#[test]
fn a_function_reset_of_seconds_ends_no_disk() {
    let mut lost = Vec::new();
    for millis in [500, 1_050, 1_200, 1_500, 2_900] {
        let bench = Bench::new(Shape::default());
        let disk = bench.try_disk(limits()).unwrap();
        bench.model.switch(|switches| {
            switches.flr_takes = millis * MILLI;
            // The reset by CC.EN never ends, so the engine resets the function.
            switches.never_idle = true;
            switches.next.push_back(Some(Misbehaviour::Silent));
        });
        let over = AtomicBool::new(false);
        let mut last = Ok(());
        thread::scope(|scope| {
            // Lets resets by CC.EN end again as soon as the function was reset. Every reset of the function takes
            // equally long.
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

/// Identify succeeds and writes nothing for almost a second after a reset (hardware cases 80 and 81). However often
/// this happens, the driver does not take it for a statement of the controller, and the disk is not lost.
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

/// Identify fails for one of two namespaces from now on. The other namespace stays usable.
#[test]
fn a_namespace_that_fails_its_identify_ends_no_other() {
    let [first, second] = both(|switches| switches.namespace_status = Some((2, INTERNAL)));
    assert_eq!((first, second), (Ok(()), Err(BlockError::Failed)));
}

/// A write has returned; then the controller fails, and may have lost its cache. So the next flush fails, and the
/// flush after it succeeds. A flush that is under way when the driver notices the failure fails, too. But only its
/// own caller learns of that failure, so the next flush must fail all the same.
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
            // If the status is fatal, a flush that is under way notices the failure (below). Otherwise the read of
            // another caller notices it.
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

/// A reset by the driver keeps the cache (Base 2.0 §3.7.2), so the flush after a timeout succeeds.
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
