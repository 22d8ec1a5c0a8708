//! The `dwarf` backend beside `std` (x86_64 Linux).

mod boundaries;
mod cuts;
mod destructors;
mod libraries;
#[path = "../program.rs"]
mod program;
mod threads;

use samara_unwind::tables::Image;
