//! A descriptor chain: the memory of one virtio buffer (§2.7.5).

use std::vec::Vec;

use crate::device_memory::{Memory, Stray};

/// The memory of one element of a chain, or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) bus: u64,
    pub(super) length: u32,
}

/// A chain, with the descriptors that the device read when it took the chain.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) head: u16,
    pub(super) readable: Vec<Span>,
    pub(super) writable: Vec<Span>,
}

/// Returns the total length of the spans, in bytes.
pub(super) fn total(spans: &[Span]) -> u64 {
    spans.iter().map(|span| u64::from(span.length)).sum()
}

/// Returns the `length` bytes from byte `from` on, or fewer if the spans end before. The device works on bytes because
/// it must not depend on how the driver divides a buffer into elements (§2.7.4.1).
pub(super) fn part(spans: &[Span], from: u64, length: u64) -> Vec<Span> {
    let (mut skip, mut left) = (from, length);
    let mut parts = Vec::new();
    for span in spans {
        let skipped = skip.min(u64::from(span.length));
        skip -= skipped;
        let taken = (u64::from(span.length) - skipped).min(left);
        left -= taken;
        if taken > 0 {
            parts.push(Span {
                bus: span.bus.wrapping_add(skipped),
                length: taken as u32,
            });
        }
    }
    parts
}

/// Reads the spans from their beginning into `into`. If they are shorter, the rest of `into` stays as it is.
pub(super) fn gather(memory: &Memory, spans: &[Span], into: &mut [u8]) -> Result<(), Stray> {
    let mut rest = into;
    for span in spans {
        let (part, after) = rest.split_at_mut(rest.len().min(span.length as usize));
        memory.read(span.bus, part)?;
        rest = after;
    }
    Ok(())
}

/// Writes `from` to the spans from their beginning on. If they are shorter, the rest of `from` is not written.
pub(super) fn scatter(memory: &Memory, spans: &[Span], from: &[u8]) -> Result<(), Stray> {
    let mut rest = from;
    for span in spans {
        let (part, after) = rest.split_at(rest.len().min(span.length as usize));
        memory.write(span.bus, part)?;
        rest = after;
    }
    Ok(())
}
