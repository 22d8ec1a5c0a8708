//! Signatures that rely on implied bounds.
//!
//! From a type like `&'a &'b T` in a signature the compiler infers `'b: 'a`, and relies on it in the body. A caller
//! that names the function directly has to prove it. A caller that has the function as a pointer of another type, as
//! a method of a trait, or through a supertrait may not have to (rustc issue 25860). Then the body makes a borrow
//! outlive the value that it borrows from, in safe code.
//!
//! The check refuses each signature and each impl's header that implies a bound which is not written down, and which
//! could use this bound. It could use the bound if values with the inner lifetime or type also come in by another way
//! than under the outer lifetime, and if the outer lifetime also occurs elsewhere. A bound that is written down makes
//! its lifetimes part of the item's own generics, and those are checked wherever the item is named.
//!
//! The check finds definitions by their names alone, without resolving paths, and assumes the worst about unknown
//! names. `shape` ensures that nothing is unknown by its form, and refuses forms that lead to other holes of the
//! compiler.

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

/// Finds every signature and header in expanded code that relies on an implied bound, and everything else that types,
/// impls and guards may not contain.
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
