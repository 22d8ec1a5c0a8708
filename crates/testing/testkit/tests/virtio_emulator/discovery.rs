//! Discovery of the device in configuration space.

use samara_testkit::virtio_emulator::{
    Device, Layout, Malformed, Net, Shape, Structure, Violation,
};

use super::support::{Config, Driver, at, status};

fn of(shape: Shape) -> Config {
    Config(samara_testkit::virtio_emulator::VirtioEmulator::leak(shape))
}

#[test]
fn ids_and_class_tell_the_device_type() {
    for (shape, id, class) in [
        (Shape::BLOCK, 0x1042_1AF4, 0x01_00_00),
        (Shape::NET, 0x1041_1AF4, 0x02_00_00),
    ] {
        let config = of(shape);
        assert_eq!(config.read(0), id);
        // Revision 0 would mean a transitional device.
        assert_eq!(config.read(8), class << 8 | 1);
        assert_eq!(config.read(0x0C) >> 16 & 0x7F, 0);
        assert_eq!(config.read(0x2C) >> 16, 0x1100);
        assert_eq!(config.read(0x100), 0);
    }
}

#[test]
fn the_list_leads_to_every_structure() {
    for (layout, multiplier) in [(Layout::PAGES, 4), (Layout::TIGHT, 2), (Layout::TIGHT, 0)] {
        let config = of(Shape {
            layout,
            notify_multiplier: multiplier,
            ..Shape::NET
        });
        assert_ne!(
            config.read(4) & 1 << 20,
            0,
            "the Status register must say that there is a capability list"
        );
        let ids: Vec<u8> = config.list().into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, [0x11, 9, 9, 9, 9, 9, 0x10]);
        for (kind, place) in [
            (1, layout.common),
            (2, layout.notify),
            (3, layout.isr),
            (4, layout.device),
        ] {
            let found = config.structure(kind).unwrap();
            assert_eq!(found.bar, 4);
            assert_eq!((found.offset, found.length), (place.offset, place.length));
            assert_eq!(found.capability_length, if kind == 2 { 20 } else { 16 });
        }
        assert_eq!(config.structure(2).unwrap().extra, multiplier);
        assert_eq!(config.structure(5).unwrap().capability_length, 20);
    }
}

#[test]
fn every_layout_leads_to_a_live_device() {
    for (layout, notify_multiplier) in [(Layout::PAGES, 0), (Layout::TIGHT, 4), (Layout::TIGHT, 2)]
    {
        for shape in [Shape::BLOCK, Shape::NET] {
            let driver = Driver::live(Shape {
                layout,
                notify_multiplier,
                decoys: true,
                ..shape
            });
            assert_eq!(driver.status(), status::LIVE);
            let queues = driver.rings.len() as u16;
            (0..queues).for_each(|queue| driver.notify(queue));
            driver.finish();
        }
    }
}

#[test]
fn decoys_come_first_and_are_reserved() {
    let config = of(Shape {
        decoys: true,
        ..Shape::BLOCK
    });
    let first: Vec<_> = config.structures()[..2]
        .iter()
        .map(|decoy| (decoy.kind, decoy.bar))
        .collect();
    assert_eq!(first, [(1, 7), (0x7F, 4)]);
    assert_eq!(config.structure(1).unwrap().bar, 4);
}

#[test]
fn msix_and_express_follow_the_shape() {
    let config = of(Shape {
        vectors: 7,
        ..Shape::BLOCK
    });
    let msix = config.find(0x11).unwrap();
    assert_eq!(config.read(msix) >> 16, 6);
    assert_eq!((config.read(msix + 4), config.read(msix + 8)), (1, 0x801));
    let express = config.find(0x10).unwrap();
    assert_ne!(config.read(express + 4) & 1 << 28, 0);

    let config = of(Shape {
        vectors: 0,
        flr: false,
        ..Shape::BLOCK
    });
    assert_eq!(config.find(0x11), None);
    let express = config.find(0x10).unwrap();
    assert_eq!(config.read(express + 4) & 1 << 28, 0);

    let config = of(Shape {
        express: false,
        ..Shape::BLOCK
    });
    assert_eq!(config.find(0x10), None);
}

#[test]
fn bars_tell_their_size() {
    let config = of(Shape::BLOCK);
    let before = [0x14, 0x20, 0x24].map(|bar| config.read(bar));
    for bar in (0x10..=0x24).step_by(4) {
        config.write(bar, u32::MAX);
    }
    let sizes: Vec<u32> = (0x10..=0x24)
        .step_by(4)
        .map(|bar| config.read(bar))
        .collect();
    assert_eq!(sizes, [0, 0xFFFF_F000, 0, 0, 0xFFFF_C00C, u32::MAX]);
    for (bar, value) in [0x14, 0x20, 0x24].into_iter().zip(before) {
        config.write(bar, value);
        assert_eq!(config.read(bar), value);
    }
}

#[test]
fn registers_answer_where_the_host_put_them() {
    let driver = Driver::new(Shape::BLOCK);
    assert_eq!(driver.get(at::QUEUES, 2), 1);
    driver.config.command(false, true);
    assert_eq!(driver.get(at::QUEUES, 2), 0xFFFF);
    assert_eq!(driver.get(at::STATUS, 1), 0xFF);
    assert_eq!(driver.get(at::DEVICE_FEATURE, 4), u32::MAX);
    driver.set(at::STATUS, 1, 1);
    driver.config.command(true, true);
    assert_eq!(driver.status(), 0);

    let bar = driver.config.read(0x24);
    driver.config.write(0x24, bar + 1);
    assert_eq!(driver.get(at::QUEUES, 2), 0xFFFF);
    driver.config.write(0x24, bar);
    assert_eq!(driver.get(at::QUEUES, 2), 1);
    driver.finish();
}

