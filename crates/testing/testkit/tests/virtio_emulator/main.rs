//! The virtio model against a ring written by hand: each behaviour, each switch, and hostile drivers.
#![expect(unsafe_code, reason = "a ring of its own, and a bus without a claim")]

mod block;
mod claims;
mod common_configuration;
mod discovery;
mod hostile;
mod interrupts;
mod misbehaviour;
mod net;
mod resets;
mod rings;
mod support;

// The host's runtime is linked with it.
use samara_host_std as _;
