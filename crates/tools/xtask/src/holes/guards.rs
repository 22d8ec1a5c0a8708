//! The tests that guard against holes.

use super::format::Guard;
use super::programs::{tests, uncompiled};
use super::run::{Outcome, Run, WHOLE};
use super::{Hole, HoleError, Tree};
use crate::error::Error;
use crate::workspace::Workspace;

/// Guards, each with the run that was measured on a tree without a hole.
#[derive(Debug)]
pub(crate) struct Guards(Vec<(Guard, Run)>);

impl Guards {
    /// Builds and measures the guards of `holes` on `tree`, which must have no hole. Fails if a guard does not pass.
    pub(crate) fn measured(
        workspace: &Workspace,
        tree: &Tree,
        holes: &[Hole],
    ) -> Result<Self, Error> {
        let mut runs: Vec<(Guard, Run)> = Vec::new();
        for hole in holes {
            if runs.iter().any(|(guard, _)| *guard == hole.guard) {
                continue;
            }
            let mut run = guard(workspace, tree, hole)?;
            run.measure(tree, None)?;
            runs.push((hole.guard.clone(), run));
        }
        Ok(Guards(runs))
    }

    /// Rebuilds and runs the guard of `hole`. The hole must be put into `tree`.
    pub(crate) fn look(
        &self,
        workspace: &Workspace,
        tree: &Tree,
        hole: &Hole,
    ) -> Result<Outcome, Error> {
        let rebuilt = guard(workspace, tree, hole).map_err(|error| uncompiled(hole, error))?;
        let measured = self.0.iter().find(|(guard, _)| *guard == hole.guard);
        let limit = measured.map_or(WHOLE, |(_, run)| run.limit());
        let log = tree.log(&format!("{}/guard", hole.name));
        rebuilt.start(&log, None, limit)
    }
}

/// Builds the guard of `hole` in `tree`.
fn guard(workspace: &Workspace, tree: &Tree, hole: &Hole) -> Result<Run, Error> {
    let guard = &hole.guard;
    let mut arguments = vec!["--package", guard.package.as_str()];
    match &guard.target {
        Some(target) => arguments.extend(["--test", target]),
        None => arguments.push("--lib"),
    }
    let all = tests(workspace, tree, &guard.profile, &arguments)?;
    let run = all.into_iter().find(|run| run.test == guard.test);
    run.ok_or_else(|| {
        HoleError::NoGuard {
            file: hole.file.clone(),
            test: guard.name(),
        }
        .into()
    })
}
