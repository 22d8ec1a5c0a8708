//! Signatures that rely on implied bounds.
//!
//! From a type like `&'a &'b T` in a signature the compiler infers `'b: 'a`, and relies on it in the body. A caller
//! that names the function directly has to prove the bound. A caller may not have to prove it if it calls the function
//! through a pointer of another type, as a method of a trait, or through a supertrait (rustc issue 25860). Then the
//! body makes a borrow outlive the value that it borrows from, in safe code.
//!
//! The check refuses a signature, or the header of an impl, if it implies a bound that is not written down and that
//! it could use. It could use `'b: 'a` if two conditions hold: a value with `'b` is supplied at a place outside the
//! type that implies the bound, and `'a` also occurs outside that type. If the bound is written down, its lifetimes
//! become part of the item's own generics. The compiler then checks the bound wherever the item is named.
//!
//! The check finds definitions by their names alone, without resolving paths, and assumes the worst about unknown
//! names. `shape` refuses syntax that the check does not know, and forms that lead to other holes of the compiler.
//!
//! # Words of this folder
//!
//! | Word | Meaning |
//! |---|---|
//! | *name* | A lifetime, a type parameter, or the spelling of a projected type. |
//! | *place* | A position in a type at which a name occurs (`Occurrence`). |
//! | *node* | The number of a part of a type. A place lists the nodes of all parts around it. |
//! | *supplied* | A value with this name may come in at this place, now or later: the body may get it (`supply`). |
//! | *guard* | A lifetime that each value at a place certainly outlives. (`shape::guards` is about match guards.) |
//! | *edge* | A bound `inner: outer` that a type implies, with the nodes of the two names. |
//! | *relation* | A bound `inner: outer` between two names, from any source and without nodes. |
//! | *standing* | An *implied* edge may accuse: it may lead to a finding. A *proved* edge may also excuse. |
//! | *excuse* | A bound that a type implies is excused if the same bound is written down or proved. |
//! | *presumed* | A relation that may follow from a bound by a trait or on a projection. It may only accuse. |
//! | *projection* | A type that is projected from others: `T::Out` and `<T as Call>::Out` from `T`. |
//! | *to make* | A bound makes a type if its trait may have a function that returns this type from other values. |
//! | *to say* | A bound says what an associated type is: `Iterator<Item = R>`. Otherwise the type is *unsaid*. |
//! | *turned* | In a function's arguments, where variance is reversed. A lifetime that is not turned is *kept*. |
//! | *lone* | A bounded type that is just a parameter (`X`), and not a type with other parts (`Option<X>`). |
//!
//! For example: `fn lend<'a, 'b>(_: &'a &'b (), v: &'b str) -> &'a str { v }`. The first argument gives the edge
//! `'b: 'a`. At the place of `'b` in the second argument a value with `'b` is supplied, and no node of the edge is
//! around this place. The result is a place of `'a` outside the edge's nodes. So the body can return `v` as a
//! `&'a str` because of the implied bound, and the check refuses the signature. It accepts `fn lend<'a, 'b: 'a>(…)`,
//! where the bound is declared, and also `v: &'a str`, where `'b` is supplied only inside the node of the edge.

mod code;
mod declared;
mod definitions;
mod facts;
mod judge;
mod relations;
mod scan;
mod shape;
mod walk;

use proc_macro2::TokenStream;

pub(crate) use self::shape::NUMBERS;

use self::code::Code;
use crate::finding::{Finding, Findings, Rule};

/// Finds every signature and header in expanded code that relies on an implied bound, and every form that `shape`
/// refuses.
pub(crate) fn check(source: TokenStream) -> Findings {
    let code = match Code::read(source) {
        Ok(code) => code,
        Err(problem) => {
            let what = format!("the code after expansion {problem}");
            return vec![Finding::new(Rule::NotUnderstood, what)];
        }
    };
    let definitions = definitions::Definitions::collect(&code.file);
    let mut findings = shape::check(&code, &definitions);
    findings.extend(scan::scan(&code, &definitions));
    findings
}

#[cfg(test)]
mod compared;
#[cfg(test)]
mod excuses;
#[cfg(test)]
mod tests;
