//! The device at work: it takes chains, executes those that are due, gives them back and notifies the driver.

use std::vec::Vec;

use super::Machine;
use super::backend::Backend;
use super::chain::{Chain, total};
use super::counts::{Fault, KEPT, Violation};
use super::interrupts::{CONFIGURATION, QUEUE};
use super::net::{self, RECEIVE};
use super::switches::Misbehaviour;
use super::transport::{DRIVER_OK, NEEDS_RESET};
use crate::messages::deliver;

/// A chain that the device has taken and has yet to execute.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) queue: u16,
    pub(super) chain: Chain,
    /// If the chain is a receive buffer: the frame that the device is to write into it.
    pub(super) frame: Option<Vec<u8>>,
    /// Pauses until it is due.
    wait: u32,
    pub(super) wrong: Option<Misbehaviour>,
}

impl Machine {
    /// Whether the device uses its queues (§2.1.2).
    pub(super) fn is_running(&self) -> bool {
        !self.switches.removed && self.transport.status & (DRIVER_OK | NEEDS_RESET) == DRIVER_OK
    }

    /// Lets one pause pass.
    pub(super) fn pause(&mut self) {
        self.now += self.pause;
        self.blind = self.blind.saturating_sub(1);
        self.go_on_resetting();
        self.flap();
        for request in &mut self.requests {
            request.wait = request.wait.saturating_sub(1);
        }
        self.work();
    }

    /// Does all work that can be done now.
    pub(super) fn work(&mut self) {
        if !self.is_running() {
            return;
        }
        if !self.config.is_bus_master() {
            let notified = self.transport.queues.iter().filter(|queue| queue.notified);
            let due = self.requests.iter().filter(|request| request.wait == 0);
            self.counts.refused_accesses += (notified.count() + due.count()) as u64;
            return;
        }
        if self.switches.polls {
            for queue in &mut self.transport.queues {
                queue.notified = true;
            }
        }
        // The loop ends even if the device's own writes reach the rings and make chains available. After the device
        // has found a queue empty, it does not look at that queue again before the next notification.
        while self.is_running() && (self.take() | self.finish()) {}
    }

    /// Takes all available chains. Returns whether it made any progress.
    fn take(&mut self) -> bool {
        let mut any = false;
        for queue in 0..self.transport.queues.len() {
            while self.is_running() {
                match self.take_from(queue) {
                    Ok(true) => any = true,
                    Ok(false) => break,
                    Err(fault) => self.fail(fault),
                }
            }
        }
        self.counts.most_in_flight = self.counts.most_in_flight.max(self.requests.len());
        any
    }

    /// Takes one chain from a queue, or drops a frame that does not fit into it. Returns false if there is nothing to
    /// do.
    fn take_from(&mut self, index: usize) -> Result<bool, Fault> {
        let mut incoming = match &mut self.backend {
            Backend::Net(nic) if index == usize::from(RECEIVE) => Some(&mut nic.incoming),
            _ => None,
        };
        // Receive buffers stay in the ring until there is a frame for them.
        if incoming.as_ref().is_some_and(|frames| frames.is_empty()) {
            return Ok(false);
        }
        let queue = &mut self.transport.queues[index];
        let Some(chain) = queue.take(&self.memory)? else {
            return Ok(false);
        };
        let frame = incoming.as_mut().and_then(|frames| frames.pop_front());
        if let Some(frame) = &frame {
            let room = total(&chain.writable).checked_sub(net::HEADER);
            if room.ok_or(Violation::NoHeader)? < frame.len() as u64 {
                queue.untake();
                self.counts.dropped_frames += 1;
                return Ok(true);
            }
        }
        self.counts.chains += 1;
        let next = self.switches.next.get_mut(index);
        let wrong = next.and_then(|next| next.pop_front()).flatten();
        let late = match wrong {
            Some(Misbehaviour::Late(pauses)) => pauses,
            _ => 0,
        };
        self.requests.push(Request {
            queue: index as u16,
            chain,
            frame,
            wait: self.shape.latency.saturating_add(late),
            wrong,
        });
        Ok(true)
    }

    /// Executes the chains that are due and gives them back. Returns whether any was due.
    fn finish(&mut self) -> bool {
        let (mut due, rest): (Vec<_>, Vec<_>) = self
            .requests
            .drain(..)
            .partition(|request| request.wait == 0);
        self.requests = rest;
        if self.shape.reorder {
            due.reverse();
        }
        let any = !due.is_empty();
        for request in due {
            if !self.is_running() {
                break;
            }
            if self.is_disowned(&request) {
                continue;
            }
            if let Err(fault) = self.execute(&request) {
                self.fail(fault);
            }
        }
        any
    }

