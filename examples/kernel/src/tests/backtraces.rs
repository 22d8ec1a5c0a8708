//! Backtraces name functions, lines and domains, and show the calls from domain to domain.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use samara::prelude::*;
use samara::runtime::ExitKind;

use super::crashing_domain::{self, Mortal, Way};
use super::kernel_tests;
use crate::backtrace::{self, Line};
use crate::host::runtime;

/// A domain that calls another domain, which then dies.
#[interface]
trait Relay {
    fn pass_on(&self, way: Way) -> Result<(), RpcError>;
}

mod relay {
    use super::*;

    pub(super) struct State(Proxy<dyn Mortal>);

    pub(super) fn init(mortal: Proxy<dyn Mortal>) -> Result<State, RpcError> {
        Ok(State(mortal))
    }

    impl Relay for State {
        fn pass_on(&self, way: Way) -> Result<(), RpcError> {
            let ended = self.0.die(way);
            assert_eq!(ended, Err(RpcError::Crashed));
            Ok(())
        }
    }
}

/// The host calls a domain, and that domain calls another, which dies in the given way. Returns the kind of the death
/// and the lines of the backtrace.
fn lines_of(way: Way) -> (ExitKind, Vec<String>) {
    let mortal = crashing_domain::spawn();
    let handle = mortal.clone();
    let recipe = Mint::fallible(move || handle.proxy());
    let relay = runtime().spawn(DomainSpec::new("relay"), relay::init, recipe);
    let relay: Domain<dyn Relay> = relay.expect("a domain");
    let proxy = relay.proxy().expect("a proxy");
    assert_eq!(proxy.pass_on(way), Ok(()));
    let reason = mortal.exit_reason().expect("it died");
    let mut lines = Vec::new();
    backtrace::lines(backtrace::culprit(reason.calls()), |line: Line| {
        lines.push(line.to_string());
    });
    relay.kill();
    (reason.kind, lines)
}

/// Asserts that each of `words` occurs in a line, and that these lines come in the order of `words`.
fn assert_in_order(lines: &[String], words: &[&str]) {
    let mut rest = lines.iter();
    for word in words {
        assert!(rest.any(|line| line.contains(word)), "{word}: {lines:#?}");
    }
}

kernel_tests! {
    /// Invariant: TRAP-5
    fn backtrace_of_a_fault_names_functions_and_domains() {
        let (kind, lines) = lines_of(Way::Null);
        assert_eq!(kind, ExitKind::Fault);
        let first = lines.first().map_or("", String::as_str);
        assert!(first.contains("at read (examples/kernel/src/tests/crashing_domain.rs:"), "{lines:#?}");
        assert_in_order(&lines, &[
            "::die (",
            "  mortal was called by relay:",
            "at pass_on (examples/kernel/src/tests/backtraces.rs:",
            "  relay was called by the host:",
            "at lines_of (",
        ]);
    }

    fn backtrace_of_a_panic_names_functions_and_domains() {
        let (kind, lines) = lines_of(Way::Panic);
        assert_eq!(kind, ExitKind::Panic);
        let first = lines.first().map_or("", String::as_str);
        assert!(first.contains("die (examples/kernel/src/tests/crashing_domain.rs:"), "{lines:#?}");
        assert_in_order(&lines, &["  mortal was called by relay:", "at pass_on ("]);
    }

    /// Invariant: TRAP-5
    fn backtrace_of_a_wild_call_names_its_caller() {
        let (_, lines) = lines_of(Way::WildCall);
        assert_in_order(&lines, &["at call (", "  mortal was called by relay:"]);
    }
}
