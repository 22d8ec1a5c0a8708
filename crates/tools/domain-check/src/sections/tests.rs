//! Tests that the search finds planted statics, and finds nothing in a crate without statics.

use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::{env, fs};

use super::{Writable, writable};

/// Compiles a crate that consists of `source`, with the flags of the kernel's crates.
fn compile(name: &str, source: &str) -> PathBuf {
    let directory = env::temp_dir().join(format!("samara-sections-{}", process::id()));
    fs::create_dir_all(&directory).expect("writable");
    let text = directory.join(format!("{name}.rs"));
    fs::write(&text, source).expect("writable");
    let library = directory.join(format!("lib{name}.rlib"));
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.args(["--edition=2024", "-Copt-level=3", "--crate-type=rlib", "-o"]);
    let status = rustc.arg(&library).arg(&text).status();
    assert!(status.expect("rustc is there").success());
    library
}

fn search(library: &Path) -> Vec<Writable> {
    writable(library).expect("it holds objects")
}

#[test]
fn constants_are_not_state() {
    let clean = "#![no_std]
        pub static TABLE: [u32; 4] = [1, 2, 3, 4];
        pub static NAMES: [&str; 2] = [\"a\", \"b\"];
        pub static CALLS: [fn(&[u8], usize) -> u8; 1] = [call];
        pub fn call(bytes: &[u8], index: usize) -> u8 { bytes[index] }
        pub fn guarded(f: fn()) { struct G; impl Drop for G { fn drop(&mut self) { CALLS[0](&[], 0); } } let _g = G; f() }";
    let found = search(&compile("clean", clean));
    assert!(found.is_empty(), "{found:?}");
}

/// Invariant: CHECK-19
#[test]
fn planted_statics_are_found_by_name() {
    let planted = "#![no_std]
        use core::sync::atomic::AtomicU32;
        pub static COUNTER: AtomicU32 = AtomicU32::new(0);
        pub static SEEDED: AtomicU32 = AtomicU32::new(7);
        pub mod deep { pub static mut BUFFER: [u8; 64] = [0; 64]; }";
    let found = search(&compile("planted", planted));
    let names: Vec<_> = found
        .iter()
        .flat_map(|writable| writable.symbols.clone())
        .collect();
    assert_eq!(found.len(), 3, "{found:?}");
    for name in [
        "planted::COUNTER",
        "planted::SEEDED",
        "planted::deep::BUFFER",
    ] {
        assert!(
            names.iter().any(|found| found == name),
            "{name} is not among {names:?}"
        );
    }
    let buffer = found
        .iter()
        .find(|writable| writable.symbols == ["planted::deep::BUFFER"]);
    assert_eq!(buffer.expect("found above").bytes, 64);
}

/// Invariant: CHECK-19
#[test]
fn a_planted_static_in_a_function_is_found() {
    let planted = "#![no_std]
        use core::sync::atomic::{AtomicU32, Ordering};
        pub fn next() -> u32 { static NEXT: AtomicU32 = AtomicU32::new(1); NEXT.fetch_add(1, Ordering::Relaxed) }";
    let found = search(&compile("inner", planted));
    assert!(
        found.len() == 1 && found[0].to_string().contains("inner::next::NEXT"),
        "{found:?}"
    );
}

/// Invariant: CHECK-19
#[test]
fn planted_thread_locals_are_found() {
    let planted = "use std::cell::Cell;
        thread_local! { pub static COUNT: Cell<u32> = const { Cell::new(3) } }
        thread_local! { pub static EMPTY: Cell<u64> = const { Cell::new(0) } }
        pub fn next() -> u64 { COUNT.with(|c| c.replace(c.get() + 1)); EMPTY.with(|e| e.replace(e.get() + 1)) }";
    let found = search(&compile("local", planted));
    assert!(
        found
            .iter()
            .any(|writable| writable.section.starts_with(".tdata")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|writable| writable.section.starts_with(".tbss")),
        "{found:?}"
    );
    assert!(
        found
            .iter()
            .any(|writable| writable.to_string().contains("local::COUNT")),
        "{found:?}"
    );
}

#[test]
fn a_section_of_any_name_counts() {
    let planted = "#![no_std]
        #[unsafe(link_section = \"mine\")] pub static mut HIDDEN: u32 = 1;";
    let found = search(&compile("named", planted));
    assert!(found.len() == 1 && found[0].section == "mine", "{found:?}");
}

#[test]
fn only_archives_of_objects_are_searched() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    assert!(
        writable(&path)
            .expect_err("not an archive")
            .to_string()
            .contains("LTO")
    );
}
