//! Compiles small crates in which tests plant faults.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::workspace::Workspace;
use samara_process::Job;

/// Compiles `source`, optimised, as the crate `name`. Returns the path of the output, a file with this extension.
pub(crate) fn compile(name: &str, source: &str, extension: &str, flags: &[&str]) -> PathBuf {
    let workspace = Workspace::locate();
    let directory = workspace.target("xtask-tests").join(extension);
    fs::create_dir_all(&directory).expect("the folder for fixtures is writable");
    let text = directory.join(format!("{name}.rs"));
    fs::write(&text, source).expect("the folder for fixtures is writable");
    let library = directory.join(format!("lib{name}.{extension}"));
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(workspace.root());
    rustc
        .args(["--edition=2024", "-Copt-level=3"])
        .args(flags)
        .arg("-o")
        .arg(&library)
        .arg(&text);
    Job::new("rustc", rustc, Duration::from_secs(120))
        .run()
        .expect("the fixture compiles");
    library
}
