//! Lines of named numbers: `@kind key=N key=N`.

use crate::error::ProtocolError;

/// A line of named numbers.
pub(crate) trait Numbers: Sized {
    /// The word after `@`.
    const KIND: &'static str;

    /// Reads the words after the kind.
    fn parse(text: &str) -> Result<Self, ProtocolError<'_>>;
}

/// Declares a struct of numbers, and a line that has the numbers in the order of the fields.
macro_rules! numbers {
    (
        $(#[$attribute:meta])*
        pub struct $name:ident = $kind:literal {
            $($(#[$of_field:meta])* $field:ident,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub struct $name {
            $($(#[$of_field])* pub $field: u64,)+
        }

        impl $crate::numbers::Numbers for $name {
            const KIND: &'static str = $kind;

            fn parse(text: &str) -> Result<Self, $crate::error::ProtocolError<'_>> {
                let [$($field),+] = $crate::numbers::parse(text, $kind, &[$(stringify!($field)),+])?;
                Ok(Self { $($field),+ })
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(concat!("@", $kind))?;
                $(write!(f, concat!(" ", stringify!($field), "={}"), self.$field)?;)+
                Ok(())
            }
        }
    };
}
pub(crate) use numbers;

/// Reads the words `key=N`. The words' keys must be exactly `keys`, in this order.
pub(crate) fn parse<'a, const N: usize>(
    text: &'a str,
    kind: &'static str,
    keys: &'static [&'static str; N],
) -> Result<[u64; N], ProtocolError<'a>> {
    let form = || ProtocolError::Form { kind, keys };
    let mut values = [0; N];
    let mut words = text.split(' ');
    for (value, key) in values.iter_mut().zip(keys) {
        let word = words.next().ok_or_else(form)?;
        let number = word.strip_prefix(key);
        let number = number.and_then(|word| word.strip_prefix('='));
        let number = number.ok_or_else(form)?;
        *value = number
            .parse()
            .map_err(|_| ProtocolError::Value { key, found: number })?;
    }
    match words.next() {
        None => Ok(values),
        Some(_) => Err(form()),
    }
}
