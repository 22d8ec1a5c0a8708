//! The common configuration structure (§4.1.4.3) and the device status (§2.1).

use std::vec::Vec;

use super::Machine;
use super::counts::Violation;
use super::queue::{NO_VECTOR, Queue};

/// Bits of the device status (§2.1).
pub(super) const ACKNOWLEDGE: u8 = 1;
pub(super) const DRIVER: u8 = 2;
pub(super) const DRIVER_OK: u8 = 4;
pub(super) const FEATURES_OK: u8 = 8;
pub(super) const NEEDS_RESET: u8 = 0x40;
pub(super) const FAILED: u8 = 0x80;

/// Feature bits of the transport (§6).
pub(super) const VERSION_1: u64 = 1 << 32;
pub(super) const ACCESS_PLATFORM: u64 = 1 << 33;

/// Offset and width of each field. Fields that belong to features which the model does not offer are left out.
const FIELDS: [(u32, u32); 16] = [
    (DEVICE_FEATURE_SELECT, 4),
    (DEVICE_FEATURE, 4),
    (DRIVER_FEATURE_SELECT, 4),
    (DRIVER_FEATURE, 4),
    (CONFIG_VECTOR, 2),
    (QUEUES, 2),
    (STATUS, 1),
    (GENERATION, 1),
    (QUEUE_SELECT, 2),
    (QUEUE_SIZE, 2),
    (QUEUE_VECTOR, 2),
    (QUEUE_ENABLE, 2),
    (QUEUE_NOTIFY_OFF, 2),
    (QUEUE_DESCRIPTORS, 8),
    (QUEUE_DRIVER, 8),
    (QUEUE_DEVICE, 8),
];
const DEVICE_FEATURE_SELECT: u32 = 0x00;
const DEVICE_FEATURE: u32 = 0x04;
const DRIVER_FEATURE_SELECT: u32 = 0x08;
const DRIVER_FEATURE: u32 = 0x0C;
const CONFIG_VECTOR: u32 = 0x10;
const QUEUES: u32 = 0x12;
const STATUS: u32 = 0x14;
const GENERATION: u32 = 0x15;
const QUEUE_SELECT: u32 = 0x16;
const QUEUE_SIZE: u32 = 0x18;
const QUEUE_VECTOR: u32 = 0x1A;
const QUEUE_ENABLE: u32 = 0x1C;
const QUEUE_NOTIFY_OFF: u32 = 0x1E;
const QUEUE_DESCRIPTORS: u32 = 0x20;
const QUEUE_DRIVER: u32 = 0x28;
const QUEUE_DEVICE: u32 = 0x30;
const END: usize = 0x38;

/// The progress of a reset by the status register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resetting {
    No,
    /// The reset is done after this number of further pauses.
    For(u32),
    Forever,
}

/// The state that a reset of the device clears (§2.4).
pub(super) struct Transport {
    pub(super) status: u8,
    pub(super) config_vector: u16,
    pub(super) queues: Vec<Queue>,
    device_feature_select: u32,
    driver_feature_select: u32,
    driver_features: u64,
    /// Whether the driver has accepted a feature above bit 63.
    accepts_more: bool,
    queue_select: u16,
}

impl Transport {
    pub(super) fn new(queues: u16, size: u16) -> Self {
        Self {
            status: 0,
            config_vector: NO_VECTOR,
            queues: (0..queues).map(|_| Queue::new(size)).collect(),
            device_feature_select: 0,
            driver_feature_select: 0,
            driver_features: 0,
            accepts_more: false,
            queue_select: 0,
        }
    }

    fn queue(&mut self) -> Option<&mut Queue> {
        self.queues.get_mut(usize::from(self.queue_select))
    }

    /// Whether the feature is negotiated: the driver has accepted it, and the device has accepted FEATURES_OK.
    pub(super) fn has(&self, feature: u64) -> bool {
        self.status & FEATURES_OK != 0 && self.driver_features & feature != 0
    }
}

/// Whether an access is as wide as the field at its offset (§4.1.3.1). A field of 64 bits takes two accesses of 32
/// bits.
pub(super) fn is_natural(fields: &[(u32, u32)], offset: u32, bytes: u32) -> bool {
    fields.iter().any(|&(at, width)| match width {
        8 => bytes == 4 && (offset == at || offset == at + 4),
        _ => bytes == width && offset == at,
    })
}

