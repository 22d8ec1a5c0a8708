//! The Identify command: versions, lists and command sets.

use std::vec;
use std::vec::Vec;

use super::{DO_NOT_RETRY, Host, NamespaceShape, Shape};

const INVALID_FIELD: u16 = 0x0002;
const INVALID_NAMESPACE: u16 = 0x000B;

fn up(shape: Shape) -> Host {
    let mut host = Host::new(shape);
    host.enable();
    host
}

fn ids(page: &[u8]) -> Vec<u32> {
    let words = page.chunks_exact(4);
    let ids = words.map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
    ids.take_while(|&id| id != 0).collect()
}

#[test]
fn an_old_controller_knows_no_list_of_namespaces() {
    let mut host = up(Shape {
        version: 0x0001_0000,
        namespace_lists: false,
        ..Shape::default()
    });
    assert_eq!(host.read(0x08), 0x0001_0000);
    let refused = Err(INVALID_FIELD | DO_NOT_RETRY);
    assert_eq!(host.identify(0x02, 0, 0), refused);
    assert_eq!(
        host.identify(0x03, 1, 0),
        refused,
        "descriptors came with version 1.3"
    );
    let controller = host.identify(0x01, 0, 0).unwrap();
    assert_eq!(controller[516..520], 1u32.to_le_bytes());
    assert_eq!(host.identify(0x00, 1, 0).unwrap()[130], 13);
}

#[test]
fn identify_controller_with_a_stray_field_is_refused() {
    let mut host = up(Shape::default());
    assert!(host.identify(0x01, 0, 0).is_ok());
    let refused = Err(INVALID_FIELD | DO_NOT_RETRY);
    assert_eq!(host.identify(0x01, u32::MAX, 0), refused);
    let entry = host.admin(0x06, 0, [1 << 16 | 0x01, 0, 0]);
    assert_eq!(entry.unwrap().status, INVALID_FIELD | DO_NOT_RETRY);
}

#[test]
fn lists_have_the_active_namespaces_above_an_id() {
    const ACTIVE: NamespaceShape = NamespaceShape::PLAIN;
    const INACTIVE: NamespaceShape = NamespaceShape {
        active: false,
        ..ACTIVE
    };
    let mut host = up(Shape {
        further: &[INACTIVE, ACTIVE, ACTIVE],
        ..Shape::default()
    });
    assert_eq!(ids(&host.identify(0x02, 0, 0).unwrap()), vec![1, 3, 4]);
    assert_eq!(ids(&host.identify(0x02, 3, 0).unwrap()), vec![4]);
    assert_eq!(ids(&host.identify(0x02, 4, 0).unwrap()), vec![]);
    assert_eq!(host.identify(0x02, u32::MAX, 0), Err(INVALID_NAMESPACE));
}

#[test]
fn inactive_namespaces_are_zeroes_or_refused() {
    let shape = Shape {
        namespace: false,
        namespaces_reported: 256,
        ..Shape::default()
    };
    let mut host = up(shape);
    let controller = host.identify(0x01, 0, 0).unwrap();
    assert_eq!(controller[516..520], 256u32.to_le_bytes());
    for id in [1, 2, 256] {
        assert_eq!(host.identify(0x00, id, 0).unwrap(), vec![0; 4096]);
    }
    for id in [0, 257, u32::MAX] {
        assert_eq!(host.identify(0x00, id, 0), Err(INVALID_NAMESPACE));
    }
    let mut host = up(Shape {
        refuses_inactive: true,
        ..shape
    });
    assert_eq!(host.identify(0x00, 1, 0), Err(INVALID_NAMESPACE));
}

#[test]
fn command_sets_are_reported_if_offered() {
    const ZONED: NamespaceShape = NamespaceShape {
        command_set: 2,
        ..NamespaceShape::PLAIN
    };
    let mut host = up(Shape {
        command_sets: 0b0100_0001,
        further: &[ZONED],
        ..Shape::default()
    });
    assert_eq!(host.capabilities() >> 37 & 0xFF, 0b0100_0001);
    // The only combination of command sets.
    assert_eq!(
        host.identify(0x1C, 0, 0).unwrap()[0..8],
        [0b101, 0, 0, 0, 0, 0, 0, 0]
    );
    // The namespaces of each command set, and those of all.
    assert_eq!(ids(&host.identify(0x07, 0, 0).unwrap()), vec![1]);
    assert_eq!(ids(&host.identify(0x07, 0, 2).unwrap()), vec![2]);
    assert_eq!(ids(&host.identify(0x02, 0, 0).unwrap()), vec![1, 2]);
    // The command set of each namespace.
    for (id, set) in [(1, 0), (2, 2)] {
        let descriptors = host.identify(0x03, id, 0).unwrap();
        assert_eq!(descriptors[12..17], [4, 1, 0, 0, set]);
        assert_eq!(
            host.identify(0x08, id, 0).unwrap()[14],
            1,
            "namespace {id} is ready"
        );
        assert!(host.identify(0x06, 0, set).is_ok());
    }
    // In Identify Namespace, a zoned namespace looks like a namespace without zones. Its zone size is in another
    // structure.
    assert_eq!(host.identify(0x00, 1, 0), host.identify(0x00, 2, 0));
    let zoned = host.identify(0x05, 2, 2).unwrap();
    assert_eq!(zoned[2832..2840], 64u64.to_le_bytes());
    let refused = Err(INVALID_FIELD | DO_NOT_RETRY);
    assert_eq!(host.identify(0x05, 2, 0), refused);
    assert_eq!(host.identify(0x05, 1, 2), refused);
}

#[test]
fn command_sets_are_not_reported_unless_offered() {
    let mut host = up(Shape::default());
    for cns in [0x05, 0x06, 0x07, 0x08, 0x1C] {
        let refused = Err(INVALID_FIELD | DO_NOT_RETRY);
        assert_eq!(host.identify(cns, 1, 0), refused, "CNS {cns:#x}");
    }
    assert_eq!(host.identify(0x03, 1, 0).unwrap()[12..], [0; 4084]);
    let mut host = up(Shape {
        namespace_descriptors: false,
        ..Shape::default()
    });
    assert!(host.identify(0x03, 1, 0).is_err());
}

#[test]
fn switches_change_the_data_of_identify() {
    let mut host = up(Shape {
        write_cache: false,
        shutdown_micros: 12_000_000,
        ..Shape::default()
    });
    host.machine.switches.mdts = Some(255);
    host.machine.switches.identify_as = Some(NamespaceShape {
        blocks: 17,
        format: 33,
        last_format: 2,
        ..NamespaceShape::PLAIN
    });
    let controller = host.identify(0x01, 0, 0).unwrap();
    assert_eq!((controller[77], controller[525]), (255, 0));
    assert_eq!(controller[88..92], 12_000_000u32.to_le_bytes());
    let namespace = host.identify(0x00, 1, 0).unwrap();
    assert_eq!(namespace[0..8], 17u64.to_le_bytes());
    assert_eq!((namespace[25], namespace[26]), (2, 1 | 2 << 5));
    assert_eq!(namespace[128 + 4 * 33..][..4], [0, 0, 9, 0]);
}
