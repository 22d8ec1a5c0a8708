//! Checks a response while it arrives: parses its head and compares its body with the pattern.

use httparse::{EMPTY_HEADER, Status};
use std::vec::Vec;

use crate::pattern;

/// Bytes of the longest head that is accepted.
const LONGEST: usize = 2048;

/// The verdict on the bytes of a response that have arrived so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The bytes are right, and more must come.
    Partial,
    /// The whole response has arrived, and is right.
    Whole,
    /// The response is not the expected one.
    Wrong,
}

/// A response that has arrived in part.
pub(super) struct Response {
    seed: u64,
    bytes: u64,
    /// `Err` with the bytes of the head until the head is complete. Then `Ok` with the number of bytes of the body that
    /// have arrived.
    head: Result<u64, Vec<u8>>,
}

impl Response {
    /// Expects a response whose body is the first `bytes` bytes of the pattern of `seed`.
    pub(super) fn new(seed: u64, bytes: u64) -> Self {
        Self {
            seed,
            bytes,
            head: Err(Vec::new()),
        }
    }

    /// Takes the next bytes of the response. Returns the number of right bytes of the body among these bytes, and the
    /// verdict after them.
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

/// The head is malformed, does not report success, or gives another length of the body.
struct NotRight;

/// Returns the length of a head that reports success and a body of `bytes` bytes. `None` while the head is not
/// complete.
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
    fn a_response_in_pieces_of_any_size_is_whole() {
        for piece in [1, 7, 44, 1000] {
            assert_eq!(verdict(&right(), piece), Verdict::Whole);
            assert_eq!(verdict(&right()[..340], piece), Verdict::Partial);
        }
    }

    #[test]
    fn a_changed_response_is_wrong() {
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