/// Returns the 32 feature bits that the feature select `select` shows.
fn selected(features: u64, select: u32) -> u32 {
    match select {
        0 => features as u32,
        1 => (features >> 32) as u32,
        _ => 0,
    }
}

/// Returns `old` with its low or its high dword replaced by `value`. Bit 2 of `offset` selects the high one.
fn half(old: u64, offset: u32, value: u32) -> u64 {
    match offset & 4 {
        0 => old >> 32 << 32 | u64::from(value),
        _ => old & 0xFFFF_FFFF | u64::from(value) << 32,
    }
}

impl Machine {
    /// Returns the bytes of the structure.
    fn common(&self) -> [u8; END] {
        let transport = &self.transport;
        let queue = transport.queues.get(usize::from(transport.queue_select));
        let of_queue = |get: fn(&Queue) -> u64| queue.map_or(0, get);
        let mut bytes = [0; END];
        for (offset, width) in FIELDS {
            let value = match offset {
                DEVICE_FEATURE_SELECT => transport.device_feature_select.into(),
                DEVICE_FEATURE => selected(self.offered(), transport.device_feature_select).into(),
                DRIVER_FEATURE_SELECT => transport.driver_feature_select.into(),
                DRIVER_FEATURE => {
                    selected(transport.driver_features, transport.driver_feature_select).into()
                }
                CONFIG_VECTOR => transport.config_vector.into(),
                QUEUES => transport.queues.len() as u64,
                STATUS => self.status().into(),
                GENERATION => self.generation.into(),
                QUEUE_SELECT => transport.queue_select.into(),
                QUEUE_SIZE => of_queue(|queue| queue.size.into()),
                QUEUE_VECTOR => queue.map_or(NO_VECTOR, |queue| queue.vector).into(),
                QUEUE_ENABLE => of_queue(|queue| queue.enabled.into()),
                QUEUE_NOTIFY_OFF if queue.is_some() => {
                    self.notify_offset(transport.queue_select).into()
                }
                QUEUE_DESCRIPTORS => of_queue(|queue| queue.descriptors),
                QUEUE_DRIVER => of_queue(|queue| queue.driver),
                QUEUE_DEVICE => of_queue(|queue| queue.device),
                _ => 0,
            };
            let at = offset as usize..(offset + width) as usize;
            bytes[at].copy_from_slice(&value.to_le_bytes()[..width as usize]);
        }
        bytes
    }

    /// Returns `queue_notify_off` of a queue. It counts down while the queue's index counts up. So a driver that uses
    /// the index in its place notifies queue 0 at a wrong address, and the tests notice it.
    pub(super) fn notify_offset(&self, queue: u16) -> u16 {
        (self.transport.queues.len() as u16).wrapping_sub(queue)
    }

    /// Returns the status as the register reads. While a reset is not done, the register does not read as 0.
    fn status(&self) -> u8 {
        match self.resetting {
            Resetting::No => self.transport.status,
            _ => self.transport.status.max(ACKNOWLEDGE),
        }
    }

    pub(super) fn read_common(&mut self, offset: u32, bytes: u32) -> u32 {
        if !is_natural(&FIELDS, offset, bytes) {
            self.violate(Violation::Width);
        }
        // With this switch, a driver that reads until two reads of the generation agree would never end.
        if self.switches.unstable && (offset..offset.saturating_add(bytes)).contains(&GENERATION) {
            self.generation = self.generation.wrapping_add(1);
        }
        super::registers::cut(&self.common(), offset, bytes)
    }

    pub(super) fn write_common(&mut self, offset: u32, bytes: u32, value: u32) {
        if !is_natural(&FIELDS, offset, bytes) {
            return self.violate(Violation::Width);
        }
        if self.resetting != Resetting::No && (offset, value) != (STATUS, 0) {
            return self.violate(Violation::BeforeReset);
        }
        let short = value as u16;
        match offset {
            DEVICE_FEATURE_SELECT => self.transport.device_feature_select = value,
            DRIVER_FEATURE_SELECT => self.transport.driver_feature_select = value,
            DRIVER_FEATURE => self.accept(value),
            CONFIG_VECTOR => self.transport.config_vector = self.mapped(short),
            STATUS => self.set_status(value as u8),
            QUEUE_SELECT => self.transport.queue_select = short,
            QUEUE_SIZE | QUEUE_VECTOR | QUEUE_ENABLE => self.write_queue(offset, short),
            QUEUE_DESCRIPTORS.. => self.write_address(offset, value),
            _ => self.violate(Violation::ReadOnly),
        }
    }

