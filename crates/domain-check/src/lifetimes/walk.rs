//! Walking a type for the facts in it.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    AngleBracketedGenericArguments, GenericArgument, Lifetime, Path, PathArguments, PathSegment,
    ReturnType, Type, TypeParamBound, TypePath,
};

use super::declared::{Declared, name, written};
use super::definitions::{Alias, Definitions, Known, Parameter, Trait};
use super::facts::{ELSEWHERE, Edge, Facts, Name, Names, Node, Occurrence, Projection, STATIC};

/// Facts of one signature; a type that has more, of projections in projections, is not understood.
const MOST: usize = 4096;

/// Types of the standard library that are covariant in all of their arguments.
const COVARIANT: &[&str] = &[
    "Arc",
    "Box",
    "ControlFlow",
    "Option",
    "Poll",
    "RRef",
    "Rc",
    "Result",
    "Vec",
];

/// How many types are looked at for a signature, with those that aliases stand for.
const MOST_TYPES: u32 = 1 << 14;

/// Which way values of a type go at some place, as its variance says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Flow {
    /// To who has the bounds.
    In,
    /// From there, to a function that may give something back.
    Out,
    /// From there, for good: only code that is among it could still make use of the bounds.
    Back,
    Both,
}

/// What is around a type.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Type parameters, of the item and of what it is in.
    pub(super) parameters: BTreeSet<Name>,
    /// Lifetime parameters.
    pub(super) lifetimes: BTreeSet<Name>,
    /// Bounds that are written down.
    pub(super) declared: Declared,
    /// Bounds that follow from those by traits.
    pub(super) presumed: Declared,
    /// What is known of the impl's header.
    pub(super) header: Facts,
    /// What `Self` is: a type in an impl, a parameter in a trait.
    pub(super) this: Option<Type>,
    /// The impl's associated types.
    pub(super) associated: BTreeMap<String, Type>,
}

impl Scope {
    /// All names that a projection from the header may hide.
    fn names(&self) -> impl Iterator<Item = &Name> {
        let header = self.header.occurrences.iter().map(|it| &it.name);
        header.chain(&self.lifetimes)
    }
}

/// What the parameters of an alias or a trait stand for.
pub(super) type Bindings = BTreeMap<Name, Binding>;

/// What a parameter stands for.
#[derive(Clone, Debug)]
pub(super) enum Binding {
    Lifetime(Name),
    Type(Type),
}

