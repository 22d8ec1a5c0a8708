//! The device's side of the bus, through which it reaches guest memory. An access is refused without Bus Master
//! Enable, and injected faults may make it fail.

use core::num::NonZeroU32;

use crate::memory::{DmaError, GuestMemory};

/// DMA during one step.
pub(crate) struct Bus<'a> {
    memory: &'a mut dyn GuestMemory,
    master: bool,
    fail_every: Option<NonZeroU32>,
    /// The number of accesses since the device was made, which decides at which accesses the injected fault strikes.
    pub(crate) accesses: u32,
}

impl<'a> Bus<'a> {
    pub(crate) fn new(
        memory: &'a mut dyn GuestMemory,
        master: bool,
        fail_every: Option<NonZeroU32>,
        accesses: u32,
    ) -> Self {
        Bus {
            memory,
            master,
            fail_every,
            accesses,
        }
    }

    /// Whether DMA is possible at all.
    pub(crate) fn master(&self) -> bool {
        self.master
    }

    fn admit(&mut self) -> Result<(), DmaError> {
        if !self.master {
            return Err(DmaError::NotMaster);
        }
        self.accesses = self.accesses.wrapping_add(1);
        match self.fail_every {
            Some(every) if self.accesses.is_multiple_of(every.get()) => Err(DmaError::Injected),
            _ => Ok(()),
        }
    }

    pub(crate) fn read(&mut self, address: u64, into: &mut [u8]) -> Result<(), DmaError> {
        self.admit()?;
        self.memory.read(address, into)
    }

    pub(crate) fn write(&mut self, address: u64, bytes: &[u8]) -> Result<(), DmaError> {
        self.admit()?;
        self.memory.write(address, bytes)
    }

    pub(crate) fn publish(&mut self, address: u64, word: u64) -> Result<(), DmaError> {
        self.admit()?;
        self.memory.publish(address, word)
    }

    /// Reads the two words of a descriptor.
    pub(crate) fn descriptor(&mut self, address: u64) -> Result<[u64; 2], DmaError> {
        let mut bytes = [0; 16];
        self.read(address, &mut bytes)?;
        let (low, high) = bytes.split_at(8);
        let word = |half: &[u8]| {
            half.iter()
                .rev()
                .fold(0, |word, &b| word << 8 | u64::from(b))
        };
        Ok([word(low), word(high)])
    }
}
