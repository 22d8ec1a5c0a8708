//! The crate's own functions by name.

use std::collections::BTreeSet;

use syn::visit::{self, Visit};
use syn::{File, Signature, Type};

/// Names of functions, wherever they stand.
#[derive(Debug, Default)]
pub(super) struct Own {
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
}
