//! Firmware, or an earlier kernel, left settings in a function that make it write memory. When a driver domain makes
//! the function bus master, the function must not do so.

use samara_device_io::PciFunction;
use samara_device_tables::Nvme;
use samara_host_std as _;
use samara_testkit::hosted::alone;

use raw::{MESSAGE, Raw};

#[path = "../fixtures/raw.rs"]
mod raw;

const MSI_AT: usize = 0x50;
const EXPRESS_AT: usize = 0x60;
const MSIX_AT: usize = 0x80;
const TABLE: usize = 0x4000;

/// A controller with PCI Express, MSI and MSI-X (64 entries), no Function Level Reset, CAP.CSS = NVM.
fn nvme() -> &'static Raw {
    let raw = Raw::leak(&[
        (0x00, 0x0010_1B36),
        (0x04, 1 << 20),
        (0x08, 0x0108_0202),
        (0x10, 0xFEB0_0004),
        (0x34, MSI_AT as u32),
        (MSI_AT, (EXPRESS_AT as u32) << 8 | 0x05 | 1 << 23),
        (EXPRESS_AT, (MSIX_AT as u32) << 8 | 0x10 | 2 << 16),
        (MSIX_AT, 0x11 | 63 << 16),
        (MSIX_AT + 4, TABLE as u32),
        (MSIX_AT + 8, 0x7000),
    ]);
    raw.set(0x00, 63);
    raw.set(0x04, 1 << 5);
    raw
}

/// Claims the function, resets it, and makes it bus master if the reset succeeds.
fn master(raw: &'static Raw) -> PciFunction<Nvme> {
    let function = raw.slot::<Nvme>().claim().unwrap();
    let reset = function.reset();
    let enabled = function.enable_bus_master();
    assert_eq!(enabled.is_ok(), reset.is_ok());
    assert_eq!(enabled.is_ok(), raw.is_bus_master());
    function
}

#[test]
fn msi_that_was_left_on_sends_no_message() {
    let _alone = alone();
    let raw = nvme();
    // MSI is enabled, at an address that an earlier kernel chose.
    raw.set_config(MSI_AT, raw.config(MSI_AT) | 1 << 16);
    raw.set_config(MSI_AT + 4, 0x1234_5678);
    let function = master(raw);
    assert_eq!(raw.config(MSI_AT) >> 16 & 1, 0, "MSI is still enabled");
    drop(function);
}

#[test]
fn vectors_past_the_sixteenth_send_no_message() {
    let _alone = alone();
    let raw = nvme();
    for entry in 0..64 {
        raw.set(TABLE + 16 * entry, 0x1234_5000 + entry as u32);
        raw.set(TABLE + 16 * entry + 12, 0);
    }
    let function = master(raw);
    let interrupt = function.interrupt(0).unwrap();
    assert_eq!(raw.get(TABLE), MESSAGE as u32);
    assert_eq!(raw.config(MSIX_AT) >> 30, 0b10, "enabled, not masked");
    for entry in 1..64 {
        let masked = raw.get(TABLE + 16 * entry + 12) & 1 == 1;
        assert!(
            masked,
            "entry {entry} still sends to the earlier kernel's address"
        );
    }
    drop((interrupt, function));
}

#[test]
fn virtual_functions_that_were_left_on_are_off() {
    let _alone = alone();
    let raw = nvme();
    // SR-IOV (PCI Express Base 5.0 §9.3.3): VF Enable and VF MSE in the control register.
    raw.set_config(0x100, 0x0001_0010);
    raw.set_config(0x108, 1 | 1 << 3);
    let function = master(raw);
    assert_eq!(raw.config(0x108) & 1, 0, "virtual functions are enabled");
    drop(function);
}

#[test]
fn a_boot_partition_that_is_being_read_is_not_idle() {
    let _alone = alone();
    let raw = nvme();
    // BPINFO.BRS = 01b: the controller is reading a boot partition into the memory at BPMBL, whatever CC.EN is (Base
    // 2.0 §3.1.3.13, §8.2.2).
    raw.set(0x04, 1 << 5 | 1 << 13);
    raw.set(0x40, 1 << 24);
    raw.set(0x48, 0x1234_5000);
    let function = master(raw);
    assert!(
        !raw.is_bus_master(),
        "the read goes on into memory that is in use again"
    );
    drop(function);
}

