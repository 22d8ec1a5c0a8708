//! The program `ixgbe-model` as a VMM sees it: attach, traffic, reset, kill, reconnect.
#![cfg(target_os = "linux")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use samara_ixgbe_model::registers::{bits, offset as at};
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_CONFIG_REGION_INDEX,
    VFIO_PCI_MSIX_IRQ_INDEX,
};
use vfio_user::Client;

/// Guest physical address and size of the memory that is shared.
const BASE: u64 = 0x8000_0000;
const SIZE: u64 = 1 << 20;
const RX_RING: u64 = 0;
const TX_RING: u64 = 0x1000;
const RX_BUFFER: u64 = 0x2000;
const TX_BUFFER: u64 = 0x3000;

/// The server; it ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A directory for sockets, whose names must be short; it goes with the test.
struct Room(PathBuf);

impl Room {
    fn new(name: &str) -> Self {
        let name = format!("ixgbe-model.{}.{name}", std::process::id());
        let room = Room(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&room.0).expect("a directory");
        room
    }

    fn place(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn serve(socket: &Path, arguments: &[&str]) -> Server {
    let child = Command::new(env!("CARGO_BIN_EXE_ixgbe-model"))
        .arg("--socket")
        .arg(socket)
        .args(arguments)
        .stderr(Stdio::null())
        .spawn()
        .expect("the server starts");
    Server(child)
}

/// Connects as soon as there is somebody to connect to.
fn connect(socket: &Path) -> Client {
    for _ in 0..200 {
        if let Ok(client) = Client::new(socket) {
            return client;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("nobody listens on {}", socket.display());
}

/// A VMM with one guest.
struct Vmm {
    client: Client,
    memory: File,
    events: UnixStream,
}

impl Vmm {
    fn attach(socket: &Path) -> Self {
        let mut client = connect(socket);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let file = socket.with_extension("memory");
        let memory = options.open(file).expect("a file for memory");
        memory.set_len(SIZE).expect("room");
        client
            .dma_map(0, BASE, SIZE, memory.as_raw_fd())
            .expect("mapped");
        let (events, end) = UnixStream::pair().expect("sockets");
        let flags = VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_TRIGGER;
        client
            .set_irqs(VFIO_PCI_MSIX_IRQ_INDEX, flags, 0, 1, &[end.as_raw_fd()])
            .expect("an event");
        Vmm {
            client,
            memory,
            events,
        }
    }

    fn config(&mut self, offset: u64, bytes: &[u8]) {
        let region = VFIO_PCI_CONFIG_REGION_INDEX;
        self.client
            .region_write(region, offset, bytes)
            .expect("written");
    }

    fn read(&mut self, offset: u32) -> u32 {
        let mut bytes = [0; 4];
        let done = self.client.region_read(0, u64::from(offset), &mut bytes);
        done.expect("read");
        u32::from_le_bytes(bytes)
    }

    fn write(&mut self, offset: u32, value: u32) {
        let done = self
            .client
            .region_write(0, u64::from(offset), &value.to_le_bytes());
        done.expect("written");
    }

    fn store(&self, at: u64, bytes: &[u8]) {
        self.memory.write_all_at(bytes, at).expect("stored");
    }

    fn load(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.memory.read_exact_at(&mut bytes, at).expect("loaded");
        bytes
    }

    /// Brings up queue 0, sends a frame round the loop and looks at it.
    fn traffic(&mut self, seed: u8) {
        self.config(0x04, &[6, 0]);
        self.config(0x72, &[0x3f, 0x80]);
        self.store(RX_RING, &(BASE + RX_BUFFER).to_le_bytes());
        self.store(RX_RING + 8, &[0; 8]);
        let frame: Vec<u8> = [0xff; 12].into_iter().chain([seed; 88]).collect();
        self.store(TX_BUFFER, &frame);
        self.store(TX_RING, &(BASE + TX_BUFFER).to_le_bytes());
        let command = 100u64 | 3 << 20 | 0x2b << 24 | 100 << 46;
        self.store(TX_RING + 8, &command.to_le_bytes());
        for (block, ring) in [(at::RDBAL, RX_RING), (at::TDBAL, TX_RING)] {
            self.write(block, (BASE + ring) as u32);
            self.write(block + at::QUEUE_LENGTH, 128);
            self.write(block + at::QUEUE_CONTROL, bits::QUEUE_ENABLE);
        }
        self.write(at::RDBAL + at::QUEUE_SRRCTL, 2 | 1 << 25);
        self.write(at::RDBAL + at::QUEUE_TAIL, 1);
        self.write(at::FCTRL, bits::FCTRL_BROADCAST);
        self.write(at::RXCTRL, bits::RXCTRL_ENABLE);
        self.write(at::DMATXCTL, 0x8100_0001);
        self.write(at::IVAR, 0x80);
        self.write(at::GPIE, bits::GPIE_MULTIPLE_MSIX);
        self.write(at::EIMS, 1);
        self.write(at::TDBAL + at::QUEUE_TAIL, 1);
        assert_eq!(self.load(TX_RING + 12, 1)[0] & 1, 1, "sent");
        assert_eq!(self.load(RX_RING + 8, 1)[0] & 3, 3, "received");
        assert_eq!(self.load(RX_BUFFER, 100), frame);
        let mut event = [0; 8];
        let wait = Some(Duration::from_secs(10));
        self.events.set_read_timeout(wait).expect("a socket");
        self.events.read_exact(&mut event).expect("an interrupt");
    }
}

#[test]
fn a_vmm_may_reset_leave_misbehave_and_return() {
    let room = Room::new("survival");
    let socket = room.place("socket");
    let server = serve(&socket, &["--mac", "02:00:00:00:00:05"]);
    let mut vmm = Vmm::attach(&socket);
    vmm.traffic(1);
    vmm.client.reset().expect("reset");
    assert_eq!(vmm.read(at::RXCTRL), 0);
    assert_eq!(vmm.read(at::RAL + 4), 0x8000_0500);
    vmm.traffic(2);
    vmm.client.dma_unmap(BASE, SIZE).expect("unmapped");
    drop(vmm);

    // One that speaks another language.
    let mut stranger = UnixStream::connect(&socket).expect("it listens");
    stranger.write_all(&[0x5a; 64]).expect("sent");
    drop(stranger);

    let mut vmm = Vmm::attach(&socket);
    assert_eq!(vmm.read(at::RXCTRL), 0, "the next VMM finds a fresh device");
    vmm.traffic(3);

    // Killed, the server leaves its socket behind; the next one takes it over.
    drop(server);
    drop(vmm);
    assert!(socket.exists());
    let _server = serve(&socket, &["--device-id", "10f9"]);
    let mut vmm = Vmm::attach(&socket);
    let mut id = [0; 4];
    let region = VFIO_PCI_CONFIG_REGION_INDEX;
    vmm.client.region_read(region, 0, &mut id).expect("read");
    assert_eq!(id, [0x86, 0x80, 0xf9, 0x10]);
    vmm.traffic(4);
}

#[test]
fn a_cable_joins_two_models_and_tells_when_one_is_gone() {
    let room = Room::new("pair");
    let (first, second) = (room.place("first"), room.place("second"));
    let cable = room.place("cable");
    let link = format!("pair:{}", cable.display());
    let _first = serve(&first, &["--link", &link]);
    let mut near = Vmm::attach(&first);
    assert_eq!(near.read(at::LINKS) & bits::LINKS_UP, 0);
    let other = serve(&second, &["--link", &link]);
    let wait = |near: &mut Vmm, up: bool| {
        (0..250).any(|_| {
            thread::sleep(Duration::from_millis(20));
            (near.read(at::LINKS) & bits::LINKS_UP != 0) == up
        })
    };
    assert!(wait(&mut near, true), "the other one plugs in");
    drop(other);
    assert!(wait(&mut near, false), "the other one is killed");
    let _other = serve(&second, &["--link", &link]);
    assert!(wait(&mut near, true), "and comes back");
}
