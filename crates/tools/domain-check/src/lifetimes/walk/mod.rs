//! Walks a type for the facts in it.

mod arguments;
mod elision;
mod entries;
mod objects;
mod projections;
mod proofs;
mod results;
mod said;

use std::collections::{BTreeMap, BTreeSet};

use syn::{Lifetime, ReturnType, TraitBound, Type, TypeParamBound};

pub(super) use self::elision::{Elided, binder};
use self::said::Said;
use super::declared::{Declared, name};
use super::definitions::{Alias, Definitions};
use super::facts::{Edge, Facts, NOWHERE, Name, Names, Node, Occurrence, Standing};
use super::relations::Relations;

/// The most facts of one signature. A signature with more facts is not understood. It takes projections inside
/// projections to have so many.
const MOST: usize = 4096;

/// The most types that are walked for a signature, including those that aliases stand for.
const MOST_TYPES: u32 = 1 << 14;

/// The direction in which values of a type move at some place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flow {
    /// Into the function's body.
    In,
    /// Out of the body, to a function that the body calls.
    Out,
    /// Out of the body, in its result.
    Back,
    /// Both ways: the contents of the place may be changed.
    Both,
}

/// The items around a type.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Type parameters, of the item and of the items around it.
    pub(super) parameters: BTreeSet<Name>,
    /// Lifetime parameters.
    pub(super) lifetimes: BTreeSet<Name>,
    /// Bounds that are written down.
    pub(super) declared: Declared,
    /// Bounds that may follow: from bounds by traits, or from a bound on a type that contains the name.
    pub(super) presumed: Relations,
    /// The facts of the impl's header.
    pub(super) header: Facts,
    /// The places in bounds of parameters, of the implementor, and of a trait's associated types.
    pub(super) bounds: Facts,
    /// The names of each bounded type, with a trait that bounds it.
    pub(super) bounded: Vec<(Vec<Name>, TraitBound)>,
    /// Bounds that may say what an associated type is equal to.
    pub(super) said: Vec<Said>,
    /// The highest number of a node, or of an elided lifetime's name, in `header` and `bounds`.
    pub(super) next: Node,
    /// The type that `Self` means. It is `None` in a trait, where `Self` is a parameter.
    pub(super) this: Option<Type>,
    /// The impl's associated types.
    pub(super) associated: BTreeMap<String, Type>,
}

impl Scope {
    /// Whether a name is that of a lifetime or of a type parameter, including `Self`.
    pub(super) fn is_parameter(&self, name: &str) -> bool {
        name == "Self" || name.starts_with('\'') || self.parameters.contains(name)
    }

    /// Adds bounds of a type with these names.
    pub(super) fn bounded<'b>(
        &mut self,
        names: &[Name],
        bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    ) {
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                self.bounded.push((names.to_vec(), bound.clone()));
            }
        }
    }

    /// Returns all names that a projection from `Self` may contain.
    fn names(&self) -> impl Iterator<Item = &Name> {
        let header = self.header.occurrences.iter().map(|it| &it.name);
        header.chain(&self.lifetimes)
    }
}

/// The arguments of an alias or a trait, by the names of its parameters.
pub(super) type Bindings = BTreeMap<Name, Binding>;

/// An argument.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    Lifetime(Name),
    Type(Type),
}

/// An alias or a trait that is expanded.
#[derive(Clone, Debug, Default)]
struct Frame<'a> {
    /// The alias, if it is one.
    alias: Option<&'a Alias>,
    arguments: Bindings,
}

