//! An HTTP client at the far end of a cable. It fetches one body again and again, and compares every byte with the
//! expected `samara_pattern`.
//!
//! The client does no I/O by itself: its user moves the frames in and out, and passes the time to it. So the same
//! client can fetch from a server in this process and, driven by `cargo xtask`, from a kernel in a virtual machine.

mod peer;
mod response;

use core::time::Duration;
use std::vec::Vec;

pub use self::peer::{Connection, Peer};
use self::response::{Response, Verdict};

/// The requests that a client makes: their server, their number, and the expected body.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// The server's IPv4 address.
    pub server: [u8; 4],
    /// The server's TCP port.
    pub port: u16,
    /// The number of connections on which the client makes requests at the same time.
    pub connections: usize,
    /// The number of requests over all connections.
    pub requests: u64,
    /// The seed of the pattern that the body must have.
    pub seed: u64,
    /// The number of bytes that the body must have.
    pub bytes: u64,
}

/// The results of a client's requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Requests that were answered with the right body.
    pub answered: u64,
    /// Requests that were answered wrongly, or whose connection ended too early.
    pub failed: u64,
    /// Bytes of bodies that arrived and were right.
    pub bytes: u64,
}

/// An HTTP client. See the [module](self).
pub struct HttpClient {
    peer: Peer,
    order: Order,
    /// Requests that no connection has begun yet.
    left: u64,
    fetches: Vec<Fetch>,
    outcome: Outcome,
}

/// One connection, and the request in progress on it.
struct Fetch {
    connection: Connection,
    /// The part of the request that was not sent yet.
    unsent: Vec<u8>,
    response: Option<Response>,
    /// Whether the client makes no further requests on this connection.
    closed: bool,
}

const REQUEST: &[u8] = b"GET /body HTTP/1.1\r\nHost: samara\r\n\r\n";

impl HttpClient {
    /// Makes a client with this address in the server's network. It connects when it's polled.
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

    /// Returns the client's end of the cable, through which its frames go in and out.
    pub fn peer(&mut self) -> &mut Peer {
        &mut self.peer
    }

    /// Handles the frames that were delivered, and continues with the requests. `now` is the time since some fixed
    /// moment.
    pub fn poll(&mut self, now: Duration) {
        self.peer.poll(now);
        for index in 0..self.fetches.len() {
            self.step(index);
        }
        self.peer.poll(now);
    }

    /// Returns the results so far.
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
            // The server sent bytes without a request.
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
                // The server has ended the connection. Then the request in progress has failed or, if there is none,
                // the next request. The remaining requests need a new connection.
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
