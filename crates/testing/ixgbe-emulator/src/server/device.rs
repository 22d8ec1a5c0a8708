//! The device with its memory, cable and events.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use samara_ixgbe_emulator::{Interrupts, Link, Nic, Notice, Options, Progress};

use super::guest::SharedMemory;
use super::pcap::Capture;
use super::worker::Wakeup;
use super::{Arguments, ServerError};

/// The number of steps after which other threads get the lock.
const STEPS: usize = 16;

/// The time after which other threads get the lock, for a cable that takes frames slowly.
const SHARE: Duration = Duration::from_millis(100);

/// A link that gathers the frames that are sent during a step.
pub(super) trait BufferedLink: Link + Send {
    /// Sends the gathered frames.
    fn flush(&mut self);
}

/// One event per MSI-X vector, given by the VMM.
#[derive(Default)]
pub(super) struct Vectors(Vec<Option<File>>);

impl Vectors {
    /// Sets the events of some of the 64 vectors. A vector is silent if it has no event, or if its event cannot be
    /// made non-blocking.
    pub(super) fn set(&mut self, which: Range<usize>, events: Vec<File>) {
        if self.0.len() < which.end {
            self.0.resize_with(which.end, || None);
        }
        let mut events = events.into_iter();
        for slot in self.0.iter_mut().take(which.end).skip(which.start) {
            *slot = events.next().and_then(|event| nonblocking(event).ok());
        }
    }

    /// Drops all events.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

/// Makes an event non-blocking, so that it refuses at once when it is full. A VMM may give a socket or a pipe that it
/// never reads, and a thread that waited for it would hold the device's lock.
fn nonblocking(event: File) -> io::Result<File> {
    // The file need not be a socket: the request works for every kind of file, and the `UnixStream` is used for
    // nothing else.
    let socket = UnixStream::from(OwnedFd::from(event));
    socket.set_nonblocking(true)?;
    Ok(OwnedFd::from(socket).into())
}

impl Interrupts for Vectors {
    fn raise(&mut self, vector: u16) {
        if let Some(Some(event)) = self.0.get_mut(usize::from(vector)) {
            // A full event refuses the write, and then an interrupt is pending anyway. An event that no process reads
            // any more needs no interrupt.
            let _ = event.write(&1u64.to_ne_bytes());
        }
    }
}

/// The device, guest memory, the cable and the VMM's events.
pub(super) struct Device {
    pub(super) nic: Nic,
    pub(super) memory: SharedMemory,
    pub(super) vectors: Vectors,
    link: Box<dyn BufferedLink>,
    capture: Option<Capture>,
    wakeup: Arc<Wakeup>,
    start: Instant,
    verbose: bool,
}

impl Device {
    pub(super) fn new(
        arguments: &Arguments,
        link: Box<dyn BufferedLink>,
        wakeup: &Arc<Wakeup>,
    ) -> Result<Self, ServerError> {
        let options = Options::default()
            .with_mac(arguments.mac.0)
            .with_device_id(arguments.device_id)
            .with_module(!arguments.no_module)
            .with_foreign_msix_table(true);
        let capture = match &arguments.pcap {
            Some(path) => Some(
                Capture::create(path).map_err(|error| ServerError::Capture(path.clone(), error))?,
            ),
            None => None,
        };
        Ok(Device {
            nic: Nic::new(options),
            memory: SharedMemory::default(),
            vectors: Vectors::default(),
            link,
            capture,
            wakeup: Arc::clone(wakeup),
            start: Instant::now(),
            verbose: arguments.verbose,
        })
    }

    /// Lets the device work for a bounded time. The worker does the rest.
    pub(super) fn step(&mut self) {
        let began = Instant::now();
        self.nic.advance(self.start.elapsed().as_nanos() as u64);
        let mut tapped = Tapped {
            link: self.link.as_mut(),
            capture: self.capture.as_mut(),
        };
        let mut left = STEPS;
        while self
            .nic
            .step(&mut self.memory, &mut tapped, &mut self.vectors)
            == Progress::More
        {
            // Flushes after each step, so that the gathered frames stay few.
            tapped.link.flush();
            left -= 1;
            if left == 0 || began.elapsed() > SHARE {
                self.wakeup.ring();
                break;
            }
        }
        self.link.flush();
        if let Some(capture) = &mut self.capture {
            capture.flush();
        }
        if let Some(deadline) = self.nic.next_deadline() {
            self.wakeup
                .ring_at(self.start + Duration::from_nanos(deadline));
        }
        self.tell();
    }

    /// Logs how many DMA accesses have failed.
    pub(super) fn tell_failures(&self) {
        let failures = self.memory.take_failures();
        if failures > 0 {
            tell!(
                "{failures} DMA accesses failed: memory was not mapped, or its file is too short"
            );
        }
    }

    fn tell(&mut self) {
        while let Some(notice) = self.nic.take_notice() {
            let quiet = matches!(notice, Notice::Reset | Notice::Link { .. });
            if self.verbose || !quiet {
                tell!("{notice}");
            }
        }
    }
}

/// A link whose frames are captured.
struct Tapped<'a> {
    link: &'a mut dyn BufferedLink,
    capture: Option<&'a mut Capture>,
}

impl Link for Tapped<'_> {
    fn is_up(&self) -> bool {
        self.link.is_up()
    }

    fn send(&mut self, frame: &[u8]) {
        if let Some(capture) = &mut self.capture {
            capture.frame(frame);
        }
        self.link.send(frame);
    }

    fn receive(&mut self, frame: &mut Vec<u8>) -> bool {
        let some = self.link.receive(frame);
        if let (true, Some(capture)) = (some, &mut self.capture) {
            capture.frame(frame);
        }
        some
    }
}
