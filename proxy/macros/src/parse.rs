//! Parses and checks interface traits, with clear errors for everything that they may not contain.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Error, FnArg, GenericArgument, Ident, ItemTrait, Lifetime, Pat, Path, PathArguments,
    PathSegment, ReturnType, TraitBoundModifier, TraitItem, TraitItemFn, Type, TypeImplTrait,
    TypeParamBound, TypePtr, WherePredicate,
};

/// A checked interface.
pub(crate) struct Interface {
    /// The trait without this macro's attributes.
    pub(crate) item: ItemTrait,
    /// The interfaces that it extends.
    pub(crate) supertraits: Vec<Path>,
    pub(crate) methods: Vec<Method>,
}

/// A method of an interface.
pub(crate) struct Method {
    pub(crate) name: Ident,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) result: Type,
    pub(crate) repeat: Repeat,
    /// Whether the result type is written `Result<Proxy<…>, …>`. Such a method hands out an object.
    pub(crate) opens: bool,
}

/// Whether and how a shadow repeats a call.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    Never,
    Idempotent,
    Replay,
}

/// An argument besides `&self`.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    /// The type as written; for a borrow, with the `&`.
    pub(crate) ty: Type,
    pub(crate) kind: Kind,
}

/// How an argument crosses.
pub(crate) enum Kind {
    /// Moved to the callee.
    Moved,
    /// Moved to the callee; a retry makes a new one.
    Scratch,
    /// Lent for the call; this is the type behind the reference.
    Lent(Box<Type>),
}

impl Interface {
    pub(crate) fn parse(mut item: ItemTrait) -> Result<Self, Error> {
        if let Some(lifetime) = item.generics.lifetimes().next() {
            return Err(Error::new(
                lifetime.span(),
                "an interface has no lifetimes: nothing borrowed outlives a call",
            ));
        }
        bounds_on_self(&item)?;
        let supertraits = supertraits(&item)?;
        // `Send` and `Sync` are added again by their full paths, since the user's crate may have another trait of the
        // same name in scope.
        item.supertraits = item
            .supertraits
            .into_iter()
            .filter(|bound| !is_send_or_sync(bound))
            .collect();
        if let Some(unsafety) = item.unsafety {
            return Err(Error::new(
                unsafety.span(),
                "an interface is a safe trait: a domain cannot be trusted to uphold a contract",
            ));
        }
        let mut methods = Vec::new();
        for member in &mut item.items {
            match member {
                TraitItem::Fn(function) => methods.push(Method::parse(function)?),
                other => {
                    return Err(Error::new(
                        other.span(),
                        "an interface contains methods only",
                    ));
                }
            }
        }
        Ok(Self {
            item,
            supertraits,
            methods,
        })
    }
}

/// Returns the supertraits that must be interfaces: all but `Send`, `Sync` and `'static`, which every interface has.
fn supertraits(item: &ItemTrait) -> Result<Vec<Path>, Error> {
    let mut found = Vec::new();
    for bound in item.supertraits.iter().filter(|at| !is_send_or_sync(at)) {
        match bound {
            TypeParamBound::Trait(bound) => {
                if !matches!(bound.modifier, TraitBoundModifier::None) {
                    return Err(Error::new(bound.span(), "an interface extends interfaces"));
                }
                if let Some(lifetimes) = &bound.lifetimes {
                    return Err(Error::new(
                        lifetimes.span(),
                        "an interface has no lifetimes: nothing borrowed outlives a call",
                    ));
                }
                found.push(bound.path.clone());
            }
            TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static" => {}
            other => return Err(Error::new(other.span(), "an interface extends interfaces")),
        }
    }
    Ok(found)
}

/// Whether a supertrait is named `Send` or `Sync`, which every interface has.
fn is_send_or_sync(bound: &TypeParamBound) -> bool {
    let TypeParamBound::Trait(bound) = bound else {
        return false;
    };
    let last = bound.path.segments.last();
    matches!(bound.modifier, TraitBoundModifier::None)
        && last.is_some_and(|last| last.ident == "Send" || last.ident == "Sync")
}

