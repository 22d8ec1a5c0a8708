//! The tests' VMM with one guest, and the server process to which it attaches.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

use samara_ixgbe_emulator::registers::{bits, offset as at};
use vfio_bindings::bindings::vfio::{
    VFIO_IRQ_SET_ACTION_TRIGGER, VFIO_IRQ_SET_DATA_EVENTFD, VFIO_PCI_CONFIG_REGION_INDEX,
    VFIO_PCI_MSIX_IRQ_INDEX,
};
use vfio_user::Client;

/// Guest physical address and size of the memory that is shared.
pub(crate) const BASE: u64 = 0x8000_0000;
pub(crate) const SIZE: u64 = 1 << 20;
pub(crate) const RX_RING: u64 = 0;
pub(crate) const TX_RING: u64 = 0x1000;
pub(crate) const RX_BUFFER: u64 = 0x2000;
pub(crate) const TX_BUFFER: u64 = 0x3000;

/// A server process, which the drop of this value kills.
pub(crate) struct Server {
    process: Child,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A directory for sockets, whose names must be short. It is removed at the end of the test.
pub(crate) struct Room(PathBuf);

impl Room {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("ixgbe-emulator.{}.{name}", std::process::id());
        let room = Room(std::env::temp_dir().join(name));
        std::fs::create_dir_all(&room.0).expect("a directory");
        room
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Server {
    /// Starts the server by `command`. Its messages are expected in a file beside `socket`.
    pub(crate) fn start(command: &mut Command, socket: &Path) -> Self {
        Server {
            process: command.spawn().expect("the server starts"),
            log: socket.with_extension("log"),
        }
    }

    /// Returns the server's peak resident memory in KiB.
    pub(crate) fn peak_kib(&self) -> u64 {
        let status = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(status).expect("it runs");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.expect("a line").parse().expect("a number")
    }

    /// Returns how many files the server has open.
    pub(crate) fn files(&self) -> usize {
        let open = format!("/proc/{}/fd", self.process.id());
        std::fs::read_dir(open).expect("it runs").count()
    }

    /// Returns the server's messages so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("a log")
    }
}

/// Returns the command of the program, without arguments.
pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_ixgbe-emulator"))
}

/// Starts the server. Its messages go to a file beside the socket.
pub(crate) fn serve(socket: &Path, arguments: &[&str]) -> Server {
    let log = File::create(socket.with_extension("log")).expect("a log");
    let mut command = program();
    command.arg("--socket").arg(socket).args(arguments);
    Server::start(command.stderr(log), socket)
}

/// Connects as soon as the server listens.
pub(crate) fn connect(socket: &Path) -> Client {
    for _ in 0..200 {
        if let Ok(client) = Client::new(socket) {
            return client;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("nobody listens on {}", socket.display());
}

/// A VMM with one guest.
pub(crate) struct Vmm {
    pub(crate) client: Client,
    memory: File,
    events: UnixStream,
}

impl Vmm {
    pub(crate) fn attach(socket: &Path) -> Self {
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

    pub(crate) fn config(&mut self, offset: u64, bytes: &[u8]) {
        let region = VFIO_PCI_CONFIG_REGION_INDEX;
        self.client
            .region_write(region, offset, bytes)
            .expect("written");
    }

    pub(crate) fn read(&mut self, offset: u32) -> u32 {
        let mut bytes = [0; 4];
        let done = self.client.region_read(0, u64::from(offset), &mut bytes);
        done.expect("read");
        u32::from_le_bytes(bytes)
    }

    pub(crate) fn write(&mut self, offset: u32, value: u32) {
        let done = self
            .client
            .region_write(0, u64::from(offset), &value.to_le_bytes());
        done.expect("written");
    }

    pub(crate) fn store(&self, at: u64, bytes: &[u8]) {
        self.memory.write_all_at(bytes, at).expect("stored");
    }

    pub(crate) fn load(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.memory.read_exact_at(&mut bytes, at).expect("loaded");
        bytes
    }

    /// Brings up queue 0, sends a frame, and checks that it comes back and raises an interrupt.
    pub(crate) fn traffic(&mut self, seed: u8) {
        self.traffic_from(TX_BUFFER, seed);
    }

    /// Does the same as [`traffic`](Self::traffic), but takes the address of the frame to send from `place`.
    pub(crate) fn traffic_from(&mut self, place: u64, seed: u8) {
        let frame: Vec<u8> = [0xff; 12].into_iter().chain([seed; 88]).collect();
        self.store(place, &frame);
        self.bring_up(place);
        self.write(at::TDBAL + at::QUEUE_TAIL, 1);
        assert_eq!(self.load(TX_RING + 12, 1)[0] & 1, 1, "sent");
        assert_eq!(self.load(RX_RING + 8, 1)[0] & 3, 3, "received");
        assert_eq!(self.load(RX_BUFFER, 100), frame);
        self.interrupt();
    }

    /// Checks that no further interrupt comes.
    pub(crate) fn quiet(&mut self) {
        let wait = Some(Duration::from_millis(50));
        self.events.set_read_timeout(wait).expect("a socket");
        let mut event = [0; 8];
        assert!(self.events.read_exact(&mut event).is_err(), "an interrupt");
    }

    /// Maps `size` bytes of the memory's file at guest offset `offset`, from the same offset in the file on.
    pub(crate) fn map(&mut self, offset: u64, size: u64) {
        self.map_from(offset, offset, size);
    }

    /// Changes the length of the memory's file.
    pub(crate) fn resize(&self, length: u64) {
        self.memory.set_len(length).expect("resized");
    }

    /// Returns the length of the memory's file.
    pub(crate) fn length(&self) -> u64 {
        self.memory.metadata().expect("a file").len()
    }

    /// Returns another file descriptor for the memory's file.
    pub(crate) fn share(&self) -> File {
        self.memory.try_clone().expect("a file")
    }

    /// Maps `size` bytes of the memory's file at guest offset `offset`, from the offset `file` in the file on.
    pub(crate) fn map_from(&mut self, file: u64, offset: u64, size: u64) {
        let memory = self.memory.as_raw_fd();
        let mapped = self.client.dma_map(file, BASE + offset, size, memory);
        mapped.expect("mapped");
    }

    /// Waits for an interrupt.
    pub(crate) fn interrupt(&mut self) {
        let mut event = [0; 8];
        let wait = Some(Duration::from_secs(10));
        self.events.set_read_timeout(wait).expect("a socket");
        self.events.read_exact(&mut event).expect("an interrupt");
    }

    /// Programs queue 0 after a reset, with one receive descriptor and a frame of 100 bytes to send. Does not ring
    /// the transmit doorbell.
    pub(crate) fn bring_up(&mut self, place: u64) {
        self.config(0x04, &[6, 0]);
        self.config(0x72, &[0x3f, 0x80]);
        self.store(RX_RING, &(BASE + RX_BUFFER).to_le_bytes());
        self.store(RX_RING + 8, &[0; 8]);
        self.store(TX_RING, &(BASE + place).to_le_bytes());
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
    }
}
