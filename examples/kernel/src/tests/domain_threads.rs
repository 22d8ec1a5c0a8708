//! Domains spawn threads, are called by several threads, and are killed by other threads.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::threads::api as domain_thread;
use spin::Mutex;

use super::kernel_tests;
use super::threads::{FastTick, start};
use super::totals::settled_frames;
use crate::host::runtime;
use crate::mm::frames::{self, FrameOwner};
use crate::thread::spawn::{Handle, free_ended};
use crate::thread::{OWN_STACK_FRAMES, request};
use crate::time;

/// A domain with threads of its own.
#[interface]
trait Crew {
    /// Starts `count` threads that count `steps` steps each, and waits for the threads.
    #[idempotent]
    fn count(&self, count: u32, steps: u32) -> Result<u32, RpcError>;
    /// Starts a thread that parks until [`Crew::unpark`] is called.
    fn park_one(&self) -> Result<(), RpcError>;
    /// Unparks the parked thread, and waits for its end.
    fn unpark(&self) -> Result<(), RpcError>;
    /// Starts a thread that panics.
    fn crash_thread(&self) -> Result<(), RpcError>;
    /// Starts a thread that panics and then parks for ever in a destructor that the panic runs.
    fn park_in_panic(&self) -> Result<(), RpcError>;
    /// Starts `count` threads that yield for ever.
    fn linger(&self, count: u32) -> Result<(), RpcError>;
    /// Allocates private and shared memory, and frees both.
    #[idempotent]
    fn work(&self) -> Result<u32, RpcError>;
}

mod crew {
    use super::*;
    use alloc::sync::Arc;
    use alloc::vec;

    #[derive(Default)]
    pub(super) struct State {
        parked: Mutex<Option<domain_thread::Thread>>,
        go: Arc<AtomicBool>,
        gone: Arc<AtomicU32>,
    }

    pub(super) fn init((): ()) -> Result<State, RpcError> {
        Ok(State::default())
    }

    impl Crew for State {
        fn count(&self, count: u32, steps: u32) -> Result<u32, RpcError> {
            let sum = Arc::new(AtomicU32::new(0));
            let mut threads = vec![];
            for _ in 0..count {
                let sum = Arc::clone(&sum);
                let thread = domain_thread::spawn(move || {
                    for _ in 0..steps {
                        drop(vec![1_u8; 100]);
                        sum.fetch_add(1, SeqCst);
                    }
                });
                threads.push(thread.expect("room for it"));
            }
            for thread in threads {
                thread.join();
            }
            Ok(sum.load(SeqCst))
        }

        fn park_one(&self) -> Result<(), RpcError> {
            let (go, gone) = (Arc::clone(&self.go), Arc::clone(&self.gone));
            let thread = domain_thread::spawn(move || {
                while !go.load(SeqCst) {
                    domain_thread::park();
                }
                gone.fetch_add(1, SeqCst);
            });
            *self.parked.lock() = thread.ok();
            Ok(())
        }

        fn unpark(&self) -> Result<(), RpcError> {
            let thread = self.parked.lock().take().expect("one is parked");
            self.go.store(true, SeqCst);
            thread.unpark();
            thread.join();
            assert_eq!(self.gone.load(SeqCst), 1);
            Ok(())
        }

        fn crash_thread(&self) -> Result<(), RpcError> {
            let spawned = domain_thread::spawn(|| panic!("on a thread of its own"));
            spawned.expect("room for it").join();
            Ok(())
        }

        fn park_in_panic(&self) -> Result<(), RpcError> {
            struct Parks;
            impl Drop for Parks {
                fn drop(&mut self) {
                    loop {
                        domain_thread::park();
                    }
                }
            }
            let dies = || {
                let _parks = Parks;
                panic!("on a thread of its own");
            };
            domain_thread::spawn(dies).expect("room for it");
            Ok(())
        }

        fn linger(&self, count: u32) -> Result<(), RpcError> {
            for _ in 0..count {
                let lingers = || loop {
                    domain_thread::yield_now();
                };
                domain_thread::spawn(lingers).expect("room for it");
            }
            Ok(())
        }

        fn work(&self) -> Result<u32, RpcError> {
            let bytes = vec![7_u8; 1000];
            let shared = RRef::new([1_u64; 8]);
            Ok(u32::from(bytes[999]) + shared[7] as u32)
        }
    }
}

fn spawn(name: &str) -> Domain<dyn Crew> {
    let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
    runtime()
        .spawn(
            DomainSpec::new(name).restart(policy),
            crew::init,
            Mint::nothing(),
        )
        .expect("a domain")
}

fn stop(domain: &Domain<dyn Crew>) {
    domain
        .stop(Duration::from_secs(5))
        .expect("no thread is inside");
}