/// Refuses a bound on `Self` in the where clause, because such a bound acts as a supertrait that no check would see.
fn bounds_on_self(item: &ItemTrait) -> Result<(), Error> {
    let clause = item.generics.where_clause.iter();
    for predicate in clause.flat_map(|clause| &clause.predicates) {
        if let WherePredicate::Type(bound) = predicate
            && matches!(&bound.bounded_ty, Type::Path(ty) if ty.path.is_ident("Self"))
        {
            return Err(Error::new(
                bound.span(),
                "a bound on `Self` is a supertrait: write it behind the trait's name",
            ));
        }
    }
    Ok(())
}

/// Takes the attribute `name` off the list. Returns whether it was there.
fn take(attributes: &mut Vec<Attribute>, name: &str) -> bool {
    let before = attributes.len();
    attributes.retain(|attribute| !attribute.path().is_ident(name));
    attributes.len() != before
}

impl Method {
    fn parse(function: &mut TraitItemFn) -> Result<Self, Error> {
        let idempotent = take(&mut function.attrs, "idempotent");
        let replay = take(&mut function.attrs, "replay");
        let repeat = match (idempotent, replay) {
            (false, false) => Repeat::Never,
            (true, false) => Repeat::Idempotent,
            (false, true) => Repeat::Replay,
            (true, true) => {
                return Err(Error::new(
                    function.sig.ident.span(),
                    "`#[replay]` repeats a call that was cut short too: remove `#[idempotent]`",
                ));
            }
        };
        let signature = &mut function.sig;
        if let Some(token) = signature.asyncness {
            return Err(Error::new(
                token.span(),
                "an `async` method cannot cross: a future would outlive the call",
            ));
        }
        if let Some(token) = signature.unsafety {
            return Err(Error::new(token.span(), "a method of an interface is safe"));
        }
        if let Some(parameter) = signature.generics.params.first() {
            return Err(Error::new(
                parameter.span(),
                "a method of an interface has no parameters of its own: a trait object could not have it",
            ));
        }
        let mut inputs = signature.inputs.iter_mut();
        match inputs.next() {
            Some(FnArg::Receiver(receiver))
                if receiver.mutability.is_none()
                    && receiver.colon_token.is_none()
                    && matches!(&receiver.reference, Some((_, None))) => {}
            other => {
                let span = other.map_or(signature.ident.span(), |input| input.span());
                return Err(Error::new(
                    span,
                    "a method of an interface takes `&self`: several callers may be inside at once",
                ));
            }
        }
        let mut arguments = Vec::new();
        for input in inputs {
            arguments.push(Argument::parse(input)?);
        }
        let result = match &signature.output {
            ReturnType::Type(_, ty) => {
                Forbidden::check(ty)?;
                if let Some(reference) = Reference::within(ty) {
                    return Err(Error::new(
                        reference,
                        "a result cannot be a reference: its owner may die; return an `RRef`",
                    ));
                }
                (**ty).clone()
            }
            ReturnType::Default => {
                return Err(Error::new(
                    signature.ident.span(),
                    "a method of an interface returns `Result<T, E>` with `E: From<RpcError>`: the domain may be dead",
                ));
            }
        };
        let mut scratch = arguments
            .iter()
            .filter(|at| matches!(at.kind, Kind::Scratch));
        if let (false, Some(argument)) = (repeat == Repeat::Idempotent, scratch.next()) {
            return Err(Error::new(
                argument.name.span(),
                "`#[scratch]` has a meaning only on an `#[idempotent]` method",
            ));
        }
        let mut lent = arguments
            .iter()
            .filter(|at| matches!(at.kind, Kind::Lent(_)));
        if let (Repeat::Replay, Some(argument)) = (repeat, lent.next()) {
            return Err(Error::new(
                argument.ty.span(),
                "a `#[replay]` call is made again when the borrow is over: take plain data by value",
            ));
        }
        let opens = hands_out_a_proxy(&result);
        Ok(Self {
            name: signature.ident.clone(),
            attributes: function
                .attrs
                .iter()
                .filter(|attribute| attribute.path().is_ident("cfg"))
                .cloned()
                .collect(),
            arguments,
            result,
            repeat,
            opens,
        })
    }
}