/// Collects facts over several types.
pub(super) struct Walk<'a> {
    definitions: &'a Definitions,
    scope: &'a Scope,
    pub(super) facts: Facts,
    /// Aliases whose types are looked at.
    expanding: Vec<String>,
    /// What the parameters of aliases stand for: of the innermost last.
    bindings: Vec<Bindings>,
    nodes: Vec<Node>,
    guards: Vec<Name>,
    flow: Flow,
    next: Node,
    /// What an elided lifetime means, where that is one of the inputs'.
    elided: Option<Name>,
    /// How deep associated types are looked up in each other.
    depth: u32,
    /// Whether a result is of a type that hides what it has inside.
    pub(super) is_opaque: bool,
    /// Whether there was more than is looked at.
    pub(super) is_overgrown: bool,
    /// How many types were looked at.
    types: u32,
    /// Bounds that hold because a value that has them comes in.
    pub(super) proved: Declared,
    /// Whether something could not be read.
    pub(super) unknown: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(definitions: &'a Definitions, scope: &'a Scope) -> Self {
        Walk {
            definitions,
            scope,
            facts: Facts::default(),
            expanding: Vec::new(),
            bindings: Vec::new(),
            nodes: Vec::new(),
            guards: Vec::new(),
            flow: Flow::In,
            next: 0,
            elided: None,
            depth: 0,
            is_opaque: false,
            is_overgrown: false,
            types: 0,
            proved: Declared::default(),
            unknown: false,
        }
    }

    /// In a trait whose parameters stand for something, itself perhaps in another.
    pub(super) fn within(
        definitions: &'a Definitions,
        scope: &'a Scope,
        bindings: &[Bindings],
    ) -> Self {
        Walk {
            bindings: bindings.to_vec(),
            ..Walk::new(definitions, scope)
        }
    }

    /// A bound as the signature that it gives a closure.
    pub(super) fn signature(&mut self, segment: &PathSegment) {
        match &segment.arguments {
            PathArguments::Parenthesized(function) => {
                let inputs: Vec<_> = function.inputs.iter().collect();
                self.called(&inputs, &function.output);
            }
            PathArguments::AngleBracketed(arguments) => {
                let name = segment.ident.to_string();
                // Of others' traits the worst is assumed, as of their types.
                let is_own = self.definitions.is_own_trait(&name)
                    || self.definitions.get(&name, 0).is_some();
                let is_own = is_own && !self.definitions.is_foreign(&name);
                self.flow = Flow::Both;
                self.elided = None;
                self.arguments(segment, Some(arguments), is_own, !is_own);
            }
            PathArguments::None => {}
        }
    }

    /// The types of a function.
    pub(super) fn called(&mut self, inputs: &[&Type], output: &ReturnType) {
        for input in inputs {
            self.input(input);
        }
        let names = self.facts.occurrences.iter().map(|it| it.name.clone());
        let lifetimes: BTreeSet<_> = names.filter(|name| name.starts_with('\'')).collect();
        let only = lifetimes.len() == 1;
        let elided = lifetimes.into_iter().next().filter(|_| only);
        if let ReturnType::Type(_, output) = output {
            self.output(output, elided);
        }
    }

    /// What a trait's parameters stand for in a bound by it.
    pub(super) fn bindings(&mut self, of: &Trait, segment: &PathSegment) -> Option<Bindings> {
        let (mut lifetimes, mut types) = (Vec::new(), Vec::new());
        if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
            for argument in &arguments.args {
                match argument {
                    GenericArgument::Lifetime(it) => lifetimes.push(self.lifetime(Some(it))),
                    GenericArgument::Type(ty) => types.push(Some(ty)),
                    GenericArgument::Const(_) => types.push(None),
                    _ => {}
                }
            }
        }
        while lifetimes.len() < of.lifetimes.len() {
            lifetimes.push(self.fresh());
        }
        // A default would have to be looked up.
        if types.len() < of.others.len() {
            return None;
        }
        // Lifetimes without a name are told apart from those of other bounds.
        let depth = self.bindings.len();
        let lifetimes = lifetimes.into_iter().map(|it| match it.strip_prefix("'_") {
            Some(rest) => Binding::Lifetime(format!("'_{depth}.{rest}")),
            None => Binding::Lifetime(it),
        });
        let lifetimes = of.lifetimes.iter().cloned().zip(lifetimes);
        let types = of.others.iter().cloned().zip(types);
        let types = types.filter_map(|(name, ty)| Some((name, Binding::Type(ty?.clone()))));
        Some(lifetimes.chain(types).collect())
    }

    /// A part of a header, or of a type's definition.
    pub(super) fn input(&mut self, ty: &Type) {
        self.flow = Flow::In;
        self.elided = None;
        self.ty(ty);
    }

    /// An argument's type: a value of it comes in.
    pub(super) fn argument(&mut self, ty: &Type) {
        let edges = self.facts.edges.len();
        self.input(ty);
        // No other type is a subtype of what `&mut` leads to, so the value is of this very one, and somebody
        // proved its bounds who made it. Of empty arrays there are values that nobody made.
        if let Type::Reference(reference) = ty
            && reference.mutability.is_some()
            && self.is_nominal(&reference.elem)
            && let Some(outermost) = self.facts.edges[edges..]
                .iter()
                .map(|edge| edge.outer_node)
                .min()
        {
            for edge in &self.facts.edges[edges..] {
                if edge.outer_node == outermost {
                    self.proved.add(edge.outer.clone(), edge.inner.clone());
                }
            }
        }
    }

    /// Whether a type is a struct, an enum or a union, and not another type's name.
    fn is_nominal(&self, ty: &Type) -> bool {
        let Type::Path(path) = ty else {
            return false;
        };
        let (None, Some(first), Some(last)) = (
            &path.qself,
            path.path.segments.first(),
            path.path.segments.last(),
        ) else {
            return false;
        };
        if path.path.is_ident("Self") {
            return self
                .scope
                .this
                .as_ref()
                .is_some_and(|this| self.is_nominal(this));
        }
        let first = first.ident.to_string();
        let last = last.ident.to_string();
        first != "Self"
            && !self.scope.parameters.contains(&first)
            && ((self.definitions.is_own_type(&last)
                && !self.definitions.may_be_foreign(&path.path))
                || COVARIANT.contains(&last.as_str()))
    }

    /// A result's type; elided lifetimes are `elided`.
    pub(super) fn output(&mut self, ty: &Type, elided: Option<Name>) {
        self.flow = Flow::Back;
        self.elided = elided;
        self.ty(ty);
    }

    /// Bounds of a parameter: what it is bounded by may hand values of it in or out. Returns whether they may
    /// make values of the parameter itself out of others.
    pub(super) fn bounds<'b>(
        &mut self,
        bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    ) -> bool {
        self.flow = Flow::In;
        self.elided = None;
        let mut makes = false;
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                let edges = self.facts.edges.len();
                let names = self.path(&bound.path, true);
                // Nothing is implied by a bound.
                self.facts.edges.truncate(edges);
                makes |= !names.is_empty() && self.may_make(&bound.path);
            }
        }
        makes
    }

    /// Whether a trait with arguments may have a function from those to its implementor.
    fn may_make(&self, path: &Path) -> bool {
        let Some(segment) = path.segments.last() else {
            return false;
        };
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            return false;
        };
        let is_own = self.definitions.is_own_trait(&segment.ident.to_string());
        arguments.args.iter().any(|argument| match argument {
            GenericArgument::Lifetime(_) | GenericArgument::Type(_) => true,
            _ => is_own,
        })
    }

    /// A value of this parameter may come from somewhere.
    pub(super) fn supplied(&mut self, parameter: &Name) {
        self.flow = Flow::In;
        self.occurs(parameter);
    }

    /// The type that a where clause bounds: a value of it may come from somewhere.
    pub(super) fn bounded(&mut self, ty: &Type) {
        let edges = self.facts.edges.len();
        self.input(ty);
        self.facts.edges.truncate(edges);
    }

    fn fresh(&mut self) -> Name {
        self.next += 1;
        format!("'_{}", self.next)
    }

    fn lifetime(&mut self, lifetime: Option<&Lifetime>) -> Name {
        match lifetime.map(name) {
            Some(name) if name != "'_" => match self.bound(&name) {
                Some(Binding::Lifetime(lifetime)) => lifetime.clone(),
                _ => name,
            },
            _ => match &self.elided {
                Some(name) => name.clone(),
                None => self.fresh(),
            },
        }
    }

    /// What a parameter of the alias stands for whose type is looked at.
    fn bound(&self, name: &str) -> Option<&Binding> {
        self.bindings.last()?.get(name)
    }

    fn occurs(&mut self, name: &Name) {
        self.facts.occurrences.push(Occurrence {
            name: name.clone(),
            nodes: self.nodes.clone(),
            guards: self.guards.clone(),
            supply: matches!(self.flow, Flow::In | Flow::Both),
        });
    }

    fn enter(&mut self) -> Node {
        self.next += 1;
        self.nodes.push(self.next);
        self.next
    }

    /// `outer` and `inner` are names and the nodes that they stand in.
    fn imply(&mut self, outer: (&Name, Node), inner: (&Names, Node), certain: bool) {
        let (outer, outer_node) = outer;
        let (inner, inner_node) = inner;
        for (name, &whole) in inner {
            if name != outer && name != STATIC {
                self.facts.edges.push(Edge {
                    outer: outer.clone(),
                    inner: name.clone(),
                    outer_node,
                    inner_node,
                    certain: certain && whole,
                });
            }
        }
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
                self.occurs(&lifetime);
                self.nodes.pop();
                let inner = self.enter();
                self.guards.push(lifetime.clone());
                let flow = self.flow;
                // What can be written to is also taken from.
                if reference.mutability.is_some() && flow != Flow::Back {
                    self.flow = Flow::Both;
                }
                let mut names = self.ty(&reference.elem);
                self.flow = flow;
                self.guards.pop();
                self.nodes.pop();
                self.imply((&lifetime, outer), (&names, inner), true);
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
                self.function(&inputs, &function.output)
            }
            Type::TraitObject(object) => self.object(object.bounds.iter()),
            Type::ImplTrait(object) => {
                self.is_opaque |= self.flow == Flow::Back;
                self.object(object.bounds.iter())
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

    /// The types of a function pointer, or of a `Fn` bound: its arguments go the other way.
    fn function(&mut self, inputs: &[&Type], output: &ReturnType) -> Names {
        let elided = self.elided.take();
        let against = match self.flow {
            Flow::In => Flow::Out,
            Flow::Out | Flow::Back => Flow::In,
            Flow::Both => Flow::Both,
        };
        let mut names = self.flowing(against, |walk| walk.all(inputs.iter().copied()));
        if let ReturnType::Type(_, output) = output {
            names.append(&mut self.ty(output));
        }
        self.elided = elided;
        names
    }

    fn object<'b>(&mut self, bounds: impl Iterator<Item = &'b TypeParamBound>) -> Names {
        let node = self.enter();
        let mut names = Names::new();
        let mut outer = Vec::new();
        for bound in bounds {
            match bound {
                TypeParamBound::Trait(bound) => {
                    let guards = std::mem::take(&mut self.guards);
                    let mut found = self.path(&bound.path, true);
                    self.guards = guards;
                    names.append(&mut found);
                }
                TypeParamBound::Lifetime(lifetime) => {
                    let lifetime = self.lifetime(Some(lifetime));
                    let node = self.enter();
                    self.occurs(&lifetime);
                    self.nodes.pop();
                    outer.push((lifetime, node));
                }
                _ => {}
            }
        }
        self.nodes.pop();
        for (lifetime, outer) in outer {
            self.imply((&lifetime, outer), (&names, node), false);
            names.insert(lifetime, true);
        }
        names
    }

    fn type_path(&mut self, path: &TypePath) -> Names {
        let flow = self.flow;
        if let Some(this) = &path.qself {
            return self.flowing(Flow::Both, |walk| {
                let mut names = walk.ty(&this.ty);
                names.append(&mut walk.path(&path.path, true));
                walk.projects(path, Some(&this.ty), &names, flow);
                if matches!(&*this.ty, Type::Path(path) if path.path.is_ident("Self")) {
                    walk.hidden(&mut names);
                }
                walk.projected(&mut names);
                names
            });
        }
        let mut segments = path.path.segments.iter();
        let first = segments.next().map(|segment| segment.ident.to_string());
        let first = first.unwrap_or_default();
        let second = segments.next();
        if first == "Self" {
            return match second {
                None => self.this(),
                Some(name) => self.associated(path, name),
            };
        }
        if let Some(Binding::Type(ty)) = self.bound(&first).cloned() {
            // An argument is of the place where the alias is used.
            let bindings = self.bindings.pop();
            let names = match second {
                None => self.ty(&ty),
                Some(_) => self.flowing(Flow::Both, |walk| {
                    let mut names = walk.ty(&ty);
                    walk.projects(path, None, &names, flow);
                    walk.projected(&mut names);
                    names
                }),
            };
            self.bindings.extend(bindings);
            return names;
        }
        if path.path.leading_colon.is_none() && self.scope.parameters.contains(&first) {
            let whole = second.is_none();
            if !whole {
                let names = Names::from([(first.clone(), true)]);
                self.projects(path, None, &names, flow);
            }
            let flow = if whole { flow } else { Flow::Both };
            self.flowing(flow, |walk| walk.occurs(&first));
            let mut names = self.path(&path.path, true);
            names.insert(first, whole);
            return names;
        }
        self.path(&path.path, false)
    }

    /// `Self`.
    fn this(&mut self) -> Names {
        match &self.scope.this {
            Some(ty) => {
                let elided = self.elided.take();
                let names = self.ty(ty);
                self.elided = elided;
                names
            }
            None => {
                let name = "Self".to_owned();
                self.occurs(&name);
                Names::from([(name, true)])
            }
        }
    }

    /// `Self::Name`: known if this very impl says what it is.
    fn associated(&mut self, path: &TypePath, segment: &PathSegment) -> Names {
        let known = self.scope.associated.get(&segment.ident.to_string());
        if let Some(ty) = known.filter(|_| self.depth < 4) {
            self.depth += 1;
            let names = self.ty(ty);
            self.depth -= 1;
            return names;
        }
        let flow = self.flow;
        self.flowing(Flow::Both, |walk| {
            let mut names = walk.this();
            walk.projects(path, None, &names, flow);
            walk.hidden(&mut names);
            if let PathArguments::AngleBracketed(arguments) = &segment.arguments {
                names.append(&mut walk.arguments(segment, Some(arguments), true, true));
            }
            walk.projected(&mut names);
            names
        })
    }

    /// A projection from a type with these names, where values go as `flow` says.
    fn projects(&mut self, path: &TypePath, of: Option<&Type>, names: &Names, flow: Flow) {
        let of = of.map(written);
        let names = names.keys().filter(|name| !name.starts_with('\''));
        let last = path.path.segments.last();
        self.facts.projections.push(Projection {
            name: Some(written(&Type::Path(path.clone()))).filter(|_| self.bindings.is_empty()),
            last: last.map(|it| it.ident.to_string()).unwrap_or_default(),
            from: names.cloned().chain(of).collect(),
            supply: matches!(flow, Flow::In | Flow::Both),
        });
    }

    /// A projection from types with these names may be any type of them.
    fn projected(&mut self, names: &mut Names) {
        names.values_mut().for_each(|whole| *whole = false);
        let outer: Vec<_> = names
            .keys()
            .filter(|name| name.starts_with('\''))
            .cloned()
            .collect();
        for outer in outer {
            self.imply((&outer, ELSEWHERE), (names, ELSEWHERE), false);
        }
    }

    /// What a projection from `Self` may have of the header.
    fn hidden(&mut self, names: &mut Names) {
        let all: Vec<_> = self.scope.names().cloned().collect();
        for name in all {
            self.occurs(&name);
            names.insert(name, false);
        }
    }

    /// A path with its arguments; `is_trait` says that it names no type.
    fn path(&mut self, path: &Path, is_trait: bool) -> Names {
        let mut names = Names::new();
        let last = path.segments.len().saturating_sub(1);
        let is_foreign = self.definitions.may_be_foreign(path);
        for (index, segment) in path.segments.iter().enumerate() {
            let mut found = match &segment.arguments {
                PathArguments::Parenthesized(function) => {
                    let inputs: Vec<_> = function.inputs.iter().collect();
                    self.function(&inputs, &function.output)
                }
                PathArguments::AngleBracketed(arguments) => {
                    self.arguments(segment, Some(arguments), is_trait, is_foreign)
                }
                PathArguments::None if index == last && !is_trait => {
                    self.arguments(segment, None, is_trait, is_foreign)
                }
                PathArguments::None => Names::new(),
            };
            names.append(&mut found);
        }
        names
    }

    /// `is_foreign` says that another crate's type may be meant, even if this one has one of the name.
    fn arguments(
        &mut self,
        segment: &PathSegment,
        arguments: Option<&AngleBracketedGenericArguments>,
        is_trait: bool,
        is_foreign: bool,
    ) -> Names {
        let ident = segment.ident.to_string();
        let given = arguments.iter().flat_map(|it| &it.args);
        let mut lifetimes = Vec::new();
        for argument in given.clone() {
            if let GenericArgument::Lifetime(lifetime) = argument {
                lifetimes.push(self.lifetime(Some(lifetime)));
            }
        }
        let own = if is_trait {
            None
        } else {
            self.definitions.get(&ident, lifetimes.len())
        };
        // In its own type an alias's name is another's, as in `type Result<T> = core::result::Result<T, E>`.
        let mut own = if self.expanding.contains(&ident) {
            own.and_then(Known::without_aliases)
        } else {
            own
        };
        // Lifetimes that are left out are there all the same.
        let hidden = own.as_ref().map_or(0, Known::lifetimes);
        while lifetimes.len() < hidden {
            lifetimes.push(self.lifetime(None));
        }
        let mut rest = Names::new();
        if let Some(known) = own.as_ref().filter(|own| own.aliases().next().is_some()) {
            let types = given.clone().filter_map(|argument| match argument {
                GenericArgument::Type(ty) => Some(Some(ty.clone())),
                GenericArgument::Const(_) => Some(None),
                _ => None,
            });
            let types: Vec<_> = types.collect();
            self.expanding.push(ident.clone());
            rest = self.aliases(known, &lifetimes, &types);
            self.expanding.pop();
            // A struct of the name in another module is meant as well.
            own = own.and_then(Known::without_aliases);
            if own.is_none() && !is_foreign {
                return rest;
            }
        }
        let covariant = own.is_none() && COVARIANT.contains(&ident.as_str());
        let flow = self.flow;
        if !covariant {
            self.flow = Flow::Both;
        }
        let mut each: Vec<(Parameter, Names, Node)> = Vec::new();
        let certain = own.as_ref().filter(|_| !is_foreign);
        for (index, lifetime) in lifetimes.iter().enumerate() {
            let parameter = Parameter::Lifetime(index);
            let guards = self.guard(certain, parameter, &lifetimes);
            let node = self.enter();
            self.occurs(lifetime);
            self.nodes.pop();
            self.guards.truncate(guards);
            each.push((parameter, Names::from([(lifetime.clone(), true)]), node));
        }
        let mut index = 0;
        for argument in given {
            match argument {
                GenericArgument::Type(ty) => {
                    let parameter = Parameter::Other(index);
                    index += 1;
                    let guards = self.guard(certain, parameter, &lifetimes);
                    let node = self.enter();
                    let names = self.ty(ty);
                    self.nodes.pop();
                    self.guards.truncate(guards);
                    each.push((parameter, names, node));
                }
                GenericArgument::AssocType(binding) => {
                    let before = std::mem::replace(&mut self.flow, flow);
                    rest.append(&mut self.ty(&binding.ty));
                    self.flow = before;
                }
                GenericArgument::Constraint(constraint) => {
                    rest.append(&mut self.object(constraint.bounds.iter()));
                }
                GenericArgument::Const(_) => index += 1,
                _ => {}
            }
        }
        self.flow = flow;
        let nodes: Vec<_> = each.iter().map(|it| it.2).collect();
        for (inner, names, node) in &each {
            for (outer, lifetime) in lifetimes.iter().enumerate() {
                let worst = || Some(false).filter(|_| *inner != Parameter::Lifetime(outer));
                let relation = match &own {
                    Some(own) if is_foreign => {
                        let relation = own.relation(Some(outer), *inner);
                        relation.map(|_| false).or_else(worst)
                    }
                    Some(own) => own.relation(Some(outer), *inner),
                    None => worst(),
                };
                if let Some(certain) = relation {
                    self.imply((lifetime, nodes[outer]), (names, *node), certain);
                }
            }
            if let Some(certain) = own.as_ref().and_then(|own| own.relation(None, *inner)) {
                let outer = STATIC.to_owned();
                self.imply((&outer, *node), (names, *node), certain);
            }
        }
        for (_, mut found, _) in each {
            rest.append(&mut found);
        }
        rest
    }

    /// The types that a path may be a name for, with these arguments.
    fn aliases(&mut self, known: &Known<'_>, lifetimes: &[Name], types: &[Option<Type>]) -> Names {
        let mut names = Names::new();
        if self.bindings.len() >= 16 {
            self.unknown = true;
            return names;
        }
        for Alias {
            lifetimes: outer,
            others,
            ty,
        } in known.aliases()
        {
            let lifetimes = lifetimes.iter().cloned().map(Binding::Lifetime);
            let types = others.iter().zip(types);
            let types =
                types.filter_map(|(name, ty)| Some((name.clone(), Binding::Type(ty.clone()?))));
            let bindings = outer.iter().cloned().zip(lifetimes).chain(types).collect();
            self.bindings.push(bindings);
            names.append(&mut self.ty(ty));
            self.bindings.pop();
        }
        names
    }

    /// Adds the lifetimes that an argument of an own type outlives for certain; returns how many there were.
    fn guard(&mut self, own: Option<&Known<'_>>, inner: Parameter, lifetimes: &[Name]) -> usize {
        let before = self.guards.len();
        for (outer, lifetime) in lifetimes.iter().enumerate() {
            if own.is_some_and(|own| own.relation(Some(outer), inner) == Some(true)) {
                self.guards.push(lifetime.clone());
            }
        }
        before
    }
}
