//! The result line, which shows the measured values, and the checks of these values.

use std::fmt;

use super::{GuestError, Report};
use crate::disk::Sha256Digest;

/// The values that a run must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected {
    /// The length of the disk in bytes.
    pub(crate) disk_bytes: u64,
    /// The digest of the disk before the run.
    pub(crate) sha256: Sha256Digest,
    /// The number of crashes that the kernel was told to cause.
    pub(crate) crashes: u64,
    /// The kinds of crashes that were asked for, in the order of [`FaultKind::ALL`](crate::cli::FaultKind::ALL).
    pub(crate) kinds: [bool; 5],
}

/// The fields of the result line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Verdict {
    read_bytes: u64,
    sha256: bool,
    written_bytes: u64,
    image: bool,
    crashes: u64,
    recovered: u64,
    lost: u64,
    leaked_objects: u64,
    leaked_pages: u64,
    by_kind: [u64; 5],
}

/// The names of the kinds in the result line.
const KINDS: [&str; 5] = ["panics", "faults", "overflows", "hangs", "double_panics"];

impl Verdict {
    /// Gathers the fields. `written_bytes` and `image` are the findings of the image check.
    ///
    /// # Errors
    /// If the report lacks a message. The error names the first message that is missing.
    pub(crate) fn new(
        report: &Report,
        expected: &Expected,
        written_bytes: u64,
        image: bool,
    ) -> Result<Self, GuestError> {
        let (digest, read_bytes) = report.read.ok_or(GuestError::Unsaid {
            what: "the digest of the data that it read (@sha256)",
        })?;
        let totals = report.totals.ok_or(GuestError::Unsaid {
            what: "its totals (@totals)",
        })?;
        Ok(Verdict {
            read_bytes,
            sha256: digest.0 == expected.sha256,
            written_bytes,
            image,
            crashes: totals.crashes,
            recovered: totals.recovered,
            lost: totals.lost,
            leaked_objects: totals.leaked_objects,
            leaked_pages: totals.leaked_pages,
            by_kind: totals.by_kind(),
        })
    }

