//! Finds the headers of a frame without trusting any of its length fields.

/// The parser skips at most this many IPv6 extension headers.
const EXTENSIONS: usize = 8;

const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;

/// Network layer header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Network {
    /// IPv4 header, with options or without.
    V4 { options: bool },
    /// IPv6 header, with extension headers or without.
    V6 { extensions: bool },
}

/// Transport layer header.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    Tcp,
    Udp,
    Sctp,
}

/// The headers of a frame. Offsets count from the frame's first byte. All headers lie inside the frame.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Headers {
    /// Tag control information of the VLAN tag, if there is one.
    pub(crate) vlan: Option<u16>,
    pub(crate) ethertype: u16,
    /// The network header, and where it begins.
    pub(crate) network: Option<(Network, usize)>,
    /// The transport header, and where it begins. Fragments have none.
    pub(crate) transport: Option<(Transport, usize)>,
    /// Where the IP packet ends. The frame may have padding behind this end.
    pub(crate) end: usize,
}

impl Headers {
    /// Whether this is the first fragment of an IPv4 packet.
    pub(crate) fn is_fragment(&self, frame: &[u8]) -> bool {
        match self.network {
            Some((Network::V4 { .. }, at)) => {
                word(frame, at + 6).is_some_and(|field| field & 0x3fff == 0x2000)
            }
            _ => false,
        }
    }
}

/// Returns the big-endian 16-bit word at `at`.
pub(crate) fn word(frame: &[u8], at: usize) -> Option<u16> {
    let bytes = frame.get(at..at.checked_add(2)?)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Finds the headers of `frame`. `vlan_type` is the EtherType of VLAN tags.
pub(crate) fn parse(frame: &[u8], vlan_type: u16) -> Headers {
    let mut headers = Headers {
        end: frame.len(),
        ..Headers::default()
    };
    let Some(mut ethertype) = word(frame, 12) else {
        return headers;
    };
    let mut at = 14;
    if ethertype == vlan_type
        && let (Some(tag), Some(inner)) = (word(frame, 14), word(frame, 16))
    {
        headers.vlan = Some(tag);
        ethertype = inner;
        at = 18;
    }
    headers.ethertype = ethertype;
    // A header that is cut short counts as no header.
    let _ = match ethertype {
        IPV4 => ipv4(frame, at, &mut headers),
        IPV6 => ipv6(frame, at, &mut headers),
        _ => None,
    };
    headers
}

fn ipv4(frame: &[u8], at: usize, headers: &mut Headers) -> Option<()> {
    let fixed = frame.get(at..at + 20)?;
    let length = usize::from(fixed[0] & 0xf) * 4;
    let total = usize::from(word(fixed, 2)?);
    let sound = fixed[0] >> 4 == 4 && length >= 20 && total >= length;
    if !sound || at + total > frame.len() {
        return None;
    }
    headers.network = Some((
        Network::V4 {
            options: length > 20,
        },
        at,
    ));
    headers.end = at + total;
    // The packet is a fragment if its More Fragments bit is set or its fragment offset is not zero.
    let fragment = word(fixed, 6)? & 0x3fff != 0;
    if !fragment {
        headers.transport = transport(fixed[9], at + length, headers.end);
    }
    Some(())
}

fn ipv6(frame: &[u8], at: usize, headers: &mut Headers) -> Option<()> {
    let fixed = frame.get(at..at + 40)?;
    let end = at + 40 + usize::from(word(fixed, 4)?);
    if fixed[0] >> 4 != 6 || end > frame.len() {
        return None;
    }
    headers.end = end;
    let mut next = fixed[6];
    let mut here = at + 40;
    let mut extensions = false;
    let mut fragment = false;
    for _ in 0..EXTENSIONS {
        // Hop-by-hop, routing, fragment, destination options.
        if !matches!(next, 0 | 43 | 44 | 60) {
            break;
        }
        extensions = true;
        let Some(header) = frame.get(here..end).filter(|header| header.len() >= 8) else {
            break;
        };
        fragment |= next == 44;
        here += if next == 44 {
            8
        } else {
            usize::from(header[1]) * 8 + 8
        };
        next = header[0];
    }
    headers.network = Some((Network::V6 { extensions }, at));
    if !fragment {
        headers.transport = transport(next, here, end);
    }
    Some(())
}

/// Returns the transport header if the packet contains all of its fixed part.
fn transport(protocol: u8, at: usize, end: usize) -> Option<(Transport, usize)> {
    let (kind, length) = match protocol {
        6 => (Transport::Tcp, 20),
        17 => (Transport::Udp, 8),
        132 => (Transport::Sctp, 12),
        _ => return None,
    };
    (at + length <= end).then_some((kind, at))
}

#[cfg(test)]
mod tests {
    use super::{Network, Transport, parse};

    fn udp4(total: u16, fragment: u16) -> Vec<u8> {
        let mut frame = vec![0; 60];
        frame[12..14].copy_from_slice(&[8, 0]);
        frame[14] = 0x45;
        frame[16..18].copy_from_slice(&total.to_be_bytes());
        frame[20..22].copy_from_slice(&fragment.to_be_bytes());
        frame[23] = 17;
        frame
    }

    #[test]
    fn headers_lie_inside_the_frame() {
        let headers = parse(&udp4(28, 0), 0x8100);
        assert_eq!(headers.network, Some((Network::V4 { options: false }, 14)));
        assert_eq!(headers.transport, Some((Transport::Udp, 34)));
        assert_eq!(headers.end, 42);
        assert_eq!(parse(&udp4(27, 0), 0x8100).transport, None);
        assert_eq!(parse(&udp4(47, 0), 0x8100).network, None);
        assert_eq!(parse(&udp4(28, 0x2000), 0x8100).transport, None);
        assert_eq!(parse(&udp4(28, 0x4000), 0x8100).end, 42);
        assert_eq!(parse(&[], 0x8100).network, None);
    }

    #[test]
    fn a_tag_shifts_the_headers() {
        let mut frame = udp4(28, 0);
        frame.splice(12..12, [0x81, 0, 0x20, 5]);
        let headers = parse(&frame, 0x8100);
        assert_eq!(headers.vlan, Some(0x2005));
        assert_eq!(headers.transport, Some((Transport::Udp, 38)));
        assert_eq!(parse(&frame, 0x88a8).network, None);
    }
}
