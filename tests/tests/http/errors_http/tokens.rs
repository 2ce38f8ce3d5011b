//! Access tokens that are none. The table of every check is a law of the signer's port; these prove that it is asked.

use ashlar_tests::{Answer, Database, Setup, TestApp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64};
use serde_json::{Value, json};

async fn with(app: &TestApp, authorization: impl AsRef<[u8]>) -> Answer {
    app.client.get("/api/v1/me").header("authorization", authorization).send().await
}

/// The token with another header or other claims; the signature stays.
fn forged(token: &str, change: impl Fn(&mut Value, &mut Value)) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let read = |part: &str| serde_json::from_slice(&BASE64.decode(part).unwrap()).unwrap();
    let (mut header, mut claims) = (read(parts[0]), read(parts[1]));
    change(&mut header, &mut claims);
    let write = |value: &Value| BASE64.encode(value.to_string());
    format!("{}.{}.{}", write(&header), write(&claims), parts[2])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forged_tokens_are_invalid_and_the_answer_does_not_say_why() {
    let app = TestApp::start(Database::Sqlite).await;
    let token = app.sign_up("ada").await.access;
    let algorithms = ["none", "None", "nOnE", "HS256", "HS384", "RS256", "PS256", "ES256", "EdDSA ", ""];
    let mut forgeries: Vec<_> =
        algorithms.iter().map(|algorithm| forged(&token, |header, _| header["alg"] = json!(algorithm))).collect();
    let kids = [
        json!("../../dev/null"),
        json!("' OR 1=1 --"),
        json!("x".repeat(1_000)),
        json!(""),
        json!(7),
        json!([]),
        json!(null),
    ];
    forgeries.extend(kids.iter().map(|kid| forged(&token, |header, _| header["kid"] = kid.clone())));
    for member in ["jku", "jwk", "x5u", "x5c", "crit", "zip", "b64"] {
        forgeries.push(forged(&token, |header, _| header[member] = json!("https://evil.example")));
    }
    forgeries.push(forged(&token, |_, claims| claims["roles"] = json!(["admin"])));
    forgeries.push(forged(&token, |_, claims| claims["exp"] = json!(9_999_999_999_i64)));
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let unsigned =
        format!("{}.{}.", BASE64.encode(r#"{"alg":"none","typ":"at+jwt"}"#), signed.split('.').nth(1).unwrap());
    forgeries.extend([format!("{signed}."), signed.to_owned(), format!("{token}."), format!("{token}="), unsigned]);
    forgeries.extend([
        format!("{signed}.{}", signature.to_uppercase()),
        "a.b.c".to_owned(),
        "..".to_owned(),
        String::new(),
    ]);

    let first = with(&app, format!("Bearer {}", forgeries[0])).await;
    for forgery in &forgeries {
        let answer = with(&app, format!("Bearer {forgery}")).await;
        answer.refused(401, "token_invalid");
        assert_eq!(answer.without_request(), first.without_request(), "{forgery}");
        assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="ashlar", error="invalid_token""#));
    }
    app.me(&token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn authorization_of_another_form_is_invalid() {
    let app = TestApp::start(Database::Sqlite).await;
    let token = app.sign_up("ada").await.access;
    let long = format!("Bearer {}", "x".repeat(4_097 - 7));
    let longer = format!("Bearer {}", "x".repeat(12_000));
    for value in [
        "Basic YWRhOng=",
        "Bearer",
        "bearer",
        "Digest x",
        &format!("Token {token}"),
        &token,
        &long,
        &longer,
        &format!("Bearer{token}"),
    ] {
        let answer = with(&app, value).await;
        answer.refused(401, "token_invalid");
        assert!(answer.header("www-authenticate").is_some());
    }
    with(&app, b"Bearer \xff\xfe").await.refused(401, "token_invalid");
    for value in [format!("bearer {token}"), format!("BEARER  {token}")] {
        with(&app, value).await.expect(200);
    }
    let none = app.client.get("/api/v1/me").send().await;
    none.refused(401, "authentication_required");
    assert_eq!(none.header("www-authenticate"), Some(r#"Bearer realm="ashlar""#));
    // Never in the query string.
    app.client.get(&format!("/api/v1/me?access_token={token}")).send().await.refused(401, "authentication_required");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn megabyte_of_authorization_is_not_read() {
    let app = TestApp::start(Database::Sqlite).await;
    let request =
        format!("GET /api/v1/me HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", "x".repeat(17 << 10));
    app.client
        .raw(request.replace("host: x", "host: x\r\nconnection: close").as_bytes())
        .await
        .refused(431, "headers_too_large");
    let request = request.replace("Bearer ", &"y".repeat(1 << 20));
    let status = app.client.raw_status(request.as_bytes()).await;
    assert!(status.is_none_or(|status| status == 431 || status == 400), "{status:?}");
    app.client.get("/health/live").send().await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_401_says_how_to_authenticate() {
    let app = TestApp::start(Database::Sqlite).await;
    let answers = [
        app.try_log_in("nobody", "some-password-or-other").await,
        app.refresh("asr1_nonsense").await,
        app.client.post("/api/v1/auth/logout").send().await,
        app.client.get("/api/v1/me/sessions").send().await,
    ];
    for answer in answers {
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer ")), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn public_keys_are_public_and_nothing_else() {
    let kinds: [(&str, &str, &[&str]); 4] = [
        ("RS256", "RSA", &["n", "e"]),
        ("PS256", "RSA", &["n", "e"]),
        ("ES256", "EC", &["crv", "x", "y"]),
        ("EdDSA", "OKP", &["crv", "x"]),
    ];
    for (algorithm, kty, public) in kinds {
        let app = Setup::on(Database::Sqlite).set("ASHLAR_JWT_ALG", algorithm).start().await;
        let answer = app.client.get("/.well-known/jwks.json").send().await.expect(200);
        let key = answer.json()["keys"][0].clone();
        let members: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = vec!["alg", "kid", "kty", "use"];
        expected.extend(public);
        expected.sort_unstable();
        assert_eq!(members, expected);
        assert_eq!((&key["alg"], &key["kty"], &key["use"]), (&json!(algorithm), &json!(kty), &json!("sig")));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));

        let token = app.sign_up("ada").await.access;
        let header: Value = serde_json::from_slice(&BASE64.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
        assert_eq!(header, json!({ "alg": algorithm, "typ": "at+jwt", "kid": key["kid"] }));
        app.me(&token).await.expect(200);

        let tag = answer.header("etag").unwrap().to_owned();
        let known = app.client.get("/.well-known/jwks.json").header("if-none-match", &tag).send().await.expect(304);
        assert!(known.body.is_empty());
        assert_eq!(known.header("etag"), Some(tag.as_str()));
    }
}
