//! The machine's functions are found and can be quieted.

use super::kernel_tests;
use crate::pci::{self, Bar, Class};
use crate::println;

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

    fn nvme_controller_has_registers_and_resets() {
        let mut functions = pci::functions().iter();
        let Some(nvme) = functions.find(|function| function.class == Class::NVME) else {
            println!("no NVMe controller in this machine");
            return;
        };
        // NVM Express over PCIe: registers of at least 8 KiB in BAR0.
        let Some(Bar::Memory { address, size }) = nvme.bar(0) else { panic!("{nvme}") };
        assert!(size >= 0x2000 && address != 0, "{nvme}");
        assert_eq!(nvme.bar(1), None, "the upper half of BAR0");

        // SAFETY: the controller is disabled: it has no queue to read.
        unsafe { nvme.enable() };
        assert!(nvme.bus_master());
        nvme.reset().expect("function level reset");
        assert!(!nvme.bus_master());

        // The windows were put back: its version register answers there.
        let registers = crate::mm::window::map_device(address, size).expect("device memory");
        let version = registers.as_ptr().wrapping_add(8).cast::<u32>();
        // SAFETY: the version register (offset 8) is there in every controller and reading it has
        // no effect.
        let version = unsafe { version.read_volatile() };
        assert!((1..=2).contains(&(version >> 16)), "{version:#x}");
    }
}
