//! Entry points of a walk: an argument, a result, a bound.

use std::collections::BTreeSet;

use syn::{GenericArgument, Path, PathArguments, PathSegment, ReturnType, Type, TypeParamBound};

use super::{Binding, Bindings, Elided, Flow, Walk};
use crate::lifetimes::declared::Declared;
use crate::lifetimes::definitions::Trait;
use crate::lifetimes::facts::{Edge, Facts, Name, Node};
use crate::lifetimes::judge::{Relied, undeclared};

impl Walk<'_> {
    /// A bound as the signature that it gives a closure.
    pub(in crate::lifetimes) fn signature(&mut self, segment: &PathSegment) {
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
                self.elided = Elided::Fresh;
                self.arguments(segment, Some(arguments), is_own, !is_own);
            }
            PathArguments::None => {}
        }
    }

    /// The types of a function, a pointer or a bound by one.
    pub(in crate::lifetimes) fn called(&mut self, inputs: &[&Type], output: &ReturnType) {
        let mut inputs: Vec<_> = inputs.iter().map(|&it| it.clone()).collect();
        let elided = self.named(None, &mut inputs);
        self.given(&inputs, output, elided);
    }

    /// The types of a closure: a lifetime that its result elides may be any lifetime in scope.
    pub(in crate::lifetimes) fn closure(&mut self, inputs: &[Type], output: &ReturnType) {
        self.given(inputs, output, Elided::Unclear);
    }

    fn given(&mut self, inputs: &[Type], output: &ReturnType, elided: Elided) {
        for input in inputs {
            self.input(input);
        }
        if let ReturnType::Type(_, output) = output {
            self.output(output, elided);
        }
    }

    /// The arguments of a trait's parameters in a bound by it.
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
    pub(in crate::lifetimes) fn input(&mut self, ty: &Type) {
        self.flow = Flow::In;
        self.is_result = false;
        self.elided = Elided::Fresh;
        self.ty(ty);
    }

    /// An argument's type: a value of it comes in.
    pub(in crate::lifetimes) fn argument(&mut self, ty: &Type) {
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
            && self.definitions.is_own_type(&last)
            && !self.definitions.may_be_foreign(&path.path)
    }

    /// A result's type; elided lifetimes are `elided`.
    pub(in crate::lifetimes) fn output(&mut self, ty: &Type, elided: Elided) {
        self.flow = Flow::Back;
        self.is_result = true;
        self.of_result = Some(self.facts.edges.len());
        self.elided = elided;
        self.ty(ty);
    }

    /// Bounds that the result implies and that follow neither from the arguments, nor from the edges `around`, nor from the
    /// `declared` bounds. The compiler believes them of a function that is used as a value, though no argument came in to
    /// prove them.
    pub(in crate::lifetimes) fn of_result_alone(
        &self,
        around: &[Edge],
        declared: &Declared,
    ) -> BTreeSet<Relied> {
        let Some(of_result) = self.of_result else {
            return BTreeSet::new();
        };
        let (of_inputs, of_result) = self.facts.edges.split_at(of_result);
        let mut known = declared.clone();
        for edge in of_inputs.iter().chain(around) {
            known.add(edge.outer.clone(), edge.inner.clone());
        }
        let alone = Facts {
            edges: of_result.to_vec(),
            ..Facts::default()
        };
        undeclared(&alone, &known)
    }

    /// Bounds of a parameter: the traits in them may hand values of it in or out. Returns whether they may make values
    /// of the parameter itself out of others.
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
    pub(in crate::lifetimes) fn supplied(&mut self, parameter: &Name) {
        self.flow = Flow::In;
        self.occurs(parameter);
    }

    /// The type that a where clause bounds: a value of it comes from somewhere, if that makes one.
    pub(in crate::lifetimes) fn bounded(&mut self, ty: &Type, makes: bool) {
        let (edges, occurrences) = (self.facts.edges.len(), self.facts.occurrences.len());
        self.input(ty);
        self.facts.edges.truncate(edges);
        if !makes {
            self.facts.occurrences.truncate(occurrences);
        }
    }

    /// What was found, and the next number that no name or place has.
    pub(in crate::lifetimes) fn end(self) -> (Facts, Node) {
        (self.facts, self.next)
    }
}
