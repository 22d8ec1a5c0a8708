//! Tests of the command line: the effect of each option, and the message for a wrong one.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use samara_ixgbe_emulator::registers::{bits, offset as at};

use crate::vmm::{Room, Server, Vmm, program, serve};

/// Runs the program, which must end by itself within ten seconds. Returns its exit status and its messages.
fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = program();
    let command = command.args(arguments).stdin(Stdio::null());
    let mut process = command.stderr(Stdio::piped()).spawn().expect("it starts");
    for _ in 0..500 {
        if process.try_wait().expect("a process").is_some() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
    }
    // If the program has not ended by itself, it has no exit status after the kill, and the caller's check of the
    // status fails.
    let _ = process.kill();
    let output = process.wait_with_output().expect("it ended");
    let told = String::from_utf8(output.stderr).expect("text");
    (output.status.code(), told)
}

#[test]
fn wrong_options_name_the_next_step() {
    let room = Room::new("options");
    let place = |name: &str| room.place(name).display().to_string();
    let socket = place("socket");
    let nowhere = place("no/such/directory");
    let pair = format!("pair:{nowhere}");
    for (arguments, hint) in [
        (vec![], "--socket <PATH>"),
        (
            vec!["--socket", &socket, "--device-id", "xyz"],
            "up to four hexadecimal digits",
        ),
        (
            vec!["--socket", &socket, "--mac", "02:00"],
            "six hexadecimal bytes with colons",
        ),
        (
            vec!["--socket", &socket, "--mac", "01:00:00:00:00:01"],
            "give a unicast address",
        ),
        (
            vec!["--socket", &socket, "--link", "tap0"],
            "give loop, pair:PATH or stream:PATH",
        ),
        (
            vec!["--socket", &socket, "--link", "stream:"],
            "give loop, pair:PATH or stream:PATH",
        ),
        (
            vec!["--socket", &socket, "--queues", "4"],
            "unexpected argument '--queues'",
        ),
        (vec!["--socket", &socket, "--pcap"], "--pcap <FILE>"),
        (
            vec!["--socket", &socket, "more"],
            "unexpected argument 'more'",
        ),
    ] {
        let (status, told) = refused(&arguments);
        assert_eq!(status, Some(2), "{arguments:?}: {told}");
        assert!(told.contains(hint), "{arguments:?}: {told}");
    }
    for (arguments, hint) in [
        (
            vec!["--socket", &nowhere],
            "name a --socket in a directory you may write to",
        ),
        (
            vec!["--socket", &socket, "--pcap", &nowhere],
            "name another file with --pcap",
        ),
        (
            vec!["--socket", &socket, "--link", &pair],
            "name another socket with --link",
        ),
    ] {
        let (status, told) = refused(&arguments);
        assert_eq!(status, Some(1), "{arguments:?}: {told}");
        assert!(
            told.starts_with("ixgbe-emulator: ") && told.contains(hint),
            "{told}"
        );
        assert!(told.contains(&nowhere), "{told}");
    }
    // A file that is not a socket is left alone.
    let file = place("notes");
    std::fs::write(&file, "dear").expect("a file");
    let pair = format!("pair:{file}");
    for arguments in [
        vec!["--socket", &file],
        vec!["--socket", &socket, "--link", &pair],
    ] {
        let (status, told) = refused(&arguments);
        assert_eq!(status, Some(1), "{told}");
        assert!(told.contains("notes: this is no socket"), "{told}");
        assert_eq!(std::fs::read(&file).expect("a file"), b"dear");
    }
    let _server = serve(room.place("socket").as_path(), &[]);
    let _vmm = Vmm::attach(&room.place("socket"));
    let (status, told) = refused(&["--socket", &socket]);
    assert_eq!(status, Some(1));
    assert!(told.contains("another server listens there"), "{told}");
}

