//! The Internet checksum (RFC 1071), and the CRCs of Ethernet and SCTP.

/// Returns the ones' complement sum of big-endian 16-bit words and `seed`, not complemented. An odd last byte is padded
/// with zero.
pub(crate) fn sum(bytes: &[u8], seed: u32) -> u16 {
    let mut chunks = bytes.chunks_exact(2);
    let mut total = u64::from(seed);
    for pair in &mut chunks {
        total += u64::from(u16::from_be_bytes([pair[0], pair[1]]));
    }
    if let [last] = chunks.remainder() {
        total += u64::from(*last) << 8;
    }
    while total > 0xffff {
        total = (total & 0xffff) + (total >> 16);
    }
    total as u16
}

/// Returns a checksum as a UDP header holds it, where zero means that there is no checksum.
pub(crate) fn never_zero(checksum: u16) -> u16 {
    if checksum == 0 { 0xffff } else { checksum }
}

/// The frame check sequence of Ethernet, IEEE 802.3.
pub(crate) fn ethernet_crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table(0xedb8_8320);
    crc(&TABLE, bytes)
}

/// The checksum of SCTP (RFC 9260): CRC-32C.
pub(crate) fn sctp_crc(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table(0x82f6_3b78);
    crc(&TABLE, bytes)
}

/// Returns the lookup table of a CRC that is computed byte by byte. `polynomial` is given with its bits reflected.
const fn table(polynomial: u32) -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = crc >> 1 ^ (polynomial * (crc & 1));
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
}

fn crc(table: &[u32; 256], bytes: &[u8]) -> u32 {
    let crc = bytes.iter().fold(!0u32, |crc, &byte| {
        crc >> 8 ^ table[usize::from(crc as u8 ^ byte)]
    });
    !crc
}

#[cfg(test)]
mod tests {
    use super::{ethernet_crc, sctp_crc, sum};

    #[test]
    fn published_check_values() {
        assert_eq!(ethernet_crc(b"123456789"), 0xcbf4_3926);
        assert_eq!(sctp_crc(b"123456789"), 0xe306_9283);
        // RFC 1071, section 3.
        let example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(sum(&example, 0), 0xddf2);
        assert_eq!(sum(&[0x12], 0), 0x1200);
    }
}
