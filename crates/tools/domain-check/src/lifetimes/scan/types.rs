//! Definitions of types. The types inside them can use their parameters.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::Generics;
use syn::parse::{ParseStream, Parser};

use super::Scan;
use super::generics::walk_generics;
use crate::lifetimes::walk::Scope;

/// Whether a word begins a type's definition, judging by the next token.
pub(super) fn defines(word: &Ident, next: Option<&TokenTree>) -> bool {
    let is_word = ["struct", "enum", "union", "type"]
        .iter()
        .any(|it| word == it);
    is_word && matches!(next, Some(TokenTree::Ident(_)))
}

impl Scan<'_> {
    /// Checks a struct, an enum, a union or an alias, including its body. Returns the number of its tokens.
    pub(super) fn type_item(&mut self, tokens: &[TokenTree], around: &Scope) -> usize {
        let end = end(tokens);
        let what = format!("{} {}", tokens[0], tokens[1]);
        let rest = &tokens[2..end];
        let mut scope = around.clone();
        match generics.parse2(rest.iter().cloned().collect()) {
            Ok(generics) => {
                self.add(&mut scope, &generics, &what);
                self.bounds(&mut scope, &what, |walk| walk_generics(walk, &generics));
            }
            Err(problem) => self.not_understood(&what, &problem),
        }
        self.descend(rest.iter().cloned().collect(), around, &scope);
        end
    }
}

/// Reads parameters, and the where clause after them.
fn generics(input: ParseStream<'_>) -> syn::Result<Generics> {
    let mut generics: Generics = input.parse()?;
    // For a tuple struct, the clause comes after the parentheses.
    if input.peek(syn::token::Paren) {
        input.parse::<proc_macro2::Group>()?;
    }
    if input.peek(syn::Token![where]) {
        generics.where_clause = input.parse()?;
    }
    input.parse::<TokenStream>()?;
    Ok(generics)
}

/// Returns where a definition ends: after its body, or after its semicolon.
fn end(tokens: &[TokenTree]) -> usize {
    let (mut depth, mut before) = (0, ' ');
    for (index, token) in tokens.iter().enumerate() {
        let mark = match token {
            TokenTree::Punct(mark) => mark.as_char(),
            TokenTree::Group(group) if depth == 0 && group.delimiter() == Delimiter::Brace => {
                return index + 1;
            }
            _ => ' ',
        };
        match mark {
            ';' => return index + 1,
            '<' => depth += 1,
            '>' if before == '-' || before == '=' => {}
            '>' => depth -= 1,
            _ => {}
        }
        before = mark;
    }
    tokens.len()
}
