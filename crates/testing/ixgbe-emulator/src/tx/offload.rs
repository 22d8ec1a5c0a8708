//! Checksums that the device inserts (section 7.2.5), and VLAN tags (section 7.4).

use alloc::vec::Vec;

use super::descriptor::{Context, Layer4, Legacy, Request};
use crate::checksum::{never_zero, sctp_crc, sum};

/// The packet does not fit its context.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Malformed;

/// Writes `value` big-endian at `at`.
pub(super) fn put16(frame: &mut [u8], at: usize, value: u16) -> Result<(), Malformed> {
    let field = frame.get_mut(at..at + 2).ok_or(Malformed)?;
    field.copy_from_slice(&value.to_be_bytes());
    Ok(())
}

/// Inserts the checksum of the IPv4 header.
pub(super) fn ip_checksum(frame: &mut [u8], context: &Context) -> Result<(), Malformed> {
    let at = context.mac_length;
    put16(frame, at + 10, 0)?;
    let header = frame.get(at..at + context.ip_length).ok_or(Malformed)?;
    let checksum = !sum(header, 0);
    put16(frame, at + 10, checksum)
}

/// Inserts the checksum of TCP, UDP or SCTP. The driver has put the sum over the pseudo header into the field.
/// `extra` is added to this sum. For a segmented packet the driver's sum leaves out the length, so `extra` is the
/// length that the pseudo header holds. For other packets `extra` is 0.
pub(super) fn l4_checksum(
    frame: &mut [u8],
    context: &Context,
    extra: u32,
) -> Result<(), Malformed> {
    let at = context.mac_length + context.ip_length;
    let payload = frame.get_mut(at..).ok_or(Malformed)?;
    match context.layer4 {
        Layer4::Tcp => {
            let checksum = !sum(payload, extra);
            put16(payload, 16, checksum)
        }
        Layer4::Udp => {
            let checksum = never_zero(!sum(payload, extra));
            put16(payload, 6, checksum)
        }
        Layer4::Sctp => {
            payload.get_mut(8..12).ok_or(Malformed)?.fill(0);
            let crc = sctp_crc(payload);
            payload[8..12].copy_from_slice(&crc.to_le_bytes());
            Ok(())
        }
        Layer4::Reserved => Err(Malformed),
    }
}

/// Inserts the checksum that a legacy descriptor asks for.
fn legacy_checksum(frame: &mut [u8], legacy: &Legacy) -> Result<(), Malformed> {
    let checksum = !sum(frame.get(legacy.start..).ok_or(Malformed)?, 0);
    put16(frame, legacy.place, checksum)
}

/// Applies the offloads of a packet that is sent as one frame.
pub(super) fn single(
    frame: &mut [u8],
    request: &Request,
    context: &Context,
) -> Result<(), Malformed> {
    match &request.legacy {
        Some(legacy) if legacy.checksum => return legacy_checksum(frame, legacy),
        Some(_) => return Ok(()),
        None => {}
    }
    if request.ip_checksum {
        ip_checksum(frame, context)?;
    }
    if request.l4_checksum {
        l4_checksum(frame, context, 0)?;
    }
    Ok(())
}

/// Inserts a VLAN tag behind the addresses.
pub(super) fn tag(frame: &mut Vec<u8>, ethertype: u16, tag: u16) -> Result<(), Malformed> {
    if frame.len() < 12 {
        return Err(Malformed);
    }
    let [a, b] = ethertype.to_be_bytes();
    let [c, d] = tag.to_be_bytes();
    frame.splice(12..12, [a, b, c, d]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Context, Layer4, Malformed, Request, single, tag};

    const UDP: Context = Context {
        mac_length: 14,
        ip_length: 20,
        l4_length: 0,
        mss: 0,
        vlan: 0,
        ipv4: true,
        layer4: Layer4::Udp,
    };

    /// Returns the datagram of the receive tests without its two checksums, which the code under test must insert.
    fn datagram() -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend([
            8, 0, 0x45, 0, 0, 30, 0, 0, 0, 0, 64, 17, 0xaa, 0xaa, 10, 0, 0, 1, 10, 0, 0, 2,
        ]);
        // The pseudo header's sum: 0a00 + 0001 + 0a00 + 0002 + 0011 + 000a.
        frame.extend([0, 1, 0, 2, 0, 10, 0x14, 0x1e, b'h', b'i']);
        frame
    }

    #[test]
    fn golden_checksums() {
        let request = Request {
            ip_checksum: true,
            l4_checksum: true,
            ..Request::default()
        };
        let mut frame = datagram();
        assert_eq!(single(&mut frame, &request, &UDP), Ok(()));
        assert_eq!(frame[24..26], [0x66, 0xcd]);
        assert_eq!(frame[40..42], [0x83, 0x6b]);
    }

    #[test]
    fn lengths_beyond_the_frame_are_refused() {
        let request = Request {
            l4_checksum: true,
            ..Request::default()
        };
        let wild = Context {
            ip_length: 511,
            mac_length: 127,
            ..UDP
        };
        assert_eq!(single(&mut datagram(), &request, &wild), Err(Malformed));
        let none = Context {
            layer4: Layer4::Reserved,
            ..UDP
        };
        assert_eq!(single(&mut datagram(), &request, &none), Err(Malformed));
    }

    #[test]
    fn a_tag_goes_behind_the_addresses() {
        let mut frame = datagram();
        assert_eq!(tag(&mut frame, 0x8100, 0x6005), Ok(()));
        assert_eq!(frame[12..18], [0x81, 0, 0x60, 5, 8, 0]);
        assert_eq!(tag(&mut vec![0; 11], 0x8100, 1), Err(Malformed));
    }
}
