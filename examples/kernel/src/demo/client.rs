//! Requests through the shadow: what its user would see.

use samara::RRef;
use samara_interfaces::{BlockDevice, BlockError};

use super::disk::Disk;
use super::plan::{Kind, Plan};
use crate::println;

/// A client of the disk that meets the planned faults.
pub(super) struct Client<'a> {
    disk: &'a Disk,
    plan: Plan,
    block_size: u64,
    /// Requests that were not answered, or wrongly.
    pub(super) lost: u64,
}

impl<'a> Client<'a> {
    pub(super) fn new(disk: &'a Disk, plan: Plan, block_size: u32) -> Self {
        Self {
            disk,
            plan,
            block_size: block_size.into(),
            lost: 0,
        }
    }

    /// Faults that are still to come.
    pub(super) fn crashes_left(&self) -> u64 {
        self.plan.crashes_left()
    }

    /// Fills `buffer` from byte `offset` on, and gives it back; `None` if the request was lost.
    pub(super) fn read(&mut self, offset: u64, buffer: RRef<[u8]>) -> Option<RRef<[u8]>> {
        self.plan.arm_for(Kind::Read);
        let answer = self.disk.shadow.read(offset / self.block_size, buffer);
        self.judge("read", offset, answer)
    }

    /// Writes `data` from byte `offset` on; whether it was answered.
    pub(super) fn write(&mut self, offset: u64, data: &RRef<[u8]>) -> bool {
        self.plan.arm_for(Kind::Write);
        let answer = self.disk.shadow.write(offset / self.block_size, data);
        if answer == Err(BlockError::Medium) {
            println!("the disk does not take writes there: is its image read-only?");
        }
        self.judge("write", offset, answer).is_some()
    }

    /// Makes all writes so far durable; whether it was answered.
    pub(super) fn flush(&mut self) -> bool {
        let answer = self.disk.shadow.flush();
        self.judge("flush", 0, answer).is_some()
    }

    /// Counts a wrong answer.
    pub(super) fn wrong(&mut self, what: &str, offset: u64) {
        println!("lost: {what} at byte {offset}: wrong data");
        self.lost += 1;
    }

    fn judge<T>(&mut self, what: &str, offset: u64, answer: Result<T, BlockError>) -> Option<T> {
        answer
            .inspect_err(|error| {
                println!("lost: {what} at byte {offset}: {error}");
                self.lost += 1;
            })
            .ok()
    }
}