/// Collects facts over several types.
pub(super) struct Walk<'a> {
    definitions: &'a Definitions,
    scope: &'a Scope,
    pub(super) facts: Facts,
    /// Aliases and traits that are expanded, the innermost last. An argument belongs to the place around its alias or
    /// trait.
    frames: Vec<Frame<'a>>,
    /// The number of alias arguments around this place.
    arguments: u32,
    nodes: Vec<Node>,
    guards: Vec<Name>,
    flow: Flow,
    next: Node,
    /// The meaning of an elided lifetime.
    elided: Elided,
    /// The lifetimes that a trait object without a written lifetime may take from its place, and their nodes.
    defaults: Vec<(Name, Node)>,
    /// The number of types so far that hide their contents.
    objects: u32,
    /// The nesting depth of associated types that are looked up.
    depth: u32,
    /// The number of surrounding projections, binders and ambiguous names. Unless it is zero, nothing here is proved.
    unproved: u32,
    /// The number of surrounding functions whose arguments contain the walked type. Unless it is zero, a lifetime
    /// here is turned.
    turned: u32,
    /// The lifetimes that surrounding functions and bounds bind.
    binders: Vec<BTreeSet<Name>>,
    /// The number of nodes around the outermost projection. It is `None` outside of projections.
    projected_in: Option<usize>,
    /// Whether this type is walked because a bound says that another type is equal to it.
    is_said: bool,
    /// Whether the types belong to a result.
    is_result: bool,
    /// The index of the result's first edge in the facts, and of its first edge in `of_projections`.
    of_result: Option<(usize, usize)>,
    /// Whether the type of a result hides its contents.
    pub(super) is_opaque: bool,
    /// Whether there was more than the limits allow.
    pub(super) is_overgrown: bool,
    /// The number of types walked.
    types: u32,
    /// Bounds that hold because the body gets a value whose maker has proved them.
    pub(super) proved: Declared,
    /// The edges whose inner name is the spelling of a projection.
    of_projections: Vec<Edge>,
    /// Whether something could not be read.
    pub(super) unknown: bool,
    /// Whether a result elides a lifetime whose meaning is not clear.
    pub(super) is_unclear: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(definitions: &'a Definitions, scope: &'a Scope) -> Self {
        Walk {
            definitions,
            scope,
            facts: Facts::default(),
            frames: Vec::new(),
            arguments: 0,
            nodes: Vec::new(),
            guards: Vec::new(),
            flow: Flow::In,
            next: scope.next,
            elided: Elided::Fresh,
            defaults: Vec::new(),
            objects: 0,
            depth: 0,
            unproved: 0,
            turned: 0,
            binders: Vec::new(),
            projected_in: None,
            is_said: false,
            is_result: false,
            of_result: None,
            is_opaque: false,
            is_overgrown: false,
            types: 0,
            proved: Declared::default(),
            of_projections: Vec::new(),
            unknown: false,
            is_unclear: false,
        }
    }

    /// Makes a walk inside the innermost of several traits, each of which is a supertrait of the one before it.
    /// `bindings` holds the arguments of each.
    pub(super) fn within(
        definitions: &'a Definitions,
        scope: &'a Scope,
        bindings: &[Bindings],
    ) -> Self {
        let frames = bindings.iter().map(|it| Frame {
            alias: None,
            arguments: it.clone(),
        });
        Walk {
            frames: frames.collect(),
            ..Walk::new(definitions, scope)
        }
    }

    fn fresh(&mut self) -> Name {
        self.next += 1;
        fresh(self.next)
    }

    fn lifetime(&mut self, lifetime: Option<&Lifetime>) -> Name {
        match lifetime.map(name) {
            Some(name) if name != "'_" => self.meaning(&name),
            _ => match &self.elided {
                Elided::One(name) => name.clone(),
                elided => {
                    let is_unclear = *elided == Elided::Unclear;
                    self.is_unclear |= is_unclear;
                    self.unknown |= is_unclear;
                    // An elided lifetime in an alias's argument is one lifetime, but the alias may use the argument
                    // in several places.
                    self.is_overgrown |= self.arguments > 0;
                    self.unknown |= self.arguments > 0;
                    self.fresh()
                }
            },
        }
    }

    /// Returns the lifetime that a name stands for.
    fn meaning(&self, name: &Name) -> Name {
        match self.bound(name) {
            Some(Binding::Lifetime(lifetime)) => lifetime.clone(),
            _ => name.clone(),
        }
    }

    /// Returns the argument for a parameter of the innermost alias or trait.
    fn bound(&self, name: &str) -> Option<&Binding> {
        self.frames.last()?.arguments.get(name)
    }

    fn occurs(&mut self, name: &Name) {
        // The projected type need not be inside the parts of the projection, so the nodes of these parts do not
        // count.
        let around = self.projected_in.unwrap_or(self.nodes.len());
        self.facts.occurrences.push(Occurrence {
            name: name.clone(),
            nodes: self.nodes[..around].to_vec(),
            guards: self.guards.clone(),
            // A lifetime counts as supplied even where its value only goes out, because the value may be swapped for
            // another one. The value of a type parameter goes out unchanged and cannot be swapped.
            supply: matches!(self.flow, Flow::In | Flow::Both) || name.starts_with('\''),
            demand: self.flow == Flow::Both,
            is_plain: false,
        });
    }

    fn enter(&mut self) -> Node {
        self.enter_if(true)
    }

    /// Enters a node. The node counts as one around its contents only if `is_around`.
    fn enter_if(&mut self, is_around: bool) -> Node {
        self.next += 1;
        self.nodes.push(if is_around { self.next } else { NOWHERE });
        self.next
    }

    fn ty(&mut self, ty: &Type) -> Names {
        self.types += 1;
        let facts = self.facts.edges.len() + self.facts.occurrences.len();
        if self.types > MOST_TYPES || facts > MOST {
            self.is_overgrown = true;
            self.unknown = true;
            return Names::new();
        }
        match ty {
            Type::Reference(reference) => {
                let lifetime = self.lifetime(reference.lifetime.as_ref());
                let outer = self.enter();
                let (index, objects) = (self.facts.occurrences.len(), self.objects);
                self.occurs(&lifetime);
                self.nodes.pop();
                let inner = self.enter_if(self.is_kept(&lifetime));
                let guards = self.behind(lifetime.clone());
                let flow = self.flow;
                // A value can be taken from every place that can be written to.
                if reference.mutability.is_some() {
                    self.flow = Flow::Both;
                }
                let defaults = vec![(lifetime.clone(), outer)];
                let mut names = self.defaulting(defaults, |walk| walk.ty(&reference.elem));
                self.flow = flow;
                self.guards.truncate(guards);
                self.nodes.pop();
                self.facts.occurrences[index].is_plain = self.objects == objects;
                self.imply((&lifetime, outer), (&names, inner), Standing::Proved);
                names.insert(lifetime, true);
                names
            }
            Type::Path(path) => self.type_path(path),
            Type::Tuple(tuple) => self.all(tuple.elems.iter()),
            Type::Slice(slice) => self.ty(&slice.elem),
            Type::Array(array) => self.ty(&array.elem),
            Type::Paren(paren) => self.ty(&paren.elem),
            Type::Group(group) => self.ty(&group.elem),
            Type::Ptr(pointer) => self.flowing(Flow::Both, |walk| walk.ty(&pointer.elem)),
            Type::BareFn(function) => {
                let inputs: Vec<_> = function.inputs.iter().map(|input| &input.ty).collect();
                let bound = binder(function.lifetimes.as_ref());
                self.binding(bound, |walk| walk.function(&inputs, &function.output))
            }
            Type::TraitObject(object) => self.object(object.bounds.iter(), true),
            Type::ImplTrait(object) => {
                self.is_opaque |= self.is_result;
                self.object(object.bounds.iter(), false)
            }
            // An alias may use such an argument in several places.
            Type::Infer(_) if self.arguments > 0 => {
                self.is_overgrown = true;
                self.unknown = true;
                Names::new()
            }
            Type::Never(_) | Type::Infer(_) => Names::new(),
            _ => {
                self.unknown = true;
                Names::new()
            }
        }
    }

    fn all<'b>(&mut self, types: impl Iterator<Item = &'b Type>) -> Names {
        let mut names = Names::new();
        for ty in types {
            names.append(&mut self.ty(ty));
        }
        names
    }

    fn flowing<R>(&mut self, flow: Flow, walk: impl FnOnce(&mut Self) -> R) -> R {
        let flow = std::mem::replace(&mut self.flow, flow);
        let result = walk(self);
        self.flow = flow;
        result
    }

    /// Runs `walk`, in which trait objects without a written lifetime may take one of `defaults`.
    fn defaulting<R>(
        &mut self,
        defaults: Vec<(Name, Node)>,
        walk: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let around = std::mem::replace(&mut self.defaults, defaults);
        let result = walk(self);
        self.defaults = around;
        result
    }

    /// Walks the types of a function pointer or of a `Fn` bound. In its arguments values flow in the opposite
    /// direction.
    fn function(&mut self, inputs: &[&Type], output: &ReturnType) -> Names {
        let around = std::mem::take(&mut self.elided);
        let against = match self.flow {
            Flow::In => Flow::Out,
            Flow::Out | Flow::Back => Flow::In,
            Flow::Both => Flow::Both,
        };
        let mut inputs: Vec<_> = inputs.iter().map(|&it| it.clone()).collect();
        let before = self.next;
        let elided = self.named(None, &mut inputs);
        let bound = (before + 1..=self.next).map(fresh).collect();
        let names = self.binding(bound, |walk| {
            let mut names = walk.flowing(against, |walk| {
                walk.turned(true, |walk| walk.all(inputs.iter()))
            });
            if let ReturnType::Type(_, output) = output {
                walk.elided = elided;
                names.append(&mut walk.ty(output));
            }
            names
        });
        self.elided = around;
        names
    }
}

/// Returns the name of an elided lifetime. No lifetime parameter of a domain begins with an underscore.
fn fresh(number: usize) -> Name {
    format!("'_{number}")
}
