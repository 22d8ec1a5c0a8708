//! Random functions whose types imply bounds.

/// A function on a line of its own.
pub(super) struct Function {
    pub(super) name: String,
    /// The named lifetimes, in the compiler's order: the impl's, then the function's.
    pub(super) named: Vec<String>,
    pub(super) line: String,
}

impl Function {
    /// Returns the same function with a body that compiles only if `T` is known to outlive `lifetime`.
    pub(super) fn holding(&self, lifetime: &str) -> Function {
        let body = format!("{{ holds::<{lifetime}, T>(); loop {{}} }}");
        Function {
            name: self.name.clone(),
            named: self.named.clone(),
            line: self.line.replace("{ loop {} }", &body),
        }
    }
}

/// The types and traits that the random functions use.
const AROUND: &str = "#![no_std] #![allow(warnings)] extern crate alloc; use alloc::boxed::Box;
pub struct One<'x>(pub &'x u8);
pub struct Two<'x, 'y>(pub &'x &'y u8);
pub struct Said<'x, 'y: 'x>(pub Box<&'x u8>, pub Box<&'y u8>);
pub struct Free<'x, 'y>(pub &'x u8, pub &'y u8);
pub struct Hold<'x, T>(pub &'x T);
pub struct Keep<T: 'static>(pub T);
pub struct Own<'x, T: ?Sized + 'x>(pub &'x T);
pub struct Calls<'x, 'y>(pub fn(&'x u8) -> &'y &u8);
pub type Alias<'x, 'y> = Option<&'x &'y u8>;
pub type Turned<'x, 'y> = Option<Two<'y, 'x>>;
pub type Lent<'x, L> = (&'x u8, <L as Lends>::Lent<'x>);
pub fn holds<'h, H: 'h>() {}
pub trait Plain<'p> {}
pub trait Outlives<'p>: 'p {}
pub trait Clause<'p, 'q> where Self: 'q {}
pub trait Below<'p, 'q>: Outlives<'q> {}
pub trait Static: 'static {}
pub trait BelowStatic<'p>: Static {}
pub trait Bounded<'p, 'q: 'p> {}
pub trait Far<'p>: Outlives<'static> {}
pub trait Lends { type Lent<'l> where Self: 'l; }
pub trait Gives<'p> { type Of; }
impl<'x> Lends for One<'x> { type Lent<'l> = &'l u8 where Self: 'l; }
impl<'x, 'y> Gives<'x> for Two<'x, 'y> { type Of = &'x u8; }
";

/// The line of the first function, counted from one.
pub(super) const FIRST_LINE: usize = 26;

pub(super) fn file(functions: &[Function]) -> String {
    let lines: Vec<_> = functions.iter().map(|it| it.line.as_str()).collect();
    format!("{AROUND}{}\n", lines.join("\n"))
}

/// Returns `count` functions, the same ones for the same seed. Some of them do not compile.
pub(super) fn functions(seed: u64, count: usize) -> Vec<Function> {
    let mut random = Random(seed);
    (0..count).map(|it| function(&mut random, it)).collect()
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits") % end
    }

    fn one_in(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn of<'a>(&mut self, all: &'a [String]) -> &'a str {
        &all[self.below(all.len())]
    }
}

/// A place for a type, with the lifetimes that a type may name there.
#[derive(Clone)]
struct Place {
    lifetimes: Vec<String>,
    /// Whether lifetimes may be left out.
    elides: bool,
    depth: usize,
}

impl Place {
    fn inner(&self) -> Self {
        let depth = self.depth - 1;
        Place {
            depth,
            ..self.clone()
        }
    }
}

