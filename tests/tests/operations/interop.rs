//! What programs in other languages make of Ashlar: a JOSE library of its tokens, an authenticator app of its QR codes, a
//! script that knows nothing but the published format of its audit trail.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_tests::binary::{Api, PASSWORD, Program, Python, Server};
use serde_json::{Value, json};

const LOGIN: &str = "/api/v1/auth/login";
const STEP: &str = "/api/v1/auth/login/2fa";
const ADA: &str = "ada+tokens@example.org";

/// A server with one account, and the answer to its login.
async fn signed_in(program: &Program) -> (Server, Api, Value) {
    let server = program.serve().await;
    let api = server.api();
    assert_eq!(api.register(ADA).await.status, 201);
    let login = api.log_in(ADA).await.body;
    (server, api, login)
}

/// Everything joserfc found in the token of a server that signs so.
async fn verified_elsewhere(python: &Python, algorithm: &str) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_JWT_ALG", algorithm);
    let (server, api, login) = signed_in(&program).await;
    let keys = api.get("/.well-known/jwks.json").await.body;
    let input = json!({
        "jwks": keys, "token": login["access_token"], "algorithm": algorithm, "issuer": server.base(),
        "audience": "ashlar", "others": [],
    });

    let found = python.run("jose.py", &input);

    let kid = found["header"]["kid"].as_str().unwrap();
    assert_eq!(found["header"], json!({ "alg": algorithm, "typ": "at+jwt", "kid": kid }));
    assert!(found["thumbprint"].as_str().unwrap().starts_with(kid), "no thumbprint of RFC 7638: {found}");
    let claims = &found["claims"];
    assert_eq!((&claims["sub"], &claims["sid"]), (&login["user"]["id"], &login["session_id"]));
    assert_eq!((&claims["amr"], &claims["ver"]), (&json!(["pwd"]), &json!(1)));
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(json!(life), login["expires_in"]);
    let mut names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = "amr aud auth_time exp iat iss jti nbf roles sid sub tid ver";
    assert_eq!(names.join(" "), expected, "neither an address nor a name is in a token");
    // joserfc imports private members as readily as public ones.
    let private = ["d", "p", "q", "dp", "dq", "qi", "k"];
    for key in keys["keys"].as_array().unwrap() {
        assert!(private.iter().all(|member| key.get(member).is_none()), "a private member is published");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_verified_by_a_jose_library_of_another_language() {
    let Some(python) = Python::find() else { return };
    for algorithm in ["RS256", "PS256", "ES256", "EdDSA"] {
        verified_elsewhere(&python, algorithm).await;
    }
}

/// What joserfc makes of a token just handed out and of others, by the keys that are published now; and the new token.
async fn judged(python: &Python, server: &Server, others: &[&String]) -> (Value, String) {
    let api = server.api();
    let token = api.log_in(ADA).await.text("/access_token");
    let keys = api.get("/.well-known/jwks.json").await.body;
    let input = json!({
        "jwks": keys, "token": token, "algorithm": "EdDSA", "issuer": "http://ashlar.test", "audience": "ashlar",
        "others": others,
    });
    (python.run("jose.py", &input), token)
}

#[tokio::test(flavor = "multi_thread")]
async fn exchange_of_keys_is_followed_by_a_jose_library_of_another_language() {
    let Some(python) = Python::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_PUBLIC_URL", "http://ashlar.test");
    let (server, _api, login) = signed_in(&program).await;
    let first = login["access_token"].as_str().unwrap().to_owned();
    server.stop();
    let rotate = |arguments: &[&str]| {
        let rotated = program.run(arguments);
        assert_eq!(rotated.code, Some(0), "{}{}", rotated.stdout, rotated.stderr);
    };

    rotate(&["keys", "rotate"]);
    let server = program.serve().await;
    let published = server.api().get("/.well-known/jwks.json").await.body["keys"].as_array().unwrap().len();
    let (found, second) = judged(&python, &server, &[&first]).await;
    server.stop();

    assert_eq!((published, &found["others"]), (2, &json!([true])), "the next key is there before it signs");
    rotate(&["keys", "rotate", "--emergency"]);
    let server = program.serve().await;
    let (found, _third) = judged(&python, &server, &[&first, &second]).await;
    assert_eq!(found["others"], json!([false, false]), "a key that has leaked is published no more");
}

#[tokio::test(flavor = "multi_thread")]
async fn qr_code_is_scanned_by_an_authenticator_of_another_language() {
    let Some(python) = Python::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_server, api, login) = signed_in(&Program::in_folder(folder.path()).plain()).await;
    let bearer = format!("Bearer {}", login["access_token"].as_str().unwrap());
    let ada = [("authorization", bearer.as_str())];
    let enrolment = api.post_with("/api/v1/me/2fa/totp", &ada, &json!({})).await;
    assert_eq!(enrolment.status, 201, "{enrolment:?}");

    let scanned = python.run("authenticator.py", &json!({ "svg": enrolment.text("/qr_svg") }));

    assert_eq!(scanned["uri"], enrolment.body["otpauth_uri"]);
    assert_eq!(scanned["secret"], enrolment.body["secret_base32"]);
    assert_eq!((&scanned["issuer"], &scanned["name"]), (&json!("Ashlar"), &json!(ADA)));
    assert_eq!(scanned["form"], json!([6, 30, "sha1"]));
    // The code of the next half minute counts as well, so that nobody waits for it.
    let [now, next] = [0, 1].map(|index| scanned["codes"][index].as_str().unwrap().to_owned());
    let confirmed = api.post_with("/api/v1/me/2fa/totp/confirm", &ada, &json!({ "code": now })).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let challenge = api.post(LOGIN, &json!({ "identifier": ADA, "password": PASSWORD })).await;
    assert_eq!(challenge.text("/status"), "mfa_required");
    let step = |code: String| json!({ "challenge_token": challenge.text("/challenge_token"), "totp_code": code });
    assert_eq!(api.post(STEP, &step(now)).await.text("/code"), "mfa_code_invalid", "it has been used");
    let authenticated = api.post(STEP, &step(next)).await;
    assert_eq!(authenticated.text("/status"), "authenticated", "{authenticated:?}");
    let access = authenticated.text("/access_token");
    assert_eq!(api.get_as(&access, "/api/v1/me").await.text("/email"), ADA);
}

