//@ manifest: [lib]
//@ manifest: proc-macro = true
//@ manifest: [features]
//@ manifest: careless = []
extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro] pub fn nothing(_: TokenStream) -> TokenStream { TokenStream::new() }
