//! The table of loom's objects. In the running execution each object stands for the word or the lock at one address.

use loom::sync::atomic::AtomicBool;
use loom::sync::atomic::AtomicUsize;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

/// A word that is bound to a loom object. The object holds the word's value minus `base`, because it was created with
/// the value 0 before any thread of the execution. So no access races with its creation.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) object: Rc<AtomicUsize>,
    pub(crate) base: usize,
    /// The last value that was written to the plain word. If the plain word holds another value, its memory was
    /// reused for a new word, and this binding is stale.
    last: usize,
}

#[derive(Default)]
struct Execution {
    words: HashMap<usize, Bound>,
    locks: HashMap<usize, Rc<AtomicBool>>,
    blank: Vec<Rc<AtomicUsize>>,
    blank_locks: Vec<Rc<AtomicBool>>,
    /// Address ranges that were given back to the host. No word in them may be used any more.
    gone: Vec<Range<usize>>,
    number: u64,
}

thread_local! {
    // All of loom's threads run on the one thread that runs the test. The cell is never borrowed while loom switches
    // threads.
    static EXECUTION: RefCell<Execution> = RefCell::default();
}

/// Forgets all bindings, and creates `words` unbound words and `locks` unbound locks. An execution must call this
/// first, before it spawns threads.
pub(crate) fn begin(words: usize, locks: usize) {
    let blank = (0..words).map(|_| Rc::new(AtomicUsize::new(0))).collect();
    let blank_locks = (0..locks)
        .map(|_| Rc::new(AtomicBool::new(false)))
        .collect();
    EXECUTION.with_borrow_mut(|execution| {
        *execution = Execution {
            blank,
            blank_locks,
            number: execution.number + 1,
            ..Execution::default()
        };
    });
}

/// Forgets everything except the number of executions. Called when a test is over.
pub(crate) fn end() {
    EXECUTION.with_borrow_mut(|execution| {
        let number = execution.number;
        *execution = Execution::default();
        execution.number = number;
    });
}

/// Returns the number of the running execution. It is one higher than that of the previous execution.
pub(crate) fn number() -> u64 {
    EXECUTION.with_borrow(|execution| execution.number)
}

/// Returns the binding of the word at `address`, whose plain word holds `value`. Binds the word if it has no binding
/// or a stale one.
pub(crate) fn word(address: usize, value: usize) -> Bound {
    EXECUTION.with_borrow_mut(|execution| {
        assert!(
            !execution.gone.iter().any(|gone| gone.contains(&address)),
            "a word was used in memory that was given back to the host"
        );
        if let Some(bound) = execution.words.get(&address)
            && bound.last == value
        {
            return bound.clone();
        }
        let Some(object) = execution.blank.pop() else {
            panic!("the loom test uses more words than it asked for");
        };
        let bound = Bound {
            object,
            base: value,
            last: value,
        };
        execution.words.insert(address, bound.clone());
        bound
    })
}

/// Records the value that the word at `address` holds now.
pub(crate) fn wrote(address: usize, value: usize) {
    EXECUTION.with_borrow_mut(|execution| {
        if let Some(bound) = execution.words.get_mut(&address) {
            bound.last = value;
        }
    });
}

/// Returns the loom object of the lock at `address`.
pub(crate) fn lock(address: usize) -> Rc<AtomicBool> {
    EXECUTION.with_borrow_mut(|execution| {
        let blank = &mut execution.blank_locks;
        let bound = execution.locks.entry(address).or_insert_with(|| {
            blank
                .pop()
                .unwrap_or_else(|| panic!("the loom test uses more locks than it asked for"))
        });
        Rc::clone(bound)
    })
}

/// Forgets the lock at `address`, because it is being dropped.
pub(crate) fn forget_lock(address: usize) {
    // A lock may be dropped while the thread ends, after its thread-local storage is gone.
    let _ = EXECUTION.try_with(|execution| {
        if let Ok(mut execution) = execution.try_borrow_mut() {
            execution.locks.remove(&address);
        }
    });
}

/// Forbids the use of words in `range` for the rest of this execution.
pub fn forbid(range: Range<usize>) {
    EXECUTION.with_borrow_mut(|execution| execution.gone.push(range));
}
