//! A host with TCP at the far end of a cable. Its user moves the frames in and out, and passes the time to it.

use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::socket::tcp::{Socket, SocketBuffer, State};
use smoltcp::time::{Duration, Instant};
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpCidr, Ipv4Address, Ipv4Cidr};

/// Bytes of a connection's receive buffer and send buffer.
const RECEIVE: usize = 256 << 10;
const SEND: usize = 16 << 10;
/// Bytes of the longest frame, without its check sequence.
const LONGEST: usize = 1514;
/// The first local port of connections.
const PORTS: u16 = 49_152;
/// Seconds after which a connection to a server that does not answer times out.
const PATIENCE: u64 = 60;

/// A connection of a [`Peer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection(SocketHandle);

/// A host with one address, and the connections that it has opened.
pub struct Peer {
    wire: Wire,
    interface: Interface,
    sockets: SocketSet<'static>,
    connections: u16,
    now: Instant,
}

/// Both directions of the cable.
#[derive(Default)]
struct Wire {
    inbound: VecDeque<Vec<u8>>,
    outbound: VecDeque<Vec<u8>>,
}

impl Peer {
    /// Makes a host with this address in a /24 network. `seed` chooses its sequence numbers.
    pub fn new(address: [u8; 4], seed: u64) -> Self {
        let mut wire = Wire::default();
        let [.., last] = address;
        let mac = EthernetAddress([2, 0, 0, 0, 1, last]);
        let mut config = Config::new(HardwareAddress::Ethernet(mac));
        config.random_seed = seed;
        let mut interface = Interface::new(config, &mut wire, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            let address = Ipv4Address::from_octets(address);
            let _ = addresses.push(IpCidr::Ipv4(Ipv4Cidr::new(address, 24)));
        });
        Self {
            wire,
            interface,
            sockets: SocketSet::new(Vec::new()),
            connections: 0,
            now: Instant::ZERO,
        }
    }

    /// Delivers a frame from the cable. The next poll handles it.
    pub fn deliver(&mut self, frame: Vec<u8>) {
        self.wire.inbound.push_back(frame);
    }

    /// Returns the next frame that the host sends into the cable.
    pub fn next_frame(&mut self) -> Option<Vec<u8>> {
        self.wire.outbound.pop_front()
    }

    /// Handles the frames that were delivered, and runs the timers. `now` is the time since some fixed moment.
    pub fn poll(&mut self, now: core::time::Duration) {
        self.now = Instant::from_micros(now.as_micros() as i64);
        self.interface
            .poll(self.now, &mut self.wire, &mut self.sockets);
    }

    /// Begins to open a connection.
    pub fn connect(&mut self, to: [u8; 4], port: u16) -> Connection {
        let buffer = |bytes| SocketBuffer::new(vec![0; bytes]);
        let mut socket = Socket::new(buffer(RECEIVE), buffer(SEND));
        socket.set_timeout(Some(Duration::from_secs(PATIENCE)));
        let handle = self.sockets.add(socket);
        let local = PORTS + self.connections % (u16::MAX - PORTS);
        self.connections = self.connections.wrapping_add(1);
        let socket = self.sockets.get_mut::<Socket<'_>>(handle);
        let remote = (Ipv4Address::from_octets(to), port);
        // Fails only for port 0. Afterwards the connection is over.
        let _ = socket.connect(self.interface.context(), remote, local);
        Connection(handle)
    }

    /// Sends as many of the bytes as the send buffer has room for. Returns how many.
    pub fn send(&mut self, connection: Connection, bytes: &[u8]) -> usize {
        let socket = self.sockets.get_mut::<Socket<'_>>(connection.0);
        socket.send_slice(bytes).unwrap_or(0)
    }

    /// Passes the bytes that have arrived to `look`, in pieces, and removes them from the receive buffer.
    pub fn receive(&mut self, connection: Connection, mut look: impl FnMut(&[u8])) {
        let socket = self.sockets.get_mut::<Socket<'_>>(connection.0);
        while socket.can_recv() {
            let taken = socket.recv(|bytes| {
                look(bytes);
                (bytes.len(), bytes.len())
            });
            if taken.is_err() {
                return;
            }
        }
    }

    /// Closes the sending direction of the connection.
    pub fn close(&mut self, connection: Connection) {
        self.sockets.get_mut::<Socket<'_>>(connection.0).close();
    }

    /// Whether the connection is established, and neither side has begun to close it.
    pub fn is_open(&self, connection: Connection) -> bool {
        self.sockets.get::<Socket<'_>>(connection.0).state() == State::Established
    }

    /// Whether the connection has ended: nothing more will arrive, and nothing is left to receive.
    pub fn is_over(&self, connection: Connection) -> bool {
        let socket = self.sockets.get::<Socket<'_>>(connection.0);
        let opening = matches!(socket.state(), State::SynSent | State::SynReceived);
        !opening && !socket.may_recv()
    }
}

impl Device for Wire {
    type RxToken<'a> = Incoming;
    type TxToken<'a> = Outgoing<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Self::RxToken<'_>, Self::TxToken<'_>)> {
        let frame = self.inbound.pop_front()?;
        Some((Incoming(frame), Outgoing(&mut self.outbound)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Self::TxToken<'_>> {
        Some(Outgoing(&mut self.outbound))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = LONGEST;
        capabilities
    }
}

struct Incoming(Vec<u8>);

impl RxToken for Incoming {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, look: F) -> R {
        look(&self.0)
    }
}

struct Outgoing<'w>(&'w mut VecDeque<Vec<u8>>);

impl TxToken for Outgoing<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, fill: F) -> R {
        let mut frame = vec![0; len];
        let result = fill(&mut frame);
        self.0.push_back(frame);
        result
    }
}
