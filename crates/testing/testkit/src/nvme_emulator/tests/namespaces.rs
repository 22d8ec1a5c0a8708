//! Tests of several namespaces, metadata and zones.

use std::vec::Vec;

use super::{Host, NamespaceShape, Shape};

const READ: u8 = 0x02;
const WRITE: u8 = 0x01;
const ZONE_FULL: u16 = 0x01B9;
const ZONE_BOUNDARY: u16 = 0x01B8;
const ZONE_INVALID_WRITE: u16 = 0x01BC;

const LARGE_BLOCKS: NamespaceShape = NamespaceShape {
    block_shift: 12,
    blocks: 16,
    ..NamespaceShape::PLAIN
};

#[test]
fn each_namespace_has_its_own_medium_and_block_size() {
    let mut host = Host::up(Shape {
        further: &[LARGE_BLOCKS],
        ..Shape::default()
    });
    for (id, byte, blocks) in [(1, 0x11, 4096), (2, 0x22, 16)] {
        host.set_data(byte);
        assert_eq!(host.io(WRITE, id, blocks - 1, 1).unwrap().status, 0);
        assert_eq!(host.io(WRITE, id, blocks, 1).unwrap().status, 0x80);
    }
    let media = host.machine.controller.namespaces.iter();
    let marked: Vec<usize> = media
        .map(|namespace| namespace.medium.iter().filter(|&&byte| byte != 0).count())
        .collect();
    assert_eq!(marked, [512, 4096]);
    host.set_data(0);
    assert_eq!(host.read_block(2, 15).unwrap().status, 0);
    assert_eq!(host.data(), [0x22; 4096]);
    assert_eq!(host.read_block(3, 0).unwrap().status, 0x0B);
}

#[test]
fn metadata_stands_behind_each_block_on_the_bus() {
    let mut host = Host::up(Shape {
        metadata: 8,
        ..Shape::default()
    });
    let namespace = host.identify(0x00, 1, 0).unwrap();
    assert_eq!(namespace[26], 1 | 1 << 4, "format 1, with extended blocks");
    assert_eq!(namespace[132..136], [8, 0, 9, 0]);
    host.machine.controller.namespaces[0].medium.fill(0x77);
    host.set_data(0xFF);
    assert_eq!(host.io(READ, 1, 0, 2).unwrap().status, 0);
    let data = host.data();
    assert_eq!(data[..512], [0x77; 512]);
    assert_eq!(data[512..520], [0; 8]);
    assert_eq!(data[520..1032], [0x77; 512]);
    assert_eq!(data[1040..], [0xFF; 3056]);
    assert_eq!(host.io(WRITE, 1, 8, 2).unwrap().status, 0);
    let medium = &host.machine.controller.namespaces[0].medium;
    assert_eq!(medium[8 * 512..9 * 512], [0x77; 512]);
    assert_eq!(medium[9 * 512..10 * 512 - 8], [0x77; 504]);
}

#[test]
fn zones_are_written_at_their_pointers_only() {
    let mut host = Host::up(Shape {
        command_sets: 0b0100_0001,
        command_set: 2,
        ..Shape::default()
    });
    let mut write = |lba, blocks| host.io(WRITE, 1, lba, blocks).unwrap().status;
    assert_eq!(write(1, 1), ZONE_INVALID_WRITE);
    assert_eq!(write(0, 8), 0);
    assert_eq!(write(0, 8), ZONE_INVALID_WRITE);
    for at in (8..56).step_by(8) {
        assert_eq!(write(at, 8), 0);
    }
    assert_eq!(write(56, 9), ZONE_BOUNDARY);
    assert_eq!(write(56, 8), 0);
    assert_eq!(write(56, 8), ZONE_FULL);
    assert_eq!(write(64, 1), 0, "the next zone");
    assert_eq!(host.read_block(1, 4000).unwrap().status, 0);
}
