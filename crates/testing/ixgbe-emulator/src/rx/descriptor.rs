//! Receive descriptors as they are written back, legacy (section 7.1.5) and advanced (section 7.1.6).

use super::toeplitz::Hash;
use crate::checksum::{sctp_crc, sum};
use crate::packet::{Headers, Network, Transport, word};

const DONE: u32 = 1 << 0;
const END_OF_PACKET: u32 = 1 << 1;
const VLAN_STRIPPED: u32 = 1 << 3;
const UDP_CHECKED: u32 = 1 << 4;
const TRANSPORT_CHECKED: u32 = 1 << 5;
const IP_CHECKED: u32 = 1 << 6;

/// Error bits, as positions in a legacy descriptor's error byte. An advanced descriptor holds them in its second
/// word, shifted by 24 bits.
const TRANSPORT_ERROR: u32 = 1 << 6;
const IP_ERROR: u32 = 1 << 7;

/// The bit of a descriptor's second word that says that it is done.
pub(crate) const fn done(advanced: bool) -> u64 {
    (DONE as u64) << if advanced { 0 } else { 32 }
}

/// The device's findings about a packet.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Findings {
    packet_type: u32,
    status: u32,
    errors: u32,
    hash: Hash,
    vlan: u16,
}

impl Findings {
    /// Examines the headers of a frame and verifies the checksums.
    pub(crate) fn of(frame: &[u8], headers: &Headers, hash: Hash, stripped: bool) -> Self {
        let mut found = Findings {
            hash,
            ..Findings::default()
        };
        if let (true, Some(tag)) = (stripped, headers.vlan) {
            found.status |= VLAN_STRIPPED;
            found.vlan = tag;
        }
        found.network(frame, headers);
        found.transport(frame, headers);
        found
    }

    /// Reports the network header's checksum as wrong. The injected fault `fragment_checksum` does this.
    pub(crate) fn blame_network(&mut self) {
        self.errors |= IP_ERROR;
    }

    /// Whether a checksum was wrong.
    pub(crate) fn bad_checksum(&self) -> bool {
        self.errors != 0
    }

    fn network(&mut self, frame: &[u8], headers: &Headers) {
        match headers.network {
            Some((Network::V4 { options }, at)) => {
                self.packet_type |= if options { 2 } else { 1 };
                self.status |= IP_CHECKED;
                let length = frame.get(at).map_or(0, |byte| usize::from(byte & 0xf) * 4);
                let header = frame.get(at..at + length).unwrap_or_default();
                if sum(header, 0) != 0xffff {
                    self.errors |= IP_ERROR;
                }
            }
            Some((Network::V6 { extensions }, _)) => {
                self.packet_type |= if extensions { 8 } else { 4 };
            }
            None => {}
        }
    }

    fn transport(&mut self, frame: &[u8], headers: &Headers) {
        let (Some((network, ip)), Some((transport, at))) = (headers.network, headers.transport)
        else {
            return;
        };
        let payload = frame.get(at..headers.end).unwrap_or_default();
        let good = match transport {
            Transport::Sctp => {
                self.packet_type |= 0x40;
                sctp_good(payload)
            }
            Transport::Tcp => {
                self.packet_type |= 0x10;
                pseudo_sum(frame, network, ip, 6, payload) == 0xffff
            }
            Transport::Udp => {
                self.packet_type |= 0x20;
                if word(payload, 6) == Some(0) {
                    // A zero field means that the sender did not compute a checksum.
                    return;
                }
                self.status |= UDP_CHECKED;
                pseudo_sum(frame, network, ip, 17, payload) == 0xffff
            }
        };
        self.status |= TRANSPORT_CHECKED;
        if !good {
            self.errors |= TRANSPORT_ERROR;
        }
    }

