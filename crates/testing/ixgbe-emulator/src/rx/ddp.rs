//! Direct data placement: the payload of an FCoE frame goes to a context's buffers, and not to the ring.
//!
//! The conditions are those of the X550's datasheet, section 7.11.3.3.5. Three of them are not checked: the order of
//! frames, the FC CRC and the sender's address. So the emulator places every frame that the hardware would place, and
//! some more.

use crate::bus::Bus;
use crate::fcoe::Context;
use crate::nic::Nic;
use crate::packet::{Headers, word};
use crate::registers::bits::{
    ETQF_ENABLE, ETQF_FCOE, FCBUFF_VALID, FCFLT_FIRST, FCFLT_VALID, FCRXCTRL_ALL_HEADERS,
    FCRXCTRL_LAST_HEADERS, RDRXCTL_FCOE_WRITE_FIX,
};
use crate::registers::{RegisterFile, offset as at};

const ETHERTYPE_FILTERS: u32 = 8;

/// Bytes of the FCoE header, of the FC header behind it, and of the trailer behind the payload: the FC CRC, EOF and
/// three reserved bytes.
const FCOE_HEADER: usize = 14;
const FC_HEADER: usize = 24;
const TRAILER: usize = 8;

/// Start-of-frame codes of classes 2 and 3, for the first frame of a sequence and for its other frames.
const SOF_FIRST: [u8; 2] = [0x2d, 0x2e];
const SOF_NEXT: [u8; 2] = [0x35, 0x36];

/// R_CTL of the two kinds of device data frames: solicited data, and the status of a command.
const DATA: u8 = 0x01;
const STATUS: u8 = 0x07;

/// Bits of F_CTL: the responder sent the frame; the sequence ends; the initiative passes to the other side; and the
/// number of padding bytes.
const RESPONDER: u32 = 1 << 23;
const END_OF_SEQUENCE: u32 = 1 << 19;
const INITIATIVE: u32 = 1 << 16;
const PADDING: u32 = 3;

/// DF_CTL: there is an ESP header.
const ESP: u8 = 1 << 6;

/// Fields of FCBUFF: the size of a buffer, the number of buffers (as mask and unit), and the offset in the first
/// buffer.
const SIZE_SHIFT: u32 = 3;
const COUNT: u32 = 0xff00;
const ONE_BUFFER: u32 = 0x0100;
const OFFSET_SHIFT: u32 = 16;

/// The fields of an FCoE frame's headers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fcoe {
    version: u8,
    start: u8,
    routing: u8,
    frame_control: u32,
    data_control: u8,
    /// The identifier of the exchange, which chooses the context and the queue. It is OX_ID in frames of the
    /// responder, and RX_ID in other frames.
    exchange: u16,
    /// Where the payload begins.
    payload: usize,
}

/// Whether an enabled EtherType filter says that frames of this EtherType are FCoE frames.
fn is_fcoe(file: &RegisterFile, ethertype: u16) -> bool {
    (0..ETHERTYPE_FILTERS).any(|index| {
        let filter = file.get(at::ETQF + index * 4);
        let wanted = ETQF_ENABLE | ETQF_FCOE;
        filter & wanted == wanted && filter as u16 == ethertype
    })
}

impl Fcoe {
    /// Returns the fields if `frame` is an FCoE frame and holds all headers.
    pub(crate) fn of(file: &RegisterFile, frame: &[u8], headers: &Headers) -> Option<Self> {
        if !is_fcoe(file, headers.ethertype) {
            return None;
        }
        let fcoe = if headers.vlan.is_some() { 18 } else { 14 };
        let fc = fcoe + FCOE_HEADER;
        let fields: &[u8; FC_HEADER] = frame.get(fc..)?.first_chunk()?;
        let [_, a, b, c] = *fields[8..].first_chunk::<4>()?;
        let frame_control = u32::from_be_bytes([0, a, b, c]);
        let id = if frame_control & RESPONDER != 0 {
            16
        } else {
            18
        };
        Some(Fcoe {
            version: frame[fcoe] >> 4,
            start: frame[fc - 1],
            routing: fields[0],
            frame_control,
            data_control: fields[13],
            exchange: word(fields, id)?,
            payload: fc + FC_HEADER,
        })
    }

    /// Returns the exchange, whose low bits choose a queue in the redirection table.
    pub(crate) fn exchange(&self) -> u16 {
        self.exchange
    }

    /// Returns the number of four-byte words of payload in a frame of `length` bytes.
    pub(crate) fn words(&self, length: usize) -> u32 {
        let payload = length.saturating_sub(self.payload + TRAILER);
        payload.div_ceil(4) as u32
    }

    fn has(&self, bits: u32) -> bool {
        self.frame_control & bits == bits
    }

