use crate::{Place, Table, Writer};
use alloc::vec::Vec;

const BASE: u64 = 0xffff_ffff_8000_0000;

fn place(function: &'static str, line: u32) -> Place<'static> {
    Place {
        function,
        file: "src/lib.rs",
        line,
    }
}

fn table() -> Vec<u8> {
    let mut writer = Writer::new(BASE);
    assert!(writer.row(BASE + 0x10, &[place("inner", 3), place("outer", 9)]));
    assert!(writer.row(BASE + 0x20, &[place("outer", 10)]));
    assert!(writer.row(BASE + 0x28, &[place("outer", 10)]));
    assert!(writer.row(BASE + 0x30, &[]));
    assert!(writer.row(BASE + 0x40, &[place("last", 0)]));
    assert!(!writer.row(BASE + 0x3f, &[]), "out of order");
    assert!(!writer.row(BASE - 1, &[]), "before the base");
    writer.finish()
}

fn look_up(bytes: &[u8], address: u64) -> Vec<Place<'_>> {
    Table::parse(bytes).map_or(Vec::new(), |table| table.places(address).collect())
}

#[test]
fn addresses_lead_to_their_places() {
    let bytes = table();
    assert_eq!(look_up(&bytes, BASE), []);
    assert_eq!(look_up(&bytes, 0), []);
    for address in [0x10, 0x1f] {
        let both = [place("inner", 3), place("outer", 9)];
        assert_eq!(look_up(&bytes, BASE + address), both);
    }
    for address in [0x20, 0x28, 0x2f] {
        assert_eq!(look_up(&bytes, BASE + address), [place("outer", 10)]);
    }
    assert_eq!(look_up(&bytes, BASE + 0x3f), []);
    assert_eq!(look_up(&bytes, BASE + 0x40), [place("last", 0)]);
    assert_eq!(
        look_up(&bytes, u64::MAX),
        [place("last", 0)],
        "within 4 GiB of the base"
    );
}

#[test]
fn equal_rows_and_strings_are_kept_once() {
    let one = table().len();
    let mut writer = Writer::new(BASE);
    for address in 0..100 {
        assert!(writer.row(BASE + address, &[place("outer", 10)]));
    }
    assert!(writer.finish().len() < one);
}

#[test]
fn broken_tables_do_no_harm() {
    let whole = table();
    for length in 0..whole.len() {
        assert!(Table::parse(&whole[..length]).is_none(), "{length}");
    }
    for at in 0..whole.len() {
        for flip in [1, 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] ^= flip;
            for address in (0..0x50).step_by(4) {
                let places = look_up(&bytes, BASE + address);
                assert!(places.len() <= 4, "a cycle of places must end");
            }
        }
    }
}
