//! What the server is given.

use samara_domain::{Exchangeable, Shadow};
use samara_interfaces::tcp::Network;

/// The path of the body.
pub const BODY: &str = "/body";

/// What [`init`](crate::init) is given.
#[derive(Debug, Exchangeable)]
pub struct Args {
    /// Where connections come from.
    pub network: Shadow<dyn Network>,
    /// The port to listen on.
    pub port: u16,
    /// Connections that are served at a time, 1 to 64. More have to wait.
    pub connections: u16,
    /// Chooses the body's bytes.
    pub seed: u64,
    /// How many it has.
    pub bytes: u64,
}
