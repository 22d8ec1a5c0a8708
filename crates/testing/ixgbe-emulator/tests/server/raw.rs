//! A VMM that sends vfio-user messages byte by byte, valid or not.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};

/// Bytes of a message's header.
pub(crate) const HEADER: u32 = 16;

/// The numbers of commands.
pub(crate) const VERSION: u16 = 1;
pub(crate) const DMA_MAP: u16 = 2;
pub(crate) const DMA_UNMAP: u16 = 3;
pub(crate) const SET_IRQS: u16 = 8;
pub(crate) const REGION_READ: u16 = 9;
pub(crate) const REGION_WRITE: u16 = 10;
pub(crate) const RESET: u16 = 13;

/// The header flag of an answer that is an error.
const ERROR: u8 = 0x20;

/// Returns these words as the bytes of a message's body.
pub(crate) fn words(words: &[u32]) -> Vec<u8> {
    words.iter().copied().flat_map(u32::to_ne_bytes).collect()
}

/// A connection.
pub(crate) struct Raw(pub(crate) UnixStream);

impl Raw {
    /// Connects as soon as the server listens.
    pub(crate) fn connect(socket: &Path) -> Self {
        let patience = Some(Duration::from_secs(10));
        for _ in 0..200 {
            if let Ok(stream) = UnixStream::connect(socket) {
                stream.set_read_timeout(patience).expect("a socket");
                stream.set_write_timeout(patience).expect("a socket");
                return Raw(stream);
            }
            thread::sleep(Duration::from_millis(20));
        }
        panic!("nobody listens on {}", socket.display());
    }

    /// Sends a header that declares `size` bytes in all, and `body`.
    pub(crate) fn send(&mut self, command: u16, size: u32, body: &[u8]) -> io::Result<()> {
        let header = words(&[u32::from(command) << 16 | 7, size, 0, 0]);
        self.0.write_all(&[header, body.to_vec()].concat())
    }

    /// Sends a whole message.
    pub(crate) fn ask(&mut self, command: u16, body: &[u8]) {
        let size = HEADER + body.len() as u32;
        self.send(command, size, body).expect("sent");
    }

    /// Sends a whole message with file descriptors.
    pub(crate) fn ask_with(&mut self, command: u16, body: &[u8], files: &[BorrowedFd<'_>]) {
        let size = HEADER + body.len() as u32;
        let header = words(&[u32::from(command) << 16 | 7, size, 0, 0]);
        let message = [header, body.to_vec()].concat();
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(64))];
        let mut control = SendAncillaryBuffer::new(&mut space);
        assert!(control.push(SendAncillaryMessage::ScmRights(files)));
        let pieces = [IoSlice::new(&message)];
        let sent = sendmsg(&self.0, &pieces, &mut control, SendFlags::empty());
        assert_eq!(sent, Ok(message.len()));
    }

    /// Reads the answer. Returns the answer's body, or its error number, or `None` if the server has closed the
    /// connection.
    pub(crate) fn answer(&mut self) -> Option<Result<Vec<u8>, u32>> {
        let mut header = [0; HEADER as usize];
        self.0.read_exact(&mut header).ok()?;
        let word = |at: usize| {
            let bytes = header[at..at + 4].first_chunk().expect("four bytes");
            u32::from_ne_bytes(*bytes)
        };
        assert_eq!(word(0) & 0xffff, 7, "the message that was asked");
        let mut body = vec![0; (word(4) - HEADER) as usize];
        self.0.read_exact(&mut body).ok()?;
        let failed = header[8] & ERROR != 0;
        Some(if failed { Err(word(12)) } else { Ok(body) })
    }

    /// Sends up to `limit` bytes, as long as the server takes them. Returns whether it took all of them.
    pub(crate) fn flood(&mut self, limit: usize) -> bool {
        let zeros = vec![0; 1 << 20];
        (0..limit / zeros.len()).all(|_| self.0.write_all(&zeros).is_ok())
    }
}
