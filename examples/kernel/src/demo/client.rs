//! Makes requests to the disk through its shadow, as a user of the disk does.

use samara::RRef;
use samara_interfaces::{BlockDevice, BlockError};

use super::disk::Disk;
use super::plan::{Kind, Plan};
use crate::println;

/// A client of the disk. Before each read and each write it has the plan arm a fault, if the plan has one for this
/// request.
pub(super) struct Client<'a> {
    disk: &'a Disk,
    plan: Plan,
    block_size: u64,
    /// The number of requests that failed or were answered with wrong data.
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

    /// Returns the number of faults that are not armed yet.
    pub(super) fn crashes_left(&self) -> u64 {
        self.plan.crashes_left()
    }

    /// Reads from byte `offset` of the disk into `buffer`, and returns the filled buffer. Returns `None` if the
    /// request was lost.
    pub(super) fn read(&mut self, offset: u64, buffer: RRef<[u8]>) -> Option<RRef<[u8]>> {
        self.plan.arm_for(Kind::Read);
        let answer = self.disk.shadow.read(offset / self.block_size, buffer);
        self.judge("read", offset, answer)
    }

    /// Writes `data` from byte `offset` on. Returns whether the request succeeded.
    pub(super) fn write(&mut self, offset: u64, data: &RRef<[u8]>) -> bool {
        self.plan.arm_for(Kind::Write);
        let answer = self.disk.shadow.write(offset / self.block_size, data);
        if answer == Err(BlockError::Medium) {
            println!("the disk is read-only: make its image file writable");
        }
        self.judge("write", offset, answer).is_some()
    }

    /// Makes all writes so far durable. Returns whether the request succeeded.
    pub(super) fn flush(&mut self) -> bool {
        let answer = self.disk.shadow.flush();
        self.judge("flush", 0, answer).is_some()
    }

    /// Counts an answer with wrong data as a lost request.
    pub(super) fn wrong(&mut self, request: &str, offset: u64) {
        println!("lost: {request} at byte {offset}: wrong data");
        self.lost += 1;
    }

    fn judge<T>(&mut self, request: &str, offset: u64, answer: Result<T, BlockError>) -> Option<T> {
        answer
            .inspect_err(|error| {
                println!("lost: {request} at byte {offset}: {error}");
                self.lost += 1;
            })
            .ok()
    }
}
