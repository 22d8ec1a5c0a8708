//! Panics and cuts through frames of a shared object that is loaded and unloaded again and again, while other
//! threads die through the frames of another shared object.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]
#![expect(unsafe_code, reason = "loads a library and calls into it")]

use samara_domain_runtime::{Domain, DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_testkit::contained::{Library, contained};
use samara_testkit::hosted::{Totals, alone, host, wait_until};
use samara_unwind::tables::{Finder, Registered};
use std::ffi::{CString, c_void};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const LOADS: usize = if cfg!(debug_assertions) { 40 } else { 200 };
const DEPTH: u64 = 12;

type Descend =
    extern "C-unwind" fn(u64, &AtomicUsize, Option<extern "C-unwind" fn() -> u64>) -> u64;

/// How a call ends.
#[derive(Clone, Copy)]
enum End {
    Returns,
    Panics,
    Faults,
}

#[interface]
trait Victim {
    /// Calls through the frames of the library whose `descend` is at `entry`.
    fn through(&self, entry: usize, dropped: usize, end: u8) -> Result<u64, RpcError>;
}

struct State;

/// For each thread of the test, the number of values that the library's frames have dropped.
static DROPPED: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];

extern "C-unwind" fn returns() -> u64 {
    30
}

extern "C-unwind" fn panics() -> u64 {
    panic!("in a callee of the library")
}

impl Victim for State {
    fn through(&self, entry: usize, dropped: usize, end: u8) -> Result<u64, RpcError> {
        let entry = std::ptr::with_exposed_provenance::<()>(entry);
        // SAFETY: `entry` is the address of `descend` in a library that stays loaded during the call.
        let descend = unsafe { std::mem::transmute::<*const (), Descend>(entry) };
        let end: Option<extern "C-unwind" fn() -> u64> = match end {
            0 => Some(returns),
            1 => Some(panics),
            _ => None,
        };
        Ok(descend(DEPTH, &DROPPED[dropped], end))
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

fn spawn(name: &str) -> Domain<dyn Victim> {
    let spec = DomainSpec::new(name).restart(Restart::limited(u32::MAX, Duration::from_secs(1)));
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

/// Makes one call through a library's frames and checks its outcome.
fn call(victim: &Domain<dyn Victim>, library: &Loaded, own: usize, end: End) {
    let before = DROPPED[own].load(SeqCst);
    let result = victim
        .proxy()
        .unwrap()
        .through(library.entry.expose_provenance(), own, end as u8);
    let dropped = DROPPED[own].load(SeqCst) - before;
    let frames = DEPTH as usize + 1;
    let expected = match end {
        End::Returns => (Ok(30 + DEPTH), frames, None),
        End::Panics => (Err(RpcError::Crashed), frames, Some(ExitKind::Panic)),
        End::Faults => (Err(RpcError::Crashed), 0, Some(ExitKind::Fault)),
    };
    let reason = victim.exit_reason();
    assert_eq!((result, dropped), (expected.0, expected.1), "{reason:?}");
    assert_eq!(reason.map(|reason| reason.kind), expected.2);
    if expected.2.is_some() {
        victim.restart().unwrap();
    }
}

/// A loaded library, which is registered for as long as it is loaded.
struct Loaded {
    handle: *mut c_void,
    entry: *const (),
    registered: Option<Library>,
}

// SAFETY: a handle and an address of the process, which belong to no thread.
unsafe impl Sync for Loaded {}

impl Loaded {
    fn open(path: &Path) -> Self {
        let name = CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: the library has no initialisers but `std`'s.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "the library does not load");
        // SAFETY: a handle of a loaded library.
        let entry = unsafe { libc::dlsym(handle, c"descend".as_ptr()) };
        assert!(!entry.is_null(), "the library has no `descend`");
        let entry = entry.cast_const().cast::<()>();
        // SAFETY: the registration is dropped before the library is closed.
        let registered = unsafe { Library::register(entry) };
        Self {
            handle,
            entry,
            registered: Some(
                registered.expect("the library has unwind tables, and there is room for them"),
            ),
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        drop(self.registered.take());
        // SAFETY: no thread is inside any more, and it is closed once.
        assert_eq!(unsafe { libc::dlclose(self.handle) }, 0);
    }
}

/// Stops the other threads, however the test ends.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, SeqCst);
    }
}

/// Compiles the library, with the compiler that compiles this test.
fn compile() -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let library = directory.join("libsamara_loaded.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../crates/trusted/unwind/tests/fixtures/library.rs");
    let status = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--edition=2024", "--crate-type=cdylib", "-O", "-o"])
        .args([&library, &source])
        .status()
        .expect("the compiler runs");
    assert!(status.success(), "the library does not compile");
    library
}

fn is_loaded(path: &Path) -> bool {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    maps.contains(path.file_name().unwrap().to_str().unwrap())
}

/// Invariant: ORDER-47
#[test]
fn panics_and_cuts_pass_through_unloading_libraries() {
    let _alone = alone();
    let stays = compile();
    let goes = stays.with_file_name("libsamara_comes_and_goes.so");
    std::fs::copy(&stays, &goes).unwrap();
    let before = Totals::now();
    {
        let stays = Loaded::open(&stays);
        let (stop, turns) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for own in 1..3 {
                let (stays, stop, turns) = (&stays, &stop, &turns);
                scope.spawn(move || {
                    let _contained = contained(false);
                    let victim = spawn(&format!("stays {own}"));
                    while !stop.load(SeqCst) {
                        for end in [End::Panics, End::Faults, End::Returns] {
                            call(&victim, stays, own, end);
                        }
                        turns.fetch_add(1, SeqCst);
                    }
                    assert!(victim.kill());
                });
            }
            let _stop = Stop(&stop);
            let _contained = contained(false);
            let victim = spawn("goes");
            for load in 0..LOADS {
                let library = Loaded::open(&goes);
                let entry = library.entry.addr();
                for end in [End::Faults, End::Panics, End::Returns, End::Faults] {
                    call(&victim, &library, 0, end);
                }
                assert!(Registered.rules(entry).is_ok());
                drop(library);
                assert!(!is_loaded(&goes), "still loaded after {load}");
                assert!(Registered.rules(entry).is_err(), "still known after {load}");
            }
            wait_until("the others", || turns.load(SeqCst) > 4);
            assert!(victim.kill());
        });
    }
    host().reap();
    assert_eq!(Totals::now(), before);
}
