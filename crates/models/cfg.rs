//! Builds a shipped crate's sources over the primitives that loom explores.

fn main() {
    println!("cargo::rerun-if-changed=../cfg.rs");
    println!("cargo::rustc-cfg=samara_model");
}
