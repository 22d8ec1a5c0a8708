//! A domain has no unsafe code after its macros are expanded (DESIGN D10).
//!
//! `forbid(unsafe_code)` does not see what the macros of other crates expand to. The compiler is
//! asked for the expanded source, and that is searched for the keyword. It is read as tokens, not as
//! syntax: expanded code uses forms that are not stable yet, and a search can't fail to parse them.

mod search;

use proc_macro2::{LexError, TokenStream};

use self::search::search;
use super::Findings;
use crate::cargo::{LIMIT, cargo};
use crate::error::Error;
use crate::metadata::Package;
use crate::process::Job;
use crate::workspace::Workspace;

/// Where domains are expanded, apart from other builds since `RUSTC_BOOTSTRAP` rebuilds macros.
const TARGET_DIR: &str = "expanded";

/// Expands `domain` with all its features and searches it.
pub(super) fn check(workspace: &Workspace, domain: &Package) -> Result<Findings, Error> {
    let mut command = cargo(workspace, "rustc");
    command
        .args(["--lib", "--profile", "check", "--all-features"])
        .args(["--package", &domain.name, "--target-dir"])
        .arg(workspace.target(TARGET_DIR))
        .args(["--", "-Zunpretty=expanded"])
        // The option is unstable; the code that is looked at is not.
        .env("RUSTC_BOOTSTRAP", crate_name(&domain.name));
    let what = format!("expanding {}", domain.name);
    let source = Job::new(&what, command, LIMIT).capture()?;
    let tokens: TokenStream = source.parse().map_err(|error: LexError| Error::Output {
        what,
        problem: error.to_string(),
    })?;
    Ok(search(tokens))
}

/// The name by which the compiler knows a package's library.
fn crate_name(package: &str) -> String {
    package.replace('-', "_")
}
