//! Tests of the model itself. They check the effect of each part of its shape and of each switch, and observe it only
//! through registers and queues.

mod commands;
mod completions;
mod host;
mod identify;
mod life;
mod namespaces;

use self::host::Host;
use super::{Misbehaviour, NamespaceShape, Shape, Timing};

const MICRO: u64 = 1_000;
const MILLI: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const DO_NOT_RETRY: u16 = 0x4000;
