//! Chooses the queue of a received frame (section 7.1.2).

use super::ddp::Fcoe;
use super::toeplitz::{Hash, KEY, hash};
use crate::packet::Headers;
use crate::registers::bits::{
    ETQF_ENABLE, ETQS_ENABLE, FCRECTL_ENABLE, FTQF_ENABLE, FTQF_MASKS, RXCSUM_PCSD,
};
use crate::registers::{RegisterFile, offset as at};

const ETHERTYPE_FILTERS: u32 = 8;
const FIVE_TUPLE_FILTERS: u32 = 128;

/// Returns the queue of a frame, and the hash that its descriptor reports.
pub(crate) fn steer(file: &RegisterFile, frame: &[u8], headers: &Headers) -> (u32, Hash) {
    let mrqc = file.get(at::MRQC);
    // For each mode (section 8.2.3.7.12): whether RSS is on, the mask of the RSS index, and the number of queues of a
    // pool. Traffic classes are not emulated: all traffic is of class 0.
    let (scaled, mask, pool_queues) = match mrqc & 0xf {
        1 | 4 | 5 => (true, 0xf, 0),
        8 => (false, 0, 2),
        0xa => (true, 3, 4),
        0xb => (true, 1, 2),
        _ => (false, 0, 0),
    };
    let hash = if scaled {
        hash(mrqc, &key(file), frame, headers)
    } else {
        Hash::default()
    };
    let reported = if file.has(at::RXCSUM, RXCSUM_PCSD) {
        hash
    } else {
        Hash::default()
    };
    if let Some(queue) = by_exchange(file, frame, headers) {
        return (queue, reported);
    }
    if let Some(queue) = by_ethertype(file, headers.ethertype) {
        return (queue, reported);
    }
    if let Some(queue) = by_five_tuple(file) {
        return (queue, reported);
    }
    let index = if hash.kind == 0 {
        0
    } else {
        redirect(file, hash.value) & mask
    };
    let pool = file.get(at::VT_CTL) >> 7 & 0x3f;
    ((pool * pool_queues + index) & 0x7f, reported)
}

/// Looks up the redirection table, which has 128 entries of four bits, one in each byte (section 7.1.2.8.2).
fn redirect(file: &RegisterFile, hash: u32) -> u32 {
    let entry = hash & 0x7f;
    file.get(at::RETA + entry / 4 * 4) >> (entry % 4 * 8) & 0xf
}

fn key(file: &RegisterFile) -> [u8; KEY] {
    let mut key = [0; KEY];
    for (index, bytes) in (0..).zip(key.chunks_exact_mut(4)) {
        bytes.copy_from_slice(&file.get(at::RSSRK + index * 4).to_le_bytes());
    }
    key
}

/// Looks up the FCoE redirection table, where the lowest three bits of the exchange choose one of eight entries
/// (section 7.1.2.4). The number of entries was checked against a document. It was not checked that the lowest bits
/// choose.
fn by_exchange(file: &RegisterFile, frame: &[u8], headers: &Headers) -> Option<u32> {
    if !file.has(at::FCRECTL, FCRECTL_ENABLE) {
        return None;
    }
    let exchange = u32::from(Fcoe::of(file, frame, headers)?.exchange());
    Some(file.get(at::FCRETA + exchange % 8 * 4) & 0x7f)
}

/// Returns the queue of the first five-tuple filter whose masks switch off every comparison, so that it matches all
/// frames. Other five-tuple filters are not emulated (section 7.1.2.5).
fn by_five_tuple(file: &RegisterFile) -> Option<u32> {
    let wanted = FTQF_ENABLE | FTQF_MASKS;
    let index = (0..FIVE_TUPLE_FILTERS).find(|index| file.has(at::FTQF + index * 4, wanted))?;
    Some(file.get(at::L34TIMIR + index * 4) >> 21 & 0x7f)
}

/// Returns the queue of the first EtherType filter that matches and has a queue assigned (section 7.1.2.3).
fn by_ethertype(file: &RegisterFile, ethertype: u16) -> Option<u32> {
    (0..ETHERTYPE_FILTERS).find_map(|index| {
        let filter = file.get(at::ETQF + index * 4);
        let select = file.get(at::ETQS + index * 4);
        let matches = filter & ETQF_ENABLE != 0 && filter as u16 == ethertype;
        (matches && select & ETQS_ENABLE != 0).then_some(select >> 16 & 0x7f)
    })
}

#[cfg(test)]
mod tests {
    use super::steer;
    use crate::packet::parse;
    use crate::registers::{RegisterFile, offset as at};

    /// A TCP packet with the addresses and ports of the first test vector that Microsoft published.
    fn packet() -> Vec<u8> {
        let mut frame = vec![0; 60];
        frame[12..14].copy_from_slice(&[8, 0]);
        frame[14] = 0x45;
        frame[16..18].copy_from_slice(&40u16.to_be_bytes());
        frame[23] = 6;
        frame[26..30].copy_from_slice(&[66, 9, 149, 187]);
        frame[30..34].copy_from_slice(&[161, 142, 100, 80]);
        frame[34..36].copy_from_slice(&2794u16.to_be_bytes());
        frame[36..38].copy_from_slice(&1766u16.to_be_bytes());
        frame
    }

    fn file() -> RegisterFile {
        let mut file = RegisterFile::new();
        let key = [
            0xda56_5a6d,
            0xc20e_5b25,
            0x3d25_6741,
            0xb08f_a343,
            0xcb2b_cad0,
            0xb430_7bae,
            0xa32d_cb77,
            0x0cf2_3080,
            0x3bb7_426a,
            0xfa01_acbe,
        ];
        for (index, word) in (0..).zip(key) {
            file.set(at::RSSRK + index * 4, word);
        }
        // 0x51ccc178 & 0x7f is entry 120, 0x323e8fc2 & 0x7f is entry 66.
        file.set(at::RETA + 30 * 4, 0x0000_0005);
        file.set(at::RETA + 16 * 4, 0x0009_0000);
        file.set(at::RXCSUM, 1 << 13);
        file
    }

    #[test]
    fn the_hash_chooses_the_queue() {
        let mut file = file();
        let frame = packet();
        let headers = parse(&frame, 0x8100);
        assert_eq!(steer(&file, &frame, &headers).0, 0);
        file.set(at::MRQC, 1 | 1 << 16 | 1 << 17);
        let (queue, hash) = steer(&file, &frame, &headers);
        assert_eq!((queue, hash.kind, hash.value), (5, 1, 0x51cc_c178));
        file.set(at::MRQC, 1 | 1 << 17);
        let (queue, hash) = steer(&file, &frame, &headers);
        assert_eq!((queue, hash.kind, hash.value), (9, 2, 0x323e_8fc2));
        file.set(at::RXCSUM, 0);
        let (queue, hash) = steer(&file, &frame, &headers);
        assert_eq!((queue, hash.kind), (9, 0));
    }

    #[test]
    fn an_ethertype_filter_goes_first() {
        let mut file = file();
        file.set(at::MRQC, 1 | 1 << 16);
        file.set(at::ETQF + 4, 0x8000_0800);
        file.set(at::ETQS + 4, 0x8000_0000 | 77 << 16);
        let frame = packet();
        assert_eq!(steer(&file, &frame, &parse(&frame, 0x8100)).0, 77);
    }
}
