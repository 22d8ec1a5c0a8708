//! Two-phase borrows. The compiler borrows a method's receiver, or a function's argument, before it computes the
//! later arguments, and activates the borrow for writing once all are there. If a `break` or `continue` leaves such
//! an argument, the compiler forgets that the borrow was for writing (rustc issue 160598), and the borrowed place can
//! be read at the same time.
//!
//! A jump that also leaves the function, as `return` and `?` do, leaves no code that could read the place.

use syn::visit::{self, Visit};
use syn::{Expr, File, Label, Lifetime, Signature};

use super::constants::is_assignment;
use crate::finding::{Finding, Findings, Rule};

/// Finds every jump out of code that runs during a two-phase borrow.
pub(super) fn search(file: &File, findings: &mut Findings) {
    let mut jumps = Jumps {
        around: Vec::new(),
        function: None,
        findings,
    };
    jumps.visit_file(file);
}

/// A piece of code around a jump.
#[derive(Debug)]
enum Around {
    Loop(Option<String>),
    Block(String),
    /// Code that runs while a place may be borrowed. The text says what it is.
    Between(&'static str),
}

impl Around {
    fn has(&self, label: &str) -> bool {
        match self {
            Around::Loop(name) => name.as_deref() == Some(label),
            Around::Block(name) => name == label,
            Around::Between(_) => false,
        }
    }
}

struct Jumps<'a> {
    /// The surrounding code in this function, innermost last.
    around: Vec<Around>,
    function: Option<String>,
    findings: &'a mut Findings,
}

impl Jumps<'_> {
    fn within(&mut self, around: Around, look: impl FnOnce(&mut Self)) {
        self.around.push(around);
        look(self);
        self.around.pop();
    }

    /// Runs `look` on a body that no `break` or `continue` can leave, such as that of a function.
    fn body(&mut self, look: impl FnOnce(&mut Self)) {
        let outer = std::mem::take(&mut self.around);
        look(self);
        self.around = outer;
    }

    fn between<'e>(&mut self, what: &'static str, parts: impl IntoIterator<Item = &'e Expr>) {
        for part in parts {
            self.within(Around::Between(what), |it| it.visit_expr(part));
        }
    }

    fn jump(&mut self, word: &str, label: Option<&Lifetime>) {
        let target = match label {
            // A label that a macro wrote differs from another label of the same spelling. So the jump may lead to the
            // outermost label of this spelling.
            Some(label) => {
                let label = label.ident.to_string();
                self.around.iter().position(|it| it.has(&label))
            }
            None => self
                .around
                .iter()
                .rposition(|it| matches!(it, Around::Loop(_))),
        };
        let passed = &self.around[target.unwrap_or(0)..];
        let between = passed.iter().find_map(|it| match it {
            Around::Between(what) => Some(*what),
            _ => None,
        });
        if let Some(what) = between {
            let what = format!(
                "`{word}` leaves {what} while a value before it may be borrowed in two phases: compute this part \
                 before, in a `let`"
            );
            let mut finding = Finding::new(Rule::UnsafeCode, what);
            finding.function = self.function.clone();
            self.findings.push(finding);
        }
    }

    fn in_loop(&mut self, label: Option<&Label>, look: impl FnOnce(&mut Self)) {
        self.within(Around::Loop(label.map(name)), look);
    }
}

fn name(label: &Label) -> String {
    label.name.ident.to_string()
}

impl<'ast> Visit<'ast> for Jumps<'_> {
    fn visit_signature(&mut self, signature: &'ast Signature) {
        self.function = Some(signature.ident.to_string());
        visit::visit_signature(self, signature);
    }

    fn visit_item(&mut self, item: &'ast syn::Item) {
        self.body(|it| visit::visit_item(it, item));
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        self.body(|it| visit::visit_expr_closure(it, closure));
    }

    fn visit_expr_async(&mut self, block: &'ast syn::ExprAsync) {
        self.body(|it| visit::visit_expr_async(it, block));
    }

    fn visit_expr_const(&mut self, block: &'ast syn::ExprConst) {
        self.body(|it| visit::visit_expr_const(it, block));
    }

    fn visit_expr_loop(&mut self, code: &'ast syn::ExprLoop) {
        self.in_loop(code.label.as_ref(), |it| it.visit_block(&code.body));
    }

    fn visit_expr_while(&mut self, code: &'ast syn::ExprWhile) {
        self.in_loop(code.label.as_ref(), |it| visit::visit_expr_while(it, code));
    }

    fn visit_expr_for_loop(&mut self, code: &'ast syn::ExprForLoop) {
        // The iterator is computed before the loop.
        self.visit_expr(&code.expr);
        self.in_loop(code.label.as_ref(), |it| {
            it.visit_pat(&code.pat);
            it.visit_block(&code.body);
        });
    }

    fn visit_expr_block(&mut self, code: &'ast syn::ExprBlock) {
        match &code.label {
            Some(label) => {
                self.within(Around::Block(name(label)), |it| it.visit_block(&code.block))
            }
            None => self.visit_block(&code.block),
        }
    }

    fn visit_expr_break(&mut self, jump: &'ast syn::ExprBreak) {
        self.jump("break", jump.label.as_ref());
        visit::visit_expr_break(self, jump);
    }

    fn visit_expr_continue(&mut self, jump: &'ast syn::ExprContinue) {
        self.jump("continue", jump.label.as_ref());
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.visit_expr(&call.receiver);
        if let Some(types) = &call.turbofish {
            self.visit_angle_bracketed_generic_arguments(types);
        }
        self.between("an argument of a method", &call.args);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        self.visit_expr(&call.func);
        // Before the first argument there is only the function, which is never borrowed in two phases.
        let mut arguments = call.args.iter();
        if let Some(first) = arguments.next() {
            self.visit_expr(first);
        }
        self.between("a later argument of a function", arguments);
    }

    fn visit_expr_binary(&mut self, code: &'ast syn::ExprBinary) {
        self.visit_expr(&code.left);
        if is_assignment(&code.op) {
            self.between("the right side of an operator that assigns", [&*code.right]);
        } else {
            self.visit_expr(&code.right);
        }
    }
}
