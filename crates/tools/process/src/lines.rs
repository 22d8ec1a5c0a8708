//! Reads a child's output line by line. A separate thread reads, so the caller can wait for a line with a timeout.

use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

/// The length in bytes from which a line is split. Without it, a guest that never prints a line end would fill the
/// memory.
pub(super) const LONGEST: u64 = 64 << 10;

/// The largest number of lines that the thread reads ahead of the caller.
const QUEUE: usize = 256;

/// The receiving end of a stream of lines.
#[derive(Debug)]
pub(super) struct Lines(Receiver<String>);

/// The reason why no line was received.
#[derive(Debug)]
pub(super) struct NoLine(RecvTimeoutError);

impl NoLine {
    /// Whether there will never be another line.
    pub(super) fn is_closed(&self) -> bool {
        self.0 == RecvTimeoutError::Disconnected
    }
}

impl Lines {
    /// Returns the next line, and waits for it for at most `limit`.
    pub(super) fn recv_timeout(&self, limit: Duration) -> Result<String, NoLine> {
        self.0.recv_timeout(limit).map_err(NoLine)
    }
}

/// Starts a thread that reads `output`. The thread ends at the end of the stream. If the returned handle is dropped,
/// the thread ends as soon as it has read another line.
///
/// A line of more than `longest` bytes comes in several pieces.
pub(super) fn spawn_reader(output: impl Read + Send + 'static, longest: u64) -> Lines {
    let (sender, receiver) = sync_channel(QUEUE);
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            match output.by_ref().take(longest).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']).to_owned();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    Lines(receiver)
}
