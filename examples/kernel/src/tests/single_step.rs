//! A tick that ends the domain, between any two instructions of a call that allocates, frees, moves and
//! returns: trusted code is never cut, and whatever is cut leaves the heap whole.

use alloc::vec;
use core::hint::black_box;
use core::time::Duration;

use samara::heap::heap;
use samara::prelude::*;
use samara::runtime::ExitKind;
use samara::runtime::state::State;
use spin::Mutex;

use super::domains::settled_frames;
use super::kernel_tests;
use crate::host::runtime;
use crate::println;
use crate::thread::step::tick_after;

/// A domain whose calls do a little of everything.
#[interface]
trait Stepped {
    /// Allocates and frees, privately and shared, keeps what it is given, and gives another back.
    fn exchange(&self, given: RRef<u64>, lent: &RRef<u64>) -> Result<RRef<u64>, RpcError>;
}

mod stepped {
    use super::*;

    #[derive(Default)]
    pub(super) struct State(Mutex<Option<RRef<u64>>>);

    pub(super) fn init((): ()) -> Result<State, RpcError> {
        Ok(State::default())
    }

    impl Stepped for State {
        fn exchange(&self, given: RRef<u64>, lent: &RRef<u64>) -> Result<RRef<u64>, RpcError> {
            let private = black_box(vec![*given; 3]);
            let shared = RRef::try_new(private[2] + **lent).map_err(|_| RpcError::OutOfMemory)?;
            drop(private);
            let mut kept = self.0.lock();
            let before = kept.replace(given);
            drop(kept);
            drop(before);
            Ok(shared)
        }
    }
}

/// How often a tick found the domain's code, and how often it came when nothing was to be cut.
#[derive(Default)]
struct Outcomes {
    cut: u32,
    answered: u32,
}

kernel_tests! {
    fn a_tick_after_any_instruction_leaves_the_heap_whole() {
        let policy = Restart::limited(u32::MAX, Duration::from_secs(3600));
        let spec = DomainSpec::new("stepped")
            .budget(Duration::from_secs(60))
            .drain_timeout(Duration::from_secs(1))
            .restart(policy);
        let domain = runtime()
            .spawn(spec, stepped::init, Mint::nothing())
            .expect("a domain");
        let lent = RRef::new(3_u64);
        let warm = |proxy: &Proxy<dyn Stepped>| {
            let back = proxy.exchange(RRef::new(4), &lent).expect("alive");
            assert_eq!(*back, 7);
        };
        let mut proxy = domain.proxy().expect("a proxy");
        for _ in 0..10 {
            warm(&proxy);
        }
        domain.kill();
        domain.restart().expect("within the budget of restarts");
        proxy = domain.proxy().expect("a proxy");
        warm(&proxy);

        let before = (heap::census_all(), settled_frames());
        let mut outcomes = Outcomes::default();
        let mut steps = 1;
        loop {
            let given = RRef::new(4_u64);
            let mut answer = Err(RpcError::Dead);
            let ticked = tick_after(steps, || answer = proxy.exchange(given, &lent));
            if !ticked {
                break;
            }
            match answer {
                Ok(back) => {
                    assert_eq!(*back, 7, "step {steps}");
                    outcomes.answered += 1;
                }
                Err(error) => {
                    assert_eq!(error, RpcError::Crashed, "step {steps}");
                    let reason = domain.exit_reason().expect("it died");
                    assert_eq!(reason.kind, ExitKind::Overrun, "step {steps}: {reason}");
                    outcomes.cut += 1;
                }
            }
            if !matches!(domain.info().state, State::Running) {
                // Every entry was counted out again, or this would time out.
                domain.restart().expect("it drained");
                proxy = domain.proxy().expect("a proxy");
            }
            warm(&proxy);
            assert_eq!(*lent, 3);
            let census = heap::census_all();
            assert_eq!(census, before.0, "step {steps}");
            steps += 1;
        }
        assert_eq!(settled_frames(), before.1);
        println!("{steps} steps: {} cut, {} answered", outcomes.cut, outcomes.answered);
        assert!(outcomes.cut > 100 && outcomes.answered > 20, "both kinds of code were met");
        domain.stop(Duration::from_secs(1)).expect("nobody is inside");
    }
}
