//@ rules: authority, crate-source
//@ says: heapless has version 0.9.3; the reviewed versions are 0.9.4
//@ manifest: [dependencies]
//@ manifest: samara-domain = { path = "{samara}/crates/api/domain" }
//@ manifest: heapless = "=0.9.3"
#![no_std]
#![forbid(unsafe_code)]
//! heapless 0.9.3: if an element of a vector panics when its iterator drops it, the iterator drops all elements
//! again, even those that were moved out and have another owner by now.
use samara_domain::RRef;
pub struct Element { object: Option<RRef<u64>>, panics: bool }
impl Drop for Element {
    fn drop(&mut self) { assert!(!core::mem::take(&mut self.panics), "an element") }
}
/// Frees the value that it has given to `other`.
pub fn free_twice(object: RRef<u64>, other: impl FnOnce(RRef<u64>)) {
    let mut all = heapless::Vec::<Element, 2>::new();
    let _ = all.push(Element { object: Some(object), panics: false });
    let _ = all.push(Element { object: None, panics: true });
    let mut all = all.into_iter();
    if let Some(object) = all.next().and_then(|mut it| it.object.take()) { other(object) }
}
