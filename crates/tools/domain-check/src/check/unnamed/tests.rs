use std::fs;

use super::search;
use crate::check::evident::Declared;
use crate::check::expand::tests::Compiled;
use crate::check::thir;
use crate::check::typed::{self, Told};
use crate::finding::Findings;

fn look(tried: &Compiled) -> Result<Findings, String> {
    let declared = typed::look(
        Told::Wholly,
        &tried.invocation,
        &Compiled::run,
        Declared::of,
    )?;
    search(&thir::print(&tried.invocation, &Compiled::run)?, &declared)
}

fn found_in(name: &str, code: &str) -> Findings {
    let head = "#![no_std]\nextern crate alloc;\n";
    let tried = Compiled::new(name, &format!("{head}{code}"), &["-Aunused"]);
    look(&tried).unwrap_or_else(|problem| panic!("{code}: {problem}"))
}

/// Code for the tests: a trait that all types implement, and types of all kinds.
const TYPES: &str = "
    use alloc::{boxed::Box, rc::Rc, sync::Arc, vec::Vec};
    use core::{cell::{Cell, RefCell}, fmt::{self, Debug}, pin::Pin, ptr::NonNull};
    pub trait Any { fn any(&self) {} }
    impl<T: ?Sized> Any for T {}
    pub trait Of<T> { fn of(&self) {} }
    impl<T, U: ?Sized> Of<T> for U {}
    pub struct At<'a>(pub Option<&'a u8>);
    pub struct Long<'a>(pub Option<&'a u8>) where 'a: 'static;
    pub struct Own<T>(pub Option<T>);
    pub struct Static<T: 'static>(pub Option<T>);
    pub struct Lent<'a, T>(pub Option<&'a T>);
    pub struct Two<'a, 'b>(pub Option<&'a u8>, pub Option<&'b u8>);
    pub struct Kept<T>(pub Option<T>);
    impl<T> Drop for Kept<T> { fn drop(&mut self) {} }
    pub struct Loan<'a>(pub &'a u8);
    impl Drop for Loan<'_> { fn drop(&mut self) {} }
    pub fn early<'a: 'a, T>(_: Option<&'a T>) {}
    pub fn number(_: u8) -> u8 { 1 }
    pub fn hides<'a, 'b>(a: &'a u8, b: &'b u8) -> impl Sized + use<'a, 'b> { (a, b) }
    pub async fn waits(of: &u8) -> u8 { *of }
    pub fn object<T: Any>(of: &T) -> &dyn Any { of }
";

/// Invariant: CHECK-14
#[test]
fn a_type_that_is_not_evident_is_refused() {
    for (number, code) in [
        "pub fn f<'a>(it: Option<&'a &u8>) { let _: &dyn Any = &it; }",
        "pub fn f<T>(it: Option<&T>) { let _: &dyn Any = &it; }",
        "pub fn f<T: Iterator>(it: Option<&T::Item>) { let _: &dyn Any = &it; }",
        "pub fn f(it: Own<Cell<Option<&Cell<&u8>>>>) { let _: &mut dyn Any = &mut { it }; }",
        "pub fn f<T>(it: Lent<'_, T>) { let _ = &it as &dyn Any; }",
        "pub fn f<'a>(it: Two<'a, '_>) { let _: Box<dyn Any + '_> = Box::new(it); }",
        "pub fn f(it: Long<'static>) -> Rc<dyn Any> { Rc::new(it) }",
        "pub fn f<T: 'static>(it: Static<T>) -> Arc<dyn Any> { Arc::new(it) }",
        "pub fn f(it: Pin<&mut Lent<'_, At<'_>>>) { let _: Pin<&mut dyn Any> = it; }",
        "pub fn f(it: NonNull<Own<&&u8>>) { let _: NonNull<dyn Any> = it; }",
        "pub fn f(it: &Cell<Own<&&u8>>) { let _ = it as *const Cell<Own<&&u8>> as *const dyn Any; }",
        "pub fn f(it: Rc<RefCell<&&u8>>) { let _: Rc<RefCell<dyn Any + '_>> = it; }",
        "pub fn f(it: core::cell::Ref<'_, &&u8>) { let _: core::cell::Ref<'_, dyn Any + '_> = it; }",
        "pub fn f<T>(it: &T) { let by: &dyn Fn() = &|| drop(it); }",
        "pub fn f<T>() { let _: &dyn Any = &|it: Own<T>| early(it.0.as_ref()); let _: &dyn Any = &early::<T>; }",
        "pub fn f() { let _: &dyn Any = &early::<&u8>; }",
        "pub fn f<T>() { let by = |it| early::<T>(it); let _: &dyn Any = &by; by(None) }",
        "pub fn f(a: &u8, b: &u8) { let _: &dyn Any = &hides(a, b); }",
        "pub fn f<T>(it: &T) { let _: &dyn Any = &async { drop(it); }; }",
        "pub fn f(it: fn(&'static At<'static>)) { let _: &dyn Any = &it; }",
        "pub fn f<'a>(it: &(dyn Of<&'a u8> + '_)) { let _: &dyn Any = &it; }",
        "pub const C: &(dyn Any + Sync) = &None::<&'static &'static u8>;",
        "pub static S: [&(dyn Any + Sync); 1] = [&None::<&&u8>];",
        "pub trait Has { fn has(&self) where Self: Sized { let _: &dyn Any = &Some(self); } }",
        "macro_rules! of { ($it:expr) => { &$it as &dyn Any } } pub fn f(it: &&u8) { of!(it); }",
        "impl Any2 for Own<&u8> {} pub trait Any2 {} pub fn f() { || async { let _: &dyn Any = &None::<&&u8>; }; }",
        "pub fn f(it: &&u8) { Kept(Some(it)); }",
        "pub fn f<T>(it: Option<&T>) { let _ = Kept { 0: it }; }",
        "pub fn f(it: &&u8) { struct Last<T>(T); impl<T> Drop for Last<T> { fn drop(&mut self) {} } || Last(it); }",
        "pub enum Last<T> { Of(T) } type Other<T> = Last<T>; impl<T> Drop for Other<T> { fn drop(&mut self) {} } pub fn f(it: &&u8) { Other::Of(it); }",
        "impl At<'_> { pub fn f(it: &&u8) { struct Last<T>(T); impl<T> Drop for Last<T> { fn drop(self: &mut Self) {} } Last::<_>(it); } }",
        "pub fn f(at: &At<'_>) { let by = <At<'_> as Any>::any; by(at); }",
        "pub fn f(at: &At<'_>) { let by = (<At<'_> as Any>::any, 1); (by.0)(at); }",
        "pub fn f<'a>(at: &At<'a>) { ({ <At<'a> as Any>::any })(at); }",
        "pub fn f<'a>(at: &At<'a>) { let by = <At<'a> as Any>::any; let by: fn(&At<'a>) = by; by(at); }",
        "pub fn f<'a>(at: &At<'a>) { let by = &<At<'a> as Any>::any; (*by)(at); }",
        "pub fn f<'a>(at: &At<'a>) { let by = <At<'a> as Any>::any; let again = || { by(at) }; again() }",
        "pub fn f(at: &Box<dyn for<'a> Of<&'a u8>>) { let by = <Box<dyn for<'a> Of<&'a u8>> as Any>::any; by(at); }",
        "pub fn f(at: &fn(&u8)) { let by = <fn(&u8) as Any>::any; by(at); }",
        "pub struct Guard<'a, T>(&'a T); impl<T> Drop for Guard<'_, T> { fn drop(&mut self) {} }",
        "pub struct Guard<'a, 'b>(&'a &'b u8); impl<'a, 'b> Drop for Guard<'a, 'b> { fn drop(&mut self) {} }",
        "use Two as Other; impl Drop for Other<'_, '_> { fn drop(&mut self) {} }",
        "impl<'a: 'static> Drop for Long<'a> { fn drop(&mut self) {} }",
        "impl<T: 'static> Drop for Static<T> { fn drop(&mut self) {} }",
        "pub enum Guard<T> where (T,): 'static { A(T) } impl<T> Drop for Guard<T> where (T,): 'static { fn drop(&mut self) {} }",
        "pub fn f() { struct Guard<'a, const N: usize>(&'a [u8; N]); impl<const N: usize> Drop for Guard<'_, N> { fn drop(&mut self) {} } }",
        "impl Debug for &Own<&u8> { fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) } } pub fn f(it: &Own<&u8>) { let _: &dyn Debug = &it; }",
        "#[derive(Debug)] pub struct Shows<'a, 'b>(&'a u8, &'b u8); pub fn f(it: Shows<'_, '_>) { let _: &dyn Debug = &it; }",
        "pub fn f<'a, T>(it: &'a T) { let by: &dyn Fn() = &|| { &it; }; }",
        "pub fn f<T: Clone>(it: T) { let by: &dyn Fn() = &|| { it.clone(); }; }",
        "pub fn f<T>() { let none = || None; let _: &dyn Any = &none; early::<T>(none()) }",
        "pub fn f<'a>(it: Box<dyn Of<&'a u8> + '_>) { let _: &dyn Any = &Some(it); }",
        "pub fn f(it: *const &'static &u8) { let _: &dyn Any = &it; }",
        "pub fn f<'a>(it: &&'a &'a u8) { let by: &dyn Fn() = &|| { it; }; }",
        "pub fn f<'a>(it: &'a At<'a>) { let by: &dyn Fn(&'a At<'a>) = &|at| (); }",
    ]
    .into_iter()
    .enumerate()
    {
        let found = found_in(&format!("unnamed-{number}"), &format!("{TYPES}{code}"));
        assert!(!found.is_empty(), "{code}");
    }
}

/// Invariant: CHECK-14
#[test]
fn everyday_types_pass() {
    let code = format!(
        "{TYPES}
        #[derive(Debug)]
        pub struct Text<'a> {{ name: &'a str, rest: Option<&'a [u8]>, inner: Vec<(&'a str, u8)> }}
        #[derive(Debug)]
        pub struct Page<'a, T> {{ texts: &'a [Text<'a>], of: &'a T, all: Vec<Option<&'a T>>, kept: Box<[T; 2]>, last: &'a mut &'a T }}
        #[derive(Debug)]
        pub enum Error<'a> {{ None, Long {{ text: &'a str }}, Cell(RefCell<u8>, &'a Text<'a>) }}
        pub fn objects<'a, T: Debug>(it: &T, at: At<'a>, text: &'a str, own: Own<T>) {{
            let _: &dyn Any = &at;
            let _: &dyn Any = &text;
            let _: &dyn Any = &own;
            let _: &dyn Any = &[at.0, None];
            let _: &dyn Any = &(text, 1);
            let _: &dyn Any = &Own(Some(text));
            let _: &dyn Any = &None::<Static<&'static u8>>.is_none();
            let _: &dyn Fn(u8) -> u8 = &number;
            let _: &dyn Fn(&u8) -> u8 = &|it| *it;
            let _: &dyn Fn() -> &'a str = &|| text;
            let _: &dyn Fn(&T) = &|it| drop(it);
            let mut texts = Vec::new();
            let _: &mut dyn FnMut() = &mut || texts.push(text);
            let at = &at;
            let _: Box<dyn Fn() -> bool + '_> = Box::new(move || at.0.is_some());
            let mut count = 0;
            let _: &mut dyn FnMut(&str, &[u8]) = &mut |a, b| count += a.len() + b.len();
            let _: Pin<Box<dyn Future<Output = u8> + 'a>> = Box::pin(async move {{ text.len() as u8 }});
            let _: Rc<RefCell<dyn Any>> = Rc::new(RefCell::new(1));
            let _: [&dyn Debug; 2] = [&it, &text];
            let _: &[&dyn Debug] = &[&it, &text];
            let any: &dyn Any = &1;
            let all: &[Option<&dyn Any>] = &[Some(any)];
            object(&all);
            object(&Some(it));
            let again: &dyn Debug = &Some(it);
            let cell = RefCell::new(1);
            let _: core::cell::RefMut<'_, dyn Any> = cell.borrow_mut();
            let by = <u8 as Any>::any;
            by(&1);
            let by: fn(&At<'a>) = <At<'a> as Any>::any;
            by(at);
            let by = |at: &At<'a>| <At<'a> as Any>::any(at);
            by(at);
            Some(at).map(<At<'a> as Any>::any);
            let by = <Own<T> as Any>::any;
            let _ = (Loan(&1), Kept(Some(1)), Kept(Some(text)));
        }}
        pub mod own {{ pub fn drop(it: &mut super::Two<'_, '_>) -> bool {{ it.0.is_some() }} }}
        pub fn returns(of: &u8) -> Box<dyn Future<Output = u8> + '_> {{ Box::new(waits(of)) }}
        pub fn shortens<'a>(it: &'a mut (dyn Of<&'a &'a u8> + 'static)) -> &'a mut (dyn Of<&'a &'a u8> + 'a) {{ it }}
        pub fn prints(it: &Page<'_, &&u8>) -> alloc::string::String {{ alloc::format!(\"{{it:?}} {{:?}}\", it) }}
        "
    );
    let found = found_in("everyday", &code);
    assert!(found.is_empty(), "{found:#?}");
}

/// Each plant reads freed memory. This check alone refuses the way in which the plant's type gets to the code that
/// reads it.
///
/// Invariant: CHECK-14
#[test]
fn plants_of_unproved_types_are_refused_here_alone() {
    let plants = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus/plants");
    let mut refused = 0;
    for entry in fs::read_dir(plants).expect("plants") {
        let path = entry.expect("a file").path();
        let code = fs::read_to_string(&path).expect("readable");
        let rules = ["unproved-type", "linked-destructor", "held-function"];
        if rules
            .iter()
            .any(|rule| code.contains(&format!("rules: {rule}")))
        {
            let tried = Compiled::new("unproved", &code, &["-Aunused"]);
            let found = look(&tried).expect("it compiles");
            assert!(!found.is_empty(), "{}", path.display());
            refused += 1;
        }
    }
    assert!(refused >= 36, "{refused}");
}
