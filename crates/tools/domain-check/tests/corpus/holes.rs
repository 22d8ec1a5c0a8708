//! Tests that the table of the compiler's holes and the plants that are made from these holes agree.

use std::fs;
use std::path::Path;

/// A row of the table: the issue, and the names of its plants. A name may end in `*`.
struct Row {
    issue: String,
    names: Vec<String>,
}

impl Row {
    fn has(&self, plant: &str) -> bool {
        self.names.iter().any(|name| names(name, plant))
    }
}

/// Whether a name in the table, which may end in `*`, stands for the plant.
fn names(name: &str, plant: &str) -> bool {
    match name.strip_suffix('*') {
        Some(begin) => plant.starts_with(begin),
        None => plant == name,
    }
}

/// A plant's name and text.
struct Planted {
    name: String,
    text: String,
}

impl Planted {
    /// Returns the issues of rust-lang/rust that the plant's text names.
    fn issues(&self) -> Vec<&str> {
        let after = self.text.split("rust-lang/rust#").skip(1);
        let digits = after.map(|text| text.split(|it: char| !it.is_ascii_digit()).next());
        digits.flatten().collect()
    }

    /// Whether the plant is made from a hole of the compiler.
    fn is_of_a_hole(&self) -> bool {
        let implied = self
            .text
            .lines()
            .any(|line| line == "//@ rules: implied-bound");
        implied || !self.issues().is_empty()
    }
}

fn root() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(3).expect("the workspace's root")
}

fn rows() -> Vec<Row> {
    let text = fs::read_to_string(root().join("docs/compiler-holes.md")).expect("readable");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| "));
    let rows = rows.filter(|row| row.starts_with(|it: char| it.is_ascii_digit()));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_end_matches('|').split(" | ").collect();
        Row {
            issue: cells[0].to_owned(),
            names: match cells[..] {
                [_, _, _, plants] => ticked(plants),
                _ => Vec::new(),
            },
        }
    })
    .collect()
}

/// Returns the words between backticks.
fn ticked(text: &str) -> Vec<String> {
    let words = text.split('`').skip(1).step_by(2);
    words.map(str::to_owned).collect()
}

fn planted() -> Vec<Planted> {
    let plants = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/plants");
    let entries = fs::read_dir(plants).expect("a directory");
    let paths = entries.map(|entry| entry.expect("readable").path());
    let planted = paths.map(|path| Planted {
        name: path
            .file_stem()
            .expect("a file")
            .to_string_lossy()
            .into_owned(),
        text: fs::read_to_string(path).expect("readable"),
    });
    planted.collect()
}

/// Invariant: AUTH-25
#[test]
fn every_plant_in_the_table_exists() {
    let planted = planted();
    let rows = rows();
    assert!(rows.len() >= 40, "{} rows were read", rows.len());
    for Row { issue, names: all } in &rows {
        for name in all {
            let found = planted.iter().any(|it| names(name, &it.name));
            assert!(found, "{issue}: no plant is called {name}");
        }
    }
}

/// Invariant: AUTH-25
#[test]
fn every_plant_of_a_hole_is_in_the_table() {
    let rows = rows();
    for plant in planted().iter().filter(|it| it.is_of_a_hole()) {
        let name = &plant.name;
        assert!(rows.iter().any(|row| row.has(name)), "{name} is in no row");
        for issue in plant.issues() {
            let row = rows.iter().find(|row| row.issue == issue);
            let row = row.unwrap_or_else(|| panic!("{name}: {issue} has no row of its own"));
            assert!(row.has(name), "{name} is not in the row of {issue}");
        }
    }
}

#[test]
fn rows_are_in_the_order_of_issues() {
    let numbers = rows().into_iter().map(|row| {
        let first = row.issue.split(',').next().expect("a number").to_owned();
        first.parse::<u32>().expect("a number")
    });
    let numbers: Vec<_> = numbers.collect();
    // The numbers start again in each of the three tables.
    let falls = numbers.windows(2).filter(|pair| pair[0] >= pair[1]).count();
    assert!(falls <= 2, "{numbers:?}");
}
