//! The network device (§5.1): its features, its configuration and its frames.

use std::collections::VecDeque;
use std::vec;
use std::vec::Vec;

use super::Machine;
use super::backend::{Backend, CONFIG};
use super::chain::{gather, part, scatter, total};
use super::counts::{Fault, Violation};
use super::shape::Net;
use super::switches::Misbehaviour;
use super::work::Request;

/// The index of the receive queue (§5.1.2).
pub(super) const RECEIVE: u16 = 0;

/// Feature bits (§5.1.3).
const MTU: u64 = 1 << 3;
const MAC: u64 = 1 << 5;
const STATUS: u64 = 1 << 16;

/// Offset and width of each field of the device configuration, up to the MTU (§5.1.4).
pub(super) const FIELDS: [(u32, u32); 9] = [
    (0, 1),
    (1, 1),
    (2, 1),
    (3, 1),
    (4, 1),
    (5, 1),
    (6, 2),
    (8, 2),
    (10, 2),
];

/// Bytes of `struct virtio_net_hdr`, without the fields of features that the device does not offer (§5.1.6).
pub(super) const HEADER: u64 = 12;
/// Bytes of an Ethernet header, and the longest payload without a negotiated MTU.
const ETHERNET: u64 = 14;
const PAYLOAD: u64 = 1500;
/// The most frames that the device keeps in each direction.
const KEPT: usize = 1024;

pub(super) struct Nic {
    shape: Net,
    pub(super) is_up: bool,
    /// Frames from the network that wait for a buffer.
    pub(super) incoming: VecDeque<Vec<u8>>,
    /// Frames that the driver sent and that were not looped back.
    pub(super) sent: Vec<Vec<u8>>,
}

impl Nic {
    pub(super) fn new(shape: Net) -> Self {
        Self {
            shape,
            is_up: true,
            incoming: VecDeque::new(),
            sent: Vec::new(),
        }
    }

    pub(super) fn features(&self) -> u64 {
        let mut features = 0;
        for (is_offered, bit) in [
            (self.shape.mtu.is_some(), MTU),
            (self.shape.mac.is_some(), MAC),
            (self.shape.status, STATUS),
        ] {
            features |= if is_offered { bit } else { 0 };
        }
        features
    }

    /// Takes over the offered features. If they contain STATUS, the configuration reports the link from now on.
    pub(super) fn set_features(&mut self, features: u64) {
        self.shape.status = features & STATUS != 0;
    }

    pub(super) fn set_mtu(&mut self, mtu: u16) {
        self.shape.mtu = Some(mtu);
    }

    pub(super) fn config(&self) -> [u8; CONFIG] {
        let mut bytes = [0; CONFIG];
        bytes[..6].copy_from_slice(&self.shape.mac.unwrap_or_default());
        bytes[6] = u8::from(self.shape.status && self.is_up);
        bytes[10..12].copy_from_slice(&self.shape.mtu.unwrap_or(0).to_le_bytes());
        bytes
    }
}

impl Machine {
    /// Takes a frame from the network. Returns true if the device has taken the frame, and false if it has dropped
    /// the frame.
    pub(super) fn receive(&mut self, frame: Vec<u8>) -> bool {
        let is_live = self.is_running();
        let Backend::Net(nic) = &mut self.backend else {
            return false;
        };
        let is_taken = is_live && nic.is_up && nic.incoming.len() < KEPT;
        if is_taken {
            nic.incoming.push_back(frame);
        } else {
            self.counts.dropped_frames += 1;
        }
        is_taken
    }

    /// Sets the state of the link, and tells the driver if the state changes. Does nothing on a block device.
    pub(super) fn set_link(&mut self, is_up: bool) {
        let Backend::Net(nic) = &mut self.backend else {
            return;
        };
        let was = core::mem::replace(&mut nic.is_up, is_up);
        if was != is_up && nic.shape.status {
            self.change_config();
        }
    }

    /// Toggles the link if the `flapping` switch is on.
    pub(super) fn flap(&mut self) {
        if let (true, Backend::Net(nic)) = (self.switches.flapping, &self.backend) {
            let is_up = nic.is_up;
            self.set_link(!is_up);
        }
    }

    /// Executes a request. Returns the number of bytes of the chain's writable part that were written.
    pub(super) fn execute_net(&mut self, request: &Request) -> Result<u32, Fault> {
        match &request.frame {
            Some(frame) => self.fill(frame, request),
            None => self.send(request),
        }
    }

    /// Writes a header and the frame into the buffer. `take_from` has checked that the frame fits.
    fn fill(&mut self, frame: &[u8], request: &Request) -> Result<u32, Fault> {
        // The header says that the frame takes one buffer (§5.1.6.3.2).
        let header = match request.wrong {
            Some(Misbehaviour::Header(header)) => header,
            _ => [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0],
        };
        let writable = &request.chain.writable;
        scatter(&self.memory, &part(writable, 0, HEADER), &header)?;
        scatter(&self.memory, &part(writable, HEADER, u64::MAX), frame)?;
        Ok(HEADER as u32 + frame.len() as u32)
    }

    fn send(&mut self, request: &Request) -> Result<u32, Fault> {
        let readable = &request.chain.readable;
        let length = total(readable).checked_sub(HEADER);
        let length = length.ok_or(Violation::NoHeader)?;
        let Backend::Net(nic) = &mut self.backend else {
            return Ok(0);
        };
        let mtu = nic.shape.mtu.filter(|_| self.transport.has(MTU));
        if length > ETHERNET + mtu.map_or(PAYLOAD, u64::from) {
            self.counts.dropped_frames += 1;
            self.violate(Violation::FrameTooLong);
            return Ok(0);
        }
        let mut header = [0; HEADER as usize];
        gather(&self.memory, readable, &mut header)?;
        let mut frame = vec![0; length as usize];
        gather(&self.memory, &part(readable, HEADER, u64::MAX), &mut frame)?;
        let (loops, is_up) = (nic.shape.loops, nic.is_up);
        if is_up && !loops && nic.sent.len() < KEPT {
            nic.sent.push(frame);
        } else if is_up && loops {
            let _ = self.receive(frame);
        } else {
            self.counts.dropped_frames += 1;
        }
        // The flags, the type of segmentation and the number of buffers must be 0 without the features that use them.
        if [header[0], header[1], header[10], header[11]] != [0; 4] {
            self.violate(Violation::FrameHeader);
        }
        Ok(0)
    }
}