#[test]
fn frames_are_captured() {
    let room = Room::new("pcap");
    let file = room.place("frames");
    let socket = room.place("socket");
    let _server = serve(&socket, &["--pcap", &file.display().to_string()]);
    Vmm::attach(&socket).traffic(0x33);
    let bytes = std::fs::read(&file).expect("a capture");
    let word = |at: usize| {
        let bytes = bytes[at..at + 4].first_chunk().expect("four bytes");
        u32::from_le_bytes(*bytes)
    };
    // The fields of the file's header: magic number, version 2.4, longest packet, Ethernet.
    assert_eq!(
        [0, 4, 16, 20].map(word),
        [0xa1b2_c3d4, 0x4_0002, 0x4_0000, 1]
    );
    // The file contains two records, because the frame was sent and came back.
    assert_eq!(bytes.len(), 24 + 2 * (16 + 100));
    for record in [24, 24 + 116] {
        assert!(word(record) > 1_600_000_000, "the time");
        assert_eq!([8, 12].map(|at| word(record + at)), [100, 100]);
        assert_eq!(bytes[record + 16..][..12], [0xff; 12]);
        assert_eq!(bytes[record + 28..][..88], [0x33; 88]);
    }
}

#[test]
fn verbose_logs_every_access() {
    let room = Room::new("verbose");
    let socket = room.place("socket");
    for verbose in [false, true] {
        let arguments: &[&str] = if verbose { &["--verbose"] } else { &[] };
        let server = serve(&socket, arguments);
        let mut vmm = Vmm::attach(&socket);
        for _ in 0..3 {
            // Accesses WUC, whose function is not emulated, and an offset at which there is no register.
            vmm.write(0x5800, 1);
            vmm.read(0x5800);
            vmm.read(0x1_fff0);
        }
        vmm.write(at::RXCTRL, 1);
        vmm.write(at::TDBAL + 3 * 0x40 + at::QUEUE_TAIL, 0x12);
        vmm.write(at::CTRL, bits::CTRL_RESET);
        let log = server.log();
        let count = |text: &str| log.matches(text).count();
        assert_eq!(
            count("register WUC (0x05800) was written: its function is not emulated"),
            1
        );
        assert_eq!(count("0x1fff0"), if verbose { 4 } else { 1 }, "{log}");
        let told = usize::from(verbose);
        assert_eq!(
            count("ixgbe-emulator: write RXCTRL 0x00000001\n"),
            told,
            "{log}"
        );
        assert_eq!(
            count("ixgbe-emulator: write TDT[3] 0x00000012\n"),
            told,
            "{log}"
        );
        assert_eq!(
            count("ixgbe-emulator: read WUC 0x00000001\n"),
            3 * told,
            "{log}"
        );
        assert_eq!(count("ixgbe-emulator: reset\n"), told, "{log}");
    }
}

#[test]
fn missing_module_does_not_acknowledge() {
    let room = Room::new("module");
    for (name, arguments, answer) in [("with", vec![], 0), ("without", vec!["--no-module"], 4)] {
        let socket = room.place(name);
        let _server = serve(&socket, &arguments);
        let mut vmm = Vmm::attach(&socket);
        let mut set = |clock: u32, data: u32| vmm.write(at::I2CCTL, clock << 1 | data << 3);
        // Sends START and the address byte 0xa0, and clocks the acknowledge bit.
        set(1, 1);
        set(1, 0);
        set(0, 0);
        for bit in [1, 0, 1, 0, 0, 0, 0, 0, 1] {
            set(0, bit);
            set(1, bit);
            if bit == 0 {
                set(0, bit);
            }
        }
        assert_eq!(
            vmm.read(at::I2CCTL) & 4,
            answer,
            "{name}: the acknowledgement"
        );
    }
}

#[test]
fn closed_stderr_does_not_end_the_server() {
    let room = Room::new("deaf");
    let socket = room.place("socket");
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let mut server = program();
    server.arg("--socket").arg(&socket).arg("--verbose");
    let _server = Server::start(server.stderr(writer), &socket);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    vmm.client.reset().expect("reset");
    vmm.traffic(2);
    drop(vmm);
    Vmm::attach(&socket).traffic(3);
}