    /// Whether the device must leave the chain alone, because it has reported the chain as used and the switch
    /// `keeps_its_word` is on.
    fn is_disowned(&self, request: &Request) -> bool {
        let queue = self.transport.queues.get(usize::from(request.queue));
        let has_it = queue.is_some_and(|queue| queue.in_flight.contains(&request.chain.head));
        self.switches.keeps_its_word && !has_it
    }

    fn execute(&mut self, request: &Request) -> Result<(), Fault> {
        match request.wrong {
            _ if self.switches.hang => return Ok(()),
            Some(Misbehaviour::Silent) => return Ok(()),
            Some(Misbehaviour::NeedsReset) => {
                self.need_reset();
                return Ok(());
            }
            _ => {}
        }
        let written = match self.backend {
            Backend::Block(_) => self.execute_block(request)?,
            Backend::Net(_) => self.execute_net(request)?,
        };
        self.give_back(request, written)?;
        if let Some(Misbehaviour::Again(pauses)) = request.wrong {
            self.requests.push(Request {
                wait: pauses,
                wrong: None,
                ..request.clone()
            });
        }
        Ok(())
    }

    fn give_back(&mut self, request: &Request, written: u32) -> Result<(), Fault> {
        let (head, room) = (request.chain.head, total(&request.chain.writable) as u32);
        let (mut id, mut length, mut further) = (u32::from(head), written, 0);
        match request.wrong {
            Some(Misbehaviour::Id(other)) => id = other,
            Some(Misbehaviour::Length(other)) => length = other,
            Some(Misbehaviour::Overlong(by)) => length = room.wrapping_add(by),
            Some(Misbehaviour::Jump(by)) => further = by,
            _ => {}
        }
        let Some(queue) = self.transport.queues.get_mut(usize::from(request.queue)) else {
            return Ok(());
        };
        queue.give(&self.memory, id, length)?;
        queue.in_flight.retain(|&other| other != head);
        if request.wrong == Some(Misbehaviour::Twice) {
            queue.give(&self.memory, id, length)?;
        }
        let is_said = id != u32::from(head) || request.wrong == Some(Misbehaviour::Twice);
        if self.switches.keeps_its_word && is_said {
            queue.disown(id);
        }
        let (wants, vector) = (queue.publish(&self.memory, further)?, queue.vector);
        if wants {
            if self.config.msix_is_enabled() {
                self.interrupts.raise(vector);
                self.send_messages();
            } else {
                self.interrupts.isr |= QUEUE;
            }
        }
        Ok(())
    }

    /// Counts a fault and breaks the device, because the device can't go on after this fault.
    fn fail(&mut self, fault: Fault) {
        match fault {
            Fault::Stray => self.counts.stray_accesses += 1,
            Fault::Violation(violation) => self.violate(violation),
        }
        self.need_reset();
    }

    /// Sets DEVICE_NEEDS_RESET and tells the driver (§2.1.2).
    pub(super) fn need_reset(&mut self) {
        self.transport.status |= NEEDS_RESET;
        self.tell_of_config();
    }

    /// Notes a change of the device configuration and tells the driver (§4.1.5.4).
    pub(super) fn change_config(&mut self) {
        self.config_is_changed = true;
        self.tell_of_config();
    }

    /// Sends a configuration change notification if the driver has set DRIVER_OK.
    fn tell_of_config(&mut self) {
        if self.transport.status & DRIVER_OK != 0 {
            self.interrupts.isr |= CONFIGURATION;
            if self.config.msix_is_enabled() {
                self.interrupts.raise(self.transport.config_vector);
                self.send_messages();
            }
        }
    }

    /// Sends all pending messages that are not masked. A message is a memory write, so the function must be bus master.
    pub(super) fn send_messages(&mut self) {
        let config = &self.config;
        if self.switches.removed
            || !config.msix_is_enabled()
            || config.msix_is_masked()
            || !config.is_bus_master()
        {
            return;
        }
        while let Some((address, data)) = self.interrupts.take_message() {
            self.counts.messages += 1;
            deliver(address, data);
        }
    }

    /// Records that the driver broke a rule.
    pub(super) fn violate(&mut self, violation: Violation) {
        self.counts.violations += 1;
        if self.violations.len() < KEPT {
            self.violations.push(violation);
        }
    }
}
