//! The hash of receive-side scaling (section 7.1.2.8).

use alloc::vec::Vec;

use crate::packet::{Headers, Network, Transport};
use crate::registers::bits::{
    MRQC_IPV4, MRQC_IPV6, MRQC_TCP_IPV4, MRQC_TCP_IPV6, MRQC_UDP_IPV4, MRQC_UDP_IPV6,
};

/// Bytes of the key.
pub(crate) const KEY: usize = 40;

/// A hash and its type, in the encoding of the receive descriptor (section 7.1.6.2).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Hash {
    /// The RSS type, which says which fields were hashed. 0 means that none were.
    pub(crate) kind: u8,
    pub(crate) value: u32,
}

/// Returns the Toeplitz hash of `input`. The key is long enough for an input of 36 bytes; further bytes are ignored.
pub(crate) fn toeplitz(key: &[u8; KEY], input: &[u8]) -> u32 {
    let mut window = u32::from_be_bytes([key[0], key[1], key[2], key[3]]);
    let mut result = 0;
    for (byte, next) in input.iter().zip(&key[4..]) {
        for bit in (0..8).rev() {
            if byte >> bit & 1 != 0 {
                result ^= window;
            }
            window = window << 1 | u32::from(next >> bit & 1);
        }
    }
    result
}

/// Hashes the fields of a frame that MRQC enables: addresses and ports if MRQC enables the ports of this protocol;
/// otherwise only the addresses, if MRQC enables these.
pub(crate) fn hash(mrqc: u32, key: &[u8; KEY], frame: &[u8], headers: &Headers) -> Hash {
    let Some((network, at)) = headers.network else {
        return Hash::default();
    };
    let transport = headers.transport.map(|(transport, _)| transport);
    // The addresses, and three pairs of an enable bit and an RSS type: with TCP ports, with UDP ports, without ports.
    let (addresses, tcp, udp, plain) = match network {
        Network::V4 { .. } => (
            at + 12..at + 20,
            (MRQC_TCP_IPV4, 1),
            (MRQC_UDP_IPV4, 7),
            (MRQC_IPV4, 2),
        ),
        Network::V6 { .. } => (
            at + 8..at + 40,
            (MRQC_TCP_IPV6, 3),
            (MRQC_UDP_IPV6, 8),
            (MRQC_IPV6, 5),
        ),
    };
    let with_ports = match transport {
        Some(Transport::Tcp) => Some(tcp),
        Some(Transport::Udp) => Some(udp),
        _ => None,
    }
    .filter(|(enable, _)| mrqc & enable != 0);
    let kind = match with_ports {
        Some((_, kind)) => kind,
        None if mrqc & plain.0 != 0 => plain.1,
        None => return Hash::default(),
    };
    let mut input: Vec<u8> = frame.get(addresses).unwrap_or_default().to_vec();
    if let (Some(_), Some((_, at))) = (with_ports, headers.transport) {
        input.extend_from_slice(frame.get(at..at + 4).unwrap_or_default());
    }
    Hash {
        kind,
        value: toeplitz(key, &input),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::{KEY, toeplitz};

    /// The key of Microsoft's "Verifying the RSS Hash Calculation", as in section 7.1.2.8.3.
    const MICROSOFT: [u8; KEY] = [
        0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f,
        0xb0, 0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
        0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
    ];

    fn check(source: &[u8], target: &[u8], ports: (u16, u16), addresses: u32, all: u32) {
        let mut input = [source, target].concat();
        assert_eq!(toeplitz(&MICROSOFT, &input), addresses);
        input.extend(ports.0.to_be_bytes());
        input.extend(ports.1.to_be_bytes());
        assert_eq!(toeplitz(&MICROSOFT, &input), all);
    }

    #[test]
    fn published_vectors_ipv4() {
        for (source, target, ports, addresses, all) in [
            (
                [66, 9, 149, 187],
                [161, 142, 100, 80],
                (2794, 1766),
                0x323e_8fc2,
                0x51cc_c178,
            ),
            (
                [199, 92, 111, 2],
                [65, 69, 140, 83],
                (14230, 4739),
                0xd718_262a,
                0xc626_b0ea,
            ),
            (
                [24, 19, 198, 95],
                [12, 22, 207, 184],
                (12898, 38024),
                0xd2d0_a5de,
                0x5c2b_394a,
            ),
            (
                [38, 27, 205, 30],
                [209, 142, 163, 6],
                (48228, 2217),
                0x8298_9176,
                0xafc7_327f,
            ),
            (
                [153, 39, 163, 191],
                [202, 188, 127, 2],
                (44251, 1303),
                0x5d18_09c5,
                0x10e8_28a2,
            ),
        ] {
            let (source, target) = (Ipv4Addr::from(source), Ipv4Addr::from(target));
            check(&source.octets(), &target.octets(), ports, addresses, all);
        }
    }

    #[test]
    fn published_vectors_ipv6() {
        let address = |text: &str| text.parse::<Ipv6Addr>().expect("an address").octets();
        for (source, target, ports, addresses, all) in [
            (
                "3ffe:2501:200:1fff::7",
                "3ffe:2501:200:3::1",
                (2794, 1766),
                0x2cc1_8cd5,
                0x4020_7d3d,
            ),
            (
                "3ffe:501:8::260:97ff:fe40:efab",
                "ff02::1",
                (14230, 4739),
                0x0f0c_461c,
                0xdde5_1bbf,
            ),
            (
                "3ffe:1900:4545:3:200:f8ff:fe21:67cf",
                "fe80::200:f8ff:fe21:67cf",
                (44251, 38024),
                0x4b61_e985,
                0x02d1_feef,
            ),
        ] {
            check(&address(source), &address(target), ports, addresses, all);
        }
    }
}
