//! Steps with names: services are published under names, imported by name and interface, and withdrawn.

use super::{Kind, kind};
use crate::area::exports::Leaf;
use crate::area::objects::Objects;
use crate::node::Node;
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain_runtime::{Domain, NameError};
use samara_host_std::runtime;
use samara_proxy::Export;

pub(crate) const KINDS: &[Kind] = &[
    kind("publish", 1, Machine::publish),
    kind("withdraw", 1, |m, n| m.withdraw(n.domain)),
    kind("import", 2, Machine::import),
];

impl Machine {
    fn publish(&mut self, n: Numbers) {
        let published = runtime().publish(&self.domains[n.domain]);
        let known = &mut self.published[n.domain];
        if known.is_some() {
            assert_eq!(published, Err(NameError::Taken));
        } else {
            assert_eq!(published, Ok(()));
            *known = Some(self.model.name(n.domain));
        }
    }

    fn withdraw(&mut self, domain: usize) {
        let withdrawn = runtime().withdraw(self.domains[domain].name());
        assert_eq!(withdrawn, self.published[domain].take().is_some());
    }

    pub(crate) fn withdraw_all(&mut self) {
        (0..self.domains.len()).for_each(|domain| self.withdraw(domain));
    }

    /// Imports a service by its name. The result stands for all generations of the service, dead or alive.
    fn import(&mut self, n: Numbers) {
        let name = self.domains[n.domain].name();
        let imported: Result<Domain<dyn Node>, _> = runtime().import(name);
        let other: Result<Domain<dyn Leaf>, _> = runtime().import(name);
        let Some(published) = self.published[n.domain] else {
            assert_eq!(imported.err(), Some(NameError::Unknown));
            return;
        };
        assert!(
            matches!(other, Err(NameError::Interface { .. })),
            "imported as another interface"
        );
        let imported = imported.unwrap_or_else(|error| panic!("{error}"));
        let node = &self.model.nodes[n.domain];
        let lives = node.alive && node.service == published.service;
        let proxy = imported.proxy().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(proxy.count().is_ok(), lives);
    }
}
