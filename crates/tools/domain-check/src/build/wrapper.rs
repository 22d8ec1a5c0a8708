//! Records the compiler's invocations during a build.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use super::record::{Invocation, digest, unescaped};

/// The environment variable that names the directory for records. A build is recorded if this variable is set and
/// `RUSTC_WRAPPER` names a program that calls [`record_if_wrapped`] first.
///
/// Use one directory of records for each target directory, and record every build. Cargo does not call the compiler
/// for libraries that are up to date, so a library that was once built without the wrapper stays without a record.
pub const RECORDS: &str = "SAMARA_CHECK_RECORDS";

/// If this process was started as `RUSTC_WRAPPER`, calls the compiler, records the call, and returns the exit code.
#[must_use]
pub fn record_if_wrapped() -> Option<ExitCode> {
    let records = PathBuf::from(env::var_os(RECORDS)?);
    let mut arguments = env::args_os().skip(1);
    // Cargo's first argument is the compiler's path.
    let compiler = arguments
        .next()
        .filter(|it| Path::new(it).is_absolute() || is_rustc(it))?;
    let arguments: Vec<OsString> = arguments.collect();
    Some(match wrap(&records, compiler, &arguments) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            eprintln!("error: recording the compiler's invocation: {problem}");
            ExitCode::FAILURE
        }
    })
}

fn is_rustc(program: &OsString) -> bool {
    let stem = Path::new(program).file_stem().unwrap_or_default();
    stem == "rustc" || stem == "clippy-driver"
}

fn wrap(records: &Path, compiler: OsString, arguments: &[OsString]) -> Result<u8, String> {
    let mut invocation = Invocation {
        program: PathBuf::from(&compiler),
        arguments: spelled_out(arguments)?,
        directory: env::current_dir().map_err(|error| error.to_string())?,
        environment: told(),
        digest: None,
        sources: BTreeMap::new(),
    };
    let path = invocation.path(records);
    // Remove the record of an earlier call. Otherwise, if this call fails half-way, the old record would pass for its
    // record.
    if let Some(path) = &path
        && path.exists()
    {
        fs::remove_file(path).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut command = Command::new(&compiler);
    let status = command.args(arguments).env_remove(RECORDS).status();
    let status = status.map_err(|error| format!("{}: {error}", compiler.display()))?;
    if status.success()
        && let Some(path) = &path
        && let Some(library) = invocation.library()
        && library.exists()
    {
        invocation.digest = digest(&library);
        let text = invocation.dep_info().map(fs::read_to_string);
        let text = text.and_then(Result::ok).unwrap_or_default();
        invocation.environment.extend(compiled_in(&text));
        invocation.sources = sources(&text, &invocation.directory);
        fs::create_dir_all(records)
            .and_then(|()| fs::write(path, invocation.to_json().to_string()))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

/// Returns the compiler's arguments. If there are too many for a command line, cargo passes `@` and the name of a
/// file with the arguments, and this function reads the file.
fn spelled_out(arguments: &[OsString]) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for argument in arguments {
        let argument = argument.to_str().ok_or("an argument is not UTF-8")?;
        match argument.strip_prefix('@') {
            Some(path) => {
                let lines = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
                all.extend(lines.lines().map(str::to_owned));
            }
            None => all.push(argument.to_owned()),
        }
    }
    Ok(all)
}

/// Returns the environment variables whose values are part of the code, according to the compiler's report in `text`.
fn compiled_in(text: &str) -> BTreeMap<String, String> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("# env-dep:"));
    let names = lines.map(|line| line.split('=').next().unwrap_or(line));
    names
        .filter_map(|name| Some((name.to_owned(), env::var(name).ok()?)))
        .collect()
}

/// Returns a digest of each source file that the compiler's report names.
fn sources(text: &str, directory: &Path) -> BTreeMap<String, String> {
    let files = text.lines().filter_map(|line| line.strip_suffix(':'));
    let files = files.map(unescaped);
    files
        .filter_map(|file| Some((digest(&directory.join(&file))?, file)))
        .map(|(digest, file)| (file, digest))
        .collect()
}

fn told() -> BTreeMap<String, String> {
    let variables = env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    variables
        .filter(|(name, _)| Invocation::is_recorded(name))
        .collect()
}
