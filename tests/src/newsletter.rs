//! What people do with the newsletter, and the letters as they find them, without the mail.

use ashlar_kernel::{Clock as _, Context, ExposeSecret as _, RequestId, TenantId};
use ashlar_leads::newsletter::{LetterKind, SubscriberLetter, SubscriptionId};
use serde_json::json;

use crate::{Answer, TestApp};

/// The links of a letter.
#[derive(Debug, Clone)]
pub struct LetterLinks {
    /// What the link to confirm carries; nothing if the letter has none.
    pub token: String,
    /// What the link to unsubscribe carries.
    pub unsubscribe: String,
}

impl TestApp {
    /// Asks for letters.
    pub async fn subscribe(&self, email: &str) -> Answer {
        let form = json!({ "email": email, "consent_text_version": "2030-01" });
        self.client.post("/api/v1/newsletter/subscribe").json(&form).send().await
    }

    /// Enters a subscriber, as the staff member with the token `access`; the id.
    pub async fn subscriber(&self, access: &str, email: &str) -> String {
        let form = json!({ "email": email, "consent_text_version": "paper" });
        let call = self.client.post("/api/v1/newsletter/subscribers").bearer(access).json(&form);
        call.send().await.expect(201).json()["id"].as_str().expect("an id").to_owned()
    }

    /// Follows the link to confirm, and presses the button.
    pub async fn confirm(&self, token: &str) -> Answer {
        self.client.post(&format!("/api/v1/newsletter/confirm?token={token}")).send().await
    }

    /// Unsubscribes as mail programs do.
    pub async fn one_click(&self, token: &str) -> Answer {
        self.client.post(&format!("/api/v1/newsletter/u/{token}")).send().await
    }

    /// The subscriptions that letters were asked for, in the order they were.
    pub async fn asked(&self, event: &str) -> Vec<SubscriptionId> {
        let events = self.events().await.into_iter().filter(|known| known.name == event);
        events.map(|event| serde_json::from_value(event.data["subscription"].clone()).expect("an id")).collect()
    }

    /// A letter, as the job writes it; none if none is written.
    pub async fn letter_to(&self, subscription: SubscriptionId, kind: LetterKind) -> Option<SubscriberLetter> {
        let request = RequestId::parse("letter").expect("a name");
        let context = Context::system("newsletter", TenantId::MAIN, request, self.clock.now());
        self.newsletter.letter(&context, subscription, (kind, self.ids.next())).await.expect("a database")
    }

    /// The links of the letter that the last wish to subscribe leads to.
    pub async fn letter(&self) -> LetterLinks {
        let last = self.asked("leads.subscription.requested").await.pop().expect("a wish");
        let letter = self.letter_to(last, LetterKind::Confirm).await.expect("a letter");
        LetterLinks {
            token: letter.confirm.map(|token| token.expose_secret().to_owned()).unwrap_or_default(),
            unsubscribe: letter.unsubscribe.expose_secret().to_owned(),
        }
    }
}
