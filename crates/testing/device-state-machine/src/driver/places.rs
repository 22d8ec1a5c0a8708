//! Places in which a driver keeps its things. Only one thread at a time uses a place.

use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use crate::step::Numbers;

/// `N` places.
pub(crate) struct Places<T, const N: usize>([Mutex<Option<T>>; N]);

/// Takes a lock, even if a panic has poisoned it.
pub(crate) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_lock<T>(of: &Mutex<T>) -> Option<MutexGuard<'_, T>> {
    match of.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poison)) => Some(poison.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

impl<T, const N: usize> Places<T, N> {
    pub(crate) fn new() -> Self {
        Self(std::array::from_fn(|_| Mutex::new(None)))
    }

    /// Returns a place that holds something and that no other thread uses.
    pub(crate) fn any(&self, numbers: &mut Numbers) -> Option<MutexGuard<'_, Option<T>>> {
        self.find(numbers, |place| place.is_some())
    }

    /// Returns a place as [`any`](Self::any) does, but prefers a place whose thing satisfies `is`, except one time in
    /// 10.
    pub(crate) fn mostly(
        &self,
        numbers: &mut Numbers,
        is: impl Fn(&T) -> bool,
    ) -> Option<MutexGuard<'_, Option<T>>> {
        let takes_any = numbers.one_in(10);
        let right = |place: &Option<T>| place.as_ref().is_some_and(&is);
        let found = (!takes_any).then(|| self.find(numbers, right)).flatten();
        found.or_else(|| self.any(numbers))
    }

    /// Returns an empty place. If no place is empty, returns a full place or `None`, as the numbers choose.
    pub(crate) fn vacant(&self, numbers: &mut Numbers) -> Option<MutexGuard<'_, Option<T>>> {
        let takes_any = numbers.one_in(2);
        self.find(numbers, |place| place.is_none())
            .or_else(|| takes_any.then(|| self.find(numbers, |_| true)).flatten())
    }

    fn find(
        &self,
        numbers: &mut Numbers,
        is: impl Fn(&Option<T>) -> bool,
    ) -> Option<MutexGuard<'_, Option<T>>> {
        let first = numbers.below(N);
        (0..N)
            .filter_map(|distance| try_lock(&self.0[(first + distance) % N]))
            .find(|place| is(place))
    }

    /// Takes a thing out of its place.
    pub(crate) fn take(&self, numbers: &mut Numbers) -> Option<T> {
        self.any(numbers)?.take()
    }

    /// Puts a thing into an empty place, or into a full one, whose former thing it returns. If it finds no place, it
    /// returns the thing as an error.
    pub(crate) fn put(&self, numbers: &mut Numbers, thing: T) -> Result<Option<T>, T> {
        match self.vacant(numbers) {
            Some(mut place) => Ok(place.replace(thing)),
            None => Err(thing),
        }
    }
}
