//! The workspace of all plants, and its builds.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use samara_domain_check::{Artifact, Build, Entry, Metadata, RECORDS, Review, Reviewed, Source};

use crate::plant::{Plant, write};

pub(crate) struct Corpus {
    pub(crate) plants: Vec<Plant>,
    pub(crate) good: Vec<Plant>,
    pub(crate) review: Review,
    together: Build,
    alone: Vec<(String, Build)>,
}

impl Corpus {
    /// Writes the workspace and builds it.
    pub(crate) fn build() -> Self {
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(3);
        let repository = repository.expect("the workspace's root");
        let root = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("planted");
        let read = |kind: &str, prefix| {
            let entries = fs::read_dir(sources.join(kind)).expect("readable");
            let paths = entries.map(|entry| entry.expect("readable").path());
            let mut plants: Vec<_> = paths.map(|path| Plant::read(&path, prefix)).collect();
            plants.sort_by(|a, b| a.name.cmp(&b.name));
            plants
        };
        let plants = read("plants", "plant-");
        let good = read("good", "good-");
        let support = read("support", "");
        let all = || plants.iter().chain(&good).chain(&support);
        let members: String = all().map(|it| format!("\"{}\",", it.name)).collect();
        let manifest = format!(
            "[workspace]\nresolver = \"2\"\nmembers = [{members}]\n[profile.dev]\ndebug = false\n"
        );
        write(&root.join("Cargo.toml"), &manifest);
        for plant in all() {
            plant.write(&root, repository);
        }
        if !root.join("Cargo.lock").exists() {
            let lock = fs::read_to_string(repository.join("Cargo.lock")).expect("readable");
            write(&root.join("Cargo.lock"), &lock);
        }
        let metadata = cargo(&root, "metadata", |cargo| {
            cargo.args(["--format-version", "1"]);
        });
        let metadata = Metadata::from_json(&metadata).expect("cargo's metadata");
        let alone = plants.iter().chain(&good);
        let alone: Vec<_> = alone.filter(|plant| plant.builds_alone()).collect();
        let together = build(&root, &metadata, |cargo| {
            cargo.args(["--workspace", "--keep-going"]);
            for plant in &alone {
                cargo.args(["--exclude", &plant.name]);
            }
        });
        let alone = alone.iter().map(|plant| {
            let build = build(&root, &metadata, |cargo| {
                cargo.args(["--package", &plant.name]);
                cargo.envs(plant.environment.iter().cloned());
                if let Some(features) = &plant.features {
                    cargo.args(["--features", features]);
                }
                if let Some(flags) = &plant.rustflags {
                    cargo.env("RUSTFLAGS", flags);
                }
            });
            (plant.name.clone(), build)
        });
        let corpus = Corpus {
            alone: alone.collect(),
            review: review(repository),
            together,
            plants,
            good,
        };
        for plant in &corpus.plants {
            corpus.spoil_record(plant);
            if plant.record.as_deref() == Some("replaced") {
                let source = root.join(&plant.name).join("src");
                let of = source.join("lib.rs").metadata().expect("readable");
                let later = fs::read(source.join("later.txt")).expect("readable");
                fs::write(source.join("lib.rs"), later).expect("writable");
                let file = fs::File::options().write(true).open(source.join("lib.rs"));
                let date = of.modified().expect("dated");
                file.expect("writable")
                    .set_modified(date)
                    .expect("writable");
            }
        }
        corpus
    }

    /// Returns the build that a plant is part of.
    pub(crate) fn of(&self, plant: &Plant) -> &Build {
        let mut alone = self.alone.iter();
        let own = alone.find(|(name, _)| *name == plant.name);
        own.map_or(&self.together, |(_, build)| build)
    }

    /// Makes the plant's record look like that of another call, or removes it, as the plant's header asks.
    fn spoil_record(&self, plant: &Plant) {
        let Some(how) = plant.record.as_ref().filter(|it| *it != "replaced") else {
            return;
        };
        let records = Build::records(&self.of(plant).target);
        let name = plant.name.replace('-', "_");
        for entry in fs::read_dir(records).expect("readable") {
            let path = entry.expect("readable").path();
            let file = path.file_name().expect("a file").to_string_lossy();
            if !file.starts_with(&name) {
                continue;
            }
            match how.as_str() {
                "removed" => fs::remove_file(path).expect("writable"),
                "stale" => {
                    let text = fs::read_to_string(&path).expect("readable");
                    let other = text.replace("\"digest\":\"", "\"digest\":\"0");
                    fs::write(path, other).expect("writable");
                }
                "forged" => {
                    let text = fs::read_to_string(&path).expect("readable");
                    let other = text.replace("src/lib.rs", "src/innocent.rs");
                    fs::write(&path, other).expect("writable");
                }
                other => panic!("{other} is no way to spoil a record"),
            }
        }
    }
}

fn review(repository: &Path) -> Review {
    let mut review = Review::samara(&Source::Path(repository.to_owned()));
    for name in [
        "support-careless",
        "support-featured",
        "support-hidden",
        "support-macros",
        "support-stateful",
        "support-scripted",
        "support-proc",
    ] {
        let reason = "made for plants";
        review
            .crates
            .push(Reviewed::domain_side(name, Source::Member, reason));
    }
    review.crates.push(Reviewed::trusted(
        "support-trusted",
        Source::Member,
        "made for plants",
    ));
    review
        .environment
        .push(Entry::new("SAMARA_GOOD", "a good domain's"));
    review
}

fn build(root: &Path, metadata: &Metadata, arguments: impl FnOnce(&mut Command)) -> Build {
    let target = root.join("target");
    let messages = cargo(root, "build", |cargo| {
        cargo.args([
            "--message-format=json-render-diagnostics",
            "--quiet",
            "--target-dir",
        ]);
        cargo.arg(&target);
        cargo.env("RUSTC_WRAPPER", env!("CARGO_BIN_EXE_samara-record-rustc"));
        cargo.env(RECORDS, Build::records(&target));
        cargo.env("CARGO_INCREMENTAL", "0");
        arguments(cargo);
    });
    let artifacts = messages.lines().map(Artifact::from_message);
    let artifacts = artifacts.filter_map(|artifact| artifact.expect("readable"));
    Build::new(metadata.clone(), artifacts.collect(), target)
}

fn cargo(root: &Path, subcommand: &str, configure: impl FnOnce(&mut Command)) -> String {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).arg(subcommand);
    // Variables that control this test's own build would otherwise affect the plants.
    for name in [
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "RUSTC_BOOTSTRAP",
        "CARGO_TARGET_DIR",
    ] {
        command.env_remove(name);
    }
    configure(&mut command);
    // The exit status is ignored: if a plant does not compile, the test fails because the plant's library is not
    // found.
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo is there");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Runs the compiler for a check.
pub(crate) fn run(what: &str, mut command: Command) -> Result<String, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        String::from_utf8(output.stdout).map_err(|error| error.to_string())
    } else {
        let told = String::from_utf8_lossy(&output.stderr);
        Err(format!("{what} failed: {told}"))
    }
}
