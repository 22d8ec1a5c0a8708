//! Records compiler invocations. Set `RUSTC_WRAPPER` to this program and `SAMARA_CHECK_RECORDS` to a directory.

use std::process::ExitCode;

fn main() -> ExitCode {
    samara_domain_check::record_if_wrapped().unwrap_or_else(|| {
        eprintln!(
            "error: cargo starts this program: set RUSTC_WRAPPER to it and SAMARA_CHECK_RECORDS to a directory"
        );
        ExitCode::FAILURE
    })
}
