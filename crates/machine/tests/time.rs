//! Whatever a domain can call, and however that ends, is somebody's time.
//!
//! Each function of the generated list (`surface.rs`) is called by the machine. Here some of its calls are made step by step: who
//! would be charged if a tick came before this instruction?
#![cfg(all(target_arch = "x86_64", target_os = "linux"))]

use samara_host_std::{DomainAlloc, System};
use samara_machine::{BYTES, Machine, Step, survey, times};
use samara_testkit::hosted::Rng;

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

const STEPS: usize = 4_000;

/// Functions on whose way there are stretches that no tick charges: a clock tells how long they take.
const MEASURED: &[&str] = &["::park", "::park_timeout", "::join", "::yield_now"];

/// Instructions of a call that may be lost: those between a domain's last and its caller's next, one part in so many and as many
/// as a call takes.
const LOST: (u64, u64) = (8, 200);

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
    let (part, least) = LOST;
    let is_lost = |time: &&samara_machine::Time| {
        let is_measured = MEASURED.iter().any(|end| time.name.ends_with(end));
        let lost = if is_measured {
            time.lost
        } else {
            time.lost + time.uncharged
        };
        lost > time.charged / part + least
    };
    let lost: Vec<_> = times.iter().filter(is_lost).collect();
    assert!(
        lost.is_empty(),
        "time of domains that nobody is charged for: {lost:#?}"
    );
}
