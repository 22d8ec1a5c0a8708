//! Entry points of a walk: an argument, a result, a bound.

use syn::{
    GenericArgument, Generics, Path, PathArguments, PathSegment, ReturnType, Type, TypeParamBound,
};

use super::{Binding, Bindings, Elided, Flow, Walk};
use crate::lifetimes::declared::name;
use crate::lifetimes::definitions::Trait;
use crate::lifetimes::facts::{Facts, Name, Node};

impl Walk<'_> {
    /// Walks a bound as the signature that it gives a closure.
    pub(in crate::lifetimes) fn signature(&mut self, segment: &PathSegment) {
        match &segment.arguments {
            PathArguments::Parenthesized(function) => {
                let inputs: Vec<_> = function.inputs.iter().collect();
                self.called(&inputs, &function.output);
            }
            PathArguments::AngleBracketed(arguments) => {
                let name = segment.ident.to_string();
                // The check assumes the worst about other crates' traits, as about their types.
                let is_own = self.definitions.is_own_trait(&name)
                    || self.definitions.get(&name, 0).is_some();
                let is_own = is_own && !self.definitions.is_foreign(&name);
                self.flow = Flow::Both;
                self.elided = Elided::Fresh;
                self.arguments(segment, Some(arguments), is_own, !is_own);
            }
            PathArguments::None => {}
        }
    }

    /// Walks the types of a function, of a pointer, or of a bound by a function trait.
    pub(in crate::lifetimes) fn called(&mut self, inputs: &[&Type], output: &ReturnType) {
        let mut inputs: Vec<_> = inputs.iter().map(|&it| it.clone()).collect();
        let elided = self.named(None, &mut inputs);
        self.given(&inputs, output, elided);
    }

    /// Walks the types of a closure. A lifetime that its result elides may be any lifetime in scope.
    pub(in crate::lifetimes) fn closure(&mut self, inputs: &[Type], output: &ReturnType) {
        let mut inputs = inputs.to_vec();
        self.named(None, &mut inputs);
        self.given(&inputs, output, Elided::Unclear);
    }

    fn given(&mut self, inputs: &[Type], output: &ReturnType, elided: Elided) {
        for input in inputs {
            self.input(input);
        }
        if let ReturnType::Type(_, output) = output {
            self.output(output, elided);
        }
    }

    /// Returns the arguments that a bound gives to the parameters of the trait `of`. Returns `None` if the bound
    /// leaves a parameter to its default.
    pub(in crate::lifetimes) fn bindings(
        &mut self,
        of: &Trait,
        segment: &PathSegment,
    ) -> Option<Bindings> {
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
        // The check does not look up the defaults of parameters.
        if types.len() < of.others.len() {
            return None;
        }
        // A lifetime without a name gets a number that distinguishes it from those of other bounds.
        let depth = self.frames.len();
        let lifetimes = lifetimes.into_iter().map(|it| match it.strip_prefix("'_") {
            Some(rest) => Binding::Lifetime(format!("'_{depth}.{rest}")),
            None => Binding::Lifetime(it),
        });
        let lifetimes = of.lifetimes.iter().cloned().zip(lifetimes);
        let types = of.others.iter().cloned().zip(types);
        let types = types.filter_map(|(name, ty)| Some((name, Binding::Type(ty?.clone()))));
        Some(lifetimes.chain(types).collect())
    }

    /// Walks a part of a header, or of a type's definition.
    pub(in crate::lifetimes) fn input(&mut self, ty: &Type) {
        self.flow = Flow::In;
        self.is_result = false;
        self.elided = Elided::Fresh;
        self.ty(ty);
    }

    /// Walks the type of an argument. A value of this type is supplied.
    pub(in crate::lifetimes) fn argument(&mut self, ty: &Type) {
        let edges = self.facts.edges.len();
        self.input(ty);
        // The target of `&mut` is invariant, so the value has this very type, and the maker of the value has proved
        // the type's bounds. Arrays are left out, because an empty array contains no value whose maker has proved a
        // bound.
        if let Type::Reference(reference) = ty
            && reference.mutability.is_some()
            && self.is_nominal(&reference.elem)
            && let Some(outermost) = self.facts.edges[edges..]
                .iter()
                .map(|edge| edge.outer_node)
                .min()
        {
            let edges = self.facts.edges[edges..].iter();
            self.proved
                .prove(edges.filter(|it| it.outer_node == outermost));
        }
    }

    /// Whether a type is a struct, an enum or a union, and not an alias.
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
            && self.definitions.is_own_type(&last)
            && !self.definitions.may_be_foreign(&path.path)
    }

    /// Walks a result's type. Elided lifetimes mean `elided`.
    pub(in crate::lifetimes) fn output(&mut self, ty: &Type, elided: Elided) {
        self.flow = Flow::Back;
        self.is_result = true;
        self.of_result = Some((self.facts.edges.len(), self.of_projections.len()));
        self.elided = elided;
        self.ty(ty);
    }

    /// Walks bounds of a parameter. Methods of their traits may supply values with the names in the bounds. Returns
    /// whether the bounds make the parameter: whether such a method may return it from other values.
    pub(in crate::lifetimes) fn bounds<'b>(
        &mut self,
        bounds: impl IntoIterator<Item = &'b TypeParamBound>,
    ) -> bool {
        self.flow = Flow::In;
        self.elided = Elided::Fresh;
        let mut makes = false;
        for bound in bounds {
            if let TypeParamBound::Trait(bound) = bound {
                let edges = self.facts.edges.len();
                let names = self.path(&bound.path, true);
                // A bound implies nothing.
                self.facts.edges.truncate(edges);
                makes |= !names.is_empty() && self.may_make(&bound.path);
            }
        }
        makes
    }

    /// Whether a trait may have a function that makes its implementor from values of the trait's arguments.
    fn may_make(&self, path: &Path) -> bool {
        let Some(segment) = path.segments.last() else {
            return false;
        };
        let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
            return false;
        };
        let is_own = self.definitions.is_own_trait(&segment.ident.to_string())
            || self.definitions.is_unknown_trait(path);
        arguments.args.iter().any(|argument| match argument {
            GenericArgument::Lifetime(_) | GenericArgument::Type(_) => true,
            _ => is_own,
        })
    }

    /// Records that a value of this parameter is supplied from outside the signature's types, as by a method of a
    /// trait.
    pub(in crate::lifetimes) fn supplied(&mut self, parameter: &Name) {
        self.flow = Flow::In;
        self.occurs(parameter);
    }

    /// Walks a trait's parameters: its methods may take and return any of them.
    pub(in crate::lifetimes) fn has_own(&mut self, generics: &Generics) {
        let lifetimes = generics.lifetimes().map(|it| name(&it.lifetime));
        let types = generics.type_params().map(|it| it.ident.to_string());
        for parameter in lifetimes.chain(types) {
            self.flowing(Flow::Both, |walk| walk.occurs(&parameter));
        }
    }

    /// Walks the type that a where clause bounds. If the clause `makes` the type, a value of it is supplied. If the
    /// type is neither a parameter nor a projection from one, the trait may do anything with the parts of the type,
    /// so values may move between them.
    pub(in crate::lifetimes) fn bounded(&mut self, ty: &Type, makes: bool) {
        let (edges, occurrences) = (self.facts.edges.len(), self.facts.occurrences.len());
        let is_lone = self.is_of_one_parameter(ty);
        self.input(ty);
        self.facts.edges.truncate(edges);
        if is_lone && !makes {
            self.facts.occurrences.truncate(occurrences);
        } else if !is_lone {
            for occurrence in &mut self.facts.occurrences[occurrences..] {
                occurrence.supply = true;
                occurrence.demand = true;
                occurrence.guards.clear();
            }
        }
    }

    /// Whether a type is a parameter, or a projection from a parameter that names nothing else (`T::Item`).
    fn is_of_one_parameter(&self, ty: &Type) -> bool {
        let Type::Path(path) = ty else {
            return false;
        };
        let is_plain = path.path.segments.iter().all(|it| it.arguments.is_none());
        match &path.qself {
            Some(of) => is_plain && self.is_of_one_parameter(&of.ty),
            None => {
                let first = path.path.segments.first().map(|it| it.ident.to_string());
                let is_parameter = |it: &String| it == "Self" || self.scope.parameters.contains(it);
                is_plain && first.as_ref().is_some_and(is_parameter)
            }
        }
    }

    /// Returns the facts, and the highest number of a node or of an elided lifetime's name.
    pub(in crate::lifetimes) fn end(self) -> (Facts, Node) {
        (self.facts, self.next)
    }
}
