//! Bodies that are no JSON objects, not UTF-8, too large, too deep, or hold what no field may.

use std::fmt::Write as _;

use ashlar_tests::{Database, PASSWORD, TestApp};
use serde_json::{Value, json};

const LOGIN: &str = "/api/v1/auth/login";
const ME: &str = "/api/v1/me";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_json_object_is_malformed() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let deep = format!(r#"{{"identifier":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    let deeper = format!(r#"{{"x":{}"#, r#"{"x":"#.repeat(2_000));
    let corpus: [&[u8]; 25] = [
        b"",
        b" ",
        b"null",
        b"true",
        b"7",
        b"\"x\"",
        b"[]",
        b"[{}]",
        b"{",
        b"}",
        b"{}}",
        b"{} x",
        b"{\"a\"}",
        b"{a:1}",
        b"{'a':1}",
        b"{\"a\":1,}",
        b"{\"a\":01}",
        b"{\"a\":+1}",
        b"{\"a\":NaN}",
        b"{\"a\":\"\\x\"}",
        b"{\"a\":\"\x01\"}",
        b"{\"identifier\":\"\xff\"}",
        b"\xef\xbb\xbf{}",
        deep.as_bytes(),
        deeper.as_bytes(),
    ];
    for body in corpus {
        let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        let login = app.client.post(LOGIN).text(body).send().await;
        assert_eq!(login.problem(), (400, "malformed_request".to_owned()), "{shown}");
        let patch = app.client.patch(ME).bearer(&ada.access).text(body).send().await;
        assert_eq!(patch.problem(), (400, "malformed_request".to_owned()), "{shown}");
    }
    for half in [r#"{"display_name":"\ud800"}"#, r#"{"display_name":"\udc00x"}"#] {
        app.client.patch(ME).bearer(&ada.access).text(half).send().await.refused(400, "malformed_request");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_are_missing_doubled_or_of_another_type_are_named() {
    let app = TestApp::start(Database::Sqlite).await;
    for (body, pointer, code) in [
        ("{}", "/identifier", "required"),
        (r#"{"identifier":"ada"}"#, "/password", "required"),
        (r#"{"identifier":"a","identifier":"b","password":"x"}"#, "/identifier", "duplicate"),
        (r#"{"identifier":7,"password":"x"}"#, "/identifier", "invalid_type"),
        (r#"{"identifier":"a","password":null}"#, "/password", "invalid_type"),
        (r#"{"identifier":"a","password":{"$ne":""}}"#, "/password", "invalid_type"),
        (r#"{"identifier":"a","password":"x","device":7}"#, "/device", "invalid_type"),
    ] {
        app.client.post(LOGIN).text(body).send().await.refused_at((422, "validation"), pointer, code);
    }
    let all = r#"{"identifier":"a","password":"x","__proto__":{},"device":{"a/b~c":1}}"#;
    let refused = app.client.post(LOGIN).text(all).send().await;
    refused.refused(422, "unknown_field");
    let pointers: Vec<_> = refused.fields().into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/__proto__", "/device/a~1b~0c"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn body_is_json_in_utf8_or_refused() {
    let app = TestApp::start(Database::Sqlite).await;
    app.register("ada").await.expect(201);
    let body = json!({ "identifier": "ada", "password": PASSWORD }).to_string();

    for good in [
        "application/json",
        "application/json; charset=utf-8",
        "APPLICATION/JSON;Charset=UTF-8",
        "application/json; charset=\"utf-8\"",
    ] {
        app.client.post(LOGIN).body(good, body.clone()).send().await.expect(200);
    }
    for bad in [
        "text/plain",
        "text/json",
        "application/xml",
        "application/json; charset=latin1",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "json",
        "",
        ";",
        "application/problem+json",
    ] {
        let refused = app.client.post(LOGIN).body(bad, body.clone()).send().await;
        assert_eq!(refused.problem(), (415, "unsupported_media_type".to_owned()), "{bad}");
    }
    let head =
        format!("POST {LOGIN} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    app.client.raw(format!("{head}{body}").as_bytes()).await.refused(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn body_has_its_limit_announced_or_not() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let of = |bytes: usize| format!(r#"{{"display_name":"{}"}}"#, "x".repeat(bytes - 19));
    let credentials = |bytes: usize| format!(r#"{{"identifier":"ada","password":"{}"}}"#, "x".repeat(bytes - 34));

    app.client.patch(ME).bearer(&ada.access).text(of(1 << 20)).send().await.refused(422, "validation");
    app.client.patch(ME).bearer(&ada.access).text(of((1 << 20) + 1)).send().await.refused(413, "body_too_large");
    app.client.post(LOGIN).text(credentials(16 << 10)).send().await.refused(422, "validation");
    app.client.post(LOGIN).text(credentials((16 << 10) + 1)).send().await.refused(413, "body_too_large");
    let logout =
        app.client.post("/api/v1/auth/logout").text(format!(r#"{{"refresh_token":"{}"}}"#, "x".repeat(17 << 10)));
    logout.send().await.refused(413, "body_too_large");

    for (method, path, body) in [("PATCH", ME, of((1 << 20) + 1)), ("POST", LOGIN, credentials((16 << 10) + 1))] {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-type: \
             application/json\r\ntransfer-encoding: chunked\r\n\r\n",
            ada.access
        );
        write!(request, "{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).unwrap();
        app.client.raw(request.as_bytes()).await.refused(413, "body_too_large");
    }
    // Refused by its announcement alone: none of it is sent.
    let announced = format!(
        "PATCH {ME} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-type: \
         application/json\r\ncontent-length: 99999999999\r\n\r\n",
        ada.access
    );
    app.client.raw(announced.as_bytes()).await.refused(413, "body_too_large");
}

/// Path, pointer, and the body with something put into the text.
type Text = (&'static str, &'static str, fn(&str) -> Value);

/// Each text a person can send.
fn texts() -> Vec<Text> {
    vec![
        ("/api/v1/auth/register", "/email", |x| json!({ "email": format!("a{x}b@example.org"), "password": PASSWORD })),
        ("/api/v1/auth/register", "/email", |x| json!({ "email": format!("a@exa{x}mple.org"), "password": PASSWORD })),
        (
            "/api/v1/auth/register",
            "/username",
            |x| json!({ "email": "a@example.org", "password": PASSWORD, "username": format!("a{x}bc") }),
        ),
        (
            "/api/v1/auth/register",
            "/password",
            |x| json!({ "email": "a@example.org", "password": format!("{PASSWORD}{x}z") }),
        ),
        (
            "/api/v1/auth/register",
            "/display_name",
            |x| json!({ "email": "a@example.org", "password": PASSWORD, "display_name": format!("a{x}b") }),
        ),
        (LOGIN, "/identifier", |x| json!({ "identifier": format!("a{x}b"), "password": PASSWORD })),
        (LOGIN, "/password", |x| json!({ "identifier": "ada", "password": format!("a{x}b") })),
        (LOGIN, "/tenant", |x| json!({ "identifier": "ada", "password": PASSWORD, "tenant": format!("a{x}b") })),
        (
            LOGIN,
            "/device/id",
            |x| json!({ "identifier": "ada", "password": PASSWORD, "device": { "id": format!("a{x}b") } }),
        ),
        (
            LOGIN,
            "/device/name",
            |x| json!({ "identifier": "ada", "password": PASSWORD, "device": { "name": format!("a{x}b") } }),
        ),
        (
            LOGIN,
            "/device/platform",
            |x| json!({ "identifier": "ada", "password": PASSWORD, "device": { "platform": format!("web{x}") } }),
        ),
        (ME, "/display_name", |x| json!({ "display_name": format!("a{x}b") })),
        (ME, "/avatar_url", |x| json!({ "avatar_url": format!("https://cdn.example.org/a{x}b.png") })),
        (ME, "/avatar_url", |x| json!({ "avatar_url": format!("{x}https://cdn.example.org/a.png") })),
        (ME, "/locale", |x| json!({ "locale": format!("de{x}") })),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_characters_are_refused_in_every_text() {
    let app = TestApp::start(Database::Sqlite).await;
    let ada = app.sign_up("ada").await;
    let before = app.events().await.len();

    let controls = || (0_u8..0x20).chain([0x7f]).map(char::from);
    for ((path, pointer, body), control) in texts().into_iter().flat_map(|text| controls().map(move |c| (text, c))) {
        let body = body(&control.to_string());
        let call = if path == ME { app.client.patch(path).bearer(&ada.access) } else { app.client.post(path) };
        let refused = call.json(&body).send().await;
        assert_eq!(refused.problem(), (422, "validation".to_owned()), "{path} {body}");
        assert_eq!(refused.fields()[0].0, pointer, "{path} {body}");
    }

    assert_eq!(app.events().await.len(), before, "nothing happened");
}
