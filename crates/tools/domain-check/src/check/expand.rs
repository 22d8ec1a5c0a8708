//! Repeats a unit's recorded compiler call to expand the unit's source, and to list the files that the compiler
//! reads.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{Invocation, unescaped};
use crate::finding::Rule;

/// Runs a command and returns its output. The text states the purpose of the command.
pub type Run<'a> = dyn Fn(&str, Command) -> Result<String, String> + 'a;

/// The options with which a recorded call is repeated.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Reader {
    /// With the options that the linked build had.
    Linked,
    /// With unstable options allowed, because the checks need them. The code still may not use unstable features.
    Checks,
}

impl Reader {
    pub(super) const BOTH: [Self; 2] = [Reader::Linked, Reader::Checks];
}

/// Expands the code that `invocation` compiled, with its own flags, in its own environment.
pub(super) fn expanded(invocation: &Invocation, run: &Run<'_>) -> Result<String, String> {
    let arguments = ["-Zunpretty=expanded".to_owned()];
    told(invocation, &arguments, Reader::Checks, run)
}

/// Returns the output of `invocation` with these arguments added.
pub(super) fn told(
    invocation: &Invocation,
    arguments: &[String],
    reader: Reader,
    run: &Run<'_>,
) -> Result<String, String> {
    let name = invocation.value("--crate-name").unwrap_or_default();
    let mut command = again(invocation);
    command.args(arguments);
    if reader == Reader::Checks {
        command.env("RUSTC_BOOTSTRAP", name);
    }
    let arguments = arguments.join(" ");
    run(
        &format!("calling rustc for {name} with {arguments}"),
        command,
    )
}

/// Returns the files and the environment variables that `invocation` reads, as the compiler reports them. Other
/// output goes to `directory`.
pub(super) fn inputs(
    invocation: &Invocation,
    directory: &Path,
    run: &Run<'_>,
) -> Result<Inputs, (Rule, String)> {
    let name = invocation.value("--crate-name").unwrap_or_default();
    let mut command = again(invocation);
    // The call also makes metadata. Otherwise the compiler would not report the rule by which an output depends on
    // all the files.
    command.args(["--emit=dep-info=-,metadata", "--out-dir"]);
    command.arg(directory);
    let text = run(&format!("asking for the sources of {name}"), command);
    let text = text.map_err(|problem| (Rule::NotUnderstood, problem))?;
    Inputs::parse(&text, &invocation.directory).ok_or_else(|| {
        let what = format!(
            "{name} reads a file that is not its own, or whose name has no plain spelling: {text}"
        );
        (Rule::OutsideFile, what)
    })
}

/// Forbids unsafe code.
const UNSAFE_CODE: &str = "-Funsafe_code";

/// Forbids paths that leave out lifetimes.
const HIDDEN_LIFETIMES: &str = "-Felided_lifetimes_in_paths";

/// Compiles `invocation` once more, up to code generation. On the command line it forbids unsafe code, and paths that
/// leave out lifetimes. The check of signatures does not see the definitions of other crates' types, so it cannot
/// count the lifetimes that a path leaves out. The compiler's files go to `directory`.
pub(super) fn forbidding(
    invocation: &Invocation,
    directory: &Path,
    run: &Run<'_>,
) -> Result<(), (Rule, String)> {
    let name = invocation.value("--crate-name").unwrap_or_default();
    let compile = |lints: &[&str]| {
        let mut command = again(invocation);
        command.args(lints).args(["--emit=metadata", "--out-dir"]);
        command.arg(directory);
        run(
            &format!("compiling {name} with {}", lints.join(" ")),
            command,
        )
    };
    let Err(problem) = compile(&[UNSAFE_CODE, HIDDEN_LIFETIMES]) else {
        return Ok(());
    };
    match compile(&[UNSAFE_CODE]) {
        Err(problem) => Err((Rule::ForbidsUnsafe, problem)),
        Ok(_) => {
            let what = format!(
                "a path leaves out a type's lifetimes, which the check of signatures can't see: write `<'_>`; {problem}"
            );
            Err((Rule::ImpliedBound, what))
        }
    }
}

