//! Planted domains, each of which must be refused by the rule that its header names, and good ones that must pass.
//! Cargo compiles them with a recording wrapper, and they are checked like the domains of a workspace.

mod hidden;
mod holes;
mod plant;
mod workspace;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};
use std::process::Command;
use std::sync::OnceLock;

use plant::Plant;
use samara_domain_check::{Finding, Rule, check_domain};
use workspace::Corpus;

fn corpus() -> &'static Corpus {
    static CORPUS: OnceLock<Corpus> = OnceLock::new();
    CORPUS.get_or_init(Corpus::build)
}

fn findings(plant: &Plant) -> Vec<Finding> {
    let corpus = corpus();
    let build = corpus.of(plant);
    let domain = build.metadata.member(&plant.name).expect("a member");
    let parts = check_domain(build, &corpus.review, domain, &workspace::run);
    parts.into_iter().flat_map(|part| part.findings).collect()
}

/// Invariant: AUTH-15, AUTH-16, AUTH-17, AUTH-18, AUTH-19, AUTH-20, AUTH-21, AUTH-22, AUTH-23, AUTH-24, AUTH-25, AUTH-26, AUTH-27, AUTH-28, AUTH-29, CHECK-1, CHECK-2, CHECK-3, CHECK-4, CHECK-5, CHECK-6, CHECK-7, CHECK-8, CHECK-9, CHECK-10, CHECK-11, CHECK-12, CHECK-13, CHECK-14, CHECK-15, CHECK-16, CHECK-17, CHECK-18
#[test]
fn every_plant_is_refused_by_rule_and_reason() {
    let plants = &corpus().plants;
    assert!(plants.len() >= 30, "{} plants", plants.len());
    let mut wrong = Vec::new();
    for plant in plants {
        let findings = findings(plant);
        let found: HashSet<_> = findings.iter().map(|finding| finding.rule.name()).collect();
        let expected: HashSet<_> = plant.rules.iter().map(String::as_str).collect();
        let text: String = findings.iter().map(|it| format!("\n    {it}")).collect();
        if found != expected || !text.contains(&plant.says) {
            let says = &plant.says;
            wrong.push(format!(
                "{}: expected {expected:?} that says {says:?}, found:{text}",
                plant.name
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Invariant: AUTH-22, CHECK-9, CHECK-11, CHECK-13, CHECK-14, CHECK-15
#[test]
fn good_domains_pass() {
    for domain in &corpus().good {
        let findings = findings(domain);
        let text: String = findings.iter().map(|it| format!("\n    {it}")).collect();
        assert!(findings.is_empty(), "{}:{text}", domain.name);
    }
}

/// In a domain's release build, every call of the compiler that a check makes has the same `cfg` conditions as the
/// build.
///
/// Invariant: CHECK-2
#[test]
fn every_call_has_the_builds_conditions() {
    let corpus = corpus();
    let mut good = corpus.good.iter();
    let released = good.find(|it| it.name == "good-released").expect("there");
    let build = corpus.of(released);
    let seen = RefCell::new(Vec::new());
    let run = |what: &str, command: Command| {
        let mut asks = Command::new(command.get_program());
        asks.args(command.get_args()).args(["--print", "cfg"]);
        asks.current_dir(command.get_current_dir().expect("the recorded one"));
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => asks.env(name, value),
                None => asks.env_remove(name),
            };
        }
        // With this variable the compiler prints all conditions, including those that it sets only for some calls.
        asks.env("RUSTC_BOOTSTRAP", "1");
        seen.borrow_mut()
            .push((what.to_owned(), workspace::run(what, asks)?));
        workspace::run(what, command)
    };
    let domain = build.metadata.member(&released.name).expect("a member");
    let parts = check_domain(build, &corpus.review, domain, &run);
    assert!(parts.iter().all(|it| it.findings.is_empty()), "{parts:?}");
    let seen = seen.into_inner();
    let conditions = |told: &str| -> BTreeSet<String> { told.lines().map(str::to_owned).collect() };
    let asked = seen.iter().find(|(what, _)| what.ends_with("--print cfg"));
    let linked = conditions(&asked.expect("the first").1);
    assert!(!linked.contains("debug_assertions"), "{linked:?}");
    assert!(seen.len() >= 10, "{}", seen.len());
    for (what, told) in &seen {
        assert_eq!(conditions(told), linked, "{what}");
    }
}

#[test]
fn every_rule_has_a_plant() {
    let planted: HashSet<_> = corpus().plants.iter().flat_map(|it| &it.rules).collect();
    for rule in Rule::ALL {
        // Unreadable output comes from a failure of the compiler, not from a domain.
        let exempt = *rule == Rule::NotUnderstood;
        assert!(
            exempt || planted.contains(&rule.name().to_owned()),
            "no plant breaks the rule {}",
            rule.name()
        );
    }
}

#[test]
fn a_finding_names_its_place_if_known() {
    let plants = corpus().plants.iter();
    let mut plants = plants.filter(|plant| plant.name == "plant-naked");
    let findings = findings(plants.next().expect("it is planted"));
    let finding = findings
        .iter()
        .find(|it| it.rule == Rule::UnsafeAttribute)
        .expect("it is found");
    let file = finding.file.as_ref().expect("its function is known");
    assert!(file.ends_with("src/lib.rs") && finding.line.is_some());
}
