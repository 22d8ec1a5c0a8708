//! The block device (§5.2): its features, its configuration and its requests.

use std::vec;
use std::vec::Vec;

use super::Machine;
use super::backend::{Backend, CONFIG};
use super::chain::{gather, part, scatter, total};
use super::counts::{Fault, Violation};
use super::shape::Block;
use super::switches::Misbehaviour;
use super::work::Request;

/// Feature bits (§5.2.3).
const SIZE_MAX: u64 = 1 << 1;
const SEG_MAX: u64 = 1 << 2;
const RO: u64 = 1 << 5;
const BLK_SIZE: u64 = 1 << 6;
const FLUSH: u64 = 1 << 9;

/// Offset and width of each field of the device configuration, up to the block size (§5.2.4).
pub(super) const FIELDS: [(u32, u32); 7] =
    [(0, 8), (8, 4), (12, 4), (16, 2), (18, 1), (19, 1), (20, 4)];

/// Request types and statuses (§5.2.6).
const IN: u32 = 0;
const OUT: u32 = 1;
const FLUSH_CACHE: u32 = 4;
const GET_ID: u32 = 8;
const OK: u8 = 0;
const IO_ERROR: u8 = 1;
const UNSUPPORTED: u8 = 2;

const HEADER: u64 = 16;
const SECTOR: u64 = 512;

pub(super) struct Disk {
    pub(super) shape: Block,
    pub(super) medium: Vec<u8>,
}

/// The fields of a request's header that the device uses.
struct Header {
    kind: u32,
    sector: u64,
}

impl Disk {
    pub(super) fn new(shape: Block) -> Self {
        let sectors = shape.sectors.min(Block::MEDIUM_SECTORS);
        Self {
            shape,
            medium: vec![0; (sectors * SECTOR) as usize],
        }
    }

    pub(super) fn features(&self) -> u64 {
        let shape = &self.shape;
        [
            (shape.size_max.is_some(), SIZE_MAX),
            (shape.seg_max.is_some(), SEG_MAX),
            (shape.read_only, RO),
            (shape.block_size.is_some(), BLK_SIZE),
            (shape.flush, FLUSH),
        ]
        .iter()
        .fold(0, |all, &(is_offered, bit)| {
            all | if is_offered { bit } else { 0 }
        })
    }

    pub(super) fn config(&self) -> [u8; CONFIG] {
        let shape = &self.shape;
        let mut bytes = [0; CONFIG];
        bytes[..8].copy_from_slice(&shape.sectors.to_le_bytes());
        for (at, value) in [
            (8, shape.size_max),
            (12, shape.seg_max),
            (20, shape.block_size),
        ] {
            bytes[at..at + 4].copy_from_slice(&value.unwrap_or(0).to_le_bytes());
        }
        bytes
    }

    /// Returns the offset in the medium at which the request's `length` bytes from `sector` on begin. `None` means that
    /// they lie within the capacity but past the end of the medium, which may be shorter.
    ///
    /// # Errors
    /// The rule that the driver broke, if the length is no multiple of a sector or the request exceeds the capacity.
    fn place(&self, sector: u64, length: u64) -> Result<Option<usize>, Violation> {
        if !length.is_multiple_of(SECTOR) {
            return Err(Violation::DataLength);
        }
        let end = sector.checked_add(length / SECTOR);
        if end.is_none_or(|end| end > self.shape.sectors) {
            return Err(Violation::BeyondCapacity);
        }
        let is_there = end.is_some_and(|end| end <= self.medium.len() as u64 / SECTOR);
        Ok(is_there.then(|| (sector * SECTOR) as usize))
    }
}

impl Machine {
    /// Executes a request. Returns the number of bytes of the chain's writable part that were written, counted from
    /// the start (§2.7.8.1).
    pub(super) fn execute_block(&mut self, request: &Request) -> Result<u32, Fault> {
        let chain = &request.chain;
        let room = total(&chain.writable);
        if total(&chain.readable) < HEADER || room == 0 {
            return Err(Violation::NoHeader.into());
        }
        let mut bytes = [0; HEADER as usize];
        gather(&self.memory, &chain.readable, &mut bytes)?;
        let [kind, _, low, high] =
            core::array::from_fn(|i| super::registers::cut(&bytes, 4 * i as u32, 4));
        let header = Header {
            kind,
            sector: u64::from(high) << 32 | u64::from(low),
        };
        let (status, moved) = match request.wrong {
            Some(Misbehaviour::Status(status)) => (status, 0),
            _ => self.serve(&header, request)?,
        };
        if request.wrong != Some(Misbehaviour::NoStatus) {
            let last = part(&chain.writable, room - 1, 1);
            scatter(&self.memory, &last, &[status])?;
        }
        // The used length counts written bytes from the start up to the first byte that was not written. So the status
        // byte, the last one, counts only if all data before it was written.
        let written = if moved == room - 1 { room } else { moved };
        Ok(written as u32)
    }

    /// Executes the request apart from its status byte. Returns the status and the number of data bytes written.
    fn serve(&mut self, header: &Header, request: &Request) -> Result<(u8, u64), Fault> {
        let Backend::Block(disk) = &mut self.backend else {
            return Ok((UNSUPPORTED, 0));
        };
        let chain = &request.chain;
        let data = match header.kind {
            OUT => part(&chain.readable, HEADER, u64::MAX),
            _ => part(&chain.writable, 0, total(&chain.writable) - 1),
        };
        let length = total(&data);
        let mut broken = None;
        let answer = match header.kind {
            IN | OUT => {
                let limit = |limit: Option<u32>, feature| {
                    limit.filter(|_| self.transport.has(feature)).map(u64::from)
                };
                let most = limit(disk.shape.seg_max, SEG_MAX);
                let longest = limit(disk.shape.size_max, SIZE_MAX);
                let is_long = |longest| data.iter().any(|span| u64::from(span.length) > longest);
                if most.is_some_and(|most| data.len() as u64 > most) || longest.is_some_and(is_long)
                {
                    broken = Some(Violation::Segments);
                }
                match disk.place(header.sector, length) {
                    _ if broken.is_some() => (IO_ERROR, 0),
                    Err(violation) => {
                        broken = Some(violation);
                        (IO_ERROR, 0)
                    }
                    Ok(None) => (IO_ERROR, 0),
                    Ok(Some(_)) if header.kind == OUT && disk.shape.read_only => (IO_ERROR, 0),
                    Ok(Some(at)) => {
                        let medium = &mut disk.medium[at..at + length as usize];
                        if header.kind == OUT {
                            gather(&self.memory, &data, medium)?;
                            (OK, 0)
                        } else {
                            scatter(&self.memory, &data, medium)?;
                            (OK, length)
                        }
                    }
                }
            }
            FLUSH_CACHE if self.transport.has(FLUSH) => {
                broken = (header.sector != 0).then_some(Violation::FlushSector);
                self.counts.flushes += 1;
                (OK, 0)
            }
            GET_ID => {
                broken = (length != 20).then_some(Violation::DataLength);
                scatter(&self.memory, &data, &disk.shape.id)?;
                (OK, length.min(20))
            }
            _ => (UNSUPPORTED, 0),
        };
        if let Some(violation) = broken {
            self.violate(violation);
        }
        Ok(answer)
    }
}
