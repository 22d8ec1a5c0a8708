//! A stack overflow in trusted code kills the domain that has used the stack up. The trusted code runs to its end in
//! the reserve, the thread leaves the domain, and the reserve is closed again.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};
use core::time::Duration;

use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::threads::api as domain_thread;
use spin::Mutex;

use super::kernel_tests;
use super::stack_exhaustion::{Trusted, dig};
use super::threads::{FastTick, start};
use super::totals::leaves_nothing;
use crate::host::runtime;
use crate::println;
use crate::thread::reserve;

/// For each kind of trusted code, a test uses up the stack this many times, each time from another depth. Successive
/// depths differ by a few words.
const PADS: u32 = 48;

/// The most bytes of the reserve that trusted code may use.
const USED: usize = 8 * 1024;

/// A domain that uses stacks up.
#[interface]
trait Digger {
    fn dig(&self, code: Trusted, pad: u32) -> Result<(), RpcError>;
    /// Uses up the stack of a thread of the domain's own.
    fn dig_on_thread(&self, code: Trusted, pad: u32) -> Result<(), RpcError>;
    /// Panics, and uses up the stack in a destructor that the panic runs.
    fn dig_in_panic(&self, code: Trusted, pad: u32) -> Result<(), RpcError>;
    fn take(&self, object: RRef<u64>) -> Result<RRef<u64>, RpcError>;
}

mod digger {
    use super::*;
    use alloc::sync::Arc;

    /// The domain's state: a proxy of the domain that it calls. In the called domain it is `None`.
    pub(super) struct State(Option<Arc<Proxy<dyn Digger>>>);

    pub(super) fn init(other: Option<Proxy<dyn Digger>>) -> Result<State, RpcError> {
        Ok(State(other.map(Arc::new)))
    }

    fn dig_and_call(other: &Proxy<dyn Digger>, code: Trusted, pad: u32) {
        dig(code, pad, &|| drop(other.take(RRef::new(1))));
    }

    struct DigsAtLast<'a>(&'a Proxy<dyn Digger>, Trusted, u32);

    impl Drop for DigsAtLast<'_> {
        fn drop(&mut self) {
            dig_and_call(self.0, self.1, self.2);
        }
    }

    impl Digger for State {
        fn dig(&self, code: Trusted, pad: u32) -> Result<(), RpcError> {
            dig_and_call(self.0.as_ref().expect("another"), code, pad);
            Ok(())
        }

        fn dig_on_thread(&self, code: Trusted, pad: u32) -> Result<(), RpcError> {
            let other = self.0.clone().expect("another");
            let thread = domain_thread::spawn(move || dig_and_call(&other, code, pad));
            thread.expect("room for it").join();
            Ok(())
        }

        fn dig_in_panic(&self, code: Trusted, pad: u32) -> Result<(), RpcError> {
            let _digs = DigsAtLast(self.0.as_ref().expect("another"), code, pad);
            panic!("on purpose");
        }

        fn take(&self, object: RRef<u64>) -> Result<RRef<u64>, RpcError> {
            Ok(object)
        }
    }
}

/// The domain that dies, and the domain that it calls.
struct Pair {
    digs: Domain<dyn Digger>,
    other: Domain<dyn Digger>,
}

impl Pair {
    fn spawn() -> Self {
        let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
        let spec = |name| DomainSpec::new(name).restart(policy);
        let none = Mint::of(|| None);
        let other: Domain<dyn Digger> = runtime()
            .spawn(spec("other"), digger::init, none)
            .expect("a domain");
        let handle = other.clone();
        let recipe = Mint::fallible(move || handle.proxy().map(Some));
        let digs = runtime().spawn(spec("digs"), digger::init, recipe);
        let digs = digs.expect("a domain");
        Self { digs, other }
    }

    /// Makes `call` and asserts that the domain dies of a stack overflow. Returns whether the reserve was opened
    /// meanwhile.
    fn die(&self, call: impl FnOnce(&Proxy<dyn Digger>) -> Result<(), RpcError>) -> bool {
        self.die_of(ExitKind::Fault, "stack overflow at", call)
    }

    /// Makes `call` and asserts that the domain dies with an exit reason of this kind and message. Returns whether
    /// the reserve was opened meanwhile.
    fn die_of(
        &self,
        kind: ExitKind,
        message: &str,
        call: impl FnOnce(&Proxy<dyn Digger>) -> Result<(), RpcError>,
    ) -> bool {
        let before = reserve::counts();
        let proxy = self.digs.proxy().expect("alive");
        assert_eq!(call(&proxy), Err(RpcError::Crashed));
        let reason = self.digs.exit_reason().expect("it died");
        assert_eq!(reason.kind, kind, "{reason}");
        assert!(reason.message.as_str().starts_with(message), "{reason}");
        assert_eq!(proxy.dig(Trusted::Nothing, 0), Err(RpcError::Dead));
        self.digs.restart().expect("within the budget of restarts");
        let after = reserve::counts();
        assert_eq!(
            after.0 - after.1,
            before.0 - before.1,
            "the reserve was closed again"
        );
        after.0 != before.0
    }

