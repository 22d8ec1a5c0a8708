//! Spellings of the hole (rustc issue 25860), each accepted by the compiler.

mod bounds;
mod closures;
mod objects;
mod projections;
mod results;
mod types;

/// A source, and the bound that the finding names.
pub(super) type Spelling = (&'static str, &'static str);

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Spelling> {
    [
        types::TYPES,
        results::RESULTS,
        closures::CLOSURES,
        bounds::BOUNDS,
        projections::PROJECTIONS,
        objects::OBJECTS,
    ]
    .into_iter()
    .flatten()
}