#[tokio::test(flavor = "multi_thread")]
async fn audit_trail_is_verified_by_a_script_of_another_language() {
    let Some(python) = Python::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let (server, ..) = signed_in(&program).await;
    drop(server.stop());
    let key = program.run(&["audit", "checkpoint"]).stdout.trim().to_owned();
    let trail = program.run(&["audit", "export"]).stdout;

    let found = python.judge("audit.py", &[&key], &trail).unwrap();

    assert!(found["links"].as_u64() >= Some(2) && found["checkpoints"].as_u64() >= Some(1), "{found}");
    assert_eq!(found["personal"], 0, "addresses are not handed out unasked");
    let shown = program.run(&["audit", "export", "--personal"]).stdout;
    let found = python.judge("audit.py", &[&key], &shown).unwrap();
    assert!(found["personal"].as_u64() >= Some(2), "{found}");
    assert!(shown.contains("\"127.0.0.1\"") && !trail.contains("\"127.0.0.1\""), "{shown}");
    let said = python.judge("audit.py", &[&key], &shown.replacen("\"127.0.0.1\"", "\"127.0.0.2\"", 1)).unwrap_err();
    assert!(said.contains("/source/ip was something else than what is shown"), "{said}");
    let lines: Vec<&str> = trail.lines().collect();
    let without_the_second = [&lines[..2], &lines[3..]].concat().join("\n");
    for tampered in [trail.replacen(r#""outcome":"ok""#, r#""outcome":"denied""#, 1), without_the_second] {
        let said = python.judge("audit.py", &[&key], &tampered).unwrap_err();
        assert!(said.starts_with("TAMPERED: link "), "{said}");
    }
    // The end cut off, and the number of what is left put right.
    let shorter = lines.iter().take(2).copied().chain([r#"{"links":1}"#]).collect::<Vec<_>>().join("\n");
    let said = python.judge("audit.py", &[&key], &shorter).unwrap_err();
    assert!(said.starts_with("TAMPERED: the trail ends after link 1"), "{said}");
}
