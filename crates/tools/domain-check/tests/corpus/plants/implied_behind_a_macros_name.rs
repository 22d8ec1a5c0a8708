//@ rules: implied-bound
//@ says: relies on
#![no_std]
#![forbid(unsafe_code)]
//! rust-lang/rust#25860: a variable has the name by which macros are defined. The expression with which it is
//! compared is taken for the body of a macro's definition, and is skipped.
pub fn forever(of: &u64) -> &'static u64 {
    let macro_rules = 0_u8;
    let mut found: &'static u64 = &0;
    let _ = macro_rules != {
        static UNIT: &() = &();
        fn shorter<'a, 'b>(_: &'a &'b (), of: &'b u64) -> &'a u64 { of }
        let longer: fn(&'static &'static (), &'static u64) -> &'static u64 = shorter;
        let _ = longer;
        let longer: for<'x> fn(&'static &'static (), &'x u64) -> &'static u64 = shorter;
        found = longer(&UNIT, of);
        1
    };
    found
}
