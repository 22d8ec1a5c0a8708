//! Tells `call` whether the compiler expands small functions in place: it needs a mark where not.

use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(samara_outlined)");
    if env::var("OPT_LEVEL").is_ok_and(|level| level == "0") {
        println!("cargo:rustc-cfg=samara_outlined");
    }
}
