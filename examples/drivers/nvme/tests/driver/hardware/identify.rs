//! Controllers that don't know all kinds of Identify, or whose answers differ after a reset.

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
fn version_1_0_comes_up_without_a_namespace_list() {
    comes_up(OLD);
}

#[test]
fn version_1_2_comes_up_without_a_namespace_list() {
    comes_up(Shape {
        version: 0x0001_0200,
        ..OLD
    });
}

#[test]
fn inactive_namespaces_are_skipped_without_a_list() {
    for refuses_inactive in [false, true] {
        comes_up(Shape {
            namespaces_reported: 256,
            refuses_inactive,
            ..OLD
        });
    }
}

#[test]
fn only_some_ids_are_tried_without_a_list() {
    // Sending a command for each of these IDs would take days.
    comes_up(Shape {
        namespaces_reported: u32::MAX,
        ..OLD
    });
}

#[test]
fn no_active_namespace_without_a_list_is_an_error() {
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
fn version_1_3_comes_up_without_descriptors() {
    comes_up(Shape {
        version: 0x0001_0300,
        namespace_descriptors: false,
        ..Shape::default()
    });
}

#[test]
fn an_nn_above_the_last_namespace_does_no_harm() {
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
