//! Controllers that can't be brought up: each gives a typed error, and the function can be claimed again.

use samara_device_io::mmio::WindowError;
use samara_device_io::pci::ClaimError;
use samara_device_io::queue::QueueError;
use samara_nvme::{Fault, FormatError, InitError, Limits};
use samara_testkit::nvme_emulator::{Shape, Switches};

use super::Bench;

/// Sets the model's switches by `change`, then brings the model up. Returns the error: the bring-up must fail.
fn refused(shape: Shape, change: impl FnOnce(&mut Switches)) -> InitError {
    let bench = Bench::new(shape);
    bench.model.switch(change);
    let error = bench
        .try_disk(Limits::default())
        .expect_err("it must not come up");
    assert!(!bench.model.is_bus_master());
    bench
        .model
        .switch(|switches| *switches = Switches::default());
    bench.finish();
    error
}

fn refused_shape(shape: Shape) -> InitError {
    refused(shape, |_| {})
}

#[test]
fn a_controller_without_namespaces_is_refused() {
    assert_eq!(
        refused_shape(Shape {
            namespace: false,
            ..Shape::default()
        }),
        InitError::NoNamespace
    );
}

#[test]
fn a_namespace_without_capacity_is_refused() {
    let error = refused_shape(Shape {
        blocks: 0,
        ..Shape::default()
    });
    assert_eq!(error, InitError::Format(FormatError::NoCapacity));
}

#[test]
fn unsupported_block_formats_are_refused() {
    let error = refused_shape(Shape {
        metadata: 8,
        ..Shape::default()
    });
    assert_eq!(error, InitError::Format(FormatError::Metadata(8)));
    for block_shift in [0, 8, 17] {
        let error = refused_shape(Shape {
            block_shift,
            blocks: 16,
            ..Shape::default()
        });
        assert_eq!(
            error,
            InitError::Format(FormatError::BlockSize(block_shift))
        );
    }
}

#[test]
fn a_block_longer_than_a_transfer_is_refused() {
    let shape = Shape {
        block_shift: 16,
        blocks: 16,
        mdts: 2,
        ..Shape::default()
    };
    assert_eq!(
        refused_shape(shape),
        InitError::Format(FormatError::BlockTooLong)
    );
}

#[test]
fn doorbells_beyond_the_registers_are_refused() {
    for doorbell_stride in [9, 15] {
        let shape = Shape {
            doorbell_stride,
            ..Shape::default()
        };
        assert_eq!(
            refused_shape(shape),
            InitError::Queue(QueueError::NoDoorbell)
        );
    }
}

#[test]
fn an_msix_table_among_the_registers_is_not_mapped() {
    let shape = Shape {
        msix_table: 0x800,
        ..Shape::default()
    };
    let bench = Bench::new(shape);
    let overlaps = ClaimError::Window(WindowError::OverlapsMsix);
    assert_eq!(bench.slot.claim().unwrap_err(), overlaps);
    drop(bench);
    // An MSI-X table behind the doorbells that are in use does no harm. Doorbells at the table's place, or behind it,
    // can't be mapped.
    let shape = Shape {
        msix_table: 0x1800,
        ..Shape::default()
    };
    let bench = Bench::new(shape);
    drop(bench.disk());
    bench.finish();
    let shape = Shape {
        doorbell_stride: 8,
        ..shape
    };
    assert_eq!(
        refused_shape(shape),
        InitError::Queue(QueueError::NoDoorbell)
    );
}

#[test]
fn a_start_of_a_stuck_controller_times_out() {
    for flr in [true, false] {
        let shape = Shape {
            flr,
            ..Shape::default()
        };
        let timeout = InitError::Fault(Fault::Timeout);
        assert_eq!(
            refused(shape, |switches| switches.never_ready = true),
            timeout
        );
        assert_eq!(
            refused(shape, |switches| switches.never_idle = true),
            timeout
        );
        assert_eq!(refused(shape, |switches| switches.hang_all = true), timeout);
    }
}

#[test]
fn unplugged_before_and_after_the_claim() {
    let bench = Bench::new(Shape::default());
    let function = bench.slot.claim().unwrap();
    assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Claimed);
    bench.model.switch(|switches| switches.removed = true);
    let error = samara_nvme::init(function.into()).err().unwrap();
    assert_eq!(error, InitError::Fault(Fault::Gone));
    assert_eq!(bench.slot.claim().unwrap_err(), ClaimError::Absent);
    bench.model.replug();
    bench.finish();
}

#[test]
fn a_fatal_status_at_a_start_is_an_error() {
    let bench = Bench::new(Shape::default());
    bench.model.switch(|switches| switches.fatal = true);
    // The model clears CSTS.CFS only when CC.EN is cleared, and CC.EN was never set. So the driver finds CSTS.CFS
    // when it enables the controller.
    let error = bench.try_disk(Limits::default()).err().unwrap();
    assert_eq!(error, InitError::Fault(Fault::Fatal));
    bench.model.switch(|switches| switches.fatal = false);
    drop(bench.disk());
    bench.finish();
}

#[test]
fn a_controller_left_enabled_is_reset_first() {
    for flr in [true, false] {
        let bench = Bench::new(Shape {
            flr,
            ..Shape::default()
        });
        // No command completes, so the first owner can't delete its queues. If there is no function reset either, the
        // owner leaves the controller enabled.
        let disk = bench.disk();
        bench.model.switch(|switches| switches.hang_all = true);
        drop(disk);
        bench.model.switch(|switches| switches.hang_all = false);
        assert_eq!(bench.model.is_ready(), !flr);
        drop(bench.disk());
        bench.finish();
    }
}
