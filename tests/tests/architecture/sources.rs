//! What may stand in which file of Rust.

use super::{
    insist_on_none,
    rust_text::RustText,
    workspace::{TextFile, rust_files},
};

/// One idea per file; a file this long has several.
const LONGEST: usize = 500;

/// A word of code or of a literal that may stand in some folders only.
struct Confined {
    words: &'static [&'static str],
    part: fn(&RustText) -> &str,
    /// Where it belongs.
    home: fn(&str) -> bool,
    reason: &'static str,
}

fn code(text: &RustText) -> &str {
    &text.code
}

fn literals(text: &RustText) -> &str {
    &text.literals
}

/// Tests go past the product on purpose.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

const RULES: &[Confined] = &[
    Confined {
        words: &["ashlar_sql", "ashlar_crypto", "ashlar_memory", "ashlar_migrations"],
        part: code,
        home: |path| !path.starts_with("apps/server/") || path.starts_with("apps/server/src/compose/"),
        reason: "only compose/ names adapter crates",
    },
    Confined {
        words: &["sea_orm", "sqlx", "sea_query"],
        part: code,
        home: is_storage,
        reason: "only the SQL adapter and the migrations know the database library",
    },
    Confined {
        words: &[
            "SELECT ",
            "INSERT INTO ",
            "DELETE FROM ",
            "CREATE TABLE ",
            "CREATE INDEX ",
            "ALTER TABLE ",
            "DROP TABLE ",
            "BEGIN IMMEDIATE",
            "PRAGMA ",
            "UPDATE \"",
            " RETURNING ",
        ],
        part: literals,
        // The floor that `cargo xtask bench` compares Ashlar with is hand-written SQL by its purpose, and never shipped.
        home: |path| is_storage(path) || path.starts_with("apps/bench-floor/"),
        reason: "SQL belongs into the SQL adapter and the migrations",
    },
    Confined {
        words: &[".require(", ".authorize("],
        part: code,
        home: |path| !path.starts_with("apps/"),
        reason: "use cases check permissions, handlers do not",
    },
    Confined {
        words: &["todo!", "unimplemented!", "#[ignore", "#[allow(", "#![allow("],
        part: code,
        home: |_| false,
        reason: "unfinished, or silenced without a reason",
    },
    Confined {
        words: &["= ErrorCode {", "&ErrorCode {", "(ErrorCode {"],
        part: code,
        home: |path| path == "crates/kernel/src/error.rs" || is_test(path),
        reason: "codes are declared by error_codes!, which puts them into the catalogue",
    },
];

fn is_storage(path: &str) -> bool {
    path.starts_with("crates/adapters/sql/") || path.starts_with("migrations/") || is_test(path)
}

fn violations(rules: &[Confined], file: &TextFile) -> Vec<String> {
    let text = RustText::of(&file.text);
    let mut violations = Vec::new();
    for rule in rules.iter().filter(|rule| !(rule.home)(&file.path)) {
        for (number, line) in (rule.part)(&text).lines().enumerate() {
            let found = rule.words.iter().filter(|word| is_said(line, word));
            violations.extend(found.map(|word| format!("{}:{}: {word:?}: {}", file.path, number + 1, rule.reason)));
        }
    }
    let lines = file.text.lines().count();
    if lines > LONGEST {
        violations.push(format!("{}: {lines} lines, more than {LONGEST}", file.path));
    }
    violations
}

/// Whether a line says the word, and not a longer one that ends with it.
fn is_said(line: &str, word: &str) -> bool {
    let is_part_of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    let begins_a_word = word.starts_with(is_part_of_a_word);
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        !(begins_a_word && before.is_some_and(is_part_of_a_word))
    })
}

#[test]
fn every_word_stands_where_it_belongs_and_no_file_is_too_long() {
    let violations: Vec<String> = rust_files().flat_map(|file| violations(RULES, file)).collect();

    insist_on_none(&violations);
}

#[test]
fn every_rule_has_something_to_guard() {
    // A rule whose word is spelt wrong, or whose folder has moved, would find nothing for ever.
    for rule in RULES.iter().filter(|rule| rule.reason.starts_with("only") || rule.reason.starts_with("SQL")) {
        let is_used = |file: &TextFile| {
            let text = RustText::of(&file.text);
            (rule.home)(&file.path) && rule.words.iter().any(|word| is_said((rule.part)(&text), word))
        };
        assert!(rust_files().any(is_used), "{} is about nothing", rule.reason);
    }
}

fn count(path: &str, text: &str) -> usize {
    violations(RULES, &TextFile { path: path.to_owned(), text: text.to_owned() }).len()
}

#[test]
fn rules_find_words_out_of_place() {
    let handler = "apps/server/src/http/identity/me.rs";
    assert_eq!(count(handler, "use ashlar_sql::SqlStore;"), 1);
    assert_eq!(count(handler, "context.require(READ)?;"), 1);
    assert_eq!(count(handler, "context.authorize(READ)?;"), 1);
    assert_eq!(count(handler, "let x = \"SELECT 1\";"), 1);
    assert_eq!(count("crates/identity/src/query.rs", "use sea_orm::EntityTrait;"), 1);
    assert_eq!(count("crates/identity/src/query.rs", "let sql = r#\"\n  DELETE FROM x\"#;"), 1);
    assert_eq!(count("crates/adapters/memory/src/lib.rs", "sqlx::query(q)"), 1);
    assert_eq!(count("crates/kernel/src/id.rs", "todo!()"), 1);
    assert_eq!(count("tests/tests/faults.rs", "#[ignore = \"slow\"]\n#[allow(unused)]"), 2);
    assert_eq!(count("crates/identity/src/login.rs", "const X: ErrorCode = ErrorCode { code: \"x\" };"), 1);
    assert_eq!(count("crates/kernel/src/id.rs", &"\n".repeat(LONGEST + 1)), 1);
}

#[test]
fn rules_leave_words_alone_where_they_belong() {
    assert_eq!(count("apps/server/src/compose/mod.rs", "use ashlar_sql::SqlStore;"), 0);
    assert_eq!(count("crates/adapters/sql/src/lib.rs", "sqlx::query(\"SELECT 1\")"), 0);
    assert_eq!(count("crates/identity/src/use_case/profile.rs", "context.require(READ)?;"), 0);
    assert_eq!(count("crates/kernel/src/id.rs", "// todo!() SELECT \nlet not_sqlx = mysqlx;"), 0);
    assert_eq!(count("crates/kernel/src/id.rs", "let word = \"todo!\"; #[expect(unused, reason = \"\")]"), 0);
    assert_eq!(count("crates/kernel/src/id.rs", &"\n".repeat(LONGEST)), 0);
}
