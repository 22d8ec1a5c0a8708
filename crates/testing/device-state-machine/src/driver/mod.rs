//! The things that a driver has, and how a step chooses from them. The chosen things often belong to different
//! claims.

mod board;
mod kind;
mod places;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use samara_device_io::queue::{ChainQueue, PacketQueue, Pair, Ring, Tag, Unit};
use samara_device_io::{DmaTransfer, Interrupt};
use samara_device_tables::{Ixgbe, Nvme, VirtioBlock, VirtioNet};
use samara_rref::RRef;

pub(crate) use board::{Board, Claimed};
pub(crate) use kind::Kind;
pub(crate) use places::Places;

use crate::area::Read;
use crate::bench::bench;
use crate::ledger::Holder;
use crate::step::Numbers;

/// A packet: one buffer.
pub(crate) type Packet = [u8; 2048];
/// Bytes of a packet.
pub(crate) const PACKET: usize = 2048;

pub(crate) type Admin = Pair<Nvme, { Nvme::ADMIN }>;
pub(crate) type Io = Pair<Nvme, { Nvme::IO }>;
pub(crate) type Rx = Ring<Ixgbe, { Ixgbe::RX }, Packet>;
pub(crate) type Tx = Ring<Ixgbe, { Ixgbe::TX }, Packet>;
pub(crate) type Requests = ChainQueue<VirtioBlock, { VirtioBlock::REQUESTS }>;
pub(crate) type NetRx = PacketQueue<VirtioNet, { VirtioNet::RX }, Packet>;
pub(crate) type NetTx = PacketQueue<VirtioNet, { VirtioNet::TX }, Packet>;

/// A queue with its claim, and the driver's record of its contents.
pub(crate) struct Queued<Q> {
    pub(crate) queue: Q,
    pub(crate) holder: Holder,
    /// For a queue of objects: the number of objects that were put and not yet taken.
    pub(crate) count: usize,
    /// For a receive ring: the most bytes that the device writes into one packet. 0 for other queues.
    pub(crate) buffer: usize,
    /// Whether the driver forgot (`mem::forget`) the guard of the open ring.
    pub(crate) is_forgotten: bool,
    /// Whether the queue was ever started. The driver prefers queues that were.
    pub(crate) is_up: bool,
    /// The entries that were put since the last doorbell: packets by their addresses, commands and chains by their
    /// tags.
    pub(crate) untold: Vec<usize>,
    /// Chains that were put since the queue was started and that have not come back; and, in `last`, the chain that
    /// was put last.
    pub(crate) in_flight: Vec<u16>,
    pub(crate) last: Option<u16>,
    /// The newest tag of each slot.
    pub(crate) newest: Vec<Tag>,
    /// The command that has the engine's page, as far as the driver knows.
    pub(crate) page: Option<Tag>,
    /// Remembered reads that are in the queue.
    pub(crate) reads: Vec<Read>,
}

impl<Q> Queued<Q> {
    pub(crate) fn new(queue: Q, holder: Holder) -> Self {
        Self {
            queue,
            holder,
            count: 0,
            buffer: 0,
            is_forgotten: false,
            is_up: false,
            untold: Vec::new(),
            in_flight: Vec::new(),
            last: None,
            newest: Vec::new(),
            page: None,
            reads: Vec::new(),
        }
    }

    /// Records an entry that was put.
    pub(crate) fn put(&mut self, what: usize) {
        self.untold.push(what);
    }

    /// Records that the device was told of all entries.
    pub(crate) fn told(&mut self) {
        self.untold.clear();
    }

    /// Whether the device was told of the entry, so that it may have used it.
    pub(crate) fn was_told(&self, what: usize) -> bool {
        !self.untold.contains(&what)
    }

    /// Whether the queue was started, and belongs to `claim`.
    pub(crate) fn fits(&self, claim: Option<Holder>) -> bool {
        self.is_up && Some(self.holder) == claim
    }
}

/// A transfer of a buffer that was moved in.
pub(crate) struct Moved {
    pub(crate) transfer: DmaTransfer,
    pub(crate) about: About,
}

/// The facts that the driver knows of a transfer.
pub(crate) struct About {
    pub(crate) holder: Holder,
    /// The buffer's address.
    pub(crate) start: usize,
    /// The epoch in which a command with this transfer was last put, if there was one.
    pub(crate) put: Option<u64>,
    /// A number that no other transfer of the process has.
    pub(crate) id: u64,
    /// The parts of the buffer that commands use, as offset and length; and, in `is_mixed`, whether any of these
    /// parts overlap.
    pub(crate) ranges: Vec<(usize, usize)>,
    pub(crate) is_mixed: bool,
    /// Reads into the buffer that have completed, and whose data is compared when the buffer comes back.
    pub(crate) reads: Vec<Read>,
}

