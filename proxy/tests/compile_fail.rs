//! The rules as compile errors: `ui/` has one file for each thing that must not cross, must not be forged, must not
//! be declared or must not be done. The expected errors are those that a user reads.
//!
//! After a change of wording: `TRYBUILD=overwrite cargo test -p samara-proxy --test compile_fail`.

#[test]
fn forbidden_code_does_not_compile() {
    let tests = trybuild::TestCases::new();
    // Because one test passes, trybuild builds all tests instead of only checking them. Some errors are found only
    // during code generation.
    tests.pass("tests/ui/pass.rs");
    tests.compile_fail("tests/ui/*/*.rs");
}
