//! How a configuration comes together, seen from outside.

use std::fs;
use std::time::Duration;

use super::*;

mod safety;

fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    load_with(variables, &[])
}

fn load_with(variables: &[(&str, &str)], flags: &[(&'static str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    Config::load(&inputs(variables, flags, folder.path()))
}

fn inputs(variables: &[(&str, &str)], flags: &[(&'static str, &str)], folder: &std::path::Path) -> Inputs {
    Inputs {
        environment: variables.iter().copied().collect(),
        flags: flags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
        folder: folder.to_owned(),
    }
}

/// A folder with an `ashlar.toml` in it.
fn folder_with(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ashlar.toml"), file).unwrap();
    folder
}

fn problems(result: Result<Config, ConfigError>) -> Vec<String> {
    result.unwrap_err().problems.iter().map(ToString::to_string).collect()
}

fn only_problem(result: Result<Config, ConfigError>) -> String {
    let mut problems = problems(result);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    problems.remove(0)
}

#[test]
fn defaults_of_both_profiles_load_and_every_key_has_an_effective_value() {
    for profile in Profile::WORDS {
        let config = load(&[("ASHLAR_ENV", profile)]).unwrap();

        let shown: Vec<&str> = config.effective().iter().map(|row| row.key).collect();
        let all: Vec<&str> = KEYS.iter().map(|key| key.name).collect();
        assert_eq!(shown, all);
    }
}

#[test]
fn every_key_that_has_a_grammar_refuses_nonsense() {
    let free_text = ["config", "data_dir", "keys_dir", "audit_checkpoint_dir", "log_file"];
    for key in KEYS.iter().filter(|key| !free_text.contains(&key.name)) {
        let result = load(&[(key.variable, "?!")]);

        let problem = only_problem(result);
        assert!(problem.starts_with(key.name), "{problem}");
        assert!(problem.contains(key.variable), "{problem}");
    }
}

#[test]
fn profiles_differ_in_the_defaults_that_production_needs() {
    let embedded = load(&[]).unwrap();
    let production = load(&[("ASHLAR_ENV", "production")]).unwrap();

    assert_eq!(embedded.profile, Profile::Embedded);
    assert!(embedded.demo && !production.demo);
    assert_eq!(embedded.registration, Registration::Instant);
    assert_eq!(production.registration, Registration::VerifyFirst);
    assert_eq!(embedded.limits.drain_delay, Duration::ZERO);
    assert_eq!(production.limits.drain_delay, Duration::from_secs(5));
}

#[test]
fn defaults_are_those_of_the_operations_page() {
    let config = load(&[]).unwrap();

    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.admin_listen.unwrap().to_string(), "127.0.0.1:9090");
    assert_eq!(config.log.file, None);
    assert_eq!(config.public_base(), "http://127.0.0.1:8080");
    assert_eq!(config.database.url.expose(), "sqlite:./ashlar-data/ashlar.db");
    assert_eq!(config.signing.keys_dir.to_str(), Some("./ashlar-data/keys"));
    assert_eq!(config.signing.algorithm, JwtAlgorithm::Rs256);
    assert_eq!(config.tokens.access, Duration::from_mins(15));
    assert_eq!(config.tokens.refresh_grace, Duration::from_secs(10));
    assert_eq!(config.limits.body, 1_048_576);
    assert_eq!(config.limits.max_connections, 25_000);
    assert_eq!(config.http.cors_origins, CorsOrigins::Only(Vec::new()));
    assert!(config.hash_threads >= 1);
}

#[test]
fn later_layers_win_and_each_value_remembers_its_own() {
    let folder = folder_with("listen = '127.0.0.1:1'\nlog = 'warn'\nkeep_alive = '1s'\n");
    let variables = [("ASHLAR_LISTEN", "127.0.0.1:2"), ("ASHLAR_LOG", "error")];
    let flags = [("listen", "127.0.0.1:3")];

    let config = Config::load(&inputs(&variables, &flags, folder.path())).unwrap();

    let source = |key| config.source_of(key).to_string();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(source("listen"), "flag --listen");
    assert_eq!(config.log.filter, "error");
    assert_eq!(source("log"), "environment ASHLAR_LOG");
    assert_eq!(config.limits.keep_alive, Duration::from_secs(1));
    assert!(source("keep_alive").starts_with("file "));
    assert!(source("keep_alive").ends_with("ashlar.toml"));
    assert_eq!(source("demo"), "default");
}

#[test]
fn operators_address_can_be_switched_off() {
    assert_eq!(load(&[("ASHLAR_ADMIN_LISTEN", "off")]).unwrap().admin_listen, None);
    let elsewhere = load(&[("ASHLAR_ADMIN_LISTEN", "[::1]:0")]).unwrap();
    assert_eq!(elsewhere.admin_listen.unwrap().to_string(), "[::1]:0");
}

#[test]
fn log_file_has_the_size_and_number_of_the_former_systems() {
    let config = load(&[("ASHLAR_LOG_FILE", "logs/ashlar.log")]).unwrap();

    let file = LogFile { path: "logs/ashlar.log".into(), size: 15_000_000, count: 10 };
    assert_eq!(config.log.file, Some(file));
}

#[test]
fn file_may_use_the_types_of_toml() {
    let folder =
        folder_with("demo = false\nbody_limit = 2048\ncors_origins = ['https://a.example', 'https://b.example']\n");

    let config = Config::load(&inputs(&[], &[], folder.path())).unwrap();

    assert!(!config.demo);
    assert_eq!(config.limits.body, 2048);
    let origins = ["https://a.example", "https://b.example"].map(str::to_owned);
    assert_eq!(config.http.cors_origins, CorsOrigins::Only(origins.to_vec()));
}

#[test]
fn named_file_must_exist_and_may_be_named_by_flag_or_environment() {
    let folder = folder_with("env = 'production'");
    let path = folder.path().join("ashlar.toml");
    let path = path.to_str().unwrap();

    let by_flag = load_with(&[("ASHLAR_CONFIG", "/nowhere/a.toml")], &[("config", path)]).unwrap();
    let missing = only_problem(load(&[("ASHLAR_CONFIG", "/nowhere/a.toml")]));

    assert_eq!(by_flag.profile, Profile::Production);
    assert!(missing.starts_with("config (environment ASHLAR_CONFIG): \"/nowhere/a.toml\" cannot be read"), "{missing}");
}

#[test]
fn broken_file_names_its_line_and_quotes_nothing() {
    let folder = folder_with("demo = true\ndatabase_url = 'postgres://u:hunter2@h/d\n");

    let problem = only_problem(Config::load(&inputs(&[], &[], folder.path())));

    assert!(problem.contains("is not valid TOML: line 2"), "{problem}");
    assert!(!problem.contains("hunter2"), "{problem}");
}

#[test]
fn unknown_names_are_refused_with_the_nearest_key() {
    let folder = folder_with("databse_url = 'x'\n[server]\nlisten = 'y'\n");

    let problems =
        problems(Config::load(&inputs(&[("ASHLAR_LISEN", "x"), ("ASHLAR_listen", "x")], &[], folder.path())));

    let found = |end: &str| problems.iter().any(|problem| problem.ends_with(end));
    assert_eq!(problems.len(), 4, "{problems:#?}");
    assert!(found("unknown key; did you mean ASHLAR_LISTEN?"), "{problems:#?}");
    assert!(found("unknown key ASHLAR_listen; did you mean ASHLAR_LISTEN?"), "{problems:#?}");
    assert!(found("unknown key; did you mean database_url?"), "{problems:#?}");
    assert!(problems.iter().any(|problem| problem.starts_with("server (")), "{problems:#?}");
}

#[test]
fn keys_of_later_versions_are_refused_by_name_everywhere() {
    let folder = folder_with("stripe_api_base = 'http://h'\nstatic_dir = 'site'\n");

    let problems =
        problems(Config::load(&inputs(&[("ASHLAR_STRIPE_SECRET_KEY_FILE", "/run/stripe")], &[], folder.path())));

    let refused = ["stripe_secret_key_file", "static_dir", "stripe_api_base"];
    assert_eq!(problems.len(), refused.len(), "{problems:#?}");
    for (problem, key) in problems.iter().zip(refused) {
        assert!(problem.starts_with(key), "{problem}");
        assert!(problem.ends_with("): not in this version yet"), "{problem}");
    }
}

#[test]
fn variables_of_tests_and_orchestrators_are_no_configuration() {
    load(&[
        ("ASHLAR_TEST_POSTGRES_URL", "postgres://h"),
        ("ASHLAR_BIN", "target/debug/ashlar"),
        ("ASHLAR_SERVICE_HOST", "10.0.0.1"),
        ("ASHLAR_PORT", "tcp://10.0.0.1:8080"),
        ("ASHLAR_PORT_8080_TCP_ADDR", "10.0.0.1"),
    ])
    .unwrap();
}

#[test]
fn all_problems_are_reported_at_once() {
    let error = load(&[
        ("ASHLAR_LISTEN", "localhost:8080"),
        ("ASHLAR_ACCESS_TTL", "15 minuts"),
        ("ASHLAR_DATABASE_POOL", "0"),
        ("ASHLAR_BODY_LIMIT", "2GiB"),
        ("ASHLAR_LOG", "inof"),
        ("ASHLAR_REGISTRATION", "everybody"),
    ])
    .unwrap_err();

    assert_eq!(error.problems.len(), 6, "{error}");
    let text = error.to_string();
    assert!(text.starts_with("the configuration has 6 problems:\n"), "{text}");
    for line in [
        "listen (environment ASHLAR_LISTEN): \"localhost:8080\" is not an IP address with a port; accepted: ",
        "access_ttl (environment ASHLAR_ACCESS_TTL): \"15 minuts\" is not a time",
        "database_pool (environment ASHLAR_DATABASE_POOL): \"0\" is less than 1; accepted: a whole number from 1 to 1000",
        "body_limit (environment ASHLAR_BODY_LIMIT): \"2GiB\" is more than 1GiB",
        "log (environment ASHLAR_LOG): \"inof\"",
        "registration (environment ASHLAR_REGISTRATION): \"everybody\"",
    ] {
        assert!(text.contains(line), "{line}\n---\n{text}");
    }
}

#[test]
fn values_that_contradict_each_other_are_refused() {
    let idle = only_problem(load(&[("ASHLAR_REFRESH_IDLE", "31d")]));
    let short = [("ASHLAR_REFRESH_ABSOLUTE", "10m"), ("ASHLAR_REFRESH_IDLE", "5m")];
    let access = only_problem(load(&short));

    assert!(idle.contains("is longer than refresh_absolute"), "{idle}");
    assert!(access.contains("is longer than refresh_absolute"), "{access}");
}

#[test]
fn secret_may_stand_in_a_file_without_its_last_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("url");
    fs::write(&path, "postgres://u:hunter2@h/d\n").unwrap();
    let path = path.to_str().unwrap();

    let config = load(&[("ASHLAR_DATABASE_URL_FILE", path)]).unwrap();

    assert_eq!(config.database.url.expose(), "postgres://u:hunter2@h/d");
    let source = config.source_of("database_url").to_string();
    assert_eq!(source, "file named by ASHLAR_DATABASE_URL_FILE");
}

#[test]
fn secret_and_its_file_together_are_refused() {
    let variables = [("ASHLAR_DATABASE_URL", "postgres://u:hunter2@h/d"), ("ASHLAR_DATABASE_URL_FILE", "/nowhere")];

    let problem = only_problem(load(&variables));

    assert!(problem.ends_with("ASHLAR_DATABASE_URL and ASHLAR_DATABASE_URL_FILE are both set; keep one"), "{problem}");
    assert!(!problem.contains("hunter2"));
}

#[test]
fn missing_secret_file_and_file_form_of_an_open_key_are_refused() {
    let missing = only_problem(load(&[("ASHLAR_DATABASE_URL_FILE", "/nowhere/url")]));
    let open_key = only_problem(load(&[("ASHLAR_LISTEN_FILE", "/nowhere")]));

    assert!(missing.contains("\"/nowhere/url\" cannot be read"), "{missing}");
    assert!(open_key.contains("unknown key"), "{open_key}");
}

#[test]
fn no_output_shows_the_password() {
    let good = load(&[("ASHLAR_DATABASE_URL", "postgres://u:hunter2@h/d")]).unwrap();
    let bad = load(&[("ASHLAR_DATABASE_URL", "mysql://u:hunter2@h/d")]).unwrap_err();

    let row = good.effective().iter().find(|row| row.key == "database_url").unwrap();
    assert_eq!(row.value, "postgres://u:***@h/d");
    assert!(!format!("{good:?}").contains("hunter2"));
    assert!(bad.to_string().contains("mysql://u:***@h/d"), "{bad}");
    assert!(!format!("{bad} {bad:?}").contains("hunter2"));
}

#[test]
fn no_output_shows_the_key_of_sentry() {
    let good = load(&[("ASHLAR_SENTRY_DSN", "https://hunter2@sentry.example.com/1")]).unwrap();
    let bad = load(&[("ASHLAR_SENTRY_DSN", "https://hunter2@sentry.example.com")]).unwrap_err();

    let row = good.effective().iter().find(|row| row.key == "sentry_dsn").unwrap();
    assert_eq!(row.value, "https://***@sentry.example.com/1");
    assert!(!format!("{good:?} {bad} {bad:?}").contains("hunter2"));
    assert!(bad.to_string().contains("is no DSN"), "{bad}");
}

#[test]
fn data_folder_moves_what_lies_in_it() {
    let config = load(&[("ASHLAR_DATA_DIR", "/srv/50%?")]).unwrap();

    assert_eq!(config.database.url.expose(), "sqlite:/srv/50%25%3F/ashlar.db");
    assert_eq!(config.signing.keys_dir.to_str(), Some("/srv/50%?/keys"));
}

#[test]
fn public_url_follows_the_port_that_was_bound_unless_it_was_chosen() {
    let bound = "0.0.0.0:4321".parse().unwrap();
    let derived = load(&[("ASHLAR_LISTEN", "0.0.0.0:0")]).unwrap().bound_to(bound);
    let chosen = load(&[("ASHLAR_PUBLIC_URL", "https://a.example/api/")]).unwrap().bound_to(bound);

    assert_eq!(derived.public_base(), "http://127.0.0.1:4321");
    assert_eq!(chosen.public_base(), "https://a.example/api");
}
