//! Which pages a buffer covers, and how two data pointers describe them (NVM Express Base 2.0 §4.1.1). Pure.
//!
//! A transfer of `length` bytes at bus address `start` covers a run of pages. The first pointer is `start` itself and
//! may begin inside a page; every further address is a page boundary. If there is one further page, the second
//! pointer takes its address. If there are more, the engine writes their addresses into a list, and the second
//! pointer takes the list's address.

/// Returns the number of pages that `length` bytes at `start` touch; `None` if the range is empty or its end does not
/// fit an address.
pub(crate) const fn pages(start: u64, length: u64, page: u64) -> Option<u64> {
    if length == 0 {
        return None;
    }
    match start.checked_add(length - 1) {
        Some(last) => Some(last / page - start / page + 1),
        None => None,
    }
}

/// Returns address `index` after the first pointer: the start of the transfer's page `index + 1`. `None` past the end
/// of the address space.
pub(crate) const fn entry(start: u64, index: u64, page: u64) -> Option<u64> {
    let first = start - start % page;
    match index.checked_add(1) {
        Some(n) => match n.checked_mul(page) {
            Some(bytes) => first.checked_add(bytes),
            None => None,
        },
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: u64 = 4096;
    use std::vec::Vec;

    /// Walks the pointers and the list as a controller does, and returns the bytes that each address covers.
    fn walk(start: u64, length: u64) -> Vec<(u64, u64)> {
        let mut spans = Vec::new();
        let first = (PAGE - start % PAGE).min(length);
        spans.push((start, first));
        let mut left = length - first;
        let mut index = 0;
        while left > 0 {
            let span = left.min(PAGE);
            spans.push((entry(start, index, PAGE).unwrap(), span));
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
                    pages(start, length, PAGE).unwrap(),
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
    fn pages_are_those_that_the_bytes_touch() {
        assert_eq!(pages(512, 3584, PAGE), Some(1));
        assert_eq!(pages(512, 3585, PAGE), Some(2));
        assert_eq!(pages(0, 8192, PAGE), Some(2));
        assert_eq!(pages(4, 8192, PAGE), Some(3));
        assert_eq!(pages(0, 131_072, PAGE), Some(32));
    }

    #[test]
    fn empty_and_wrapping_ranges_are_refused() {
        assert_eq!(pages(4096, 0, PAGE), None);
        assert_eq!(pages(u64::MAX, 2, PAGE), None);
        assert_eq!(pages(u64::MAX, 1, PAGE), Some(1));
        assert_eq!(entry(u64::MAX, 0, PAGE), None);
        assert_eq!(entry(0, u64::MAX, PAGE), None);
        assert_eq!(entry(0, u64::MAX - 1, PAGE), None);
    }
}
