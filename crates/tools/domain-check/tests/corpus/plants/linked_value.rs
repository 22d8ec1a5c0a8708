//@ rules: linked-value
//@ says: `head` is handed on as a value
//! The signature visibly links two lifetimes. If the function is used as a value, it is called without a proof of the
//! bound that this link implies.
#![no_std]
#![forbid(unsafe_code)]

pub struct Text<'a>(&'a str);

fn head<'a, 'b>(text: &'a Text<'b>) -> &'a &'b str {
    &text.0
}

pub fn heads<'a, 'b>(texts: &'a [Text<'b>]) -> impl Iterator<Item = &'a &'b str> {
    texts.iter().map(head)
}
