//! Sets `cfg(optimised)` for the tests. They take fewer steps in a debug build, because it takes about a tenth as
//! many steps in the same time.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(optimised)");
    if std::env::var("OPT_LEVEL").is_ok_and(|level| level != "0") {
        println!("cargo::rustc-cfg=optimised");
    }
}
