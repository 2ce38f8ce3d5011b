//! Mail, from the event to the message in somebody's box.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test reports by panicking")]

use std::{fs, path::Path, time::Duration};

use ashlar_tests::{
    Past,
    binary::{Answer, Program, Server},
    laws_of_programs,
};
use mail_parser::{Message, MessageParser};
use serde_json::json;

/// The messages in the folder of a program's mail.
fn messages(program: &Program) -> Vec<Message<'static>> {
    let files = fs::read_dir(program.data().join("mail")).into_iter().flatten();
    let whole = files.map(|file| file.unwrap().path()).filter(|file| file.extension().is_some_and(|end| end == "eml"));
    whole.map(|file| MessageParser::default().parse(&fs::read(file).unwrap()).unwrap().into_owned()).collect()
}

/// The first message with this subject.
async fn message_about(program: &Program, subject: &str) -> Message<'static> {
    for _ in 0..1_500 {
        let found = messages(program).into_iter().find(|message| message.subject() == Some(subject));
        if let Some(message) = found {
            return message;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no mail came about {subject}");
}

async fn refresh(server: &Server, token: &str) -> Answer {
    server.api().post("/api/v1/auth/refresh", &json!({ "refresh_token": token })).await
}

/// Presents a refresh token that was replaced.
async fn steal(server: &Server) {
    let old = server.api().log_in("ada@example.org").await.text("/refresh_token");
    assert_eq!(refresh(server, &old).await.status, 200);
    assert_eq!(refresh(server, &old).await.status, 401);
}

async fn owner_of_a_stolen_session_is_told(program: &Program, past: &Past) {
    let program = program.clone().env("ASHLAR_REFRESH_GRACE", "0s").env("ASHLAR_MAIL_FROM", "Us <us@example.com>");
    let server = program.serve().await;
    assert_eq!(server.api().register("ada@example.org").await.status, 201);

    steal(&server).await;

    let message = message_about(&program, "One of your sessions was ended").await;
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some("ada@example.org"));
    assert_eq!(message.from().unwrap().first().unwrap().address(), Some("us@example.com"));
    let text = message.body_text(0).unwrap();
    assert!(text.starts_with("Hello ada@example.org,") && text.contains(&server.base()), "{text}");
    assert!(message.body_html(0).unwrap().contains("<h1"));
    server.stop();
    let job = past
        .texts("SELECT CAST(payload AS text) FROM job WHERE state = 'done' AND CAST(payload AS text) LIKE '%reuse%'")
        .await;
    assert_eq!(job.len(), 1);
    assert!(!job[0].contains("example.org"), "a job names people by id: {}", job[0]);
    let id = if past.url().starts_with("sqlite") { "lower(hex(id))" } else { "replace(id::text, '-', '')" };
    let id = past.texts(&format!("SELECT {id} FROM job WHERE CAST(payload AS text) LIKE '%reuse%'")).await;
    assert_eq!(message.message_id().unwrap().replace('-', ""), format!("{}@example.com", id[0]));
    let twice = messages(&program).iter().filter(|other| other.message_id() == message.message_id()).count();
    assert_eq!(twice, 1);
}

async fn forgotten_password_comes_back_by_mail(program: &Program, past: &Past) {
    const NEW: &str = "lemon-gravel-ostrich-4";
    let program = program
        .clone()
        .env("ASHLAR_PUBLIC_URL", "https://api.example.org")
        .env("ASHLAR_ACCOUNT_URL", "https://app.example.org/you/");
    let server = program.serve().await;
    assert_eq!(server.api().register("ada@example.org").await.status, 201);
    let asked = json!({ "identifier": "ada@example.org" });
    assert_eq!(server.api().post("/api/v1/auth/password/forgot", &asked).await.status, 202);

    let message = message_about(&program, "Set a new password").await;
    let text = message.body_text(0).unwrap().into_owned();
    let (_, link) = text.split_once("https://app.example.org/you/reset-password#token=").unwrap();
    let token: String = link.chars().take_while(|c| !c.is_whitespace()).collect();
    let body = json!({ "token": token, "new_password": NEW });
    assert_eq!(server.api().post("/api/v1/auth/password/reset", &body).await.status, 200);
    let login = json!({ "identifier": "ada@example.org", "password": NEW });
    assert_eq!(server.api().post("/api/v1/auth/login", &login).await.status, 200);
    message_about(&program, "Your password was changed").await;

    let log = server.stop();
    assert!(!log.contains(&token) && !log.contains(NEW) && !log.contains("ada@example.org"), "{log}");
    for column in ["SELECT CAST(payload AS text) FROM job", "SELECT CAST(data AS text) FROM event"] {
        let rows = past.texts(column).await;
        assert!(!rows.is_empty() && rows.iter().all(|row| !row.contains("asa1_") && !row.contains("example.org")));
    }
}

