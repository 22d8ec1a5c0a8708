//! Starts, recoveries and stops during which the controller fails once, does not answer, changes, or is silenced.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use samara_interfaces::block::BlockController;
use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Args, FormatError, InitError, Limits, NvmeController};
use samara_proxy::Export;
use samara_testkit::disks::{buffer, filled, reads_after_a_crowd, storm};
use samara_testkit::nvme_emulator::{Misbehaviour, NamespaceShape, Shape, Switches, Timing};

use super::super::Bench;

const MILLI: u64 = 1_000_000;

fn limits() -> Limits {
    Limits {
        io_millis: 50,
        flush_millis: 50,
        ..Limits::default()
    }
}

/// Has a read time out. `spoil` makes something go wrong in the recovery. Returns the result of the next read, which
/// shows whether the disk works again.
fn is_used_again(shape: Shape, spoil: impl FnOnce(&Bench)) -> Result<(), BlockError> {
    let bench = Bench::new(shape);
    let disk = bench.try_disk(limits()).unwrap();
    bench
        .model
        .switch(|switches| switches.next.push_back(Some(Misbehaviour::Silent)));
    spoil(&bench);
    assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Timeout);
    let read = disk.read(0, buffer(512)).map(drop);
    drop(disk);
    bench.finish();
    read
}

/// The number of admin commands of a recovery with one namespace: Identify Controller, Identify Namespace, Set Features,
/// and the creation of both queues.
const ADMIN: usize = 5;

/// Makes `wrong` happen to one admin command: `number` others come before it.
fn admin(bench: &Bench, number: usize, wrong: Misbehaviour) {
    bench.model.switch(|switches| {
        switches.next_admin.extend(vec![None; number]);
        switches.next_admin.push_back(Some(wrong));
    });
}

#[test]
fn a_failed_admin_command_in_a_recovery_is_retried() {
    let mut lost = Vec::new();
    for flr in [true, false] {
        for number in 0..ADMIN {
            // Internal Error, Command Interrupted and Namespace Not Ready, each without Do Not Retry.
            for status in [0x0006, 0x0021, 0x0082] {
                let shape = Shape {
                    flr,
                    ..Shape::default()
                };
                let spoil = |bench: &Bench| admin(bench, number, Misbehaviour::Status(status));
                if let Err(error) = is_used_again(shape, spoil) {
                    lost.push((flr, number, status, error));
                }
            }
        }
    }
    assert!(lost.is_empty(), "lost for good: {lost:x?}");
}

