//! Expanded code as all checks of lifetimes see it. It is read once, so that all checks see the same code.
//!
//! A macro's definition is left out, since its uses are expanded. The syntax tree says which tokens are definitions.
//! Code is refused if any other tokens look like a definition. Some calls of the compiler's own macros remain after
//! expansion. If the arguments of such a macro are expressions, they replace the call. Any other macro that remains
//! is unknown.

use proc_macro2::{Delimiter, Group, Spacing, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Expr, ExprBlock, ExprMacro, ExprTuple, File, Item, ItemMacro, ItemMod, Macro, Stmt,
    Token, Type, TypeGroup, TypeParen,
};

/// Macros of the compiler whose arguments are expressions.
const FORMATS: &[&str] = &["format_args", "format_args_nl", "const_format_args"];

/// Expanded code.
pub(super) struct Code {
    /// The whole code, including definitions of macros.
    pub(super) source: TokenStream,
    /// The code without definitions of macros.
    pub(super) tokens: TokenStream,
    /// The code without definitions of macros, and with arguments in place of the macro calls that remain.
    pub(super) file: File,
    /// Definitions of macros.
    pub(super) macros: Vec<TokenStream>,
}

impl Code {
    /// Reads code. The text of an error continues the sentence "the code after expansion …".
    pub(super) fn read(source: TokenStream) -> Result<Self, String> {
        let mut file: File = syn::parse2(source.clone())
            .map_err(|problem| format!("could not be read: {problem}"))?;
        let mut opened = Opened::default();
        opened.visit_file_mut(&mut file);
        let mut looks = Vec::new();
        let tokens = without_definitions(source.clone(), &mut looks);
        if !same(&looks, &opened.definitions) {
            return Err("has `macro_rules` where nothing is defined".to_owned());
        }
        Ok(Code {
            source,
            tokens,
            file,
            macros: opened.definitions.into_iter().map(|it| it.1).collect(),
        })
    }
}

/// Removes parentheses from types, so that comparisons with paths need not look inside them.
pub(super) struct Bare;

impl VisitMut for Bare {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        while let Type::Paren(TypeParen { elem, .. }) | Type::Group(TypeGroup { elem, .. }) = ty {
            *ty = (**elem).clone();
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// A macro's name and body.
type Definition = (String, TokenStream);

fn same(these: &[Definition], those: &[Definition]) -> bool {
    let text = |it: &Definition| (it.0.clone(), it.1.to_string());
    these.iter().map(text).eq(those.iter().map(text))
}

/// Removes definitions of macros from a tree, and replaces each call of one of [`FORMATS`] by a block that evaluates
/// its arguments.
#[derive(Default)]
struct Opened {
    definitions: Vec<Definition>,
}

impl Opened {
    /// Records the item if it defines a macro, and returns whether it does.
    fn is_one(&mut self, item: &Item) -> bool {
        let Item::Macro(ItemMacro {
            ident: Some(name),
            mac,
            ..
        }) = item
        else {
            return false;
        };
        let is_one = mac.path.is_ident("macro_rules");
        if is_one {
            self.definitions
                .push((name.to_string(), mac.tokens.clone()));
        }
        is_one
    }

    fn items(&mut self, items: &mut Vec<Item>) {
        for mut item in std::mem::take(items) {
            if !self.is_one(&item) {
                self.visit_item_mut(&mut item);
                items.push(item);
            }
        }
    }
}

impl VisitMut for Opened {
    fn visit_file_mut(&mut self, file: &mut File) {
        self.items(&mut file.items);
    }

    fn visit_item_mod_mut(&mut self, item: &mut ItemMod) {
        if let Some((_, items)) = &mut item.content {
            self.items(items);
        }
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        for statement in std::mem::take(&mut block.stmts) {
            let mut statement = match statement {
                Stmt::Item(item) if self.is_one(&item) => continue,
                Stmt::Macro(it) => {
                    let (attrs, mac) = (it.attrs, it.mac);
                    Stmt::Expr(Expr::Macro(ExprMacro { attrs, mac }), it.semi_token)
                }
                statement => statement,
            };
            self.visit_stmt_mut(&mut statement);
            block.stmts.push(statement);
        }
    }

    fn visit_expr_mut(&mut self, expression: &mut Expr) {
        if let Expr::Macro(call) = expression
            && let Some(arguments) = arguments(&call.mac)
        {
            *expression = evaluated(arguments);
        }
        visit_mut::visit_expr_mut(self, expression);
    }
}

/// Returns the arguments of a macro that is known to have expressions as arguments.
fn arguments(call: &Macro) -> Option<Punctuated<Expr, Token![,]>> {
    let name = call.path.segments.last()?;
    let is_known = FORMATS.iter().any(|it| name.ident == it);
    let read = Punctuated::parse_terminated;
    is_known
        .then(|| read.parse2(call.tokens.clone()).ok())
        .flatten()
}

/// Returns a block that evaluates these expressions. Checks that accept only simple expressions refuse such a block,
/// as they refuse a macro's call.
fn evaluated(elems: Punctuated<Expr, Token![,]>) -> Expr {
    let all = Expr::Tuple(ExprTuple {
        attrs: Vec::new(),
        paren_token: Default::default(),
        elems,
    });
    Expr::Block(ExprBlock {
        attrs: Vec::new(),
        label: None,
        block: Block {
            brace_token: Default::default(),
            stmts: vec![Stmt::Expr(all, Some(Default::default()))],
        },
    })
}

/// Removes everything that looks like a macro's definition, `macro_rules! name { … }`, and adds it to `found`.
fn without_definitions(source: TokenStream, found: &mut Vec<Definition>) -> TokenStream {
    let tokens: Vec<TokenTree> = source.into_iter().collect();
    let mut rest = &tokens[..];
    let mut left = Vec::new();
    while let [token, following @ ..] = rest {
        if let [
            TokenTree::Ident(word),
            TokenTree::Punct(mark),
            TokenTree::Ident(name),
            TokenTree::Group(body),
            behind @ ..,
        ] = rest
            && word == "macro_rules"
            && mark.as_char() == '!'
            && mark.spacing() == Spacing::Alone
            && body.delimiter() != Delimiter::None
        {
            found.push((name.to_string(), body.stream()));
            rest = behind;
            continue;
        }
        left.push(match token {
            TokenTree::Group(group) => {
                let inner = without_definitions(group.stream(), found);
                TokenTree::Group(Group::new(group.delimiter(), inner))
            }
            token => token.clone(),
        });
        rest = following;
    }
    left.into_iter().collect()
}

#[cfg(test)]
pub(super) mod tests;
