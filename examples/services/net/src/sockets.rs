//! A fixed number of sockets, and the use of each.

use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicBool, Ordering};

use samara_interfaces::tcp::{NetworkStatistics, Polled, TcpError};
use smoltcp::iface::{Interface, SocketHandle, SocketSet};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};

use crate::args::Limits;
use crate::port::Port;

/// The most exchanges with the device in one poll.
const ROUNDS: usize = 8;
/// The most ports that are listened on at a time.
const MAX_LISTENERS: usize = 16;
const MICROS_PER_SECOND: u64 = 1_000_000;

/// The use of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The socket is unused.
    Free,
    /// The socket waits for a connection to this port, or has a connection that waits to be accepted.
    Listening(u16),
    /// The socket belongs to a stream.
    Taken,
    /// The socket's stream was dropped at this time, and the connection is to end.
    Ending(u64),
}

struct Place {
    handle: SocketHandle,
    role: Role,
}

struct Listening {
    port: u16,
    backlog: usize,
    open: Arc<AtomicBool>,
}

/// The stack: its device, its interface and its sockets.
pub(crate) struct Sockets {
    port: Port,
    interface: Interface,
    set: SocketSet<'static>,
    places: Vec<Place>,
    listeners: Vec<Listening>,
    /// The latest time that was passed to a poll, in microseconds.
    now: u64,
    patience: u64,
    accepted: u64,
}

impl Sockets {
    pub(crate) fn new(port: Port, interface: Interface, limits: &Limits) -> Self {
        let mut set = SocketSet::new(Vec::new());
        let buffer = |bytes: u32| SocketBuffer::new(vec![0; bytes as usize]);
        let mut places = Vec::new();
        places.extend((0..limits.sockets).map(|_| {
            let (receive, send) = (buffer(limits.receive_bytes), buffer(limits.send_bytes));
            let mut socket = Socket::new(receive, send);
            socket.set_timeout(Some(Duration::from_secs(limits.patience.into())));
            Place {
                handle: set.add(socket),
                role: Role::Free,
            }
        }));
        Self {
            port,
            interface,
            set,
            places,
            listeners: Vec::new(),
            now: 0,
            patience: u64::from(limits.patience).saturating_mul(MICROS_PER_SECOND),
            accepted: 0,
        }
    }

    /// Moves frames both ways and runs the timers.
    pub(crate) fn poll(&mut self, now: u64) -> Polled {
        self.now = self.now.max(now);
        let instant = Instant::from_micros(i64::try_from(self.now).unwrap_or(i64::MAX));
        let mut polled = Polled::default();
        for _ in 0..ROUNDS {
            let outcome = self.port.exchange();
            self.interface.poll(instant, &mut self.port, &mut self.set);
            match outcome {
                Ok(frames) => {
                    polled.frames = polled.frames.saturating_add(frames);
                    // The loop ends when there is nothing left to do. It also ends when this round has moved no
                    // frames but an earlier round has, since the device may take the remaining frames only later.
                    if !self.port.is_busy() || (frames == 0 && polled.frames > 0) {
                        break;
                    }
                }
                Err(error) => {
                    polled.failed = Some(error);
                    break;
                }
            }
        }
        self.tidy();
        polled
    }

    /// Listens on a port. Returns a mark. The caller clears the mark to end the listener.
    ///
    /// # Errors
    ///
    /// [`TcpError::BadPort`] if the port is 0 or taken, and [`TcpError::NoRoom`] if there are too many listeners or no
    /// socket is free.
    pub(crate) fn listen(&mut self, port: u16, backlog: u16) -> Result<Arc<AtomicBool>, TcpError> {
        self.drop_listeners();
        if port == 0
            || self
                .listeners
                .iter()
                .any(|listening| listening.port == port)
        {
            return Err(TcpError::BadPort);
        }
        let free = self.places.iter().any(|place| place.role == Role::Free);
        if !free || self.listeners.len() >= MAX_LISTENERS {
            return Err(TcpError::NoRoom);
        }
        let open = Arc::new(AtomicBool::new(true));
        self.listeners.push(Listening {
            port,
            backlog: usize::from(backlog.max(1)),
            open: Arc::clone(&open),
        });
        self.fill_backlogs();
        Ok(open)
    }

