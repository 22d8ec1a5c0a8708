//! A descriptor chain: the memory of one buffer (§2.7.5).

use std::vec::Vec;

use crate::device_memory::{Memory, Stray};

/// One element, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) bus: u64,
    pub(super) length: u32,
}

/// What was read of a chain when it was taken.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) head: u16,
    pub(super) readable: Vec<Span>,
    pub(super) writable: Vec<Span>,
}

/// Bytes of all of them.
pub(super) fn total(spans: &[Span]) -> u64 {
    spans.iter().map(|span| u64::from(span.length)).sum()
}

/// The `length` bytes from `from` on, as far as they are there. How a buffer is cut into elements is no concern
/// of the device's (§2.7.4.1).
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

/// Fills `into` from the beginning of the spans, as far as they go.
pub(super) fn gather(memory: &Memory, spans: &[Span], into: &mut [u8]) -> Result<(), Stray> {
    let mut rest = into;
    for span in spans {
        let (part, after) = rest.split_at_mut(rest.len().min(span.length as usize));
        memory.read(span.bus, part)?;
        rest = after;
    }
    Ok(())
}

/// Writes `from` to the beginning of the spans, as far as they go.
pub(super) fn scatter(memory: &Memory, spans: &[Span], from: &[u8]) -> Result<(), Stray> {
    let mut rest = from;
    for span in spans {
        let (part, after) = rest.split_at(rest.len().min(span.length as usize));
        memory.write(span.bus, part)?;
        rest = after;
    }
    Ok(())
}
