//! Parses the heads of requests.

use httparse::{EMPTY_HEADER, Error, Header, Status};

use crate::args::BODY;

/// The longest head, in bytes.
pub(crate) const LONGEST: usize = 2048;
/// The largest number of fields in a head.
const MOST_FIELDS: usize = 32;

/// The result of parsing the bytes that have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The head is not complete yet.
    Partial,
    /// A complete head of this length.
    Request { length: usize, request: Request },
    /// The bytes are refused. The connection ends, since it is unknown where the next request begins.
    Refused(Refusal),
}

/// A request without a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) asked: Asked,
    /// Whether the peer may send another request on the same connection.
    pub(crate) keep: bool,
}

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// A request for the body, or only for the head of its answer.
    Body { head_only: bool },
    /// A path that does not exist.
    Unknown,
    /// A method that is not supported.
    Method,
}

/// Why bytes are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The bytes are no valid request.
    Bad,
    /// The head is too long.
    TooLong,
    /// The request announces a body.
    HasBody,
}

/// Parses the head at the start of `bytes`. A head longer than [`LONGEST`] is refused.
pub(crate) fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [EMPTY_HEADER; MOST_FIELDS];
    let mut request = httparse::Request::new(&mut fields);
    match request.parse(bytes) {
        Ok(Status::Complete(length)) if length <= LONGEST => match judge(&request) {
            Ok(request) => Parsed::Request { length, request },
            Err(refusal) => Parsed::Refused(refusal),
        },
        Ok(Status::Partial) if bytes.len() < LONGEST => Parsed::Partial,
        Ok(_) | Err(Error::TooManyHeaders) => Parsed::Refused(Refusal::TooLong),
        Err(_) => Parsed::Refused(Refusal::Bad),
    }
}

fn judge(request: &httparse::Request<'_, '_>) -> Result<Request, Refusal> {
    let newer = request.version == Some(1);
    let fields = &*request.headers;
    // RFC 9112, section 3.2: a request has exactly one `Host` field.
    if newer && named(fields, "host").count() != 1 {
        return Err(Refusal::Bad);
    }
    let length = named(fields, "content-length").any(|value| value.trim_ascii() != b"0");
    if length || named(fields, "transfer-encoding").next().is_some() {
        return Err(Refusal::HasBody);
    }
    let has = |option: &str| {
        named(fields, "connection")
            .flat_map(|value| value.split(|&byte| byte == b','))
            .any(|word| word.trim_ascii().eq_ignore_ascii_case(option.as_bytes()))
    };
    let keep = !has("close") && (newer || has("keep-alive"));
    let asked = match (request.method, request.path) {
        (Some("GET"), Some(BODY)) => Asked::Body { head_only: false },
        (Some("HEAD"), Some(BODY)) => Asked::Body { head_only: true },
        (Some("GET" | "HEAD"), _) => Asked::Unknown,
        _ => Asked::Method,
    };
    Ok(Request { asked, keep })
}

/// Returns the values of the fields with this name.
fn named<'f>(fields: &'f [Header<'f>], name: &'f str) -> impl Iterator<Item = &'f [u8]> {
    fields
        .iter()
        .filter(move |field| field.name.eq_ignore_ascii_case(name))
        .map(|field| field.value)
}

#[cfg(test)]
mod tests {
    use super::{Asked, LONGEST, Parsed, Refusal, Request, parse};
    use std::format;
    use std::vec::Vec;

    fn request(text: &str) -> Request {
        match parse(text.as_bytes()) {
            Parsed::Request { length, request } => {
                assert_eq!(length, text.len());
                request
            }
            other => panic!("{text:?} is {other:?}"),
        }
    }

    #[test]
    fn requests_are_understood() {
        let body = |head_only, keep| Request {
            asked: Asked::Body { head_only },
            keep,
        };
        for (text, expected) in [
            ("GET /body HTTP/1.1\r\nHost: x\r\n\r\n", body(false, true)),
            ("HEAD /body HTTP/1.1\r\nhOST: x\r\n\r\n", body(true, true)),
            (
                "GET /body HTTP/1.1\r\nHost: x\r\nConnection: x, Close\r\n\r\n",
                body(false, false),
            ),
            ("GET /body HTTP/1.0\r\n\r\n", body(false, false)),
            (
                "GET /body HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                body(false, true),
            ),
            (
                "GET /body HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                body(false, true),
            ),
        ] {
            assert_eq!(request(text), expected, "{text:?}");
        }
        let asked = |line: &str| request(&format!("{line} HTTP/1.1\r\nHost: x\r\n\r\n")).asked;
        assert_eq!(asked("GET /"), Asked::Unknown);
        assert_eq!(asked("GET /body/"), Asked::Unknown);
        assert_eq!(asked("POST /body"), Asked::Method);
    }

    #[test]
    fn malformed_requests_are_refused() {
        for (text, refusal) in [
            ("GET /body HTTP/1.1\r\n\r\n", Refusal::Bad),
            (
                "GET /body HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
                Refusal::Bad,
            ),
            ("GET /body HTTP/2.0\r\n\r\n", Refusal::Bad),
            ("\0\r\n\r\n", Refusal::Bad),
            ("GET /body HTTP/1.1\r\nHost x\r\n\r\n", Refusal::Bad),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
                Refusal::HasBody,
            ),
            (
                "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
                Refusal::HasBody,
            ),
        ] {
            assert_eq!(parse(text.as_bytes()), Parsed::Refused(refusal), "{text:?}");
        }
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(40));
        assert_eq!(parse(many.as_bytes()), Parsed::Refused(Refusal::TooLong));
        let long = format!("GET /{} HTTP/1.1\r\n", "a".repeat(LONGEST));
        assert_eq!(parse(long.as_bytes()), Parsed::Refused(Refusal::TooLong));
    }

    #[test]
    fn a_head_may_come_in_pieces_or_with_more_bytes() {
        let text = b"GET /body HTTP/1.1\r\nHost: x\r\n\r\n";
        for end in 0..text.len() {
            assert_eq!(parse(&text[..end]), Parsed::Partial, "{end} bytes");
        }
        let two: Vec<u8> = [&text[..], text].concat();
        assert!(matches!(parse(&two), Parsed::Request { length, .. } if length == text.len()));
    }
}
