//! Names of functions in one form, so that the names from the compiler (at run time) and from rustdoc can be
//! compared.

use std::fmt;

/// A function's name: `Type::function`, `Type as Trait::function`, or `module::function`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    /// The type or the module.
    of: String,
    /// The trait and the function; without a trait, the type or module and the function.
    member: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} as {}", self.of, self.member)
    }
}

/// Returns `path` without everything that is in angle brackets.
fn bare(path: &str) -> String {
    let mut depth = 0_usize;
    let mut bare = String::new();
    for character in path.chars() {
        match character {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(character),
            _ => {}
        }
    }
    bare
}

/// Splits `text` at the first closing angle bracket that has no opening one in `text`.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_usize;
    for (at, character) in text.char_indices() {
        match character {
            '<' => depth += 1,
            '>' if depth == 0 => return Some((&text[..at], &text[at + 1..])),
            '>' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn last(path: &str) -> &str {
    path.trim_end_matches(':')
        .rsplit("::")
        .next()
        .unwrap_or(path)
}

impl Name {
    pub(crate) fn free(path: &[String]) -> Self {
        let [.., module, name] = path else {
            return Self {
                of: String::new(),
                member: path.concat(),
            };
        };
        Self {
            of: module.clone(),
            member: format!("{module}::{name}"),
        }
    }

    pub(crate) fn member_of(of: &str, of_trait: Option<&str>, function: &str) -> Self {
        let by = of_trait.unwrap_or(of);
        Self {
            of: of.into(),
            member: format!("{by}::{function}"),
        }
    }

    /// Parses the name that [`std::any::type_name`] gives a function.
    pub(crate) fn of_function(name: &str) -> Self {
        let name = name.trim_end_matches("::{{closure}}");
        // `<type as trait>::function`
        if let Some(qualified) = name.strip_prefix('<')
            && let Some((of, rest)) = qualified.split_once(" as ")
            && let Some((of_trait, function)) = rest.rsplit_once(">::")
        {
            let (of, of_trait) = (bare(of), bare(of_trait));
            return Self::member_of(last(&of), Some(last(&of_trait)), last(&bare(function)));
        }
        // `module::<impl type>::function`
        if let Some((_, rest)) = name.split_once("<impl ")
            && let Some((of, function)) = closed(rest)
        {
            let of = bare(of);
            return Self::member_of(last(&of), None, last(&bare(function)));
        }
        let path: Vec<String> = bare(name)
            .split("::")
            .filter(|part| !part.is_empty())
            .map(str::to_string)
            .collect();
        match &path[..] {
            [.., of, function] if of.starts_with(char::is_uppercase) => {
                Self::member_of(of, None, function)
            }
            _ => Self::free(&path),
        }
    }

    pub(crate) fn member(&self) -> &str {
        &self.member
    }
}
