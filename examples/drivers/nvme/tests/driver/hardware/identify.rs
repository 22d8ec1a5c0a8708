//! Controllers that don't know all of Identify, or say something else after a reset.

use samara_interfaces::{BlockDevice, BlockError};
use samara_nvme::{InitError, Limits};
use samara_testkit::disks::buffer;
use samara_testkit::nvme_emulator::{NamespaceShape, Shape};

use super::{Bench, comes_up, reset, works};

const OLD: Shape = Shape {
    version: 0x0001_0000,
    namespace_lists: false,
    namespace_descriptors: false,
    ..Shape::PLAIN
};

#[test]
fn no_list_of_namespaces_in_version_1_0() {
    comes_up(OLD);
}

#[test]
fn no_list_of_namespaces_whatever_the_version() {
    comes_up(Shape {
        version: 0x0001_0200,
        ..OLD
    });
}

#[test]
fn no_list_and_many_inactive_namespaces() {
    for refuses_inactive in [false, true] {
        comes_up(Shape {
            namespaces_reported: 256,
            refuses_inactive,
            ..OLD
        });
    }
}

#[test]
fn no_list_and_countless_namespaces() {
    // To ask about each would take days.
    comes_up(Shape {
        namespaces_reported: u32::MAX,
        ..OLD
    });
}

#[test]
fn no_list_and_no_active_namespace() {
    for refuses_inactive in [false, true] {
        let bench = Bench::new(Shape {
            namespace: false,
            refuses_inactive,
            ..OLD
        });
        let error = bench.try_disk(Limits::default()).err().unwrap();
        assert_eq!(error, InitError::NoNamespace);
        bench.finish();
    }
}

#[test]
fn no_namespace_descriptors_in_version_1_3() {
    comes_up(Shape {
        version: 0x0001_0300,
        namespace_descriptors: false,
        ..Shape::default()
    });
}

#[test]
fn more_namespaces_counted_than_there_are() {
    for namespaces_reported in [2, 256, u32::MAX] {
        comes_up(Shape {
            namespaces_reported,
            ..Shape::default()
        });
    }
}

#[test]
fn a_format_that_is_not_in_the_list_is_refused() {
    let bench = Bench::new(Shape::default());
    bench.model.switch(|switches| {
        switches.identify_as = Some(NamespaceShape {
            format: 5,
            ..NamespaceShape::PLAIN
        });
    });
    let error = bench.try_disk(Limits::default()).err().unwrap();
    assert!(matches!(error, InitError::Format(_)), "{error:?}");
    bench.finish();
}

#[test]
fn another_format_after_a_reset_fails_all_calls() {
    let others = [
        NamespaceShape {
            block_shift: 12,
            blocks: 512,
            ..NamespaceShape::PLAIN
        },
        NamespaceShape {
            blocks: 100,
            ..NamespaceShape::PLAIN
        },
        NamespaceShape {
            active: false,
            ..NamespaceShape::PLAIN
        },
    ];
    for other in others {
        let bench = Bench::new(Shape::default());
        let disk = bench.disk();
        let geometry = disk.geometry();
        bench
            .model
            .switch(|switches| switches.identify_as = Some(other));
        works(&disk);
        reset(&bench, &disk);
        for _ in 0..2 {
            let error = disk.read(0, buffer(4096)).unwrap_err();
            assert_eq!(error, BlockError::Failed);
            let error = disk.write(0, &buffer(4096)).unwrap_err();
            assert_eq!(error, BlockError::Failed);
        }
        assert_eq!(disk.geometry(), geometry);
        drop(disk);
        bench.model.switch(|switches| switches.identify_as = None);
        works(&bench.disk());
        bench.finish();
    }
}
