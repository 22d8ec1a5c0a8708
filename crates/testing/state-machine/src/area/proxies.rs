//! Steps with proxies of domains that the host keeps, clones, sends and uses. Some of the proxies are stale.

use super::values::told;
use super::{Kind, kind};
use crate::area::objects::Objects;
use crate::model::{End, Life};
use crate::node::Node;
use crate::runner::{MOST, Machine, end_of};
use crate::step::Numbers;
use crate::surface::call;
use samara_domain::{Proxy, RpcError};
use std::fmt::Debug;

pub(crate) const KINDS: &[Kind] = &[
    kind("proxy", 2, |m, n| {
        m.keep(m.fresh(n.domain), m.model.life(n.domain));
    }),
    kind("clone proxy", 2, Machine::clone_proxy),
    kind("send proxy", 4, Machine::send_proxy),
    kind("use proxy", 4, Machine::use_proxy),
];

impl Machine {
    fn keep(&mut self, proxy: Proxy<dyn Node>, life: Life) {
        if self.proxies.len() == MOST {
            self.proxies.remove(0);
        }
        self.proxies.push((proxy, life));
    }

    fn clone_proxy(&mut self, n: Numbers) {
        if let Some(at) = n.which.checked_rem(self.proxies.len()) {
            let (proxy, life) = &self.proxies[at];
            let copy = proxy.try_clone().unwrap_or_else(|error| panic!("{error}"));
            self.keep(copy, *life);
        }
    }

    fn send_proxy(&mut self, n: Numbers) {
        let Some(at) = n.which.checked_rem(self.proxies.len()) else {
            return;
        };
        let (peer, life) = self.proxies.swap_remove(at);
        let proxy = self.fresh(n.domain);
        let sent = end_of(&self.cuttable(|| proxy.learn(peer)));
        let expected = self.answer(n.domain);
        self.ended(sent, expected);
        if sent == End::Ok && self.alive(n.domain) {
            self.model.nodes[n.domain].peer = Some(life);
        }
    }

    fn use_proxy(&mut self, n: Numbers) {
        if let Some(at) = n.which.checked_rem(self.proxies.len()) {
            let (proxy, life) = &self.proxies[at];
            let lives = self.model.lives(*life);
            assert_eq!(call!(Proxy::<dyn Node>::is_alive, proxy), lives);
            assert!(!told::by(|f| call!(<Proxy<dyn Node> as Debug>::fmt, proxy, f)).is_empty());
            let expected = if lives {
                Ok(self.model.nodes[life.domain].items.len())
            } else {
                Err(RpcError::Dead)
            };
            assert_eq!(proxy.count(), expected, "a call through a kept proxy");
        }
    }
}
