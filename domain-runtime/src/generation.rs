//! One generation of a domain: a claimed slot, in which `init` has run, and the object that it returned.
//!
//! A service has generations follow each other under one name. A host without an allocator starts them one by one,
//! with [`Runtime::spawn_once`].

use crate::call::{self, Failure, Refusal, Target};
use crate::control::ControlBlock;
use crate::error::{Reason, SpawnError, UnenforcedLimit};
use crate::event::Event;
use crate::exit_reason::{Call, ExitKind, ExitReason, MESSAGE, TRACE};
use crate::exits::{Shared, name_of};
use crate::instance::Instance;
use crate::interface::{Implements, Interface};
use crate::primitive::atomic::Ordering;
use crate::spec::DomainSpec;
use crate::state::State;
use crate::text::Text;
use crate::{Runtime, arena, host, host_charges, reaper, threads};
use core::fmt::{self, Write};
use core::ptr::NonNull;
use samara_rref::{Exchangeable, Transfer, TypeDescriptor};
use samara_shared_heap::class::place;
use samara_shared_heap::{heap, quota, thread};

impl Runtime {
    /// Starts one generation of a domain: runs `init` with `arguments` inside a new domain, and keeps the value that
    /// it returns there as the object behind the interface `I`. Allocates only that object. The generation is not
    /// restarted: after its death, [`reap`](Self::reap) it and start another.
    ///
    /// # Errors
    /// [`SpawnError::UnenforcedLimit`], [`SpawnError::NoSlot`], or [`SpawnError::Init`] with the reason.
    pub fn spawn_once<I, T, A, E>(
        &self,
        spec: &DomainSpec,
        init: fn(A) -> Result<T, E>,
        arguments: A,
    ) -> Result<Instance<I>, SpawnError>
    where
        I: ?Sized + Implements<T>,
        T: 'static,
        A: Exchangeable,
        E: fmt::Display + 'static,
    {
        start(spec, 0, None, &|_| {}, init, arguments)
    }

    /// Ends a generation if it still lives; returns false if it was dead already. [`reap`](Self::reap) reclaims it
    /// once the calls inside have left.
    pub fn end<I: ?Sized>(&self, instance: Instance<I>, message: &str) -> bool {
        let target = instance.target();
        let reason = ExitReason::new(ExitKind::Killed, message);
        target.block().die(target.expected().generation(), &reason)
    }
}

/// The outcome of `init`. It crosses from the new domain to the host, which keeps the pointer.
struct Outcome<I: ?Sized>(Result<NonNull<I>, Failed>);

/// Why there is no object.
enum Failed {
    /// `init` returned an error.
    Init(Text<MESSAGE>),
    /// Reached if the spec has a quota of the private heap, but there is no private heap. `init` was not called.
    NoPrivateHeap,
}

// SAFETY: see `Instance`.
unsafe impl<I: ?Sized + Interface> Send for Outcome<I> {}
// SAFETY: the host, to which the pointer crosses, does not dereference it; the text is plain data (CROSS-1).
unsafe impl<I: ?Sized + Interface> Exchangeable for Outcome<I> {
    const NESTED: bool = false;
    const DEPTH: usize = 0;
    const DESCRIPTOR: TypeDescriptor = TypeDescriptor::of::<Self>("Outcome");
    fn transfer(&self, _: &Transfer) {}
}

/// Runs inside the new domain: calls `init`, and puts its value where the interface can point to it.
fn run_init<I, T, A, E>(init: fn(A) -> Result<T, E>, arguments: A) -> Outcome<I>
where
    I: ?Sized + Implements<T>,
    E: fmt::Display,
{
    let value = match init(arguments) {
        Ok(value) => value,
        Err(error) => {
            let mut text = Text::new();
            // If `Display` fails, the message is what it has written so far.
            let _ = write!(text, "{error}");
            return Outcome(Err(Failed::Init(text)));
        }
    };
    let (size, align) = (size_of::<T>(), align_of::<T>());
    // SAFETY: the place is that of `T`. The slot is the domain's own: a reclaim frees it (LIFE-9).
    match unsafe { heap::alloc(place(size, align), size, align) } {
        Ok(slot) => {
            let slot = slot.cast::<T>();
            // SAFETY: a fresh slot of `T`'s size and alignment.
            unsafe { slot.write(value) };
            Outcome(Ok(I::unsize(slot)))
        }
        Err(error) => Outcome(Err(Failed::Init(Text::of(match error {
            heap::AllocError::Quota => "no quota for what init returned",
            _ => "no memory for what init returned",
        })))),
    }
}

