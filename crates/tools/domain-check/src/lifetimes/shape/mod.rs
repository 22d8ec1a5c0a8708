//! The forms that expanded code may have, so that the checks of lifetimes see all of it.
//!
//! The compiler accepts some code that it should refuse. Each file here refuses one kind of such code, by a piece of
//! syntax that every example of this kind needs. Syntax that no file here knows is refused, too: nothing is skipped.

mod adapters;
mod bounds;
mod coherence;
mod constants;
mod crates;
mod guards;
mod impls;
mod library;
mod looks;
mod made;
mod nameless;
mod numbers;
mod own;
mod phases;
mod printed;
mod proofs;
mod tables;
mod traits;

use proc_macro2::{TokenStream, TokenTree};
use syn::parse::{ParseStream, Parser};
use syn::visit::{self, Visit};
use syn::{Expr, Ident, Macro, Token, Type};

pub(crate) use self::own::NUMBERS;
use self::own::Own;
use super::code::Code;
use super::definitions::Definitions;
use crate::check::tokens::{is_punct, is_word};
use crate::finding::{Finding, Findings, Rule};

/// Macros of assembly. Another check refuses them.
const ELSEWHERE: &[&str] = &["asm", "global_asm", "naked_asm"];

/// Finds every form in `code` that is refused or unknown.
pub(super) fn check(code: &Code, definitions: &Definitions) -> Findings {
    let file = &code.file;
    let own = Own::collect(code);
    let mut shape = Shape {
        definitions,
        own: &own,
        function: None,
        in_trait: None,
        equates: proofs::equates(file, definitions),
        binds: tables::binds(file),
        findings: Findings::new(),
    };
    shape.visit_file(file);
    let words = library::words(code.source.clone());
    library::search(&words, &mut shape.findings);
    nameless::search(&words, &mut shape.findings);
    printed::search(&words, &mut shape.findings);
    adapters::search(code, &own, &mut shape.findings);
    phases::search(file, &mut shape.findings);
    shape.findings
}

struct Shape<'a> {
    definitions: &'a Definitions,
    own: &'a Own,
    /// The function that the check entered last. Findings name it.
    function: Option<String>,
    /// The trait whose definition is visited. It is `None` inside of bodies.
    in_trait: Option<String>,
    /// Whether any trait of the crate has a bound that makes an associated type equal to something.
    equates: bool,
    /// Whether any bound in the crate has a binder.
    binds: bool,
    findings: Findings,
}

impl Shape<'_> {
    fn find(&mut self, rule: Rule, what: String) {
        let mut finding = Finding::new(rule, what);
        finding.function = self.function.clone();
        self.findings.push(finding);
    }

    fn not_understood(&mut self, what: &str) {
        self.find(
            Rule::NotUnderstood,
            format!("{what} is not known to the check of lifetimes"),
        );
    }

    fn begin(&mut self, function: &Ident) {
        self.function = Some(function.to_string());
    }

    /// Judges an expression that the parser has no form for.
    fn verbatim(&mut self, tokens: &TokenStream) {
        // A statement that is only a semicolon has no tokens.
        if tokens.is_empty() {
            return;
        }
        let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
        if let [builtin, mark, name, TokenTree::Group(arguments)] = &tokens[..]
            && is_word(builtin, "builtin")
            && is_punct(Some(mark), '#')
            && is_word(name, "offset_of")
        {
            let read = |input: ParseStream<'_>| {
                let ty: Type = input.parse()?;
                input.parse::<Token![,]>()?;
                input.parse::<TokenStream>()?;
                Ok(ty)
            };
            if let Ok(ty) = read.parse2(arguments.stream()) {
                self.visit_type(&ty);
                return;
            }
        }
        self.not_understood("an expression");
    }
}

