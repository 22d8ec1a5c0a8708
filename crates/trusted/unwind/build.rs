//! Sets `samara_tables` where frames can be cut by tables, and tells the `jump` backend which floating-point
//! registers a RISC-V target has. A stable compiler does not tell it (`target_feature = "d"` is hidden there), so the
//! script reads the target's name.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(samara_riscv_float, values(\"d\", \"f\"))");
    println!("cargo:rustc-check-cfg=cfg(samara_tables)");
    let variable = |name| env::var(name).unwrap_or_default();
    let tables = env::var_os("CARGO_FEATURE_TABLES").is_some();
    // The cut by tables is implemented for x86_64 only.
    if tables && variable("CARGO_CFG_TARGET_ARCH") == "x86_64" {
        println!("cargo:rustc-cfg=samara_tables");
    }
    if !variable("CARGO_CFG_TARGET_ARCH").starts_with("riscv") {
        return;
    }
    let target = variable("TARGET");
    // In a name such as `riscv64gc-unknown-none-elf`, each letter after the width is an extension. `g` includes `d`.
    let extensions = target.split('-').next().unwrap_or_default();
    let extensions =
        extensions.trim_start_matches(|c: char| c.is_ascii_digit() || "riscv".contains(c));
    let features = variable("CARGO_CFG_TARGET_FEATURE");
    let has = |letter: &str| {
        extensions.contains(letter) || features.split(',').any(|feature| feature == letter)
    };
    if has("d") || extensions.contains('g') {
        println!("cargo:rustc-cfg=samara_riscv_float=\"d\"");
    } else if has("f") {
        println!("cargo:rustc-cfg=samara_riscv_float=\"f\"");
    }
}
