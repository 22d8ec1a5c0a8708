//! Tests the contract that all backends share, on the backends that a hosted program can have. Also tests the
//! promises that only `jump` or only `dwarf` makes.
//!
//! To run them with `dwarf`: `RUSTC_BOOTSTRAP=samara_unwind cargo test --release -p samara-unwind --features dwarf
//! --target-dir target/dwarf`. `cargo xtask test` does so.

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
