//! One name over its generations: the recipe, the current instance, the restart budget, recovery.

use crate::call::{self, Failure, Target};
use crate::control::ControlBlock;
use crate::error::{RpcError, SpawnError};
use crate::event::Event;
use crate::interface::{Implements, Interface};
use crate::mint::Mint;
use crate::primitive::Mutex;
use crate::primitive::atomic::{AtomicBool, AtomicPtr, AtomicU32, Ordering};
use crate::reason::{ExitKind, ExitReason};
use crate::spec::DomainSpec;
use crate::state::{State, Word};
use crate::text::Text;
use crate::{arena, host, reaper};
use alloc::boxed::Box;
use alloc::collections::VecDeque;
use core::fmt::{self, Write};
use core::marker::PhantomData;
use core::ptr::{self, NonNull};
use core::time::Duration;
use samara_rref::{Exchangeable, Transfer, TypeDescriptor};
use samara_shared_heap::class::place;
use samara_shared_heap::thread::{self, ThreadSlot};
use samara_shared_heap::{heap, quota};

/// A running generation: where to enter, and the object inside that `init` returned.
#[derive(Debug)]
pub struct Instance<I: ?Sized> {
    target: Target,
    object: NonNull<I>,
}

impl<I: ?Sized> Clone for Instance<I> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<I: ?Sized> Copy for Instance<I> {}

// SAFETY: the object is touched only by entering the domain; interfaces are `Send + Sync`.
unsafe impl<I: ?Sized + Interface> Send for Instance<I> {}
// SAFETY: as above.
unsafe impl<I: ?Sized + Interface> Sync for Instance<I> {}

impl<I: ?Sized> Instance<I> {
    /// Where to enter.
    #[inline]
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    /// The object; valid only while entered.
    #[inline]
    #[must_use]
    pub const fn object(&self) -> NonNull<I> {
        self.object
    }
}

/// How a generation is started.
trait Start<I: ?Sized>: Send + Sync {
    fn start(&self, spec: &DomainSpec, restarts: u32) -> Result<Instance<I>, SpawnError>;
    /// Drops the object and frees its slot, inside the domain.
    fn tear_down(&self, instance: Instance<I>);
}

