//! Spellings of the hole that use trait objects.

use super::Spelling;

pub(super) const OBJECTS: &[Spelling] = &[
    // An object's own lifetime outlives every lifetime that the implementors of its trait outlive.
    (
        "trait Kept: 'static {} fn f<'a>(_: Option<Box<dyn Kept + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    (
        "trait Kept: 'static {} trait Sub: Kept {} fn f<'a>(_: Option<Box<dyn Sub + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    (
        "trait Kept<'b>: 'b {} fn f<'a>(_: Option<Box<dyn Kept<'static> + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    (
        "trait Kept<'b> where Self: 'b {} fn f<'a, 'b>(_: Option<Box<dyn Kept<'b> + 'a>>, v: &'a u64) -> &'b u64 { v }",
        "'a: 'b",
    ),
    (
        "trait Kept<'b>: 'b {} type K<'a, 'b> = Option<Box<dyn Kept<'b> + 'a>>; fn f<'a, 'b>(_: K<'b, 'a>, v: &'b u64) -> &'a u64 { v }",
        "'b: 'a",
    ),
    (
        "trait Kept<'b>: 'b {} fn f<'a>(k: &u8, v: &'a u64) -> (Option<Box<dyn Kept + 'a>>, &'static u64) { x() }",
        "elides",
    ),
    (
        "trait Kept<'b>: 'b {} impl S { fn f<'a>(&self, v: &'a u64) -> (Option<Box<dyn Kept + 'a>>, &u64) { x() } }",
        "'a: '_",
    ),
    (
        "trait Kept<'b>: 'b {} impl S { fn f<'a>(&self, v: &'a u64) -> (Option<Box<dyn Kept<'_> + 'a>>, &u64) { x() } }",
        "'a: '_",
    ),
    (
        "trait Kept<'b>: 'b {} fn f<'a>(_: Option<Box<dyn for<'b> Kept<'b> + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    (
        "fn f<'a>(_: Option<Box<dyn Any + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    (
        "fn f<'a>(_: Option<Box<dyn other::Trait + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    (
        "trait Kept<'b>: 'b {} trait Far: Kept<'static> {} fn f<'a>(_: Option<Box<dyn Far + 'a>>, v: &'a u64) -> &'static u64 { v }",
        "'a: 'static",
    ),
    // If an object has no written lifetime, and its trait's lifetime is late-bound, the object has the lifetime of
    // its place.
    (
        "trait Kept<'b>: 'b {} fn f<'a, 'b>(to: &'a dyn Kept<'b>, v: &'a u64) { to.keep(v) }",
        "'a: 'b",
    ),
    (
        "trait Kept<'b>: 'b {} struct Own<'x, T: ?Sized + 'x>(&'x T); fn f<'a, 'b>(_: Option<Own<'a, dyn Kept<'b>>>, v: &'a u64) -> &'b u64 { v }",
        "'a: 'b",
    ),
    (
        "fn f<'a, 'b>(_: Option<Ref<'a, dyn other::Kept<'b>>>, v: &'a u64) -> &'b u64 { v }",
        "'a: 'b",
    ),
];