fn function(random: &mut Random, index: usize) -> Function {
    let name = format!("f{index}");
    let own = if random.one_in(3) {
        vec!["'a"]
    } else {
        vec!["'a", "'b", "'c"]
    };
    let own: Vec<String> = own.into_iter().map(str::to_owned).collect();
    let of_impl = if random.one_in(3) {
        vec!["'x", "'y"]
    } else {
        vec![]
    };
    let of_impl: Vec<String> = of_impl.into_iter().map(str::to_owned).collect();
    let named: Vec<_> = of_impl.iter().chain(&own).cloned().collect();
    let place = Place {
        lifetimes: named.clone(),
        elides: true,
        depth: 3,
    };
    let mut inputs = Vec::new();
    if !of_impl.is_empty() && random.one_in(2) {
        let receivers = [
            "self",
            "&self",
            "&mut self",
            "&'a self",
            "self: &Box<Self>",
            "self: Box<Self>",
            "self: &'b Self",
        ];
        inputs.push(receivers[random.below(receivers.len())].to_owned());
    }
    for _ in 0..=random.below(3) {
        let at = inputs.len();
        let ty = if random.one_in(8) {
            format!("impl {}", closure(random, &place))
        } else {
            ty(random, &place)
        };
        inputs.push(format!("x{at}: {ty}"));
    }
    let output = if random.one_in(3) {
        String::new()
    } else {
        format!(" -> {}", ty(random, &place))
    };
    // The compiler numbers the early-bound lifetimes before the late-bound ones. A clause (`'a: 'a`) or a bound of an
    // `impl` argument makes a lifetime early-bound; a lifetime that occurs only in inputs is late-bound.
    let is_bounded = inputs.iter().any(|it| it.contains("impl"));
    let clauses = if !is_bounded && random.one_in(2) {
        let each = own.iter().enumerate();
        inputs.extend(each.map(|(at, it)| format!("l{at}: &{it} ()")));
        String::new()
    } else {
        let mut clauses: Vec<_> = own.iter().map(|it| format!("{it}: {it}")).collect();
        if random.one_in(3) {
            clauses.push(format!("{}: {}", random.of(&named), random.of(&named)));
        }
        format!(" where {}", clauses.join(", "))
    };
    let body = format!(
        "pub fn {name}<{}, T: Lends>({}){output}{clauses} {{ loop {{}} }}",
        own.join(", "),
        inputs.join(", "),
    );
    let line = if of_impl.is_empty() {
        body
    } else {
        let around = around(random, &of_impl, index);
        let body = match around.starts_with("pub trait") {
            true => body.trim_start_matches("pub ").to_owned(),
            false => body,
        };
        format!("{around} {{ {body} }}")
    };
    Function { name, named, line }
}

/// Returns the header of an impl, or of a trait.
fn around(random: &mut Random, lifetimes: &[String], index: usize) -> String {
    let place = Place {
        lifetimes: lifetimes.to_vec(),
        elides: false,
        depth: 1,
    };
    let (one, other) = (
        random.of(lifetimes).to_owned(),
        random.of(lifetimes).to_owned(),
    );
    let of = match random.below(6) {
        0 => "Two<'x, 'y>".to_owned(),
        1 => format!("Said<{one}, {other}>"),
        2 => format!("Hold<{one}, {}>", ty(random, &place).replace('T', "u8")),
        3 => {
            let bounds = ["Outlives<'x>", "Below<'x, 'y>", "Bounded<'x, 'y>", "Sized"];
            let of = bounds[random.below(bounds.len())];
            return format!("pub trait Own{index}<'x, 'y>: {of} + Sized where {one}: {other}");
        }
        _ => "Free<'x, 'y>".to_owned(),
    };
    format!("impl<'x, 'y> {of}")
}

fn lifetime(random: &mut Random, place: &Place) -> String {
    if random.one_in(8) {
        "'static".to_owned()
    } else if place.elides && random.one_in(3) {
        "'_".to_owned()
    } else {
        random.of(&place.lifetimes).to_owned()
    }
}

