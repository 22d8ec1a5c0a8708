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

#[cfg(test)]
mod tests {
    use super::{coercions, made, parameters, print};
    use crate::check::expand::tests::Compiled;
    use crate::check::expand::{self, Reader};

    /// Coercions wherever an expression may stand.
    const EVERYWHERE: &str = "
        #![no_std]
        extern crate alloc;
        use alloc::{boxed::Box, rc::Rc};
        use core::{cell::{Cell, RefCell}, fmt::Debug, pin::Pin, ptr::NonNull};
        pub trait T { fn go(&self) {} fn given(&self, x: u8) { let _: &dyn T = &x; }}
        pub trait Has { const C: &'static dyn T = &9u8; }
        impl T for u8 {}
        pub trait Below: T {}
        #[derive(Clone, Copy, Debug)] pub struct S<'a> { a: &'a str, b: Option<&'a u8> }
        pub struct Objects<'a> { a: &'a dyn T, b: &'a dyn T }
        pub fn update<'a>(x: &'a u8) -> Objects<'a> { Objects { a: x, ..{ let y: &dyn T = &2u8; Objects { a: y, b: x } } } }
        pub fn matched(x: u8) { let _: &dyn T = match x { 1 => &1u8, 2 if { let _: &dyn T = &5u8; true } => &3u8, 7.. => &8u8, _ => &x }; }
        pub fn otherwise(x: Option<u8>) { let Some(y) = x else { let _: &dyn T = &6u8; return; }; if let Some(z) = x && { let _: &dyn T = &y; true } {} }
        pub fn lists(x: &u8) { let _: [&dyn T; 3] = [x; 3]; let _: (&dyn T, u8) = (x, 1); let _ = const { let y: &dyn T = &7u8; y }; }
        pub fn pinned(x: Pin<&mut u8>) -> Pin<&mut dyn T> { x }
        pub fn counted(x: Rc<RefCell<u8>>) -> Rc<RefCell<dyn T>> { x }
        pub fn pointer(x: NonNull<u8>) -> NonNull<dyn T> { x }
        pub fn raw(x: &u8) -> *const dyn T { x as *const dyn T }
        pub fn length() -> [u8; { let _: &dyn T = &8u8; 2 }] { [0; { let _: &dyn T = &8u8; 2 }] }
        pub async fn waits(x: u8) { let _: &dyn T = &x; async { let _: &dyn T = &x; }.await; let _: &dyn T = &x; }
        pub fn closures() { let f = |x: u8| { let g = move || { let _: &dyn T = &x; }; g() }; let _: &dyn Fn(u8) = &f; }
        pub fn waiting() { let _ = |x: u8| async move { let _: &dyn T = &x; }; }
        pub enum E { A = { let _: &dyn T = &1u8; 1 } }
        pub static STATIC: &(dyn Fn() + Sync) = &|| { static INNER: &(dyn Fn() + Sync) = &|| {}; };
        pub fn returned(x: &u8) -> Option<&dyn T> { if *x > 1 { return Some(x) } Some(x) }
        pub fn broken(x: &u8) { let _: &dyn T = loop { break x; }; let _: &dyn T = 'a: { if true { break 'a x } x }; let _: &dyn T = if true { x } else { &1u8 }; }
        pub fn assigned(x: &u8) { let mut y: &dyn T = &1u8; y = x; let mut v = [y; 2]; v[{ let _: &dyn T = x; 0 }] = x; }
        pub fn above(x: &dyn Below) -> &dyn T { x }
        pub fn of<P: T + 'static>(x: P) -> Box<dyn T> { Box::new(x) }
        pub fn operands(x: &mut u8) { *x += { let _: &dyn T = &1u8; 1 }; let _ = !{ let _: &dyn T = &1u8; true }; let _ = 1..{ let _: &dyn T = &1u8; 2 }; }
        pub fn slices(x: &u8) { let _: &[&dyn Debug] = &[x, &2]; for it in [1, 2] { let _: &dyn Debug = &it; } }
        pub fn texts() -> &'static str { \"\\nerror\\nAdt {\\n\" }
    ";

    #[test]
    fn each_coercion_is_printed() {
        let tried = Compiled::new("coercions", EVERYWHERE, &["-Aunused"]);
        let bodies = print(&tried.invocation, &Compiled::run).expect("it compiles");
        let found = coercions(&bodies).expect("understood");
        let found = found.iter().filter(|it| it.kind == "Unsize").count();
        let arguments = ["-Zunpretty=mir", "-Zmir-opt-level=0", "-Copt-level=0"];
        let arguments = arguments.map(str::to_owned);
        let mir = expand::told(
            &tried.invocation,
            &arguments,
            Reader::Checks,
            &Compiled::run,
        );
        let lowered = mir
            .expect("it compiles")
            .matches("PointerCoercion(Unsize")
            .count();
        assert_eq!(found, lowered);
        assert!(found >= 60, "{found}");
    }

    #[test]
    fn coercions_and_literals_have_their_types() {
        let code = "
            pub struct Own<T>(T, u8);
            impl<T> Drop for Own<T> { fn drop(&mut self) {} }
            pub fn makes(it: &u8) { let _: &dyn Send = &Own(it, 1); }
        ";
        let tried = Compiled::new("types", code, &["-Aunused"]);
        let bodies = print(&tried.invocation, &Compiled::run).expect("it compiles");
        let found = coercions(&bodies).expect("understood");
        let [coercion] = &found[..] else {
            panic!("{found:?}");
        };
        assert_eq!(coercion.body, "makes");
        assert_eq!(coercion.source, "&'{erased} Own<&'{erased} u8>");
        assert!(coercion.target.starts_with("&'{erased} dyn ["));
        let types: Vec<_> = made(&bodies)
            .expect("understood")
            .iter()
            .map(|it| it.ty)
            .collect();
        assert_eq!(types, ["Own<&'{erased} u8>"]);
        let dropped: Vec<_> = parameters(&bodies, "drop").collect();
        assert!(dropped.contains(&"&'{erased} mut Own<T/#0>"), "{dropped:?}");
    }

    #[test]
    fn what_is_not_printed_is_not_understood() {
        let expression = "Expr {\nty: u8\ntemp_scope_id: 1\nspan: a.rs:1:1: 1:2 (#0)\nkind: \n";
        let whole = format!(
            "{expression}Pointer {{\ncast: Unsize\nis_from_as_cast: false\nsource:\n{expression}"
        );
        assert_eq!(coercions(&whole).map(|it| it.len()), Ok(1));
        for bodies in [
            "DefId(0:1 ~ a[0]::f):\nerror\n".to_owned(),
            format!("{expression}Reborrow {{\n"),
            "Pointer {\ncast: Unsize\n".to_owned(),
            whole.replace("source:", "sources:"),
            whole.replace("temp_scope_id", "scope"),
        ] {
            assert!(coercions(&bodies).is_err(), "{bodies}");
        }
    }
}
