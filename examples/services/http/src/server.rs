//! The value that the domain exports.

use alloc::vec::Vec;
use core::fmt;

use samara_domain::{Proxy, Shadow};
use samara_interfaces::http::{HttpError, HttpServer, HttpStatistics, Served};
use samara_interfaces::tcp::{Network, TcpListener};
use spin::Mutex;

use crate::args::Args;
use crate::connection::{Body, Connection};

/// The most connections that are served at a time.
const MAX_CONNECTIONS: u16 = 64;

/// An HTTP server on one port.
pub struct Server(Mutex<State>);

struct State {
    network: Shadow<dyn Network>,
    listener: Proxy<dyn TcpListener>,
    connections: Vec<Connection>,
    most: usize,
    body: Body,
    counts: HttpStatistics,
}

impl Server {
    pub(crate) fn new(args: Args) -> Result<Self, HttpError> {
        let Args {
            network,
            port,
            connections,
            seed,
            bytes,
        } = args;
        let most = connections.clamp(1, MAX_CONNECTIONS);
        let listener = network.listen(port, most)?;
        Ok(Self(Mutex::new(State {
            network,
            listener,
            connections: Vec::new(),
            most: usize::from(most),
            body: Body { seed, bytes },
            counts: HttpStatistics::default(),
        })))
    }
}

impl HttpServer for Server {
    fn poll(&self, now: u64) -> Result<Served, HttpError> {
        self.0.try_lock().ok_or(HttpError::Busy)?.poll(now)
    }

    fn statistics(&self) -> Result<HttpStatistics, HttpError> {
        let state = self.0.try_lock().ok_or(HttpError::Busy)?;
        Ok(HttpStatistics {
            open: state.connections.len() as u32,
            ..state.counts
        })
    }
}

impl State {
    fn poll(&mut self, now: u64) -> Result<Served, HttpError> {
        let polled = self.network.poll(now);
        let accepted = self.accept(now);
        let mut moved = 0u32;
        let (body, counts) = (self.body, &mut self.counts);
        self.connections.retain_mut(|connection| {
            let step = connection.step(now, body, counts);
            moved = moved.saturating_add(step.moved);
            !step.over
        });
        let frames = polled?.frames;
        Ok(Served {
            moved: moved.saturating_add(accepted?).saturating_add(frames),
        })
    }

    /// Accepts waiting connections as long as there is room. Returns the number of accepted connections.
    fn accept(&mut self, now: u64) -> Result<u32, HttpError> {
        let mut accepted = 0;
        while self.connections.len() < self.most
            && let Some(stream) = self.listener.accept()?
        {
            self.connections.push(Connection::new(stream, now));
            self.counts.accepted = self.counts.accepted.saturating_add(1);
            accepted += 1;
        }
        Ok(accepted)
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}
