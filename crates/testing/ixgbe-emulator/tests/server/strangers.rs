//! Tests of a VMM, or a far end of the cable, that does not read its messages. The server goes on.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use samara_ixgbe_emulator::registers::{bits, offset as at};

use crate::cables::wait;
use crate::vmm::{BASE, Room, Vmm, serve};

/// The longest time that an access may take, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn unread_interrupts_do_not_block_the_server() {
    let room = Room::new("deaf");
    let socket = room.place("socket");
    let _server = serve(&socket, &[]);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    let (done, is_done) = mpsc::channel();
    // The accesses run on a thread of their own, because with a defect the server may never answer.
    thread::spawn(move || {
        for _ in 0..3000 {
            vmm.write(at::EICS, 1);
            vmm.write(at::EICR, 1);
            vmm.write(at::EIMS, 1);
        }
        done.send(vmm)
    });
    let vmm = is_done.recv_timeout(PATIENCE);
    drop(vmm.expect("each access is answered"));
    Vmm::attach(&socket).traffic(2);
}

#[test]
fn slow_far_end_does_not_block_the_server() {
    let room = Room::new("slow");
    let (socket, path) = (room.place("socket"), room.place("stream"));
    let listener = UnixListener::bind(&path).expect("a socket");
    let _server = serve(&socket, &["--link", &format!("stream:{}", path.display())]);
    let mut vmm = Vmm::attach(&socket);
    let (mut stream, _) = listener.accept().expect("it connects");
    thread::spawn(move || {
        let mut bytes = [0; 32 << 10];
        while stream.read(&mut bytes).is_ok_and(|count| count > 0) {
            thread::sleep(Duration::from_secs(1));
        }
    });
    assert!(wait(&mut vmm, true));
    vmm.bring_up(0x8_0000);
    // A ring of 8192 frames.
    const RING: u64 = 0x2_0000;
    let command = 1500u64 | 3 << 20 | 0x2b << 24 | 1500 << 46;
    let descriptors: Vec<u8> = [(BASE + 0x8_0000).to_le_bytes(), command.to_le_bytes()].concat();
    vmm.store(RING, &descriptors.repeat(8192));
    let block = at::tx_queue(0);
    vmm.write(block + at::QUEUE_CONTROL, 0);
    vmm.write(block, (BASE + RING) as u32);
    vmm.write(block + at::QUEUE_LENGTH, 8192 * 16);
    vmm.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        vmm.write(block + at::QUEUE_TAIL, 8191);
        for _ in 0..3 {
            let start = Instant::now();
            vmm.read(at::STATUS);
            if done.send(start.elapsed()).is_err() {
                break;
            }
        }
    });
    for _ in 0..3 {
        is_done.recv_timeout(PATIENCE).expect("it answers");
    }
}

#[test]
fn oversized_region_read_is_refused() {
    let room = Room::new("much");
    let socket = room.place("socket");
    let server = serve(&socket, &[]);
    Vmm::attach(&socket).traffic(1);
    let before = server.peak_kib();
    let mut stream = UnixStream::connect(&socket).expect("it listens");
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).expect("a socket");
    // A vfio-user region read (command 9) of 1 GiB from region 0.
    let words = [9 << 16 | 1, 32, 0, 0, 0, 0, 0, 1u32 << 30];
    let request: Vec<u8> = words.into_iter().flat_map(u32::to_ne_bytes).collect();
    stream.write_all(&request).expect("sent");
    let mut reply = [0; 16];
    stream.read_exact(&mut reply).expect("an answer");
    assert_eq!(reply[8] & 0x20, 0x20, "no region has so many bytes");
    let after = server.peak_kib();
    assert!(after < before + (64 << 10), "{before} KiB, then {after}");
    drop(stream);
    Vmm::attach(&socket).traffic(2);
}
