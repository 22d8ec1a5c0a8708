//! Tests of lengths that a VMM declares. The server must check a length before it allocates memory for it.

use std::fs::File;
use std::os::fd::AsFd;

use crate::raw::{
    DMA_MAP, DMA_UNMAP, HEADER, REGION_READ, REGION_WRITE, RESET, Raw, SET_IRQS, VERSION, words,
};
use crate::vmm::{Room, Vmm, serve};

/// The growth of the server's memory, in KiB, that the tests allow. No message may take so much.
const ROOM: u64 = 16 << 10;

/// The number of bytes that a VMM tries to send after it has declared a longer message.
const FLOOD: usize = 256 << 20;

/// Makes a file of one page.
fn page(room: &Room) -> File {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(true);
    let file = options.open(room.place("page")).expect("a file");
    file.set_len(4096).expect("room");
    file
}

/// The numbers of all commands, and a few numbers that are no commands.
const COMMANDS: std::ops::RangeInclusive<u16> = 0..=20;

#[test]
fn declared_length_takes_no_memory() {
    let room = Room::new("declared");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    Vmm::attach(&socket).traffic(1);
    let before = server.peak_kib();
    for command in COMMANDS {
        for size in [u32::MAX, 1 << 30, 1 << 20] {
            let mut raw = Raw::connect(&socket);
            // The body is valid as the start of a region write: its count agrees with the declared length.
            let body = words(&[0, 0, 0, size - HEADER - 16]);
            raw.send(command, size, &body).expect("sent");
            assert!(!raw.flood(FLOOD), "command {command}: {size} bytes taken");
        }
    }
    let after = server.peak_kib();
    assert!(after < before + ROOM, "{before} KiB, then {after}");
    assert!(!server.log().contains("panicked"), "{}", server.log());
    Vmm::attach(&socket).traffic(2);
}

#[test]
fn a_message_shorter_than_its_header_is_refused() {
    let room = Room::new("short");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    for command in COMMANDS {
        for size in [0, 1, HEADER - 1] {
            let mut raw = Raw::connect(&socket);
            raw.send(command, size, &[]).expect("sent");
            assert!(raw.answer().is_none_or(|answer| answer.is_err()));
            assert!(raw.answer().is_none(), "command {command}: it goes on");
        }
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
    Vmm::attach(&socket).traffic(1);
}

#[test]
fn a_body_that_is_cut_short_is_refused() {
    let room = Room::new("cut");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let mut raw = Raw::connect(&socket);
    for command in COMMANDS {
        for length in [0, 1, 7, 12, 15] {
            raw.ask(command, &vec![0; length]);
            let answer = raw.answer().expect("an answer");
            // Two messages are complete anyway: a version may have no data behind its four bytes, and a reset needs
            // no body.
            let whole = command == VERSION && length >= 4 || command == RESET;
            assert_eq!(answer.is_ok(), whole, "command {command}, {length} bytes");
        }
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
    drop(raw);
    Vmm::attach(&socket).traffic(1);
}

#[test]
fn a_count_must_agree_with_its_message() {
    let room = Room::new("count");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let mut raw = Raw::connect(&socket);
    // Writes to STATUS, with counts that disagree with the length of the message.
    for (count, data) in [(4u32, 0), (8, 4), (0, 4), (u32::MAX, 4), (4095, 4096)] {
        let body = [words(&[8, 0, 0, count]), vec![0; data]].concat();
        raw.ask(REGION_WRITE, &body);
        let answer = raw.answer().expect("an answer");
        assert!(answer.is_err(), "{count} bytes in {data}");
    }
    for count in [4097, 1 << 20, u32::MAX] {
        raw.ask(REGION_READ, &words(&[8, 0, 0, count]));
        assert!(raw.answer().expect("an answer").is_err(), "{count}");
    }
    for (start, count) in [(0, 65), (64, 1), (1, u32::MAX), (u32::MAX, u32::MAX)] {
        // Sets events for MSI-X vectors outside of 0 to 63.
        let body = words(&[20, 0x24, 2, start, count]);
        raw.ask(SET_IRQS, &body);
        assert!(raw.answer().expect("an answer").is_err(), "{start} {count}");
    }
    // The connection still works: STATUS can be read.
    raw.ask(REGION_READ, &words(&[8, 0, 0, 4]));
    let body = raw.answer().expect("an answer").expect("no error");
    assert_eq!(body.len(), 16 + 4);
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Asks the server to map the page of `file` at page number `page` of guest memory. Returns whether it was mapped.
fn map(raw: &mut Raw, file: &File, page: u32) -> bool {
    let body = words(&[32, 3, 0, 0, page << 12, page >> 20, 4096, 0]);
    raw.ask_with(DMA_MAP, &body, &[file.as_fd()]);
    raw.answer().expect("an answer").is_ok()
}

#[test]
fn mappings_end_at_the_reported_limit() {
    let room = Room::new("mappings");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut raw = Raw::connect(&socket);
    let file = page(&room);
    raw.ask(VERSION, &words(&[0]));
    let told = raw.answer().expect("an answer").expect("a version");
    let told = String::from_utf8(told[4..].to_vec()).expect("text");
    let taken = (0..4096).take_while(|&page| map(&mut raw, &file, page));
    let taken = taken.count() as u32;
    assert!((64..1024).contains(&taken), "{taken} mappings");
    let limit = format!("\"max_dma_maps\":{taken}");
    assert!(told.contains(&limit), "{told}");
    // A mapping that replaces another one needs no room. After an unmap there is room for one more mapping.
    assert!(map(&mut raw, &file, 5));
    raw.ask(DMA_UNMAP, &words(&[24, 0, 9 << 12, 0, 4096, 0]));
    assert!(raw.answer().expect("an answer").is_ok());
    assert!(map(&mut raw, &file, 5000));
    assert!(!map(&mut raw, &file, 5001));
    // Unmaps all ranges.
    raw.ask(DMA_UNMAP, &words(&[24, 2, 0, 0, 0, 0]));
    assert!(raw.answer().expect("an answer").is_ok());
    assert!(map(&mut raw, &file, 5001));
    drop(raw);
    Vmm::attach(&socket).traffic(2);
}

#[test]
fn too_many_files_close_the_connection() {
    let room = Room::new("descriptors");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    let file = page(&room);
    for round in 0..100 {
        let mut raw = Raw::connect(&socket);
        let files = vec![file.as_fd(); 60];
        raw.ask_with(SET_IRQS, &words(&[20, 0x24, 2, 0, 60]), &files);
        assert!(raw.answer().is_none_or(|answer| answer.is_err()), "{round}");
    }
    let mut raw = Raw::connect(&socket);
    for command in COMMANDS {
        // Eight files are accepted, and the server closes those that the command does not need.
        raw.ask_with(command, &[], &[file.as_fd(); 8]);
        let _ = raw.answer().expect("an answer");
    }
    assert!(server.files() < 40, "{} files are open", server.files());
    drop(raw);
    Vmm::attach(&socket).traffic(1);
}

#[test]
fn a_mapping_without_a_file_is_taken() {
    let room = Room::new("fileless");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut raw = Raw::connect(&socket);
    // Maps 1 MiB at 0xc0000 as readable, without a file, as a VMM does for a ROM that it does not share.
    raw.ask(DMA_MAP, &words(&[32, 1, 0, 0, 0xc_0000, 0, 1 << 20, 0]));
    assert_eq!(raw.answer(), Some(Ok(Vec::new())));
}
