//! The common configuration: status, features, queues and generation.

use samara_testkit::virtio_emulator::{Shape, Violation};

use super::support::{Driver, Ring, at, status};

const VERSION_1: u64 = 1 << 32;

#[test]
fn status_bits_come_in_order() {
    let driver = Driver::new(Shape::BLOCK);
    assert_eq!(driver.status(), 0);
    driver.add_status(status::DRIVER);
    driver.broke(&[Violation::StatusOrder]);
    driver.reset();
    driver.add_status(status::ACKNOWLEDGE);
    driver.add_status(status::DRIVER);
    // The device does not go live before FEATURES_OK.
    driver.add_status(status::DRIVER_OK);
    assert_eq!(driver.status(), 3);
    driver.broke(&[Violation::StatusOrder; 2]);
}

#[test]
fn a_status_bit_is_cleared_by_reset_only() {
    let driver = Driver::live(Shape::BLOCK);
    driver.set(at::STATUS, 1, 1);
    assert_eq!(driver.status(), status::LIVE);
    driver.broke(&[Violation::StatusCleared]);
    driver.reset();
    assert_eq!(driver.status(), 0);
    // The driver can set neither bits that only the device sets, nor reserved bits.
    driver.set(at::STATUS, 1, 0x71);
    assert_eq!(driver.status(), 1);
    driver.set(at::STATUS, 1, 0x81);
    assert_eq!(driver.status(), 0x81);
}

#[test]
fn feature_subsets_with_version_1_are_accepted() {
    let driver = Driver::new(Shape::BLOCK);
    let offered = driver.offered();
    assert!(driver.negotiate(offered));
    assert!(driver.negotiate(VERSION_1));
    assert!(driver.negotiate(VERSION_1 | 1 << 9));
    driver.finish();
    assert!(!driver.negotiate(offered & !VERSION_1));
    driver.finish();
}

#[test]
fn features_that_were_not_offered_are_refused() {
    let driver = Driver::new(Shape::BLOCK);
    assert!(!driver.negotiate(VERSION_1 | 1 << 5));
    assert_eq!(driver.status(), 3);
    // The device offers no feature above bit 63.
    driver.reset();
    driver.set(at::DEVICE_FEATURE_SELECT, 4, 2);
    assert_eq!(driver.get(at::DEVICE_FEATURE, 4), 0);
    driver.accept(VERSION_1);
    driver.set(at::DRIVER_FEATURE_SELECT, 4, 7);
    driver.set(at::DRIVER_FEATURE, 4, 1);
    assert_eq!(driver.get(at::DRIVER_FEATURE, 4), 0);
    for bit in [status::ACKNOWLEDGE, status::DRIVER, status::FEATURES_OK] {
        driver.add_status(bit);
    }
    assert_eq!(driver.status(), 3);
    driver.broke(&[Violation::FeatureNotOffered; 2]);
}

#[test]
fn features_are_refused_as_the_shape_says() {
    let odd = 1 << 28;
    let driver = Driver::new(Shape {
        also_offered: odd,
        ..Shape::BLOCK
    });
    assert_ne!(driver.offered() & odd, 0);
    assert!(!driver.negotiate(VERSION_1 | odd));
    assert!(driver.negotiate(VERSION_1));

    let driver = Driver::new(Shape {
        access_platform: true,
        ..Shape::BLOCK
    });
    assert!(!driver.negotiate(VERSION_1));
    assert!(driver.negotiate(VERSION_1 | 1 << 33));
    driver
        .model
        .switch(|switches| switches.refuse_features = true);
    assert!(!driver.negotiate(VERSION_1 | 1 << 33));
    driver.finish();

    let driver = Driver::new(Shape {
        version_1: false,
        ..Shape::BLOCK
    });
    assert_eq!(driver.offered() & VERSION_1, 0);
    assert!(!driver.negotiate(driver.offered()));
}

