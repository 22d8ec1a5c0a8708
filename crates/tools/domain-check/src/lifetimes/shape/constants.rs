//! Constants in types: the lengths of arrays, and the arguments and defaults of const parameters.
//!
//! They may contain whole programs, including impls, in places that the check of headers does not read.

use syn::{BinOp, Expr, Stmt};

use super::Shape;
use crate::finding::Rule;

impl Shape<'_> {
    pub(super) fn constant(&mut self, value: &Expr) {
        if !is_plain(value) {
            let what =
                "a constant in a type is more than a calculation: give it a name with `const`";
            self.find(Rule::NotUnderstood, what.to_owned());
        }
    }
}

/// Whether an expression only calculates with literals, constants and calls.
fn is_plain(value: &Expr) -> bool {
    match value {
        Expr::Lit(_) | Expr::Path(_) | Expr::Infer(_) => true,
        Expr::Unary(it) => is_plain(&it.expr),
        Expr::Paren(it) => is_plain(&it.expr),
        Expr::Group(it) => is_plain(&it.expr),
        Expr::Cast(it) => is_plain(&it.expr),
        Expr::Field(it) => is_plain(&it.base),
        Expr::Reference(it) => is_plain(&it.expr),
        Expr::Tuple(it) => it.elems.iter().all(is_plain),
        Expr::Array(it) => it.elems.iter().all(is_plain),
        Expr::Index(it) => is_plain(&it.expr) && is_plain(&it.index),
        Expr::Binary(it) => !is_assignment(&it.op) && is_plain(&it.left) && is_plain(&it.right),
        Expr::Call(it) => is_plain(&it.func) && it.args.iter().all(is_plain),
        Expr::MethodCall(it) => is_plain(&it.receiver) && it.args.iter().all(is_plain),
        Expr::Block(it) => {
            matches!(&it.block.stmts[..], [Stmt::Expr(value, None)] if is_plain(value))
        }
        _ => false,
    }
}

/// Whether an operator writes to its left operand.
pub(super) fn is_assignment(operator: &BinOp) -> bool {
    !is_comparison(operator) && !is_logic(operator) && !is_arithmetic(operator)
}

fn is_comparison(operator: &BinOp) -> bool {
    matches!(
        operator,
        BinOp::Eq(_) | BinOp::Ne(_) | BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_)
    )
}

fn is_logic(operator: &BinOp) -> bool {
    matches!(operator, BinOp::And(_) | BinOp::Or(_))
}

pub(super) fn is_arithmetic(operator: &BinOp) -> bool {
    matches!(
        operator,
        BinOp::Add(_)
            | BinOp::Sub(_)
            | BinOp::Mul(_)
            | BinOp::Div(_)
            | BinOp::Rem(_)
            | BinOp::BitXor(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::Shl(_)
            | BinOp::Shr(_)
    )
}
