//! The lines by which the kernel talks to this program.
//!
//! A line that begins with `@` is for us, any other for people. The lines are:
//!
//! * `@sha256 HEX bytes=N`: digest and length of all that was read from the disk;
//! * `@wrote offset=N bytes=N`: a write of [`samara_testkit::pattern`], after it was flushed;
//! * `@totals crashes=N recovered=N lost=N leaked_objects=N leaked_pages=N panics=N faults=N overflows=N
//!   hangs=N double_panics=N`: the demo's outcome;
//! * `@listening port=N`: connections are taken from now on;
//! * `@network answered=N broken=N accepted=N crashes=N recovered=N retransmitted=N`: the outcome of the
//!   network's part, before `@totals`;
//! * `@test NAME ok` or `@test NAME FAILED`, then `@tests passed=N failed=N collected=N`.
//!
//! Kernel and xtask come from one checkout: whatever is not exactly this is an error, never skipped.

use std::fmt;

use crate::disk::{Region, Sha256Digest};

/// What the kernel tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Message {
    Sha256 {
        digest: Sha256Digest,
        bytes: u64,
    },
    Wrote(Region),
    Totals(Totals),
    Listening {
        port: u64,
    },
    Network(NetworkTotals),
    Test {
        name: String,
        passed: bool,
    },
    Tests {
        passed: u64,
        failed: u64,
        collected: u64,
    },
}

/// The demo's outcome as the kernel counted it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Totals {
    /// Crashes of the driver.
    pub(crate) crashes: u64,
    /// Crashes after which the driver worked again.
    pub(crate) recovered: u64,
    /// Requests that were never answered.
    pub(crate) lost: u64,
    /// Shared objects that nobody owns.
    pub(crate) leaked_objects: u64,
    /// Pages that nobody owns.
    pub(crate) leaked_pages: u64,
    /// Crashes of each kind, in the order of [`FaultKind::ALL`](crate::cli::FaultKind::ALL).
    pub(crate) by_kind: [u64; 5],
}

/// The outcome of the network's part as the kernel counted it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct NetworkTotals {
    /// Requests that were answered.
    pub(crate) answered: u64,
    /// Connections that were lost before their answer was complete.
    pub(crate) broken: u64,
    /// Connections that were made.
    pub(crate) accepted: u64,
    /// Crashes of the network driver.
    pub(crate) crashes: u64,
    /// Crashes after which it worked again.
    pub(crate) recovered: u64,
    /// TCP segments that were sent again.
    pub(crate) retransmitted: u64,
}

/// Why a line that begins with `@` was not understood.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum ProtocolError {
    /// No such kind of line.
    Kind(String),
    /// The words after the kind are not as many or not as named as they should be.
    Form { usage: &'static str },
    /// Something that should be a number, a digest or a verdict is not.
    Value { what: &'static str, found: String },
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::Kind(kind) => write!(f, "unknown kind of line: @{kind}"),
            ProtocolError::Form { usage } => write!(f, "expected {usage}"),
            ProtocolError::Value { what, found } => write!(f, "bad {what}: {found:?}"),
        }
    }
}

/// Understands a line. `None` means that it is for people.
pub(super) fn parse(line: &str) -> Option<Result<Message, ProtocolError>> {
    let line = line.strip_prefix('@')?;
    let (kind, rest) = line.split_once(' ').unwrap_or((line, ""));
    Some(match kind {
        "sha256" => sha256(rest),
        "wrote" => numbers(rest, "@wrote offset=N bytes=N", ["offset", "bytes"])
            .map(|[offset, bytes]| Message::Wrote(Region { offset, bytes })),
        "totals" => {
            const USAGE: &str = "@totals crashes=N recovered=N lost=N leaked_objects=N leaked_pages=N panics=N \
                 faults=N overflows=N hangs=N double_panics=N";
            numbers(
                rest,
                USAGE,
                [
                    "crashes",
                    "recovered",
                    "lost",
                    "leaked_objects",
                    "leaked_pages",
                    "panics",
                    "faults",
                    "overflows",
                    "hangs",
                    "double_panics",
                ],
            )
            .map(
                |[
                    crashes,
                    recovered,
                    lost,
                    leaked_objects,
                    leaked_pages,
                    by_kind @ ..,
                ]| {
                    Message::Totals(Totals {
                        crashes,
                        recovered,
                        lost,
                        leaked_objects,
                        leaked_pages,
                        by_kind,
                    })
                },
            )
        }
        "listening" => {
            numbers(rest, "@listening port=N", ["port"]).map(|[port]| Message::Listening { port })
        }
        "network" => network(rest),
        "test" => test(rest),
        "tests" => numbers(
            rest,
            "@tests passed=N failed=N collected=N",
            ["passed", "failed", "collected"],
        )
        .map(|[passed, failed, collected]| Message::Tests {
            passed,
            failed,
            collected,
        }),
        _ => Err(ProtocolError::Kind(kind.to_owned())),
    })
}

fn network(text: &str) -> Result<Message, ProtocolError> {
    const USAGE: &str =
        "@network answered=N broken=N accepted=N crashes=N recovered=N retransmitted=N";
    let keys = [
        "answered",
        "broken",
        "accepted",
        "crashes",
        "recovered",
        "retransmitted",
    ];
    let [
        answered,
        broken,
        accepted,
        crashes,
        recovered,
        retransmitted,
    ] = numbers(text, USAGE, keys)?;
    Ok(Message::Network(NetworkTotals {
        answered,
        broken,
        accepted,
        crashes,
        recovered,
        retransmitted,
    }))
}

