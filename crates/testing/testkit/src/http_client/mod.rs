//! An HTTP client at the far end of a cable, that fetches one body again and again and compares every byte
//! of it with the `samara_pattern` that it must be.
//!
//! Pure: frames go in and out by hand, time is told. So the same client fetches in the process and, driven
//! by `cargo xtask`, from a kernel in a virtual machine.

mod peer;
mod response;

use core::time::Duration;
use std::vec::Vec;

pub use self::peer::{Connection, Peer};
use self::response::{Response, Verdict};

/// What is fetched, where, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The server's IPv4 address.
    pub server: [u8; 4],
    /// Its port.
    pub port: u16,
    /// Connections that fetch at a time.
    pub connections: usize,
    /// Requests over all of them.
    pub requests: u64,
    /// Chooses the bytes of the body.
    pub seed: u64,
    /// How many it must have.
    pub bytes: u64,
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests that were answered, every byte as it should be.
    pub answered: u64,
    /// Requests that were answered wrongly, or whose connection ended before.
    pub failed: u64,
    /// Bytes of bodies that were as they should be.
    pub bytes: u64,
}

/// The client.
pub struct HttpClient {
    peer: Peer,
    order: Order,
    /// Requests that nobody has made yet.
    left: u64,
    fetches: Vec<Fetch>,
    outcome: Outcome,
}

/// One connection, and the request that is under way on it.
struct Fetch {
    connection: Connection,
    /// What of the request was not sent yet.
    unsent: Vec<u8>,
    response: Option<Response>,
    /// It makes no more requests.
    closed: bool,
}

const REQUEST: &[u8] = b"GET /body HTTP/1.1\r\nHost: samara\r\n\r\n";

impl HttpClient {
    /// A client with this address in the server's network, that connects when it's polled.
    pub fn new(address: [u8; 4], order: Order) -> Self {
        let mut peer = Peer::new(address, order.seed);
        let connect = |_| Fetch::new(peer.connect(order.server, order.port));
        let fetches = (0..order.connections).map(connect).collect();
        Self {
            peer,
            order,
            left: order.requests,
            fetches,
            outcome: Outcome::default(),
        }
    }

    /// The host that it's on: frames go in and out there.
    pub fn peer(&mut self) -> &mut Peer {
        &mut self.peer
    }

    /// Handles what was delivered and goes on, at this time after any fixed moment.
    pub fn poll(&mut self, now: Duration) {
        self.peer.poll(now);
        for index in 0..self.fetches.len() {
            self.step(index);
        }
        self.peer.poll(now);
    }

    /// What became of the requests so far.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether every request was answered or has failed.
    pub fn is_done(&self) -> bool {
        self.outcome.answered + self.outcome.failed >= self.order.requests
    }

    fn step(&mut self, index: usize) {
        let Self {
            peer,
            order,
            left,
            fetches,
            outcome,
        } = self;
        let Some(fetch) = fetches.get_mut(index) else {
            return;
        };
        if fetch.response.is_none() && !fetch.closed && peer.is_open(fetch.connection) {
            if *left > 0 {
                *left -= 1;
                fetch.response = Some(Response::new(order.seed, order.bytes));
                fetch.unsent = REQUEST.to_vec();
            } else {
                fetch.closed = true;
                peer.close(fetch.connection);
            }
        }
        if !fetch.unsent.is_empty() {
            let sent = peer.send(fetch.connection, &fetch.unsent);
            fetch.unsent.drain(..sent);
        }
        let mut verdict = Verdict::Partial;
        peer.receive(fetch.connection, |bytes| match &mut fetch.response {
            Some(response) => {
                let (taken, after) = response.take(bytes);
                outcome.bytes += taken;
                verdict = after;
                if verdict != Verdict::Partial {
                    fetch.response = None;
                }
            }
            // Bytes that nobody asked for.
            None => verdict = Verdict::Wrong,
        });
        match verdict {
            Verdict::Whole => outcome.answered += 1,
            Verdict::Wrong => {
                outcome.failed += 1;
                fetch.closed = true;
                peer.close(fetch.connection);
            }
            Verdict::Partial if !fetch.closed && peer.is_over(fetch.connection) => {
                // Ended, and not by us: what was asked for never came. The rest is asked for anew.
                if fetch.response.is_some() || *left > 0 {
                    *left = left.saturating_sub(u64::from(fetch.response.is_none()));
                    outcome.failed += 1;
                    *fetch = Fetch::new(peer.connect(order.server, order.port));
                } else {
                    fetch.closed = true;
                }
            }
            Verdict::Partial => {}
        }
    }
}

impl Fetch {
    fn new(connection: Connection) -> Self {
        Self {
            connection,
            unsent: Vec::new(),
            response: None,
            closed: false,
        }
    }
}