/// Compiles `invocation` once more, up to code generation, with the compiler's next trait solver. That solver has
/// soundness holes too, but not those of the solver with which the linked library was compiled. The compiler's files
/// go to `directory`.
pub(super) fn by_another_solver(
    invocation: &Invocation,
    directory: &Path,
    run: &Run<'_>,
) -> Result<(), String> {
    let arguments = [
        "-Znext-solver=globally".to_owned(),
        "--emit=metadata".to_owned(),
        "--out-dir".to_owned(),
        directory.display().to_string(),
    ];
    told(invocation, &arguments, Reader::Checks, run).map(drop)
}

/// The files and the environment variables that a unit is made from.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct Inputs {
    /// Source files, and files that the code includes.
    pub(super) files: Vec<PathBuf>,
    /// Environment variables whose values the code reads while it is compiled.
    pub(super) variables: Vec<String>,
}

impl Inputs {
    /// Reads the compiler's make rules, in which paths are relative to `directory`. Returns nothing if the rules are
    /// ambiguous. They may be, because the compiler does not escape line breaks in names.
    fn parse(text: &str, directory: &Path) -> Option<Self> {
        let mut inputs = Inputs::default();
        let mut lines = text.lines();
        let all = lines.next()?.split_once(".rmeta:")?.1;
        let mut again = String::new();
        for line in lines {
            if let Some(variable) = line.strip_prefix("# env-dep:") {
                let name = variable.split('=').next().unwrap_or(variable);
                inputs.variables.push(name.to_owned());
            } else if let Some(file) = line.strip_suffix(':') {
                // For each file the compiler also prints a rule without prerequisites.
                again.push(' ');
                again.push_str(file);
                inputs.files.push(directory.join(unescaped(file)));
            } else if !line.is_empty() {
                return None;
            }
        }
        (again == all).then_some(inputs)
    }
}

