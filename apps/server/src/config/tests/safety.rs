//! What production refuses.

use super::*;

fn keys(config: &Config) -> Vec<&'static str> {
    config.unsafe_settings().iter().map(|finding| finding.key).collect()
}

#[test]
fn embedded_defaults_start_and_tell_what_production_would_refuse() {
    let config = load(&[]).unwrap();

    assert_eq!(config.ensure_safe(), Ok(()));
    assert_eq!(keys(&config), ["public_url", "demo", "database_url", "keys_dir"]);
}

#[test]
fn production_lists_everything_it_refuses() {
    let error = load(&[
        ("ASHLAR_ENV", "production"),
        ("ASHLAR_DEMO", "true"),
        ("ASHLAR_KEYS_DIR", "/nowhere/keys"),
        ("ASHLAR_LOG", "info,ashlar_server=debug"),
        ("ASHLAR_CORS_ORIGINS", "http://a.example,http://localhost:3000,https://b.example"),
        ("ASHLAR_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("ASHLAR_SENTRY_DSN", "http://key@sentry.example.com/1"),
        ("ASHLAR_BLOB_URL", "s3://files?endpoint=http://minio:9000"),
        ("ASHLAR_BLOB_ACCESS_KEY", "key"),
        ("ASHLAR_BLOB_SECRET_KEY", "secret"),
    ])
    .unwrap()
    .ensure_safe()
    .unwrap_err();

    let named: Vec<&str> = error.settings.iter().map(|finding| finding.key).collect();
    let all = [
        "public_url",
        "demo",
        "database_url",
        "keys_dir",
        "log",
        "sentry_dsn",
        "blob_url",
        "cors_origins",
        "trusted_proxies",
    ];
    assert_eq!(named, all, "{error}");
    assert!(error.to_string().contains("cors_origins: http://a.example can be forged"), "{error}");
}

#[test]
fn any_origin_is_refused() {
    let config = load(&[("ASHLAR_CORS_ORIGINS", "*")]).unwrap();

    assert_eq!(config.http.cors_origins, CorsOrigins::Any);
    assert!(keys(&config).contains(&"cors_origins"));
}

#[test]
fn keys_in_the_data_folder_are_refused_however_it_is_written() {
    let config = load(&[("ASHLAR_DATA_DIR", "data"), ("ASHLAR_KEYS_DIR", "./data/own")]).unwrap();

    assert!(keys(&config).contains(&"keys_dir"));
}

#[test]
fn production_starts_when_everything_is_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let config = load(&[
        ("ASHLAR_ENV", "production"),
        ("ASHLAR_PUBLIC_URL", "https://api.example.com"),
        ("ASHLAR_DATABASE_URL", "postgres://u:pw@h/d"),
        ("ASHLAR_KEYS_DIR", folder.path().to_str().unwrap()),
        ("ASHLAR_CORS_ORIGINS", "https://app.example.com, http://localhost:3000"),
        ("ASHLAR_REGISTRATION", "instant"),
        ("ASHLAR_ADMIN_LISTEN", "0.0.0.0:9090"),
        ("ASHLAR_SENTRY_DSN", "https://key@sentry.example.com/1"),
    ])
    .unwrap();

    assert_eq!(config.ensure_safe(), Ok(()));
    let noted: Vec<&str> = config.notes().iter().map(|note| note.key).collect();
    assert_eq!(noted, ["registration", "admin_listen", "redis_url", "audit_checkpoint_dir", "blob_url", "mail_url"]);
}

#[test]
fn what_shows_in_the_process_list_is_noted() {
    let flags = [("database_url", "postgres://u:pw@h/d")];

    let config = load_with(&[], &flags).unwrap();

    let noted: Vec<&str> = config.notes().iter().map(|note| note.key).collect();
    assert_eq!(noted, ["database_url"]);
}
