//! Finds types whose code runs where no path names the type: types of trait objects, types with a destructor, and
//! types of functions that are called through a value.
//!
//! The compiler checks the types that a path names. But when a value becomes a trait object, the compiler does not
//! check whether the value's type is well-formed, and no path names the type later: `&None as &dyn Run` is enough to
//! run `Run`'s impl on `Option<&'static Cell<&'short u64>>`, and the impl relies on what that type implies (rustc
//! issue 25860). So each type for which the code makes an object's table of methods has to be evidently well-formed.
//!
//! A destructor runs for the type of a variable, which need not be the type with which the variable's value was made.
//! Subtyping shortens its lifetimes one by one, and the compiler checks nowhere whether the new type is well-formed.
//! So a type of this unit with a destructor has to be evidently well-formed for all of its arguments. The arguments
//! are checked where a value of the type is made from its fields: they have to be evidently well-formed, because the
//! destructor may call a function pointer or an object with them.
//!
//! A function's own type says which impl the function belongs to. A variable of such a type may get its value by
//! subtyping too. A call of the variable runs the impl that the variable's type names, and nothing has proved the
//! bounds of that impl. So if the type contains lifetimes, no expression other than the function's path may have it.
//!
//! In all other cases some check has seen the type for which code runs. `lifetimes::shape::impls` refuses types that
//! occur in no header, and `values` refuses functions whose lifetimes are bound late. For any other function, the
//! compiler checks the signature where the function becomes a pointer. A trait's arguments are named by the caller of
//! the object, or are arguments of a type that is checked here. The destructor of another crate's type needs no check
//! here, because that crate's own code, which a path names, has made the value.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenTree};

use super::evident::{Declared, Doubt, Types, is_lifetime, is_one_of, lent, named};
use super::thir::{Bodies, Coercion};
use super::tokens::{between_commas, is_punct, is_word};
use super::typed;
use crate::finding::{Finding, Findings, Rule};

/// Finds, in bodies as the compiler prints them, every type that is not evident and whose code runs where no path
/// names it.
pub(super) fn search(printed: &str, declared: &Declared) -> Result<Findings, String> {
    let bodies = Bodies::read(printed)?;
    let judge = Judge {
        types: Types(declared),
        shows: !shows_references(&bodies),
    };
    let mut found = BTreeSet::new();
    let mut find = |rule: Rule, what: String, body: &str| {
        let mut path = body.rsplit("::");
        let function = path.find(|it| !it.contains('{')).map(str::to_owned);
        found.insert((what, function, rule));
    };
    let unproved = |ty: &str, does: &str, doubt: Doubt| {
        let ty = spelled(ty);
        format!("`{ty}` {does}, and the compiler does not check whether it is well-formed: {doubt}")
    };
    for coercion in &bodies.coercions {
        if let Some(doubt) = judge.coercion(coercion)? {
            let what = unproved(coercion.source, "becomes a trait object", doubt);
            find(Rule::UnprovedType, what, coercion.body);
        }
    }
    let dropped: BTreeSet<&str> = bodies
        .parameters("drop")
        .filter_map(|ty| ty.strip_prefix("&'{erased} mut "))
        .collect();
    let names: BTreeSet<&str> = dropped.iter().map(|ty| name(ty)).collect();
    for ty in &dropped {
        if let Some(doubt) = judge.types.is_evident(&tokens(ty)?).err() {
            let what = unproved(ty, "has a destructor", doubt);
            find(Rule::LinkedDestructor, what, "drop");
        }
    }
    for made in &bodies.made {
        if names.contains(name(made.ty))
            && let Some(doubt) = judge.literal(made.ty)?
        {
            let what = unproved(made.ty, "is made with a destructor", doubt);
            find(Rule::UnprovedType, what, made.body);
        }
    }
    for held in bodies.held.iter().filter(|it| it.ty.contains('\'')) {
        let what = format!(
            "`{}` is used through a value, and the value's type may have become that of another impl's function",
            function(held.ty)
        );
        find(Rule::HeldFunction, what, held.body);
    }
    let findings = found.into_iter().map(|(what, function, rule)| {
        let mut finding = Finding::new(rule, what);
        finding.function = function;
        finding
    });
    Ok(findings.collect())
}

/// Returns a type's path without its arguments.
fn name(ty: &str) -> &str {
    ty.split('<').next().unwrap_or_default()
}

/// Returns a function's path, given its own type: `FnDef(DefId(0:6 ~ name[cov8]::Trait::method), [arguments])`.
fn function(ty: &str) -> &str {
    let path = ty
        .split_once("]::")
        .and_then(|(_, rest)| rest.split_once("),"));
    path.map_or(ty, |(path, _)| path)
}