#[test]
fn features_are_fixed_after_features_ok() {
    let driver = Driver::new(Shape::BLOCK);
    assert!(driver.negotiate(VERSION_1));
    driver.set(at::DRIVER_FEATURE_SELECT, 4, 0);
    driver.set(at::DRIVER_FEATURE, 4, 1 << 9);
    assert_eq!(driver.get(at::DRIVER_FEATURE, 4), 0);
    driver.broke(&[Violation::FeaturesLate]);
}

#[test]
fn queues_are_configured_one_by_one() {
    let driver = Driver::new(Shape {
        queue_size: 128,
        ..Shape::NET
    });
    assert!(driver.negotiate(VERSION_1));
    assert_eq!(driver.get(at::QUEUES, 2), 2);
    for (queue, size) in [(0, 32), (1, 128)] {
        driver.set(at::QUEUE_SELECT, 2, queue);
        assert_eq!(driver.get(at::QUEUE_SIZE, 2), 128);
        assert_eq!(driver.get(at::QUEUE_ENABLE, 2), 0);
        assert_eq!(driver.get(at::QUEUE_VECTOR, 2), 0xFFFF);
        assert_eq!(driver.get(at::QUEUE_NOTIFY_OFF, 2), 2 - queue);
        driver.set(at::QUEUE_SIZE, 2, size);
        let address = 0x1234_5678_9ABC_DEF0 + u64::from(queue) * 16;
        driver.set_addresses([address; 3]);
        driver.set(at::QUEUE_ENABLE, 2, 1);
    }
    for (queue, size) in [(0, 32), (1, 128)] {
        driver.set(at::QUEUE_SELECT, 2, queue);
        assert_eq!(driver.get(at::QUEUE_SIZE, 2), size);
        assert_eq!(driver.get(at::QUEUE_ENABLE, 2), 1);
        for part in at::QUEUE_ADDRESSES {
            assert_eq!(driver.get(part, 4), 0x9ABC_DEF0 + queue * 16);
            assert_eq!(driver.get(part + 4, 4), 0x1234_5678);
        }
    }
    driver.finish();
}

#[test]
fn a_queue_that_is_not_there_reads_as_zeroes() {
    let driver = Driver::new(Shape::BLOCK);
    driver.set(at::QUEUE_SELECT, 2, 1);
    for field in [at::QUEUE_SIZE, at::QUEUE_ENABLE, at::QUEUE_NOTIFY_OFF] {
        assert_eq!(driver.get(field, 2), 0);
    }
    driver.finish();
    driver.set(at::QUEUE_SIZE, 2, 4);
    driver.set_addresses([16; 3]);
    driver.broke(&[Violation::NoSuchQueue; 7]);
}

#[test]
fn queue_sizes_are_powers_of_two_in_range() {
    let driver = Driver::new(Shape::BLOCK);
    for size in [0, 3, 63, 128, 0x8000, 0xFFFF] {
        driver.set(at::QUEUE_SIZE, 2, size);
        assert_eq!(driver.get(at::QUEUE_SIZE, 2), 64);
    }
    driver.broke(&[Violation::QueueSize; 6]);
    driver.set(at::QUEUE_SIZE, 2, 1);
    assert_eq!(driver.get(at::QUEUE_SIZE, 2), 1);
}

#[test]
fn early_or_misaligned_queues_are_not_enabled() {
    let driver = Driver::new(Shape::BLOCK);
    let ring = Ring::new(driver.model, 64);
    driver.set_addresses(ring.parts());
    driver.set(at::QUEUE_ENABLE, 2, 1);
    driver.broke(&[Violation::QueueEarly]);
    assert!(driver.negotiate(VERSION_1));
    for (part, by) in [(0, 8), (1, 1), (2, 2)] {
        let mut parts = ring.parts();
        parts[part] += by;
        driver.set_addresses(parts);
        driver.set(at::QUEUE_ENABLE, 2, 1);
        assert_eq!(driver.get(at::QUEUE_ENABLE, 2), 0);
    }
    assert_eq!(
        driver.model.violations()[1..],
        [Violation::QueueAlignment; 3]
    );
}

