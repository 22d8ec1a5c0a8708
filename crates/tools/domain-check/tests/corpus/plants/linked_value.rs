//@ rules: linked-value
//@ says: `head` is handed on as a value
//! The signature visibly links two lifetimes. As a value, the function would be called without a proof of the bound
//! that this implies.
#![no_std]
#![forbid(unsafe_code)]

pub struct Text<'a>(&'a str);

fn head<'a, 'b>(text: &'a Text<'b>) -> &'a &'b str {
    &text.0
}

pub fn heads<'a, 'b>(texts: &'a [Text<'b>]) -> impl Iterator<Item = &'a &'b str> {
    texts.iter().map(head)
}
