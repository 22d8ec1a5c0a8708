//! Panics through the frames of a shared object that is loaded and unloaded.
#![expect(unsafe_code, reason = "loads a library and calls into it")]

use super::program::holding;
use samara_unwind::UnwindFailed;
use samara_unwind::dwarf::{begin_panic, catch, raise};
use samara_unwind::tables::{register_image, unregister_image};
use std::cell::Cell;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

const LOADS: usize = 40;
const DEPTH: u64 = 12;

type End = extern "C-unwind" fn() -> u64;
type Descend = extern "C-unwind" fn(u64, &AtomicUsize, Option<End>) -> u64;

extern "C-unwind" fn returns() -> u64 {
    30
}

extern "C-unwind" fn raises() -> u64 {
    raise()
}

thread_local! {
    static FAILED: Cell<Option<UnwindFailed>> = const { Cell::new(None) };
}

extern "C-unwind" fn fails() -> u64 {
    FAILED.set(Some(begin_panic()));
    40
}

/// Compiles the library with the compiler of this test.
fn compile() -> PathBuf {
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join("libsamara_passed.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/library.rs");
    let status = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=cdylib", "-O", "-o"])
        .args([&library, &source])
        .status()
        .expect("there is a compiler");
    assert!(status.success(), "the library does not compile");
    library
}

/// Invariant: ORDER-48
#[test]
fn panics_pass_a_library_only_while_registered() {
    let name = CString::new(compile().to_str().expect("a path in words")).expect("no zero");
    for _ in 0..LOADS {
        // SAFETY: the library has no initialisers except those of `std`.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "the library does not load");
        // SAFETY: a handle of a loaded library.
        let entry = unsafe { libc::dlsym(handle, c"descend".as_ptr()) };
        assert!(!entry.is_null(), "the library has no `descend`");
        // SAFETY: `descend` of the library has this type, and the library stays loaded while it is called.
        let descend = unsafe { std::mem::transmute::<*mut libc::c_void, Descend>(entry) };
        let dropped = AtomicUsize::new(0);
        let call = |end: End| {
            let before = dropped.load(SeqCst);
            let result = catch(|| descend(DEPTH, &dropped, Some(end)));
            // The destructor of every frame has run, however the call ended.
            assert_eq!(dropped.load(SeqCst) - before, DEPTH as usize + 1);
            result.ok()
        };
        assert_eq!(call(fails), Some(40 + DEPTH));
        assert_eq!(FAILED.take(), Some(UnwindFailed::Blocked));
        // SAFETY: the linker's tables describe the code, and the image is unregistered before it is unloaded.
        let id = unsafe { register_image(holding(entry.addr())) }.expect("room for one more");
        assert_eq!(call(raises), None);
        assert_eq!(call(returns), Some(30 + DEPTH));
        assert_eq!(call(raises), None);
        let mut left = Some(id);
        while let Some(id) = left {
            left = unregister_image(id).err().map(|in_use| in_use.0);
        }
        // SAFETY: no thread is inside the library any more, and it is closed once.
        assert_eq!(unsafe { libc::dlclose(handle) }, 0);
    }
}
