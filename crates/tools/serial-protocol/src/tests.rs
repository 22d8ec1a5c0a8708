//! Tests that a printed message is read as the same message, and that any other line with `@` is an error.

extern crate std;

use std::format;
use std::string::ToString;

use super::{
    Digest, Listening, Message, NetworkTotals, ProtocolError, TestTotals, Totals, Written,
};

#[test]
fn lines_for_people_are_left_alone() {
    for line in ["", "booting", " @totals", "a @test x ok"] {
        assert_eq!(Message::parse(line), None);
    }
}

#[test]
fn a_printed_message_is_read_as_the_same() {
    let digest = Digest(core::array::from_fn(
        |index| if index % 2 == 0 { 0 } else { 0xFF },
    ));
    let cases = [
        (
            format!("@sha256 {} bytes=12", "00ff".repeat(16)),
            Message::Sha256 { digest, bytes: 12 },
        ),
        (
            "@wrote offset=512 bytes=4096".into(),
            Message::Wrote(Written {
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
                panics: 6,
                faults: 7,
                overflows: 8,
                hangs: 9,
                double_panics: 10,
            }),
        ),
        (
            "@listening port=80".into(),
            Message::Listening(Listening { port: 80 }),
        ),
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
                name: "a::b c",
                passed: true,
            },
        ),
        (
            "@test a FAILED".into(),
            Message::Test {
                name: "a",
                passed: false,
            },
        ),
        (
            "@tests passed=3 failed=1 collected=4".into(),
            Message::Tests(TestTotals {
                passed: 3,
                failed: 1,
                collected: 4,
            }),
        ),
    ];
    for (line, message) in cases {
        assert_eq!(message.to_string(), line);
        assert_eq!(Message::parse(&line), Some(Ok(message)), "{line}");
    }
}

#[test]
fn any_other_line_with_an_at_sign_is_an_error() {
    for line in [
        "@",
        "@hello",
        "@Totals",
        "@sha256 00ff bytes=12",
        &format!("@sha256 {}zz bytes=12", "00".repeat(31)),
        &format!("@sha256 {} bytes=12", "00".repeat(33)),
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
        assert!(
            matches!(Message::parse(line), Some(Err(_))),
            "{line} was taken for a message"
        );
    }
    assert_eq!(Message::parse("@x y"), Some(Err(ProtocolError::Kind("x"))));
    let form = Message::parse("@tests passed=1").and_then(Result::err);
    assert_eq!(
        form.map(|error| error.to_string()).as_deref(),
        Some("expected @tests passed=N failed=N collected=N")
    );
}
