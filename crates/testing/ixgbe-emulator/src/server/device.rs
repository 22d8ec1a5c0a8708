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

/// The number of steps after which [`Device::step`] returns, so that other threads get the lock.
const STEPS: usize = 16;

/// The time after which [`Device::step`] returns even after fewer steps, because a cable may take frames slowly.
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
    /// Sets the events of some of the 64 vectors. If a vector gets no event, or its event cannot be made
    /// non-blocking, the vector's interrupts are dropped.
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

/// Makes an event non-blocking, so that a write to a full event fails at once. A VMM may pass a socket or a pipe that
/// it never reads. A thread that waited for room in it would hold the device's lock.
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
            // The result does not matter. A write fails if the event is full, and then an interrupt is pending
            // anyway. Or it fails because no process reads the event any more.
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

    /// Lets the device work for a bounded time. If work is left, wakes the worker, which does the rest.
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
            // The cable is flushed after each step, so that it gathers only few frames.
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
