//! The heads and bodies of answers.

use core::fmt::{self, Write};

use samara_domain::{AllocError, RRef};
use samara_interfaces::tcp::{TcpError, TcpStream};
use samara_pattern as pattern;

use crate::request::{Asked, Refusal, Request};

/// Bytes of a piece of the answer. A piece is lent to the stack, which copies from it.
const PIECE: usize = 16 << 10;

/// An answer on its way.
pub(crate) struct Answer {
    /// The current piece. The bytes `piece[sent..filled]` are sent next.
    piece: RRef<[u8]>,
    sent: usize,
    filled: usize,
    /// Bytes of the piece that belong to the head.
    head: usize,
    /// `seed` gives the bytes of the body. The bytes from `next` up to `end` have not been put into a piece yet.
    seed: u64,
    next: u64,
    end: u64,
    /// Whether the answer reports success.
    pub(crate) good: bool,
    /// Whether the connection is kept after the answer.
    pub(crate) keep: bool,
}

/// The result of a step.
pub(crate) struct Sent {
    /// Bytes that the stack took.
    pub(crate) bytes: usize,
    /// The number of those bytes that belong to the body.
    pub(crate) body: usize,
    /// Whether all of the answer was sent.
    pub(crate) done: bool,
}

impl Answer {
    /// Makes the answer to a request.
    pub(crate) fn to(request: Request, seed: u64, bytes: u64) -> Result<Self, AllocError> {
        let Request { asked, keep } = request;
        match asked {
            Asked::Body { head_only } => {
                let end = if head_only { 0 } else { bytes };
                let kind = "Content-Type: application/octet-stream\r\n";
                Self::new("200 OK", kind, bytes, keep, seed, end)
            }
            Asked::Unknown => Self::new("404 Not Found", "", 0, keep, 0, 0),
            Asked::Method => {
                let allow = "Allow: GET, HEAD\r\n";
                Self::new("405 Method Not Allowed", allow, 0, keep, 0, 0)
            }
        }
    }

    /// Makes the answer to bytes that were refused as a request. The connection ends after this answer.
    pub(crate) fn refusing(refusal: Refusal) -> Result<Self, AllocError> {
        let status = match refusal {
            Refusal::Bad => "400 Bad Request",
            Refusal::TooLong => "431 Request Header Fields Too Large",
            Refusal::HasBody => "413 Content Too Large",
        };
        Self::new(status, "", 0, false, 0, 0)
    }

    fn new(
        status: &str,
        fields: &str,
        length: u64,
        keep: bool,
        seed: u64,
        end: u64,
    ) -> Result<Self, AllocError> {
        let mut piece = RRef::new_zeroed_slice(PIECE)?;
        let connection = if keep { "keep-alive" } else { "close" };
        let mut text = Text(&mut piece, 0);
        // This cannot fail: the head is far shorter than a piece.
        let _ = write!(
            text,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: {connection}\r\n{fields}\r\n"
        );
        let head = text.1;
        Ok(Self {
            piece,
            sent: 0,
            filled: head,
            head,
            seed,
            next: 0,
            end,
            good: status.starts_with('2'),
            keep,
        })
    }

    /// Sends as many bytes as the stack takes, at most one piece.
    pub(crate) fn step(&mut self, stream: &dyn TcpStream) -> Result<Sent, TcpError> {
        self.fill();
        if self.sent == self.filled {
            return Ok(Sent {
                bytes: 0,
                body: 0,
                done: true,
            });
        }
        let taken = stream.send(&self.piece, self.sent, self.filled)?;
        // A faulty stack may report more bytes than it was offered. The excess is ignored.
        let taken = taken.min(self.filled - self.sent);
        let before = self.sent.max(self.head);
        self.sent += taken;
        Ok(Sent {
            bytes: taken,
            body: self.sent.saturating_sub(before),
            done: self.sent == self.filled && self.next == self.end,
        })
    }

    /// Puts the next bytes of the body into the piece. Does nothing if a part of the piece was sent and the rest was
    /// not. The bytes follow the head in the first piece, and fill later pieces from the start.
    fn fill(&mut self) {
        if self.sent == self.filled {
            (self.sent, self.filled, self.head) = (0, 0, 0);
        }
        let left = self.end - self.next;
        let Some(room) = self.piece.get_mut(self.filled..) else {
            return;
        };
        let count = room.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        if self.sent == 0
            && let Some(room) = room.get_mut(..count)
        {
            pattern::fill(self.seed, self.next, room);
            self.filled += count;
            self.next += count as u64;
        }
    }
}

/// Writes text into a buffer, and counts its bytes.
struct Text<'b>(&'b mut [u8], usize);

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.1 + text.len();
        let room = self.0.get_mut(self.1..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.1 = end;
        Ok(())
    }
}
