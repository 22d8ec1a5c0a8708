//! PCI configuration space: chapter 9 of the datasheet.

mod config;
mod layout;
mod msix;

pub(crate) use self::config::{ConfigEffect, ConfigSpace};
pub use self::layout::{
    CONFIG_SIZE, MSIX_BAR, MSIX_BAR_SIZE, MSIX_CAPABILITY, PCIE_CAPABILITY, REGISTER_BAR, VECTORS,
};
pub(crate) use self::msix::MsixTable;
