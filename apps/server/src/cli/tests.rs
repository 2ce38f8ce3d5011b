//! What the command line understands.

use clap::CommandFactory as _;

use super::*;
use crate::config::{Config, Inputs, KEYS};

fn parsed(line: &str) -> (Command, ConfigFlags) {
    Cli::try_parse_from(line.split(' ')).unwrap().into_parts()
}

fn refused(line: &str) -> String {
    let refusal = Cli::try_parse_from(line.split(' ')).err().unwrap();
    assert_eq!(refusal.exit_code(), 2);
    refusal.to_string()
}

#[test]
fn grammar_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn serve_is_what_is_done_without_a_word() {
    assert_eq!(parsed("ashlar").0, Command::All);
    assert_eq!(parsed("ashlar --demo").0, Command::All);
    assert_eq!(parsed("ashlar --demo serve").0, Command::Serve);
}

#[test]
fn every_key_is_a_flag_before_and_after_the_command() {
    for key in KEYS {
        let flag = format!("--{}=x", key.flag);
        for line in [format!("ashlar {flag} migrate up"), format!("ashlar migrate up {flag}")] {
            let (_, config) = parsed(&line);
            assert_eq!(config.flags.0.get(key.name).map(String::as_str), Some("x"), "{line}");
        }
    }
}

#[test]
fn switch_without_value_is_true() {
    let value = |line| parsed(line).1.flags.0.get("demo").cloned();

    assert_eq!(value("ashlar --demo seed"), Some("true".to_owned()));
    assert_eq!(value("ashlar --demo=false seed"), Some("false".to_owned()));
    assert_eq!(value("ashlar seed"), None);
}

#[test]
fn flags_reach_the_configuration() {
    let (_, config) = parsed("ashlar doctor --listen 127.0.0.1:7 --json");
    let folder = tempfile::tempdir().unwrap();

    let config =
        Config::load(&Inputs { flags: config.flags, folder: folder.path().to_owned(), ..Inputs::default() }).unwrap();

    assert_eq!(config.listen.port(), 7);
    assert_eq!(config.source_of("listen").to_string(), "flag --listen");
}

#[test]
fn commands_take_their_own_arguments() {
    let command = |line| parsed(line).0;
    let down = |line| match command(line) {
        Command::Migrate { direction: Migrate::Down(down) } => down.count(),
        other => panic!("{other:?}"),
    };

    assert_eq!(down("ashlar migrate down"), Some(1));
    assert_eq!(down("ashlar migrate down --steps 3"), Some(3));
    assert_eq!(down("ashlar migrate down --all"), None);
    assert_eq!(command("ashlar openapi"), Command::Openapi { print: Document::Openapi });
    assert_eq!(command("ashlar openapi --print events"), Command::Openapi { print: Document::Events });
    assert_eq!(command("ashlar doctor --json"), Command::Doctor { json: true });
}

#[test]
fn mistakes_are_usage_errors_with_a_hint() {
    assert!(refused("ashlar sevre").contains("'serve'"));
    assert!(refused("ashlar --lisen 1").contains("'--listen'"));
    assert!(refused("ashlar migrate").contains("status"));
    refused("ashlar migrate down --steps 0");
    refused("ashlar migrate down --steps 1 --all");
}

#[test]
fn help_teaches_examples_sources_and_exit_codes() {
    let help = Cli::command().render_long_help().to_string();

    for part in ["Examples:", "Where the configuration comes from", "Exit codes:"] {
        assert!(help.contains(part), "{part}");
    }
    for key in KEYS {
        assert!(help.contains(&format!("--{}", key.flag)), "{}", key.name);
        assert!(help.contains(key.variable), "{}", key.name);
    }
    let mut command = Cli::command();
    for name in ["serve", "migrate", "seed", "import", "openapi", "doctor", "healthcheck"] {
        let help = command.find_subcommand_mut(name).unwrap().render_long_help().to_string();
        assert!(help.contains("Examples:"), "{name}");
    }
}
