//! A stand-in for SendGrid that checks requests as SendGrid documents them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use ashlar_kernel::{
    MailError, Mailer as _, Secret,
    contract::mailer::{Arrived, Fixture},
};
use ashlar_mail::SendGridMailer;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{any, header, method, path},
};

use super::{PATIENCE, mail};

const KEY: &str = "SG.secret.key";

/// Headers that SendGrid sets itself and refuses in requests.
const RESERVED: [&str; 12] = [
    "x-sg-id",
    "x-sg-eid",
    "received",
    "dkim-signature",
    "content-type",
    "content-transfer-encoding",
    "to",
    "from",
    "subject",
    "reply-to",
    "cc",
    "bcc",
];

fn mailer(server: &MockServer) -> SendGridMailer {
    SendGridMailer::new(&server.uri(), &Secret::from(KEY.to_owned()), PATIENCE).unwrap()
}

/// Fails unless the body is what the documentation of `POST /v3/mail/send` asks for.
fn insist_that_it_is_documented(body: &Value) {
    let members: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let known = ["personalizations", "from", "reply_to", "subject", "content", "headers", "tracking_settings"];
    assert!(members.iter().all(|member| known.contains(member)), "{members:?}");
    let personalizations = body["personalizations"].as_array().unwrap();
    assert_eq!(personalizations.len(), 1);
    assert!(personalizations[0]["to"][0]["email"].as_str().unwrap().contains('@'));
    assert!(personalizations[0].get("bcc").is_none() && personalizations[0].get("cc").is_none());
    assert!(personalizations[0]["custom_args"].as_object().unwrap().values().all(Value::is_string));
    let types: Vec<&str> =
        body["content"].as_array().unwrap().iter().map(|part| part["type"].as_str().unwrap()).collect();
    assert!(types == ["text/plain"] || types == ["text/plain", "text/html"], "the plain text comes first: {types:?}");
    let headers = body["headers"].as_object().unwrap();
    assert!(headers.keys().all(|name| !RESERVED.contains(&name.to_lowercase().as_str())), "{headers:?}");
}

fn arrived(request: &Request) -> Arrived {
    let body: Value = request.body_json().unwrap();
    insist_that_it_is_documented(&body);
    let text = |pointer: &str| body.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let lines = |text: String| text.replace("\r\n", "\n").trim_end().to_owned();
    let id = text("/headers/Message-ID").unwrap();
    assert_eq!(id, format!("<{}>", text("/personalizations/0/custom_args/message_id").unwrap()));
    Arrived {
        message_id: id.trim_matches(['<', '>']).to_owned(),
        from: (text("/from/name"), text("/from/email").unwrap()),
        to: vec![text("/personalizations/0/to/0/email").unwrap()],
        reply_to: text("/reply_to/email"),
        subject: text("/subject").unwrap(),
        text: lines(text("/content/0/value").unwrap()),
        html: text("/content/1/value").map(lines),
        date: None,
        unsubscribe: text("/headers/List-Unsubscribe").zip(text("/headers/List-Unsubscribe-Post")),
    }
}

async fn fixture() -> Option<Fixture> {
    let server = Arc::new(MockServer::start().await);
    let taken = ResponseTemplate::new(202).insert_header("X-Message-Id", "14c5d75ce93.dfd.64b469");
    let documented = Mock::given(method("POST")).and(path("/v3/mail/send"));
    let documented = documented.and(header("authorization", format!("Bearer {KEY}").as_str()));
    documented.and(header("content-type", "application/json")).respond_with(taken).mount(&server).await;
    let mailer = Arc::new(mailer(&server));
    let inbox = Arc::new(move || {
        let server = Arc::clone(&server);
        Box::pin(async move { server.received_requests().await.unwrap().iter().map(arrived).collect() }) as _
    });
    Some(Fixture { mailer, inbox })
}

ashlar_kernel::mailer_contract!(fixture);

async fn outcome(answer: ResponseTemplate) -> MailError {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(answer).mount(&server).await;
    mailer(&server).send(&mail()).await.unwrap_err()
}

#[tokio::test]
async fn each_answer_means_what_it_means() {
    let errors = json!({ "errors": [{ "message": "bad ada@example.net", "field": "personalizations.0.to" }] });
    let refused = outcome(ResponseTemplate::new(400).set_body_json(&errors)).await;
    assert_eq!(refused, MailError::Permanent("SendGrid said 400 about personalizations.0.to".to_owned()));
    for status in [401, 403] {
        assert!(matches!(outcome(ResponseTemplate::new(status)).await, MailError::Misconfigured(_)), "{status}");
    }
    for status in [413, 404] {
        assert!(matches!(outcome(ResponseTemplate::new(status)).await, MailError::Permanent(_)), "{status}");
    }
    for status in [408, 500, 502, 503] {
        assert!(matches!(outcome(ResponseTemplate::new(status)).await, MailError::Transient(_)), "{status}");
    }
}

#[tokio::test]
async fn a_limit_is_respected_for_as_long_as_it_lasts() {
    let wait = async |answer| match outcome(answer).await {
        MailError::RateLimited { retry_after, .. } => retry_after,
        other => panic!("{other:?}"),
    };
    let limited = || ResponseTemplate::new(429);
    assert_eq!(wait(limited().insert_header("retry-after", "17")).await, 17);
    let reset = limited().insert_header("x-ratelimit-reset", "1893499230");
    assert_eq!(wait(reset.insert_header("date", "Tue, 01 Jan 2030 12:00:00 GMT")).await, 30);
    assert_eq!(wait(limited()).await, 60);
}

#[tokio::test]
async fn a_service_that_is_away_or_slow_is_asked_again() {
    let slow = ResponseTemplate::new(202).set_delay(Duration::from_secs(30));
    assert_eq!(outcome(slow).await, MailError::Transient("SendGrid takes too long".to_owned()));
    let gone = SendGridMailer::new("http://127.0.0.1:1", &Secret::from(KEY.to_owned()), PATIENCE).unwrap();
    assert_eq!(gone.send(&mail()).await, Err(MailError::Transient("SendGrid cannot be reached".to_owned())));
}