impl<'ast> Visit<'ast> for Shape<'_> {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.begin(&item.sig.ident);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.begin(&item.sig.ident);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.begin(&item.sig.ident);
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.function = None;
        self.implementation(item);
        let outer = self.in_trait.take();
        visit::visit_item_impl(self, item);
        self.in_trait = outer;
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.function = None;
        let outer = self.in_trait.replace(item.ident.to_string());
        self.definition(item);
        self.equalities(item);
        self.methods(item);
        self.conditions(item);
        self.printed_bounds(&item.supertraits);
        visit::visit_item_trait(self, item);
        self.in_trait = outer;
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.names_an_item(item);
        match item {
            syn::Item::Struct(it) => self.names_a_type(&it.ident),
            syn::Item::Enum(it) => self.names_a_type(&it.ident),
            syn::Item::Union(it) => self.names_a_type(&it.ident),
            syn::Item::Type(it) => self.names_a_type(&it.ident),
            _ => {}
        }
        match item {
            syn::Item::Verbatim(_) => self.not_understood("an item"),
            syn::Item::TraitAlias(_) => self.not_understood("an alias of a trait"),
            item => visit::visit_item(self, item),
        }
    }

    // The contents of a body are not part of the trait.
    fn visit_block(&mut self, block: &'ast syn::Block) {
        let outer = self.in_trait.take();
        visit::visit_block(self, block);
        self.in_trait = outer;
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        match item {
            syn::ImplItem::Verbatim(_) => self.not_understood("an item of an impl"),
            item => visit::visit_impl_item(self, item),
        }
    }

    fn visit_impl_item_type(&mut self, item: &'ast syn::ImplItemType) {
        self.associated(&item.ident, &item.generics);
        visit::visit_impl_item_type(self, item);
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        match item {
            syn::TraitItem::Verbatim(_) => self.not_understood("an item of a trait"),
            item => visit::visit_trait_item(self, item),
        }
    }

    fn visit_type(&mut self, ty: &'ast Type) {
        match ty {
            Type::Verbatim(_) | Type::Macro(_) => self.not_understood("a type"),
            ty => visit::visit_type(self, ty),
        }
    }

    fn visit_pat(&mut self, pattern: &'ast syn::Pat) {
        match pattern {
            syn::Pat::Verbatim(_) | syn::Pat::Macro(_) => self.not_understood("a pattern"),
            pattern => visit::visit_pat(self, pattern),
        }
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        match expression {
            Expr::Verbatim(tokens) => self.verbatim(tokens),
            expression => visit::visit_expr(self, expression),
        }
    }

    fn visit_expr_match(&mut self, expression: &'ast syn::ExprMatch) {
        self.guards(expression);
        visit::visit_expr_match(self, expression);
    }

    fn visit_expr_index(&mut self, expression: &'ast syn::ExprIndex) {
        self.index(expression);
        visit::visit_expr_index(self, expression);
    }

    fn visit_generics(&mut self, generics: &'ast syn::Generics) {
        self.generics(generics);
        visit::visit_generics(self, generics);
    }

    fn visit_lifetime_param(&mut self, parameter: &'ast syn::LifetimeParam) {
        self.names_a_lifetime(parameter);
        visit::visit_lifetime_param(self, parameter);
    }

    fn visit_type_param(&mut self, parameter: &'ast syn::TypeParam) {
        self.names_a_type(&parameter.ident);
        self.printed_bounds(&parameter.bounds);
        visit::visit_type_param(self, parameter);
    }

    fn visit_predicate_type(&mut self, predicate: &'ast syn::PredicateType) {
        self.printed_bounds(&predicate.bounds);
        visit::visit_predicate_type(self, predicate);
    }

    fn visit_trait_item_type(&mut self, item: &'ast syn::TraitItemType) {
        self.associated(&item.ident, &item.generics);
        self.printed_bounds(&item.bounds);
        visit::visit_trait_item_type(self, item);
    }

    fn visit_type_trait_object(&mut self, object: &'ast syn::TypeTraitObject) {
        self.printed_bounds(&object.bounds);
        visit::visit_type_trait_object(self, object);
    }

    fn visit_type_impl_trait(&mut self, hidden: &'ast syn::TypeImplTrait) {
        self.printed_bounds(&hidden.bounds);
        visit::visit_type_impl_trait(self, hidden);
    }

    fn visit_expr_binary(&mut self, sum: &'ast syn::ExprBinary) {
        self.printed_sum(sum);
        visit::visit_expr_binary(self, sum);
    }

    fn visit_use_rename(&mut self, name: &'ast syn::UseRename) {
        self.names_a_type(&name.rename);
        self.is_no_crates(&name.rename);
    }

    fn visit_type_param_bound(&mut self, bound: &'ast syn::TypeParamBound) {
        match bound {
            syn::TypeParamBound::Verbatim(_) => self.not_understood("a bound"),
            bound => {
                self.says_all(bound);
                visit::visit_type_param_bound(self, bound);
            }
        }
    }

    fn visit_constraint(&mut self, constraint: &'ast syn::Constraint) {
        self.constraint(constraint);
        self.printed_bounds(&constraint.bounds);
        visit::visit_constraint(self, constraint);
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        self.constant(&array.len);
        visit::visit_type_array(self, array);
    }

    fn visit_generic_argument(&mut self, argument: &'ast syn::GenericArgument) {
        match argument {
            syn::GenericArgument::Const(value) => self.constant(value),
            syn::GenericArgument::AssocConst(value) => self.constant(&value.value),
            _ => {}
        }
        visit::visit_generic_argument(self, argument);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let name = call.path.segments.last().map(|it| it.ident.to_string());
        let name = name.unwrap_or_default();
        if ELSEWHERE.contains(&name.as_str()) {
            return;
        }
        self.not_understood(&format!("the macro {name}!"));
    }
}

#[cfg(test)]
mod tests;
