//! Manifests: lints, version, edition and licence from the workspace, and no version of a dependency anywhere else.

use std::fs;

use toml::{Table, Value};

use super::{insist_on_none, workspace::members};

const INHERITED: [&str; 6] = ["version", "edition", "rust-version", "license", "authors", "publish"];
const DEPENDENCIES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

fn violations(name: &str, manifest: &Table) -> Vec<String> {
    let mut violations = Vec::new();
    if !is_inherited(manifest.get("lints")) {
        violations.push(format!("{name} does not say `[lints] workspace = true`"));
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for key in INHERITED {
        if !is_inherited(package.and_then(|package| package.get(key))) {
            violations.push(format!("{name} does not say `{key}.workspace = true`"));
        }
    }
    for (dependency, value) in dependencies(manifest) {
        if !is_inherited(Some(value)) {
            violations.push(format!("{name} does not take {dependency} from [workspace.dependencies]"));
        }
    }
    violations
}

fn is_inherited(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")) == Some(&Value::Boolean(true))
}

/// Of every kind and for every platform.
fn dependencies(manifest: &Table) -> Vec<(&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    let tables = platforms.filter_map(Value::as_table).chain([manifest]);
    let lists = tables.flat_map(|table| DEPENDENCIES.map(|kind| table.get(kind).and_then(Value::as_table)));
    lists.flatten().flatten().collect()
}

#[test]
fn every_member_inherits_from_the_workspace() {
    for package in members() {
        let manifest: Table = fs::read_to_string(&package.manifest_path).unwrap().parse().unwrap();
        assert!(!dependencies(&manifest).is_empty(), "{} has dependencies", package.name);
        insist_on_none(&violations(&package.name, &manifest));
    }
}

const SOUND: &str = r#"
[package]
name = "ashlar-example"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
authors.workspace = true
publish.workspace = true
[lints]
workspace = true
[dependencies]
serde.workspace = true
tokio = { workspace = true, features = ["io-util"] }
"#;

fn violations_after(from: &str, to: &str) -> usize {
    assert!(SOUND.contains(from));
    violations("example", &SOUND.replace(from, to).parse().unwrap()).len()
}

#[test]
fn rule_accepts_a_member_that_inherits_everything() {
    assert_eq!(violations_after("serde", "serde"), 0);
}

#[test]
fn rule_finds_what_a_member_decides_by_itself() {
    assert_eq!(violations_after("[lints]\nworkspace = true", "[lints.clippy]\nall = \"allow\""), 1);
    assert_eq!(violations_after("edition.workspace = true", "edition = \"2021\""), 1);
    assert_eq!(violations_after("license.workspace = true\n", ""), 1);
    assert_eq!(violations_after("serde.workspace = true", "serde = \"1\""), 1);
    assert_eq!(violations_after("{ workspace = true, features", "{ version = \"1\", features"), 1);
    assert_eq!(violations_after("[dependencies]", "[dev-dependencies]\nregex = \"1\"\n[dependencies]"), 1);
    assert_eq!(
        violations_after("[dependencies]", "[target.'cfg(unix)'.dependencies]\nnix = \"0.1\"\n[dependencies]"),
        1
    );
}
