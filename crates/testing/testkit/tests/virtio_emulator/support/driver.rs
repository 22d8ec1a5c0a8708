//! The driver's accesses to registers, and its initialization of the device (§3.1.1).

use samara_testkit::virtio_emulator::{Shape, Violation, VirtioEmulator};

use super::{Capability, Config, Dma, Ring};

/// Offsets in the common configuration (§4.1.4.3).
pub(crate) mod at {
    pub(crate) const DEVICE_FEATURE_SELECT: u32 = 0x00;
    pub(crate) const DEVICE_FEATURE: u32 = 0x04;
    pub(crate) const DRIVER_FEATURE_SELECT: u32 = 0x08;
    pub(crate) const DRIVER_FEATURE: u32 = 0x0C;
    pub(crate) const CONFIG_VECTOR: u32 = 0x10;
    pub(crate) const QUEUES: u32 = 0x12;
    pub(crate) const STATUS: u32 = 0x14;
    pub(crate) const GENERATION: u32 = 0x15;
    pub(crate) const QUEUE_SELECT: u32 = 0x16;
    pub(crate) const QUEUE_SIZE: u32 = 0x18;
    pub(crate) const QUEUE_VECTOR: u32 = 0x1A;
    pub(crate) const QUEUE_ENABLE: u32 = 0x1C;
    pub(crate) const QUEUE_NOTIFY_OFF: u32 = 0x1E;
    pub(crate) const QUEUE_ADDRESSES: [u32; 3] = [0x20, 0x28, 0x30];
}

/// The device status (§2.1).
pub(crate) mod status {
    pub(crate) const ACKNOWLEDGE: u8 = 1;
    pub(crate) const DRIVER: u8 = 2;
    pub(crate) const DRIVER_OK: u8 = 4;
    pub(crate) const FEATURES_OK: u8 = 8;
    pub(crate) const NEEDS_RESET: u8 = 0x40;
    pub(crate) const LIVE: u8 = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
}

pub(crate) struct Driver {
    pub(crate) model: &'static VirtioEmulator,
    pub(crate) config: Config,
    pub(crate) rings: Vec<Ring>,
    common: Capability,
    isr: Capability,
    device: Capability,
    notify: Capability,
}

impl Driver {
    /// Makes a device, finds its registers, and enables memory space and bus mastering. The device is not initialized.
    pub(crate) fn new(shape: Shape) -> Self {
        let model = VirtioEmulator::leak(shape);
        let config = Config(model);
        config.command(true, true);
        let structure = |kind| config.structure(kind).expect("the structure is listed");
        Self {
            model,
            config,
            rings: Vec::new(),
            common: structure(1),
            notify: structure(2),
            isr: structure(3),
            device: structure(4),
        }
    }

    /// Makes a device and initializes it, with all offered features and with queues of the maximum size.
    pub(crate) fn live(shape: Shape) -> Self {
        let mut driver = Self::new(shape);
        driver.bring_up();
        driver
    }

    pub(crate) fn get(&self, offset: u32, bytes: u32) -> u32 {
        let at = (self.common.offset + offset) as usize;
        self.model.read(self.common.bar, at, bytes)
    }

    pub(crate) fn set(&self, offset: u32, bytes: u32, value: u32) {
        let at = (self.common.offset + offset) as usize;
        self.model.write(self.common.bar, at, bytes, value);
    }

    pub(crate) fn status(&self) -> u8 {
        self.get(at::STATUS, 1) as u8
    }

    /// Sets further bits of the status.
    pub(crate) fn add_status(&self, bits: u8) {
        self.set(at::STATUS, 1, u32::from(self.status() | bits));
    }

    pub(crate) fn reset(&self) {
        self.set(at::STATUS, 1, 0);
    }

