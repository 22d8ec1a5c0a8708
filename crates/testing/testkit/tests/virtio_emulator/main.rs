//! Tests of the virtio model with a small driver that writes its rings by hand. They cover each behaviour, each
//! switch, and hostile drivers.
#![expect(
    unsafe_code,
    reason = "writes rings in raw memory, and drives the bus without a claim"
)]

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

// Links the host's runtime.
use samara_host_std as _;
