//! Attributes with the kinds of texts that everyday code has.
#![no_std]
#![forbid(unsafe_code)]
#![doc(html_root_url = "https://example.org/")]
#[macro_use]
extern crate alloc;
/// Says "yes", or /* nothing */ at all: `#[x]`.
#[must_use = "the \"guard\" opens again // at once: `{}`"]
#[track_caller]
pub fn guard() -> u8 { vec![1_u8].len() as u8 }
#[doc = "a \" /* b"]
#[doc(alias = "fence")]
#[cold]
#[inline(never)]
pub fn lock() {}
#[diagnostic::on_unimplemented(message = "`{Self}` is /* no \"name\"", label = "// here", note = "*/")]
pub trait Named {}
#[diagnostic::do_not_recommend]
impl<T: Named> Named for [T] {}
#[non_exhaustive]
#[repr(u8)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Kind { #[default] None, #[non_exhaustive] Some {} }
#[expect(dead_code, reason = "it's for \"/*\" later")]
fn later() {}
