//! Ticks inside `memcpy`. In a hosted program `memcpy` is a function of the C library.
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_domain_runtime::{DomainSpec, ExitKind, Mint, Restart, RpcError};
use samara_host_std::{DomainAlloc, System};
use samara_proxy::{Export, interface};
use samara_rref::RRef;
use samara_testkit::contained::{contained, program_image};
use samara_testkit::hosted::{Totals, alone, host};
use std::hint::black_box;
use std::time::Duration;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Copier {
    /// Copies without end.
    fn copy(&self, from: &RRef<[u8]>) -> Result<(), RpcError>;
}

struct State;

impl Copier for State {
    fn copy(&self, from: &RRef<[u8]>) -> Result<(), RpcError> {
        let mut to = RRef::<[u8]>::new_zeroed_slice(from.len())?;
        loop {
            to.copy_from_slice(black_box(from));
            black_box(&mut to);
        }
    }
}

fn init((): ()) -> Result<State, RpcError> {
    Ok(State)
}

#[test]
fn a_copy_is_cut_where_the_tick_comes() {
    let _alone = alone();
    let _contained = contained(true);
    let before = Totals::now();
    {
        let spec = DomainSpec::new("copier")
            .restart(Restart::limited(u32::MAX, Duration::from_secs(1)))
            .budget(Duration::from_millis(4));
        let copier = host().spawn(spec, init, Mint::nothing()).unwrap();
        let copier: samara_domain_runtime::Domain<dyn Copier> = copier;
        let bytes = RRef::<[u8]>::new_zeroed_slice(1 << 20).unwrap();
        let mut inside = 0;
        for _ in 0..40 {
            let proxy = copier.proxy().unwrap();
            assert_eq!(proxy.copy(&bytes), Err(RpcError::Crashed));
            let reason = copier.exit_reason().unwrap();
            assert_eq!(reason.kind, ExitKind::Overrun);
            let first = reason.trace[0].pc;
            inside += usize::from(first != 0 && !program_image().code.contains(&first));
            copier.restart().unwrap();
        }
        // The domain spends nearly all of its time copying.
        assert!(inside > 20, "{inside} of 40 cuts were inside a copy");
        assert!(copier.kill());
    }
    host().reap();
    assert_eq!(Totals::now(), before);
}
