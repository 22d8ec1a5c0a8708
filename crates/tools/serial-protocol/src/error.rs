//! Errors for lines that begin with `@` but are not messages.

use core::fmt;

/// The reason why a line that begins with `@` is not a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProtocolError<'a> {
    /// There is no message of this kind.
    Kind(&'a str),
    /// The number of words after the kind is wrong, or a word has the wrong name.
    Form {
        /// The kind.
        kind: &'static str,
        /// The words' names, in order.
        keys: &'static [&'static str],
    },
    /// A word's value is not a number, digest or outcome.
    Value {
        /// The word's name.
        key: &'static str,
        /// The value as it was found.
        found: &'a str,
    },
}

impl fmt::Display for ProtocolError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProtocolError::Kind(kind) => write!(f, "unknown kind of line: @{kind}"),
            ProtocolError::Form { kind, keys } => {
                write!(f, "expected @{kind}")?;
                keys.iter().try_for_each(|key| write!(f, " {key}=N"))
            }
            ProtocolError::Value { key, found } => write!(f, "bad {key}: {found:?}"),
        }
    }
}

impl core::error::Error for ProtocolError<'_> {}
