//! The far end of the cable: a thread that carries frames between a socket and the client.
//!
//! Before each frame the socket carries its length, as four bytes in big-endian order. This is the framing of QEMU's
//! `stream`.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use samara_testkit::http_client::{HttpClient, Order, Outcome};

use crate::error::Error;

/// The longest time that a read waits. It is also the resolution of the client's timers.
const TICK: Duration = Duration::from_millis(2);
/// The longest time for which a write waits until the peer takes frames.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest frame that is accepted. A greater length ends the connection.
const LONGEST: usize = 64 << 10;

/// A client at work.
#[derive(Debug)]
pub(super) struct Client {
    thread: JoinHandle<Outcome>,
    stop: Arc<AtomicBool>,
}

impl Client {
    /// Starts a thread with a client. The client begins its requests when the device has connected at `cable` and
    /// `listening` is set.
    pub(super) fn start(
        cable: &Path,
        address: [u8; 4],
        order: Order,
        listening: Arc<AtomicBool>,
    ) -> Result<Self, Error> {
        let listener = UnixListener::bind(cable).map_err(Error::io("listen at", cable))?;
        listener
            .set_nonblocking(true)
            .map_err(Error::io("listen at", cable))?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let (mut client, start) = (None, Instant::now());
            while !stopped.load(Ordering::Relaxed) {
                match listener.accept() {
                    // If the connection ends, the device may connect again.
                    Ok((stream, _)) => {
                        if let Ok(mut cable) = Cable::new(stream) {
                            let who = (address, order, start);
                            // The error is ignored, because the device reports the reason why a connection ended.
                            let _ = carry(&mut cable, &mut client, who, &listening, &stopped);
                        }
                    }
                    Err(_) => thread::sleep(TICK),
                }
            }
            client.map_or_else(Outcome::default, |client| client.outcome())
        });
        Ok(Client { thread, stop })
    }

    /// Stops the thread and returns the outcome of the requests.
    pub(super) fn stop(self) -> Outcome {
        self.stop.store(true, Ordering::Relaxed);
        // If the thread has panicked, the outcome is zero answered requests, and the run fails.
        self.thread.join().unwrap_or_default()
    }
}

/// Carries frames until the connection ends or the client is stopped.
fn carry(
    cable: &mut Cable,
    client: &mut Option<HttpClient>,
    (address, order, start): ([u8; 4], Order, Instant),
    listening: &AtomicBool,
    stopped: &AtomicBool,
) -> io::Result<()> {
    while !stopped.load(Ordering::Relaxed) {
        let frames = cable.read()?;
        if client.is_none() && listening.load(Ordering::Acquire) {
            *client = Some(HttpClient::new(address, order));
        }
        // Frames that arrive before the client exists are dropped.
        let Some(client) = client else {
            continue;
        };
        frames
            .into_iter()
            .for_each(|frame| client.peer().deliver(frame));
        client.poll(start.elapsed());
        while let Some(frame) = client.peer().next_frame() {
            cable.push(&frame);
        }
        cable.flush()?;
    }
    Ok(())
}

/// A connection with the network device.
struct Cable {
    stream: UnixStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Cable {
    fn new(stream: UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(Some(TICK))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Cable {
            stream,
            incoming: Vec::new(),
            outgoing: Vec::new(),
        })
    }

    /// Returns the frames that have arrived. Waits at most one tick.
    fn read(&mut self) -> io::Result<Vec<Vec<u8>>> {
        let mut buffer = [0; 64 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.incoming.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        let mut frames = Vec::new();
        let mut rest = &self.incoming[..];
        while let Some((header, after)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*header) as usize;
            if length > LONGEST {
                return Err(ErrorKind::InvalidData.into());
            }
            let Some((frame, after)) = after.split_at_checked(length) else {
                break;
            };
            frames.push(frame.to_vec());
            rest = after;
        }
        let done = self.incoming.len() - rest.len();
        self.incoming.drain(..done);
        Ok(frames)
    }

    fn push(&mut self, frame: &[u8]) {
        self.outgoing.extend((frame.len() as u32).to_be_bytes());
        self.outgoing.extend_from_slice(frame);
    }

    fn flush(&mut self) -> io::Result<()> {
        let result = self.stream.write_all(&self.outgoing);
        self.outgoing.clear();
        result
    }
}
