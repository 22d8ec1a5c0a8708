//! ISR status and MSI-X.

use samara_testkit::virtio_emulator::{Shape, Violation, deliver, stray_messages};

use super::block::{Bench, IN};
use super::support::{Driver, at};

/// Bytes of an MSI-X table entry. Its dwords are the address, the address's high half, the data and the control.
const ENTRY: usize = 16;
const PENDING: usize = 0x800;

/// Enables or disables MSI-X, and masks or unmasks all vectors.
fn set_msix(driver: &Driver, enable: bool, mask: bool) {
    let msix = driver.config.find(0x11).unwrap();
    let control = driver.config.read(msix) & !(3 << 30);
    let bits = u32::from(enable) << 31 | u32::from(mask) << 30;
    driver.config.write(msix, control | bits);
}

fn set_entry(driver: &Driver, vector: usize, address: u64, data: u32, masked: bool) {
    let words = [address as u32, (address >> 32) as u32, data, masked.into()];
    for (i, word) in words.into_iter().enumerate() {
        driver.model.write(1, ENTRY * vector + 4 * i, 4, word);
    }
}

/// Makes a device with MSI-X enabled and all vectors unmasked: vector 1 for the queue, vector 2 for the configuration.
fn with_msix() -> Bench {
    let bench = Bench::new(Shape::BLOCK);
    let driver = &bench.driver;
    set_msix(driver, true, false);
    for vector in 0..3 {
        // This is not the address of the process's vectors, so a message counts as stray. These tests only count
        // messages.
        set_entry(driver, vector, 0xFEE0_0000, 0x40, false);
    }
    driver.set(at::CONFIG_VECTOR, 2, 2);
    driver.set(at::QUEUE_SELECT, 2, 0);
    driver.set(at::QUEUE_VECTOR, 2, 1);
    bench
}

#[test]
fn without_msix_events_set_the_isr_status() {
    let mut bench = Bench::new(Shape::BLOCK);
    assert_eq!(bench.driver.isr(), 0);
    bench.execute(IN, 0, 512);
    assert_ne!(bench.driver.config.read(4) & 1 << 19, 0);
    assert_eq!(bench.driver.isr(), 1);
    assert_eq!(bench.driver.config.read(4) & 1 << 19, 0);
    assert_eq!(bench.driver.isr(), 0);
    bench.execute(IN, 0, 512);
    bench.driver.model.set_capacity(1);
    assert_eq!(bench.driver.isr(), 3);
    assert_eq!(bench.driver.model.counts().messages, 0);
    bench.driver.finish();
}

#[test]
fn the_no_interrupt_flag_suppresses_interrupts() {
    let mut bench = Bench::new(Shape::BLOCK);
    bench.driver.rings[0].set_flags(1);
    bench.execute(IN, 0, 512);
    assert_eq!(bench.driver.isr(), 0);
    bench.driver.rings[0].set_flags(0);
    bench.execute(IN, 0, 512);
    assert_eq!(bench.driver.isr(), 1);
    bench.driver.finish();
}

#[test]
fn with_msix_events_send_messages() {
    let mut bench = with_msix();
    let strays = stray_messages();
    bench.execute(IN, 0, 512);
    assert_eq!(bench.driver.model.counts().messages, 1);
    assert!(stray_messages() > strays);
    assert_eq!(bench.driver.isr(), 0);
    bench.driver.model.set_capacity(1);
    assert_eq!(bench.driver.model.counts().messages, 2);
    bench.driver.model.break_down();
    assert_eq!(bench.driver.model.counts().messages, 3);
    bench.driver.finish();
}

#[test]
fn an_event_without_a_vector_sends_no_message() {
    let mut bench = with_msix();
    bench.driver.set(at::QUEUE_VECTOR, 2, 0xFFFF);
    bench.driver.set(at::CONFIG_VECTOR, 2, 0xFFFF);
    bench.execute(IN, 0, 512);
    bench.driver.model.set_capacity(1);
    assert_eq!(bench.driver.model.counts().messages, 0);
    assert_eq!(bench.driver.model.read(1, PENDING, 4), 0);
    bench.driver.finish();
}

