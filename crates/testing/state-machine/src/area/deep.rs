//! Steps with long chains of objects. The domain that makes a chain pays for all of it, and the end of a chain takes
//! a bounded amount of stack.

use super::{Kind, kind};
use crate::area::exports::Leaf;
use crate::census::times;
use crate::node::HostResource;
use crate::runner::Machine;
use crate::step::Numbers;
use samara_domain::{Proxy, RpcError, interface};
use samara_domain_runtime::exports;
use samara_shared_heap::heap;
use samara_testkit::hosted::owner_of;

pub(crate) const KINDS: &[Kind] = &[kind("links", 1, |m, n| m.links(n, n.how))];

#[interface]
pub(crate) trait Deep {
    /// Exports `count` objects. Each object holds the only proxy to the object before it.
    fn link(&self, count: usize) -> Result<Proxy<dyn Leaf>, RpcError>;
}

struct Link(Option<Proxy<dyn Leaf>>);

impl Leaf for Link {
    fn read(&self) -> Result<(u64, u32), RpcError> {
        Ok((0, self.0.is_some().into()))
    }
    fn write(&self, _: u32) -> Result<(), RpcError> {
        Ok(())
    }
    fn below(&self, _: u64) -> Result<Proxy<dyn Leaf>, RpcError> {
        match &self.0 {
            Some(below) => Ok(below.try_clone()?),
            None => Err(RpcError::Dead),
        }
    }
    fn fail(&self) -> Result<(), RpcError> {
        panic!("asked to")
    }
}

impl Deep for HostResource {
    fn link(&self, count: usize) -> Result<Proxy<dyn Leaf>, RpcError> {
        let mut last = None;
        for _ in 0..count {
            let linked = Proxy::export(Link(last));
            last = Some(linked.map_err(|(error, _)| error)?);
        }
        last.ok_or(RpcError::Dead)
    }
}

impl Machine {
    /// Makes a domain export a chain of `count` links. Then either kills the domain, or drops the head and collects
    /// link by link.
    pub(crate) fn links(&mut self, n: Numbers, count: usize) {
        self.model.collect(n.domain);
        let linked = self.fresh(n.domain).link(count);
        if !self.alive(n.domain) || count == 0 {
            assert_eq!(linked.map(drop), Err(RpcError::Dead));
            return;
        }
        let head = linked.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(head.read().map(|(_, more)| more), Ok(u32::from(count > 1)));
        // The domain owns a slot for each link, and all proxies to links except the one to the head, which the host
        // holds.
        let expected = self.model.census(n.domain);
        let has = heap::census(owner_of(&self.domains[n.domain]));
        assert_eq!(
            has.objects - expected.objects,
            count,
            "objects of the chain that its maker owns"
        );
        let proxies = times(self.model.units.handle, count - 1);
        assert_eq!(
            has.capabilities - expected.capabilities,
            proxies.capabilities
        );
        if n.which.is_multiple_of(2) {
            self.kill(n);
            drop(head);
        } else {
            drop(head);
            let target = self.domains[n.domain].service().current().target();
            let dropped: usize = (0..count).map(|_| exports::collect_of(target)).sum();
            assert_eq!(dropped, count, "links that the exporter dropped");
        }
    }

    /// Runs one step with a chain of `count` links.
    ///
    /// # Panics
    /// If a check fails.
    pub fn long_chain(&mut self, domain: usize, count: usize, killed: bool) {
        let which = usize::from(!killed);
        let how = count;
        self.links(Numbers { domain, which, how }, count);
        samara_host_std::runtime().reap();
        self.check();
    }
}