/// Returns a command that repeats the call, without the options for its output and its messages.
fn again(invocation: &Invocation) -> Command {
    /// Options whose value sets the place or the form of the results.
    const RESULTS: &[&str] = &["--emit", "--out-dir", "-o", "--error-format", "--json"];
    let mut command = Command::new(&invocation.program);
    command.current_dir(&invocation.directory);
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_none_or(Invocation::is_told) {
            command.env_remove(name);
        }
    }
    command.env_remove("CARGO_MAKEFLAGS");
    command.envs(&invocation.environment);
    let mut arguments = invocation.arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let name = argument.split('=').next().unwrap_or(argument);
        if RESULTS.contains(&name) {
            if !argument.contains('=') {
                arguments.next();
            }
        } else if argument == "-C"
            && arguments
                .peek()
                .is_some_and(|value| value.starts_with("incremental"))
        {
            arguments.next();
        } else {
            command.arg(argument);
        }
    }
    command
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;
    use std::ffi::OsString;
    use std::path::{Path, PathBuf};
    use std::process::Command;
    use std::{env, fs};

    use super::{Inputs, by_another_solver, forbidding};
    use crate::build::Invocation;
    use crate::finding::Rule;

    pub(crate) fn compiler() -> OsString {
        env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
    }

    /// A library that was compiled in a directory of its own.
    pub(crate) struct Compiled {
        pub(crate) invocation: Invocation,
        pub(crate) directory: PathBuf,
    }

    impl Compiled {
        pub(crate) fn new(name: &str, code: &str, flags: &[&str]) -> Self {
            let directory = env::temp_dir().join(format!("samara-{name}-{}", std::process::id()));
            fs::create_dir_all(&directory).expect("writable");
            fs::write(directory.join("lib.rs"), code).expect("writable");
            let arguments = [
                "--edition=2024",
                "--crate-type=lib",
                "--crate-name=tried",
                "lib.rs",
            ];
            let arguments = arguments.iter().chain(flags);
            let invocation = Invocation {
                program: PathBuf::from(compiler()),
                arguments: arguments.map(|it| (*it).to_owned()).collect(),
                directory: directory.clone(),
                environment: BTreeMap::new(),
                digest: None,
                sources: BTreeMap::new(),
            };
            Compiled {
                invocation,
                directory,
            }
        }

        /// Runs the compiler.
        pub(crate) fn run(_: &str, mut command: Command) -> Result<String, String> {
            let output = command.output().map_err(|error| error.to_string())?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            if output.status.success() {
                Ok(text(&output.stdout))
            } else {
                Err(text(&output.stderr))
            }
        }
    }

    impl Drop for Compiled {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.directory).expect("it was made");
        }
    }

    /// Invariant: AUTH-16
    #[test]
    fn the_next_solver_refuses_overlaps_with_objects() {
        let of = |code: &str| {
            let tried = Compiled::new("solver", code, &[]);
            by_another_solver(&tried.invocation, &tried.directory, &Compiled::run)
        };
        let overlapping = include_str!("../../tests/corpus/plants/dyn_overlap.rs");
        let refused = of(overlapping).expect_err("it is unsound");
        assert!(refused.contains("cannot normalize"), "{refused}");
        assert_eq!(
            of(include_str!("../../tests/corpus/good/lifetimes.rs")),
            Ok(())
        );
    }

    /// Invariant: CHECK-11
    #[test]
    fn a_path_must_show_its_lifetimes() {
        let of = |code: &str| {
            let tried = Compiled::new("hidden", code, &[]);
            let forbidden = forbidding(&tried.invocation, &tried.directory, &Compiled::run);
            forbidden.map_err(|(rule, _)| rule)
        };
        let code = "use core::cell::Ref; pub fn f(it: Ref<'_, u8>) -> Ref<'_, u8> { it } #[derive(Debug)] pub struct S;";
        assert_eq!(of(code), Ok(()));
        // A unit's own `allow` of either lint has no effect, because the command line forbids the lint.
        let allows = "#![allow(elided_lifetimes_in_paths, reason = \"the lint is forbidden\")]";
        for code in [code.replace("Ref<'_, ", "Ref<"), format!("{allows} {code}")] {
            assert_eq!(of(&code), Err(Rule::ImpliedBound), "{code}");
        }
        let code = "pub fn f(it: *const u8) -> u8 { unsafe { *it } }";
        assert_eq!(of(code), Err(Rule::ForbidsUnsafe));
    }

    /// Invariant: CHECK-4
    #[test]
    fn files_and_variables_of_a_unit_are_read() {
        let text = "x.rmeta: src/lib.rs /far/a\\ b.rs\n\nsrc/lib.rs:\n/far/a\\ b.rs:\n\n# env-dep:HOME=/x\n# env-dep:UNSET\n";
        let inputs = Inputs::parse(text, Path::new("/here")).expect("plain");
        let files = ["/here/src/lib.rs", "/far/a b.rs"].map(PathBuf::from);
        assert_eq!(inputs.files, files);
        assert_eq!(inputs.variables, ["HOME", "UNSET"]);
    }

    /// Invariant: CHECK-10
    #[test]
    fn names_with_line_breaks_are_not_read() {
        for file in [
            "a\nb.rs",
            "a:\nb.rs",
            "a:\nb:",
            "a\n# env-dep:X",
            "a\n\nb",
            "a\n",
        ] {
            let text = format!("x.rmeta: lib.rs {file}\n\nlib.rs:\n{file}:\n\n# env-dep:HOME=/x\n");
            assert_eq!(Inputs::parse(&text, Path::new("")), None, "{file:?}");
        }
    }
}
