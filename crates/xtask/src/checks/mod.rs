//! Static checks on domains: what the language isolates only if nobody goes behind its back.

mod dependencies;
mod expanded;
#[cfg(test)]
mod fixture;
mod forbid;
mod reviewed;
mod sections;
mod statics;
#[cfg(target_arch = "x86_64")]
mod tables;

use crate::error::Error;
use crate::kernel::{self, Flavor};
use crate::metadata::Metadata;
use crate::progress::step;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// What a check found: one sentence a fault, none if all is well.
type Findings = Vec<String>;

/// Runs every check on every domain, shows them as tests, and counts them.
pub(crate) fn run(workspace: &Workspace, tally: &mut Tally) -> Result<(), Error> {
    let metadata = Metadata::load(workspace)?;
    // The very objects that the demo boots, with the fault points that are compiled into it.
    let kernel = kernel::build(workspace, Flavor::Demo)?;
    step("static checks on domains");
    let mut check = |name: String, findings: Findings| {
        tally.report(format_args!("check {name}"), findings.is_empty());
        for finding in &findings {
            println!("    {finding}");
        }
    };
    for &domain in reviewed::DOMAINS {
        let Some(package) = metadata.member(domain) else {
            check(
                format!("{domain} exists"),
                vec!["no member of the workspace has this name".into()],
            );
            continue;
        };
        check(
            format!("{domain} depends on reviewed crates only"),
            dependencies::check(&metadata, package, |part| {
                let mut artifacts = kernel.artifacts.iter();
                artifacts.any(|artifact| artifact.package == part.id)
            }),
        );
        check(
            format!("{domain} forbids unsafe code"),
            forbid::check(package),
        );
        check(
            format!("{domain} links no std"),
            forbid::check_no_std(package),
        );
        check(
            format!("{domain} has no unsafe code after expansion"),
            expanded::check(workspace, package)?,
        );
        for (name, findings) in statics::check(&metadata, package, &kernel.artifacts)? {
            check(
                format!("{domain}: {name} has no writable statics"),
                findings,
            );
        }
    }
    // The runtime's own reader of tables is what asks: there is one for this architecture.
    #[cfg(target_arch = "x86_64")]
    {
        check(
            "unwind tables cover all code of the kernel".into(),
            tables::uncovered(&kernel.elf, tables::NAMED),
        );
        let (calls, findings) = tables::uncaught(&kernel.elf);
        check(
            format!("all {calls} calls of domains in the kernel keep their landing pads"),
            findings,
        );
    }
    for (name, findings) in statics::check_sysroot(workspace)? {
        check(format!("{name} has no writable statics"), findings);
    }
    Ok(())
}
