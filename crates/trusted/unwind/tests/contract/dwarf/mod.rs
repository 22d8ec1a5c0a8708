//! The `dwarf` backend beside `std` (x86_64 Linux).

mod boundaries;
mod cuts;
mod destructors;
mod libraries;
#[path = "../program.rs"]
mod program;
mod stacks;
// Without optimisation a raise takes a hundred times as many instructions.
#[cfg(not(debug_assertions))]
mod stepped;
mod threads;

use samara_unwind::tables::Image;
