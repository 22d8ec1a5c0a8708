//! Who runs, waits, and has ended: all transitions, on numbers only. No traps, no pointers.

use super::queue::Queue;

/// No thread, no token.
const NONE: u16 = u16::MAX;

/// No deadline.
const NEVER: u64 = u64::MAX;

/// What a thread is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The place is free.
    Free,
    /// Given out; not to be run yet.
    New,
    /// In the queue, or on a processor.
    Runnable,
    /// Off the processor until it is woken, or its deadline.
    Waiting,
    /// It will not run again; its stack is still there.
    Ended,
}

/// What a park waits for. A wake that comes first is remembered.
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

/// `N` threads, `T` tokens.
pub(super) struct Scheduler<const N: usize, const T: usize> {
    entries: [Entry; N],
    tokens: [Token; T],
    queue: Queue<N>,
    /// No deadline is earlier.
    next_deadline: u64,
}

impl<const N: usize, const T: usize> Scheduler<N, T> {
    /// The threads below `running` run already.
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

    /// Whether a thread waits for a processor.
    pub(super) fn has_ready(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The thread that has waited longest for a processor, to be run now.
    pub(super) fn next(&mut self) -> Option<u16> {
        self.queue.pop()
    }

    /// A running thread goes behind all that are ready.
    pub(super) fn put_back(&mut self, thread: u16) {
        self.queue.push(thread);
    }

    /// A free place, given out.
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

    /// A thread that is new may run.
    pub(super) fn start(&mut self, thread: u16) {
        let entry = &mut self.entries[usize::from(thread)];
        if entry.state == State::New {
            entry.state = State::Runnable;
            self.queue.push(thread);
        }
    }

    /// A place that was given out, or whose thread has ended, is free.
    pub(super) fn release(&mut self, thread: u16) {
        let entry = &mut self.entries[usize::from(thread)];
        if matches!(entry.state, State::New | State::Ended) {
            entry.state = State::Free;
        }
    }

    /// The running thread ends.
    pub(super) fn end(&mut self, thread: u16) {
        self.entries[usize::from(thread)].state = State::Ended;
    }

    /// A thread that has ended, given out to be freed.
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

    /// Whether some thread has ended and is not freed.
    pub(super) fn has_ended(&self) -> bool {
        self.entries.iter().any(|entry| entry.state == State::Ended)
    }

    /// The running thread waits until `deadline`, or for `token` to be set; false if it is set
    /// already, which uses it up, or if another waits for it.
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

    /// Sets a token, or ends the wait for it.
    pub(super) fn set(&mut self, token: u16) {
        let waiter = self.tokens[usize::from(token)].waiter;
        if waiter == NONE {
            self.tokens[usize::from(token)].set = true;
        } else {
            self.make_ready(waiter);
        }
    }

    /// Forgets that a token was set.
    pub(super) fn clear(&mut self, token: u16) {
        self.tokens[usize::from(token)].set = false;
    }

    /// Ends all waits until `now` or earlier.
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
