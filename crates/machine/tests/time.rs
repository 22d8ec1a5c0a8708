//! Whatever a domain can call, and however that ends, is somebody's time.
//!
//! Each function of the generated list (`surface.rs`) is called by the machine. Here some of its calls are made step by step: who
//! would be charged if a tick came before this instruction?
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_host_std::{DomainAlloc, System};
use samara_machine::{BYTES, Machine, Step, Time, survey, times};
use samara_testkit::hosted::Rng;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const STEPS: usize = 4_000;

/// Instructions that may be nobody's of a function's calls: so many, which a call takes on its way in and out, and one part in so
/// many of those that are a domain's.
const LOST: (u64, u64) = (100, 8);

#[test]
fn whatever_a_domain_can_call_is_somebodys_time() {
    let mut rng = Rng::new(2);
    survey(|| {
        let mut machine = Machine::new("time", 3);
        for _ in 0..STEPS {
            machine.step(Step::decode([(); BYTES].map(|()| rng.below(256) as u8)));
        }
        machine.end();
    });
    let times: Vec<_> = times().collect();
    for time in &times {
        println!("{time:?}");
    }
    assert!(times.len() > 50, "{} functions were looked at", times.len());
    let (least, part) = LOST;
    let is_lost = |time: &&Time| time.lost + time.uncharged > time.charged / part + least;
    let lost: Vec<_> = times.iter().filter(is_lost).collect();
    assert!(
        lost.is_empty(),
        "time of domains that nobody is charged for: {lost:#?}"
    );
}
