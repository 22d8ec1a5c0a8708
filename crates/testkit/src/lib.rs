//! What tests and the demonstration need: fault injection for domains, and device models.
#![no_std]

#[cfg(feature = "nvme-model")]
extern crate std;

pub mod fault;
#[cfg(feature = "nvme-model")]
pub mod nvme_model;