    /// Accepts a connection that a peer has made to this port, if there is one, and returns the index of its socket.
    /// The caller makes a stream for the socket. Dropping the stream frees the socket.
    pub(crate) fn accept(&mut self, port: u16) -> Option<usize> {
        let waits = |place: &Place| {
            let state = self.set.get::<Socket<'_>>(place.handle).state();
            place.role == Role::Listening(port)
                && matches!(state, State::Established | State::CloseWait)
        };
        let index = self.places.iter().position(waits)?;
        self.places.get_mut(index)?.role = Role::Taken;
        self.accepted = self.accepted.saturating_add(1);
        self.fill_backlogs();
        Some(index)
    }

    /// Returns the socket of a stream.
    pub(crate) fn socket(&mut self, index: usize) -> Option<&mut Socket<'static>> {
        let place = self.places.get(index)?;
        (place.role == Role::Taken).then(|| self.set.get_mut(place.handle))
    }

    /// Ends the connection of this socket, whose stream was dropped.
    pub(crate) fn stream_dropped(&mut self, index: usize) {
        let Some(place) = self.places.get_mut(index) else {
            return;
        };
        if place.role == Role::Taken {
            let socket = self.set.get_mut::<Socket<'_>>(place.handle);
            // The stream was dropped before `finish`. A reset tells the peer that no more data will come.
            if matches!(socket.state(), State::Established | State::CloseWait) {
                socket.abort();
            }
            place.role = Role::Ending(self.now);
        }
    }

    pub(crate) fn statistics(&self) -> NetworkStatistics {
        let counts = self.port.counts;
        let is_open = |place: &&Place| matches!(place.role, Role::Taken | Role::Ending(_));
        NetworkStatistics {
            frames_in: counts.frames_in,
            frames_out: counts.frames_out,
            frames_in_doubt: counts.frames_in_doubt,
            failures: counts.failures,
            retransmitted: self.port.retransmits.count,
            accepted: self.accepted,
            open: self.places.iter().filter(is_open).count() as u32,
        }
    }

    /// Frees the sockets whose connections are over. The caller has polled the interface before, so the peers were
    /// told of the ends.
    fn tidy(&mut self) {
        self.drop_listeners();
        for place in &mut self.places {
            let socket = self.set.get_mut::<Socket<'_>>(place.handle);
            if let Role::Ending(since) = place.role
                && self.now.saturating_sub(since) > self.patience
                && socket.state() != State::Closed
            {
                socket.abort();
                continue; // The next poll tells the peer.
            }
            if place.role != Role::Taken && socket.state() == State::Closed {
                place.role = Role::Free;
            }
        }
        self.fill_backlogs();
    }

    fn drop_listeners(&mut self) {
        let (places, set) = (&mut self.places, &mut self.set);
        self.listeners.retain(|listening| {
            let open = listening.open.load(Ordering::Acquire);
            if !open {
                for place in places.iter_mut() {
                    if place.role == Role::Listening(listening.port) {
                        set.get_mut::<Socket<'_>>(place.handle).abort();
                    }
                }
            }
            open
        });
    }

    /// Makes free sockets listen on each port that has fewer listening sockets than its backlog.
    fn fill_backlogs(&mut self) {
        for listening in &self.listeners {
            let of_it = |place: &&Place| place.role == Role::Listening(listening.port);
            let missing = listening
                .backlog
                .saturating_sub(self.places.iter().filter(of_it).count());
            let free = self.places.iter_mut();
            for place in free.filter(|place| place.role == Role::Free).take(missing) {
                let socket = self.set.get_mut::<Socket<'_>>(place.handle);
                if socket.listen(listening.port).is_ok() {
                    place.role = Role::Listening(listening.port);
                }
            }
        }
    }
}
