//! Unsound functions of the standard library.

use super::{accepted, refused};

/// Invariant: AUTH-26
#[test]
fn unsound_library_functions_are_refused() {
    refused(&[
        ("fn f() { map.split_off(&key); }", "`split_off`"),
        (
            "fn f() { BTreeMap::r#split_off(map, &key); }",
            "`split_off`",
        ),
        (
            "fn f() { format_args!(\"{}\", x.split_off(1)); }",
            "`split_off`",
        ),
        (
            "use alloc::vec::Vec as V; fn f() { let g = V::<u8>::split_off; }",
            "`split_off`",
        ),
    ]);
    accepted(&["fn f() { x.drain(1..).collect::<V>(); x.split_at(1); x.split_off_first(); }"]);
}
