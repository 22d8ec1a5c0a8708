//! One connection: read, answer, again.

use alloc::vec::Vec;

use samara_domain::{Proxy, RRef};
use samara_interfaces::http::HttpStatistics;
use samara_interfaces::tcp::{Received, TcpError, TcpStream};

use crate::answer::{Answer, Sent};
use crate::request::{LONGEST, Parsed, parse};

/// Bytes taken from the stack at once.
const INPUT: usize = 2048;
/// Pieces of an answer that are sent in one step, at most.
const PIECES: usize = 4;
/// How long a peer may neither send nor take anything, in microseconds.
const PATIENCE: u64 = 60_000_000;

/// The body that is served.
#[derive(Clone, Copy)]
pub(crate) struct Body {
    pub(crate) seed: u64,
    pub(crate) bytes: u64,
}

/// A connection in one of two states: an answer is on its way, or a request is awaited.
pub(crate) struct Connection {
    stream: Proxy<dyn TcpStream>,
    /// Circulates between here and the stack.
    input: Option<RRef<[u8]>>,
    /// What has arrived and was not understood yet: at most [`LONGEST`] and [`INPUT`].
    arrived: Vec<u8>,
    /// The peer sends nothing more.
    ended: bool,
    answer: Option<Answer>,
    /// When something moved last.
    last: u64,
}

/// What a step did.
pub(crate) struct Step {
    pub(crate) moved: u32,
    /// The connection has come to its end.
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

    /// Reads or sends a bounded amount.
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
        // It stays until all of it is sent, whatever fails.
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

    /// Adds what has arrived; whether anything did. Only while less than a head is there.
    fn receive(&mut self) -> Result<u32, TcpError> {
        debug_assert!(self.arrived.len() < LONGEST);
        let input = match self.input.take() {
            Some(input) => input,
            None => RRef::new_zeroed_slice(INPUT)?,
        };
        let Received { buffer, len, ended } = self.stream.recv(input)?;
        // A stack may give back another buffer, and more: no more is kept of it than what was lent.
        let bytes = buffer.get(..len.min(INPUT)).unwrap_or_default();
        self.arrived.extend_from_slice(bytes);
        let moved = u32::from(!bytes.is_empty());
        self.ended |= ended;
        self.input = (buffer.len() == INPUT).then_some(buffer);
        Ok(moved)
    }
}