    /// Returns one sentence for each field with a wrong value.
    pub(crate) fn complaints(&self, expected: &Expected) -> Vec<String> {
        let mut complaints = Vec::new();
        let mut require = |holds: bool, complaint: String| {
            if !holds {
                complaints.push(complaint);
            }
        };
        let Expected {
            disk_bytes,
            crashes,
            kinds,
            ..
        } = *expected;
        require(
            self.read_bytes == disk_bytes,
            format!(
                "read_bytes: the kernel read {} of {disk_bytes} bytes",
                self.read_bytes
            ),
        );
        require(
            self.sha256,
            "sha256: the kernel read other bytes than the disk holds".into(),
        );
        require(
            self.written_bytes > 0,
            "written_bytes: the kernel wrote nothing".into(),
        );
        require(
            self.image,
            "image: the image file does not have the contents that the kernel's writes give it"
                .into(),
        );
        require(
            self.crashes == crashes,
            format!("crashes: {} instead of {crashes}", self.crashes),
        );
        require(
            self.recovered == crashes,
            format!(
                "recovered: the driver came back {} of {crashes} times",
                self.recovered
            ),
        );
        require(
            self.lost == 0,
            format!("lost: {} request(s) were never answered", self.lost),
        );
        require(
            self.leaked_objects == 0,
            format!(
                "leaked_objects: their number changed by {} during the demo",
                self.leaked_objects
            ),
        );
        require(
            self.leaked_pages == 0,
            format!(
                "leaked_pages: the number of free pages changed by {} during the demo",
                self.leaked_pages
            ),
        );
        // The kernel takes the kinds in turn, so the counts of two kinds differ by at most one.
        let asked = kinds.iter().filter(|asked| **asked).count().max(1) as u64;
        for ((name, count), asked_for) in KINDS.into_iter().zip(self.by_kind).zip(kinds) {
            let range = if asked_for {
                crashes / asked..=crashes.div_ceil(asked)
            } else {
                0..=0
            };
            require(
                range.contains(&count),
                format!(
                    "{name}: {count}, but its share of the crashes is {}",
                    range.start()
                ),
            );
        }
        complaints
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |matches: bool| if matches { "match" } else { "mismatch" };
        write!(
            f,
            "result: read_bytes={} sha256={} written_bytes={} image={} crashes={} recovered={} lost={} \
             leaked_objects={} leaked_pages={}",
            self.read_bytes,
            word(self.sha256),
            self.written_bytes,
            word(self.image),
            self.crashes,
            self.recovered,
            self.lost,
            self.leaked_objects,
            self.leaked_pages,
        )?;
        KINDS
            .into_iter()
            .zip(self.by_kind)
            .try_for_each(|(name, count)| write!(f, " {name}={count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::{Expected, Report, Verdict};
    use samara_serial_protocol::{Digest, Totals};

    const EXPECTED: Expected = Expected {
        disk_bytes: 67_108_864,
        sha256: [7; 32],
        crashes: 20,
        kinds: [true; 5],
    };

    fn good() -> Report {
        Report {
            read: Some((Digest([7; 32]), 67_108_864)),
            totals: Some(Totals {
                crashes: 20,
                recovered: 20,
                panics: 4,
                faults: 4,
                overflows: 4,
                hangs: 4,
                double_panics: 4,
                ..Totals::default()
            }),
            ..Report::default()
        }
    }

    fn verdict(report: &Report, written: u64, image: bool) -> Verdict {
        Verdict::new(report, &EXPECTED, written, image).expect("the report is complete")
    }

    #[test]
    fn success_reads_exactly_as_documented() {
        let verdict = verdict(&good(), 1_048_576, true);
        assert_eq!(
            verdict.to_string(),
            "result: read_bytes=67108864 sha256=match written_bytes=1048576 image=match crashes=20 \
             recovered=20 lost=0 leaked_objects=0 leaked_pages=0 panics=4 faults=4 overflows=4 \
             hangs=4 double_panics=4"
        );
        assert_eq!(verdict.complaints(&EXPECTED), [""; 0]);
    }

    #[test]
    fn each_field_alone_spoils_the_result() {
        type Spoil = fn(&mut Report);
        let spoilers: [(&str, Spoil); 8] = [
            ("read_bytes=1 ", |report| {
                report.read = Some((Digest([7; 32]), 1))
            }),
            ("sha256=mismatch", |report| {
                report.read = Some((Digest([8; 32]), 67_108_864))
            }),
            ("crashes=19", |report| totals(report).crashes = 19),
            ("recovered=19", |report| totals(report).recovered = 19),
            ("lost=1", |report| totals(report).lost = 1),
            ("leaked_objects=1", |report| {
                totals(report).leaked_objects = 1
            }),
            ("leaked_pages=1", |report| totals(report).leaked_pages = 1),
            ("hangs=3", |report| totals(report).hangs = 3),
        ];
        for (shown, spoil) in spoilers {
            let mut report = good();
            spoil(&mut report);
            let verdict = verdict(&report, 512, true);
            assert!(verdict.to_string().contains(shown), "{verdict}");
            assert_eq!(verdict.complaints(&EXPECTED).len(), 1, "{shown}");
        }
        assert_eq!(verdict(&good(), 0, true).complaints(&EXPECTED).len(), 1);
        let image = verdict(&good(), 512, false);
        assert!(image.to_string().contains("image=mismatch"));
        assert_eq!(image.complaints(&EXPECTED).len(), 1);
    }

    #[test]
    fn only_the_kinds_that_were_asked_for_may_happen() {
        let expected = Expected {
            kinds: [true, false, true, false, false],
            ..EXPECTED
        };
        let mut report = good();
        *totals(&mut report) = Totals {
            panics: 10,
            faults: 0,
            overflows: 10,
            hangs: 0,
            double_panics: 0,
            ..*totals(&mut report)
        };
        assert_eq!(verdict(&report, 512, true).complaints(&expected), [""; 0]);
        totals(&mut report).faults = 1;
        assert_eq!(verdict(&report, 512, true).complaints(&expected).len(), 1);
    }

    #[test]
    fn a_missing_message_is_an_error() {
        for missing in [
            Report {
                read: None,
                ..good()
            },
            Report {
                totals: None,
                ..good()
            },
        ] {
            assert!(Verdict::new(&missing, &EXPECTED, 512, true).is_err());
        }
    }

    fn totals(report: &mut Report) -> &mut Totals {
        report.totals.as_mut().expect("good() has them")
    }
}
