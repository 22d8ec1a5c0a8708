//@ rules: linked-value
//@ says: `head` is handed on as a value
//! A signature that links two lifetimes by a name of its own, and says so: it is plain, and nobody has to prove it.
#![no_std]
#![forbid(unsafe_code)]

pub struct Text<'a>(&'a str);

fn head<'a, 'b>(text: &'a Text<'b>) -> &'a &'b str {
    &text.0
}

pub fn heads<'a, 'b>(texts: &'a [Text<'b>]) -> impl Iterator<Item = &'a &'b str> {
    texts.iter().map(head)
}
