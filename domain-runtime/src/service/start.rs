//! Starts of a generation: their stack, the recorded calls, and the shortage behind a failed start.

use super::starved_starts::Shortage;
use super::{DesiredState, Service};
use crate::blame::Watch;
use crate::error::SpawnError;
use crate::event::Event;
use crate::exit_reason::{ExitKind, ExitReason, this_thread};
use crate::instance::Instance;
use crate::interface::Interface;
use crate::primitive::atomic::Ordering;
use crate::wait_budget::Waits;
use crate::{host, reaper, stack};
use alloc::boxed::Box;
use core::time::Duration;

impl<I: ?Sized + Interface> Service<I> {
    /// Starts the next generation on a stack with room for it. Spends no restart. `began` is the time of the request.
    ///
    /// # Errors
    /// [`SpawnError::Init`] is a crash of a start that had everything that it is promised. If the start had less than
    /// that, the error names the shortage.
    pub(super) fn start_next(&self, began: u64) -> Result<(), SpawnError> {
        let promised = self.promised();
        let needed = self.starved.needed(self.journal.len()).max(promised);
        let start = |bytes| stack::with_room_to_start(bytes, || self.start_with_room(began));
        let started = start(needed).or_else(|| {
            // An earlier start may have needed more stack than is promised, but this start may need no more than
            // that.
            let tries = needed > promised && self.starved.may_be_short(host::now_ns());
            tries.then(|| start(promised)).flatten()
        });
        started.unwrap_or(Err(SpawnError::StackExhausted))
    }

    /// Bytes of stack that a start is promised: those that its spec asks for, and the most that the recipe or a
    /// recorded call moves to the domain by value.
    fn promised(&self) -> usize {
        let moves = self.recipe.moves().max(self.journal.moves());
        stack::promised(self.spec.stack).saturating_add(moves)
    }

    /// Checks whether the next generation may be started beside those that have not drained. Returns whether there
    /// are generations that have not drained.
    fn may_start(&self) -> Result<bool, SpawnError> {
        let has_undrained = self.undrained.are_there();
        let (starved, now) = (&self.starved, host::now_ns());
        let may_lack =
            (!has_undrained || starved.may_be_undrained(now)) && starved.may_be_alone(now);
        if !self.undrained.has_room() || !may_lack {
            return Err(SpawnError::StillDraining);
        }
        Ok(has_undrained)
    }

    /// Prepares for the next start before anything is ended for it: waits for the end of calls inside a dead
    /// generation, and checks that there is enough stack.
    pub(super) fn make_way(&self) -> Result<(), SpawnError> {
        let current = self.current();
        if self.standing() == DesiredState::Stopped {
            return Ok(());
        }
        if !current.is_alive() {
            self.leave(current, &Waits::new())?;
            self.may_start()?;
        }
        stack::with_room_to_start(self.promised(), || ()).ok_or(SpawnError::StackExhausted)
    }

    fn start_with_room(&self, began: u64) -> Result<(), SpawnError> {
        loop {
            let has_undrained = self.may_start()?;
            let watch = Watch::begin(self.promised());
            let starting = Starting(self);
            let reason = match self.start_generation() {
                Ok(Some(instance)) => {
                    drop(starting);
                    self.report_restarted(instance, began);
                    return Ok(());
                }
                Ok(None) => continue,
                Err(SpawnError::Init(reason)) => reason,
                // Calls inside an old generation may still hold something that the recipe needs.
                Err(SpawnError::Mint(_)) if has_undrained => return Err(SpawnError::StillDraining),
                Err(error) => return Err(error),
            };
            let lack = match watch.lacked() {
                Some(bytes) => Shortage::Stack(bytes),
                None if reason.kind == ExitKind::Killed => return Err(SpawnError::Init(reason)),
                None if has_undrained => Shortage::Drained,
                None if watch.missed_another(reason.kind) && starting.failed_here() => {
                    Shortage::Another
                }
                None => return Err(SpawnError::Init(reason)),
            };
            starting.forget_exit();
            self.starved.count(lack, self.journal.len(), host::now_ns());
            return Err(lack.into());
        }
    }

    /// Starts a generation and makes the recorded calls on it. Returns `None` if a recorded call failed and the calls
    /// of its recorder were given up. The next attempt does not make those calls.
    fn start_generation(&self) -> Result<Option<Instance<I>>, SpawnError> {
        let begun = |target| self.begun(target);
        let restarts = self
            .restarts
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(1);
        let instance = self
            .recipe
            .start(&self.spec, restarts, &self.exits, &begun)?;
        let Err(failed) = self.journal.replay(instance) else {
            // Set while `starting` still names the generation, so that a kill finds the generation in `starting` or
            // in `current`.
            self.current.set(instance);
            return Ok(Some(instance));
        };
        let reason = self.end_unrestored(instance);
        if reason.kind != ExitKind::Killed && self.journal.give_up(failed) {
            return Ok(None);
        }
        Err(SpawnError::Init(Box::new(reason)))
    }

    fn report_restarted(&self, instance: Instance<I>, began: u64) {
        host::event(&Event::Restarted {
            id: instance.target().block().owner().index(),
            generation: instance.target().expected().generation(),
            name: self.name(),
            took: Duration::from_nanos(host::now_ns().saturating_sub(began)),
        });
    }

    /// Ends a generation in which a recorded call failed. The generation is treated like a crashed one, and it may in
    /// fact have crashed in that call.
    fn end_unrestored(&self, instance: Instance<I>) -> ExitReason {
        let reason = ExitReason::new(ExitKind::InitFailed, "a replayed call failed");
        let target = instance.target();
        let (block, generation) = (target.block(), target.expected().generation());
        block.die(generation, &reason);
        let reason = self.exits.of(block.owner().index(), generation);
        reaper::try_reclaim(block);
        reason.unwrap_or_default()
    }
}

/// A start in progress. If it failed while threads are still inside, dropping this notes the generation as undrained.
struct Starting<'a, I: ?Sized + Interface>(&'a Service<I>);

impl<I: ?Sized + Interface> Starting<'_, I> {
    fn generation(&self) -> Option<(usize, u32)> {
        let started = *self.0.starting.lock();
        started.map(|target| (target.owner().index(), target.expected().generation()))
    }

    /// Forgets how the generation ended, which says nothing about the domain.
    fn forget_exit(&self) {
        if let Some((id, generation)) = self.generation() {
            self.0.exits.forget(id, generation);
        }
    }

    /// Whether the start failed on this thread, and not on another thread inside.
    fn failed_here(&self) -> bool {
        let end = self
            .generation()
            .and_then(|(id, generation)| self.0.exits.end_of(id, generation));
        end.is_none_or(|end| end.by == this_thread())
    }
}

impl<I: ?Sized + Interface> Drop for Starting<'_, I> {
    fn drop(&mut self) {
        let Some(target) = self.0.starting.lock().take() else {
            return;
        };
        if target.is_dead() && !target.is_reclaimed() {
            self.0.undrained.note_failed(target);
        }
    }
}
