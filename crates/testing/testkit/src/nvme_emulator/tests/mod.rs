//! The model itself: what each part of its shape and each switch does, by the registers and queues alone.

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
