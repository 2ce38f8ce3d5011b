//! What is said to a call that is a question, a mistake, or impossible.

use std::{fs, net::TcpListener, time::Duration};

use ashlar_tests::binary::{Finished, Program};
use serde_json::Value;
use tempfile::TempDir;

/// A program in a folder that goes with it.
fn newcomer() -> (TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path());
    (folder, program)
}

/// Fails unless the program said one sentence, with its cause at most.
fn insist_on_one_sentence(finished: &Finished, code: i32, sentence: &str) {
    assert_eq!(finished.code, Some(code), "{finished:?}");
    assert_eq!(finished.stdout, "");
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert!(lines[0].starts_with(sentence), "{finished:?}");
    assert!(lines[1..].iter().all(|line| line.starts_with("  because ")) && lines.len() <= 2, "{finished:?}");
}

#[test]
fn every_help_text_has_examples_and_ends_well() {
    let (_folder, program) = newcomer();

    let short = program.run(&["-h"]);
    assert_eq!((short.code, short.stderr.as_str()), (Some(0), ""));
    for command in ["serve", "migrate", "seed", "openapi", "doctor", "healthcheck"] {
        assert!(short.stdout.contains(command), "-h does not mention {command}");
        let help = program.run(&[command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
        assert!(help.stdout.contains(&format!("ashlar {command}")), "no example of {command}");
    }
    for direction in ["up", "down", "status"] {
        assert_eq!(program.run(&["migrate", direction, "--help"]).code, Some(0));
    }
    for words in [&["-h"][..], &["serve", "-h"], &["keys", "rotate", "-h"], &["import", "users", "-h"]] {
        let help = program.run(words).stdout;
        assert!(!help.contains("--listen") && !help.contains("--database-url"), "too much for a short help: {help}");
    }
    let long = program.run(&["--help"]).stdout;
    for taught in ["ASHLAR_DATABASE_URL_FILE", "ashlar.toml", "Exit codes", "--listen", "[default: 127.0.0.1:8080]"] {
        assert!(long.contains(taught), "--help does not mention {taught}");
    }
    assert!(program.run(&["--version"]).stdout.starts_with("ashlar "));
    assert!(!program.data().exists(), "help made a data folder");
}

#[test]
fn unknown_name_is_answered_with_the_nearest_one_wherever_it_stands() {
    let (folder, program) = newcomer();

    let by_variable = program.clone().env("ASHLAR_DATABSE_URL", "sqlite:x.db").run(&["serve"]);
    assert_eq!(by_variable.code, Some(2));
    assert!(by_variable.stderr.contains("ASHLAR_DATABSE_URL"), "{by_variable:?}");
    assert!(by_variable.stderr.contains("ASHLAR_DATABASE_URL"), "{by_variable:?}");

    let by_flag = program.run(&["serve", "--lisen", "127.0.0.1:0"]);
    assert_eq!(by_flag.code, Some(2));
    assert!(by_flag.stderr.contains("--lisen") && by_flag.stderr.contains("--listen"), "{by_flag:?}");

    fs::write(folder.path().join("ashlar.toml"), "registraton = \"closed\"\njwt_algo = \"EdDSA\"\n").unwrap();
    let by_file = program.run(&["serve"]);
    assert_eq!(by_file.code, Some(2));
    for name in ["registraton", "registration", "jwt_algo", "jwt_alg", "ashlar.toml", "2 problems"] {
        assert!(by_file.stderr.contains(name), "{name} is missing: {by_file:?}");
    }

    let by_command = program.run(&["sreve"]);
    assert_eq!(by_command.code, Some(2));
    assert!(by_command.stderr.contains("serve"), "{by_command:?}");
    assert!(!program.data().exists(), "a mistake made a data folder");
}

#[test]
fn wrong_values_are_all_named_at_once_with_their_source() {
    let (_folder, program) = newcomer();

    let program = program.env("ASHLAR_LISTEN", "nowhere").env("ASHLAR_ACCESS_TTL", "soon");
    let refused = program.run(&["serve", "--jwt-alg", "none"]);

    assert_eq!(refused.code, Some(2));
    for name in ["ASHLAR_LISTEN", "ASHLAR_ACCESS_TTL", "--jwt-alg", "3 problems"] {
        assert!(refused.stderr.contains(name), "{name} is missing: {refused:?}");
    }
}

#[test]
fn busy_port_is_one_sentence_with_its_cause_and_leaves_nothing_behind() {
    let (_folder, program) = newcomer();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();

    let refused = program.run(&["serve", "--listen", &address]);

    insist_on_one_sentence(&refused, 1, &format!("ashlar: cannot listen on {address}"));
    assert!(refused.stderr.to_lowercase().contains("address already in use"), "{refused:?}");
    assert!(refused.stderr.contains("--listen"), "{refused:?}");
    assert!(!program.data().exists(), "a data folder for nothing");
}

#[test]
fn folder_that_cannot_be_written_is_one_sentence_with_its_cause() {
    let (folder, program) = newcomer();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let below = file.join("data").display().to_string();

    for command in ["serve", "seed"] {
        let refused = program.run(&[command, "--data-dir", &below]);
        insist_on_one_sentence(&refused, 1, &format!("ashlar: the data folder {below} cannot be written"));
        assert!(refused.stderr.contains("--data-dir"), "{refused:?}");
    }
}

#[test]
fn production_names_every_unsafe_setting_at_once_and_in_no_time() {
    let (_folder, program) = newcomer();
    let production = program.clone().env("ASHLAR_ENV", "production");
    let careless = production
        .clone()
        .env("ASHLAR_DEMO", "true")
        .env("ASHLAR_LOG", "debug")
        .env("ASHLAR_ACCOUNT_URL", "http://app.example.org")
        .env("ASHLAR_CORS_ORIGINS", "*")
        .env("ASHLAR_TRUSTED_PROXIES", "0.0.0.0/0");

    let refused = careless.run(&["serve"]);

    assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""));
    assert!(refused.took < Duration::from_secs(1), "{:?}", refused.took);
    let keys =
        ["public_url", "account_url", "demo", "database_url", "keys_dir", "log", "cors_origins", "trusted_proxies"];
    for key in keys {
        assert!(refused.stderr.contains(&format!("\n  - {key}: ")), "{key} is missing: {}", refused.stderr);
    }
    assert_eq!(refused.stderr.lines().count(), 1 + keys.len(), "{}", refused.stderr);
    let seed = production.run(&["seed"]);
    insist_on_one_sentence(&seed, 1, "ashlar: production takes no demonstration data");
    let doctor = careless.run(&["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(keys.iter().all(|key| doctor.stdout.contains(&format!("\n  {key}: "))), "{}", doctor.stdout);
    assert!(!program.data().exists(), "a refusal made a data folder");
}

#[test]
fn openapi_prints_three_documents_and_touches_nothing() {
    let (_folder, program) = newcomer();
    // It describes the version, so a broken configuration is no obstacle.
    let program = program.env("ASHLAR_LISTEN", "nowhere");
    let print = |document: &str| -> Value {
        let printed = program.run(&["openapi", "--print", document]);
        assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
        serde_json::from_str(&printed.stdout).unwrap()
    };

    assert_eq!(print("openapi")["openapi"], "3.1.0");
    assert!(print("problems")["problems"].as_array().is_some_and(|all| all.len() > 10));
    assert!(print("events")["events"].as_array().is_some_and(|all| all.len() > 5));
    let plain = program.run(&["openapi"]);
    assert_eq!(serde_json::from_str::<Value>(&plain.stdout).unwrap(), print("openapi"));
    assert_eq!(program.run(&["openapi", "--print", "poems"]).code, Some(2));
    assert!(!program.data().exists(), "a description made a data folder");
}
