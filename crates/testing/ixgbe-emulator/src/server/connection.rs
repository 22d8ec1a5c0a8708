//! The connection to one VMM. It receives whole messages and answers them. It limits a message's length and its
//! number of file descriptors.

use std::fs::File;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::unix::net::UnixStream;

use rustix::io::retry_on_intr;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, recvmsg};

use super::wire::{HEADER, Header, KIND, MAX_BODY, MAX_FILES, NO_REPLY, Refusal};

/// A message that arrived.
pub(super) struct Message<'a> {
    pub(super) header: Header,
    pub(super) body: &'a [u8],
    pub(super) files: Vec<File>,
}

/// The connection, with room for one message.
pub(super) struct Connection {
    stream: UnixStream,
    body: Box<[u8; MAX_BODY]>,
}

impl Connection {
    pub(super) fn new(stream: UnixStream) -> Self {
        Connection {
            stream,
            body: Box::new([0; MAX_BODY]),
        }
    }

    /// Waits for the next message. Returns `None` when the VMM has left.
    ///
    /// # Errors
    /// When the connection breaks, or the VMM has sent an invalid message. The start of the next message is then
    /// unknown, so the caller must close the connection. If the message's header is invalid, the VMM gets an error as
    /// the answer first.
    pub(super) fn receive(&mut self) -> io::Result<Option<Message<'_>>> {
        let mut files = Vec::new();
        let mut bytes = [0; HEADER];
        let mut filled = 0;
        while filled < HEADER {
            let count = self.some(&mut bytes[filled..], &mut files)?;
            if count == 0 {
                return if filled == 0 {
                    Ok(None)
                } else {
                    Err(io::ErrorKind::UnexpectedEof.into())
                };
            }
            filled += count;
        }
        let header = Header::decode(bytes);
        let length = match header.body() {
            Some(length) if header.flags & KIND == 0 => length,
            wrong => {
                self.answer(&header, Err(Refusal::INVALID))?;
                let what = match wrong {
                    Some(_) => "a message that is no command".into(),
                    None => format!(
                        "a message of {} bytes; at most {} are taken",
                        header.size,
                        HEADER + MAX_BODY
                    ),
                };
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        };
        let body = &mut self.body[..length];
        self.stream.read_exact(body)?;
        Ok(Some(Message {
            header,
            body,
            files,
        }))
    }

    /// Reads at least one byte of a header, and the files that come with it. Returns 0 at the end of the stream.
    fn some(&self, into: &mut [u8], files: &mut Vec<File>) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let mut pieces = [IoSliceMut::new(into)];
        let flags = RecvFlags::CMSG_CLOEXEC;
        let message = retry_on_intr(|| recvmsg(&self.stream, &mut pieces, &mut control, flags))?;
        for attached in control.drain() {
            if let RecvAncillaryMessage::ScmRights(received) = attached {
                files.extend(received.map(File::from));
            }
        }
        // The system has already closed the files for which there was no room, so they do not leak.
        if message.flags.contains(ReturnFlags::CTRUNC) || files.len() > MAX_FILES {
            let what = format!("more than {MAX_FILES} files in a message");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        Ok(message.bytes)
    }

    /// Answers a message, if the VMM wants an answer.
    pub(super) fn answer(
        &mut self,
        header: &Header,
        result: Result<&[u8], Refusal>,
    ) -> io::Result<()> {
        if header.flags & NO_REPLY != 0 {
            return Ok(());
        }
        self.stream.write_all(&header.answer(result))
    }
}
