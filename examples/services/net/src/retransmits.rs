//! Counts the segments that are sent again, which smoltcp does not report.

use smoltcp::wire::{
    EthernetFrame, EthernetProtocol, IpProtocol, Ipv4Address, Ipv4Packet, TcpPacket, TcpSeqNumber,
};

/// The number of connections that are tracked at a time. A further connection replaces the connection that was added
/// first.
const FLOWS: usize = 16;

/// One direction of a connection, identified by its endpoints.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    to: Ipv4Address,
    to_port: u16,
    from_port: u16,
}

/// The sent direction of a connection, and the end of the data that was sent so far.
#[derive(Clone, Copy)]
struct Flow {
    key: Key,
    end: TcpSeqNumber,
}

/// Counts the segments of which some data was sent before.
pub(crate) struct Retransmits {
    flows: [Option<Flow>; FLOWS],
    oldest: usize,
    pub(crate) count: u64,
}

impl Retransmits {
    pub(crate) const fn new() -> Self {
        Self {
            flows: [None; FLOWS],
            oldest: 0,
            count: 0,
        }
    }

    /// Looks at a frame that is about to be sent. This takes constant time.
    pub(crate) fn look(&mut self, frame: &[u8]) {
        if let Some((key, start, length, opens)) = segment(frame) {
            self.sent(key, start, length, opens);
        }
    }

    fn sent(&mut self, key: Key, start: TcpSeqNumber, length: usize, opens: bool) {
        let end = start + length;
        let known = self.flows.iter_mut().flatten().find(|flow| flow.key == key);
        match known {
            Some(flow) if opens => flow.end = end,
            Some(flow) => {
                if length > 0 && start < flow.end {
                    self.count = self.count.wrapping_add(1);
                }
                if flow.end < end {
                    flow.end = end;
                }
            }
            None => {
                if let Some(place) = self.flows.get_mut(self.oldest) {
                    *place = Some(Flow { key, end });
                }
                self.oldest = (self.oldest + 1) % FLOWS;
            }
        }
    }
}

/// Returns, for a TCP segment: the direction, the start and length of its data, and whether it opens the connection.
/// Returns `None` for other frames.
fn segment(frame: &[u8]) -> Option<(Key, TcpSeqNumber, usize, bool)> {
    let ethernet = EthernetFrame::new_checked(frame).ok()?;
    if ethernet.ethertype() != EthernetProtocol::Ipv4 {
        return None;
    }
    let ip = Ipv4Packet::new_checked(ethernet.payload()).ok()?;
    if ip.next_header() != IpProtocol::Tcp {
        return None;
    }
    let tcp = TcpPacket::new_checked(ip.payload()).ok()?;
    let key = Key {
        to: ip.dst_addr(),
        to_port: tcp.dst_port(),
        from_port: tcp.src_port(),
    };
    Some((key, tcp.seq_number(), tcp.payload().len(), tcp.syn()))
}

#[cfg(test)]
mod tests {
    use super::{FLOWS, Key, Retransmits};
    use smoltcp::wire::{Ipv4Address, TcpSeqNumber};

    fn key(port: u16) -> Key {
        Key {
            to: Ipv4Address::new(10, 0, 0, 2),
            to_port: port,
            from_port: 80,
        }
    }

    #[test]
    fn only_data_that_was_sent_before_counts() {
        let mut seen = Retransmits::new();
        let mut sent = |start, length, opens| {
            seen.sent(key(1), TcpSeqNumber(start), length, opens);
            seen.count
        };
        assert_eq!(sent(i32::MAX - 100, 0, true), 0);
        assert_eq!(sent(i32::MAX - 100, 101, false), 0, "new");
        assert_eq!(sent(i32::MIN, 50, false), 0, "new, beyond the wrap");
        assert_eq!(sent(i32::MIN, 0, false), 0, "an acknowledgement");
        assert_eq!(sent(i32::MAX - 100, 101, false), 1, "all again");
        assert_eq!(sent(i32::MIN + 40, 20, false), 2, "some again");
        assert_eq!(sent(i32::MIN + 60, 20, false), 2, "new again");
        assert_eq!(sent(7, 0, true), 2, "another connection with the same ends");
        assert_eq!(sent(7, 10, false), 2);
    }

    #[test]
    fn connections_beyond_the_table_are_harmless() {
        let mut seen = Retransmits::new();
        for port in 0..4 * FLOWS as u16 {
            seen.sent(key(port), TcpSeqNumber(0), 10, false);
        }
        assert_eq!(seen.count, 0);
        seen.sent(key(4 * FLOWS as u16 - 1), TcpSeqNumber(0), 10, false);
        assert_eq!(seen.count, 1);
    }

    #[test]
    fn frames_without_a_segment_are_ignored() {
        let mut seen = Retransmits::new();
        for length in 0..80 {
            seen.look(&[0x45; 80][..length]);
        }
        assert_eq!(seen.count, 0);
    }
}