fn ty(random: &mut Random, place: &Place) -> String {
    if place.depth == 0 {
        return match random.below(4) {
            0 => "u8".to_owned(),
            3 => "T".to_owned(),
            1 => format!("One<{}>", lifetime(random, place)),
            _ if place.elides => "One".to_owned(),
            _ => "u8".to_owned(),
        };
    }
    let inner = place.inner();
    match random.below(16) {
        0..=3 => {
            let lifetime = lifetime(random, place);
            let lifetime = if lifetime == "'_" {
                String::new()
            } else {
                lifetime
            };
            let mutable = if random.one_in(4) { "mut " } else { "" };
            format!(
                "&{lifetime} {mutable}{}",
                in_parentheses(ty(random, &inner))
            )
        }
        4 => format!("Option<{}>", ty(random, &inner)),
        5 => format!("({}, {})", ty(random, &inner), ty(random, &inner)),
        6 => {
            let names = ["Two", "Said", "Free", "Calls", "Alias", "Turned"];
            let name = names[random.below(names.len())];
            format!(
                "{name}<{}, {}>",
                lifetime(random, place),
                lifetime(random, place)
            )
        }
        7 => format!("Hold<{}, {}>", lifetime(random, place), ty(random, &inner)),
        8 => format!("Keep<{}>", ty(random, &inner)),
        9 | 10 => format!("Box<dyn {}>", bounds(random, &inner)),
        11 => {
            let (lifetime, bounds) = (
                random.of(&place.lifetimes).to_owned(),
                bounds(random, &inner),
            );
            match random.below(4) {
                0 => format!("Own<{lifetime}, dyn {bounds}>"),
                1 => format!("core::cell::Ref<{lifetime}, dyn {bounds}>"),
                _ => format!("&{lifetime} (dyn {bounds})"),
            }
        }
        12 | 13 => pointer(random, &inner),
        14 => {
            let (one, other) = (lifetime(random, place), lifetime(random, place));
            match random.below(3) {
                0 => format!("<One<{one}> as Lends>::Lent<{other}>"),
                1 if random.one_in(3) => format!("Lent<{one}, T>"),
                1 => format!("T::Lent<{one}>"),
                _ => format!("<Two<{one}, {other}> as Gives<{one}>>::Of"),
            }
        }
        _ => format!("[{}; 2]", ty(random, &inner)),
    }
}

/// Puts a trait object in parentheses: `&(dyn A + B)`.
fn in_parentheses(ty: String) -> String {
    if ty.starts_with("dyn") {
        format!("({ty})")
    } else {
        ty
    }
}

/// Returns bounds of a trait object.
fn bounds(random: &mut Random, place: &Place) -> String {
    let (one, other) = (lifetime(random, place), lifetime(random, place));
    let of = match random.below(11) {
        0 => format!("Plain<{one}>"),
        1 => format!("Outlives<{one}>"),
        2 => format!("Clause<{one}, {other}>"),
        3 => format!("Below<{one}, {other}>"),
        4 => "Static".to_owned(),
        5 => format!("BelowStatic<{one}>"),
        6 => format!("Bounded<{one}, {other}>"),
        7 if random.one_in(2) => format!("Far<{one}>"),
        7 => "core::any::Any".to_owned(),
        8 => format!("Iterator<Item = {}>", ty(random, place)),
        _ => closure(random, place),
    };
    match random.below(3) {
        0 => of,
        1 => format!("{of} + Send"),
        _ => format!("{of} + {}", lifetime(random, place)),
    }
}

fn pointer(random: &mut Random, place: &Place) -> String {
    let (binder, inputs, output) = called(random, place);
    format!("{binder}fn({inputs}){output}")
}

fn closure(random: &mut Random, place: &Place) -> String {
    let (binder, inputs, output) = called(random, place);
    let name = ["Fn", "FnMut", "FnOnce"][random.below(3)];
    format!("{binder}{name}({inputs}){output}")
}

/// Returns the binder, the inputs and the output of a `Fn` bound or a function pointer.
fn called(random: &mut Random, place: &Place) -> (String, String, String) {
    let mut inner = Place {
        elides: true,
        ..place.clone()
    };
    let binder = if random.one_in(4) {
        let own = format!("'q{}", place.depth);
        inner.lifetimes.push(own.clone());
        format!("for<{own}> ")
    } else {
        String::new()
    };
    let inputs: Vec<_> = (0..random.below(3)).map(|_| ty(random, &inner)).collect();
    let output = if random.one_in(3) {
        String::new()
    } else {
        format!(" -> {}", in_parentheses(ty(random, &inner)))
    };
    (binder, inputs.join(", "), output)
}
