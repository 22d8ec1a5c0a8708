//! The network's fields of the result line.

use std::fmt;

use samara_testkit::http_client::Outcome;

use super::{GuestError, Report};

/// The values that the network's part must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExpectedNetwork {
    /// The number of requests that the client was told to make.
    pub(crate) requests: u64,
    /// The number of bytes in the body of each answer.
    pub(crate) body: u64,
    /// The number of crashes that the kernel was told to cause.
    pub(crate) crashes: u64,
}

/// The fields. The client counted `requests`, `failed` and `bytes`, and the kernel counted the others.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NetworkVerdict {
    requests: u64,
    failed: u64,
    bytes: u64,
    crashes: u64,
    recovered: u64,
    /// Requests that the server answered, by its own count.
    answered: u64,
    broken: u64,
    retransmitted: u64,
}

impl NetworkVerdict {
    /// Gathers the fields. Returns an error if the kernel printed no `@network` line.
    pub(crate) fn new(report: &Report, client: Outcome) -> Result<Self, GuestError> {
        let told = report.network.ok_or(GuestError::Unsaid {
            what: "the outcome of the network's part (@network)",
        })?;
        Ok(NetworkVerdict {
            requests: client.answered + client.failed,
            failed: client.failed,
            bytes: client.bytes,
            crashes: told.crashes,
            recovered: told.recovered,
            answered: told.answered,
            broken: told.broken,
            retransmitted: told.retransmitted,
        })
    }

    /// Returns one sentence for each field with a wrong value.
    pub(crate) fn complaints(&self, expected: &ExpectedNetwork) -> Vec<String> {
        let ExpectedNetwork {
            requests,
            body,
            crashes,
        } = *expected;
        let checks = [
            (
                self.requests == requests && self.answered == requests,
                format!(
                    "http_requests: the client made {} of {requests}, the server answered {}",
                    self.requests, self.answered
                ),
            ),
            (
                self.failed == 0 && self.broken == 0 && self.bytes == requests * body,
                format!(
                    "http_failed: {} answer(s) were wrong or incomplete, {} connection(s) broke; {} of {} \
                     bytes were correct",
                    self.failed,
                    self.broken,
                    self.bytes,
                    requests * body
                ),
            ),
            (
                self.crashes == crashes,
                format!("nic_crashes: {} instead of {crashes}", self.crashes),
            ),
            (
                self.recovered == crashes,
                format!(
                    "nic_recovered: the driver came back {} of {crashes} times",
                    self.recovered
                ),
            ),
        ];
        let wrong = checks.into_iter().filter(|(holds, _)| !holds);
        wrong.map(|(_, complaint)| complaint).collect()
    }
}

impl fmt::Display for NetworkVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "http_requests={} http_failed={} nic_crashes={} nic_recovered={} tcp_retransmitted={}",
            self.requests, self.failed, self.crashes, self.recovered, self.retransmitted
        )
    }
}

#[cfg(test)]
mod tests {
    use samara_testkit::http_client::Outcome;

    use super::{ExpectedNetwork, NetworkVerdict, Report};
    use samara_serial_protocol::NetworkTotals;

    const EXPECTED: ExpectedNetwork = ExpectedNetwork {
        requests: 5,
        body: 100,
        crashes: 20,
    };
    const CLIENT: Outcome = Outcome {
        answered: 5,
        failed: 0,
        bytes: 500,
    };
    const TOLD: NetworkTotals = NetworkTotals {
        answered: 5,
        broken: 0,
        accepted: 2,
        crashes: 20,
        recovered: 20,
        retransmitted: 99,
    };

    fn verdict(told: NetworkTotals, client: Outcome) -> NetworkVerdict {
        let report = Report {
            network: Some(told),
            ..Report::default()
        };
        NetworkVerdict::new(&report, client).expect("the report has an @network line")
    }

    #[test]
    fn success_reads_exactly_as_documented() {
        let verdict = verdict(TOLD, CLIENT);
        assert_eq!(
            verdict.to_string(),
            "http_requests=5 http_failed=0 nic_crashes=20 nic_recovered=20 tcp_retransmitted=99"
        );
        assert_eq!(verdict.complaints(&EXPECTED), [""; 0]);
    }

    #[test]
    fn each_field_alone_spoils_the_result() {
        for told in [
            NetworkTotals {
                answered: 4,
                ..TOLD
            },
            NetworkTotals { broken: 1, ..TOLD },
            NetworkTotals {
                crashes: 19,
                ..TOLD
            },
            NetworkTotals {
                recovered: 19,
                ..TOLD
            },
        ] {
            assert_eq!(verdict(told, CLIENT).complaints(&EXPECTED).len(), 1);
        }
        for client in [
            Outcome {
                answered: 4,
                failed: 1,
                ..CLIENT
            },
            Outcome {
                answered: 4,
                ..CLIENT
            },
            Outcome {
                bytes: 499,
                ..CLIENT
            },
        ] {
            assert_eq!(verdict(TOLD, client).complaints(&EXPECTED).len(), 1);
        }
        assert!(NetworkVerdict::new(&Report::default(), CLIENT).is_err());
    }
}
