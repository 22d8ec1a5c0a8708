//! How a generation is started, and how its object ends in an orderly stop.

use super::{Exits, Instance};
use crate::call::{self, Failure, Target};
use crate::control::ControlBlock;
use crate::error::SpawnError;
use crate::event::Event;
use crate::interface::{Implements, Interface};
use crate::mint::Mint;
use crate::reason::{ExitKind, ExitReason};
use crate::spec::DomainSpec;
use crate::state::State;
use crate::text::Text;
use crate::{arena, host, reaper, threads};
use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt::{self, Write};
use core::ptr::{self, NonNull};
use samara_rref::{Exchangeable, Transfer, TypeDescriptor};
use samara_shared_heap::class::place;
use samara_shared_heap::{heap, quota};

/// How a generation is started.
pub(super) trait Start<I: ?Sized>: Send + Sync {
    fn start(
        &self,
        spec: &DomainSpec,
        restarts: u32,
        exits: &Arc<Exits>,
    ) -> Result<Instance<I>, SpawnError>;
    /// Drops the object and frees its slot, inside the domain.
    fn tear_down(&self, instance: Instance<I>);
}

pub(super) struct Recipe<T, A, E> {
    pub(super) init: fn(A) -> Result<T, E>,
    pub(super) mint: Mint<A>,
}

/// What `init` came to. Crosses from the new domain to the host; the pointer is the host's to keep.
struct Outcome<I: ?Sized>(Result<NonNull<I>, Text<160>>);

// SAFETY: see `Instance`.
unsafe impl<I: ?Sized + Interface> Send for Outcome<I> {}
// SAFETY: the pointer is not dereferenced by whom it crosses to; the text is plain data.
unsafe impl<I: ?Sized + Interface> Exchangeable for Outcome<I> {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>("Outcome");
    fn transfer(&self, _: &Transfer) {}
}

impl<T, A: Exchangeable, E: fmt::Display> Recipe<T, A, E> {
    /// Runs inside the new domain: `init`, and its value put where the interface can point to it.
    fn init<I: ?Sized + Implements<T>>(init: fn(A) -> Result<T, E>, arguments: A) -> Outcome<I> {
        let value = match init(arguments) {
            Ok(value) => value,
            Err(error) => {
                let mut text = Text::new();
                // A `Display` that fails leaves what it has written: that is the message then.
                let _ = write!(text, "{error}");
                return Outcome(Err(text));
            }
        };
        let (size, align) = (size_of::<T>(), align_of::<T>());
        // SAFETY: the place is that of `T`. The slot is the domain's own: a reclaim frees it.
        match unsafe { heap::alloc(place(size, align), size, align) } {
            Ok(slot) => {
                let slot = slot.cast::<T>();
                // SAFETY: a fresh slot of `T`'s size and alignment.
                unsafe { slot.write(value) };
                Outcome(Ok(I::unsize(slot)))
            }
            Err(error) => Outcome(Err(Text::of(match error {
                heap::AllocError::Quota => "no quota for what init returned",
                _ => "no memory for what init returned",
            }))),
        }
    }
}

impl<I, T, A, E> Start<I> for Recipe<T, A, E>
where
    I: ?Sized + Implements<T>,
    T: 'static,
    A: Exchangeable,
    E: fmt::Display + 'static,
{
    fn start(
        &self,
        spec: &DomainSpec,
        restarts: u32,
        exits: &Arc<Exits>,
    ) -> Result<Instance<I>, SpawnError> {
        let arguments = self.mint.make().map_err(|message| {
            SpawnError::Mint(Box::new(ExitReason {
                kind: ExitKind::InitFailed,
                message: *message,
                place: Text::new(),
            }))
        })?;
        let (block, word, hold) =
            ControlBlock::claim(spec.name, restarts, exits).ok_or(SpawnError::NoSlot)?;
        arena::set_quota(block.owner(), spec.heap_quota);
        quota::set_limit(block.owner(), spec.shared_quota);
        threads::set_limit(block.owner(), spec.threads);
        let init = self.init;
        // SAFETY: `init` is the new domain's code; the function pointer is all that is captured.
        let outcome = unsafe {
            call::enter(Target::new(block, word), arguments, |arguments| {
                Self::init::<I>(init, arguments)
            })
        };
        let failure = match outcome {
            Ok(Outcome(Ok(object))) => {
                if let Some(running) = block.step(word, State::Running) {
                    host::event(&Event::Started {
                        id: block.owner().index(),
                        generation: word.generation(),
                        name: spec.name.as_str(),
                    });
                    return Ok(Instance {
                        target: Target::new(block, running),
                        object,
                    });
                }
                ExitReason::new(ExitKind::Killed, "killed during init")
            }
            Ok(Outcome(Err(message))) => ExitReason {
                kind: ExitKind::InitFailed,
                message,
                place: Text::new(),
            },
            Err(Failure::Crashed | Failure::Refused(_)) => {
                ExitReason::new(ExitKind::Killed, "killed before init")
            }
        };
        block.die(word.generation(), failure);
        let reason = block.reason(word.generation()).unwrap_or(failure);
        drop(hold);
        reaper::try_reclaim(block);
        Err(SpawnError::Init(Box::new(reason)))
    }

    fn tear_down(&self, instance: Instance<I>) {
        let object = instance.object.cast::<T>();
        let drop_object = |()| {
            // SAFETY: the domain drained and lets nobody in but this: nobody refers to the object.
            unsafe { ptr::drop_in_place(object.as_ptr()) };
            // SAFETY: the value is gone; its slot was allocated at this place.
            unsafe { heap::free(object.cast(), place(size_of::<T>(), align_of::<T>())) };
        };
        // SAFETY: dropping the object is the domain's own code.
        let ended = unsafe { call::enter(instance.target, (), drop_object) };
        // A panic in the destructor was the domain's death: the reclaim takes the rest.
        drop(ended);
    }
}
