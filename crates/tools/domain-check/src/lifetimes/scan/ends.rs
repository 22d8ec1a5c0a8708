//! Finds the end of a type in a list of types.

use proc_macro2::{TokenStream, TokenTree};

/// Returns the tokens of the first type, or of the first type with its bounds. Without this limit, a long list of
/// types would be read again for each of its types.
pub(super) fn of_one_type(tokens: &[TokenTree]) -> TokenStream {
    let mut depth = 0;
    let mut before = ' ';
    let mut found = Vec::new();
    for token in tokens {
        let mark = match token {
            TokenTree::Punct(mark) => mark.as_char(),
            _ => ' ',
        };
        match mark {
            ';' => break,
            ',' if depth == 0 => break,
            '<' => depth += 1,
            '>' if before == '-' || before == '=' => {}
            '>' if depth == 0 => break,
            '>' => depth -= 1,
            _ => {}
        }
        before = mark;
        found.push(token.clone());
    }
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::of_one_type;

    /// Invariant: CHECK-11
    #[test]
    fn only_the_first_type_of_a_list_is_read() {
        for (list, first) in [
            ("fn(&u8) -> &u8, fn(&u8) -> &u8", "fn(&u8) -> &u8"),
            ("fn(A, B) -> C<D, E>, F", "fn(A, B) -> C<D, E>"),
            (
                "for<'a, 'b> F: G<'a, T> + H -> I, J",
                "for<'a, 'b> F: G<'a, T> + H -> I",
            ),
            ("fn(A)> = b", "fn(A)"),
            ("F(A) -> B<C; D", "F(A) -> B<C"),
        ] {
            let tokens = |source: &str| source.parse::<proc_macro2::TokenStream>().expect("tokens");
            let list: Vec<_> = tokens(list).into_iter().collect();
            assert_eq!(of_one_type(&list).to_string(), tokens(first).to_string());
        }
    }
}
