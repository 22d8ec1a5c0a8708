//! `impl Trait` in arguments: parameters without a name.

use syn::visit_mut::{self, VisitMut};
use syn::{FnArg, GenericParam, Signature, Type, TypeParam};

/// Returns the signature with a named type parameter in place of each `impl Trait` in its arguments. Returns `None`
/// if there is no such argument.
pub(super) fn named(signature: &Signature) -> Option<Signature> {
    let mut signature = signature.clone();
    let mut names = Names::default();
    for input in &mut signature.inputs {
        if let FnArg::Typed(input) = input {
            names.visit_type_mut(&mut input.ty);
        }
    }
    let is_any = !names.parameters.is_empty();
    let params = names.parameters.into_iter().map(GenericParam::Type);
    signature.generics.params.extend(params);
    is_any.then_some(signature)
}

/// The beginning of the names that the check gives to these parameters. No parameter in a domain's code begins with
/// two underscores.
pub(super) const PREFIX: &str = "__impl_";

#[derive(Default)]
struct Names {
    parameters: Vec<TypeParam>,
}

impl VisitMut for Names {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        visit_mut::visit_type_mut(self, ty);
        let Type::ImplTrait(object) = ty else {
            return;
        };
        let name = format!("{PREFIX}{}", self.parameters.len());
        let (Ok(mut parameter), Ok(path)) =
            (syn::parse_str::<TypeParam>(&name), syn::parse_str(&name))
        else {
            return;
        };
        parameter.bounds = object.bounds.clone();
        self.parameters.push(parameter);
        *ty = path;
    }
}
