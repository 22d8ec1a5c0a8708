//! Code that runs while the compiler reads a place: guards of matches, and indexes. If such code changes the place,
//! and ends in a way for which the compiler does not check the change, safe code has a transmute (rustc issues
//! 160599, 161578 and 161852).
//!
//! Such code may compare, calculate and call. It may not write anything itself. If a variable leads to the place,
//! such code may not pass it to a function, either as an argument or as the receiver, because the function could
//! write through it. Methods of the standard library that only read are excepted.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Arm, Expr, Lit, Pat, PatIdent, UnOp};

use super::Own;
use super::constants::{is_arithmetic, is_assignment};
use super::own::is_number;

/// Methods of the standard library that take `&self` on every type.
const READING: &[&str] = &[
    "contains",
    "ends_with",
    "is_empty",
    "is_err",
    "is_none",
    "is_ok",
    "is_some",
    "iter",
    "len",
    "starts_with",
];

/// The use of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Use {
    /// It is read, or copied.
    Read,
    /// A function gets it and may write through it, or a pattern may take a part of it (rustc issue 160525).
    Hand,
}

/// Judges code that runs while the compiler has only partly read a place.
pub(super) struct Looks<'a> {
    own: &'a Own,
    /// Variables that lead to the place.
    watched: BTreeSet<String>,
}

impl<'a> Looks<'a> {
    /// Watches the variables that lead to the matched value.
    pub(super) fn at_matched(place: &Expr, own: &'a Own) -> Self {
        Looks {
            own,
            watched: leading_to(place),
        }
    }

    /// Watches the variable that leads to the indexed value. Indexes themselves are copied before they are used.
    pub(super) fn at_indexed(place: &Expr, own: &'a Own) -> Self {
        Looks {
            own,
            watched: root(place).into_iter().collect(),
        }
    }

    /// Judges an arm's guard. An error names the fault.
    pub(super) fn guard(&mut self, arm: &Arm) -> Result<(), String> {
        let Some((_, guard)) = &arm.guard else {
            return Ok(());
        };
        let all = self.watched.clone();
        let mut bindings = Bindings(BTreeSet::new());
        bindings.visit_pat(&arm.pat);
        // A binding of the arm may hide a watched variable, and a guard can only read through a binding.
        let hidden = |name: &String| bindings.0.contains(name) && !self.own.is_of_a_macro(name);
        self.watched.retain(|name| !hidden(name));
        let result = self.judge(guard, Use::Read);
        self.watched = all;
        result
    }

    /// Judges the index of the place. An error names the fault.
    pub(super) fn index(&mut self, index: &Expr) -> Result<(), String> {
        self.judge(index, Use::Read)
    }

    /// Judges a part. An error names the fault.
    fn judge(&mut self, part: &Expr, used: Use) -> Result<(), String> {
        match part {
            Expr::Lit(_) => Ok(()),
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => self.place(part, used),
            Expr::Paren(it) => self.judge(&it.expr, used),
            Expr::Group(it) => self.judge(&it.expr, used),
            Expr::Unary(it) => match it.op {
                UnOp::Deref(_) => self.place(part, used),
                UnOp::Not(_) | UnOp::Neg(_) => self.operand(&it.expr),
                _ => Err("has an operator that is not known".to_owned()),
            },
            Expr::Binary(it) if is_assignment(&it.op) => Err("assigns".to_owned()),
            // The right operand is an argument of the operator's function, and a reference is reborrowed for it.
            Expr::Binary(it) if is_arithmetic(&it.op) => {
                let is_called = self.own.has_writing_operators();
                let right = if is_called { Use::Hand } else { Use::Read };
                self.operand(&it.left)?;
                self.judge(&it.right, right)
            }
            // Comparisons borrow both sides for reading.
            Expr::Binary(it) => {
                self.judge(&it.left, Use::Read)?;
                self.judge(&it.right, Use::Read)
            }
            // A cast to anything but a number may reborrow a reference.
            Expr::Cast(it) if is_number(&it.ty) => self.judge(&it.expr, Use::Read),
            Expr::Cast(it) => self.judge(&it.expr, Use::Hand),
            Expr::Reference(it) if it.mutability.is_none() => self.judge(&it.expr, Use::Read),
            Expr::Tuple(it) => self.all(it.elems.iter(), used),
            Expr::Array(it) => self.all(it.elems.iter(), used),
            Expr::Range(it) => self.all(it.start.iter().chain(&it.end).map(|it| &**it), used),
            // The struct may be the operand of an operator. An operator is a function, and may write through a borrow
            // in the struct.
            Expr::Struct(it) if it.rest.is_none() => {
                self.all(it.fields.iter().map(|it| &it.expr), Use::Hand)
            }
            Expr::Call(it) => {
                self.judge(&it.func, Use::Hand)?;
                self.all(it.args.iter(), Use::Hand)
            }
            Expr::MethodCall(it) => {
                let method = it.method.to_string();
                let reads = READING.contains(&method.as_str()) && self.own.only_reads(&method);
                let receiver = if reads { Use::Read } else { Use::Hand };
                self.judge(&it.receiver, receiver)?;
                self.all(it.args.iter(), Use::Hand)
            }
            Expr::Closure(it) if it.capture.is_none() && it.asyncness.is_none() => {
                self.judge(&it.body, Use::Hand)
            }
            // As `matches!` writes it.
            Expr::Match(it) => {
                let takes = it.arms.iter().any(|arm| takes_a_part(&arm.pat));
                self.judge(&it.expr, if takes { Use::Hand } else { Use::Read })?;
                let outer = self.watched.clone();
                self.watched.extend(leading_to(&it.expr));
                let arms = it.arms.iter().try_for_each(|arm| {
                    self.guard(arm)?;
                    let is_bool =
                        matches!(&*arm.body, Expr::Lit(it) if matches!(it.lit, Lit::Bool(_)));
                    is_bool
                        .then_some(())
                        .ok_or_else(|| "has a match with a body".to_owned())
                });
                self.watched = outer;
                arms
            }
            Expr::Assign(_) => Err("assigns".to_owned()),
            Expr::Reference(_) | Expr::RawAddr(_) => Err("borrows for writing".to_owned()),
            Expr::Block(_) | Expr::Unsafe(_) | Expr::Const(_) => Err("has a block".to_owned()),
            Expr::Macro(_) => Err("has a macro".to_owned()),
            Expr::Let(_) => Err("has a `let`".to_owned()),
            _ => Err("has more than comparisons and calls".to_owned()),
        }
    }

