//! Calls functions of a host that any code can name. The domain that the thread acts for decides whether such a call
//! has authority.

use samara_domain_runtime::{Domain, DomainSpec, Mint, Strategy, Supervisor};
use samara_host_std::{
    DomainAlloc, System, event_log, runtime, set_around_threads, set_event_sink, spawn_reaper,
    supervise,
};
use samara_proxy::{Export, RpcError, interface};
use samara_testkit::hosted::{deaths, host};

#[global_allocator]
static ALLOC: DomainAlloc<System> = DomainAlloc::new(System);

#[interface]
trait Bare {
    fn act(&self, how: u32) -> Result<u32, RpcError>;
}

struct Acting;
impl Bare for Acting {
    fn act(&self, how: u32) -> Result<u32, RpcError> {
        match how {
            0 => {
                // Gets the victim's handle by its name.
                let victim = runtime().import::<dyn Bare>("victim");
                victim.map(|victim| victim.kill()).ok();
            }
            1 => {
                set_event_sink(|_| {});
            }
            2 => drop(spawn_reaper()),
            3 => {
                set_around_threads(|run| run());
            }
            4 => {
                let restart = samara_domain_runtime::Restart::never();
                let mine = Supervisor::new("mine", Strategy::OneForOne, restart);
                drop(supervise(mine));
            }
            5 => {
                // With the log a domain could add events that never happened.
                event_log();
            }
            _ => {}
        }
        Ok(how)
    }
}

fn init((): ()) -> Result<Acting, RpcError> {
    Ok(Acting)
}

fn spawn(name: &str) -> Domain<dyn Bare> {
    let spec = DomainSpec::new(name);
    host().spawn(spec, init, Mint::nothing()).unwrap()
}

/// Invariant: AUTH-9
#[test]
fn a_domain_has_none_of_the_hosts_authority() {
    let victim = spawn("victim");
    host().publish(&victim).unwrap();
    for how in 0..6 {
        let name = format!("thief-{how}");
        let thief = spawn(&name);
        let ended = thief.proxy().unwrap().act(how);
        assert_eq!(ended, Err(RpcError::Crashed), "{how}");
        let message = deaths(&name)[0].message;
        assert!(message.as_str().contains("is the host's"), "{message}");
    }
    assert_eq!(victim.proxy().unwrap().act(9), Ok(9));
    assert!(host().withdraw("victim"));
}
