//! The rules as compile errors: one file in `ui/` for each thing that must not cross, must not be
//! forged, must not be declared or must not be done. The expected errors are what a user reads.
//!
//! After a change of wording: `TRYBUILD=overwrite cargo test -p samara-proxy --test compile_fail`.

#[test]
fn what_must_not_compile_does_not() {
    let tests = trybuild::TestCases::new();
    // With a test that passes all are built, not only checked: some errors come when code is made.
    tests.pass("tests/ui/pass.rs");
    tests.compile_fail("tests/ui/*/*.rs");
}
