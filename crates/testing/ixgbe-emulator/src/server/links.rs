//! Cables to other processes: frames go over a Unix socket, and each frame follows its length.
//!
//! The length is a big-endian number of four bytes. QEMU's `stream` and `socket` netdevs and passt use the same
//! framing.

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

/// The limits on the number and on the bytes of frames that wait for the device. Further frames are lost, as on a
/// wire.
const WAITING: usize = 4096;
const WAITING_BYTES: usize = 16 << 20;

/// The longest frame that is accepted from the peer. If the peer announces a longer one, the connection ends.
const LONGEST: usize = 64 << 10;

/// The time that the peer may take to receive the frames of one flush. If it takes longer, the connection is closed,
/// which unplugs the cable.
const PATIENCE: Duration = Duration::from_secs(2);

/// The number of bytes that one write passes to the system.
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
            // Between the first attempt to connect and this one, the other emulator has begun to listen.
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
            // A part of a frame may have been sent. On the same connection, the peer would take the next frame's
            // bytes for the rest of this frame. So the connection is closed, and the next connection begins with a
            // whole frame.
            let _ = connection.shutdown(std::net::Shutdown::Both);
            *stream = None;
        }
        self.outgoing.clear();
    }
}

/// Sends `bytes`. Fails if sending takes much longer than [`PATIENCE`], also if the peer keeps reading, but slowly.
fn send_all(connection: &mut UnixStream, bytes: &[u8]) -> io::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    // The socket's timeout applies to each write separately, so a common deadline is checked before each piece.
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
    /// The connection to a peer that was already listening when this emulator started.
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

/// Runs the reader as long as the program lives. It serves one connection at a time, and waits for the next one when
/// a connection ends.
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

/// Reads frames until the connection ends or the peer sends an invalid length.
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
