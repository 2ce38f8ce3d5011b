//! Strings that have broken other programs, in every text field of every operation.
//!
//! The fields come from the description of the API, so those of a new operation are tried as soon as it is described. What
//! a string must not do: fail the server, be blamed on another field, or come back other than the description says, which
//! the client compares with each answer.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use std::fmt::Write as _;

use ashlar_tests::{Call, Database, PASSWORD, TestApp, journeys};
use serde_json::{Map, Value, json};

journeys!(no_string_in_a_body_fails_the_server, no_string_in_a_path_or_query_fails_the_server,);

/// An id of nothing.
const NOTHING: &str = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b";

/// Named after what each has broken.
fn corpus() -> Vec<(&'static str, String)> {
    let zalgo: String = std::iter::once('Z').chain(std::iter::repeat_n('\u{0335}', 500)).collect();
    vec![
        ("nothing", String::new()),
        ("blanks", " \t \u{3000}".to_owned()),
        ("a null character", "a\0b".to_owned()),
        ("control characters", "a\u{1}\u{8}\u{1b}[31mb\u{7f}\u{85}".to_owned()),
        ("line ends in headers", "a\r\nSet-Cookie: session=1\r\n\r\n<html>".to_owned()),
        ("text from the right", "\u{202e}gpj.exe\u{2066}".to_owned()),
        ("nothing to see", "\u{200b}\u{200d}\u{feff}".to_owned()),
        ("a language tag", "a\u{e0061}\u{e007f}".to_owned()),
        ("no characters", "\u{fffe}\u{ffff}\u{1ffff}".to_owned()),
        ("private characters", "\u{e000}\u{f8ff}\u{10ffff}".to_owned()),
        ("a family", "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{1f3ff}".to_owned()),
        ("a tower of accents", zalgo),
        ("one character that becomes eighteen", "\u{fdfa}".repeat(200)),
        ("letters that fold apart", "\u{130}I\u{131}\u{df}\u{1e9e}\u{fb03}\u{2126}".to_owned()),
        ("digits of others", "\u{664}\u{0967}\u{1d7d9}\u{216b}".to_owned()),
        ("SQL", "'; DROP TABLE \"user\"; -- \\' OR '1'='1".to_owned()),
        ("SQL with wildcards", "%_\\%*?[a-z]".to_owned()),
        ("SQL placeholders", "$1 ?1 :id {} %s %n".to_owned()),
        ("a page", "<script>alert(1)</script><img src=x onerror=alert(1)>".to_owned()),
        ("a template", "{{7*7}}${7*7}<%= 7*7 %>#{7*7}".to_owned()),
        ("a lookup", "${jndi:ldap://127.0.0.1/a}".to_owned()),
        ("a path", "../../../../etc/passwd".to_owned()),
        ("a path of another system", "..\\..\\con\\nul".to_owned()),
        ("a command", "$(id)`id`|id;id&&id".to_owned()),
        ("a formula", "=cmd|'/c calc'!A0".to_owned()),
        ("a number", "99999999999999999999999999".to_owned()),
        ("a number that is none", "NaN".to_owned()),
        ("no value", "null".to_owned()),
        ("JSON", "{\"role\":\"admin\",\"__proto__\":{}}".to_owned()),
        ("percent signs", "%00%0d%0a%c0%ae%ff".to_owned()),
        ("an address of two", "ada@example.org,eve@example.org".to_owned()),
        ("an address with a header", "ada@example.org\nBcc: eve@example.org".to_owned()),
        ("an address in another script", "\u{430}da@ex\u{e4}mple.org".to_owned()),
        ("a URL of the house", "http://127.0.0.1:1/@example.org#".to_owned()),
        ("a script as URL", "javascript:alert(1)".to_owned()),
        ("a thousand characters", "x".repeat(1_000)),
        ("twelve thousand bytes", "\u{1f4a3}".repeat(3_000)),
    ]
}

struct Operation {
    id: String,
    method: String,
    path: String,
    body: Option<Value>,
    fields: Vec<String>,
    queries: Vec<String>,
}

fn operations() -> Vec<Operation> {
    let api = serde_json::to_value(ashlar_server::http::openapi::describe()).unwrap();
    let mut found = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let content = &operation["requestBody"]["content"]["application/json"];
            let mut fields = Vec::new();
            texts(&api, &content["schema"], "", &mut fields);
            let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
            let queries = parameters.iter().filter(|parameter| parameter["in"] == "query");
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                body: Some(content["example"].clone()).filter(|example| !example.is_null()),
                fields,
                queries: queries.map(|query| query["name"].as_str().unwrap().to_owned()).collect(),
            });
        }
    }
    found
}

/// The pointers of everything that is or may be a text.
fn texts(api: &Value, schema: &Value, pointer: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let schema = api.pointer(name.trim_start_matches('#')).unwrap();
        return texts(api, schema, pointer, found);
    }
    let is_text =
        schema["type"] == "string" || schema["type"].as_array().is_some_and(|types| types.contains(&json!("string")));
    if is_text && !found.contains(&pointer.to_owned()) {
        found.push(pointer.to_owned());
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        for schema in schema[several].as_array().into_iter().flatten() {
            texts(api, schema, pointer, found);
        }
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        texts(api, schema, &format!("{pointer}/{name}"), found);
    }
    if schema["items"].is_object() {
        texts(api, &schema["items"], &format!("{pointer}/0"), found);
    }
}

