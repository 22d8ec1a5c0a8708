//! Tests of the program's cables: to a second emulator, and to a stream.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use samara_ixgbe_emulator::registers::{bits, offset as at};

use crate::vmm::{RX_BUFFER, RX_RING, Room, TX_BUFFER, TX_RING, Vmm, serve};

/// Waits until the link is up (if `up` is true) or down. Returns false if this does not happen within five seconds.
pub(crate) fn wait(vmm: &mut Vmm, up: bool) -> bool {
    (0..250).any(|_| {
        thread::sleep(Duration::from_millis(20));
        (vmm.read(at::LINKS) & bits::LINKS_UP != 0) == up
    })
}

#[test]
fn cable_goes_down_with_its_other_end() {
    let room = Room::new("pair");
    let (first, second) = (room.place("first"), room.place("second"));
    let cable = room.place("cable");
    let link = format!("pair:{}", cable.display());
    let _first = serve(&first, &["--link", &link]);
    let mut near = Vmm::attach(&first);
    assert_eq!(near.read(at::LINKS) & bits::LINKS_UP, 0);
    let other = serve(&second, &["--link", &link]);
    assert!(wait(&mut near, true), "the other one plugs in");
    drop(other);
    assert!(wait(&mut near, false), "the other one is killed");
    let _other = serve(&second, &["--link", &link]);
    assert!(wait(&mut near, true), "and comes back");
}

/// Takes one frame from a stream.
fn take(stream: &mut UnixStream) -> Vec<u8> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).expect("a length");
    let mut frame = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut frame).expect("a frame");
    frame
}

#[test]
fn a_stream_carries_frames_with_their_lengths() {
    let room = Room::new("stream");
    let path = room.place("stream");
    let socket = room.place("socket");
    let _server = serve(&socket, &["--link", &format!("stream:{}", path.display())]);
    let mut vmm = Vmm::attach(&socket);
    assert_eq!(vmm.read(at::LINKS) & bits::LINKS_UP, 0, "nobody listens");
    let listener = UnixListener::bind(&path).expect("a socket");
    let (mut stream, _) = listener.accept().expect("it tries again and again");
    let patience = Some(Duration::from_secs(10));
    stream.set_read_timeout(patience).expect("a socket");
    assert!(wait(&mut vmm, true));

    vmm.store(TX_BUFFER, &[7; 100]);
    vmm.bring_up(TX_BUFFER);
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 1);
    assert_eq!(take(&mut stream), [7; 100]);

    // The peer sends an empty frame and then a real one, split into pieces. The device pads the empty frame and drops
    // it, because its address is not the device's.
    let frame = [0xff; 80];
    stream.write_all(&[0, 0, 0, 0, 0, 0]).expect("sent");
    thread::sleep(Duration::from_millis(20));
    stream.write_all(&[0, 80]).expect("sent");
    stream.write_all(&frame[..33]).expect("sent");
    thread::sleep(Duration::from_millis(20));
    stream.write_all(&frame[33..]).expect("sent");
    vmm.interrupt();
    assert_eq!(vmm.load(RX_RING + 8, 1)[0] & 3, 3);
    assert_eq!(vmm.load(RX_BUFFER, 80), frame);

    // An invalid length ends the connection. The server then makes a new one.
    stream.write_all(&[0xff; 4]).expect("sent");
    assert!(matches!(stream.read(&mut [0; 1]), Ok(0)));
    let (mut stream, _) = listener.accept().expect("it comes back");
    stream.set_read_timeout(patience).expect("a socket");
    assert!(wait(&mut vmm, true));
    let command = 100u64 | 3 << 20 | 0x2b << 24 | 100 << 46;
    vmm.store(TX_RING + 24, &command.to_le_bytes());
    vmm.store(TX_RING + 16, &(crate::vmm::BASE + TX_BUFFER).to_le_bytes());
    vmm.write(at::TDBAL + at::QUEUE_TAIL, 2);
    assert_eq!(take(&mut stream), [7; 100]);
}
