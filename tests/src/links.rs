//! Links as people find them in their mail, without the mail.

use ashlar_identity::{ActionPurpose, ActionTokenId, RegistrationId, UserId};
use ashlar_kernel::{Clock as _, Context, ExposeSecret as _, RequestId, TenantId};

use crate::TestApp;

impl TestApp {
    /// A link for an account, as the writer of letters makes it.
    pub async fn link(&self, user: &str, purpose: ActionPurpose) -> String {
        let user: UserId = user.parse().unwrap();
        let link = self.identity.link(&self.writer(), user, purpose, self.ids.next()).await.unwrap();
        link.expect("a link").token.expose_secret().to_owned()
    }

    /// The same of an account that may be gone meanwhile; whether there is a link.
    pub async fn try_link(&self, user: UserId, purpose: ActionPurpose) -> bool {
        self.identity.link(&self.writer(), user, purpose, self.ids.next()).await.unwrap().is_some()
    }

    /// The link of the last letter that follows from an event of this name, whose data names it as `field`.
    pub async fn link_of_event(&self, event: &str, field: &str) -> String {
        let id: ActionTokenId = self.last(event, field).await;
        let link = self.identity.link_of(&self.writer(), id).await.unwrap();
        link.expect("a link").token.expose_secret().to_owned()
    }

    /// The link of the letter that answers the last attempt to open an account.
    pub async fn registration_link(&self) -> String {
        let id: RegistrationId = self.last("identity.registration.requested", "registration").await;
        let letter = self.identity.registration_letter(&self.writer(), id, self.ids.next()).await.unwrap();
        letter.expect("a letter").token.expose_secret().to_owned()
    }

    async fn last<T: serde::de::DeserializeOwned>(&self, event: &str, field: &str) -> T {
        let found = self.events().await.into_iter().rfind(|known| known.name == event).expect(event);
        serde_json::from_value(found.data[field].clone()).unwrap()
    }

    fn writer(&self) -> Context {
        Context::system("mail", TenantId::MAIN, RequestId::parse("letter").unwrap(), self.clock.now())
    }
}
