//! The crate's own functions by name, and the words of its macros.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{FnArg, Ident, ItemType, Signature, Type, TypeParam, UseName, UseRename};

use crate::lifetimes::code::Code;

/// Names from all places in the code.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Words in definitions of macros.
    of_macros: BTreeSet<String>,
    functions: BTreeSet<String>,
    /// Names of functions that do not take `&self`.
    not_reading: BTreeSet<String>,
    /// Whether an operator may write through its right side.
    writing_operators: bool,
}

/// Functions that operators call with their right side as an argument.
const OPERATORS: &[&str] = &[
    "add", "bitand", "bitor", "bitxor", "div", "mul", "rem", "shl", "shr", "sub",
];

/// The types of numbers, `bool` and `char`. Through their values nothing can be written.
pub(crate) const NUMBERS: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
    "u64", "u128", "usize",
];

/// Whether certainly nothing can be written through a value of this type. The answer assumes that a number's name
/// means a number.
fn is_read(ty: &Type) -> bool {
    match ty {
        Type::Reference(it) => it.mutability.is_none(),
        ty => is_number(ty),
    }
}

/// Whether this is the name of a number type.
pub(super) fn is_number(ty: &Type) -> bool {
    let Type::Path(it) = ty else { return false };
    let name = it.path.get_ident();
    name.is_some_and(|name| NUMBERS.iter().any(|it| name == it))
}

impl Own {
    pub(super) fn collect(code: &Code) -> Self {
        let mut own = Own::default();
        for definition in &code.macros {
            words(definition.clone(), &mut own.of_macros);
        }
        own.visit_file(&code.file);
        own
    }

    /// Whether a macro may have written this name. To the compiler such a name differs from a name of the same
    /// spelling that no macro wrote.
    pub(super) fn is_of_a_macro(&self, name: &str) -> bool {
        self.of_macros.contains(name)
    }

    /// Whether a function has this name.
    pub(super) fn has(&self, function: &str) -> bool {
        self.functions.contains(function)
    }

    /// Whether an operator may write through its right side.
    pub(super) fn has_writing_operators(&self) -> bool {
        self.writing_operators
    }

    /// Whether every function of this name, if there is one, takes `&self`.
    pub(super) fn only_reads(&self, function: &str) -> bool {
        !self.not_reading.contains(function)
    }
}

impl Own {
    /// Records the name of a type at its definition: a number's name may mean another type.
    fn names_a_type(&mut self, name: &Ident) {
        self.writing_operators |= NUMBERS.iter().any(|it| name == it);
    }
}

impl Visit<'_> for Own {
    fn visit_item_type(&mut self, item: &ItemType) {
        self.names_a_type(&item.ident);
        visit::visit_item_type(self, item);
    }

    fn visit_type_param(&mut self, parameter: &TypeParam) {
        self.names_a_type(&parameter.ident);
        visit::visit_type_param(self, parameter);
    }

    fn visit_use_name(&mut self, name: &UseName) {
        self.names_a_type(&name.ident);
    }

    fn visit_use_rename(&mut self, name: &UseRename) {
        self.names_a_type(&name.rename);
    }

    fn visit_signature(&mut self, signature: &Signature) {
        let name = signature.ident.to_string();
        let reads = signature.receiver().is_some_and(
            |receiver| matches!(&*receiver.ty, Type::Reference(it) if it.mutability.is_none()),
        );
        if !reads {
            self.not_reading.insert(name.clone());
        }
        let right = signature.inputs.iter().nth(1);
        let writes = matches!(right, Some(FnArg::Typed(it)) if !is_read(&it.ty));
        self.writing_operators |= writes && OPERATORS.contains(&name.as_str());
        self.functions.insert(name);
        visit::visit_signature(self, signature);
    }
}

fn words(tokens: TokenStream, all: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => words(group.stream(), all),
            TokenTree::Ident(word) => {
                all.insert(word.to_string());
            }
            _ => {}
        }
    }
}
