//! Tests of the machine. A shell script takes the place of QEMU.

use std::fs;
use std::io::sink;
use std::path::Path;
use std::sync::Arc;

use super::{Drive, Ending, Machine, drive};
use crate::cli::{Accel, Drivers, MachineArgs};
use crate::guest::GuestError;
use crate::network::{Card, Kind};
use crate::workspace::Workspace;
use samara_provision::qemu::Qemu;

fn machine(timeout: u64) -> Machine {
    Machine {
        kernel: "/k/kernel".into(),
        arguments: "mode=test seed=1".into(),
        drive: Drive::Image {
            path: "/d/disk.img".into(),
            read_only: false,
            slow: false,
        },
        drivers: Drivers::Native,
        card: None,
        run: MachineArgs {
            accel: Accel::Tcg,
            timeout,
        },
    }
}

/// Returns a stand-in for QEMU that runs `script`. The script finds the machine's arguments in `$@`.
fn pretend(script: &str) -> Qemu {
    Qemu::unseen("sh".into(), vec!["-c".into(), script.into(), "qemu".into()])
}

fn arguments(drive: Drive) -> String {
    let machine = Machine {
        drive,
        ..machine(1)
    };
    let words: Vec<_> = machine
        .arguments()
        .iter()
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}

#[test]
fn a_card_shares_the_machines_memory_with_its_model() {
    let machine = Machine {
        card: Some(Card {
            kind: Kind::Ixgbe("/r/a \"card\"".into()),
            listening: Arc::default(),
        }),
        ..machine(1)
    };
    let words = machine.arguments();
    let has = |word: &str| words.iter().any(|other| other == word);
    assert!(has("q35,memory-backend=m") && !has("q35"));
    assert!(has("memory-backend-memfd,id=m,size=512M,share=on"));
    assert!(has(
        r#"{"driver":"vfio-user-pci","socket":{"path":"/r/a \"card\"","type":"unix"}}"#
    ));
}

#[test]
fn a_virtio_machine_has_no_other_devices() {
    let machine = Machine {
        drivers: Drivers::Virtio,
        card: Some(Card {
            kind: Kind::Virtio("/r/ca,ble".into()),
            listening: Arc::default(),
        }),
        ..machine(1)
    };
    let words = machine.arguments();
    let has = |word: &str| words.iter().any(|other| other == word);
    assert!(has("virtio-blk-pci,drive=disk0,disable-legacy=on"));
    assert!(has("virtio-net-pci,netdev=net0,disable-legacy=on"));
    assert!(has(
        "stream,id=net0,server=off,addr.type=unix,addr.path=/r/ca,,ble"
    ));
    assert!(
        has("q35")
            && !words
                .iter()
                .any(|word| word.to_string_lossy().contains("nvme"))
    );
}

#[test]
fn the_machine_has_the_parts_that_the_kernel_expects() {
    let line = arguments(Drive::Image {
        path: "/d/disk.img".into(),
        read_only: false,
        slow: false,
    });
    for part in [
        "-M q35",
        "-accel tcg",
        "-kernel /k/kernel",
        "-initrd /k/kernel.symbols",
        "-append mode=test seed=1",
        "-device isa-debug-exit,iobase=0xf4,iosize=0x04",
        "-device nvme,serial=samara,drive=disk0",
        "readonly=off,file=/d/disk.img",
        "-no-reboot",
    ] {
        assert!(line.contains(part), "{part} is not in {line}");
    }
    assert!(!arguments(Drive::None).contains("nvme"));
    let empty = arguments(Drive::Empty);
    assert!(
        empty.contains("nvme,serial=samara") && !empty.contains("-drive"),
        "{empty}"
    );
    assert!(
        drive(Path::new("/a,b/x"), true, false)
            .to_string_lossy()
            .ends_with("readonly=on,file=/a,,b/x")
    );
    assert!(
        drive(Path::new("x"), false, true)
            .to_string_lossy()
            .ends_with("readonly=off,throttling.bps-total=100000,file=x")
    );
}

#[test]
fn endings_are_told_apart() {
    for (script, expected) in [
        ("exit 33", Ending::Success),
        ("exit 35", Ending::Failure),
        ("exit 0", Ending::Reset),
        ("exit 1", Ending::Refused),
        ("exit 7", Ending::Other(Some(7))),
        ("kill -KILL $$", Ending::Other(None)),
    ] {
        let (_, ending) = machine(60)
            .boot(&pretend(script), sink())
            .expect("it starts");
        let ending = ending.expect("it ends");
        assert_eq!(ending, expected, "{script}");
        assert!(!ending.to_string().is_empty());
    }
}

#[test]
fn the_kernels_lines_are_gathered() {
    let script = r"printf '@test a ok\r\n@test b FAILED\r\n@tests passed=1 failed=1 collected=2\r\n'; exit 35";
    let (report, ending) = machine(60).boot(&pretend(script), sink()).expect("it ends");
    assert_eq!(ending.expect("it ends"), Ending::Failure);
    assert_eq!(report.tests().to_string(), "1 passed, 1 failed");
    assert_eq!(report.tests_complete(), Ok(()));
}

#[test]
fn a_hung_machine_is_stopped_and_its_report_kept() {
    let script = "echo '@test a ok'; exec sleep 600";
    let (report, ending) = machine(1)
        .boot(&pretend(script), sink())
        .expect("it started");
    assert!(
        matches!(ending, Err(GuestError::TimedOut { .. })),
        "{ending:?}"
    );
    assert_eq!(report.tests().to_string(), "1 passed, 0 failed");
}

#[test]
fn the_guest_can_write_to_the_image() {
    let directory = Workspace::locate().target("xtask-tests/machine");
    fs::create_dir_all(&directory).expect("writable");
    let path = directory.join("disk.img");
    fs::write(&path, "before").expect("writable");
    // The script writes to the file that the drive's option names, as QEMU does when a guest writes to the disk.
    let script = r#"for word; do case $word in *file=*) printf after > "${word##*file=}";; esac; done; exit 33"#;
    let machine = Machine {
        drive: Drive::Image {
            path: path.clone(),
            read_only: false,
            slow: false,
        },
        ..machine(60)
    };
    let (_, ending) = machine.boot(&pretend(script), sink()).expect("it starts");
    assert_eq!(ending.expect("it ends"), Ending::Success);
    assert_eq!(fs::read_to_string(&path).expect("readable"), "after");
}
