//! Cables to other processes: frames over a Unix socket, each behind its length.
//!
//! The length has four bytes, big-endian, which is the framing of QEMU's `stream` and `socket` and of passt.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use samara_ixgbe_emulator::{Link, Loop};

use super::ServerError;
use super::arguments::LinkChoice;
use super::device::BufferedLink;
use super::worker::Wakeup;

/// The largest number of frames that wait for the device, and of their bytes. More are lost, as on a wire.
const WAITING: usize = 4096;
const WAITING_BYTES: usize = 16 << 20;

/// The longest frame that is accepted. A larger length ends the connection.
const LONGEST: usize = 64 << 10;

/// The time that a peer may take for the frames of one flush. After that the cable counts as unplugged.
const PATIENCE: Duration = Duration::from_secs(2);

/// Bytes that are given to the system at once.
const PIECE: usize = 32 << 10;

/// Time between attempts to connect.
const RETRY: Duration = Duration::from_millis(200);

/// Makes the link and starts its reader.
pub(super) fn open(
    choice: &LinkChoice,
    wakeup: &Arc<Wakeup>,
) -> Result<Box<dyn BufferedLink>, ServerError> {
    let (path, listens) = match choice {
        LinkChoice::Loop => return Ok(Box::new(Loop::closed())),
        LinkChoice::Pair(path) => (path, true),
        LinkChoice::Stream(path) => (path, false),
    };
    let end = Arc::new(End::default());
    let mut plug = Plug {
        path: path.clone(),
        first: UnixStream::connect(path).ok(),
        listener: None,
    };
    if listens && plug.first.is_none() {
        match super::remove_stale(path) {
            // The other emulator has begun to listen just now.
            Err(ServerError::InUse(_)) => plug.first = UnixStream::connect(path).ok(),
            Err(error) => return Err(error),
            Ok(()) => {
                let listener = UnixListener::bind(path);
                let failed = |error| ServerError::Link(path.clone(), error);
                plug.listener = Some(listener.map_err(failed)?);
            }
        }
    }
    let reader = (Arc::clone(&end), Arc::clone(wakeup));
    thread::spawn(move || run(plug, &reader.0, &reader.1));
    Ok(Box::new(Cable {
        end,
        outgoing: Vec::new(),
    }))
}

impl BufferedLink for Loop {
    fn flush(&mut self) {}
}

/// Frames that wait for the device.
#[derive(Default)]
struct Incoming {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Incoming {
    /// Adds a frame, if there is room.
    fn push(&mut self, frame: &[u8]) {
        if self.frames.len() < WAITING && self.bytes + frame.len() <= WAITING_BYTES {
            self.bytes += frame.len();
            self.frames.push_back(frame.to_vec());
        }
    }

    fn pop(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

/// The state that the device and the reader share.
#[derive(Default)]
struct End {
    incoming: Mutex<Incoming>,
    /// The connection, while there is one.
    stream: Mutex<Option<UnixStream>>,
}

impl End {
    fn incoming(&self) -> MutexGuard<'_, Incoming> {
        self.incoming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stream(&self) -> MutexGuard<'_, Option<UnixStream>> {
        self.stream.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The device's side.
struct Cable {
    end: Arc<End>,
    outgoing: Vec<u8>,
}

impl Link for Cable {
    fn is_up(&self) -> bool {
        self.end.stream().is_some()
    }

    fn send(&mut self, frame: &[u8]) {
        self.outgoing.extend((frame.len() as u32).to_be_bytes());
        self.outgoing.extend(frame);
    }

    fn receive(&mut self, frame: &mut Vec<u8>) -> bool {
        let next = self.end.incoming().pop();
        next.map(|next| *frame = next).is_some()
    }
}

impl BufferedLink for Cable {
    fn flush(&mut self) {
        if self.outgoing.is_empty() {
            return;
        }
        let mut stream = self.end.stream();
        if let Some(connection) = stream.as_mut()
            && send_all(connection, &self.outgoing).is_err()
        {
            // Half a frame may have been sent. Only a new connection starts at a frame again.
            let _ = connection.shutdown(std::net::Shutdown::Both);
            *stream = None;
        }
        self.outgoing.clear();
    }
}

/// Sends `bytes`, or fails after little more than [`PATIENCE`], however slowly the peer reads.
fn send_all(connection: &mut UnixStream, bytes: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    // The system's timeout counts for each write, so the pieces need a common deadline.
    for piece in bytes.chunks(PIECE) {
        if Instant::now() > deadline {
            return Err(io::ErrorKind::TimedOut.into());
        }
        connection.write_all(piece)?;
    }
    Ok(())
}

/// The ways to get a connection.
struct Plug {
    path: PathBuf,
    /// The connection that could be made at the start.
    first: Option<UnixStream>,
    listener: Option<UnixListener>,
}

impl Plug {
    /// Waits for a peer.
    fn connect(&mut self) -> UnixStream {
        if let Some(first) = self.first.take() {
            return first;
        }
        loop {
            let connection = match &self.listener {
                Some(listener) => listener.accept().map(|(stream, _)| stream),
                None => UnixStream::connect(&self.path),
            };
            match connection {
                Ok(stream) => return stream,
                Err(_) => thread::sleep(RETRY),
            }
        }
    }
}

/// Runs the reader as long as the program lives. It takes frames from one connection after the other.
fn run(mut plug: Plug, end: &End, wakeup: &Wakeup) {
    loop {
        let mut stream = plug.connect();
        let writer = stream
            .set_write_timeout(Some(PATIENCE))
            .and_then(|()| stream.try_clone());
        if let Ok(writer) = writer {
            *end.stream() = Some(writer);
            wakeup.ring();
            read(&mut stream, end, wakeup);
            *end.stream() = None;
            wakeup.ring();
        }
        thread::sleep(RETRY);
    }
}

/// Reads until the connection ends or sends an invalid length.
fn read(stream: &mut UnixStream, end: &End, wakeup: &Wakeup) {
    let mut bytes = vec![0; 256 << 10];
    let mut filled = 0;
    loop {
        match stream.read(&mut bytes[filled..]) {
            Ok(0) | Err(_) => return,
            Ok(count) => filled += count,
        }
        let mut done = 0;
        let mut incoming = end.incoming();
        while let Some(header) = bytes[done..filled].first_chunk::<4>() {
            let length = u32::from_be_bytes(*header) as usize;
            if length > LONGEST {
                return;
            }
            let Some(frame) = bytes[done + 4..filled].get(..length) else {
                break;
            };
            incoming.push(frame);
            done += 4 + length;
        }
        drop(incoming);
        bytes.copy_within(done..filled, 0);
        filled -= done;
        wakeup.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::{Incoming, LONGEST, WAITING, WAITING_BYTES};

    #[test]
    fn waiting_frames_are_bounded() {
        let mut incoming = Incoming::default();
        for (length, most) in [(60, WAITING), (LONGEST, WAITING_BYTES / LONGEST)] {
            for _ in 0..2 * WAITING {
                incoming.push(&vec![0; length]);
            }
            assert_eq!(incoming.frames.len(), most);
            while incoming.pop().is_some() {}
            assert_eq!(incoming.bytes, 0);
        }
    }
}
