//! No file tells on the machine it was written on.

use super::{
    insist_on_none,
    workspace::{TextFile, files, root},
};

/// The hosts of package registries. Put together here, so that this file may contain them.
const REGISTRIES: [(&str, &str); 8] = [
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("registry.npmjs", ".org"),
    ("registry.yarnpkg", ".com"),
    ("files.pythonhosted", ".org"),
    ("pypi.python", ".org"),
    ("proxy.golang", ".org"),
    ("crates-io-", "registry"),
];

/// Where this machine keeps things, as far as that can be known.
#[expect(clippy::disallowed_methods, reason = "the home folder is a fact about this machine")]
fn own_places() -> Vec<String> {
    let mut places = vec![root().display().to_string()];
    let variables = ["HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR"];
    let folders = variables.iter().filter_map(|name| std::env::var(name).ok());
    // With a slash, and only where it is a folder of somebody: `/` or `/root` alone says nothing.
    places.extend(folders.filter(|folder| folder.len() > 1).map(|folder| format!("{folder}/")));
    places
}

fn words() -> Vec<String> {
    let registries = REGISTRIES.iter().map(|(name, end)| format!("{name}{end}"));
    registries.chain(own_places()).collect()
}

fn is_lock_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name == "Cargo.lock" || name.contains("-lock.")
}

fn violations(words: &[String], file: &TextFile) -> Vec<String> {
    if is_lock_file(&file.path) {
        return Vec::new();
    }
    let mut violations = Vec::new();
    for (number, line) in file.text.lines().enumerate() {
        let found = words.iter().filter(|word| line.contains(word.as_str()));
        violations.extend(found.map(|word| format!("{}:{}: contains {word}", file.path, number + 1)));
    }
    violations
}

#[test]
fn no_file_names_this_machine_or_a_registry() {
    let words = words();
    let violations: Vec<String> = files().iter().flat_map(|file| violations(&words, file)).collect();

    insist_on_none(&violations);
}

/// Whether a running server made it. The keys of tests are keys to nothing.
fn is_left_behind(path: &str) -> bool {
    let endings = [".db", ".db-wal", ".db-shm", ".pem", ".key", ".log", "demo-password.txt"];
    endings.iter().any(|end| path.ends_with(end)) && !path.contains("/tests/")
}

#[test]
fn no_database_key_or_log_is_in_the_repository() {
    let paths = files().iter().map(|file| file.path.clone());
    let found: Vec<String> = paths.filter(|path| is_left_behind(path)).collect();

    insist_on_none(&found);
    assert!(is_left_behind("ashlar-data/keys/signing-rsa.pem") && is_left_behind("x/ashlar.db"));
}

#[test]
fn rule_finds_machine_and_registry_and_leaves_lock_files_alone() {
    let file = |path: &str, text: String| TextFile { path: path.to_owned(), text };
    let (words, host) = (words(), format!("{}{}", REGISTRIES[0].0, REGISTRIES[0].1));

    let violating = file("docs/a.md", format!("fine\nsee {}/target\nand https://{host}/", root().display()));
    assert_eq!(violations(&words, &violating).len(), 2);
    assert_eq!(violations(&words, &file("openapi/lint/package-lock.json", host)).len(), 0);
    assert_eq!(violations(&words, &file("README.md", "cargo run, then open /docs".to_owned())).len(), 0);
}