/// A letter to somebody on a list, as a mail program reads it: both headers of RFC 8058, each in one piece.
fn one_click_of(message: &Message<'_>) -> String {
    let header = |name: &str| message.header_raw(name).map(|text| text.trim().to_owned());
    assert_eq!(header("List-Unsubscribe-Post").as_deref(), Some("List-Unsubscribe=One-Click"));
    let header = header("List-Unsubscribe").unwrap();
    let url = header.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
    url.unwrap().strip_prefix("https://api.example.org").unwrap().to_owned()
}

async fn subscriber_confirms_and_leaves_by_the_letter(program: &Program, past: &Past) {
    let program = program.clone().env("ASHLAR_PUBLIC_URL", "https://api.example.org");
    let server = program.serve().await;
    let form = json!({ "email": "ada@example.org", "name": "Ada", "consent_text_version": "1" });
    assert_eq!(server.api().post("/api/v1/newsletter/subscribe", &form).await.status, 202);

    let message = message_about(&program, "Please confirm your subscription").await;
    let one_click = one_click_of(&message);
    let text = message.body_text(0).unwrap().into_owned();
    let (_, link) = text.split_once("https://api.example.org/api/v1/newsletter/confirm?token=").unwrap();
    let token: String = link.chars().take_while(|c| !c.is_whitespace()).collect();
    let confirm = format!("/api/v1/newsletter/confirm?token={token}");
    assert_eq!(server.api().post(&confirm, &json!({})).await.status, 200);
    assert_eq!(server.api().post(&confirm, &json!({})).await.status, 410);
    assert_eq!(server.api().post(&one_click, &json!({})).await.status, 200);
    assert_eq!(past.texts("SELECT status FROM subscription").await, ["unsubscribed"]);

    let log = server.stop();
    let secret = one_click.rsplit('/').next().unwrap();
    assert!(!log.contains(&token) && !log.contains(secret) && !log.contains("ada@example.org"), "{log}");
    for column in ["SELECT CAST(payload AS text) FROM job", "SELECT CAST(data AS text) FROM event"] {
        let rows = past.texts(column).await;
        assert!(!rows.is_empty() && rows.iter().all(|row| !row.contains(&token) && !row.contains("example.org")));
    }
}

laws_of_programs!(
    owner_of_a_stolen_session_is_told,
    forgotten_password_comes_back_by_mail,
    subscriber_confirms_and_leaves_by_the_letter,
);

#[tokio::test(flavor = "multi_thread")]
async fn people_hear_of_what_administrators_do_and_of_their_leave() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    let api = server.api();
    let boss = api.newcomer("boss@example.org").await;
    let ada = api.newcomer("ada@example.org").await;
    let (by_boss, by_ada) = (format!("Bearer {boss}"), format!("Bearer {ada}"));
    let id = api.get_as(&ada, "/api/v1/me").await.text("/id");
    let enrolled = api.post_with("/api/v1/me/2fa/totp", &[("authorization", &by_ada)], &json!({})).await;
    assert_eq!(enrolled.status, 201, "{enrolled:?}");

    let reset = format!("/api/v1/admin/users/{id}/2fa/reset");
    assert_eq!(api.post_with(&reset, &[("authorization", &by_boss)], &json!({})).await.status, 200);
    let message = message_about(&program, "An administrator removed your authenticator").await;
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some("ada@example.org"));

    let again = api.log_in("ada@example.org").await.text("/access_token");
    let left = api.delete_as(&again, "/api/v1/me", &json!({ "password": ashlar_tests::PASSWORD })).await;
    assert_eq!(left.status, 204, "{left:?}");
    let message = message_about(&program, "Your account was deleted").await;
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some("ada@example.org"));
    assert!(message.body_text(0).unwrap().contains("thirty"));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_written_to_in_their_language() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_REFRESH_GRACE", "0s");
    let server = program.serve().await;
    let token = server.api().newcomer("ada@example.org").await;
    let german =
        server.api().patch_as(&token, "/api/v1/me", &json!({ "locale": "de-CH", "display_name": "Ada" })).await;
    assert_eq!(german.status, 200);

    steal(&server).await;

    let message = message_about(&program, "Eine Ihrer Sitzungen wurde beendet").await;
    assert!(message.body_text(0).unwrap().starts_with("Hallo Ada,"));
    server.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_cannot_go_out_waits() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_REFRESH_GRACE", "0s");
    // Nobody listens there.
    let server = program.clone().env("ASHLAR_MAIL_URL", "smtp://127.0.0.1:9").serve().await;
    assert_eq!(server.api().register("ada@example.org").await.status, 201);
    steal(&server).await;
    server.until_it_logs(r#""outcome":"retry""#).await;
    let log = server.stop();
    assert!(!log.contains("ada@example.org"), "{log}");

    let past = Past::the_product(&format!("sqlite:{}", program.database().display()));
    let error = past.texts("SELECT last_error FROM job WHERE kind = 'mail.send' AND state = 'ready'").await;
    assert!(!error.is_empty(), "nothing waits");
    assert!(error.iter().all(|error| error.contains("mail cannot be sent at present")), "{error:?}");
    past.execute("UPDATE job SET run_at = created_at WHERE kind = 'mail.send'").await;
    let server = program.serve().await;

    message_about(&program, "One of your sessions was ended").await;
    server.stop();
}

