//! Controllers with several namespaces, of which some can't be used.

use std::time::Duration;

use samara_domain_runtime::{Domain, DomainSpec, Mint, Restart};
use samara_host_std::runtime;
use samara_interfaces::block::BlockController;
use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{Args, Fault, InitError, Limits};
use samara_proxy::Export;
use samara_testkit::disks::{buffer, expected};
use samara_testkit::nvme_emulator::{NamespaceShape, Shape};

use super::{Bench, reset, works};

const ZONED: u8 = 2;
const COMMAND_SETS: u8 = 0b0100_0001;
/// Each namespace that can be used is a block device of its own. A client's handle on such a device still works after
/// the driver was killed and restarted.
#[test]
fn each_namespace_is_a_block_device_of_its_own() {
    const FURTHER: &[NamespaceShape] = &[LARGE_BLOCKS, NamespaceShape::PLAIN];
    let bench = super::bench(
        Shape {
            metadata: 8,
            further: FURTHER,
            ..Shape::default()
        },
        true,
    );
    let slot = bench.slot;
    let spec = DomainSpec::new("nvme").restart(Restart::limited(10, Duration::from_secs(600)));
    let mint = Mint::fallible(move || slot.claim().map(Args::from));
    let domain: Domain<dyn BlockController> = runtime()
        .spawn(spec, samara_nvme::init_controller, mint)
        .expect("the domain starts");
    let controller = domain.shadow().unwrap();
    assert_eq!(controller.devices(), Ok(2));
    assert_eq!(controller.open(2).err(), Some(BlockError::OutOfRange));
    let disks = [controller.open(0).unwrap(), controller.open(1).unwrap()];
    for round in 0..3u8 {
        let sizes = disks
            .each_ref()
            .map(|disk| disk.geometry().unwrap().block_size);
        assert_eq!(sizes, [4096, 512]);
        for (number, disk) in (0..).zip(&disks) {
            let mut data = buffer(8192);
            data.fill(round * 2 + number);
            disk.write(3, &data).unwrap();
            disk.flush().unwrap();
        }
        for (number, disk) in (0..).zip(&disks) {
            let read = disk.read(3, buffer(8192)).unwrap();
            assert!(read.iter().all(|&byte| byte == round * 2 + number));
        }
        domain.kill();
    }
    for (nsid, block) in [(2, 4096), (3, 512)] {
        let written = bench.model.medium_of(nsid, |medium| medium[3 * block]);
        assert_eq!(written, Some(2 * 2 + nsid as u8 - 2));
    }
    drop((disks, controller));
    domain
        .stop(Duration::from_secs(10))
        .expect("it stops in time");
    bench.finish();
}

const LARGE_BLOCKS: NamespaceShape = NamespaceShape {
    block_shift: 12,
    blocks: 512,
    ..NamespaceShape::PLAIN
};

/// Checks that the driver passes over namespace 1, which can't be used and must not be written. The driver uses
/// namespace 2, of 512 blocks of 4096 bytes, and does so after a reset, too.
fn uses_the_second(shape: Shape) {
    for flr in [true, false] {
        let bench = super::bench(
            Shape {
                further: &[LARGE_BLOCKS],
                ..shape
            },
            flr,
        );
        let first = bench.model.medium(|medium| medium.clone());
        let inverse = |from, bytes| expected(from, bytes).into_iter().map(|byte| !byte);
        let fill = |medium: &mut Vec<u8>| *medium = inverse(0, medium.len()).collect();
        bench.model.medium_of(2, fill).unwrap();
        let disk = bench.disk();
        let geometry = disk.geometry().unwrap();
        assert_eq!((geometry.block_size, geometry.blocks), (4096, 512));
        for _ in 0..2 {
            let read = disk.read(500, buffer(12 * 4096)).unwrap();
            assert!(inverse(500 * 4096, 12 * 4096).eq(read.iter().copied()));
            disk.write(500, &read).unwrap();
            disk.flush().unwrap();
            reset(&bench, &disk);
        }
        assert_eq!(bench.model.medium(|medium| medium.clone()), first);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_namespace_with_metadata_is_passed_over() {
    uses_the_second(Shape {
        metadata: 8,
        ..Shape::default()
    });
}

#[test]
fn a_namespace_without_blocks_is_passed_over() {
    uses_the_second(Shape {
        blocks: 0,
        ..Shape::default()
    });
}

#[test]
fn a_namespace_of_odd_blocks_is_passed_over() {
    uses_the_second(Shape {
        block_shift: 8,
        ..Shape::default()
    });
}

#[test]
fn an_inactive_namespace_is_passed_over() {
    uses_the_second(Shape {
        namespace: false,
        ..Shape::default()
    });
}

#[test]
fn a_zoned_namespace_is_passed_over() {
    uses_the_second(Shape {
        command_set: ZONED,
        command_sets: COMMAND_SETS,
        ..Shape::default()
    });
}

#[test]
fn namespaces_are_passed_over_without_a_list() {
    uses_the_second(Shape {
        metadata: 8,
        version: 0x0001_0000,
        namespace_lists: false,
        ..Shape::default()
    });
}

#[test]
fn other_namespaces_do_not_disturb_the_first() {
    for other in [
        LARGE_BLOCKS,
        NamespaceShape {
            metadata: 64,
            ..LARGE_BLOCKS
        },
        NamespaceShape {
            command_set: ZONED,
            ..NamespaceShape::PLAIN
        },
    ] {
        let bench = Bench::new(Shape {
            further: Box::leak(Box::new([other])),
            command_sets: COMMAND_SETS,
            ..Shape::default()
        });
        let disk = bench.disk();
        assert_eq!(disk.geometry().unwrap().block_size, 512);
        works(&disk);
        drop(disk);
        bench.finish();
    }
}

#[test]
fn a_zoned_namespace_is_not_driven_as_a_plain_one() {
    let bench = Bench::new(Shape {
        command_set: ZONED,
        command_sets: COMMAND_SETS,
        ..Shape::default()
    });
    let error = bench.try_disk(Limits::default()).err();
    let error = error.expect("no namespace can be driven");
    assert!(
        !matches!(error, InitError::Fault(Fault::Timeout | Fault::Gone)),
        "{error:?}"
    );
    bench.finish();
}

#[test]
fn no_usable_namespace_is_a_typed_error() {
    let bench = Bench::new(Shape {
        metadata: 8,
        further: &[NamespaceShape {
            metadata: 16,
            ..NamespaceShape::PLAIN
        }],
        ..Shape::default()
    });
    let error = bench.try_disk(Limits::default()).err().unwrap();
    assert!(
        matches!(error, InitError::Format(_) | InitError::NoNamespace),
        "{error:?}"
    );
    bench.finish();
}
