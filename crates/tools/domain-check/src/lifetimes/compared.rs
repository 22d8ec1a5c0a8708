//! A second opinion on implied bounds: the compiler's own.
//!
//! Before the compiler checks borrows, it lists for each lifetime of a function all lifetimes that this lifetime
//! outlives. The list includes the bounds that types imply. The test compiles random functions and demands that the
//! check derives each of these relations. If the check misses a relation, a body can use that bound unseen.

mod generate;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs};

use self::generate::Function;
use super::code::Code;
use super::definitions::Definitions;
use super::scan;
use crate::check::expand::tests::compiler;

/// For each lifetime, by its number in the compiler: the numbers of the lifetimes that it outlives. The first
/// lifetime is `'static`, and the last one is the lifetime of the function's body.
type Regions = BTreeMap<usize, BTreeSet<usize>>;

/// The most rounds of compilation. Each round leaves out the functions that did not compile in the round before.
const MOST_ROUNDS: usize = 8;

/// A directory for the compiler's files.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("samara-compared-{}-{count}", std::process::id());
        let directory = env::temp_dir().join(name);
        fs::create_dir_all(&directory).expect("writable");
        Directory(directory)
    }

    /// Compiles these functions. An error holds the indexes of the functions that do not compile.
    fn compile(&self, functions: &[Function], flags: &[String]) -> Result<(), BTreeSet<usize>> {
        let source = self.0.join("compared.rs");
        fs::write(&source, generate::file(functions)).expect("writable");
        let mut command = Command::new(compiler());
        command.args(["--edition=2024", "--crate-type=lib", "--emit=metadata"]);
        command.arg("--error-format=short").args(flags);
        command.env("RUSTC_BOOTSTRAP", "1");
        let output = command.current_dir(&self.0).arg(&source).output();
        let output = output.expect("the compiler runs");
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let lines = text
            .lines()
            .filter_map(|line| line.rsplit_once("compared.rs:")?.1.split(':').next());
        let lines = lines.filter_map(|line| line.parse::<usize>().ok());
        let wrong: BTreeSet<_> = lines
            .filter_map(|line| line.checked_sub(generate::FIRST_LINE))
            .collect();
        assert!(!wrong.is_empty(), "{text}");
        Err(wrong)
    }

    fn mir(&self) -> PathBuf {
        self.0.join("mir")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it was made");
    }
}

/// Compiles the functions, and removes those that do not compile. Returns the compiler's relations for each remaining
/// function, by the function's name.
fn compiled(functions: &mut Vec<Function>) -> BTreeMap<String, Regions> {
    let directory = Directory::new();
    let into = format!("-Zdump-mir-dir={}", directory.mir().display());
    let flags = ["-Zdump-mir=nll".to_owned(), into];
    for _ in 0..MOST_ROUNDS {
        let Err(wrong) = directory.compile(functions, &flags) else {
            return listed(&directory.mir());
        };
        let mut index = 0..;
        functions.retain(|_| index.next().is_some_and(|it| !wrong.contains(&it)));
    }
    panic!("some functions do not compile after {MOST_ROUNDS} rounds");
}

/// Returns the lifetimes that each function's `T` outlives. The compiler's list contains no type parameters. So for
/// each lifetime one function is compiled whose body needs `T` to outlive this lifetime.
fn of_parameters(functions: &[Function]) -> BTreeMap<&str, Vec<String>> {
    let directory = Directory::new();
    let lifetimes = |it: &Function| [&["'static".to_owned()], &it.named[..]].concat();
    let asked = functions.iter().flat_map(|it| {
        lifetimes(it)
            .into_iter()
            .map(move |lifetime| (it, lifetime))
    });
    let asked: Vec<_> = asked.collect();
    let holding: Vec<_> = asked.iter().map(|(it, of)| it.holding(of)).collect();
    let wrong = directory
        .compile(&holding, &[])
        .expect_err("not all outlive all");
    let mut known = BTreeMap::<_, Vec<_>>::new();
    for (index, (function, lifetime)) in asked.into_iter().enumerate() {
        let known = known.entry(function.name.as_str()).or_default();
        if !wrong.contains(&index) {
            known.push(lifetime);
        }
    }
    known
}

