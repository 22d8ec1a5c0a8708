//! Packets: no safe code makes one longer than its buffer.
#![forbid(unsafe_code)]

use samara_host_std as _;
use samara_interfaces::net::{CAPACITY, Packet, TooLong};

/// Invariant: DEV-30
#[test]
fn a_length_beyond_the_buffer_changes_nothing() {
    let mut packet = Packet::alloc().unwrap();
    packet.fill(b"frame").unwrap();
    for len in [CAPACITY + 1, 1 << 16, (1 << 16) + 5, usize::MAX] {
        assert_eq!(packet.set_len(len), Err(TooLong { len }));
    }
    assert!(packet.fill(&[1; CAPACITY + 1]).is_err());
    assert_eq!(packet.bytes(), b"frame");
    packet.set_len(CAPACITY).unwrap();
    assert_eq!(packet.bytes_mut().len(), CAPACITY);
    packet.fill(&[7; CAPACITY]).unwrap();
    assert_eq!(packet.bytes(), [7; CAPACITY]);
    packet.set_len(0).unwrap();
    assert!(packet.is_empty() && packet.bytes().is_empty());
}

#[test]
fn the_frame_starts_on_a_cache_line() {
    let mut packet = Packet::alloc().unwrap();
    assert_eq!(packet.room_mut().as_ptr().addr() % 64, 0);
}
