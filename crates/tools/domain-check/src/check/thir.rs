//! Reads the bodies of functions, closures and constants as the compiler has them before any optimisation. Each
//! expression has its type, and each coercion is shown, whether or not the source spells it out.

use super::expand::{self, Reader, Run};
use crate::build::Invocation;

/// A coercion from one pointer type to another.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Coercion<'a> {
    /// The kind, as the compiler names it.
    pub(super) kind: &'a str,
    /// The path of the body that contains it.
    pub(super) body: &'a str,
    /// The type that is coerced.
    pub(super) source: &'a str,
    /// The type that it becomes.
    pub(super) target: &'a str,
}

/// A struct or an enum's variant that is made from its fields, or a function's value that is not a path.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Typed<'a> {
    /// The path of the body that contains it.
    pub(super) body: &'a str,
    /// Its type.
    pub(super) ty: &'a str,
}

/// The parts of a unit's bodies that the checks read.
#[derive(Debug, Default)]
pub(super) struct Bodies<'a> {
    pub(super) coercions: Vec<Coercion<'a>>,
    /// Values that are made from their fields.
    pub(super) made: Vec<Typed<'a>>,
    /// Values of functions' own types, except the functions' paths.
    pub(super) held: Vec<Typed<'a>>,
    /// One entry for each parameter: the path of its body, and its type. The list also contains the types of some
    /// expressions.
    parameters: Vec<(&'a str, &'a str)>,
}

/// Returns all bodies of a unit, as the compiler prints them.
pub(super) fn print(invocation: &Invocation, run: &Run<'_>) -> Result<String, String> {
    let arguments = ["-Zunpretty=thir-tree", "-Zverbose-internals"].map(str::to_owned);
    expand::told(invocation, &arguments, Reader::Checks, run)
}

/// The lines with which the print of an expression begins, up to its kind.
const EXPRESSION: [&str; 5] = ["Expr {", "ty: ", "temp_scope_id: ", "span: ", "kind:"];

impl<'a> Bodies<'a> {
    /// Reads the bodies. The compiler prints line breaks in strings as `\n`. So every line begins with the compiler's
    /// own words, and no string of the domain can pass for a line.
    pub(super) fn read(printed: &'a str) -> Result<Self, String> {
        let lines: Vec<&str> = printed.lines().collect();
        let mut bodies = Bodies::default();
        let mut body = "";
        for (at, line) in lines.iter().enumerate() {
            let is = |kind: &str| line.ends_with(kind) && line.trim() == kind;
            let not_understood =
                || format!("a part of `{body}` is not understood: `{}`", line.trim());
            // Returns the type of the expression whose kind is on this line.
            let whole = || {
                let begin = at.checked_sub(EXPRESSION.len());
                begin
                    .and_then(|begin| ty(&lines[begin..]))
                    .ok_or_else(not_understood)
            };
            if let Some(path) = path(line) {
                body = path;
            } else if let Some(ty) = line.strip_prefix("        ty: ") {
                bodies.parameters.push((body, ty));
            } else if is("error") || is("Reborrow {") {
                return Err(not_understood());
            } else if is("Adt {") {
                bodies.made.push(Typed { body, ty: whole()? });
            } else if is("Expr {") {
                let ty = ty(&lines[at..]).ok_or_else(not_understood)?;
                let kind = lines.get(at + EXPRESSION.len()).map(|it| it.trim());
                let is_path = kind.is_some_and(|it| it.starts_with("ZstLiteral("));
                // A scope is skipped here, because the expression inside it is printed as an `Expr` of its own.
                if ty.starts_with("FnDef(") && !is_path && kind != Some("Scope {") {
                    bodies.held.push(Typed { body, ty });
                }
            } else if is("Pointer {") {
                let (kind, source) = coerced(&lines[at + 1..]).ok_or_else(not_understood)?;
                let target = whole()?;
                bodies.coercions.push(Coercion {
                    kind,
                    body,
                    source,
                    target,
                });
            }
        }
        Ok(bodies)
    }

    /// Returns the types of the parameters of each impl's method that is called `name`.
    pub(super) fn parameters(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let of = self.parameters.iter();
        let of = of.filter(move |(path, _)| {
            let mut path = path.rsplit("::");
            path.next() == Some(name) && path.next().is_some_and(|it| it.starts_with("{impl#"))
        });
        of.map(|(_, ty)| *ty)
    }
}

/// Returns the path that begins a body: `DefId(0:15 ~ name[cov8]::{impl#0}::fmt):`.
fn path(line: &str) -> Option<&str> {
    let path = line.strip_prefix("DefId(")?.strip_suffix("):")?;
    Some(path.split_once("]::").map_or(path, |(_, path)| path))
}

/// Returns the kind of a coercion, and the type that is coerced.
fn coerced<'a>(lines: &[&'a str]) -> Option<(&'a str, &'a str)> {
    let [kind, _, source, rest @ ..] = lines else {
        return None;
    };
    let kind = kind.trim().strip_prefix("cast: ")?;
    (source.trim() == "source:").then_some((kind, ty(rest)?))
}

/// Returns the type of the expression that begins here.
fn ty<'a>(lines: &[&'a str]) -> Option<&'a str> {
    let lines = lines.get(..EXPRESSION.len())?;
    let mut each = lines.iter().zip(EXPRESSION);
    each.all(|(line, begin)| line.trim().starts_with(begin.trim_end()))
        .then(|| lines[1].trim().strip_prefix(EXPRESSION[1]))?
}

#[cfg(test)]
mod tests {
    use super::{Bodies, print};
    use crate::check::expand::tests::Compiled;
    use crate::check::expand::{self, Reader};

    /// Coercions in every place where an expression may occur.
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

    /// Invariant: CHECK-14
    #[test]
    fn each_coercion_is_printed() {
        let tried = Compiled::new("coercions", EVERYWHERE, &["-Aunused"]);
        let bodies = print(&tried.invocation, &Compiled::run).expect("it compiles");
        let found = Bodies::read(&bodies).expect("understood").coercions;
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
        let found = Bodies::read(&bodies).expect("understood");
        let [coercion] = &found.coercions[..] else {
            panic!("{found:?}");
        };
        assert_eq!(coercion.body, "makes");
        assert_eq!(coercion.source, "&'{erased} Own<&'{erased} u8>");
        assert!(coercion.target.starts_with("&'{erased} dyn ["));
        let types: Vec<_> = found.made.iter().map(|it| it.ty).collect();
        assert_eq!(types, ["Own<&'{erased} u8>"]);
        let dropped: Vec<_> = found.parameters("drop").collect();
        assert!(dropped.contains(&"&'{erased} mut Own<T/#0>"), "{dropped:?}");
    }

    #[test]
    fn unknown_output_is_not_understood() {
        let expression = "Expr {\nty: u8\ntemp_scope_id: 1\nspan: a.rs:1:1: 1:2 (#0)\nkind: \n";
        let whole = format!(
            "{expression}Pointer {{\ncast: Unsize\nis_from_as_cast: false\nsource:\n{expression}"
        );
        let read = Bodies::read(&whole);
        assert_eq!(read.map(|it| it.coercions.len()), Ok(1));
        for bodies in [
            "DefId(0:1 ~ a[0]::f):\nerror\n".to_owned(),
            format!("{expression}Reborrow {{\n"),
            "Pointer {\ncast: Unsize\n".to_owned(),
            whole.replace("source:", "sources:"),
            whole.replace("temp_scope_id", "scope"),
        ] {
            assert!(Bodies::read(&bodies).is_err(), "{bodies}");
        }
    }
}