    /// Returns the features that the device offers.
    pub(crate) fn offered(&self) -> u64 {
        let half = |select| {
            self.set(at::DEVICE_FEATURE_SELECT, 4, select);
            u64::from(self.get(at::DEVICE_FEATURE, 4))
        };
        half(1) << 32 | half(0)
    }

    pub(crate) fn accept(&self, features: u64) {
        for (select, half) in [(0, features as u32), (1, (features >> 32) as u32)] {
            self.set(at::DRIVER_FEATURE_SELECT, 4, select);
            self.set(at::DRIVER_FEATURE, 4, half);
        }
    }

    /// Initializes the device from reset to FEATURES_OK. Returns whether the device accepted the features.
    pub(crate) fn negotiate(&self, features: u64) -> bool {
        self.reset();
        self.add_status(status::ACKNOWLEDGE);
        self.add_status(status::DRIVER);
        self.accept(features);
        self.add_status(status::FEATURES_OK);
        self.status() & status::FEATURES_OK != 0
    }

    /// Enables a queue with a new ring of this size.
    pub(crate) fn enable(&mut self, queue: u16, size: u16) {
        self.set(at::QUEUE_SELECT, 2, queue.into());
        self.set(at::QUEUE_SIZE, 2, size.into());
        let ring = Ring::new(self.model, size);
        self.set_addresses(ring.parts());
        self.set(at::QUEUE_ENABLE, 2, 1);
        self.rings.push(ring);
    }

    /// Sets the addresses of the selected queue.
    pub(crate) fn set_addresses(&self, parts: [u64; 3]) {
        for (offset, address) in at::QUEUE_ADDRESSES.into_iter().zip(parts) {
            self.set(offset, 4, address as u32);
            self.set(offset + 4, 4, (address >> 32) as u32);
        }
    }

    pub(crate) fn bring_up(&mut self) {
        assert!(
            self.negotiate(self.offered()),
            "the device refused the features that it offers"
        );
        self.rings.clear();
        for queue in 0..self.get(at::QUEUES, 2) as u16 {
            self.set(at::QUEUE_SELECT, 2, queue.into());
            let size = self.get(at::QUEUE_SIZE, 2) as u16;
            self.enable(queue, size);
        }
        self.add_status(status::DRIVER_OK);
    }

    /// Rings the queue's doorbell.
    pub(crate) fn notify(&self, queue: u16) {
        self.set(at::QUEUE_SELECT, 2, queue.into());
        let offset = self.get(at::QUEUE_NOTIFY_OFF, 2);
        let offset = offset.wrapping_mul(self.notify.extra);
        self.notify_at(offset, queue);
    }

    pub(crate) fn notify_at(&self, offset: u32, value: u16) {
        let at = self.notify.offset.wrapping_add(offset) as usize;
        self.model.write(self.notify.bar, at, 2, value.into());
    }

    pub(crate) fn isr(&self) -> u8 {
        let at = self.isr.offset as usize;
        self.model.read(self.isr.bar, at, 1) as u8
    }

    pub(crate) fn device(&self, offset: u32, bytes: u32) -> u32 {
        let at = (self.device.offset + offset) as usize;
        self.model.read(self.device.bar, at, bytes)
    }

    /// Makes a chain available and notifies the queue.
    pub(crate) fn submit(&mut self, queue: u16, head: u16) {
        self.rings[usize::from(queue)].offer(head);
        self.notify(queue);
    }

    /// Makes a buffer of `length` bytes that the device reaches.
    pub(crate) fn buffer(&self, length: usize) -> Dma {
        Dma::new(self.model, length)
    }

    /// Asserts that the driver broke no rule and that the device made no stray access.
    pub(crate) fn finish(&self) {
        self.broke(&[]);
        assert_eq!(self.model.counts().stray_accesses, 0);
    }

    /// Asserts that the driver broke exactly these rules, in this order.
    pub(crate) fn broke(&self, violations: &[Violation]) {
        assert_eq!(self.model.violations(), violations);
    }
}
