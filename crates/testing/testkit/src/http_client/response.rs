//! A response on its way: its head is understood, its body compared.

use httparse::{EMPTY_HEADER, Status};
use std::vec::Vec;

use crate::pattern;

/// Longest head that is waited for, in bytes.
const LONGEST: usize = 2048;

/// What is known of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Right so far.
    Partial,
    /// All of it came, and was right.
    Whole,
    /// Not what was asked for.
    Wrong,
}

/// What has arrived of one.
pub(super) struct Response {
    seed: u64,
    bytes: u64,
    /// The head, until it's whole; then how much of the body came.
    head: Result<u64, Vec<u8>>,
}

impl Response {
    /// One that must bring `bytes` bytes of the pattern of `seed`.
    pub(super) fn new(seed: u64, bytes: u64) -> Self {
        Self {
            seed,
            bytes,
            head: Err(Vec::new()),
        }
    }

    /// Takes the next of it: how many bytes of the body were right, and what is known then.
    pub(super) fn take(&mut self, bytes: &[u8]) -> (u64, Verdict) {
        let (have, body) = match &mut self.head {
            Ok(have) => (*have, bytes.to_vec()),
            Err(head) => {
                head.extend_from_slice(bytes);
                match understood(head, self.bytes) {
                    Ok(Some(end)) => (0, head.split_off(end)),
                    Ok(None) if head.len() <= LONGEST => return (0, Verdict::Partial),
                    Ok(None) | Err(NotRight) => return (0, Verdict::Wrong),
                }
            }
        };
        let right = pattern::first_mismatch(self.seed, have, &body);
        let count = right.unwrap_or(body.len()) as u64;
        let now = have + count;
        self.head = Ok(now);
        let verdict = match now.cmp(&self.bytes) {
            _ if right.is_some() => Verdict::Wrong,
            core::cmp::Ordering::Less => Verdict::Partial,
            core::cmp::Ordering::Equal => Verdict::Whole,
            core::cmp::Ordering::Greater => Verdict::Wrong,
        };
        (count, verdict)
    }
}

/// A head that says no success, or another length.
struct NotRight;

/// The length of a head that says success and a body of `bytes` bytes; `None` while it is not whole.
fn understood(head: &[u8], bytes: u64) -> Result<Option<usize>, NotRight> {
    let mut fields = [EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut fields);
    let Status::Complete(end) = response.parse(head).map_err(|_| NotRight)? else {
        return Ok(None);
    };
    let lengths = response
        .headers
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case("content-length"));
    let lengths = lengths.map(|field| str::from_utf8(field.value).ok()?.parse().ok());
    let is_right =
        (response.version, response.code) == (Some(1), Some(200)) && lengths.eq([Some(bytes)]);
    if is_right {
        Ok(Some(end))
    } else {
        Err(NotRight)
    }
}

#[cfg(test)]
mod tests {
    use super::{Response, Verdict};
    use crate::pattern;
    use std::vec;
    use std::vec::Vec;

    fn right() -> Vec<u8> {
        let mut body = vec![0; 300];
        pattern::fill(5, 0, &mut body);
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 300\r\nx: y\r\n\r\n";
        [&head[..], &body].concat()
    }

    fn verdict(bytes: &[u8], piece: usize) -> Verdict {
        let mut response = Response::new(5, 300);
        for piece in bytes.chunks(piece) {
            match response.take(piece).1 {
                Verdict::Partial => {}
                other => return other,
            }
        }
        Verdict::Partial
    }

    #[test]
    fn pieces_of_any_size_make_a_whole() {
        for piece in [1, 7, 44, 1000] {
            assert_eq!(verdict(&right(), piece), Verdict::Whole);
            assert_eq!(verdict(&right()[..340], piece), Verdict::Partial);
        }
    }

    #[test]
    fn anything_else_is_wrong() {
        let changed = |at: usize| {
            let mut bytes = right();
            bytes[at] ^= 1;
            bytes
        };
        let last = right().len() - 1;
        for bytes in [
            changed(9),
            changed(33),
            changed(60),
            changed(last),
            [right(), vec![0]].concat(),
            vec![b'x'; 3000],
        ] {
            assert_eq!(verdict(&bytes, 5000), Verdict::Wrong);
        }
    }
}
