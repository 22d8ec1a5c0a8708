//! Finds functions and closures that are values and must not be.
//!
//! A call by name has to prove what the signature implies about lifetimes. A call through a value does not have to:
//! if the function's lifetimes are bound late, the compiler lets the function become a pointer of other types, or the
//! argument of a generic function that calls it, and demands no proof (rustc issue 25860). So a function whose
//! signature links a late-bound lifetime with another lifetime or a type may be called by name, but may not be a
//! value. A closure is always a value, so its signature must link no lifetimes.
//!
//! `lifetimes` judges by syntax what signatures imply. This module closes the same hole from the other end, where a
//! function becomes a value (decision 130 names the other ways into the hole). It reads types as the compiler
//! resolved them, so no renaming, import or macro hides a type, and the module needs no definitions of types.
//!
//! A type implies that its inner parts outlive its outer lifetime. If a lifetime occurs only at a reference that is
//! itself an argument, it links nothing: no other place in the signature uses a borrow that is believed to live that
//! long. If a lifetime is an argument of another type, it may be linked with a type that is not printed, because the
//! compiler may omit a type's arguments where they have defaults.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tokens::{between_commas, is_arrow, is_punct, is_word, plain};
use crate::finding::{Finding, Findings, Rule};

/// Finds every function and closure that is a value and may not be one, in code whose expressions are printed with
/// their whole types.
pub(super) fn search(source: TokenStream) -> Findings {
    let mut values = Values::default();
    values.parameters.insert("Self".to_owned());
    parameters(source.clone(), &mut values.parameters);
    values.collect(source, None);
    let findings = values.found.into_iter().map(|(what, function)| {
        let what = format!(
            "{what}, but its signature links a lifetime that the caller chooses with another lifetime or with a type, \
             and nothing proves the bounds that this link implies"
        );
        let mut finding = Finding::new(Rule::LinkedValue, what);
        finding.function = function;
        finding
    });
    findings.collect()
}

/// Collects the names of the type parameters of all items. It also collects the other names between the same angle
/// brackets, such as those of bounds.
fn parameters(source: TokenStream, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        if let TokenTree::Group(group) = token {
            parameters(group.stream(), found);
        }
        let is_item = ITEMS.iter().any(|it| is_word(token, it));
        let named = usize::from(!is_word(token, "impl"));
        let rest = tokens.get(at + 1 + named..).unwrap_or_default();
        if is_item && is_punct(rest.first(), '<') {
            let end = closing(rest).unwrap_or(rest.len());
            let each = rest[..end].iter().filter_map(|it| match it {
                TokenTree::Ident(name) => Some(plain(name)),
                _ => None,
            });
            found.extend(each);
        }
    }
}

/// Keywords of items that may have type parameters.
const ITEMS: &[&str] = &["enum", "fn", "impl", "struct", "trait", "type", "union"];