/// Whether the unit implements a method `fmt`, which may be `Debug`'s, for a reference, a box or a pin. Rust's orphan
/// rule allows the unit no such impl for another type that only contains one of the unit's types.
fn shows_references(bodies: &Bodies<'_>) -> bool {
    const LEADING: &[&str] = &["&", "alloc::boxed::Box<", "core::pin::Pin<"];
    bodies
        .parameters("fmt")
        .filter_map(|it| it.strip_prefix("&'{erased} "))
        .any(|it| LEADING.iter().any(|leading| it.starts_with(leading)))
}

struct Judge<'a> {
    types: Types<'a>,
    /// Whether the only `Debug` of references, boxes and pins is that of the standard library.
    shows: bool,
}

impl Judge<'_> {
    /// Returns the reason why the type for which a coercion makes an object's table is not evident. Returns `None` if
    /// it is evident, or if the coercion makes no table.
    fn coercion(&self, coercion: &Coercion<'_>) -> Result<Option<Doubt>, String> {
        if coercion.kind != "Unsize" || !coercion.target.contains("dyn ") {
            return Ok(None);
        }
        let (source, target) = (tokens(coercion.source)?, tokens(coercion.target)?);
        let (Some(from), Some(to)) = (pointee(&source), pointee(&target)) else {
            let source = coercion.source;
            return Err(format!(
                "`{source}` is coerced to an unsized type, but is no pointer that the check knows"
            ));
        };
        let is_slice = matches!(to, [TokenTree::Group(it)] if it.delimiter() == Delimiter::Bracket);
        let is_object = from.first().is_some_and(|it| is_word(it, "dyn"));
        let evident = if is_slice || is_object {
            // No table is made: either an array becomes a slice, or the source is an object already and keeps its
            // table.
            Ok(())
        } else if self.shows && is_debug(to) {
            self.types.is_shown(from)
        } else {
            self.types.is_evident(from)
        };
        Ok(evident.err())
    }

    /// Returns the reason why an argument of this struct's or enum's type is not evident, or `None` if all are. The
    /// check of its `Drop` impl shows that the type itself is evident for evident arguments.
    fn literal(&self, ty: &str) -> Result<Option<Doubt>, String> {
        let ty = tokens(ty)?;
        let (_, list) = named(&ty).ok_or_else(|| "a literal's type has no path".to_owned())?;
        let mut types = list.into_iter().filter(|it| !is_lifetime(it));
        Ok(types.find_map(|ty| self.types.is_evident(ty).err()))
    }
}

fn tokens(ty: &str) -> Result<Vec<TokenTree>, String> {
    Ok(typed::tokens(ty)?.into_iter().collect())
}

/// Pointer types whose target may be unsized, and types that may contain such a pointer and can be coerced like it.
/// Stable Rust has no others.
const POINTERS: &[&str] = &[
    "alloc::boxed::Box",
    "alloc::rc::Rc",
    "alloc::rc::Weak",
    "alloc::sync::Arc",
    "alloc::sync::Weak",
    "core::cell::Ref",
    "core::cell::RefMut",
    "core::ptr::NonNull",
];
const AROUND: &[&str] = &[
    "core::cell::Cell",
    "core::cell::RefCell",
    "core::cell::UnsafeCell",
    "core::pin::Pin",
];

/// Returns the type that a pointer leads to.
fn pointee(pointer: &[TokenTree]) -> Option<&[TokenTree]> {
    if let Some(to) = lent(pointer) {
        return Some(to);
    }
    if let [star, _, to @ ..] = pointer
        && is_punct(Some(star), '*')
    {
        return Some(to);
    }
    let (_, list) = named(pointer)?;
    let first = list.into_iter().find(|it| !is_lifetime(it))?;
    if is_one_of(pointer, POINTERS) {
        Some(first)
    } else if is_one_of(pointer, AROUND) {
        pointee(first)
    } else {
        None
    }
}

/// Whether this is `dyn Debug`, possibly with auto traits and a lifetime.
fn is_debug(object: &[TokenTree]) -> bool {
    let [_dyn, TokenTree::Group(traits), ..] = object else {
        return false;
    };
    let traits: Vec<TokenTree> = traits.stream().into_iter().collect();
    let first = between_commas(&traits)
        .into_iter()
        .next()
        .unwrap_or_default();
    let [_binder, TokenTree::Group(value)] = first else {
        return false;
    };
    let value = value.stream().to_string();
    let plain: String = value.split_whitespace().collect();
    plain.starts_with("value:Trait(core::fmt::Debug),")
}

/// Returns a type in a spelling close to source code.
fn spelled(ty: &str) -> String {
    let mut spelled = ty.replace("'{erased}", "'_");
    while let Some(at) = spelled.find("/#") {
        let digits = spelled[at + 2..].find(|it: char| !it.is_ascii_digit());
        let end = digits.map_or(spelled.len(), |digits| at + 2 + digits);
        spelled.replace_range(at..end, "");
    }
    spelled
}

#[cfg(test)]
mod tests;
