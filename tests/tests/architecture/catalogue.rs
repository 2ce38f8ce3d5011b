//! Names that clients rely on: every code and every event once, declared, listed and committed.

use std::{collections::BTreeSet, fs};

use ashlar_server::http::catalogue;
use serde_json::Value;

use super::{
    insist_on_none,
    workspace::{root, rust_files},
};

/// Names that stand in `names` more than once.
fn repeated(names: &[&str]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.iter().filter(|name| !seen.insert(*name)).map(|name| format!("{name} is used twice")).collect()
}

fn texts(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Names that only one side knows.
fn one_sided(left: (&str, &BTreeSet<String>), right: (&str, &BTreeSet<String>)) -> Vec<String> {
    let only = |(here, names): (&str, &BTreeSet<String>), (there, others): (&str, &BTreeSet<String>)| {
        let missing = names.difference(others);
        missing.map(|name| format!("{name} is in {here} and not in {there}")).collect::<Vec<_>>()
    };
    [only(left, right), only(right, left)].concat()
}

/// The codes declared by `error_codes!` in a file: `NAME = "code", Kind, "Title", "meaning";`.
fn declared_codes(source: &str) -> Vec<String> {
    let declarations = source.lines().filter_map(|line| line.trim().split_once(" = \""));
    declarations
        .filter(|(name, _)| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .filter_map(|(_, rest)| rest.split_once("\", "))
        .filter(|(_, kind)| kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.contains(", \""))
        .map(|(code, _)| code.to_owned())
        .collect()
}

/// The names of the `EventSpec`s in a file: `name: "domain.thing.happened",`.
fn declared_events(source: &str) -> Vec<String> {
    let names = source.lines().filter_map(|line| line.trim().strip_prefix("name: \"")?.strip_suffix("\","));
    names.filter(|name| name.split('.').count() == 3).map(str::to_owned).collect()
}

/// What the sources of kernel, domains and server declare, their tests left out.
fn declared(find: fn(&str) -> Vec<String>) -> Vec<String> {
    let mut all = Vec::new();
    for file in rust_files() {
        let is_product = file.path.starts_with("crates/") || file.path.starts_with("apps/server/");
        if is_product && !file.path.contains("/tests") && !file.path.contains("/contract/") {
            let product = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            all.extend(find(product));
        }
    }
    all
}

fn committed(document: &str) -> Value {
    let path = root().join("openapi").join(document);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("openapi/{document}: {error}"));
    serde_json::from_str(&text).unwrap()
}

fn names_in(document: &Value, list: &str, member: &str) -> BTreeSet<String> {
    let entries = document[list].as_array().unwrap();
    entries.iter().map(|entry| entry[member].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_code_is_declared_once_and_listed() {
    let codes = declared(declared_codes);
    assert!(codes.len() > 20, "only {} codes", codes.len());
    insist_on_none(&repeated(&texts(&codes)));

    let listed: Vec<&str> = catalogue::problems().iter().map(|entry| entry.code).collect();
    insist_on_none(&repeated(&listed));
    let listed = listed.into_iter().map(str::to_owned).collect();
    insist_on_none(&one_sided(("the sources", &codes.into_iter().collect()), ("the catalogue", &listed)));
}

#[test]
fn every_event_is_declared_once_and_listed() {
    let events = declared(declared_events);
    assert!(events.len() > 8, "only {} events", events.len());
    insist_on_none(&repeated(&texts(&events)));

    let listed: Vec<&str> = catalogue::events().iter().map(|event| event.name).collect();
    insist_on_none(&repeated(&listed));
    let listed = listed.into_iter().map(str::to_owned).collect();
    insist_on_none(&one_sided(("the sources", &events.into_iter().collect()), ("the catalogue", &listed)));
}

#[test]
fn committed_catalogues_are_those_of_this_version() {
    let (problems, events) = (catalogue::problems_json(), catalogue::events_json());
    let files = (committed("problems.json"), committed("events.json"));

    let codes = |document| names_in(document, "problems", "code");
    insist_on_none(&one_sided(("the program", &codes(&problems)), ("openapi/problems.json", &codes(&files.0))));
    let names = |document| names_in(document, "events", "name");
    insist_on_none(&one_sided(("the program", &names(&events)), ("openapi/events.json", &names(&files.1))));
    assert_eq!((problems, events), files, "run `cargo xtask openapi`");
}

#[test]
fn rules_find_what_is_repeated_or_on_one_side_only() {
    assert_eq!(repeated(&["a", "b", "a"]), ["a is used twice"]);
    let (left, right) = (BTreeSet::from(["a".to_owned()]), BTreeSet::from(["b".to_owned()]));
    assert_eq!(
        one_sided(("here", &left), ("there", &right)),
        ["a is in here and not in there", "b is in there and not in here"]
    );
    assert_eq!(one_sided(("here", &left), ("there", &left)), [""; 0]);
}

#[test]
fn declarations_are_recognised() {
    let source = "error_codes! {\n    pub mod codes {\n        NOT_FOUND = \"not_found\", NotFound, \"Not found\",\n";
    assert_eq!(declared_codes(source), ["not_found"]);
    assert_eq!(declared_codes("const PREFIX: &str = \"asr1_\", Other;\nlet x = \"a\", b;"), [""; 0]);
    assert_eq!(
        declared_events("    name: \"identity.user.registered\",\n    name: \"Ada\","),
        ["identity.user.registered"]
    );
}