    /// Judges an operand of an operator. The operator is a call of a function. If the operand is a place, it is
    /// copied or moved. Any other operand may reborrow its parts.
    fn operand(&mut self, part: &Expr) -> Result<(), String> {
        match part {
            Expr::Paren(it) => self.operand(&it.expr),
            Expr::Group(it) => self.operand(&it.expr),
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => self.place(part, Use::Read),
            Expr::Unary(it) if matches!(it.op, UnOp::Deref(_)) => self.place(part, Use::Read),
            part => self.judge(part, Use::Hand),
        }
    }

    fn all<'e>(&mut self, parts: impl Iterator<Item = &'e Expr>, used: Use) -> Result<(), String> {
        let mut parts = parts;
        parts.try_for_each(|part| self.judge(part, used))
    }

    /// Judges a variable, or a place that is reached from one.
    fn place(&mut self, place: &Expr, used: Use) -> Result<(), String> {
        if let Expr::Index(it) = place {
            self.judge(&it.index, Use::Hand)?;
        }
        if let Some(outer) = outer(place) {
            return self.place(outer, used);
        }
        let Expr::Path(it) = place else {
            // The place belongs to a temporary value.
            return self.judge(place, used);
        };
        let name = it.path.get_ident().map(ToString::to_string);
        let name = name.unwrap_or_default();
        if used == Use::Hand && self.watched.contains(&name) {
            Err(format!("hands `{name}` to a function or a pattern"))
        } else {
            Ok(())
        }
    }
}

/// The names that a pattern binds.
struct Bindings(BTreeSet<String>);

impl<'ast> Visit<'ast> for Bindings {
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.0.insert(pattern.ident.to_string());
        visit::visit_pat_ident(self, pattern);
    }
}

/// Whether a pattern may move a part of the matched value, or borrow it mutably. A name inside the pattern counts as
/// a binding, although it may be the name of a constant. A name for the whole value does not count, because the
/// compiler itself sees the move of the whole value.
fn takes_a_part(pattern: &Pat) -> bool {
    struct Found(bool);
    impl<'ast> Visit<'ast> for Found {
        fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
            self.0 |= pattern.by_ref.is_none() || pattern.mutability.is_some();
            visit::visit_pat_ident(self, pattern);
        }
    }
    match pattern {
        Pat::Paren(it) => takes_a_part(&it.pat),
        Pat::Or(it) => it.cases.iter().any(takes_a_part),
        Pat::Ident(PatIdent { subpat: None, .. }) => false,
        pattern => {
            let mut found = Found(false);
            found.visit_pat(pattern);
            found.0
        }
    }
}

/// Returns the variables by which a place is reached; none if it belongs to a temporary value.
fn leading_to(place: &Expr) -> BTreeSet<String> {
    let mut all: BTreeSet<_> = root(place).into_iter().collect();
    let mut at = place;
    while let Some(outer) = outer(at) {
        if let Expr::Index(it) = at {
            all.append(&mut leading_to(&it.index));
        }
        at = outer;
    }
    all
}

/// Returns the variable that a place begins with, unless it belongs to a temporary value.
fn root(place: &Expr) -> Option<String> {
    match (outer(place), place) {
        (Some(outer), _) => root(outer),
        (None, Expr::Path(it)) => it.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}

/// Returns the place that contains this place.
fn outer(place: &Expr) -> Option<&Expr> {
    match place {
        Expr::Field(it) => Some(&it.base),
        Expr::Paren(it) => Some(&it.expr),
        Expr::Group(it) => Some(&it.expr),
        Expr::Unary(it) if matches!(it.op, UnOp::Deref(_)) => Some(&it.expr),
        Expr::Index(it) => Some(&it.expr),
        _ => None,
    }
}
