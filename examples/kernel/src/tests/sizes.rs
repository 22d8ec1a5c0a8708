//! Sizes that a domain chooses, where addresses lie in the upper half: sums with them wrap.

use alloc::vec::Vec;

use samara::prelude::*;

use super::kernel_tests;
use super::totals::leaves_nothing;
use crate::host::runtime;

/// A domain that asks for much.
#[interface]
trait Asking {
    /// Whether a vector may be made so long that it ends `beyond` bytes behind the end of the address space.
    fn to_the_end(&self, beyond: u64) -> Result<bool, RpcError>;
}

struct State;

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

impl Asking for State {
    fn to_the_end(&self, beyond: u64) -> Result<bool, RpcError> {
        let mut bytes = Vec::new();
        bytes.resize(100, 7_u8);
        let end = bytes
            .as_ptr()
            .addr()
            .wrapping_neg()
            .wrapping_add(beyond as usize);
        let granted = bytes
            .try_reserve_exact(end.wrapping_sub(bytes.len()))
            .is_ok();
        assert!(bytes.iter().all(|byte| *byte == 7));
        Ok(granted)
    }
}

kernel_tests! {
    fn a_vector_does_not_grow_past_the_end_of_addresses() {
        leaves_nothing(|| {
            let domain: Domain<dyn Asking> = runtime()
                .spawn(DomainSpec::new("asks"), init, Mint::nothing())
                .expect("a domain");
            let proxy = domain.proxy().expect("alive");
            for beyond in [0, 1, 8, 16, 4096, 1 << 20, 1 << 30] {
                assert_eq!(proxy.to_the_end(beyond), Ok(false), "{beyond}");
                assert_eq!(proxy.to_the_end(beyond.wrapping_neg()), Ok(false), "-{beyond}");
            }
            domain.kill();
        });
    }
}
