//! A form of a web page, sent by a browser from a page of another origin.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use ashlar_tests::{Database, Key, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const PATIENCE: Duration = Duration::from_mins(1);

/// What the page does: it asks for a stamp, sends the form with a key that is good for it and with one that is not, and
/// tries what forms have nothing to do with. Then it tells its own server what it was told.
const SCRIPT: &str = r#"
const told = {};
const post = async key => {
  const headers = { "content-type": "application/json", "x-api-key": key, "idempotency-key": crypto.randomUUID() };
  const answer = await fetch(api + "/api/v1/leads/public", { method: "POST", headers, body: JSON.stringify(form) });
  const body = await answer.json();
  return [answer.status, body.received ?? body.code];
};
const attempt = async (name, what) => { try { told[name] = await what(); } catch (error) { told[name] = error.name; } };
(async () => {
  await attempt("challenge", async () => typeof (await (await fetch(api + "/api/v1/leads/public/challenge")).json()).t);
  await attempt("own", () => post(keys[0]));
  await attempt("foreign", () => post(keys[1]));
  await attempt("other", async () => (await fetch(api + "/api/v1/me", { headers: { "x-api-key": keys[0] } })).status);
  await fetch("/told", { method: "POST", body: JSON.stringify(told) });
})();
"#;

/// A browser, if there is one here. It is ended when this is dropped.
struct Browser(Child);

impl Browser {
    fn open(url: &str, profile: &std::path::Path) -> Option<Self> {
        let mut command = Command::new("chromium");
        command.args(["--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--no-first-run"]);
        command.arg(format!("--user-data-dir={}", profile.display())).arg(url);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok().map(Self)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop((self.0.kill(), self.0.wait()));
    }
}

/// Reads one request: its first line and its body.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                return Some((head.lines().next()?.to_owned(), body.to_owned()));
            }
        }
        let mut part = [0; 4096];
        match stream.read(&mut part).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
}

/// Serves the page until it tells what it was told.
async fn serve(listener: TcpListener, page: String) -> Value {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some((line, body)) = request(&mut stream).await else { continue };
        let content = if line.starts_with("GET / ") { page.as_str() } else { "" };
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\ncontent-length:";
        let answer = format!("{head} {}\r\n\r\n{content}", content.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        if line.starts_with("POST /told") {
            return serde_json::from_str(&body).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn page_sends_its_form_by_its_key_alone() {
    let app = TestApp::start(Database::Sqlite).await;
    let boss = app.boss().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let site = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let publish = async |origin: &str| {
        let form = json!({ "name": "Web", "kind": "publishable", "scopes": ["leads:create"], "origins": [origin] });
        Key::from(&app.try_make_key(&boss.access, &form).await.expect(201)).text
    };
    let keys = [publish(&site).await, publish("https://www.example.org").await];
    let stamp = app.client.get("/api/v1/leads/public/challenge").send().await.expect(200).json()["t"].clone();
    app.advance(TimeDelta::minutes(1));
    let form = json!({ "full_name": "Ada Lovelace", "email": "ada@example.org", "website_url": "", "t": stamp });
    let api = format!("http://{}", app.client.address());
    let page = format!(
        "<!DOCTYPE html><title>A form</title><script>const api = {}, keys = {}, form = {form};{SCRIPT}</script>",
        json!(api),
        json!(keys)
    );
    let profile = tempfile::tempdir().unwrap();
    let Some(_browser) = Browser::open(&site, profile.path()) else {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "there is no chromium here: this test proves nothing").unwrap();
        return;
    };

    let told = tokio::time::timeout(PATIENCE, serve(listener, page)).await.unwrap();

    assert_eq!(told["challenge"], "string");
    assert_eq!(told["own"], json!([202, true]));
    assert_eq!(told["foreign"], json!([403, "origin_not_allowed"]));
    assert_eq!(told["other"], "TypeError", "the browser keeps it from pages that are not in `cors_origins`");
    let leads = app.leads(&boss, "").await.expect(200).json();
    assert_eq!(leads["data"].as_array().unwrap().len(), 1);
}
