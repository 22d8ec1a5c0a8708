//! The states of all threads (running, waiting, ended) and all transitions between them. This code works on thread
//! numbers only, without traps and pointers.

use super::queue::Queue;

/// Stands for no thread and for no token.
const NONE: u16 = u16::MAX;

/// Stands for no deadline.
const NEVER: u64 = u64::MAX;

/// The state of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The place is free.
    Free,
    /// The place was given out to start a thread there or to free the place of an ended thread. No thread runs there.
    New,
    /// In the queue, or on a CPU.
    Runnable,
    /// Off the CPU until it is woken, or until its deadline.
    Waiting,
    /// The thread will not run again, but its stack is not freed yet.
    Ended,
}

/// The state of a token. `set` records a wake that comes before the park.
#[derive(Clone, Copy)]
struct Token {
    set: bool,
    waiter: u16,
}

#[derive(Clone, Copy)]
struct Entry {
    state: State,
    token: u16,
    deadline: u64,
}

/// The scheduler of `N` threads, with `T` tokens.
pub(super) struct Scheduler<const N: usize, const T: usize> {
    entries: [Entry; N],
    tokens: [Token; T],
    queue: Queue<N>,
    /// A lower bound of the deadlines of all waiting threads.
    next_deadline: u64,
}

impl<const N: usize, const T: usize> Scheduler<N, T> {
    /// Makes a scheduler. The threads with numbers below `running` (the first thread and the idle threads) are
    /// runnable from the start and are in no queue.
    pub(super) const fn new(running: u16) -> Self {
        let mut entries = [Entry {
            state: State::Free,
            token: NONE,
            deadline: NEVER,
        }; N];
        let mut at = 0;
        while at < running as usize && at < N {
            entries[at].state = State::Runnable;
            at += 1;
        }
        Self {
            entries,
            tokens: [Token {
                set: false,
                waiter: NONE,
            }; T],
            queue: Queue::new(),
            next_deadline: NEVER,
        }
    }

    /// Whether a thread is ready and waits for a CPU.
    pub(super) fn has_ready(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Takes the thread that has waited longest for a CPU out of the queue. The caller runs it.
    pub(super) fn next(&mut self) -> Option<u16> {
        self.queue.pop()
    }

    /// Puts a running thread behind all threads that are ready.
    pub(super) fn put_back(&mut self, thread: u16) {
        self.queue.push(thread);
    }

    /// Gives out a free place.
    pub(super) fn claim(&mut self) -> Option<u16> {
        let mut at = 0;
        while at < N {
            if self.entries[at].state == State::Free {
                self.entries[at].state = State::New;
                return Some(at as u16);
            }
            at += 1;
        }
        None
    }

    /// Makes a new thread runnable.
    pub(super) fn start(&mut self, thread: u16) {
        let entry = &mut self.entries[usize::from(thread)];
        if entry.state == State::New {
            entry.state = State::Runnable;
            self.queue.push(thread);
        }
    }

    /// Frees a place that was given out or whose thread has ended.
    pub(super) fn release(&mut self, thread: u16) {
        let entry = &mut self.entries[usize::from(thread)];
        if matches!(entry.state, State::New | State::Ended) {
            entry.state = State::Free;
        }
    }

    /// Ends the running thread.
    pub(super) fn end(&mut self, thread: u16) {
        self.entries[usize::from(thread)].state = State::Ended;
    }

    /// Gives out the place of a thread that has ended. The caller frees the thread's stack and then releases the
    /// place.
    pub(super) fn ended(&mut self) -> Option<u16> {
        let mut at = 0;
        while at < N {
            if self.entries[at].state == State::Ended {
                self.entries[at].state = State::New;
                return Some(at as u16);
            }
            at += 1;
        }
        None
    }

    /// Whether there is a thread that has ended and is not freed yet.
    pub(super) fn has_ended(&self) -> bool {
        self.entries.iter().any(|entry| entry.state == State::Ended)
    }

    /// Makes the running thread wait until `deadline`, or until `token` is set. If the token is set already, or if
    /// another thread waits for it, the thread does not wait: the token is cleared and the function returns false.
    pub(super) fn wait(&mut self, thread: u16, token: Option<u16>, deadline: u64) -> bool {
        if let Some(number) = token {
            let token = &mut self.tokens[usize::from(number)];
            if token.set || token.waiter != NONE {
                token.set = false;
                return false;
            }
            token.waiter = thread;
        }
        self.entries[usize::from(thread)] = Entry {
            state: State::Waiting,
            token: token.unwrap_or(NONE),
            deadline,
        };
        if deadline < self.next_deadline {
            self.next_deadline = deadline;
        }
        true
    }

    /// Wakes the thread that waits for a token. If no thread waits, sets the token.
    pub(super) fn set(&mut self, token: u16) {
        let waiter = self.tokens[usize::from(token)].waiter;
        if waiter == NONE {
            self.tokens[usize::from(token)].set = true;
        } else {
            self.make_ready(waiter);
        }
    }

    /// Clears a token.
    pub(super) fn clear(&mut self, token: u16) {
        self.tokens[usize::from(token)].set = false;
    }

    /// Wakes all threads whose deadline is `now` or earlier.
    pub(super) fn expire(&mut self, now: u64) {
        if now < self.next_deadline {
            return;
        }
        self.next_deadline = NEVER;
        let mut at = 0;
        while at < N {
            let entry = self.entries[at];
            if entry.state == State::Waiting && entry.deadline <= now {
                self.make_ready(at as u16);
            } else if entry.state == State::Waiting && entry.deadline < self.next_deadline {
                self.next_deadline = entry.deadline;
            }
            at += 1;
        }
    }

    fn make_ready(&mut self, thread: u16) {
        let entry = &mut self.entries[usize::from(thread)];
        if entry.state != State::Waiting {
            return;
        }
        if entry.token != NONE {
            self.tokens[usize::from(entry.token)].waiter = NONE;
        }
        *entry = Entry {
            state: State::Runnable,
            token: NONE,
            deadline: NEVER,
        };
        self.queue.push(thread);
    }
}