#[test]
fn a_wrong_admin_completion_ends_no_disk() {
    let mut lost = Vec::new();
    for number in 0..ADMIN {
        for wrong in [
            Misbehaviour::Silent,
            Misbehaviour::Cid(0x1234),
            Misbehaviour::Queue(3),
        ] {
            let spoil = |bench: &Bench| admin(bench, number, wrong);
            if let Err(error) = is_used_again(Shape::default(), spoil) {
                lost.push((number, wrong, error));
            }
        }
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

#[test]
fn a_fatal_status_in_a_recovery_ends_no_disk() {
    let spoil = |bench: &Bench| bench.model.switch(|switches| switches.fatal_enables = 1);
    assert_eq!(is_used_again(Shape::default(), spoil), Ok(()));
}

const TWIN: &[NamespaceShape] = &[NamespaceShape::PLAIN];

/// At a start, Identify of namespace 1 fails once with a status that allows a retry. Disk 0 must not become namespace 2
/// for that.
#[test]
fn a_failed_identify_does_not_renumber_disks() {
    for status in [0x0006, 0x0021, 0x0082] {
        let bench = Bench::new(Shape {
            further: TWIN,
            ..Shape::default()
        });
        admin(&bench, 2, Misbehaviour::Status(status));
        if let Ok(disk) = bench.try_disk(limits()) {
            let data = filled(0xAB, 512);
            disk.write(5, &data).unwrap();
            let other = bench.model.medium_of(2, |medium| medium[5 * 512]);
            assert_ne!(
                other,
                Some(0xAB),
                "written to another disk after status {status:#x}"
            );
            drop(disk);
        }
        bench.finish();
    }
}

/// In a recovery with two namespaces, one admin command fails once with a status that allows a retry. The recovery
/// has one Identify Namespace command more than with a single namespace.
#[test]
fn two_disks_survive_a_retry_in_a_recovery() {
    for number in 0..=ADMIN {
        let shape = Shape {
            further: TWIN,
            ..Shape::default()
        };
        let spoil = |bench: &Bench| admin(bench, number, Misbehaviour::Status(0x0021));
        assert_eq!(is_used_again(shape, spoil), Ok(()), "command {number}");
    }
}

/// Hardware case 12: if the controller refuses the descriptors of a namespace, the driver assumes the NVM command set
/// only if CAP.CSS bit 6 is clear. Here the bit is set, and the namespace is zoned. The controller refuses the
/// descriptors either once or always.
#[test]
fn a_zoned_namespace_without_descriptors_is_refused() {
    for once in [true, false] {
        let bench = Bench::new(Shape {
            command_sets: 1 | 1 << 6,
            command_set: 2,
            namespace_descriptors: once,
            ..Shape::default()
        });
        if once {
            admin(&bench, 2, Misbehaviour::Status(0x0006));
        }
        let disk = bench.try_disk(limits()).map(drop);
        assert!(
            matches!(
                disk,
                Err(InitError::Format(
                    FormatError::CommandSet(2) | FormatError::UnknownCommandSet
                ))
            ),
            "driven as a plain disk ({once}): {disk:?}"
        );
        bench.finish();
    }
}

/// Registers don't work for up to 2 s after a function level reset (hardware case 4), and the controller needs such a
/// reset (case 2).
#[test]
fn registers_off_after_a_function_reset_end_no_disk() {
    let mut lost = Vec::new();
    for (millis, blind) in [(150, true), (150, false), (1500, true), (1500, false)] {
        let bench = Bench::new(Shape {
            timing: Timing {
                hands_off: 2_300 * MILLI,
                blind_after_flr: if blind { millis * MILLI } else { 0 },
                zero_after_flr: if blind { 0 } else { millis * MILLI },
                ..Timing::PROMPT
            },
            ..Shape::default()
        });
        let disk = bench.try_disk(limits()).unwrap();
        bench
            .model
            .switch(|switches| switches.next.push_back(Some(Misbehaviour::Silent)));
        let _ = disk.read(0, buffer(512));
        if let Err(error) = disk.read(0, buffer(512)) {
            lost.push((millis, blind, error));
        }
        drop(disk);
        bench.finish();
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// The registers read as all ones for 100 ms. The test does this at each access of a recovery in turn.
#[test]
fn blind_at_every_access_of_a_recovery() {
    let mut lost = Vec::new();
    for flr in [true, false] {
        for after in 0..90 {
            let shape = Shape {
                flr,
                ..Shape::default()
            };
            let bench = Bench::new(shape);
            let disk = bench.try_disk(limits()).unwrap();
            bench.model.switch(|switches| {
                switches.next.push_back(Some(Misbehaviour::Silent));
                switches.blind_after = Some((after, 100 * MILLI));
            });
            let mut last = Ok(());
            for turn in 0..40 {
                if turn < 30 || last.is_err() {
                    last = disk.read(0, buffer(512)).map(drop);
                }
            }
            if let Err(error) = last {
                lost.push((flr, after, error));
            }
            drop(disk);
            bench.finish();
        }
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// A worn drive refuses writes after a reset. Its data can still be read.
#[test]
fn a_disk_write_protected_by_a_reset_is_read() {
    let spoil = |bench: &Bench| {
        bench.model.switch(|switches| {
            switches.identify_as = Some(NamespaceShape {
                read_only: true,
                ..NamespaceShape::PLAIN
            });
        });
    };
    assert_eq!(is_used_again(Shape::default(), spoil), Ok(()));
}

const LATER: &[NamespaceShape] = &[NamespaceShape {
    active: false,
    ..NamespaceShape::PLAIN
}];

/// A namespace is attached while the driver runs. In a recovery, this does not end the other namespace.
#[test]
fn an_attached_namespace_ends_no_other() {
    let shape = Shape {
        further: LATER,
        ..Shape::default()
    };
    let spoil = |bench: &Bench| bench.model.attach(2);
    assert_eq!(is_used_again(shape, spoil), Ok(()));
}

/// The second of two namespaces is detached. The first namespace is unchanged, and its disk goes on.
#[test]
fn a_detached_namespace_ends_no_other() {
    let shape = Shape {
        further: TWIN,
        ..Shape::default()
    };
    let bench = Bench::new(shape);
    let function = bench.slot.claim().unwrap();
    let controller: NvmeController = samara_nvme::init_controller(Args {
        function,
        limits: limits(),
    })
    .unwrap();
    assert_eq!(controller.devices(), Ok(2));
    drop(controller);
    bench.finish();
    let spoil = |bench: &Bench| bench.model.detach(2);
    assert_eq!(is_used_again(shape, spoil), Ok(()));
}

/// A stop notifies the controller of the shutdown (Base §3.6.1) even if a queue can't be deleted: otherwise the cache
/// is lost when the power goes.
#[test]
fn a_stop_notifies_even_if_a_queue_is_not_deleted() {
    let mut lost = Vec::new();
    for wrong in [
        Misbehaviour::Status(0x0006),
        Misbehaviour::Silent,
        Misbehaviour::Cid(0x1234),
    ] {
        let bench = Bench::new(Shape::default());
        let disk = bench.disk();
        admin(&bench, 0, wrong);
        let stopped = disk.shut_down();
        if bench.model.counts().shutdowns == 0 {
            lost.push((wrong, stopped));
        }
        drop(disk);
        bench.finish();
    }
    assert!(lost.is_empty(), "not notified: {lost:?}");
}

/// Namespace Not Ready with Do Not Retry (Base 2.0 figure 94) lasts, so the driver does not repeat the command.
#[test]
fn do_not_retry_is_obeyed() {
    let bench = Bench::new(Shape::default());
    let disk = bench.disk();
    bench
        .model
        .switch(|switches| switches.every = Some(Misbehaviour::Status(0x4082)));
    let before = bench.model.now();
    assert!(disk.read(0, buffer(512)).is_err());
    let (took, commands) = (bench.model.now() - before, bench.model.counts().io_commands);
    drop(disk);
    bench.finish();
    assert!(commands < 10, "{commands} commands in {} ms", took / MILLI);
}

/// The list says that namespace 1 is active, but its Identify succeeds and writes nothing. Disk 0 must not become
/// namespace 2 for that.
#[test]
fn a_mute_identify_does_not_renumber_disks() {
    let bench = Bench::new(Shape {
        further: TWIN,
        ..Shape::default()
    });
    bench
        .model
        .switch(|switches| switches.mute_namespace = Some(1));
    if let Ok(disk) = bench.try_disk(limits()) {
        let data = filled(0xAB, 512);
        disk.write(5, &data).unwrap();
        let other = bench.model.medium_of(2, |medium| medium[5 * 512]);
        assert_ne!(other, Some(0xAB), "written to another disk");
        drop(disk);
    }
    bench.finish();
}

/// Identify Controller succeeds and writes nothing. A page of zeroes reports no cache (VWC), but it is no valid page:
/// SQES and CQES can't be 0 (Base 2.0 figure 275). The start fails. Once Identify writes data again, the next start
/// succeeds.
#[test]
fn a_start_without_identify_data_fails() {
    let bench = Bench::new(Shape::default());
    bench
        .model
        .switch(|switches| switches.mute_controller = true);
    let refused = bench.try_disk(limits()).map(drop);
    assert!(matches!(refused, Err(InitError::Mute)), "{refused:?}");
    bench
        .model
        .switch(|switches| switches.mute_controller = false);
    let disk = bench.try_disk(limits()).unwrap();
    assert_eq!(disk.read(0, buffer(512)).map(drop), Ok(()));
    drop(disk);
    bench.finish();
}

/// The registers read as all ones for 100 ms at a start. The error must not report a property of the controller that
/// was only read as all ones.
#[test]
fn a_start_that_fails_blind_says_so() {
    let mut wrong = Vec::new();
    for after in 0..90 {
        let bench = Bench::new(Shape::default());
        bench
            .model
            .switch(|switches| switches.blind_after = Some((after, 100 * MILLI)));
        let error = bench.try_disk(limits()).err();
        if let Some(error @ (InitError::PageSize | InitError::Queue(_))) = error {
            wrong.push((after, error.to_string()));
        }
        bench.model.tick(400);
        bench.finish();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Threads that wait only briefly for the lock silence the controller while other threads use it. The driver must not
/// believe that another controller is in the place of the silenced one.
#[test]
fn impatient_threads_lose_no_disk() {
    let mut lost = Vec::new();
    for round in 0..20 {
        let bench = Bench::new(Shape {
            latency: 4,
            ..Shape::default()
        });
        let limits = Limits {
            io_millis: 1_000,
            lock_millis: round % 4,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        let last = reads_after_a_crowd(&disk);
        drop(disk);
        // A thread may ring a doorbell just after another thread has silenced the controller. The model notes that as a
        // violation, which is forgiven here.
        bench.model.forgive_doorbells();
        bench.finish();
        if let Err(error) = last {
            lost.push((round, error));
        }
    }
    assert!(lost.is_empty(), "lost for good: {lost:?}");
}

/// The namespace is larger after one reset, and has its first size again after the next reset. It had the blocks that
/// callers know of throughout.
#[test]
fn a_namespace_that_has_its_first_size_again_is_used() {
    let bench = Bench::new(Shape::default());
    let disk = bench.try_disk(limits()).unwrap();
    let mut last = Ok(());
    for blocks in [8192, 4096] {
        bench.model.switch(|switches| {
            switches.next.push_back(Some(Misbehaviour::Silent));
            switches.identify_as = Some(NamespaceShape {
                blocks,
                ..NamespaceShape::PLAIN
            });
        });
        assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Timeout);
        last = disk.read(4095, buffer(512)).map(drop);
    }
    drop(disk);
    bench.finish();
    assert_eq!(last, Ok(()));
}

/// A reset activates new firmware, which allows longer transfers. The disk is used on.
#[test]
fn longer_transfers_after_a_reset_end_no_disk() {
    let spoil = |bench: &Bench| bench.model.switch(|switches| switches.mdts = Some(6));
    assert_eq!(is_used_again(Shape::default(), spoil), Ok(()));
}

/// After a reset the controller allows only shorter transfers. From then on, requests are split accordingly.
#[test]
fn shorter_transfers_after_a_reset_end_no_disk() {
    let bench = Bench::new(Shape::default());
    let disk = bench.try_disk(limits()).unwrap();
    bench.model.switch(|switches| {
        switches.next.push_back(Some(Misbehaviour::Silent));
        switches.mdts = Some(1);
    });
    assert_eq!(disk.read(0, buffer(512)).unwrap_err(), BlockError::Timeout);
    let before = bench.model.counts().io_commands;
    assert_eq!(disk.read(0, buffer(65_536)).map(drop), Ok(()));
    assert_eq!(bench.model.counts().io_commands - before, 8);
    drop(disk);
    bench.finish();
}

/// One of two namespaces has another size after a reset. Only this namespace fails, and it stays failed when it has
/// its first size again.
#[test]
fn a_changed_namespace_fails_alone_and_for_good() {
    let bench = Bench::new(Shape {
        further: TWIN,
        ..Shape::default()
    });
    let domain = bench.domain(limits());
    let controller = domain.shadow().unwrap();
    let [first, second] = [0, 1].map(|number| controller.open(number).unwrap());
    for shorter in [true, false] {
        bench.model.switch(|switches| {
            switches.next.push_back(Some(Misbehaviour::Silent));
            switches.identify_as = shorter.then_some(NamespaceShape {
                blocks: 7,
                ..NamespaceShape::PLAIN
            });
        });
        assert_eq!(
            second.read(0, buffer(512)).unwrap_err(),
            BlockError::Timeout
        );
        assert_eq!(second.read(0, buffer(512)).map(drop), Ok(()));
        assert_eq!(first.read(0, buffer(512)).unwrap_err(), BlockError::Failed);
    }
    drop((first, second, controller));
    domain
        .stop(Duration::from_secs(10))
        .expect("it stops in time");
    bench.finish();
}

/// Threads silence the controller while other threads use it, and completions get lost. A read that succeeds returns
/// the bytes of the last write that succeeded.
#[test]
fn impatient_threads_and_faults_lose_nothing_unseen() {
    for seed in 0..24 {
        let bench = Bench::new(Shape {
            latency: 3,
            reorder: seed % 2 == 0,
            flr: seed % 3 == 0,
            ..Shape::PLAIN
        });
        let limits = Limits {
            io_millis: 15,
            flush_millis: 15,
            lock_millis: seed % 4,
            ..Limits::default()
        };
        let disk = bench.try_disk(limits).unwrap();
        storm(&disk, seed, 60, |random| {
            if random.below(12) == 0 {
                bench.model.switch(|switches| {
                    switches.keeps_its_word = true;
                    switches.next.push_back(Some(Misbehaviour::Silent));
                });
            }
        });
        bench
            .model
            .switch(|switches| *switches = Switches::default());
        drop(disk);
        // A thread may ring a doorbell just after another thread has silenced the controller. The model notes that as a
        // violation, which is forgiven here.
        bench.model.forgive_doorbells();
        bench.finish();
    }
}

/// The registers read as all ones for 100 ms. The test does this at each access of a stop in turn. The controller is
/// notified of the shutdown when it answers again.
#[test]
fn a_stop_notifies_a_controller_blind_for_a_moment() {
    let mut lost = Vec::new();
    for after in 0..14 {
        let bench = Bench::new(Shape::default());
        let disk = bench.disk();
        bench
            .model
            .switch(|switches| switches.blind_after = Some((after, 100 * MILLI)));
        let stopped = disk.shut_down();
        if bench.model.counts().shutdowns == 0 {
            lost.push((after, stopped));
        }
        bench.model.switch(|switches| switches.blind_after = None);
        drop(disk);
        bench.finish();
    }
    assert!(lost.is_empty(), "not notified: {lost:?}");
}

/// While the controller is being reset, it is taken out and another controller is put in. The driver must not write
/// to the new controller.
#[test]
fn a_controller_swapped_in_a_reset_is_not_written() {
    for flr in [true, false] {
        let shape = Shape {
            flr,
            timing: Timing {
                timeout_units: 4,
                ..Timing::PROMPT
            },
            ..Shape::default()
        };
        let bench = Bench::new(shape);
        let disk = bench.try_disk(limits()).unwrap();
        bench.model.switch(|switches| {
            switches.next.push_back(Some(Misbehaviour::Silent));
            switches.never_idle = true;
        });
        let (done, before) = (AtomicBool::new(false), bench.model.now());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _ = disk.read(0, buffer(512));
                done.store(true, SeqCst);
            });
            while bench.model.now() < before + 300 * MILLI && !done.load(SeqCst) {
                std::thread::yield_now();
            }
            assert!(!done.load(SeqCst), "the test came too late");
            bench.model.replug_as(shape);
            bench.model.switch(|switches| switches.serial = b'2');
        });
        let data = filled(0xAB, 512);
        let _ = disk.write(5, &data);
        let there = bench.model.medium(|medium| medium[5 * 512]);
        let is_master = bench.model.is_bus_master();
        drop((disk, data));
        bench.finish();
        assert!(there != 0xAB && !is_master, "({flr})");
    }
}
