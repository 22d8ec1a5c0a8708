//@ rules: implied-bound
//@ says: outlives
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#84366: the future of an `AsyncFnOnce` has no name. It outlives everything that the function
//! outlives.
extern crate alloc;
use alloc::boxed::Box;
use alloc::rc::Rc;
use core::cell::Cell;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
pub trait Show { fn show(&self) -> u64; }
impl Show for Rc<Cell<Option<&u64>>> { fn show(&self) -> u64 { self.get().map_or(0, |it| *it) } }
struct Shown<F>(Pin<Box<F>>);
impl<R: Show, F: Future<Output = R>> Future for Shown<F> {
    type Output = u64;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> { self.0.as_mut().poll(context).map(|it| it.show()) }
}
fn split<F: AsyncFnOnce() -> R + 'static, R: Show>(f: F) -> Option<(R, Pin<Box<dyn Future<Output = u64>>>)> {
    let mut future = Box::pin(f());
    let Poll::Ready(slot) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) else { return None };
    Some((slot, Box::pin(Shown(future))))
}
pub struct Kept(Pin<Box<dyn Future<Output = u64>>>);
impl Kept {
    pub fn show(&mut self) -> u64 {
        match self.0.as_mut().poll(&mut Context::from_waker(Waker::noop())) { Poll::Ready(it) => it, Poll::Pending => 0 }
    }
}
pub fn keep<'a>(lent: &'a u64) -> Option<Kept> {
    let (slot, kept) = split(|| {
        let slot: Rc<Cell<Option<&'a u64>>> = Rc::default();
        core::future::poll_fn(move |_| Poll::Ready(slot.clone()))
    })?;
    slot.set(Some(lent));
    Some(Kept(kept))
}
