//! TCP and UDP segmentation (section 7.2.4).

use alloc::vec::Vec;

use super::descriptor::{Context, Layer4, Request};
use super::offload::{Malformed, ip_checksum, l4_checksum, put16};
use crate::packet::word;
use crate::registers::{RegisterFile, offset as at};

/// The largest number of segments of one packet. It is enough for 256 KiB in pieces of 64 bytes.
const SEGMENTS: usize = 4096;

/// Masks of the TCP flags that a segment keeps: the first segment, the last segment, and the segments between them
/// (sections 8.2.3.9.3 and 8.2.3.9.4).
#[derive(Clone, Copy, Debug)]
pub(super) struct TcpFlags {
    first: u16,
    middle: u16,
    last: u16,
}

impl TcpFlags {
    pub(super) fn of(file: &RegisterFile) -> Self {
        let low = file.get(at::DTXTCPFLGL);
        TcpFlags {
            first: low as u16 & 0xfff,
            middle: (low >> 16) as u16 & 0xfff,
            last: file.get(at::DTXTCPFLGH) as u16 & 0xfff,
        }
    }
}

/// Cuts `packet` into frames of at most `mss` bytes of payload, and passes each frame to `send`.
pub(super) fn segment(
    packet: &[u8],
    request: &Request,
    context: &Context,
    flags: TcpFlags,
    send: &mut dyn FnMut(Vec<u8>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let length = context.mac_length + context.ip_length + context.l4_length;
    let least = match context.layer4 {
        Layer4::Tcp => 20,
        Layer4::Udp => 8,
        _ => return Err(Malformed),
    };
    let ip_least = if context.ipv4 { 20 } else { 40 };
    let sound = context.mac_length >= 14
        && context.ip_length >= ip_least
        && context.l4_length >= least
        && context.mss > 0
        && packet.len().checked_sub(length) == Some(request.payload);
    if !sound {
        return Err(Malformed);
    }
    let (headers, payload) = packet.split_at(length);
    let count = payload.len().div_ceil(context.mss).max(1);
    if count > SEGMENTS {
        return Err(Malformed);
    }
    for index in 0..count {
        let start = index * context.mss;
        let piece = &payload[start..payload.len().min(start + context.mss)];
        let mut frame = Vec::with_capacity(length + piece.len());
        frame.extend_from_slice(headers);
        frame.extend_from_slice(piece);
        network(&mut frame, context, index, piece.len())?;
        match context.layer4 {
            Layer4::Tcp => tcp(&mut frame, context, start, flags.at(index, count))?,
            _ => {
                let datagram = context.l4_length + piece.len();
                put16(
                    &mut frame,
                    context.mac_length + context.ip_length + 4,
                    datagram as u16,
                )?;
            }
        }
        if request.ip_checksum && context.ipv4 {
            ip_checksum(&mut frame, context)?;
        }
        if request.l4_checksum {
            // The driver's sum over the pseudo header does not include the length.
            let extra = (context.l4_length + piece.len()) as u32;
            l4_checksum(&mut frame, context, extra)?;
        }
        send(frame)?;
    }
    Ok(())
}

impl TcpFlags {
    /// Returns the mask of segment `index` of `count`. A single segment is both first and last and keeps all flags.
    fn at(&self, index: usize, count: usize) -> u16 {
        match (index == 0, index + 1 == count) {
            (true, true) => 0xfff,
            (true, false) => self.first,
            (false, true) => self.last,
            (false, false) => self.middle,
        }
    }
}

/// Sets the lengths and the identification of the IP header.
fn network(
    frame: &mut [u8],
    context: &Context,
    index: usize,
    payload: usize,
) -> Result<(), Malformed> {
    let ip = context.mac_length;
    let total = context.ip_length + context.l4_length + payload;
    if context.ipv4 {
        let identification = word(frame, ip + 4).ok_or(Malformed)?;
        put16(frame, ip + 2, u16::try_from(total).map_err(|_| Malformed)?)?;
        put16(frame, ip + 4, identification.wrapping_add(index as u16))
    } else {
        put16(
            frame,
            ip + 4,
            u16::try_from(total - 40).map_err(|_| Malformed)?,
        )
    }
}

/// Sets the sequence number and the flags of the TCP header.
fn tcp(frame: &mut [u8], context: &Context, start: usize, mask: u16) -> Result<(), Malformed> {
    let tcp = context.mac_length + context.ip_length;
    let field = frame.get_mut(tcp + 4..tcp + 8).ok_or(Malformed)?;
    let sequence = field
        .iter()
        .fold(0u32, |word, &byte| word << 8 | u32::from(byte));
    field.copy_from_slice(&sequence.wrapping_add(start as u32).to_be_bytes());
    let flags = word(frame, tcp + 12).ok_or(Malformed)?;
    put16(frame, tcp + 12, flags & (0xf000 | mask))
}

#[cfg(test)]
mod tests {
    use super::{Context, Layer4, Malformed, Request, TcpFlags, segment};
    use crate::packet::parse;
    use crate::registers::RegisterFile;
    use crate::rx::test_findings;

    const CONTEXT: Context = Context {
        mac_length: 14,
        ip_length: 20,
        l4_length: 20,
        mss: 100,
        vlan: 0,
        ipv4: true,
        layer4: Layer4::Tcp,
    };

    const REQUEST: Request = Request {
        segment: true,
        ip_checksum: true,
        l4_checksum: true,
        vlan: false,
        payload: 250,
        context: 0,
        legacy: None,
    };

    /// Returns a packet that carries 250 bytes from 10.0.0.1 to 10.0.0.2. The flags are FIN, PSH, ACK and CWR. The
    /// checksum field holds the sum of the pseudo header without the length.
    fn packet() -> Vec<u8> {
        let mut packet = vec![0; 12];
        packet.extend([
            8, 0, 0x45, 0, 0, 0, 0xff, 0xff, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2,
        ]);
        packet.extend([
            0, 1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0x50, 0x99, 1, 0, 0x14, 9, 0, 0,
        ]);
        packet.extend((0..250).map(|i| i as u8));
        packet
    }

    fn run(packet: &[u8], request: &Request, context: &Context) -> Result<Vec<Vec<u8>>, Malformed> {
        let mut frames = Vec::new();
        let flags = TcpFlags::of(&RegisterFile::new());
        segment(packet, request, context, flags, &mut |frame| {
            frames.push(frame);
            Ok(())
        })?;
        Ok(frames)
    }

    #[test]
    fn golden_segments() {
        let frames = run(&packet(), &REQUEST, &CONTEXT).expect("a sound packet");
        let lengths: Vec<_> = frames.iter().map(Vec::len).collect();
        assert_eq!(lengths, [154, 154, 104]);
        // Total length, identification.
        assert_eq!(frames[0][16..20], [0, 140, 0xff, 0xff]);
        assert_eq!(frames[1][16..20], [0, 140, 0, 0]);
        assert_eq!(frames[2][16..20], [0, 90, 0, 1]);
        // The packet's sequence number is 0xffffffff, so it wraps around after the first byte.
        assert_eq!(frames[0][38..42], [0xff, 0xff, 0xff, 0xff]);
        assert_eq!(frames[1][38..42], [0, 0, 0, 99]);
        assert_eq!(frames[2][38..42], [0, 0, 0, 199]);
        // FIN and PSH are set only in the last segment, and CWR only in the first.
        assert_eq!(
            [frames[0][47], frames[1][47], frames[2][47]],
            [0x90, 0x10, 0x19]
        );
        let payload: Vec<u8> = frames
            .iter()
            .flat_map(|frame| frame[54..].to_vec())
            .collect();
        assert_eq!(payload, packet()[54..]);
        for frame in &frames {
            assert!(test_findings(frame, &parse(frame, 0x8100)), "{frame:x?}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let with = |change: &dyn Fn(&mut Context)| {
            let mut context = CONTEXT;
            change(&mut context);
            run(&packet(), &REQUEST, &context)
        };
        assert_eq!(with(&|c| c.mss = 0), Err(Malformed));
        assert_eq!(with(&|c| c.l4_length = 255), Err(Malformed));
        assert_eq!(with(&|c| c.layer4 = Layer4::Sctp), Err(Malformed));
        assert_eq!(with(&|c| c.mac_length = 0), Err(Malformed));
        let short = Request {
            payload: 249,
            ..REQUEST
        };
        assert_eq!(run(&packet(), &short, &CONTEXT), Err(Malformed));
    }
}
