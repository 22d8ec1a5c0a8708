//@ rules: unsafe-attribute
//@ says: unsafe attribute (link_section
//@ manifest: [dependencies]
//@ manifest: support-macros = { path = "../support-macros" }
#![no_std]
#![forbid(unsafe_code)]
support_macros::placed!(CODE);
