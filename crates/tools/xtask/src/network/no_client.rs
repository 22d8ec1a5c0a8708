//! The client's stand-in on systems without Unix sockets. It can't be started.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use samara_testkit::http_client::{Order, Outcome};

use crate::error::Error;

/// A type without values, because no client can exist.
#[derive(Debug)]
pub(super) struct Client(std::convert::Infallible);

impl Client {
    pub(super) fn start(_: &Path, _: [u8; 4], _: Order, _: Arc<AtomicBool>) -> Result<Self, Error> {
        Err(Error::Output {
            what: "the client".into(),
            problem: "this system has no Unix sockets, which the cable needs; leave this part out with --network off"
                .into(),
        })
    }

    pub(super) fn stop(self) -> Outcome {
        match self.0 {}
    }
}
