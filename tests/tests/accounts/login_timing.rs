//! What a stopwatch learns from failed logins: nothing. By hand: `cargo xtask timing`.
//!
//! `login_work.rs` counts the work and runs with every change; this measures its time, for which the machine has to be
//! quiet.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]
#![expect(clippy::print_stdout, reason = "a measurement is read")]

use std::{fs, sync::Arc, time::Instant};

use ashlar_crypto::{Argon2Options, Argon2Pool, OsEntropy};
use ashlar_identity::{Password, port::PasswordHasher as _};
use ashlar_kernel::Secret;
use ashlar_tests::{
    binary::{Api, PASSWORD, Program, Seed, skipped},
    statistics::{mann_whitney, median},
};
use serde_json::{Value, json};

/// Logins of each kind.
const LOGINS: usize = 500;
/// A password of Django 5.2, at its own cost. Whose it is does not matter: it is never typed.
const OF_DJANGO: &str = "pbkdf2_sha256$1000000$p2qhsTqoleY5Z9pt90W46y$sOnCsBHqz1GRS3p5jaQBbQa0FDxUyMII7FKr/aBWPuI=";

/// Somebody who fails to sign in.
#[derive(Clone)]
struct Person {
    name: String,
    hash: String,
    is_active: bool,
    typed: &'static str,
}

fn people(kind: &str, hash: impl Fn(usize) -> String, is_active: bool) -> Vec<Person> {
    // Who is shut out types the right password, the others do not.
    let typed = if is_active { "lemon-gravel-ostrich-4" } else { PASSWORD };
    let person = |id| Person { name: format!("{kind}{id}"), hash: hash(id), is_active, typed };
    (0..LOGINS).map(person).collect()
}

/// A server with these people, and nobody who has ever signed in.
fn import(program: &Program, folder: &std::path::Path, people: &[Person]) {
    let row = |(id, person): (usize, &Person)| {
        let email = format!("{}@example.org", person.name);
        let fields = json!({
            "password": person.hash, "username": person.name, "email": email, "is_active": person.is_active,
            "is_staff": false, "is_superuser": false, "first_name": "", "last_name": "", "last_login": null,
            "date_joined": "2020-01-01T00:00:00Z",
        });
        json!({ "model": "auth.user", "pk": id, "fields": fields })
    };
    let rows: Vec<Value> = people.iter().enumerate().map(row).collect();
    fs::write(folder.join("users.json"), json!(rows).to_string()).unwrap();
    let imported = program.run(&["import", "users", "--format", "django-json", "users.json"]);
    assert_eq!(imported.code, Some(0), "{}{}", imported.stdout, imported.stderr);
}

/// The milliseconds of one login that fails.
async fn time(api: &Api, identifier: &str, password: &str) -> f64 {
    let form = json!({ "identifier": identifier, "password": password });
    let begun = Instant::now();
    let answer = api.post("/api/v1/auth/login", &form).await;
    let took = begun.elapsed().as_secs_f64() * 1_000.0;
    assert_eq!((answer.status, &answer.body["code"]), (401, &json!("invalid_credentials")), "{answer:?}");
    took
}

/// Logins of known and of unknown names in an order that chance decides, so that whatever else the machine does falls on
/// both alike.
async fn compare(api: &Api, kind: &str, people: &[Person]) -> bool {
    let mut seed = Seed::fresh();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    while known.len() < people.len() || unknown.len() < people.len() {
        let is_known = unknown.len() == people.len() || (known.len() < people.len() && seed.below(2) == 0);
        if is_known {
            let person = &people[known.len()];
            known.push(time(api, &person.name, person.typed).await);
        } else {
            let name = format!("stranger{}", unknown.len());
            unknown.push(time(api, &name, people[unknown.len()].typed).await);
        }
    }
    let (left, right) = (median(&known), median(&unknown));
    let (difference, p) = ((left - right) / right, mann_whitney(&known, &unknown));
    println!("| {kind} | {left:.2} ms | {right:.2} ms | {:+.2} % | {p:.3} |", difference * 100.0);
    difference.abs() < 0.05 && p > 0.01
}

/// A measurement takes minutes and a quiet machine, so it has to be asked for.
#[expect(clippy::disallowed_methods, reason = "the contract of the test environment")]
fn is_asked_for() -> bool {
    std::env::var_os("ASHLAR_TEST_TIMING").is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_known_and_unknown_names_are_of_one_distribution() {
    if !is_asked_for() {
        return skipped("a measurement, made by `cargo xtask timing`");
    }
    let pool = Argon2Pool::new(Argon2Options::default(), Arc::new(OsEntropy));
    let own = pool.hash(&Password::parse(Secret::from(PASSWORD)).unwrap()).await.unwrap().as_str().to_owned();
    let four_of_five = |id: usize| if id.is_multiple_of(5) { own.clone() } else { OF_DJANGO.to_owned() };
    let own = |_: usize| own.clone();
    println!("| {LOGINS} logins each | known name | unknown name | medians differ by | p |\n|---|---|---|---|---|");
    let mut are_alike = true;
    // Each kind is everybody there is: what strangers cost follows from who is there.
    for (kind, people) in [
        ("wrong password", people("wrong", own, true)),
        ("right password of a shut account", people("shut", own, false)),
        ("four of five imported from Django", people("moved", four_of_five, true)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let program = Program::in_folder(folder.path()).plain();
        import(&program, folder.path(), &people);
        let server = program.serve().await;
        let api = server.api();
        for warming in 0..20 {
            time(&api, &format!("first{warming}"), PASSWORD).await;
        }
        are_alike &= compare(&api, kind, &people).await;
    }
    assert!(are_alike, "the time tells who has an account (or the machine was busy: try again)");
}
