//! The findings of a check.

use std::fmt;
use std::path::PathBuf;

/// The findings of a check: none if all is well.
pub type Findings = Vec<Finding>;

/// One fault of a domain.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that the domain breaks.
    pub rule: Rule,
    /// The file that breaks it, if one does.
    pub file: Option<PathBuf>,
    /// The line in that file, counted from one, if it is known.
    pub line: Option<usize>,
    /// The function in or after which the fault was found, if there is one.
    pub function: Option<String>,
    /// What was found, and where. [`Rule::advice`] says what to do about it.
    pub message: String,
}

impl Finding {
    /// Makes a finding without a file.
    pub(crate) fn new(rule: Rule, message: impl Into<String>) -> Self {
        Finding {
            rule,
            file: None,
            line: None,
            function: None,
            message: message.into(),
        }
    }

    /// Returns the same finding, in this file.
    pub(crate) fn at(mut self, file: impl Into<PathBuf>) -> Self {
        self.file = Some(file.into());
        self
    }
}

/// Writes `rule-name: file:line: what; what to do`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.rule.name())?;
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        write!(f, "{}; {}", self.message, self.rule.advice())
    }
}

macro_rules! rules {
    ($($(#[$doc:meta])* $variant:ident, $name:literal, $advice:literal;)*) => {
        /// A rule that domains keep.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[$doc])* $variant,)*
        }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Rule] = &[$(Rule::$variant,)*];

            /// Returns the rule's name, as messages and tests spell it.
            pub fn name(self) -> &'static str {
                match self { $(Rule::$variant => $name,)* }
            }

            /// Returns what to do about a breach.
            pub fn advice(self) -> &'static str {
                match self { $(Rule::$variant => $advice,)* }
            }
        }
    };
}

rules! {
    /// The package, library or artifact does not exist in the build.
    NotLinked, "not-linked", "name a library that the build links";
    /// The compiler invocation of a unit was not recorded, or belongs to another file.
    NoRecord, "no-record", "run `cargo clean` for this target directory and build with the recording wrapper";
    /// Something could not be read as the checks need it.
    NotUnderstood, "not-understood", "write it in a plainer way, or report it";

    /// A part of the build was not reviewed.
    UnreviewedCrate, "unreviewed-crate", "review the crate and add it to the review list, or do without it";
    /// A crate of the trusted side that domains may not name.
    Authority, "authority", "use samara-domain";
    /// A crate with a reviewed name comes from another source than was reviewed.
    CrateSource, "crate-source", "take the crate from the reviewed source";
    /// A reviewed crate has a feature that was not reviewed.
    Feature, "feature", "turn the feature off, or review the crate with it";
    /// A build script.
    BuildScript, "build-script", "remove the build script; one of a dependency must be reviewed";
    /// A native library.
    NativeLibrary, "native-library", "remove `links` from the manifest";
    /// A unit is not a plain Rust library.
    CrateKind, "crate-kind", "make the domain a plain `lib`";
    /// Another crate has a name by which macros reach their support crates.
    CrateName, "crate-name", "name each crate as its author did";
    /// A name could be one that a reviewed macro makes up.
    ReservedName, "reserved-name", "choose a name of ASCII letters that does not begin with two underscores";

    /// A compiler flag is not on the list.
    CompilerFlag, "compiler-flag", "remove the flag, or add it to the review list with a reason";
    /// A `--cfg` is not a feature.
    Cfg, "cfg", "use a feature of the package, or add it to the review list with a reason";
    /// Unstable features are on, or used.
    Unstable, "unstable", "domains are written in stable Rust";
    /// In this edition, paths or keywords mean something else.
    Edition, "edition", "use edition 2021 or later";
    /// A variable of the environment becomes part of the code.
    Environment, "environment", "use a variable that Cargo sets for each package, or add it to the review list with a reason";
    /// A file outside the package becomes part of the code.
    OutsideFile, "outside-file", "move the file into the package";

    /// The root lacks `#![forbid(unsafe_code)]`.
    ForbidsUnsafe, "forbid-unsafe-code", "write `#![forbid(unsafe_code)]` at the crate's root, under no `cfg`";
    /// The crate links `std`.
    Std, "no-std", "write `#![no_std]` at the crate's root and use `core` and `alloc`";
    /// A lint that protects the domain is lowered.
    LintUndone, "lint-undone", "leave `unsafe_code` forbidden";
    /// A reader would take the text for something else than the compiler does.
    Misread, "misread", "begin the file with code, and keep comments, raw strings and characters apart in macros' definitions";
    /// Unsafe code, including code that a macro wrote.
    UnsafeCode, "unsafe-code", "move it to a reviewed crate";
    /// An attribute with `unsafe(…)`.
    UnsafeAttribute, "unsafe-attribute", "remove the attribute";
    /// An attribute instructs the linker or changes how code is entered.
    LinkerAttribute, "linker-attribute", "remove the attribute";
    /// An attribute is on no list.
    UnknownAttribute, "unknown-attribute", "remove the attribute, or add it to the review list with a reason";
    /// Assembly.
    Assembly, "assembly", "move it to a reviewed crate";
    /// Functions or statics of other languages.
    ExternBlock, "extern-block", "move it to a reviewed crate";
    /// Memory that outlives a generation.
    WritableStatic, "writable-static", "keep state in the value that `init` returns";
    /// From the signature the compiler would infer that one lifetime outlives another, and callers might not have to
    /// prove it.
    ImpliedBound, "implied-bound", "name the lifetimes and write the bound into the item's generics, or bound a type by `'static`, or take the two apart";
    /// A function or a closure is a value, and its signature implies bounds that are then not proved.
    LinkedValue, "linked-value", "call the function in a closure, as in `|it| f(it)`; leave out the types of a closure's arguments, or have their lifetimes stand apart";
    /// A destructor relies on bounds that its value's type need not satisfy any more.
    LinkedDestructor, "linked-destructor", "give the type one lifetime and otherwise types without parameters, or no lifetime; or do the destructor's work in a method";
    /// A function is called through a value whose type need not be the function's type any more.
    HeldFunction, "held-function", "call the function by its path; or hold a closure around it, as `|it| f(it)`, or a `fn` pointer";
    /// A trait object, or a value with a destructor, is made of a type that need not be well-formed.
    UnprovedType, "unproved-type", "have a generic function make it, as `fn object<T: Trait>(it: &T) -> &dyn Trait { it }`: the compiler checks the types with which such a function is called";
}