struct Recipe<T, A, E> {
    init: fn(A) -> Result<T, E>,
    mint: Mint<A>,
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
    fn start(&self, spec: &DomainSpec, restarts: u32) -> Result<Instance<I>, SpawnError> {
        let arguments = self.mint.make().map_err(|message| {
            SpawnError::Mint(Box::new(ExitReason {
                kind: ExitKind::InitFailed,
                message: *message,
                place: Text::new(),
            }))
        })?;
        let (block, word, hold) =
            ControlBlock::claim(spec.name, restarts).ok_or(SpawnError::NoSlot)?;
        arena::set_quota(block.owner(), spec.heap_quota);
        quota::set_limit(block.owner(), spec.shared_quota);
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

/// A lock-free cell for the current instance: a sequence number around plain words.
struct Published<I: ?Sized> {
    /// Odd while a writer is at work; writers exclude each other by `Service::recovering`.
    sequence: AtomicU32,
    block: AtomicPtr<ControlBlock>,
    expected: AtomicU32,
    object: [AtomicPtr<()>; 2],
    is: PhantomData<NonNull<I>>,
}

// SAFETY: an `Instance` is `Send + Sync`, and all fields are atomics.
unsafe impl<I: ?Sized + Interface> Send for Published<I> {}
// SAFETY: as above.
unsafe impl<I: ?Sized + Interface> Sync for Published<I> {}

impl<I: ?Sized + Interface> Published<I> {
    const WIDE: () = assert!(
        size_of::<NonNull<I>>() == size_of::<[*mut (); 2]>(),
        "an interface is `dyn Trait`"
    );

    fn new(instance: Instance<I>) -> Self {
        let () = Self::WIDE;
        let this = Self {
            sequence: AtomicU32::new(0),
            block: AtomicPtr::new(ptr::null_mut()),
            expected: AtomicU32::new(0),
            object: [const { AtomicPtr::new(ptr::null_mut()) }; 2],
            is: PhantomData,
        };
        this.set(instance);
        this
    }

    fn set(&self, instance: Instance<I>) {
        // SAFETY: both are two words wide (`WIDE`), and raw words have no invalid values.
        let words: [*mut (); 2] = unsafe { core::mem::transmute_copy(&instance.object) };
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence
            .store(sequence.wrapping_add(1), Ordering::Relaxed);
        crate::primitive::atomic::fence(Ordering::Release);
        let block = ptr::from_ref(instance.target.block()).cast_mut();
        self.block.store(block, Ordering::Relaxed);
        let expected = instance.target.expected().0;
        self.expected.store(expected, Ordering::Relaxed);
        self.object[0].store(words[0], Ordering::Relaxed);
        self.object[1].store(words[1], Ordering::Relaxed);
        self.sequence
            .store(sequence.wrapping_add(2), Ordering::Release);
    }

    #[inline]
    fn get(&self) -> Instance<I> {
        loop {
            let before = self.sequence.load(Ordering::Acquire);
            let block = self.block.load(Ordering::Relaxed);
            let expected = Word(self.expected.load(Ordering::Relaxed));
            let words = [
                self.object[0].load(Ordering::Relaxed),
                self.object[1].load(Ordering::Relaxed),
            ];
            crate::primitive::atomic::fence(Ordering::Acquire);
            if before & 1 == 0 && self.sequence.load(Ordering::Relaxed) == before {
                // SAFETY: a control block is static, and `set` stored one.
                let block: &'static ControlBlock = unsafe { &*block };
                return Instance {
                    target: Target::new(block, expected),
                    // SAFETY: the words of one `set`, which took them from a `NonNull<I>`.
                    object: unsafe { core::mem::transmute_copy(&words) },
                };
            }
            crate::primitive::spin_loop();
        }
    }
}

/// One name over its generations. Shared by the host's [`Domain`](crate::Domain) and by shadows.
pub struct Service<I: ?Sized + Interface> {
    spec: DomainSpec,
    recipe: Box<dyn Start<I>>,
    current: Published<I>,
    /// The thread slot of whoever restarts it now; null when nobody does.
    recovering: AtomicPtr<ThreadSlot>,
    stopped: AtomicBool,
    /// Ends of the restarts within the budget's stretch, oldest first.
    history: Mutex<VecDeque<u64>>,
    restarts: AtomicU32,
}

impl<I: ?Sized + Interface> Service<I> {
    pub(crate) fn new<T, A, E>(
        spec: DomainSpec,
        init: fn(A) -> Result<T, E>,
        mint: Mint<A>,
    ) -> Result<Self, SpawnError>
    where
        I: Implements<T>,
        T: 'static,
        A: Exchangeable,
        E: fmt::Display + 'static,
    {
        let recipe: Box<dyn Start<I>> = Box::new(Recipe { init, mint });
        let first = recipe.start(&spec, 0)?;
        Ok(Self {
            spec,
            recipe,
            current: Published::new(first),
            recovering: AtomicPtr::new(ptr::null_mut()),
            stopped: AtomicBool::new(false),
            history: Mutex::new(VecDeque::new()),
            restarts: AtomicU32::new(0),
        })
    }

    /// The domain's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.spec.name.as_str()
    }

    pub(crate) const fn spec(&self) -> &DomainSpec {
        &self.spec
    }

    /// The newest generation, running or not.
    #[inline]
    #[must_use]
    pub fn current(&self) -> Instance<I> {
        self.current.get()
    }

    /// How often it was restarted.
    #[must_use]
    pub fn restarts(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Makes sure that a generation newer than `dead` runs. One thread restarts, the others wait.
    /// Every wait is bounded by the spec's drain timeout.
    ///
    /// # Errors
    /// [`RpcError::OnOwnChain`] at once if the dead domain is among the callers of this call, or if
    /// this thread is restarting it already; [`RpcError::RecoveryFailed`] if it cannot be started.
    #[cold]
    pub fn recover(&self, dead: Instance<I>) -> Result<(), RpcError> {
        if dead.target.is_on_own_chain() {
            return Err(RpcError::OnOwnChain);
        }
        self.exclusively(|| {
            let current = self.current();
            if current.target.expected() != dead.target.expected()
                || !ptr::eq(current.target.block(), dead.target.block())
            {
                return Ok(());
            }
            self.restart_locked(current)
        })
        .unwrap_or(Err(SpawnError::StillDraining))
        .map_err(|error| match error {
            SpawnError::StillDraining if self.is_restarted_by_me() => RpcError::OnOwnChain,
            _ => RpcError::RecoveryFailed,
        })
    }

    /// Ends the current generation if it runs, and starts the next one, within the budget.
    ///
    /// # Errors
    /// See [`SpawnError`].
    pub(crate) fn restart(&self) -> Result<(), SpawnError> {
        self.exclusively(|| {
            let current = self.current();
            let reason = ExitReason::new(ExitKind::Killed, "restarted by the host");
            let generation = current.target.expected().generation();
            current.target.block().die(generation, reason);
            self.restart_locked(current)
        })
        .unwrap_or(Err(SpawnError::StillDraining))
    }

    fn is_restarted_by_me(&self) -> bool {
        ptr::eq(self.recovering.load(Ordering::Relaxed), thread::current())
    }

    /// Runs `action` as the host with no other restart or stop of this service at the same time.
    /// `None` if another one goes on past the drain timeout, or is this thread's own.
    fn exclusively<R>(&self, action: impl FnOnce() -> R) -> Option<R> {
        struct Release<'a>(&'a AtomicPtr<ThreadSlot>);
        impl Drop for Release<'_> {
            fn drop(&mut self) {
                self.0.store(ptr::null_mut(), Ordering::Release);
            }
        }
        let me = ptr::from_ref(thread::current()).cast_mut();
        let deadline = self.deadline(self.spec.drain);
        while let Err(other) = self.recovering.compare_exchange(
            ptr::null_mut(),
            me,
            Ordering::Acquire,
            Ordering::Relaxed,
        ) {
            if other == me || host::now_ns() > deadline {
                return None;
            }
            host::yield_now();
        }
        let _release = Release(&self.recovering);
        // SAFETY: recipes and the runtime are the host's; `init` and destructors of the domain run
        // only behind an entry of their own.
        Some(unsafe { thread::as_host(action) })
    }

