//! Bodies as the compiler has them before any optimisation: each expression with its type, and each coercion, whether or
//! not anybody wrote it down. All bodies are there: those of functions, of closures, and of constants wherever they stand.

use super::expand::{self, Reader, Run};
use crate::build::Invocation;

/// What makes one type of pointer another.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Coercion<'a> {
    /// The kind, as the compiler names it.
    pub(super) kind: &'a str,
    /// The path of the body that it stands in.
    pub(super) body: &'a str,
    /// The type that is coerced.
    pub(super) source: &'a str,
    /// What it becomes.
    pub(super) target: &'a str,
}

/// A struct, or an enum's variant, that is made of its fields.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Made<'a> {
    /// The path of the body that it stands in.
    pub(super) body: &'a str,
    /// Its type.
    pub(super) ty: &'a str,
}

/// All bodies of a unit.
pub(super) fn print(invocation: &Invocation, run: &Run<'_>) -> Result<String, String> {
    let arguments = ["-Zunpretty=thir-tree", "-Zverbose-internals"].map(str::to_owned);
    expand::told(invocation, &arguments, Reader::Checks, run)
}

/// What an expression says before its kind.
const EXPRESSION: [&str; 5] = ["Expr {", "ty: ", "temp_scope_id: ", "span: ", "kind:"];

/// Every coercion in these bodies.
pub(super) fn coercions(bodies: &str) -> Result<Vec<Coercion<'_>>, String> {
    of_kind(bodies, "Pointer {", |lines, body, target| {
        let [_, kind, _, source, rest @ ..] = lines else {
            return None;
        };
        (*source == "source:").then_some(())?;
        Some(Coercion {
            kind: kind.strip_prefix("cast: ")?,
            body,
            source: ty(rest)?,
            target,
        })
    })
}

/// Every struct and every enum's variant that is made in these bodies.
pub(super) fn made(bodies: &str) -> Result<Vec<Made<'_>>, String> {
    of_kind(bodies, "Adt {", |_, body, ty| Some(Made { body, ty }))
}

/// What is read from each expression of a kind, where its own lines begin, its body's path and its type. A line of the
/// compiler's begins with its own words, so a text of the domain's is none: line breaks in it are printed as `\n`.
fn of_kind<'a, T>(
    bodies: &'a str,
    kind: &str,
    read: impl Fn(&[&'a str], &'a str, &'a str) -> Option<T>,
) -> Result<Vec<T>, String> {
    let lines: Vec<&str> = bodies.lines().map(str::trim).collect();
    let mut found = Vec::new();
    let mut body = "";
    for (at, (line, whole)) in lines.iter().zip(bodies.lines()).enumerate() {
        if let Some(name) = path(whole) {
            body = name;
        }
        if ["error", "Reborrow {"].contains(line) {
            return Err(format!("`{body}` has a part that is not printed"));
        }
        if *line == kind {
            let begin = at.checked_sub(EXPRESSION.len());
            let outer = begin.and_then(|begin| ty(&lines[begin..]));
            let read = outer.and_then(|outer| read(&lines[at..], body, outer));
            found.push(read.ok_or_else(|| format!("`{kind}` in `{body}` is not understood"))?);
        }
    }
    Ok(found)
}

/// The types of the parameters of each body whose path ends in `name`.
pub(super) fn parameters<'a>(bodies: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    let mut is_inside = false;
    let each = bodies.lines().filter(move |line| {
        if let Some(path) = path(line) {
            is_inside = path.rsplit("::").next() == Some(name);
        }
        is_inside
    });
    // Parameters stand at one depth, and nothing else does.
    each.filter_map(|line| line.strip_prefix("        ty: "))
}

/// The path that begins a body: `DefId(0:15 ~ name[cov8]::{impl#0}::fmt):`.
fn path(line: &str) -> Option<&str> {
    let path = line.strip_prefix("DefId(")?.strip_suffix("):")?;
    Some(path.split_once("]::").map_or(path, |(_, path)| path))
}

/// The type of the expression that begins here.
fn ty<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let lines = lines.get(..EXPRESSION.len())?;
    let mut each = lines.iter().zip(EXPRESSION);
    each.all(|(line, begin)| line.starts_with(begin.trim_end()))
        .then(|| lines[1].strip_prefix(EXPRESSION[1]))?
}
