//@ rules: unsafe-code, not-understood
//@ says: unsafe block in or after fn poll_and_move
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#153438: `pin!` lets its argument be coerced. So the value that `pin!` promises to be pinned is the
//! target of a `DerefMut`, and can still be moved.
extern crate alloc;
use alloc::boxed::Box;
use core::cell::Cell;
use core::future::{Future, poll_fn};
use core::hint::black_box;
use core::ops::{Deref, DerefMut};
use core::pin::{Pin, pin};
use core::task::{Context, Poll, Waker};
struct Thing<'a, T>(Option<T>, &'a mut Option<T>);
impl<T> Deref for Thing<'_, T> {
    type Target = T;
    fn deref(&self) -> &T { self.0.as_ref().unwrap() }
}
impl<T> DerefMut for Thing<'_, T> {
    fn deref_mut(&mut self) -> &mut T { self.0.as_mut().unwrap() }
}
impl<T> Drop for Thing<'_, T> {
    fn drop(&mut self) { *self.1 = self.0.take(); }
}
#[inline(never)]
fn poll_and_move<T: Future>(future: T) -> T {
    let mut place = None;
    {
        let thing = Thing(Some(future), &mut place);
        let pinned: Pin<&mut T> = pin!(thing);
        let _ = pinned.poll(&mut Context::from_waker(Waker::noop()));
    }
    place.unwrap()
}
async fn once() {
    let mut polled = false;
    poll_fn(move |_| if core::mem::replace(&mut polled, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}
/// Reads a word of the memory where a future was before it was moved.
pub fn peek(address: usize) -> u64 {
    static SEEN: u64 = 7;
    let seen = Cell::new(0);
    let mut future = Box::pin(poll_and_move(async {
        let words = [&SEEN; 64];
        let inside = black_box(&words);
        once().await;
        seen.set(*inside[32]);
    }));
    let over = black_box([address; 512]);
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    black_box(over);
    seen.get()
}
