//! A domain that calls another lives on when the callee dies. When the caller itself dies, the callee lives on.

use samara::prelude::*;
use samara::runtime::ExitKind;

use super::kernel_tests;
use super::middle_domain::{self, Middle};
use super::victim::{CALLER, Victim, count, counter, spawn, stop};

kernel_tests! {
    fn caller_of_a_crashed_domain_lives_on() {
        let victim = spawn(DomainSpec::new("victim"));
        let middle = middle_domain::spawn(&victim);
        let (proxy, drops) = (middle.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.forward(&drops), Err(RpcError::Crashed));
        assert_eq!(proxy.forward(&drops), Err(RpcError::Dead));
        assert_eq!(count(&drops), 4);
        assert!(middle.exit_reason().is_none(), "the domain in the middle is alive");
        stop(&middle);
    }

    fn crash_inside_a_destructor_of_an_unwinding_domain() {
        let victim = spawn(DomainSpec::new("victim"));
        let middle = middle_domain::spawn(&victim);
        let (proxy, drops) = (middle.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.crash_both(&drops), Err(RpcError::Crashed));
        assert_eq!(count(&drops), 4, "the victim's destructors ran");
        for (name, reason) in [("victim", victim.exit_reason()), ("middle", middle.exit_reason())] {
            assert_eq!(reason.expect(name).kind, ExitKind::Panic);
        }
        assert!(!samara_unwind::is_unwinding());
    }

    /// Failure: F-25
    fn killed_caller_is_cut_when_its_callee_returns() {
        let victim = spawn(DomainSpec::new("victim"));
        let middle = middle_domain::spawn(&victim);
        *CALLER.lock() = Some(middle.clone());
        let (proxy, drops) = (middle.proxy().expect("a proxy"), counter());
        assert_eq!(proxy.be_killed(&drops), Err(RpcError::Crashed));
        assert_eq!(count(&drops), 0, "a kill cuts: no destructor runs");
        assert_eq!(middle.exit_reason().expect("it died").kind, ExitKind::Killed);
        assert_eq!(victim.proxy().expect("a proxy").work(), Ok(42), "the callee is unharmed");
        stop(&victim);
    }
}
