//! The machine's PCI functions are found and can be silenced.

use core::time::Duration;

use samara_device_io::mmio::{ReadOnly, Register};
use samara_device_io::pci::{ClaimError, Silenced};
use samara_device_tables::Nvme;

use super::kernel_tests;
use crate::host::slot;
use crate::pci::{self, Bar, Class, Function};
use crate::println;

/// VS: the version, with the major version in bits 31:16.
const VERSION: Register<Nvme, u32, ReadOnly> = Register::at(0, 0x08);

/// The machine's NVMe controller, if it has one.
pub(super) fn nvme() -> Option<&'static Function> {
    let mut functions = pci::functions().iter();
    let found = functions.find(|function| function.class == Class::NVME);
    if found.is_none() {
        println!("no NVMe controller in this machine: the test is skipped");
    }
    found
}

kernel_tests! {
    fn finds_the_host_bridge() {
        let bridge = pci::functions().first().expect("functions");
        assert_eq!((bridge.class.base, bridge.class.sub), (0x06, 0x00), "{bridge}");
        assert_eq!(bridge.vendor, 0x8086);
    }

    fn finds_each_function_once() {
        let functions = pci::functions();
        for (index, function) in functions.iter().enumerate() {
            assert!(functions[..index].iter().all(|other| other.address != function.address));
        }
    }

    fn nvme_controller_has_its_registers() {
        let Some(nvme) = nvme() else { return };
        // NVM Express over PCIe: registers of at least 8 KiB in BAR0.
        let Some(Bar::Memory { address, size }) = nvme.bar(0) else { panic!("{nvme}") };
        assert!(size >= 0x2000 && address != 0, "{nvme}");
        assert_eq!(nvme.bar(1), None, "register 1 is the upper half of BAR0");
    }

    fn function_is_claimed_once_and_silenced() {
        let Some(function) = nvme() else { return };
        let slot = slot::<Nvme>(function).expect("a slot for each function");
        let claim = slot.claim().expect("free");
        assert!(matches!(slot.claim(), Err(ClaimError::Claimed)));
        // The firmware leaves the controller enabled when it has looked for a disk to boot from, so silencing has to
        // reset the controller.
        assert_eq!(claim.silence(), Silenced::Reset);
        claim.enable_bus_master().expect("just reset");
        let began = crate::time::since_boot();
        assert_eq!(claim.silence(), Silenced::Reset);
        assert!(crate::time::since_boot() - began >= Duration::from_millis(100));
        // The BARs were restored: the version register answers at the mapped address.
        assert!((1..=2).contains(&(claim.read(VERSION) >> 16)));
        drop(claim);
        drop(slot.claim().expect("free again"));
    }
}
