//! What every backend promises, run on those that a hosted program can have; and what `jump` and
//! `dwarf` alone have to promise.
//!
//! With `dwarf`: `RUSTC_BOOTSTRAP=samara_unwind cargo test --release -p samara-unwind --features dwarf
//! --target-dir target/dwarf`, which `cargo xtask test` runs.

mod anchors;
mod common;
#[cfg(feature = "dwarf")]
mod dwarf;
mod registers;
mod signal_frames;

common::contract!(std_backend, samara_unwind);
common::contract!(jump_backend, samara_unwind::jump);
#[cfg(feature = "dwarf")]
common::contract!(dwarf_backend, samara_unwind::dwarf);
