//@ manifest: [lib]
//@ manifest: proc-macro = true
extern crate proc_macro;
use proc_macro::TokenStream;
#[proc_macro] pub fn silent(_: TokenStream) -> TokenStream { "const _: fn() = || { let p = 8 as *mut u8; unsafe { *p = 1 } };".parse().unwrap() }
#[proc_macro] pub fn respanned(input: TokenStream) -> TokenStream { input.into_iter().map(|mut t| { t.set_span(proc_macro::Span::mixed_site()); t }).collect() }
