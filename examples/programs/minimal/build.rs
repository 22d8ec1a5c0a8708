//! Links the programs as freestanding static files.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=cortex-m.ld");
    let variable = |name| env::var(name).unwrap_or_default();
    if variable("CARGO_CFG_TARGET_OS") != "none" {
        return;
    }
    match variable("CARGO_CFG_TARGET_ARCH").as_str() {
        "arm" => {
            let directory = variable("CARGO_MANIFEST_DIR");
            println!("cargo:rustc-link-arg-bins=-T{directory}/cortex-m.ld");
        }
        // The linker's default is a position-independent program, which would need a loader.
        "x86_64" => println!("cargo:rustc-link-arg-bins=--no-pie"),
        _ => {}
    }
}
