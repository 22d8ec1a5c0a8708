//@ rules: build-script, outside-file, environment
//@ says: reads a file that is not its own
#![no_std]
#![forbid(unsafe_code)]
include!(concat!(env!("OUT_DIR"), "/code.rs"));
//@ file: build.rs
fn main() {
    let path = std::path::Path::new(&std::env::var_os("OUT_DIR").unwrap()).join("code.rs");
    std::fs::write(path, "pub fn written() {}").unwrap();
}