/// Waits until all threads of domains have ended, and returns the number of free frames.
fn quiet_frames() -> usize {
    let began = time::since_boot();
    while frames::owned_by(FrameOwner::STACKS) > OWN_STACK_FRAMES {
        free_ended();
        request::yield_now();
        assert!(time::since_boot() - began < Duration::from_secs(10));
    }
    settled_frames()
}

/// The domain that some threads call in a loop while another thread kills it.
static VICTIM: Mutex<Option<Domain<dyn Crew>>> = Mutex::new(None);
static OVER: AtomicBool = AtomicBool::new(false);
static ANSWERED: AtomicUsize = AtomicUsize::new(0);

fn caller(_: usize) {
    let domain = VICTIM.lock().clone().expect("a victim");
    while !OVER.load(SeqCst) {
        let Ok(proxy) = domain.proxy() else {
            request::yield_now();
            continue;
        };
        match proxy.work() {
            Ok(8) => {
                ANSWERED.fetch_add(1, SeqCst);
            }
            // Yields to the thread that restarts the domain.
            Err(RpcError::Dead | RpcError::Crashed) => request::yield_now(),
            other => panic!("{other:?}"),
        }
    }
}

kernel_tests! {
    /// Invariant: TRAP-6
    fn threads_of_a_domain_run_and_are_joined() {
        let domain = spawn("crew");
        let _fast = FastTick::begin();
        assert_eq!(domain.proxy().expect("a proxy").count(8, 500), Ok(4_000));
        stop(&domain);
    }

    fn parked_thread_of_a_domain_is_woken() {
        let domain = spawn("crew");
        let proxy = domain.proxy().expect("a proxy");
        proxy.park_one().expect("alive");
        request::sleep(Duration::from_millis(3));
        assert_eq!(proxy.unpark(), Ok(()));
        stop(&domain);
    }

    /// Failure: F-20
    fn panic_on_a_spawned_thread_is_its_domains_death() {
        let domain = spawn("crew");
        assert_eq!(domain.proxy().expect("a proxy").crash_thread(), Err(RpcError::Crashed));
        assert_eq!(domain.exit_reason().expect("it died").kind, ExitKind::Panic);
    }

    /// Invariant: TRAP-8
    /// Failure: F-21
    fn kill_frees_parked_and_running_threads() {
        let mut before = 0;
        for round in 0..6 {
            if round == 2 {
                before = quiet_frames(); // the host's own tables grow first
            }
            let domain = spawn("crew");
            let proxy = domain.proxy().expect("a proxy");
            proxy.park_one().expect("alive");
            proxy.linger(5).expect("alive");
            request::sleep(Duration::from_millis(2));
            assert!(domain.kill());
            assert_eq!(proxy.work(), Err(RpcError::Dead));
            quiet_frames();
        }
        assert_eq!(quiet_frames(), before);
    }

    /// Invariant: ORDER-39
    fn kill_ends_a_thread_that_parks_in_a_panic() {
        quiet_frames();
        let domain = spawn("crew");
        let proxy = domain.proxy().expect("a proxy");
        proxy.park_in_panic().expect("alive");
        request::sleep(Duration::from_millis(20));
        assert!(domain.kill());
        assert_eq!(proxy.work(), Err(RpcError::Dead));
        let began = time::since_boot();
        while frames::owned_by(FrameOwner::STACKS) != OWN_STACK_FRAMES {
            assert!(time::since_boot() - began < Duration::from_secs(10), "the domain's thread has not ended after 10 s");
            request::sleep(Duration::from_millis(1));
            free_ended();
        }
    }

    /// Invariant: TRAP-4
    /// Failure: F-27
    fn calls_race_with_kills_and_restarts() {
        let domain = spawn("raced");
        *VICTIM.lock() = Some(domain.clone());
        OVER.store(false, SeqCst);
        ANSWERED.store(0, SeqCst);
        domain.proxy().expect("a proxy").work().expect("alive");
        let callers: [Handle; 3] = core::array::from_fn(|_| start(caller, 0));
        {
            let _fast = FastTick::begin();
            for kill in 0..60 {
                for _ in 0..kill % 7 {
                    request::yield_now();
                }
                domain.kill();
                domain.restart().expect("within the budget");
            }
        }
        OVER.store(true, SeqCst);
        callers.into_iter().for_each(Handle::join);
        *VICTIM.lock() = None;
        assert_eq!(domain.restarts(), 60);
        assert_eq!(domain.proxy().expect("a proxy").work(), Ok(8));
        assert!(ANSWERED.load(SeqCst) > 100, "{ANSWERED:?}");
        stop(&domain);
    }
}
