//! Signatures that rely on implied bounds.
//!
//! From a type like `&'a &'b T` in a signature the compiler infers `'b: 'a`, and believes it in the body. A
//! caller that names the function directly is held to it; one that has it as a pointer of another type, as a
//! method of a trait, or through a supertrait may not be (rustc's issue 25860). Then the body makes a borrow
//! outlive what it borrows from, in safe code.
//!
//! What is refused is the kind: a signature or the header of an impl in which a bound is implied that nobody
//! wrote down, and which could use it, since the inner lifetime or type comes in by another way than under the
//! outer one, and the outer one stands elsewhere. A bound that is written down makes its lifetimes part of the
//! item's own generics, and those are checked wherever the item is named.
//!
//! The look is at names, not at definitions behind them, and takes the unknown for the worse. `shape` sees to it
//! that nothing is unknown by its form, and refuses forms by which the compiler's other holes are reached.

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

/// Every signature and header in expanded code that relies on an implied bound, and what else its types, impls
/// and guards may not be.
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