/// Returns the index at which the angle bracket that begins here ends.
fn closing(tokens: &[TokenTree]) -> Option<usize> {
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate() {
        if is_punct(Some(token), '<') {
            depth = depth.checked_add(1)?;
        } else if is_punct(Some(token), '>') && !is_arrow(&tokens[..at]) {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

#[derive(Default)]
struct Values {
    /// Names that may be those of type parameters.
    parameters: BTreeSet<String>,
    /// Each value that is not allowed, with the function that contains it.
    found: BTreeSet<(String, Option<String>)>,
}

impl Values {
    fn collect(&mut self, source: TokenStream, function: Option<&str>) {
        let tokens: Vec<TokenTree> = source.into_iter().collect();
        let mut function = function.map(str::to_owned);
        for (at, token) in tokens.iter().enumerate() {
            let next = tokens.get(at + 1);
            match (token, next) {
                (TokenTree::Ident(word), Some(TokenTree::Ident(name))) if word == "fn" => {
                    function = Some(name.to_string());
                }
                (TokenTree::Group(group), next) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    let is_called = is_group(next, Delimiter::Parenthesis);
                    for (path, signature) in items(&inner).filter(|_| !is_called) {
                        if self.links(signature) {
                            let what = format!("`{}` is handed on as a value", spelled(path));
                            self.found.insert((what, function.clone()));
                        }
                    }
                    if let Some((path, signature)) = closure(&inner)
                        && self.links(signature)
                    {
                        let what = format!("the closure `{}` is a value", spelled(path));
                        self.found.insert((what, function.clone()));
                    }
                    self.collect(group.stream(), function.as_deref());
                }
                _ => {}
            }
        }
    }

    /// Whether a signature, `for<…> fn(…) -> …`, may imply a bound between one of its own lifetimes and another
    /// lifetime or a type.
    fn links(&self, signature: &[TokenTree]) -> bool {
        let Some(signature) = Signature::read(signature) else {
            return true;
        };
        let alone = |name: &String| {
            let alone = signature.references.iter().filter(|it| *it == name);
            let times = signature.words.iter().filter(|it| *it == name);
            alone.count() == times.count()
        };
        let mut linked = signature.bound.iter().filter(|it| !alone(it));
        // A closed signature names everything that its types contain, so its lifetimes can be linked only with each
        // other. If it has several lifetimes, each occurs only once, so the outer one occurs only at its reference
        // and links nothing.
        let once = |name: &String| signature.words.iter().filter(|it| *it == name).count() == 1;
        let is_closed = || {
            !signature.is_inside
                && (signature.bound.len() == 1 || signature.bound.iter().all(once))
                && signature.words.iter().all(|it| self.says_all(it))
        };
        linked.next().is_some() && !is_closed()
    }

    /// Whether a word of a printed type hides nothing, that is, does not stand for a type or a lifetime that is not
    /// printed.
    fn says_all(&self, word: &str) -> bool {
        let hides = ["'erased", "'static", "Opaque", "as", "dyn", "impl"];
        !hides.contains(&word) && !self.parameters.contains(word)
    }
}

/// A signature that has lifetimes of its own.
struct Signature {
    /// The signature's own lifetimes.
    bound: Vec<String>,
    /// All words and lifetimes after the binder.
    words: Vec<String>,
    /// Lifetimes of references that are arguments. A lifetime is listed twice if the compiler has added it to the
    /// trait object to which the reference leads.
    references: Vec<String>,
    /// Whether a lifetime is an argument of a type, other than `Option`, whose declaration may imply bounds on it.
    is_inside: bool,
}

impl Signature {
    /// Reads a signature. Returns nothing if the signature contains another binder, because then the same name may
    /// mean two lifetimes.
    fn read(tokens: &[TokenTree]) -> Option<Self> {
        let (binder, rest) = tokens.split_at(closing(tokens.get(1..)?)? + 1);
        let regions = binder.iter().filter(|it| is_word(it, "Region")).count();
        let bound: Vec<_> = (0..regions).map(|it| format!("'b{it}")).collect();
        let mut it = Signature {
            bound,
            words: Vec::new(),
            references: Vec::new(),
            is_inside: false,
        };
        it.types(rest, false);
        let arguments = rest.iter().find_map(|it| match it {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => Some(group),
            _ => None,
        })?;
        it.arguments(arguments.stream());
        let is_inner =
            |word: &String| word == "for" || word.starts_with("'b") && word.contains('_');
        (!it.bound.is_empty() && !it.words.iter().any(is_inner)).then_some(it)
    }

    fn types(&mut self, tokens: &[TokenTree], is_inside: bool) {
        // For each open angle bracket, whether the type before the bracket may imply more bounds than its arguments
        // show.
        let mut open = vec![is_inside];
        for (at, token) in tokens.iter().enumerate() {
            let inside = open.contains(&true);
            match token {
                TokenTree::Ident(name) if at > 0 && is_punct(tokens.get(at - 1), '\'') => {
                    let before = at.checked_sub(2).and_then(|at| tokens.get(at));
                    self.is_inside |= inside || !is_punct(before, '&');
                    self.words.push(format!("'{name}"));
                }
                TokenTree::Ident(name) => self.words.push(plain(name)),
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.types(&inner, inside);
                }
                TokenTree::Punct(mark) if mark.as_char() == '<' => {
                    open.push(!is_option(&tokens[..at]));
                }
                TokenTree::Punct(mark) if mark.as_char() == '>' && !is_arrow(&tokens[..at]) => {
                    open.pop();
                }
                _ => {}
            }
        }
    }

    /// Records the lifetimes of references that are arguments. A closure's arguments are one tuple.
    fn arguments(&mut self, arguments: TokenStream) {
        let tokens: Vec<TokenTree> = arguments.into_iter().collect();
        if let [TokenTree::Group(tuple)] = &tokens[..] {
            return self.arguments(tuple.stream());
        }
        for argument in between_commas(&tokens) {
            if let [and, quote, TokenTree::Ident(name), behind @ ..] = argument
                && is_punct(Some(and), '&')
                && is_punct(Some(quote), '\'')
            {
                let name = format!("'{name}");
                if is_object_of(behind, &name) {
                    self.references.push(name.clone());
                }
                self.references.push(name);
            }
        }
    }
}

/// Whether a path that ends here is `core`'s `Option`. For any other type named `Option`, the compiler prints the
/// modules before the name.
fn is_option(path: &[TokenTree]) -> bool {
    let is_whole = |before: &[TokenTree]| !is_punct(before.last(), ':');
    path.split_last()
        .is_some_and(|(last, before)| is_word(last, "Option") && is_whole(before))
}

/// Whether this is `mut (dyn Trait + 'b0)` with this lifetime, with or without `mut`.
fn is_object_of(tokens: &[TokenTree], lifetime: &str) -> bool {
    let object = match tokens {
        [word, object, ..] if is_word(word, "mut") => object,
        [object, ..] => object,
        [] => return false,
    };
    let TokenTree::Group(group) = object else {
        return false;
    };
    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
    let [first, .., plus, quote, TokenTree::Ident(name)] = &inner[..] else {
        return false;
    };
    is_word(first, "dyn")
        && is_punct(Some(plus), '+')
        && is_punct(Some(quote), '\'')
        && lifetime.strip_prefix('\'').is_some_and(|it| name == it)
}

/// Returns the path and the signature of each function in an expression, which is printed as: `path as for<…> fn(…)
/// -> … {path}`. Only signatures with a binder are returned. A signature has one if one of its lifetimes is bound
/// late. The type of a function pointer has no path in braces after it, so a pointer is not returned. A block that
/// ends in a function is not itself a function.
fn items(expression: &[TokenTree]) -> impl Iterator<Item = (&[TokenTree], &[TokenTree])> {
    let typed = expression.split_last();
    let typed = typed.filter(|(last, _)| is_group(Some(last), Delimiter::Brace));
    let typed = typed.map_or(&[][..], |(_, typed)| typed);
    let begins = move |at: usize| {
        is_word(&typed[at], "as") && typed.get(at + 1).is_some_and(|it| is_word(it, "for"))
    };
    let is_path = |path: &[TokenTree]| !matches!(path.last(), Some(TokenTree::Group(_)) | None);
    let each = (0..typed.len()).filter(move |&at| begins(at) && is_path(&typed[..at]));
    each.map(|at| (&typed[..at], &typed[at + 1..]))
}

/// Returns a closure's path and its signature, if the signature has a binder: `path closure_kind_ty=…
/// closure_sig_as_fn_ptr_ty=for<…> extern "rust-call" fn((…)) -> … upvar_tys=(…)`. For an asynchronous closure, the
/// field with the signature has another name (`signature_parts_ty`), and the signature has one more argument before
/// the tuple.
fn closure(ty: &[TokenTree]) -> Option<(&[TokenTree], &[TokenTree])> {
    let find = |name: &str| ty.iter().position(|it| is_word(it, name));
    let kind = find("closure_kind_ty")?;
    let begin = find("closure_sig_as_fn_ptr_ty").or_else(|| find("signature_parts_ty"))?;
    let end = ty.iter().rposition(|it| is_word(it, "upvar_tys"))?;
    let signature = ty.get(begin + 2..end).unwrap_or_default();
    let first = signature.first()?;
    is_word(first, "for").then(|| (&ty[..kind], signature))
}

/// Returns a path without blanks.
fn spelled(path: &[TokenTree]) -> String {
    let path: TokenStream = path.iter().cloned().collect();
    path.to_string().split_whitespace().collect()
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::search;
    use crate::check::expand::tests::Compiled;
    use crate::check::typed::{self, Told};
    use crate::finding::Findings;

    fn found_in(name: &str, code: &str) -> Findings {
        let head = "#![no_std]\nextern crate alloc;\n";
        let tried = Compiled::new(name, &format!("{head}{code}"), &["-Aunused"]);
        typed::look(Told::Wholly, &tried.invocation, &Compiled::run, search).expect("it compiles")
    }

    /// Code for the tests: functions of all kinds, and places in which a function is a value.
    const FUNCTIONS: &str = "
        use core::cell::Cell;
        pub struct Place<'a>(pub Cell<&'a u8>);
        impl<'a> Place<'a> {
            pub fn name(&self) -> u8 { 1 }
            pub fn part(&self) -> &Cell<&'a u8> { &self.0 }
            pub fn of(cell: &Cell<&'a u8>) -> Self { Place(cell.clone()) }
            pub fn whole(self) -> u8 { 2 }
            pub const fn new(at: &'a u8) -> Self { Place(Cell::new(at)) }
        }
        pub trait Makes { fn makes<'a>(&'a self, of: &'a u8) -> &'a u8 { of } }
        impl Makes for u8 {}
        impl Makes for Option<&u8> {}
        pub fn linked<'a>(_: &'a u8, _: &Cell<&'a u8>) {}
        pub fn lent<'a, T: Default>(_: &'a T) -> &'a T { loop {} }
        pub fn inside(_: Place<'_>) {}
        pub fn of_its_own<'a: 'a, 'b: 'b>(it: &'a &'b u8) -> &'a u8 { it }
        pub fn apart(_: &u8, _: &mut Place<'static>) -> u16 { 3 }
        pub fn number(_: u8) -> u8 { 4 }
        pub fn take<T>(_: T) {}
    ";

    /// Invariant: CHECK-13
    #[test]
    fn a_function_that_links_lifetimes_is_no_value() {
        for (number, (value, path)) in [
            ("pub fn f() { take(linked) }", "linked"),
            ("pub fn f() { let it = linked; it(&1, &Cell::new(&2)) }", "linked"),
            ("pub fn f<T: Default>() { take(lent::<T>) }", "lent::<T>"),
            ("pub fn f() -> fn(Place<'_>) { inside }", "inside"),
            ("pub fn f() { take(Place::part) }", "Place::part"),
            ("pub fn f<'b>(at: &'b u8) { take(Place::<'b>::part) }", "Place<'b>::part"),
            ("pub fn f() { (Some(lent::<Option<&u8>>).unwrap())(&None); }", "lent::<Option<&u8>>"),
            ("pub fn f() { take(<Option<&u8> as Makes>::makes) }", "<Option<&u8>asMakes>::makes"),
            ("pub fn f<T: Makes>() { take(T::makes) }", "T::makes"),
            ("pub fn f<T: Default>(at: Option<T>) -> bool { at.as_ref().map(lent).is_some() }", "lent"),
            ("pub fn f<T>(at: &Option<Option<T>>) -> Option<&T> { at.as_ref().and_then(Option::as_ref) }", "Option::as_ref"),
            ("pub fn f() -> impl Fn(Place<'_>) { inside }", "inside"),
            ("pub fn f() { take(inside as for<'a> fn(Place<'a>)) }", "inside"),
            ("pub const F: for<'a> fn(Place<'a>) = inside;", "inside"),
            ("pub static F: &[fn(Place<'_>)] = &[inside];", "inside"),
            ("pub fn f() -> [u8; { let _ = inside; 2 }] { [0; 2] }", "inside"),
            ("pub fn f() { const { let _ = inside; } }", "inside"),
            ("pub enum E { A = { let _ = inside; 1 } }", "inside"),
            ("pub fn f() { let it = || take(inside); it() }", "inside"),
            ("pub fn f() { use self::linked as number; take(number) }", "number"),
            ("macro_rules! hand { ($it:ident) => { take($it) } } pub fn f() { hand!(linked) }", "linked"),
            ("pub fn f() -> alloc::string::String { alloc::format!(\"{}\", { take(inside); 1 }) }", "inside"),
        ]
        .into_iter()
        .enumerate()
        {
            let found = found_in(&format!("value-{number}"), &format!("{FUNCTIONS}{value}"));
            let [finding] = &found[..] else {
                panic!("{value}: {found:?}");
            };
            assert!(finding.message.contains(&format!("`{path}`")), "{value}: {finding}");
        }
    }

    /// Invariant: CHECK-13
    #[test]
    fn a_closure_links_no_lifetimes() {
        let bounds = "
            pub fn of_two<T, F: Fn(Option<&T>, &T)>(_: F) {}
            pub fn of_part<T, F: Fn(&T) -> &Cell<T>>(_: F) {}
            pub fn of_place<F: Fn(Place<'_>)>(_: F) {}
            pub fn of_object<F: Fn(&dyn Fn(&u8))>(_: F) {}
            pub fn of_one<T, F: Fn(&T, &mut T) -> u8>(_: F) {}
            pub fn of_text<F: Fn(&str) -> Option<&str>>(_: F) {}
            pub fn of_any<F: Fn(&mut dyn FnMut(u8))>(_: F) {}
        ";
        for (number, (code, links)) in [
            ("of_two::<u8, _>(|_, _| ())", false),
            ("of_two::<&u8, _>(|_, _| ())", true),
            ("of_two(|_: Option<&&u8>, _: &&u8| ())", true),
            ("of_part::<&u8, _>(|_| loop {})", true),
            ("of_place(|_| ())", true),
            ("of_object(|_| ())", true),
            ("take(|it: Place<'_>| drop(it))", true),
            ("take(|it: &Place<'_>| it.name())", true),
            ("take(|it: &&mut Option<&u8>| it.is_some())", false),
            (
                "take(|it: &mut &mut Option<Cell<&'static u8>>| it.is_some())",
                true,
            ),
            ("take(|it: (&u8, &u8)| it.0 == it.1)", false),
            ("of_one::<&u8, _>(|_, _| 1)", false),
            ("of_text(|it| it.get(1..))", false),
            ("of_any(|it| it(1))", false),
            ("take(|it: &u8, at: &mut u8| *at = *it)", false),
            ("let at = Place::new(&1); take(|| at.part().get())", false),
        ]
        .into_iter()
        .enumerate()
        {
            let code = format!("{FUNCTIONS}{bounds}pub fn f() {{ {code}; }}");
            let found = found_in(&format!("closure-{number}"), &code);
            assert_eq!(!found.is_empty(), links, "{code}: {found:?}");
        }
    }

    /// Invariant: CHECK-13
    #[test]
    fn calls_and_values_that_link_nothing_pass() {
        let code = format!(
            "{FUNCTIONS}
            #[derive(Clone, Debug, Default, PartialEq, PartialOrd)]
            pub struct Derived<T>(T);
            pub fn calls(place: &Place<'_>) -> u8 {{
                linked(&1, &Cell::new(&2));
                inside(Place::new(&1));
                (of_its_own)(&&1);
                <u8 as Makes>::makes(&1, lent(&2));
                take(|it: &Place<'static>| Place::part(it).get());
                Place::of(place.part()).name()
            }}
            pub fn values<'a>(it: Option<Place<'a>>, at: Option<&'a u8>, name: Option<&str>) {{
                it.as_ref().map(Place::name);
                it.map(Place::whole);
                at.map(Place::new).map(Some);
                at.copied().map(number).map(u16::from);
                name.map(str::len);
                take(apart);
                take(lent::<u8>);
                take(of_its_own);
                let pointer: fn(u8) -> u8 = number;
                take(pointer);
            }}"
        );
        let found = found_in("values", &code);
        assert!(found.is_empty(), "{found:?}");
    }

    /// Plants that this check does not refuse, because they hand on no function with late-bound lifetimes: methods of
    /// traits, destructors, and functions whose lifetimes are bound early.
    const HELD_BY_OTHERS: [&str; 6] = [
        "implied_by_a_header_of_what_a_closure_returns",
        "implied_by_a_short_projection",
        "implied_by_an_item_of_nobodys",
        "implied_dropped_closure",
        "implied_dropped_early_bound",
        "implied_dropped_header",
    ];

    /// This check refuses these plants without the help of `lifetimes`, because it need not know the declaration of
    /// an argument's type to find the bounds that the type may imply.
    ///
    /// Invariant: CHECK-13
    #[test]
    fn plants_of_implied_bounds_are_refused_here_alone() {
        let plants = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/plants");
        let (mut refused, mut passed) = (0, Vec::new());
        for entry in fs::read_dir(plants).expect("plants") {
            let path = entry.expect("a file").path();
            let name = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let code = fs::read_to_string(&path).expect("readable");
            let of_this_kind =
                name.starts_with("implied_") && code.contains("rules: implied-bound");
            if !of_this_kind || ["samara_", "//@ file"].iter().any(|it| code.contains(it)) {
                continue;
            }
            let tried = Compiled::new("implied", &code, &["-Aunused"]);
            let found = typed::look(Told::Wholly, &tried.invocation, &Compiled::run, search);
            if found.expect(&name).is_empty() {
                passed.push(name);
            } else {
                refused += 1;
            }
        }
        passed.sort();
        assert_eq!(passed, HELD_BY_OTHERS);
        assert!(refused >= 30, "{refused}");
    }
}
