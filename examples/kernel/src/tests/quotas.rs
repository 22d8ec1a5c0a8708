//! Quotas of the exchange heap limit the objects that a call moves to a domain, and the objects that a domain makes
//! in its `init`.

use alloc::vec::Vec;

use samara::prelude::*;
use samara::runtime::{ExitKind, SpawnError};
use spin::Mutex;

use super::kernel_tests;
use super::totals::leaves_nothing;
use crate::host::runtime;

/// A domain that keeps the objects that it is given.
#[interface]
trait Collector {
    fn keep(&self, object: RRef<RRef<[u64; 128]>>) -> Result<u32, RpcError>;
    fn give_back(&self) -> Result<Option<RRef<RRef<[u64; 128]>>>, RpcError>;
    /// Returns the number of objects that it keeps.
    fn count(&self) -> Result<u32, RpcError>;
}

#[derive(Default)]
struct State(Mutex<Vec<RRef<RRef<[u64; 128]>>>>);

fn init((): ()) -> Result<State, RpcError> {
    Ok(State::default())
}

impl Collector for State {
    fn keep(&self, object: RRef<RRef<[u64; 128]>>) -> Result<u32, RpcError> {
        self.0.lock().push(object);
        self.count()
    }

    fn give_back(&self) -> Result<Option<RRef<RRef<[u64; 128]>>>, RpcError> {
        Ok(self.0.lock().pop())
    }

    fn count(&self) -> Result<u32, RpcError> {
        Ok(self.0.lock().len() as u32)
    }
}

/// A [`State`] with 8000 bytes of its own.
struct Large(
    State,
    #[expect(dead_code, reason = "takes room")] [u64; 1000],
);

fn init_large((): ()) -> Result<Large, RpcError> {
    Ok(Large(State::default(), [0; 1000]))
}

fn init_greedy((): ()) -> Result<State, RpcError> {
    let state = State::default();
    loop {
        state.0.lock().push(RRef::new(RRef::new([1; 128])));
    }
}

impl Collector for Large {
    fn keep(&self, object: RRef<RRef<[u64; 128]>>) -> Result<u32, RpcError> {
        self.0.keep(object)
    }

    fn give_back(&self) -> Result<Option<RRef<RRef<[u64; 128]>>>, RpcError> {
        self.0.give_back()
    }

    fn count(&self) -> Result<u32, RpcError> {
        self.0.count()
    }
}

/// Gives `domain` objects until one is refused. Returns the number that it took.
fn fill(domain: &Domain<dyn Collector>) -> u32 {
    let proxy = domain.proxy().expect("alive");
    let give = || proxy.keep(RRef::new(RRef::new([7; 128])));
    let taken = (0..1000).take_while(|_| give().is_ok()).count() as u32;
    // The refusal is only an error for the caller: no domain has died, and calls that move no objects still work.
    assert_eq!(give(), Err(RpcError::OverQuota));
    assert_eq!(proxy.count(), Ok(taken));
    // After the domain has given objects away, it can take others again.
    for _ in 0..2 {
        let back = proxy.give_back().expect("alive").expect("it has some");
        assert_eq!(back[0], 7);
    }
    assert_eq!(give(), Ok(taken - 1));
    assert!(domain.exit_reason().is_none());
    taken
}

kernel_tests! {
    /// Failure: F-11
    fn receiver_over_quota_is_refused_and_lives() {
        leaves_nothing(|| {
            let by_number = DomainSpec::new("collects").shared_objects(9);
            let by_bytes = DomainSpec::new("collects").shared_quota(16 << 10);
            for (spec, room) in [(by_number, 3..9), (by_bytes, 5..32)] {
                let domain: Domain<dyn Collector> =
                    runtime().spawn(spec, init, Mint::nothing()).expect("a domain");
                let taken = fill(&domain);
                assert!(room.contains(&taken), "{taken}");
                domain.kill();
            }
        });
    }

    /// Failure: F-11
    fn objects_made_by_init_count_against_the_quota() {
        leaves_nothing(|| {
            let spec = || DomainSpec::new("starts").shared_quota(2 << 10);
            let large: Result<Domain<dyn Collector>, _> =
                runtime().spawn(spec(), init_large, Mint::nothing());
            let Err(SpawnError::Init(reason)) = large else {
                panic!("8000 bytes do not fit into 2048");
            };
            assert_eq!(reason.kind, ExitKind::InitFailed);
            assert_eq!(reason.message.as_str(), "no quota for what init returned");

            let greedy: Result<Domain<dyn Collector>, _> =
                runtime().spawn(spec(), init_greedy, Mint::nothing());
            let Err(SpawnError::Init(reason)) = greedy else {
                panic!("`init` makes objects without end, so it cannot succeed");
            };
            assert_eq!(reason.kind, ExitKind::Panic, "{reason}");

            let small: Domain<dyn Collector> =
                runtime().spawn(spec(), init, Mint::nothing()).expect("it fits");
            assert_eq!(small.proxy().expect("alive").count(), Ok(0));
            small.kill();
        });
    }
}