/// Whether a result is written `Result<Proxy<…>, …>`.
fn hands_out_a_proxy(result: &Type) -> bool {
    fn last(ty: &Type) -> Option<&PathSegment> {
        match ty {
            Type::Path(path) => path.path.segments.last(),
            _ => None,
        }
    }
    let Some(PathSegment {
        arguments: PathArguments::AngleBracketed(arguments),
        ..
    }) = last(result)
    else {
        return false;
    };
    match arguments.args.first() {
        Some(GenericArgument::Type(ok)) => last(ok).is_some_and(|last| last.ident == "Proxy"),
        _ => false,
    }
}

impl Argument {
    fn parse(input: &mut FnArg) -> Result<Self, Error> {
        let FnArg::Typed(typed) = input else {
            return Err(Error::new(input.span(), "`self` comes first"));
        };
        let scratch = take(&mut typed.attrs, "scratch");
        let Pat::Ident(name) = &*typed.pat else {
            return Err(Error::new(typed.pat.span(), "an argument is a plain name"));
        };
        Forbidden::check(&typed.ty)?;
        let kind = match &*typed.ty {
            Type::Reference(reference) => {
                if let Some(token) = reference.mutability {
                    return Err(Error::new(
                        token.span(),
                        "`&mut` cannot be lent to another domain: it may die half-way; move the value and return it",
                    ));
                }
                if scratch {
                    return Err(Error::new(
                        typed.ty.span(),
                        "a borrowed argument is kept for a retry anyway: remove `#[scratch]`",
                    ));
                }
                Kind::Lent(reference.elem.clone())
            }
            other => {
                if let Some(reference) = Reference::within(other) {
                    return Err(Error::new(
                        reference,
                        "a reference inside an argument cannot cross: lend `&RRef<T>` itself",
                    ));
                }
                if scratch { Kind::Scratch } else { Kind::Moved }
            }
        };
        if let Kind::Lent(inner) = &kind
            && let Some(reference) = Reference::within(inner)
        {
            return Err(Error::new(
                reference,
                "a reference inside an argument cannot cross: lend `&RRef<T>` itself",
            ));
        }
        Ok(Self {
            name: name.ident.clone(),
            ty: (*typed.ty).clone(),
            kind,
        })
    }
}

/// Finds type syntax that never stands for a type that can cross.
struct Forbidden(Option<Error>);

impl Forbidden {
    fn check(ty: &Type) -> Result<(), Error> {
        let mut this = Self(None);
        this.visit_type(ty);
        this.0.map_or(Ok(()), Err)
    }
}

impl<'ast> Visit<'ast> for Forbidden {
    fn visit_type_impl_trait(&mut self, ty: &'ast TypeImplTrait) {
        self.0.get_or_insert(Error::new(
            ty.span(),
            "`impl Trait` cannot cross: the callee must know the type; name it",
        ));
    }

    fn visit_type_ptr(&mut self, ty: &'ast TypePtr) {
        self.0.get_or_insert(Error::new(
            ty.span(),
            "a raw pointer cannot cross: put the value in an `RRef`",
        ));
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        self.0.get_or_insert(Error::new(
            lifetime.span(),
            "a lifetime cannot cross: what is lent is lent for the call only; write `&RRef<T>`",
        ));
        visit::visit_lifetime(self, lifetime);
    }
}

/// Finds a reference type anywhere inside a type.
struct Reference(Option<proc_macro2::Span>);

impl Reference {
    fn within(ty: &Type) -> Option<proc_macro2::Span> {
        let mut this = Self(None);
        this.visit_type(ty);
        this.0
    }
}

impl<'ast> Visit<'ast> for Reference {
    fn visit_type_reference(&mut self, ty: &'ast syn::TypeReference) {
        self.0.get_or_insert(ty.span());
    }
}
