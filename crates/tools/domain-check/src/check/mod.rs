//! The checks on one domain.

mod addresses;
mod attributes;
mod closures;
mod conditions;
mod dependencies;
mod evident;
pub(crate) mod expand;
mod hidden;
mod inputs;
mod invocation;
mod locate;
mod misread;
mod places;
mod root;
mod search;
mod sources;
mod statics;
mod thir;
pub(crate) mod tokens;
mod typed;
mod unnamed;
mod values;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::thread;

use proc_macro2::TokenStream;

use self::conditions::Conditions;
use self::evident::Declared;
pub use self::expand::Run;
use self::sources::Sources;
pub use self::statics::check_sysroot;
use self::typed::Told;
use crate::build::{Build, Invocation, Package};
use crate::finding::{Finding, Findings, Rule};
use crate::lifetimes;
use crate::review::Review;

/// The findings of one check.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Part {
    /// The claim that was checked. It holds if there are no findings.
    pub title: String,
    /// Every breach.
    pub findings: Findings,
}

/// A compiled library of a domain, and the call that made it.
struct Unit<'a> {
    domain: &'a Package,
    invocation: Invocation,
}

/// Runs every check on this package of the build. `run` runs the compiler and returns its output.
pub fn check_domain(build: &Build, review: &Review, domain: &Package, run: &Run<'_>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut report = |title: String, findings: Findings| parts.push(Part { title, findings });
    let name = &domain.to_string();
    report(
        format!("{name} depends on reviewed crates only"),
        dependencies::check(build, review, domain),
    );
    let (units, findings) = units(build, domain);
    report(format!("{name} is part of a recorded build"), findings);
    let of_all = |check: &dyn Fn(&Unit<'_>) -> Findings| units.iter().flat_map(check).collect();
    report(
        format!("{name} is compiled as a plain library"),
        of_all(&|unit| invocation::check(unit, build, review)),
    );
    report(
        format!("{name} forbids unsafe code"),
        of_all(&|unit| unit.forbids_unsafe(build, run)),
    );
    report(
        format!("{name} links no std"),
        of_all(&|unit| root::is_without_std(&unit.root())),
    );
    let mut own = Findings::new();
    let mut unsafe_code = Findings::new();
    let mut implied = Findings::new();
    for unit in &units {
        let files = match expand::inputs(&unit.invocation, &build.checked(), run) {
            Ok(inputs) => {
                own.extend(inputs::check(&inputs, unit, &build.target, review));
                inputs.files
            }
            Err((rule, problem)) => {
                own.push(Finding::new(rule, problem));
                Vec::new()
            }
        };
        let (of_code, of_signatures) = match unit.code(&files, build, review, run) {
            Ok(findings) => findings,
            Err(problem) => {
                let finding = Finding::new(Rule::NotUnderstood, problem);
                (vec![finding], Findings::new())
            }
        };
        unsafe_code.extend(of_code);
        implied.extend(of_signatures);
        locate::locate(&mut unsafe_code, &files);
        locate::locate(&mut implied, &files);
    }
    report(format!("{name} is made from its own files only"), own);
    report(
        format!("{name} has no unsafe code after expansion"),
        unsafe_code,
    );
    report(
        format!("{name} uses no known hole of the compiler"),
        implied,
    );
    for (package, findings) in statics::check(build, review, domain) {
        report(
            format!("{name}: {package} has no writable statics"),
            findings,
        );
    }
    parts
}

/// The size of a stack that suffices for code that nests as deeply as the compiler accepts.
const STACK: usize = 256 << 20;

/// Returns two lists: the findings in expanded code, and the findings in its signatures.
fn look_into(
    source: &str,
    written: &BTreeSet<String>,
    review: &Review,
) -> Result<(Findings, Findings), String> {
    let misread = misread::printed(source);
    let looked = on_a_large_stack(|| {
        let tokens = source
            .parse::<TokenStream>()
            .map_err(|error| error.to_string())?;
        let mut code = search::search(tokens.clone(), review);
        code.extend(hidden::search(tokens.clone(), Some(written)));
        Ok((code, lifetimes::check(tokens)))
    });
    match looked {
        Ok((code, signatures)) => Ok(([misread, code].concat(), signatures)),
        // The misread text is the reason why the code cannot be read.
        Err(_) if !misread.is_empty() => Ok((misread, Findings::new())),
        Err(problem) => Err(format!(
            "could not read the code after expansion: {problem}"
        )),
    }
}

fn on_a_large_stack<T: Send>(look: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let thread = thread.spawn_scoped(scope, look);
        thread
            .map_err(|error| error.to_string())?
            .join()
            .map_err(|_| "a panic".to_owned())?
    })
}