    fn deadline(&self, wait: Duration) -> u64 {
        let wait = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
        host::now_ns().saturating_add(wait)
    }

    fn restart_locked(&self, old: Instance<I>) -> Result<(), SpawnError> {
        let began = host::now_ns();
        if self.stopped.load(Ordering::Relaxed) {
            return Err(SpawnError::Stopped);
        }
        let old_gone = self.await_reclaim(old, self.deadline(self.spec.drain));
        loop {
            self.spend_restart()?;
            let restarts = self.restarts.fetch_add(1, Ordering::Relaxed) + 1;
            match self.recipe.start(&self.spec, restarts) {
                Ok(instance) => {
                    self.current.set(instance);
                    host::event(&Event::Restarted {
                        id: instance.target.block().owner().index(),
                        generation: instance.target.expected().generation(),
                        name: self.name(),
                        took: Duration::from_nanos(host::now_ns().saturating_sub(began)),
                    });
                    return Ok(());
                }
                // A crash in `init` counts like any other: the budget ends the loop.
                Err(SpawnError::Init(_)) => {}
                // What the recipe wants may still be held by calls inside the old generation.
                Err(SpawnError::Mint(_)) if !old_gone => return Err(SpawnError::StillDraining),
                Err(other) => return Err(other),
            }
        }
    }

    /// Waits until the old generation is reclaimed, polling the reaper; false at the deadline.
    fn await_reclaim(&self, old: Instance<I>, deadline: u64) -> bool {
        let (block, expected) = (old.target.block(), old.target.expected());
        loop {
            reaper::try_reclaim(block);
            let word = block.word();
            if word.generation() != expected.generation() || word.state() == State::Retired {
                return true;
            }
            if host::now_ns() > deadline {
                return false;
            }
            host::yield_now();
        }
    }

    fn spend_restart(&self) -> Result<(), SpawnError> {
        let policy = self.spec.restart;
        let now = host::now_ns();
        let within = u64::try_from(policy.within.as_nanos()).unwrap_or(u64::MAX);
        let mut history = self.history.lock();
        while history
            .front()
            .is_some_and(|then| now.saturating_sub(*then) > within)
        {
            history.pop_front();
        }
        if history.len() >= policy.times as usize {
            return Err(SpawnError::BudgetExhausted);
        }
        history.push_back(now);
        Ok(())
    }

    /// Stops it in an orderly way: no call enters, those inside finish, its object is dropped, and
    /// what it had is reclaimed. It is not restarted any more.
    ///
    /// # Errors
    /// [`SpawnError::StillDraining`] if calls are inside past `deadline`: it is then marked dead and
    /// reclaimed when they have left.
    pub(crate) fn stop(&self, deadline: Duration) -> Result<(), SpawnError> {
        let deadline = self.deadline(deadline);
        self.exclusively(|| {
            self.stopped.store(true, Ordering::Relaxed);
            let current = self.current();
            let (block, word) = (current.target.block(), current.target.expected());
            if let Some(draining) = block.step(word, State::Draining) {
                while !block.is_drained() {
                    if host::now_ns() > deadline {
                        let reason = ExitReason::new(
                            ExitKind::DeadlinePassed,
                            "calls were still inside at the deadline",
                        );
                        block.die(word.generation(), reason);
                        return Err(SpawnError::StillDraining);
                    }
                    host::yield_now();
                }
                self.recipe.tear_down(Instance {
                    target: Target::new(block, draining),
                    object: current.object,
                });
                let reason = ExitReason::new(ExitKind::Stopped, "stopped by the host");
                block.die(word.generation(), reason);
            }
            if self.await_reclaim(current, deadline) {
                Ok(())
            } else {
                Err(SpawnError::StillDraining)
            }
        })
        .unwrap_or(Err(SpawnError::StillDraining))
    }
}

impl<I: ?Sized + Interface> fmt::Debug for Service<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service")
            .field("name", &self.spec.name)
            .field("restarts", &self.restarts())
            .finish_non_exhaustive()
    }
}
