//! Resets of the device by the status register (§2.4), and Function Level Resets.

use super::Machine;
use super::backend::Backend;
use super::interrupts::Interrupts;
use super::transport::{Resetting, Transport};

impl Machine {
    /// Begins a reset: the driver has written 0 to the status register.
    pub(super) fn begin_reset(&mut self) {
        self.resetting = match self.resetting {
            _ if self.switches.never_reset => Resetting::Forever,
            Resetting::No if self.switches.reset_takes > 0 => {
                Resetting::For(self.switches.reset_takes)
            }
            Resetting::No => return self.reset(),
            // A reset is under way already.
            other => other,
        };
    }

    /// Advances a reset that is under way by one pause.
    pub(super) fn go_on_resetting(&mut self) {
        match self.resetting {
            Resetting::For(left @ 2..) => self.resetting = Resetting::For(left - 1),
            Resetting::For(_) => self.reset(),
            Resetting::No | Resetting::Forever => {}
        }
    }

    /// Resets the device to its state after power-on. The reset does not change configuration space, the MSI-X table
    /// and the medium.
    fn reset(&mut self) {
        self.counts.resets += 1;
        let switches = &mut self.switches;
        self.blind = switches.blind_after_reset;
        if let Some(features) = switches.features_after_reset.take() {
            self.other_features = Some(features);
            if let Backend::Net(net) = &mut self.backend {
                net.set_features(features);
            }
        }
        if let Some(size) = switches.queue_size_after_reset.take() {
            self.queue_size = size;
        }
        if let Some(sectors) = switches.capacity_after_reset.take() {
            self.backend.set_capacity(sectors);
            self.config_is_changed = true;
        }
        let mtu = switches.mtu_after_reset.take();
        if let (Some(mtu), Backend::Net(net)) = (mtu, &mut self.backend) {
            net.set_mtu(mtu);
        }
        self.resetting = Resetting::No;
        self.transport = Transport::new(self.backend.queues(), self.queue_size);
        if !self.switches.outlives_reset {
            self.requests.clear();
        }
        self.interrupts.isr = 0;
        if let Backend::Net(net) = &mut self.backend {
            net.incoming.clear();
        }
    }

    /// Performs a Function Level Reset: it resets the device, configuration space and the MSI-X table.
    pub(super) fn reset_function(&mut self) {
        self.reset();
        self.config.reset();
        self.interrupts = Interrupts::new(self.shape.vectors());
    }
}
