//! The system log over HTTP.

use ashlar_admin::{LogLevel, LogLine, LogStore as _};
use ashlar_kernel::{Clock as _, Id};
use ashlar_tests::{
    Database, TestApp,
    binary::{PATIENCE, Program, eventually},
    journeys,
};
use serde_json::json;

journeys!(lines_are_found_by_operators_and_by_request);

async fn lines_are_found_by_operators_and_by_request(database: Database) {
    let app = TestApp::start(database).await;
    let boss = app.boss().await;
    let operator = app.operator("ops").await;
    let line = |message: &str, request: Option<&str>| LogLine {
        id: Id::new(&*app.ids),
        at: app.clock.now(),
        level: LogLevel::Warn,
        target: "ashlar_server::work".to_owned(),
        message: message.to_owned(),
        request_id: request.map(str::to_owned),
        fields: json!({ "ms": 7 }).as_object().unwrap().clone(),
    };
    app.store.add_lines(vec![line("slow", Some("r-1")), line("the disk is full", None)]).await.unwrap();
    let get = |query: &str| app.client.get(&format!("/api/v1/admin/logs{query}")).bearer(&operator.access).send();

    let all = get("").await.expect(200).json();
    assert_eq!(all["data"].as_array().unwrap().len(), 2);
    assert_eq!(all["data"][0]["message"], "the disk is full");
    let of_request = get("?request_id=r-1&level=warn&target=ashlar_server").await.expect(200).json();
    assert_eq!(of_request["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&of_request["data"][0]["message"], &of_request["data"][0]["fields"]),
        (&json!("slow"), &json!({ "ms": 7 }))
    );
    assert_eq!(get("?q=DISK").await.expect(200).json()["data"].as_array().unwrap().len(), 1);
    get("?level=info").await.refused(400, "invalid_parameter");
    get("?q=").await.refused(400, "invalid_parameter");
    app.client.get("/api/v1/admin/logs").bearer(&boss.access).send().await.refused(403, "permission_denied");
}

/// The program as it is: a letter that cannot be sent is a warning, which operators find a second later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_keeps_what_it_warns_of() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_MAIL_URL", "smtp://127.0.0.1:1");
    let server = program.serve().await;
    // The first one administers, and an administrator operates nothing.
    server.api().newcomer("boss@example.org").await;
    server.api().newcomer("ops@example.org").await;
    server.stop();
    let made = program.run(&["users", "make-operator", "ops@example.org"]);
    assert_eq!(made.code, Some(0), "{made:?}");

    let server = program.serve().await;
    let api = server.api();
    let token = api.log_in("ops@example.org").await.text("/access_token");
    let path = "/api/v1/admin/logs?level=warn&q=job&target=ashlar_server::work";
    let is_there = async || {
        let found = api.get_as(&token, path).await;
        assert_eq!(found.status, 200, "{found:?}");
        let lines = found.body["data"].as_array().unwrap().clone();
        lines.iter().any(|line| line["fields"]["kind"] == "mail.send" && line["fields"]["outcome"] == "retry")
    };
    assert!(eventually(PATIENCE, is_there).await, "{}", server.stdout());
    server.stop();
}