/// Claims a slot, passes the generation to `begun`, and runs `init` inside. If that fails, the generation is
/// reclaimed at once, unless threads of its own are still inside.
pub(crate) fn start<I, T, A, E>(
    spec: &DomainSpec,
    restarts: u32,
    exits: Option<&Shared>,
    begun: &dyn Fn(Target),
    init: fn(A) -> Result<T, E>,
    arguments: A,
) -> Result<Instance<I>, SpawnError>
where
    I: ?Sized + Implements<T>,
    T: 'static,
    A: Exchangeable,
    E: fmt::Display + 'static,
{
    if let Some(limit) = spec.unenforced_limit(host::enforced_limits()) {
        return Err(SpawnError::UnenforcedLimit(limit));
    }
    let (block, word, hold) =
        ControlBlock::claim(spec.name, restarts, exits).ok_or(SpawnError::NoSlot)?;
    begun(Target::new(block, word));
    arena::set_quota(block.owner(), spec.heap_quota);
    // SAFETY: the spawner has authority over the domain that it spawns (AUTH-8).
    unsafe { quota::set_limits(block.owner(), spec.shared) };
    threads::set_limit(block.owner(), spec.threads, exits.map_or(0, name_of));
    host_charges::set_limit(block.owner(), spec.host);
    block.renews.store(spec.renews, Ordering::SeqCst);
    block.budget.store(spec.budget_us(), Ordering::SeqCst);
    block.stack.set(spec.stack);
    let has_quota = spec.heap_quota.is_some();
    let (target, run) = (Target::new(block, word), |arguments| {
        if has_quota && !arena::is_private() {
            return Outcome(Err(Failed::NoPrivateHeap));
        }
        call::call_opaque(|| run_init::<I, T, A, E>(init, arguments))
    });
    let mut refusal = Refusal::Dead;
    // SAFETY: `init` is the new domain's code. The closure captures only the function pointer and a flag
    // (AUTH-1, CROSS-8).
    let outcome = unsafe {
        call::enter_on::<true, fn(A) -> Outcome<I>, _, _>(
            thread::current(),
            target,
            arguments,
            run,
            &mut refusal,
        )
    };
    let is_kept = !matches!(&outcome, Ok(Outcome(Err(Failed::NoPrivateHeap))));
    let failure = match outcome {
        Ok(Outcome(Ok(object))) => {
            if let Some(running) = block.step(word, State::Running) {
                host::event(&Event::Started {
                    id: block.owner().index(),
                    generation: word.generation(),
                    name: spec.name.as_str(),
                });
                return Ok(Instance::new(Target::new(block, running), object));
            }
            ExitReason::new(ExitKind::Killed, "killed during init")
        }
        Ok(Outcome(Err(Failed::NoPrivateHeap))) => {
            ExitReason::new(ExitKind::InitFailed, "no private heap to have a quota")
        }
        Ok(Outcome(Err(Failed::Init(message)))) => ExitReason {
            kind: ExitKind::InitFailed,
            message,
            place: Text::new(),
            trace: [Call::NONE; TRACE],
        },
        Err(Failure::Refused(_)) if block.word() == word => ExitReason::new(
            ExitKind::InitFailed,
            match refusal {
                Refusal::StackExhausted => "the starting thread's stack has no room for init",
                _ => "no quota for init's arguments",
            },
        ),
        Err(Failure::Crashed | Failure::Refused(_)) => {
            ExitReason::new(ExitKind::Killed, "killed before init")
        }
    };
    block.die(word.generation(), &failure);
    let reason = block.reason(word.generation()).unwrap_or(failure);
    drop(hold);
    reaper::try_reclaim(block);
    if !is_kept {
        return Err(SpawnError::UnenforcedLimit(UnenforcedLimit::NoPrivateHeap));
    }
    Err(SpawnError::Init(Reason::from(reason)))
}

/// Drops the object and frees its slot, inside the domain.
#[cfg(feature = "alloc")]
pub(crate) fn tear_down<I: ?Sized, T>(instance: Instance<I>) {
    let object = instance.object().cast::<T>();
    let drop_object = |()| {
        // SAFETY: the domain has drained and lets in only this entry: nothing else refers to the object (LIFE-15).
        call::call_opaque(|| unsafe { object.drop_in_place() });
        // SAFETY: the value is gone; its slot was allocated at this place.
        unsafe { heap::free(object.cast(), place(size_of::<T>(), align_of::<T>())) };
    };
    // SAFETY: dropping the object is the domain's own code (AUTH-1).
    let ended = unsafe { call::enter(instance.target(), (), drop_object) };
    // A panic in the destructor was the domain's death: the reclaim takes the rest.
    drop(ended);
}
