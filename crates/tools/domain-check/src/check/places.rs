//! Places in what the compiler prints: the paths in names of closures and of impls, which need not be tokens.

/// What begins and what ends the name of an item whose code stands elsewhere, and that has its place in it.
const PLACED: &[(&str, char)] = &[
    ("{async block@", '}'),
    ("{async closure@", '}'),
    ("{closure@", '}'),
    ("{coroutine@", '}'),
    ("{coroutine-closure@", '}'),
    ("<impl at ", '>'),
];

/// Whether a path begins or ends no token's text: no quote, no bracket, no comment.
pub(super) fn is_plain(path: &str) -> bool {
    let plain = |it: char| it.is_alphanumeric() || "_-./+' ".contains(it);
    path.chars().all(plain) && !path.contains("//")
}

/// The text without its places. A place that is taken out has nothing that ends a text or a comment, so a name of this form
/// in a text hides nothing behind it. The problem names a place that isn't understood.
pub(super) fn without(text: &str) -> Result<String, String> {
    let mut all = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some((at, end)) = begin(rest) {
            let (before, after) = rest.split_at(at);
            let place = after.split(end).next().unwrap_or_default();
            let is_cut = place.len() < after.len() && is_place(place);
            let is_tokens = end == '}' && is_path(after);
            if !is_cut && !is_tokens {
                let line = line.trim();
                return Err(format!(
                    "`{line}` names a place that can't be told from code: files and texts of a domain have plain names"
                ));
            }
            all.push_str(before);
            rest = if is_cut { &after[place.len()..] } else { after };
        }
        all.push_str(rest);
    }
    Ok(all)
}

/// Where the first place begins, and what ends it.
fn begin(text: &str) -> Option<(usize, char)> {
    let each = PLACED.iter();
    let each = each.filter_map(|(begin, end)| Some((text.find(begin)? + begin.len(), *end)));
    each.min()
}

/// Whether a closure's name begins here that is no place but a path of items, as `Option<u8>::insert::{closure#0}}`. It is
/// of tokens, and left as it is.
fn is_path(line: &str) -> bool {
    let path = line.split_once("::{closure#").map(|(path, _)| path);
    let is_of_tokens = |path: &str| !["\"", "//", "/*"].iter().any(|it| path.contains(it));
    path.is_some_and(is_of_tokens)
}

/// Whether this is a file's plain path, and where in it something begins and ends: `lib.rs:1:2: 3:4`.
fn is_place(place: &str) -> bool {
    let mut parts = place.rsplitn(5, ':');
    let mut number = |prefix: &str| {
        let part = parts.next().and_then(|it| it.strip_prefix(prefix));
        part.is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    };
    let numbers = number("") && number(" ") && number("") && number("");
    numbers && parts.next().is_some_and(is_plain)
}

#[cfg(test)]
mod tests {
    use super::{is_plain, without};

    /// Invariant: AUTH-28
    #[test]
    fn places_are_taken_out_of_names() {
        for (text, left) in [
            (
                "(x as {closure@/it's/lib.rs:1:2: 1:3})",
                "(x as {closure@})",
            ),
            (
                "<impl at src/a b.rs:14:1: 14:22>::f::{closure#0}",
                "<impl at >::f::{closure#0}",
            ),
            (
                "{closure@check<&u8, {closure@a.rs:75:54: 75:61}>::{closure#0}}",
                "{closure@check<&u8, {closure@}>::{closure#0}}",
            ),
            ("{async block@a.rs:1:2: 3:4} y @ 1", "{async block@} y @ 1"),
        ] {
            assert_eq!(without(text).as_deref(), Ok(left));
        }
    }

    /// Invariant: AUTH-28
    #[test]
    fn what_is_no_place_is_not_taken_out() {
        for text in [
            "\"{closure@\"; (it as *const u8); \"}\"",
            "{closure@a(b.rs:1:2: 1:3}",
            "{closure@a\"b.rs:1:2: 1:3}",
            "{closure@a//b.rs:1:2: 1:3}",
            "{closure@a*/b.rs:1:2: 1:3}",
            "{closure@a\nb.rs:1:2: 1:3}",
            "{closure@lib.rs:1:2: 1:3",
            "{closure@lib.rs}",
            "\"{closure@\"; (it as *const u8); f::{closure#0}",
            "{closure@a//b.rs:1:2: 1:3}>::{closure#0}",
            "<impl at a,b.rs:1:2: 1:3>::f",
        ] {
            assert!(without(text).is_err(), "{text}");
        }
        assert!(is_plain("/a-b/it's/c_d.e +.rs") && !is_plain("a:1:1: 1:1} b.rs"));
    }
}