    /// Whether `context` takes the payload of this frame.
    fn fits(&self, file: &RegisterFile, context: &Context) -> bool {
        let first = SOF_FIRST.contains(&self.start);
        let begun = context.filter & FCFLT_FIRST != 0;
        let highest = file.get(at::FCRXCTRL) >> 8 & 0xf;
        context.is_valid()
            && u32::from(self.version) <= highest
            && (first || begun && SOF_NEXT.contains(&self.start))
            && self.routing == DATA
            && self.data_control & ESP == 0
    }
}

/// The part of a frame that goes to the ring.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Left {
    /// The whole frame.
    All,
    /// The first bytes of the frame, which are the headers.
    Headers(usize),
    /// Nothing.
    Nothing,
}

impl Nic {
    /// Places a frame's payload if a context takes it. Returns the part of the frame that still goes to the ring.
    pub(crate) fn place(&mut self, bus: &mut Bus<'_>, frame: &[u8], headers: &Headers) -> Left {
        let Some(fcoe) = Fcoe::of(&self.file, frame, headers) else {
            return Left::All;
        };
        let index = u32::from(fcoe.exchange);
        let mut context = *self.fcoe.at(index);
        if fcoe.routing == STATUS {
            // The status ends the read.
            context.filter &= !FCFLT_VALID;
            context.buffers &= !FCBUFF_VALID;
            *self.fcoe.at(index) = context;
            return Left::All;
        }
        if !fcoe.fits(&self.file, &context) {
            return Left::All;
        }
        let padding = (fcoe.frame_control & PADDING) as usize;
        let end = frame.len().saturating_sub(TRAILER + padding);
        let data = frame.get(fcoe.payload..end).unwrap_or_default();
        context.filter |= FCFLT_FIRST;
        self.placements.frames += 1;
        self.fill(bus, &mut context, data);
        let over = fcoe.has(END_OF_SEQUENCE | INITIATIVE);
        if over && self.file.has(at::RDRXCTL, RDRXCTL_FCOE_WRITE_FIX) {
            // The frame ends its sequence and passes the initiative. In a write command, this means that all data
            // that the target has granted so far has arrived. With the write fix enabled, this closes the context.
            context.filter &= !FCFLT_VALID;
            context.buffers &= !FCBUFF_VALID;
        }
        *self.fcoe.at(index) = context;
        let control = self.file.get(at::FCRXCTRL);
        let last = fcoe.has(END_OF_SEQUENCE) && control & FCRXCTRL_LAST_HEADERS != 0;
        if last || control & FCRXCTRL_ALL_HEADERS != 0 {
            Left::Headers(fcoe.payload)
        } else {
            Left::Nothing
        }
    }

    /// Writes data to a context's buffers and advances the context.
    fn fill(&mut self, bus: &mut Bus<'_>, context: &mut Context, mut data: &[u8]) {
        let size = match context.buffers >> SIZE_SHIFT & 3 {
            0 => 4 << 10,
            1 => 8 << 10,
            2 => 16 << 10,
            _ => 64 << 10,
        };
        // The loop ends, because each turn uses up data. The only exception is a first turn whose offset lies beyond
        // the buffer.
        while !data.is_empty() && context.buffers & FCBUFF_VALID != 0 {
            let last = context.buffers & COUNT == ONE_BUFFER;
            let limit = if last {
                usize::from(context.last)
            } else {
                size
            };
            // The field for the size of the last buffer cannot hold 64 KiB. Zero stands for a full buffer.
            let limit = if last && limit == 0 { size } else { limit };
            let offset = (context.buffers >> OFFSET_SHIFT) as usize;
            let (now, later) = data.split_at(data.len().min(limit.saturating_sub(offset)));
            data = later;
            self.write_to_buffer(bus, context.list, offset, now);
            let offset = offset + now.len();
            context.buffers &= !(u32::MAX << OFFSET_SHIFT);
            if offset < limit {
                context.buffers |= (offset as u32) << OFFSET_SHIFT;
                continue;
            }
            let left = (context.buffers & COUNT).wrapping_sub(ONE_BUFFER) & COUNT;
            context.buffers = context.buffers & !COUNT | left;
            context.list = context.list.wrapping_add(8);
            // Erratum 48: if the last buffer has the full size, the context stays valid and goes on past the end of
            // its list.
            if last && limit != size {
                context.buffers &= !FCBUFF_VALID;
            }
        }
    }

    fn write_to_buffer(&mut self, bus: &mut Bus<'_>, list: u64, offset: usize, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let mut buffer = [0; 8];
        let written = bus.read(list, &mut buffer).and_then(|()| {
            let buffer = u64::from_le_bytes(buffer);
            bus.write(buffer.wrapping_add(offset as u64), data)
        });
        match written {
            Ok(()) => self.placements.bytes += data.len() as u64,
            Err(_) => self.drops.rx_dma_error += 1,
        }
    }
}