/// Reads `key=N` words that must be exactly `keys`, in this order.
fn numbers<const N: usize>(
    text: &str,
    usage: &'static str,
    keys: [&'static str; N],
) -> Result<[u64; N], ProtocolError> {
    let mut values = [0; N];
    let mut words = text.split(' ');
    for (value, key) in values.iter_mut().zip(keys) {
        let word = words.next().ok_or(ProtocolError::Form { usage })?;
        let number = word
            .strip_prefix(key)
            .and_then(|word| word.strip_prefix('='));
        let number = number.ok_or(ProtocolError::Form { usage })?;
        *value = number.parse().map_err(|_| ProtocolError::Value {
            what: key,
            found: number.to_owned(),
        })?;
    }
    match words.next() {
        None => Ok(values),
        Some(_) => Err(ProtocolError::Form { usage }),
    }
}

fn sha256(text: &str) -> Result<Message, ProtocolError> {
    const USAGE: &str = "@sha256 HEX bytes=N";
    let (hex, rest) = text
        .split_once(' ')
        .ok_or(ProtocolError::Form { usage: USAGE })?;
    let [bytes] = numbers(rest, USAGE, ["bytes"])?;
    let digest = parse_hex(hex).ok_or(ProtocolError::Value {
        what: "digest",
        found: hex.to_owned(),
    })?;
    Ok(Message::Sha256 { digest, bytes })
}

fn parse_hex(hex: &str) -> Option<Sha256Digest> {
    let mut digest = Sha256Digest::default();
    let nibbles: Vec<u32> = hex
        .chars()
        .map(|digit| digit.to_digit(16))
        .collect::<Option<_>>()?;
    if nibbles.len() != 2 * digest.len() {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(nibbles.chunks_exact(2)) {
        *byte = (pair[0] << 4 | pair[1]) as u8;
    }
    Some(digest)
}

fn test(text: &str) -> Result<Message, ProtocolError> {
    let (name, outcome) = text.rsplit_once(' ').ok_or(ProtocolError::Form {
        usage: "@test NAME ok|FAILED",
    })?;
    let passed = match outcome {
        "ok" => true,
        "FAILED" => false,
        _ => {
            return Err(ProtocolError::Value {
                what: "outcome",
                found: outcome.to_owned(),
            });
        }
    };
    Ok(Message::Test {
        name: name.to_owned(),
        passed,
    })
}

#[cfg(test)]
mod tests {
    use super::{Message, NetworkTotals, ProtocolError, Totals, parse};
    use crate::disk::Region;

    #[test]
    fn lines_for_people_are_left_alone() {
        for line in ["", "booting", " @totals", "a @test x ok"] {
            assert_eq!(parse(line), None);
        }
    }

    #[test]
    fn every_kind_is_understood() {
        let hex = "00ff".repeat(16);
        let digest = std::array::from_fn(|index| if index % 2 == 0 { 0 } else { 0xFF });
        let cases = [
            (
                format!("@sha256 {hex} bytes=12"),
                Message::Sha256 { digest, bytes: 12 },
            ),
            (
                "@wrote offset=512 bytes=4096".into(),
                Message::Wrote(Region {
                    offset: 512,
                    bytes: 4096,
                }),
            ),
            (
                "@totals crashes=1 recovered=2 lost=3 leaked_objects=4 leaked_pages=5 panics=6 faults=7 \
                 overflows=8 hangs=9 double_panics=10"
                    .into(),
                Message::Totals(Totals {
                    crashes: 1,
                    recovered: 2,
                    lost: 3,
                    leaked_objects: 4,
                    leaked_pages: 5,
                    by_kind: [6, 7, 8, 9, 10],
                }),
            ),
            ("@listening port=80".into(), Message::Listening { port: 80 }),
            (
                "@network answered=1 broken=2 accepted=3 crashes=4 recovered=5 retransmitted=6".into(),
                Message::Network(NetworkTotals {
                    answered: 1,
                    broken: 2,
                    accepted: 3,
                    crashes: 4,
                    recovered: 5,
                    retransmitted: 6,
                }),
            ),
            (
                "@test a::b c ok".into(),
                Message::Test {
                    name: "a::b c".into(),
                    passed: true,
                },
            ),
            (
                "@test a FAILED".into(),
                Message::Test {
                    name: "a".into(),
                    passed: false,
                },
            ),
            (
                "@tests passed=3 failed=1 collected=4".into(),
                Message::Tests {
                    passed: 3,
                    failed: 1,
                    collected: 4,
                },
            ),
        ];
        for (line, message) in cases {
            assert_eq!(parse(&line), Some(Ok(message)), "{line}");
        }
    }

    #[test]
    fn anything_else_is_an_error() {
        for line in [
            "@",
            "@hello",
            "@Totals",
            "@sha256 00ff bytes=12",
            &format!("@sha256 {}zz bytes=12", "00".repeat(31)),
            &format!("@sha256 {}", "00".repeat(32)),
            "@wrote offset=1",
            "@wrote bytes=1 offset=1",
            "@wrote offset=1 bytes=2 more=3",
            "@wrote offset=-1 bytes=2",
            "@wrote offset=99999999999999999999 bytes=2",
            "@totals crashes=1",
            "@listening",
            "@network answered=1",
            "@test name",
            "@test name maybe",
            "@tests passed=1 failed=0",
        ] {
            assert!(matches!(parse(line), Some(Err(_))), "{line} was understood");
        }
        assert_eq!(parse("@x y"), Some(Err(ProtocolError::Kind("x".into()))));
    }
}
