//! `leads import` and `leads export`, as an operator calls them.

use std::fs;

use ashlar_tests::binary::Program;
use serde_json::Value;

#[test]
fn a_rehearsal_of_an_import_says_what_would_be_done_and_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    fs::write(folder.path().join("leads.csv"), "name,email\nAda,ada@example.org\nGrace,grace@example.org\n").unwrap();
    assert_eq!(program.run(&["migrate", "up"]).code, Some(0));
    let import = |more: &[&str]| {
        let finished = program.run(&[&["leads", "import", "leads.csv", "--output", "json"], more].concat());
        assert_eq!(finished.code, Some(0), "{finished:?}");
        let report: Value = serde_json::from_str(&finished.stdout).unwrap();
        (report["dry_run"].as_bool().unwrap(), report["created"].as_u64().unwrap())
    };
    let exported = || {
        let finished = program.run(&["leads", "export"]);
        assert_eq!(finished.code, Some(0), "{finished:?}");
        finished.stdout.lines().filter(|line| line.contains("@example.org")).count()
    };

    assert_eq!(import(&["--dry-run"]), (true, 2));
    assert_eq!(exported(), 0, "a rehearsal has brought leads");

    assert_eq!(import(&[]), (false, 2), "a rehearsal stands in the way");
    assert_eq!(exported(), 2);
}
