//! Physical Region Page arithmetic (NVM Express Base 2.0 §4.1.1), pure.
//!
//! A transfer of `length` bytes at bus address `start` covers a run of memory pages. PRP1 is `start`
//! itself and may begin inside a page; every further entry is a page boundary. One further page goes
//! into PRP2 directly; more go into a list, whose address goes into PRP2.

/// The memory page size that these layouts program into CC.MPS: 4 KiB.
pub const PAGE: u64 = 4096;

/// What PRP2 holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prp2 {
    /// Reserved: PRP1 covers everything.
    Unused,
    /// The second and last page.
    Page,
    /// A list of this many entries.
    List(u64),
}

/// Number of memory pages that `length` bytes at `start` touch; `None` if the range is empty or its
/// end does not fit an address.
pub(crate) const fn pages(start: u64, length: u64) -> Option<u64> {
    if length == 0 {
        return None;
    }
    match start.checked_add(length - 1) {
        Some(last) => Some(last / PAGE - start / PAGE + 1),
        None => None,
    }
}

/// The shape of PRP2 for a transfer that touches `pages` pages.
pub(crate) const fn prp2(pages: u64) -> Prp2 {
    match pages {
        0 | 1 => Prp2::Unused,
        2 => Prp2::Page,
        _ => Prp2::List(pages - 1),
    }
}

/// Entry `index` after PRP1: the address of the transfer's page `index + 1`. `None` past the end of
/// the address space.
pub(crate) const fn entry(start: u64, index: u64) -> Option<u64> {
    let first = start - start % PAGE;
    match index.checked_add(1) {
        Some(n) => match n.checked_mul(PAGE) {
            Some(bytes) => first.checked_add(bytes),
            None => None,
        },
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Walks the entries as a controller does and returns the bytes each one covers.
    fn walk(start: u64, length: u64) -> Vec<(u64, u64)> {
        let mut spans = Vec::new();
        let first = (PAGE - start % PAGE).min(length);
        spans.push((start, first));
        let mut left = length - first;
        let mut index = 0;
        while left > 0 {
            let span = left.min(PAGE);
            spans.push((entry(start, index).unwrap(), span));
            left -= span;
            index += 1;
        }
        spans
    }

    #[test]
    fn entries_cover_the_transfer_exactly() {
        for start in [0, 4, 512, 4092, 4096, 5000 & !3, 12288 - 512] {
            for length in [
                1,
                4,
                512,
                3584,
                4096,
                4100,
                8192,
                8196,
                131_072,
                131_072 - 512,
            ] {
                let spans = walk(start, length);
                assert_eq!(
                    spans.len() as u64,
                    pages(start, length).unwrap(),
                    "{start} {length}"
                );
                let mut at = start;
                for (address, span) in &spans {
                    assert_eq!(*address, at);
                    at += span;
                }
                assert_eq!(at, start + length);
                for (address, _) in &spans[1..] {
                    assert_eq!(address % PAGE, 0);
                }
            }
        }
    }

    #[test]
    fn prp2_is_unused_a_page_or_a_list() {
        assert_eq!(prp2(pages(512, 3584).unwrap()), Prp2::Unused);
        assert_eq!(prp2(pages(512, 3585).unwrap()), Prp2::Page);
        assert_eq!(prp2(pages(0, 8192).unwrap()), Prp2::Page);
        assert_eq!(prp2(pages(4, 8192).unwrap()), Prp2::List(2));
        assert_eq!(prp2(pages(0, 131_072).unwrap()), Prp2::List(31));
    }

    #[test]
    fn empty_and_wrapping_ranges_are_refused() {
        assert_eq!(pages(4096, 0), None);
        assert_eq!(pages(u64::MAX, 2), None);
        assert_eq!(pages(u64::MAX, 1), Some(1));
        assert_eq!(entry(u64::MAX, 0), None);
        assert_eq!(entry(0, u64::MAX), None);
        assert_eq!(entry(0, u64::MAX - 1), None);
    }
}
