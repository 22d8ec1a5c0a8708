//! Lines that begin with `@` and are no messages.

use core::fmt;

/// A line that begins with `@` and is no message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProtocolError<'a> {
    /// There is no such kind of message.
    Kind(&'a str),
    /// The words behind the kind are not as many, or not as named, as they should be.
    Form {
        /// The kind.
        kind: &'static str,
        /// The words' names, in order.
        keys: &'static [&'static str],
    },
    /// A word is no number, digest or outcome.
    Value {
        /// The word's name.
        key: &'static str,
        /// The word.
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