impl Moved {
    pub(crate) fn new(transfer: DmaTransfer, holder: Holder, start: usize) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let about = About {
            holder,
            start,
            put: None,
            id: COUNT.fetch_add(1, Relaxed),
            ranges: Vec::new(),
            is_mixed: false,
            reads: Vec::new(),
        };
        Self { transfer, about }
    }
}

/// Everything that a driver has. Several threads use it at once. A thread skips the things that another thread has in
/// use.
pub(crate) struct Driver {
    pub(crate) nvme: [Board<Nvme>; 2],
    pub(crate) ixgbe: [Board<Ixgbe>; 2],
    pub(crate) block: [Board<VirtioBlock>; 2],
    pub(crate) net: [Board<VirtioNet>; 2],
    pub(crate) admin: Places<Queued<Admin>, 3>,
    pub(crate) io: Places<Queued<Io>, 4>,
    pub(crate) rx: Places<Queued<Rx>, 3>,
    pub(crate) tx: Places<Queued<Tx>, 3>,
    pub(crate) requests: Places<Queued<Requests>, 3>,
    pub(crate) net_rx: Places<Queued<NetRx>, 3>,
    pub(crate) net_tx: Places<Queued<NetTx>, 3>,
    pub(crate) moved: Places<Moved, 8>,
    pub(crate) interrupts: Places<Interrupt, 4>,
    units: Mutex<Vec<(Unit, Holder)>>,
    buffers: Mutex<Vec<RRef<[u8]>>>,
    packets: Mutex<Vec<RRef<Packet>>>,
    /// The name under which the ledger records its claims.
    pub(crate) name: u32,
    /// Whether the driver runs in a domain. A panic ends a domain, but not a driver that runs as the host.
    pub(crate) is_domain: bool,
}

/// The number of units, of buffers and of packets that the driver keeps, at most.
const KEPT: usize = 12;

impl Driver {
    pub(crate) fn new(name: u32, is_domain: bool) -> Self {
        let bench = bench();
        Self {
            nvme: bench.nvme.each_ref().map(Board::new),
            ixgbe: bench.ixgbe.each_ref().map(Board::new),
            block: bench.block.each_ref().map(Board::new),
            net: bench.net.each_ref().map(Board::new),
            admin: Places::new(),
            io: Places::new(),
            rx: Places::new(),
            tx: Places::new(),
            requests: Places::new(),
            net_rx: Places::new(),
            net_tx: Places::new(),
            moved: Places::new(),
            interrupts: Places::new(),
            units: Mutex::default(),
            buffers: Mutex::default(),
            packets: Mutex::default(),
            name,
            is_domain,
        }
    }

    /// Takes a buffer that the driver has kept, if there is one.
    pub(crate) fn buffer(&self) -> Option<RRef<[u8]>> {
        places::lock(&self.buffers).pop()
    }

    pub(crate) fn keep_buffer(&self, buffer: RRef<[u8]>) {
        keep(&self.buffers, buffer);
    }

    pub(crate) fn packet(&self) -> Option<RRef<Packet>> {
        let kept = places::lock(&self.packets).pop();
        kept.or_else(|| RRef::try_new([0xFF; PACKET]).ok())
    }

    pub(crate) fn keep_packet(&self, packet: RRef<Packet>) {
        keep(&self.packets, packet);
    }

    pub(crate) fn keep_unit(&self, unit: Unit, holder: Holder) {
        let mut units = places::lock(&self.units);
        if units.len() == KEPT {
            units.remove(0);
        }
        units.push((unit, holder));
    }

    /// Returns a unit that the device reported: mostly the newest one of the claim `of`.
    pub(crate) fn unit(&self, numbers: &mut Numbers, of: Option<Holder>) -> Option<Unit> {
        let units = places::lock(&self.units);
        let newest = units.iter().rev().find(|(_, holder)| Some(*holder) == of);
        let newest = newest.filter(|_| !numbers.one_in(6));
        let any = || units.get(numbers.below(units.len().max(1)));
        newest.or_else(any).map(|(unit, _)| *unit)
    }
}

/// Keeps something, or drops it if there are enough.
fn keep<T>(kept: &Mutex<Vec<T>>, thing: T) {
    let mut kept = places::lock(kept);
    if kept.len() < KEPT {
        kept.push(thing);
    } else {
        drop(kept);
        drop(thing);
    }
}
