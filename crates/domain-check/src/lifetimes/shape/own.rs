//! The crate's own functions by name, and the words of its macros.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{File, Macro, Signature, Type};

/// Names, wherever they stand.
#[derive(Debug, Default)]
pub(super) struct Own {
    /// Words in definitions of macros.
    of_macros: BTreeSet<String>,
    functions: BTreeSet<String>,
    /// Those that take something else than `&self`.
    not_reading: BTreeSet<String>,
}

impl Own {
    pub(super) fn collect(file: &File) -> Self {
        let mut own = Own::default();
        own.visit_file(file);
        own
    }

    /// Whether a macro may have written this name, which then is another one than what is spelled alike.
    pub(super) fn is_of_a_macro(&self, name: &str) -> bool {
        self.of_macros.contains(name)
    }

    /// Whether a function has this name.
    pub(super) fn has(&self, function: &str) -> bool {
        self.functions.contains(function)
    }

    /// Whether every function of this name, if there is one, takes `&self`.
    pub(super) fn only_reads(&self, function: &str) -> bool {
        !self.not_reading.contains(function)
    }
}

impl<'ast> Visit<'ast> for Own {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        let name = signature.ident.to_string();
        let reads = signature.receiver().is_some_and(
            |receiver| matches!(&*receiver.ty, Type::Reference(it) if it.mutability.is_none()),
        );
        if !reads {
            self.not_reading.insert(name.clone());
        }
        self.functions.insert(name);
        visit::visit_signature(self, signature);
    }

    fn visit_macro(&mut self, definition: &'ast Macro) {
        if definition.path.is_ident("macro_rules") {
            words(definition.tokens.clone(), &mut self.of_macros);
        }
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