    /// Makes the domain die on the running thread's stack, once at each depth. Returns how often the reserve was
    /// opened.
    fn die_at_every_depth(&self, code: Trusted) -> u32 {
        let mut reserves = 0;
        let pads = if code == Trusted::Spawn {
            PADS / 4
        } else {
            PADS
        };
        for pad in 0..pads {
            reserves += u32::from(self.die(|proxy| proxy.dig(code, pad)));
        }
        match code {
            Trusted::Nothing => assert_eq!(reserves, 0),
            // This code uses only a few words of stack while it is under the no-cut mark. The stack rarely ends
            // within just these words, and never if all of the code is inlined.
            Trusted::Free | Trusted::Unshare | Trusted::Call => {}
            _ => assert!(reserves > 0, "{code:?}"),
        }
        assert!(
            reserve::used() <= USED,
            "trusted code leaves the rest of the reserve for unwinding"
        );
        reserves
    }

    fn die_of_all(&self) {
        let reserves = Trusted::ALL.map(|code| (code, self.die_at_every_depth(code)));
        println!(
            "in trusted code: {reserves:?}, {} bytes of reserve used",
            reserve::used()
        );
    }

    fn end(self) {
        assert!(
            self.other.exit_reason().is_none(),
            "the domain that was only called is alive"
        );
        self.digs.kill();
        self.other.kill();
    }
}

static PAIR: Mutex<Option<Pair>> = Mutex::new(None);
static ENDED: AtomicU32 = AtomicU32::new(0);

fn die_of_all(_: usize) {
    let pair = PAIR.lock().take().expect("a pair");
    pair.die_of_all();
    *PAIR.lock() = Some(pair);
    ENDED.fetch_add(1, SeqCst);
}

fn end_with_open_reserve(_: usize) {
    assert!(reserve::open_own());
    ENDED.fetch_add(1, SeqCst);
}

fn call_with_open_reserve(_: usize) {
    let pair = PAIR.lock().take().expect("a pair");
    let proxy = pair.other.proxy().expect("alive");
    assert!(reserve::open_own());
    let refused = proxy.take(RRef::new(1)).err();
    assert_eq!(refused, Some(RpcError::StackExhausted));
    reserve::close();
    assert!(proxy.take(RRef::new(1)).is_ok());
    pair.end();
    ENDED.fetch_add(1, SeqCst);
}

kernel_tests! {
    /// Invariant: ORDER-38, TRAP-7
    /// Failure: F-16
    fn stack_overflow_in_trusted_code_kills_the_domain() {
        leaves_nothing(|| {
            let pair = Pair::spawn();
            pair.die_of_all();
            pair.end();
        });
    }

    /// Invariant: TRAP-7
    /// Failure: F-16
    fn trusted_code_overflow_on_a_spawned_thread() {
        leaves_nothing(|| {
            ENDED.store(0, SeqCst);
            *PAIR.lock() = Some(Pair::spawn());
            start(die_of_all, 0).join();
            assert_eq!(ENDED.load(SeqCst), 1, "the thread ran to its end");
            PAIR.lock().take().expect("given back").end();
        });
    }

    /// Invariant: TRAP-7
    /// Failure: F-16
    fn trusted_code_overflow_on_a_domains_own_thread() {
        leaves_nothing(|| {
            let pair = Pair::spawn();
            let _fast = FastTick::begin();
            let mut reserves = 0;
            for code in Trusted::ALL {
                for pad in 0..PADS / 4 {
                    reserves += u32::from(pair.die(|proxy| proxy.dig_on_thread(code, pad * 3)));
                }
            }
            assert!(reserves > 5, "{reserves}");
            pair.end();
        });
    }

    /// Invariant: ORDER-38
    fn a_destructor_in_a_panic_does_not_run_over_twice() {
        leaves_nothing(|| {
            let pair = Pair::spawn();
            let mut reserves = 0;
            for code in Trusted::ALL {
                for pad in 0..PADS / 4 {
                    let dies = pair.die_of(ExitKind::Panic, "on purpose", |proxy| {
                        proxy.dig_in_panic(code, pad * 3)
                    });
                    reserves += u32::from(dies);
                }
            }
            assert!(reserves > 5, "{reserves}");
            pair.end();
        });
    }

    /// Invariant: ORDER-41, TRAP-7
    fn calls_are_refused_while_a_reserve_is_open() {
        leaves_nothing(|| {
            ENDED.store(0, SeqCst);
            *PAIR.lock() = Some(Pair::spawn());
            start(call_with_open_reserve, 0).join();
            assert_eq!(ENDED.load(SeqCst), 1, "the thread ran to its end");
        });
    }

    /// Invariant: TRAP-8
    fn thread_ending_with_open_reserve_leaks_no_frame() {
        leaves_nothing(|| {
            ENDED.store(0, SeqCst);
            start(end_with_open_reserve, 0).join();
            assert_eq!(ENDED.load(SeqCst), 1);
        });
    }
}