#[test]
fn accesses_between_structures_are_violations() {
    let driver = Driver::new(Shape {
        layout: Layout::TIGHT,
        ..Shape::BLOCK
    });
    assert_eq!(driver.model.read(4, 0x2C, 1), 0);
    driver.model.write(4, 0x800, 4, 1);
    driver.broke(&[Violation::Outside; 2]);
    // The function has no BAR 0, and nothing answers an access of three bytes.
    assert_eq!(driver.model.read(0, 0, 4), u32::MAX);
    assert_eq!(driver.model.read(4, 0x30, 3), 0xFF_FFFF);
}

#[test]
fn pci_configuration_access_reaches_registers() {
    let driver = Driver::new(Shape::NET);
    let window = driver.config.structure(5).unwrap().place;
    let aim = |offset: u32, bytes: u32| {
        driver.config.write(window + 4, 4);
        driver.config.write(window + 8, offset);
        driver.config.write(window + 12, bytes);
    };
    aim(at::STATUS, 1);
    driver.config.write(window + 16, 1);
    assert_eq!(driver.status(), 1);
    assert_eq!(driver.config.read(window + 16), 1);
    aim(at::QUEUES, 2);
    assert_eq!(driver.config.read(window + 16), 2);
    aim(0x2000, 1);
    assert_eq!(driver.config.read(window + 16), 0x52);
    // Only those fields of the capability can be written that specify the access.
    driver.config.write(window, u32::MAX);
    driver.config.write(window + 4, u32::MAX);
    assert_eq!(driver.config.read(window + 4), 0xFF);
    assert_eq!(driver.config.read(window) & 0xFF, 9);
    assert_eq!(driver.config.read(window + 16), 0xFF);
    driver.finish();
}

#[test]
fn absent_structures_are_not_listed() {
    for (malformed, kind) in [
        (Malformed::NoCommon, 1),
        (Malformed::NoNotify, 2),
        (Malformed::NoIsr, 3),
        (Malformed::NoDevice, 4),
    ] {
        let config = of(Shape {
            malformed: Some(malformed),
            ..Shape::BLOCK
        });
        let kinds: Vec<u8> = config.structures().iter().map(|found| found.kind).collect();
        assert_eq!(kinds.len(), 4);
        assert!(!kinds.contains(&kind));
    }
}

#[test]
fn each_malformed_structure_has_its_defect() {
    let common = |malformed| {
        let config = of(Shape {
            malformed: Some(malformed),
            ..Shape::BLOCK
        });
        let mut found = config.structures().into_iter();
        let found = found.find(|structure| structure.kind == 1).unwrap();
        let place = Structure {
            offset: found.offset,
            length: found.length,
        };
        (found.bar, place)
    };
    let end = |place: Structure| place.offset.checked_add(place.length);
    assert_eq!(common(Malformed::ReservedBar).0, 6);
    assert_eq!(common(Malformed::AbsentBar).0, 2);
    let (bar, place) = common(Malformed::InMsixTable);
    assert_eq!((bar, place.offset), (1, 0));
    let (bar, place) = common(Malformed::PastBar);
    assert!(bar == 4 && place.offset < 0x4000 && end(place).unwrap() > 0x4000);
    let (bar, place) = common(Malformed::Wraps);
    assert!(bar == 4 && place.offset.is_multiple_of(4) && end(place).is_none());
    assert!(!common(Malformed::Misaligned).1.offset.is_multiple_of(4));
    assert!(common(Malformed::Short).1.length < 0x38);
}

#[test]
fn each_malformed_list_has_its_defect() {
    let malformed = |malformed| {
        of(Shape {
            malformed: Some(malformed),
            ..Shape::BLOCK
        })
    };
    assert_eq!(malformed(Malformed::Loop).list().len(), 48);
    let config = malformed(Malformed::AtTheEnd);
    assert_eq!(config.list().last(), Some(&(0xFC, 9)));
    let short = malformed(Malformed::ShortCapability).structure(2).unwrap();
    assert_eq!(short.capability_length, 16);
    let config = malformed(Malformed::NotifyFar);
    let far = config.structure(2).unwrap();
    assert!(far.extra > far.length);
}

#[test]
fn device_configuration_follows_the_shape() {
    let driver = Driver::new(Shape::BLOCK);
    assert_eq!((driver.device(0, 4), driver.device(4, 4)), (4096, 0));
    assert_eq!((driver.device(8, 4), driver.device(12, 4)), (0, 30));
    assert_eq!(driver.device(20, 4), 512);
    assert_eq!(driver.offered(), 1 << 32 | 1 << 9 | 1 << 6 | 1 << 2);
    driver.finish();

    let driver = Driver::new(Shape {
        device: Device::Net(Net {
            mtu: Some(1400),
            ..Net::PLAIN
        }),
        access_platform: true,
        ..Shape::NET
    });
    let mac: Vec<u32> = (0..6).map(|i| driver.device(i, 1)).collect();
    assert_eq!(mac, [0x52, 0x54, 0x00, 0x12, 0x34, 0x56]);
    assert_eq!((driver.device(6, 2), driver.device(10, 2)), (1, 1400));
    assert_eq!(driver.offered(), 3 << 32 | 1 << 16 | 1 << 5 | 1 << 3);
    driver.finish();
}
