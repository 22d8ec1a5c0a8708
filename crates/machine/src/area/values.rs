//! The types of shared objects, by themselves: what they hold is what was put there, whoever runs it.

use super::{Kind, kind};
use crate::machine::Machine;
use crate::node::Kept;
use crate::step::Numbers;
use samara_domain::{RpcError, interface};

pub(crate) const KINDS: &[Kind] = &[];

#[interface]
pub(crate) trait Values {
    fn play(&self, seed: u64) -> Result<(), RpcError>;
}

impl Values for Kept {
    fn play(&self, _: u64) -> Result<(), RpcError> {
        Ok(())
    }
}