#[test]
fn an_enabled_controller_memory_buffer_is_not_idle() {
    let _alone = alone();
    let raw = nvme();
    // CMBMSC.CRE, CMSE and CBA (Base 2.0 §3.1.3.20), which a controller reset does not clear: addresses in the
    // buffer's range reach the controller's own memory instead of the host's.
    raw.set(0x50, 0x4000_0003);
    let function = master(raw);
    assert!(
        !raw.is_bus_master() || raw.get(0x50) & 2 == 0,
        "transfers to that range move nothing"
    );
    drop(function);
}

#[test]
fn a_capability_at_the_end_is_read_within_bounds() {
    let _alone = alone();
    for last in [0xFC, 0xF8, 0xF4, 0xEC] {
        for id in [0x10, 0x11, 0x09, 0x05] {
            let raw = nvme();
            raw.set_config(0x34, last);
            raw.set_config(last as usize, id | last << 8);
            if let Ok(function) = raw.slot::<Nvme>().claim() {
                let _ = function.capabilities().count();
                let _ = function.reset();
                let _ = function.silence();
                let _ = function.interrupt(0);
            }
        }
    }
}

#[test]
fn a_second_msix_capability_is_off() {
    let _alone = alone();
    let raw = nvme();
    raw.set_config(MSIX_AT, 0x11 | 0xA0 << 8 | 63 << 16 | 1 << 31);
    raw.set_config(0xA0, 0x11 | 63 << 16 | 1 << 31);
    raw.set_config(0xA4, TABLE as u32);
    raw.set_config(0xA8, 0x7000);
    let function = master(raw);
    assert_eq!((raw.config(MSIX_AT) >> 31, raw.config(0xA0) >> 31), (0, 0));
    drop(function);
}

#[test]
fn all_ones_bars_at_the_claim_are_not_put_back() {
    let _alone = alone();
    let raw = nvme();
    raw.set_config(EXPRESS_AT + 4, 1 << 28);
    // The function reads as all ones while the claim reads the base addresses.
    for bar in 0..6 {
        raw.set_config(0x10 + 4 * bar, u32::MAX);
    }
    let claimed = raw.slot::<Nvme>().claim();
    raw.set_config(0x10, 0xFEB0_0004);
    for bar in 1..6 {
        raw.set_config(0x10 + 4 * bar, 0);
    }
    if let Ok(function) = claimed {
        let _ = function.silence();
        assert_eq!(
            raw.config(0x10),
            0xFEB0_0004,
            "the registers lie at a wrong address"
        );
    }
}

#[test]
fn a_window_in_an_io_bar_is_passed_over() {
    let _alone = alone();
    // Like QEMU's `modern-pio-notify=on`: notifications by port in BAR 2 come first, then those by memory in BAR 0.
    let cap = |at: usize, next: u32, kind: u32, bar: u32, offset: u32, length: u32| {
        [
            (at, kind << 24 | 20 << 16 | next << 8 | 9),
            (at + 4, bar),
            (at + 8, offset),
            (at + 12, length),
            (at + 16, 4),
        ]
    };
    let mut config = vec![
        (0x00, 0x1042_1AF4),
        (0x04, 1 << 20),
        (0x08, 0x0100_0001),
        (0x10, 0xFEB0_0000),
        (0x18, 0xC001),
        (0x34, 0x40),
    ];
    config.extend(cap(0x40, 0x54, 2, 2, 0, 4));
    config.extend(cap(0x54, 0x68, 2, 0, 0x3000, 0x1000));
    config.extend(cap(0x68, 0x7C, 4, 0, 0x2000, 0x1000));
    config.extend(cap(0x7C, 0x90, 3, 0, 0x1000, 0x1000));
    config.extend(cap(0x90, 0, 1, 0, 0, 0x1000));
    let raw = Raw::leak(&config);
    let claimed = raw.slot::<samara_device_tables::VirtioBlock>().claim();
    assert!(claimed.is_ok(), "{:?}", claimed.err());
}