    /// Returns the descriptor of one buffer with `length` bytes of the packet.
    pub(crate) fn descriptor(
        &self,
        advanced: bool,
        address: u64,
        length: usize,
        last: bool,
    ) -> [u64; 2] {
        let status = DONE | if last { END_OF_PACKET | self.status } else { 0 };
        let errors = if last { self.errors } else { 0 };
        let vlan = if last { self.vlan } else { 0 };
        let length = length as u64 & 0xffff;
        let high = u64::from(vlan) << 48;
        if !advanced {
            let status = u64::from(status & 0xff) << 32;
            return [
                address,
                high | u64::from(errors & 0xff) << 40 | status | length,
            ];
        }
        let low = u64::from(self.hash.kind) | u64::from(self.packet_type) << 4;
        [
            low | u64::from(self.hash.value) << 32,
            high | length << 32 | u64::from(errors) << 24 | u64::from(status),
        ]
    }
}

fn sctp_good(payload: &[u8]) -> bool {
    let mut copy = payload.to_vec();
    let told: Option<[u8; 4]> = copy.get(8..12).and_then(|field| field.try_into().ok());
    if let Some(field) = copy.get_mut(8..12) {
        field.fill(0);
    }
    told.map(u32::from_le_bytes) == Some(sctp_crc(&copy))
}

/// Returns the sum over pseudo header and transport packet. It is all ones if the checksum is right.
fn pseudo_sum(frame: &[u8], network: Network, ip: usize, protocol: u8, payload: &[u8]) -> u16 {
    let addresses = match network {
        Network::V4 { .. } => ip + 12..ip + 20,
        Network::V6 { .. } => ip + 8..ip + 40,
    };
    let addresses = sum(frame.get(addresses).unwrap_or_default(), 0);
    let length = payload.len() as u32;
    sum(payload, u32::from(addresses) + u32::from(protocol) + length)
}

#[cfg(test)]
mod tests {
    use super::Findings;
    use crate::packet::parse;
    use crate::rx::toeplitz::Hash;

    /// A UDP datagram "hi" from 10.0.0.1:1 to 10.0.0.2:2. The checksums were computed by hand.
    const DATAGRAM: [u8; 44] = [
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0, // Ethernet
        0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0x66, 0xcd, 10, 0, 0, 1, 10, 0, 0, 2, // IPv4
        0, 1, 0, 2, 0, 10, 0x83, 0x6b, b'h', b'i', // UDP
    ];

    fn status(frame: &[u8]) -> (u32, u32, u32) {
        let headers = parse(frame, 0x8100);
        let [low, high] =
            Findings::of(frame, &headers, Hash::default(), false).descriptor(true, 0, 44, true);
        (
            (low >> 4 & 0x1fff) as u32,
            high as u32 & 0xf_ffff,
            high as u32 >> 20,
        )
    }

    #[test]
    fn good_checksums_are_reported() {
        assert_eq!(status(&DATAGRAM), (0x21, 0x73, 0));
        let mut padded = DATAGRAM.to_vec();
        padded.resize(60, 0xee);
        assert_eq!(status(&padded), (0x21, 0x73, 0));
    }

    #[test]
    fn bad_checksums_are_distinguished() {
        let mut frame = DATAGRAM;
        frame[43] ^= 1;
        assert_eq!(status(&frame), (0x21, 0x73, 0x400));
        let mut frame = DATAGRAM;
        frame[22] -= 1;
        assert_eq!(status(&frame), (0x21, 0x73, 0x800));
        let mut none = DATAGRAM;
        none[40..42].fill(0);
        assert_eq!(status(&none), (0x21, 0x43, 0));
    }

    #[test]
    fn legacy_keeps_the_address() {
        let headers = parse(&DATAGRAM, 0x8100);
        let found = Findings::of(&DATAGRAM, &headers, Hash::default(), false);
        assert_eq!(
            found.descriptor(false, 0xabc, 44, true),
            [0xabc, 0x73_0000_002c]
        );
        assert_eq!(
            found.descriptor(false, 0xabc, 44, false),
            [0xabc, 0x01_0000_002c]
        );
    }
}
