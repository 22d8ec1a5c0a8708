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
    /// The function in which the fault was found, or the last function before it, if there is one.
    pub function: Option<String>,
    /// A description of the fault and of its place. [`Rule::advice`] tells how to remove the fault.
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

            /// Returns the advice for the author of a domain that breaks the rule.
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
    /// The checks could not read the code, or a file of the build.
    NotUnderstood, "not-understood", "write it in a plainer way, or report it";

    /// The domain is linked with a crate that was not reviewed, or with a file that belongs to no package.
    UnreviewedCrate, "unreviewed-crate", "review the crate and add it to the review list, or do without it";
    /// A crate of the trusted side that domains may not name.
    Authority, "authority", "use samara-domain";
    /// A crate has the name of a reviewed crate, but comes from a source that was not reviewed.
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
    /// The domain uses a name that could clash with a name that a reviewed macro makes up.
    ReservedName, "reserved-name", "choose a name of ASCII letters that does not begin with two underscores";

    /// A compiler flag is not on the list.
    CompilerFlag, "compiler-flag", "remove the flag, or add it to the review list with a reason";
    /// A condition that `--cfg` sets is not a feature of the package.
    Cfg, "cfg", "use a feature of the package, or add it to the review list with a reason";
    /// Unstable features are on, or used.
    Unstable, "unstable", "domains are written in stable Rust";
    /// In the crate's edition, some paths or keywords mean something else than the checks assume.
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
    /// A person or a check would read the text differently from the compiler.
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
    /// From the signature the compiler infers that one lifetime outlives another, and it may not demand a proof of
    /// this from callers.
    ImpliedBound, "implied-bound", "name the lifetimes and write the bound into the item's generics, or bound a type by `'static`, or take the two apart";
    /// A function or a closure is a value, and nothing proves the bounds that its signature implies.
    LinkedValue, "linked-value", "call the function in a closure, as in `|it| f(it)`; leave out the types of a closure's arguments, or have their lifetimes stand apart";
    /// A destructor relies on bounds that the type of the dropped value may no longer satisfy.
    LinkedDestructor, "linked-destructor", "give the type one lifetime and otherwise types without parameters, or no lifetime; or do the destructor's work in a method";
    /// A function is called through a value whose type may no longer be that of the function.
    HeldFunction, "held-function", "call the function by its path; or hold a closure around it, as `|it| f(it)`, or a `fn` pointer";
    /// A value is made a trait object, or a value with a destructor is made, and the type may not be well-formed.
    UnprovedType, "unproved-type", "have a generic function make it, as `fn object<T: Trait>(it: &T) -> &dyn Trait { it }`: the compiler checks the types with which such a function is called";
}
