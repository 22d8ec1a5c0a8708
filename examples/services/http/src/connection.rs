//! A connection reads requests and answers them in turn.

use alloc::vec::Vec;

use samara_domain::{Proxy, RRef};
use samara_interfaces::http::HttpStatistics;
use samara_interfaces::tcp::{Received, TcpError, TcpStream};

use crate::answer::{Answer, Sent};
use crate::request::{LONGEST, Parsed, parse};

/// The most bytes that are taken from the stack at once.
const INPUT: usize = 2048;
/// The most pieces of an answer that are sent in one step.
const PIECES: usize = 4;
/// The time in microseconds after which a connection ends if its peer has neither sent nor taken a byte.
const PATIENCE: u64 = 60_000_000;

/// The body that is served.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) seed: u64,
    pub(crate) bytes: u64,
}

/// A connection. Either it sends an answer, or it waits for a request.
pub(crate) struct Connection {
    stream: Proxy<dyn TcpStream>,
    /// A buffer that circulates between the server and the stack.
    input: Option<RRef<[u8]>>,
    /// Bytes that have arrived and are not parsed yet: at most [`LONGEST`] plus [`INPUT`].
    arrived: Vec<u8>,
    /// Whether the peer sends nothing more.
    ended: bool,
    answer: Option<Answer>,
    /// The time at which a byte was last sent or received.
    last: u64,
}

/// The result of a step.
pub(crate) struct Step {
    pub(crate) moved: u32,
    /// Whether the connection is over.
    pub(crate) over: bool,
}

const OVER: Step = Step {
    moved: 1,
    over: true,
};

impl Connection {
    pub(crate) fn new(stream: Proxy<dyn TcpStream>, now: u64) -> Self {
        Self {
            stream,
            input: None,
            arrived: Vec::new(),
            ended: false,
            answer: None,
            last: now,
        }
    }

    /// Reads or sends a bounded number of bytes.
    pub(crate) fn step(&mut self, now: u64, body: Body, counts: &mut HttpStatistics) -> Step {
        let result = match self.answer.take() {
            Some(answer) => self.send(answer, counts),
            None => self.read(body),
        };
        let step = match result {
            Ok(step) => step,
            Err(TcpError::Busy) => Step {
                moved: 0,
                over: false,
            },
            Err(_) => OVER,
        };
        if step.moved > 0 {
            self.last = now;
        }
        let expired = now.saturating_sub(self.last) > PATIENCE;
        let over = step.over || expired;
        if over && self.answer.is_some() {
            counts.broken = counts.broken.saturating_add(1);
        }
        Step { over, ..step }
    }

    fn send(&mut self, answer: Answer, counts: &mut HttpStatistics) -> Result<Step, TcpError> {
        // The answer stays in `self` until all of it is sent, even if a step fails.
        let answer = self.answer.insert(answer);
        let mut moved = 0;
        for _ in 0..PIECES {
            let Sent { bytes, body, done } = answer.step(&self.stream)?;
            moved += u32::from(bytes > 0);
            counts.body_bytes = counts.body_bytes.saturating_add(body as u64);
            if done {
                let count = if answer.good {
                    &mut counts.answered
                } else {
                    &mut counts.refused
                };
                *count = count.saturating_add(1);
                let keep = answer.keep;
                self.answer = None;
                if !keep {
                    self.stream.finish()?;
                    return Ok(OVER);
                }
                break;
            }
            if bytes == 0 {
                break;
            }
        }
        Ok(Step { moved, over: false })
    }

    fn read(&mut self, body: Body) -> Result<Step, TcpError> {
        let mut moved = 0;
        if parse(&self.arrived) == Parsed::Partial {
            moved = self.receive()?;
        }
        match parse(&self.arrived) {
            Parsed::Partial if self.ended => {
                self.stream.finish()?;
                return Ok(OVER);
            }
            Parsed::Partial => {}
            Parsed::Request { length, request } => {
                self.arrived.drain(..length.min(self.arrived.len()));
                self.answer = Some(Answer::to(request, body.seed, body.bytes)?);
                moved += 1;
            }
            Parsed::Refused(refusal) => {
                self.arrived.clear();
                self.answer = Some(Answer::refusing(refusal)?);
                moved += 1;
            }
        }
        Ok(Step { moved, over: false })
    }

    /// Receives bytes and appends them to `arrived`. Returns 1 if there were any, and 0 otherwise. `arrived` must
    /// hold no complete head yet.
    fn receive(&mut self) -> Result<u32, TcpError> {
        debug_assert!(self.arrived.len() < LONGEST);
        let input = match self.input.take() {
            Some(input) => input,
            None => RRef::new_zeroed_slice(INPUT)?,
        };
        let Received { buffer, len, ended } = self.stream.recv(input)?;
        // A faulty stack may return a different buffer, with more bytes than the given buffer has room for. The
        // excess is ignored.
        let bytes = buffer.get(..len.min(INPUT)).unwrap_or_default();
        self.arrived.extend_from_slice(bytes);
        let moved = u32::from(!bytes.is_empty());
        self.ended |= ended;
        self.input = (buffer.len() == INPUT).then_some(buffer);
        Ok(moved)
    }
}