#[test]
fn masked_vectors_stay_pending() {
    let mut bench = with_msix();
    set_entry(&bench.driver, 1, 0, 0, true);
    bench.execute(IN, 0, 512);
    bench.execute(IN, 0, 512);
    assert_eq!(bench.driver.model.counts().messages, 0);
    assert_eq!(bench.driver.model.read(1, PENDING, 4), 0b10);
    set_entry(&bench.driver, 1, 0, 0, false);
    assert_eq!(bench.driver.model.counts().messages, 1);
    assert_eq!(bench.driver.model.read(1, PENDING, 4), 0);

    // Each vector is masked, and becomes pending, independently of the others.
    set_entry(&bench.driver, 1, 0, 0, true);
    set_entry(&bench.driver, 2, 0, 0, true);
    bench.execute(IN, 0, 512);
    bench.driver.model.set_capacity(4096);
    set_entry(&bench.driver, 1, 0, 0, false);
    assert_eq!(bench.driver.model.read(1, PENDING, 4), 0b100);
    set_entry(&bench.driver, 2, 0, 0, false);
    assert_eq!(bench.driver.model.counts().messages, 3);

    set_msix(&bench.driver, true, true);
    bench.execute(IN, 0, 512);
    assert_eq!(bench.driver.model.counts().messages, 3);
    set_msix(&bench.driver, true, false);
    assert_eq!(bench.driver.model.counts().messages, 4);
    bench.driver.finish();
}

#[test]
fn messages_wait_for_bus_mastering() {
    let bench = with_msix();
    bench.driver.config.command(true, false);
    bench.driver.model.set_capacity(1);
    assert_eq!(bench.driver.model.counts().messages, 0);
    bench.driver.config.command(true, true);
    assert_eq!(bench.driver.model.counts().messages, 1);
}

#[test]
fn only_vectors_of_the_table_are_mapped() {
    let driver = Driver::new(Shape::BLOCK);
    for field in [at::CONFIG_VECTOR, at::QUEUE_VECTOR] {
        driver.set(field, 2, 2);
        assert_eq!(driver.get(field, 2), 2);
        driver.set(field, 2, 3);
        assert_eq!(driver.get(field, 2), 0xFFFF);
        driver.set(field, 2, 0);
        driver
            .model
            .switch(|switches| switches.refuse_vectors = true);
        driver.set(field, 2, 1);
        assert_eq!(driver.get(field, 2), 0xFFFF);
        driver
            .model
            .switch(|switches| switches.refuse_vectors = false);
    }
    driver.broke(&[Violation::NoSuchVector; 2]);
}

#[test]
fn the_msix_table_reads_as_written() {
    let driver = Driver::new(Shape::BLOCK);
    let entry =
        |vector: usize| [0, 4, 8, 12].map(|at| driver.model.read(1, ENTRY * vector + at, 4));
    assert_eq!(entry(2), [0, 0, 0, 1]);
    set_entry(&driver, 2, 0x1_0000_0010, 7, false);
    assert_eq!(entry(2), [0x10, 1, 7, 0]);
    assert_eq!(entry(1), [0, 0, 0, 1]);
    // Entry 3 is past the end of the table. The driver can't set pending bits.
    set_entry(&driver, 3, 5, 5, false);
    assert_eq!(entry(3), [0; 4]);
    driver.model.write(1, PENDING, 4, u32::MAX);
    assert_eq!(driver.model.read(1, PENDING, 4), 0);
    driver.finish();
    driver.model.write(1, 0, 2, 1);
    driver.broke(&[Violation::Width]);
}

#[test]
fn a_message_to_a_wrong_address_is_a_stray() {
    let strays = stray_messages();
    deliver(0, 0);
    assert!(stray_messages() > strays);
}