/// The example with `text` in the place of `pointer`.
fn with(example: &Value, pointer: &str, text: &str) -> Value {
    let mut body = if example.is_object() { example.clone() } else { json!({}) };
    let mut place = &mut body;
    for part in pointer.split('/').skip(1) {
        place = match part {
            "0" => {
                if !place.is_array() {
                    *place = json!([null]);
                }
                &mut place[0]
            }
            name => {
                if !place.is_object() {
                    *place = Value::Object(Map::new());
                }
                &mut place[name]
            }
        };
    }
    *place = json!(text);
    body
}

/// An administrator who is also good for what only operators may, as far as anybody is.
async fn boss(app: &TestApp) -> String {
    app.register("boss").await;
    app.try_log_in("boss", PASSWORD).await.expect(200).json()["access_token"].as_str().unwrap().to_owned()
}

async fn attempt(app: &TestApp, token: &mut String, call: impl Fn() -> Call, what: &str) -> (u16, Value) {
    let answer = call().bearer(token).send().await;
    assert!(answer.status < 500, "{what}: {answer:?}");
    if answer.status == 401 && answer.code() != "invalid_credentials" {
        // The example has ended the session.
        *token = boss(app).await;
    }
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Which fields a problem is about.
fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().into_iter().flatten();
    errors.filter_map(|error| error["pointer"].as_str()).map(str::to_owned).collect()
}

/// Fails if the problem is about fields, but not about this one. How many were blamed: one, or none if it is what the
/// example is blamed for anyway.
fn insist_on_the_field(what: &str, field: &str, problem: &Value, of_example: &[String]) -> usize {
    let blamed = pointers(problem);
    if blamed.iter().all(|pointer| of_example.contains(pointer)) {
        return 0;
    }
    let is_named = blamed.iter().any(|pointer| field.starts_with(pointer) || pointer.starts_with(field));
    assert!(is_named, "{what}: blamed on {blamed:?}");
    1
}

/// Tries every string in one field, and counts how often it was blamed.
async fn try_field(app: &TestApp, token: &mut String, operation: &Operation, field: &str) -> usize {
    let example = operation.body.clone().unwrap_or_default();
    let parts = operation.path.split('/').map(|part| if part.starts_with('{') { NOTHING } else { part });
    let path = parts.collect::<Vec<_>>().join("/");
    let mut blamed = 0;
    // What the example is blamed for as it is, such as the id of something that is not there, is not the doing of a text.
    let plain = || app.client.named(&operation.method, &path).json(&example);
    let (_, problem) = attempt(app, token, plain, &format!("{} as in the example", operation.id)).await;
    let of_example = pointers(&problem);
    for (name, text) in corpus() {
        let body = with(&example, field, &text);
        let call = || app.client.named(&operation.method, &path).json(&body);
        let what = format!("{} with {name} in {field}", operation.id);
        let (status, problem) = attempt(app, token, call, &what).await;
        // A field that does not go with the others of the example may be blamed on them.
        if status == 422 && problem["code"] == "validation" && example.pointer(field).is_some() {
            blamed += insist_on_the_field(&what, field, &problem, &of_example);
        }
    }
    blamed
}

async fn no_string_in_a_body_fails_the_server(database: Database) {
    let app = TestApp::start(database).await;
    let mut token = boss(&app).await;
    let (mut tried, mut blamed) = (0, 0);
    for operation in operations() {
        for field in &operation.fields {
            blamed += try_field(&app, &mut token, &operation, field).await;
            tried += corpus().len();
        }
    }
    assert!(tried > 1_000 && blamed > 300, "{tried} tried, {blamed} blamed");
    app.client.get("/health/ready").undescribed().send().await.expect(200);
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        write!(escaped, "%{byte:02X}").unwrap();
        escaped
    })
}

/// The paths of an operation with `text` as each of its query parameters, as the name of one, and as its ids.
fn targets(operation: &Operation, text: &str) -> Vec<String> {
    let (path, escaped) = (&operation.path, escaped(text));
    let queries = operation.queries.iter().map(|query| format!("{path}?{query}={escaped}"));
    let name = operation.queries.first().map(|_| format!("{path}?{escaped}=1"));
    let parts = path.split('/').map(|part| if part.starts_with('{') { &escaped } else { part });
    let ids = (path.contains('{') && !text.is_empty()).then(|| parts.collect::<Vec<_>>().join("/"));
    queries.chain(name).chain(ids).map(|target| target.replace(['{', '}'], "_")).collect()
}

async fn try_targets(app: &TestApp, token: &mut String, operation: &Operation) -> usize {
    let mut tried = 0;
    for (name, text) in corpus().into_iter().filter(|(_, text)| text.len() <= 1_000) {
        for target in targets(operation, &text) {
            let call = || {
                let call = app.client.named(&operation.method, &target).undescribed();
                operation.body.iter().fold(call, Call::json)
            };
            let what = format!("{} with {name} in {target}", operation.id);
            let (status, _) = attempt(app, token, call, &what).await;
            assert!(status >= 400 || operation.method == "GET", "{what}: {status}");
            tried += 1;
        }
    }
    tried
}

async fn no_string_in_a_path_or_query_fails_the_server(database: Database) {
    let app = TestApp::start(database).await;
    let mut token = boss(&app).await;
    let mut tried = 0;
    for operation in operations() {
        tried += try_targets(&app, &mut token, &operation).await;
    }
    assert!(tried > 300, "{tried}");
}