#[test]
fn an_enabled_queue_cannot_be_changed() {
    let mut driver = Driver::new(Shape::BLOCK);
    assert!(driver.negotiate(VERSION_1));
    driver.enable(0, 8);
    driver.set(at::QUEUE_ENABLE, 2, 0);
    driver.set(at::QUEUE_SIZE, 2, 4);
    driver.set_addresses([0; 3]);
    assert_eq!(driver.get(at::QUEUE_ENABLE, 2), 1);
    assert_eq!(driver.get(at::QUEUE_SIZE, 2), 8);
    assert_eq!(
        driver.get(at::QUEUE_ADDRESSES[0], 4),
        driver.rings[0].parts()[0] as u32
    );
    let mut broken = vec![Violation::QueueDisabled];
    broken.extend([Violation::QueueInUse; 7]);
    driver.broke(&broken);
}

#[test]
fn accesses_of_a_wrong_width_are_violations() {
    let driver = Driver::new(Shape::NET);
    driver.set(at::STATUS, 1, 1);
    driver.set(at::QUEUE_SELECT, 2, 1);
    // The model answers a read of the wrong width, but counts it as a violation.
    assert_eq!(driver.get(at::STATUS, 4), 0x0001_0001);
    assert_eq!(driver.get(at::QUEUES, 1), 2);
    driver.set(at::STATUS, 4, 0x0000_0003);
    driver.set(at::QUEUE_SELECT, 1, 0);
    driver.set(at::QUEUE_ADDRESSES[0], 2, 0x10);
    assert_eq!(driver.device(0, 4), 0x1200_5452);
    driver.broke(&[Violation::Width; 6]);
    assert_eq!(driver.status(), 1);
    assert_eq!(driver.get(at::QUEUE_SELECT, 2), 1);
}

#[test]
fn some_fields_are_read_only() {
    let driver = Driver::new(Shape::BLOCK);
    for (offset, bytes) in [
        (at::DEVICE_FEATURE, 4),
        (at::QUEUES, 2),
        (at::GENERATION, 1),
        (at::QUEUE_NOTIFY_OFF, 2),
    ] {
        let before = driver.get(offset, bytes);
        driver.set(offset, bytes, !before);
        assert_eq!(driver.get(offset, bytes), before);
    }
    driver.model.write(4, 0x2000, 4, 1);
    driver.model.write(4, 0x1000, 1, 1);
    assert_eq!(driver.device(0, 4), 4096);
    driver.broke(&[Violation::ReadOnly; 6]);
}

#[test]
fn the_generation_reveals_a_torn_read() {
    let driver = Driver::new(Shape::BLOCK);
    let read = || {
        let before = driver.get(at::GENERATION, 1);
        let capacity = u64::from(driver.device(0, 4)) | u64::from(driver.device(4, 4)) << 32;
        (capacity, before == driver.get(at::GENERATION, 1))
    };
    assert_eq!(read(), (4096, true));
    // The capacity changes between the reads of its two halves.
    driver
        .model
        .switch(|switches| switches.capacity_turns = Some((1, 7 << 32 | 5)));
    assert_eq!(read(), (7 << 32 | 4096, false));
    assert_eq!(read(), (7 << 32 | 5, true));
    // The capacity changes before the driver reads it. The generation changes at the first read after that.
    driver.model.set_capacity(9);
    let generation = driver.get(at::GENERATION, 1);
    assert_eq!(driver.device(0, 4), 9);
    assert_ne!(driver.get(at::GENERATION, 1), generation);
    driver.finish();
}

#[test]
fn an_unstable_generation_changes_at_each_read() {
    let driver = Driver::new(Shape::BLOCK);
    driver.model.switch(|switches| switches.unstable = true);
    let mut last = driver.get(at::GENERATION, 1);
    for _ in 0..600 {
        let next = driver.get(at::GENERATION, 1);
        assert_ne!(next, last);
        last = next;
    }
}