#[test]
fn operator_tries_out_mail() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path());
    let call = |url: &str, to: &str| {
        let done = program.clone().env("ASHLAR_MAIL_URL", url).run(&["mail", "test", to]);
        (done.code, done.stdout + &done.stderr)
    };
    let place = |folder: &Path| format!("file:{}", folder.join("box").display());

    let (code, said) = call(&place(folder.path()), "ada@example.org");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.starts_with("Taken by file:"), "{said}");
    assert_eq!(fs::read_dir(folder.path().join("box")).unwrap().count(), 1);

    let (code, said) = call("smtp://user:hunter2@127.0.0.1:9", "ada@example.org");
    assert_eq!(code, Some(1));
    assert!(said.contains("mail cannot be sent at present") && !said.contains("hunter2"), "{said}");
    let (code, said) = call(&place(folder.path()), "nobody");
    assert!(code == Some(1) && said.contains("not an e-mail address"), "{said}");
    let (code, said) = call("smtp://user:hunter2@host?tls=perhaps", "ada@example.org");
    assert!(code == Some(1) && said.contains("tls=required") && !said.contains("hunter2"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn owner_is_told_of_a_new_device() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    let log_in = async |device: &str| {
        let device = json!({ "id": device, "name": "Ada's <phone>", "platform": "android" });
        let form = json!({ "identifier": "ada@example.org", "password": ashlar_tests::PASSWORD, "device": device });
        server.api().post("/api/v1/auth/login", &form).await.text("/access_token")
    };
    assert_eq!(server.api().register("ada@example.org").await.status, 201);
    log_in("one").await;

    let token = log_in("two").await;

    let message = message_about(&program, "A new device is signed in to your account").await;
    let text = message.body_text(0).unwrap();
    assert!(text.contains("\u{201c}Ada's <phone>\u{201d}, Android"), "{text}");
    assert!(!text.contains(&server.base()), "there is no page of devices without a front end: {text}");
    assert!(!message.body_html(0).unwrap().contains("<phone>"), "markup is no markup");
    let german = json!({ "locale": "de" });
    assert_eq!(server.api().patch_as(&token, "/api/v1/me", &german).await.status, 200);
    log_in("three").await;
    message_about(&program, "Ein neues Ger\u{e4}t ist in Ihrem Konto angemeldet").await;
    // Letters go out in their order: the first device and the ones that were known would have been told by now.
    log_in("one").await;
    let told = messages(&program).into_iter().filter(|message| {
        let subject = message.subject().unwrap_or_default();
        subject.contains("device") || subject.contains("Ger\u{e4}t")
    });
    assert_eq!(told.count(), 2);
    server.stop();
}

/// One database will do: the relay and the jobs are those of every letter.
#[tokio::test(flavor = "multi_thread")]
async fn staff_are_told_of_a_contact_message() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_CONTACT_MAIL", "desk@example.com");
    let server = program.serve().await;
    let trapped = json!({
        "name": "Bot", "email": "bot@example.org", "subject": "Offer", "message": "Buy this at once!", "website_url": "x"
    });
    assert_eq!(server.api().post("/api/v1/contacts", &trapped).await.status, 202);
    let form = json!({
        "name": "Ada <b>L</b>", "email": "ada@example.org", "subject": "A quote", "message": "What would\n\nit cost?"
    });
    assert_eq!(server.api().post("/api/v1/contacts", &form).await.status, 202);

    let message = message_about(&program, "A message from the contact page").await;

    assert_eq!(message.to().unwrap().first().unwrap().address(), Some("desk@example.com"));
    let (text, html) = (message.body_text(0).unwrap(), message.body_html(0).unwrap());
    for part in ["Ada <b>L</b> (ada@example.org)", "A quote", "What would", "it cost?"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!html.contains("<b>L"), "{html}");
    let log = server.stop();
    assert!(!log.contains("ada@example.org"), "{log}");
    assert_eq!(messages(&program).len(), 1, "of what no person sent nobody is told");
}
