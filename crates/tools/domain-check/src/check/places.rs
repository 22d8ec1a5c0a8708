//! Removes places from the compiler's output. A place is the file path with line numbers in the name of a closure or
//! an impl. It need not consist of valid tokens.

/// The beginning and the end of each kind of item name that contains the place of the item's code.
const PLACED: &[(&str, char)] = &[
    ("{async block@", '}'),
    ("{async closure@", '}'),
    ("{closure@", '}'),
    ("{coroutine@", '}'),
    ("{coroutine-closure@", '}'),
    ("<impl at ", '>'),
];

/// Whether a path contains nothing that begins or ends a string, a group or a comment. Letters, digits, spaces and
/// the characters `_-./+'` are allowed, but `//` is not.
pub(super) fn is_plain(path: &str) -> bool {
    let plain = |it: char| it.is_alphanumeric() || "_-./+' ".contains(it);
    path.chars().all(plain) && !path.contains("//")
}

/// Returns the text without its places. A removed place contains nothing that ends a string or a comment. So if a
/// string contains a name of this form, the string still ends at the same token. Returns an error if a place is not
/// understood.
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

/// Returns the start of the first place, and the character that ends it.
fn begin(text: &str) -> Option<(usize, char)> {
    let each = PLACED.iter();
    let each = each.filter_map(|(begin, end)| Some((text.find(begin)? + begin.len(), *end)));
    each.min()
}

/// Whether the closure's name that begins here contains a path of items instead of a place, as in
/// `Option<u8>::insert::{closure#0}}`. Such a name consists of valid tokens, and is left unchanged.
fn is_path(line: &str) -> bool {
    let path = line.split_once("::{closure#").map(|(path, _)| path);
    let is_of_tokens = |path: &str| !["\"", "//", "/*"].iter().any(|it| path.contains(it));
    path.is_some_and(is_of_tokens)
}

/// Whether this is a plain path of a file, followed by a start and an end: `lib.rs:1:2: 3:4`.
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
    fn only_places_are_taken_out() {
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
