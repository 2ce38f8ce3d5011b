//! Mail by SendGrid's API, version 3.

use std::time::Duration;

use ashlar_kernel::{ExposeSecret as _, MailError, Mailbox, Mailer, OneClick, OutgoingMail, Secret};
use async_trait::async_trait;
use chrono::DateTime;
use reqwest::{Client, Response, StatusCode, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

/// Hands mail to SendGrid.
pub struct SendGridMailer {
    client: Client,
    endpoint: String,
    key: Secret,
}

/// How long to wait when SendGrid does not say.
const PAUSE: u32 = 60;

impl SendGridMailer {
    /// The service at `base`, such as `https://api.sendgrid.com`, by an API key that may send mail.
    pub fn new(base: &str, key: &Secret, patience: Duration) -> Result<Self, MailError> {
        let client = Client::builder().timeout(patience).redirect(Policy::none()).build();
        let client = client.map_err(|error| MailError::Misconfigured(format!("no HTTP client: {error}")))?;
        Ok(Self { client, endpoint: format!("{}/v3/mail/send", base.trim_end_matches('/')), key: key.clone() })
    }
}

#[async_trait]
impl Mailer for SendGridMailer {
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError> {
        let request = self.client.post(&self.endpoint).bearer_auth(self.key.expose_secret()).json(&body(mail));
        let answer = request.send().await.map_err(|error| {
            let what = if error.is_timeout() { "SendGrid takes too long" } else { "SendGrid cannot be reached" };
            MailError::Transient(what.to_owned())
        })?;
        sorted(answer).await
    }
}

fn body(mail: &OutgoingMail) -> Value {
    let mut content = vec![json!({ "type": "text/plain", "value": mail.text() })];
    content.extend(mail.html().map(|html| json!({ "type": "text/html", "value": html })));
    let mut body = json!({
        "personalizations": [{
            "to": [{ "email": mail.to().as_str() }],
            "custom_args": { "message_id": mail.message_id() },
        }],
        "from": mailbox(mail.from()),
        "subject": mail.subject(),
        "content": content,
        "headers": { "Message-ID": format!("<{}>", mail.message_id()), "Auto-Submitted": "auto-generated" },
        // Links in our letters let people in: they lead to us and to nobody on the way.
        "tracking_settings": {
            "click_tracking": { "enable": false, "enable_text": false },
            "open_tracking": { "enable": false },
        },
    });
    if let (Some(one_click), Some(headers)) = (mail.unsubscribe(), body["headers"].as_object_mut()) {
        headers.insert("List-Unsubscribe".to_owned(), one_click.header().into());
        headers.insert("List-Unsubscribe-Post".to_owned(), OneClick::POST.into());
    }
    if let (Some(reply_to), Some(members)) = (mail.reply_to(), body.as_object_mut()) {
        members.insert("reply_to".to_owned(), mailbox(reply_to));
    }
    body
}

fn mailbox(mailbox: &Mailbox) -> Value {
    match mailbox.name() {
        Some(name) => json!({ "email": mailbox.address().as_str(), "name": name }),
        None => json!({ "email": mailbox.address().as_str() }),
    }
}

async fn sorted(answer: Response) -> Result<(), MailError> {
    let (status, headers) = (answer.status(), answer.headers().clone());
    match status {
        StatusCode::ACCEPTED | StatusCode::OK => Ok(()),
        StatusCode::TOO_MANY_REQUESTS => {
            Err(MailError::RateLimited { retry_after: retry_after(&headers), note: "SendGrid said 429".to_owned() })
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Err(MailError::Misconfigured(format!("SendGrid said {}{}", status.as_u16(), fields(answer).await)))
        }
        StatusCode::REQUEST_TIMEOUT => Err(MailError::Transient("SendGrid said 408".to_owned())),
        status if status.is_client_error() => {
            Err(MailError::Permanent(format!("SendGrid said {}{}", status.as_u16(), fields(answer).await)))
        }
        status => Err(MailError::Transient(format!("SendGrid said {}", status.as_u16()))),
    }
}

/// Which members of the request SendGrid did not like. Its messages may repeat what was sent.
async fn fields(answer: Response) -> String {
    let body: Value = answer.json().await.unwrap_or_default();
    let fields = body["errors"].as_array().into_iter().flatten().filter_map(|error| error["field"].as_str());
    let fields: Vec<&str> = fields.filter(|field| field.len() < 100).take(5).collect();
    if fields.is_empty() { String::new() } else { format!(" about {}", fields.join(", ")) }
}

/// `Retry-After`, or SendGrid's `X-RateLimit-Reset`: a moment, by SendGrid's own clock.
fn retry_after(headers: &HeaderMap) -> u32 {
    let text = |name| headers.get(name).and_then(|value: &reqwest::header::HeaderValue| value.to_str().ok());
    if let Some(seconds) = text("retry-after").and_then(|text| text.parse().ok()) {
        return seconds;
    }
    let reset = text("x-ratelimit-reset").and_then(|text| text.parse::<i64>().ok());
    let now = text("date").and_then(|text| DateTime::parse_from_rfc2822(text).ok());
    let wait = reset.zip(now).map(|(reset, now)| reset - now.timestamp());
    wait.and_then(|seconds| u32::try_from(seconds.max(1)).ok()).filter(|seconds| *seconds <= 3_600).unwrap_or(PAUSE)
}