    /// Returns the vector to which the device maps an event if the driver asks for `vector` (§4.1.5.1.2).
    fn mapped(&mut self, vector: u16) -> u16 {
        if vector == NO_VECTOR {
            return NO_VECTOR;
        }
        if vector >= self.shape.vectors() {
            self.violate(Violation::NoSuchVector);
            return NO_VECTOR;
        }
        if self.switches.refuse_vectors {
            return NO_VECTOR;
        }
        vector
    }

    fn accept(&mut self, value: u32) {
        let transport = &mut self.transport;
        if transport.status & FEATURES_OK != 0 {
            return self.violate(Violation::FeaturesLate);
        }
        match transport.driver_feature_select {
            select @ 0..=1 => {
                transport.driver_features = half(transport.driver_features, select * 4, value);
            }
            _ => transport.accepts_more |= value != 0,
        }
    }

    fn write_queue(&mut self, offset: u32, value: u16) {
        let max = self.queue_size;
        let mapped = match offset {
            QUEUE_VECTOR => self.mapped(value),
            _ => NO_VECTOR,
        };
        let status = self.transport.status;
        let enables_early = self.switches.enables_early;
        let Some(queue) = self.transport.queue() else {
            return self.violate(Violation::NoSuchQueue);
        };
        let wrong = match offset {
            QUEUE_VECTOR => {
                queue.vector = mapped;
                None
            }
            QUEUE_SIZE if queue.enabled => Some(Violation::QueueInUse),
            QUEUE_SIZE if !value.is_power_of_two() || value > max => Some(Violation::QueueSize),
            QUEUE_SIZE => {
                queue.size = value;
                None
            }
            _ if value != 1 => Some(Violation::QueueDisabled),
            _ if status & FEATURES_OK == 0 && !enables_early => Some(Violation::QueueEarly),
            _ if !queue.is_aligned() => Some(Violation::QueueAlignment),
            _ if queue.size == 0 => Some(Violation::QueueSize),
            _ => {
                queue.enabled = true;
                None
            }
        };
        if let Some(violation) = wrong {
            self.violate(violation);
        }
    }

    fn write_address(&mut self, offset: u32, value: u32) {
        let Some(queue) = self.transport.queue() else {
            return self.violate(Violation::NoSuchQueue);
        };
        if queue.enabled {
            return self.violate(Violation::QueueInUse);
        }
        let address = match offset & !4 {
            QUEUE_DESCRIPTORS => &mut queue.descriptors,
            QUEUE_DRIVER => &mut queue.driver,
            _ => &mut queue.device,
        };
        *address = half(*address, offset, value);
    }

    fn set_status(&mut self, value: u8) {
        if value == 0 {
            return self.begin_reset();
        }
        let was = self.transport.status;
        if was & !value & !NEEDS_RESET != 0 {
            self.violate(Violation::StatusCleared);
        }
        let known = ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED;
        let mut new = was | value & known;
        let order = [ACKNOWLEDGE, DRIVER, FEATURES_OK, DRIVER_OK];
        if order
            .windows(2)
            .any(|pair| new & pair[1] != 0 && new & pair[0] == 0)
        {
            self.violate(Violation::StatusOrder);
        }
        if new & !was & FEATURES_OK != 0 && !self.agrees() {
            new &= !FEATURES_OK;
        }
        // The device does not go live before features were agreed on.
        if new & FEATURES_OK == 0 {
            new &= !DRIVER_OK;
        }
        self.transport.status = new;
    }

    /// Whether the device can work with the features that the driver has accepted (§2.2.2).
    fn agrees(&mut self) -> bool {
        let (accepted, offered) = (self.transport.driver_features, self.offered());
        if accepted & !offered != 0 || self.transport.accepts_more {
            self.violate(Violation::FeatureNotOffered);
            return false;
        }
        let needed = match self.shape.access_platform {
            true => VERSION_1 | ACCESS_PLATFORM,
            false => VERSION_1,
        };
        accepted & needed == needed
            && accepted & self.shape.also_offered == 0
            && !self.switches.refuse_features
    }
}
