//! Sets the `cfg` under which a shipped crate's sources use the primitives that loom explores.

fn main() {
    println!("cargo::rerun-if-changed=../cfg.rs");
    println!("cargo::rustc-cfg=samara_model");
    // Declares the cfg as `crates/trusted/unwind/build.rs` does.
    println!("cargo::rustc-check-cfg=cfg(samara_tables)");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "x86_64") {
        println!("cargo::rustc-cfg=samara_tables");
    }
}