/// Reads the compiler's files, one for each function. The result is by the function's name.
fn listed(directory: &Path) -> BTreeMap<String, Regions> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the compiler made it") {
        let path = entry.expect("readable").path();
        let file = path
            .file_name()
            .expect("a file")
            .to_string_lossy()
            .into_owned();
        if !file.ends_with(".mir") {
            continue;
        }
        let name = file.split('.').nth(1).and_then(|it| it.rsplit('-').next());
        let text = fs::read_to_string(&path).expect("readable");
        all.insert(name.expect("a name").to_owned(), regions(&text));
    }
    all
}

/// Reads the lines of the compiler's list, such as `| '?1 | Local | ['?4, '?1]`.
fn regions(text: &str) -> Regions {
    let list = text.split("Free Region Mapping\n").nth(1).expect("a list");
    let lines = list.lines().take_while(|line| line.starts_with("| '?"));
    let number = |text: &str| text.trim().trim_start_matches("'?").parse::<usize>();
    lines
        .map(|line| {
            let cells: Vec<_> = line.split('|').collect();
            let outlived = cells[3].trim().trim_matches(['[', ']']).split(", ");
            let outlived = outlived.map(|it| number(it).expect("a number"));
            (number(cells[1]).expect("a number"), outlived.collect())
        })
        .collect()
}

/// Returns the number of functions that were judged, the number of relations that were compared, and the relations
/// that only the compiler derives.
fn compare(functions: &mut Vec<Function>) -> (usize, usize, Vec<String>) {
    let compiled = compiled(functions);
    let of_parameters = of_parameters(functions);
    let code = generate::file(functions).parse().expect("tokens");
    let code = Code::read(code).unwrap_or_else(|problem| panic!("{problem}"));
    let definitions = Definitions::collect(&code.file);
    let seen = scan::seen(&code, &definitions);
    let seen: BTreeMap<_, _> = seen.iter().map(|it| (it.function.as_str(), it)).collect();
    let (mut judged, mut relations, mut wrong) = (0, 0, Vec::new());
    for function in functions.iter() {
        let (regions, seen) = (&compiled[&function.name], seen[function.name.as_str()]);
        let Some(outlives) = &seen.outlives else {
            continue;
        };
        judged += 1;
        let named = ["'static"].into_iter().map(str::to_owned);
        let names: Vec<_> = named
            .chain(function.named.clone())
            .chain(seen.elided.clone())
            .collect();
        if names.len() + 1 != regions.len() {
            wrong.push(format!(
                "{}: {names:?} are {}",
                function.line,
                regions.len() - 1
            ));
            continue;
        }
        let closed = outlives.closed();
        for outer in &of_parameters[function.name.as_str()] {
            relations += 1;
            if !closed.outlives("T", outer) {
                wrong.push(format!("{}: T: {outer}", function.line));
            }
        }
        for (inner, all) in regions.iter().take(names.len()).skip(1) {
            for outer in all.iter().filter(|it| *it != inner && **it < names.len()) {
                relations += 1;
                let (inner, outer) = (&names[*inner], &names[*outer]);
                if !closed.outlives(inner, outer) {
                    wrong.push(format!("{}: {inner}: {outer}", function.line));
                }
            }
        }
    }
    (judged, relations, wrong)
}

/// Invariant: CHECK-11
#[test]
fn every_bound_that_rustc_infers_is_known() {
    let mut functions = generate::functions(0x5a3a_7a5e, 1000);
    let (judged, relations, wrong) = compare(&mut functions);
    let some: Vec<_> = wrong.iter().take(20).map(String::as_str).collect();
    assert!(
        wrong.is_empty(),
        "{} of {relations}:\n{}",
        wrong.len(),
        some.join("\n")
    );
    assert!(
        judged >= 400 && relations >= 2000,
        "{relations} relations in {judged} of {}",
        functions.len()
    );
}
