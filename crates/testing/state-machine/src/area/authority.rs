//! Steps in which a domain tries to take the host's authority. It must die.

use super::{Kind, kind};
use crate::node::HostResource;
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain::{RpcError, interface};
use samara_domain_runtime::ExitKind;
use samara_host_std::runtime;

pub(crate) const KINDS: &[Kind] = &[kind("seize", 1, Machine::seize)];

#[interface]
pub(crate) trait Authority {
    /// Tries to take the authority over all domains, and to reap with it.
    fn seize(&self) -> Result<(), RpcError>;
}

impl Authority for HostResource {
    fn seize(&self) -> Result<(), RpcError> {
        let authority = runtime();
        authority.reap();
        Ok(())
    }
}

impl Machine {
    fn seize(&mut self, n: Numbers) {
        let seized = self.fresh(n.domain).seize();
        if self.alive(n.domain) {
            assert_eq!(
                seized,
                Err(RpcError::Crashed),
                "a domain took the host's authority"
            );
            self.model.die(n.domain, ExitKind::Panic);
        } else {
            assert_eq!(seized, Err(RpcError::Dead));
        }
    }
}
