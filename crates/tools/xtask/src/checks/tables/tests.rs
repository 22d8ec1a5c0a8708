//! Tests of the checks on tables: the checks find planted faults, and find nothing in a program without faults.

use std::path::PathBuf;

use super::{uncaught, uncovered};
use crate::checks::fixture;

/// Compiles and links a shared library from `source`.
fn compile(name: &str, source: &str) -> PathBuf {
    let flags = ["--crate-type=cdylib", "-Cdebuginfo=line-tables-only"];
    fixture::compile(name, source, "so", &flags)
}

/// Functions without tables that the C runtime adds to a library.
const C_RUNTIME: &[&str] = &[
    "deregister_tm_clones",
    "register_tm_clones",
    "__do_global_dtors_aux",
    "frame_dummy",
];

/// Returns the source of a function in assembly, with `begin` before its instructions and `end` after them.
fn assembly(begin: &str, end: &str) -> String {
    format!(
        "#[unsafe(naked)] #[unsafe(no_mangle)] pub extern \"C\" fn planted() {{
            core::arch::naked_asm!(\"{begin}\", \".rept 40\", \"nop\", \".endr\", \"ret\", \"{end}\") }}"
    )
}

/// Invariant: ORDER-53
#[test]
fn a_function_without_a_table_is_found_by_name() {
    let bare = uncovered(&compile("bare", &assembly("nop", "nop")), C_RUNTIME);
    assert!(
        bare.iter().any(|finding| finding.contains("planted")),
        "{bare:?}"
    );
    let source = assembly(".cfi_startproc", ".cfi_endproc");
    let whole = uncovered(&compile("whole", &source), C_RUNTIME);
    assert!(
        !whole.iter().any(|finding| finding.contains("planted")),
        "{whole:?}"
    );
}

/// Returns the source of a boundary whose functions have the same names as the runtime's. `how` is the body of its
/// `catch`.
fn boundary(how: &str) -> String {
    format!(
        "pub mod call {{ pub mod enter {{
            #[inline(always)] fn catch<R, F: FnOnce() -> R>(f: F) -> Result<R, ()> {{ {how} }}
            #[inline(always)] pub fn enter_here(f: extern \"C-unwind\" fn(u64) -> u64, x: u64) -> Result<u64, ()> {{
                catch(move || f(x)) }} }} }}
        #[unsafe(no_mangle)] pub extern \"C-unwind\" fn caller(f: extern \"C-unwind\" fn(u64) -> u64, x: u64) -> u64 {{
            call::enter::enter_here(f, x).unwrap_or(7) }}"
    )
}

/// Invariant: ORDER-53
#[test]
fn a_call_without_a_catch_is_found() {
    let caught =
        boundary("std::panic::catch_unwind(std::panic::AssertUnwindSafe(f)).map_err(|_| ())");
    let (calls, findings) = uncaught(&compile("caught", &caught));
    assert!(calls > 0 && findings.is_empty(), "{calls}: {findings:?}");
    let (calls, findings) = uncaught(&compile("uncaught", &boundary("Ok(f())")));
    assert!(
        calls > 0 && findings.len() == calls,
        "{calls}: {findings:?}"
    );
}