/// Returns the libraries of a domain in a build. A library without a record is a finding, because nothing else can be
/// checked about it.
fn units<'a>(build: &Build, domain: &'a Package) -> (Vec<Unit<'a>>, Findings) {
    let records = Build::records(&build.target);
    let mut units = Vec::new();
    let mut findings = Findings::new();
    for library in build.libraries(domain) {
        match Invocation::of(library, &records) {
            Ok(invocation) => units.push(Unit { domain, invocation }),
            Err(problem) => {
                findings.push(Finding::new(Rule::NoRecord, problem.to_string()).at(library));
            }
        }
    }
    if units.is_empty() && findings.is_empty() {
        let what = format!("{} is not linked into the program", domain.name);
        findings.push(Finding::new(Rule::NotLinked, what));
    }
    (units, findings)
}

impl Unit<'_> {
    /// Returns two lists: the findings in the unit's code, both as it was written and as it expands, and the findings
    /// in its signatures.
    fn code(
        &self,
        files: &[PathBuf],
        build: &Build,
        review: &Review,
        run: &Run<'_>,
    ) -> Result<(Findings, Findings), String> {
        let conditions = Conditions::of(&self.invocation, run)?;
        let sources = Sources::new(build, review, self.domain, conditions.differing());
        let (mut code, written) = sources.check(files);
        let expanded = expand::expanded(&self.invocation, run);
        let mut signatures = match expanded.and_then(|source| look_into(&source, &written, review))
        {
            Ok((of_code, of_signatures)) => {
                code.extend(of_code);
                of_signatures
            }
            Err(problem) => {
                code.push(Finding::new(Rule::NotUnderstood, problem));
                Findings::new()
            }
        };
        if code.is_empty() && signatures.is_empty() {
            match self.typed(&conditions, run) {
                Ok((of_code, of_values)) => {
                    code.extend(of_code);
                    signatures.extend(of_values);
                }
                Err(problem) => code.push(Finding::new(Rule::NotUnderstood, problem)),
            }
        }
        // Code with findings need not be compiled again.
        if code.is_empty()
            && signatures.is_empty()
            && let Err(problem) = expand::by_another_solver(&self.invocation, &build.checked(), run)
        {
            let name = &self.domain.name;
            let what =
                format!("{name} is refused by the compiler's next solver of traits: {problem}");
            code.push(Finding::new(Rule::UnsafeCode, what));
        }
        if code.is_empty()
            && signatures.is_empty()
            && !conditions.make_the_same(&self.invocation, run)?
        {
            let name = &self.domain.name;
            let what = format!(
                "{name} is compiled to other code than the checks look at; a macro asks for the unstable conditions of the target"
            );
            code.push(Finding::new(Rule::Cfg, what));
        }
        if code.is_empty() && signatures.is_empty() {
            code.extend(closures::check(&self.invocation, &build.checked(), run)?);
        }
        Ok((code, signatures))
    }

    /// Returns two lists: the findings about addresses, and those about values, which are functions, trait objects
    /// and values with a destructor. These findings need the types of expressions.
    fn typed(
        &self,
        conditions: &Conditions,
        run: &Run<'_>,
    ) -> Result<(Findings, Findings), String> {
        let invocation = &self.invocation;
        let mut addresses = typed::look(Told::Plainly, invocation, run, addresses::pointers)?;
        addresses.extend(addresses::check(invocation, conditions, run)?);
        let values = |code: TokenStream| (values::search(code.clone()), Declared::of(code));
        let (mut values, declared) = typed::look(Told::Wholly, invocation, run, values)?;
        let bodies = thir::print(invocation, run)?;
        values.extend(on_a_large_stack(|| unnamed::search(&bodies, &declared))?);
        Ok((addresses, values))
    }

    /// Checks that the root file has the attribute, and then compiles the unit with the lints forbidden on the
    /// command line.
    fn forbids_unsafe(&self, build: &Build, run: &Run<'_>) -> Findings {
        let mut findings = root::forbids_unsafe(&self.root());
        let compiled = expand::forbidding(&self.invocation, &build.checked(), run);
        if let Err((rule, problem)) = compiled {
            findings.push(Finding::new(rule, problem).at(self.root()));
        }
        findings
    }

    /// Returns the root file that was compiled.
    fn root(&self) -> PathBuf {
        let arguments = self.invocation.arguments.iter();
        let mut files = arguments.filter(|it| !it.starts_with('-') && it.ends_with(".rs"));
        let root = files.next().map(String::as_str).unwrap_or_default();
        self.invocation.directory.join(root)
    }
}
