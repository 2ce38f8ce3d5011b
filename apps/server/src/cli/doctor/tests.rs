//! What the doctor says, and how it ends.

use serde_json::Value;

use super::*;
use crate::config::Inputs;

fn config(variables: &[(&str, &str)]) -> Config {
    let folder = tempfile::tempdir().unwrap();
    Config::load(&Inputs {
        environment: variables.iter().copied().collect(),
        folder: folder.path().to_owned(),
        ..Inputs::default()
    })
    .unwrap()
}

fn check(outcome: Outcome) -> Check {
    Check { name: "database".to_owned(), outcome }
}

#[test]
fn table_shows_each_value_masked_with_its_source() {
    let config = config(&[("ASHLAR_DATABASE_URL", "postgres://u:hunter2@h/d")]);

    let text = Doctor::new(&config, &[]).to_string();

    let row = text.lines().find(|line| line.contains("database_url ")).unwrap();
    let words: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(words, ["database_url", "postgres://u:***@h/d", "environment", "ASHLAR_DATABASE_URL"]);
    assert!(!text.contains("hunter2"));
    assert!(text.contains("\nUnsafe for production (fine in the embedded profile)\n  public_url: "), "{text}");
}

#[test]
fn columns_are_aligned() {
    let config = config(&[]);

    let text = Doctor::new(&config, &[]).to_string();

    let column = |key: &str| {
        let row = text.lines().find(|line| line.starts_with(&format!("  {key} "))).unwrap();
        row.find(" default").unwrap()
    };
    assert_eq!(column("env"), column("database_acquire_timeout"));
}

#[test]
fn unsafe_settings_fail_the_command_in_production_only() {
    let embedded = config(&[]);
    let production = config(&[("ASHLAR_ENV", "production")]);

    assert_eq!(Doctor::new(&embedded, &[]).exit(), Exit::Done);
    assert_eq!(Doctor::new(&production, &[]).exit(), Exit::Failed);
}

#[test]
fn failed_check_fails_the_command_and_a_warning_does_not() {
    let config = config(&[]);
    let warned = [check(Outcome::Warn("slow".to_owned()))];
    let failed = [check(Outcome::Fail("gone".to_owned()))];

    assert_eq!(Doctor::new(&config, &warned).exit(), Exit::Done);
    let doctor = Doctor::new(&config, &failed);
    assert_eq!(doctor.exit(), Exit::Failed);
    assert!(doctor.to_string().ends_with("\nChecks\n  FAIL  database  gone\n"));
}

#[test]
fn json_says_the_same_as_the_table() {
    let config = config(&[("ASHLAR_DATABASE_URL", "postgres://u:hunter2@h/d")]);
    let checks = [check(Outcome::Ok("reached".to_owned()))];

    let text = Doctor::new(&config, &checks).json().unwrap();

    assert!(!text.contains("hunter2"));
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["ok"], true);
    assert_eq!(report["profile"], "embedded");
    assert_eq!(report["configuration"][0]["key"], "env");
    assert_eq!(report["configuration"][0]["source"], "default");
    assert_eq!(report["unsafe_for_production"][0]["key"], "public_url");
    assert_eq!(report["checks"][0]["outcome"], "ok");
    assert_eq!(report["checks"][0]["detail"], "reached");
}

#[test]
fn value_cannot_steer_the_terminal() {
    let config = config(&[("ASHLAR_DATA_DIR", "a\u{1b}[2Jb")]);

    assert!(!Doctor::new(&config, &[]).to_string().contains('\u{1b}'));
}
