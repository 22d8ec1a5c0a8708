//! Guards of matches. A guard that changes the matched value, and does not end where the compiler looks, is a
//! safe transmute (rustc's issues 160599 and 161578).
//!
//! A guard compares, calculates and calls. It writes nothing itself. It hands no variable that leads to the
//! matched value to a function, which could write through it: neither as an argument nor as a receiver. Methods of
//! the standard library that only read are excepted.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{Arm, Expr, ExprMatch, Lit, PatIdent, UnOp};

use super::Shape;
use super::constants::is_assignment;
use crate::finding::Rule;

/// Methods of the standard library that take `&self`, whatever they are called on.
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

impl Shape<'_> {
    /// Judges the guards of a match.
    pub(super) fn guards(&mut self, expression: &ExprMatch) {
        let mut guard = Guard {
            own: self.own,
            matched: matched(&expression.expr),
        };
        let problems: Vec<_> = expression
            .arms
            .iter()
            .filter_map(|arm| guard.of(arm).err())
            .collect();
        for problem in problems {
            let what = format!(
                "a match guard {problem}, which can change what is matched: compute it before, or in an `if` behind \
                 the arrow"
            );
            self.find(Rule::UnsafeCode, what);
        }
    }
}

/// The use of a value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Use {
    /// It is looked at, or copied.
    Read,
    /// A function gets it, and may write through it.
    Hand,
}

struct Guard<'a> {
    own: &'a super::Own,
    /// Variables that lead to the matched value.
    matched: BTreeSet<String>,
}

impl Guard<'_> {
    /// Judges an arm's guard; an error names the fault.
    fn of(&mut self, arm: &Arm) -> Result<(), String> {
        let Some((_, guard)) = &arm.guard else {
            return Ok(());
        };
        let all = self.matched.clone();
        let mut bindings = Bindings(BTreeSet::new());
        bindings.visit_pat(&arm.pat);
        // A guard only reads through a binding.
        let hidden = |name: &String| bindings.0.contains(name) && !self.own.is_of_a_macro(name);
        self.matched.retain(|name| !hidden(name));
        let result = self.judge(guard, Use::Read);
        self.matched = all;
        result
    }

    /// Judges a guard, or a part of one; an error names the fault.
    fn judge(&mut self, part: &Expr, used: Use) -> Result<(), String> {
        match part {
            Expr::Lit(_) => Ok(()),
            Expr::Path(_) | Expr::Field(_) | Expr::Index(_) => self.place(part, used),
            Expr::Paren(it) => self.judge(&it.expr, used),
            Expr::Group(it) => self.judge(&it.expr, used),
            Expr::Unary(it) => match it.op {
                UnOp::Deref(_) => self.place(part, used),
                UnOp::Not(_) | UnOp::Neg(_) => self.judge(&it.expr, Use::Read),
                _ => Err("has an operator that is not known".to_owned()),
            },
            Expr::Binary(it) if is_assignment(&it.op) => Err("assigns".to_owned()),
            Expr::Binary(it) => {
                self.judge(&it.left, Use::Read)?;
                self.judge(&it.right, Use::Read)
            }
            Expr::Cast(it) => self.judge(&it.expr, Use::Read),
            Expr::Reference(it) if it.mutability.is_none() => self.judge(&it.expr, Use::Read),
            Expr::Tuple(it) => self.all(it.elems.iter(), used),
            Expr::Array(it) => self.all(it.elems.iter(), used),
            Expr::Range(it) => self.all(it.start.iter().chain(&it.end).map(|it| &**it), used),
            // Operators are functions, and may take a struct of the domain's own that borrows for writing.
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
                self.judge(&it.expr, Use::Read)?;
                let outer = self.matched.clone();
                self.matched.extend(matched(&it.expr));
                let arms = it.arms.iter().try_for_each(|arm| {
                    self.of(arm)?;
                    let is_bool =
                        matches!(&*arm.body, Expr::Lit(it) if matches!(it.lit, Lit::Bool(_)));
                    is_bool
                        .then_some(())
                        .ok_or_else(|| "has a match with a body".to_owned())
                });
                self.matched = outer;
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

    fn all<'e>(&mut self, parts: impl Iterator<Item = &'e Expr>, used: Use) -> Result<(), String> {
        let mut parts = parts;
        parts.try_for_each(|part| self.judge(part, used))
    }

    /// Judges a variable, or a place that is reached from one.
    fn place(&mut self, place: &Expr, used: Use) -> Result<(), String> {
        let root = match place {
            Expr::Field(it) => &it.base,
            Expr::Paren(it) => &it.expr,
            Expr::Group(it) => &it.expr,
            Expr::Unary(it) if matches!(it.op, UnOp::Deref(_)) => &it.expr,
            Expr::Index(it) => {
                self.judge(&it.index, Use::Hand)?;
                &it.expr
            }
            Expr::Path(it) => {
                let name = it.path.get_ident().map(ToString::to_string);
                let name = name.unwrap_or_default();
                return if used == Use::Hand && self.matched.contains(&name) {
                    Err(format!("hands `{name}` to a function"))
                } else {
                    Ok(())
                };
            }
            // A value's own.
            other => return self.judge(other, used),
        };
        self.place(root, used)
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

/// The variables by which the matched place is reached; none if a value of its own is matched.
fn matched(place: &Expr) -> BTreeSet<String> {
    match place {
        Expr::Path(it) => it
            .path
            .get_ident()
            .map(ToString::to_string)
            .into_iter()
            .collect(),
        Expr::Field(it) => matched(&it.base),
        Expr::Paren(it) => matched(&it.expr),
        Expr::Group(it) => matched(&it.expr),
        Expr::Unary(it) if matches!(it.op, UnOp::Deref(_)) => matched(&it.expr),
        Expr::Index(it) => {
            let mut all = matched(&it.expr);
            all.append(&mut matched(&it.index));
            all
        }
        _ => BTreeSet::new(),
    }
}
