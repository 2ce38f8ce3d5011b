//! The links in letters: one confirms, once; one unsubscribes, for good.

use ashlar_kernel::{Entropy, MacKey, Secret, TenantId, Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{MailingListId, Subscription, SubscriptionId, Wish, subscription::PENDING};

/// The SHA-256 of what a link to confirm carries: all that is stored of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TokenHash(pub [u8; 32]);

/// What a link to confirm carries: 32 random bytes, in base64url.
pub struct ConfirmSecret([u8; 32]);

impl ConfirmSecret {
    /// A new one.
    pub fn random(entropy: &dyn Entropy) -> Self {
        Self(entropy.bytes())
    }

    /// Reads one; none if it is of another form.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text.trim()).ok()?.try_into().ok().map(Self)
    }

    /// As it stands in the link.
    pub fn text(&self) -> Secret {
        Secret::from(URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What is stored.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0).into())
    }
}

/// A link to confirm, as it is stored. It is good for 72 hours, once, for one subscription to one list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfirmToken {
    /// By what it is recognised.
    pub hash: TokenHash,
    /// Whose subscription it is.
    pub tenant: TenantId,
    /// Which.
    pub subscription: SubscriptionId,
    /// To which list.
    pub list: MailingListId,
    /// What it confirms; none in links that are older than wishes.
    pub wish: Option<Wish>,
    /// Since when it is good.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

impl ConfirmToken {
    /// One for a subscription.
    pub fn issue(secret: &ConfirmSecret, subscription: &Subscription, now: Timestamp) -> Self {
        Self {
            hash: secret.hash(),
            tenant: subscription.tenant(),
            subscription: subscription.id(),
            list: subscription.list(),
            wish: subscription.open_wish(),
            created_at: now,
            expires_at: now + PENDING,
            used_at: None,
        }
    }

    /// Whether it confirms something.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// The text is no link to unsubscribe of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a link to unsubscribe of ours")]
pub struct InvalidUnsubscribeToken;

/// A link to unsubscribe, `u1.<kid>.<subscription>.<mac>`, that is well formed: whether we made it is another question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubscribeToken {
    kid: String,
    subscription: SubscriptionId,
    mac: [u8; 16],
}

impl UnsubscribeToken {
    /// Takes one apart.
    pub fn parse(text: &str) -> Result<Self, InvalidUnsubscribeToken> {
        let mut parts = text.trim().split('.');
        let (Some("u1"), Some(kid), Some(id), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidUnsubscribeToken);
        };
        let id = Uuid::try_parse(id).map_err(|_syntax| InvalidUnsubscribeToken)?;
        let mac = URL_SAFE_NO_PAD.decode(mac).map_err(|_not_base64| InvalidUnsubscribeToken)?;
        let mac = mac.try_into().map_err(|_length| InvalidUnsubscribeToken)?;
        Ok(Self { kid: kid.to_owned(), subscription: SubscriptionId::from_uuid(id), mac })
    }

    /// Which subscription it claims to be of.
    pub const fn subscription(&self) -> SubscriptionId {
        self.subscription
    }
}

/// Makes and verifies links to unsubscribe, which never expire: a key that made some is kept when another takes its place.
#[derive(Debug, Clone)]
pub struct UnsubscribeKeys {
    current: (String, MacKey),
    former: Vec<(String, MacKey)>,
}

impl UnsubscribeKeys {
    /// Links are made with a key that follows from `root`. Those made with a key that follows from one of `former` are
    /// good too.
    pub fn new(root: &MacKey, former: &[MacKey]) -> Self {
        Self { current: named(root), former: former.iter().map(named).collect() }
    }

    /// The text of a link.
    pub fn token(&self, subscription: &Subscription) -> Secret {
        let (kid, key) = &self.current;
        let tag = key.tag(&parts(subscription.id().as_uuid().as_bytes(), subscription.list().as_uuid().as_bytes()));
        let (mac, _) = tag.split_at(16);
        Secret::from(format!("u1.{kid}.{}.{}", subscription.id().as_uuid().simple(), URL_SAFE_NO_PAD.encode(mac)))
    }

    /// Whether we made it for this subscription, in constant time.
    pub fn verify(&self, token: &UnsubscribeToken, subscription: &Subscription) -> bool {
        let (id, list) = (subscription.id().as_uuid(), subscription.list().as_uuid());
        let key = std::iter::once(&self.current).chain(&self.former).find(|(kid, _)| *kid == token.kid);
        token.subscription == subscription.id()
            && key.is_some_and(|(_, key)| key.verify_beginning(&parts(id.as_bytes(), list.as_bytes()), &token.mac))
    }
}

fn parts<'p>(subscription: &'p [u8; 16], list: &'p [u8; 16]) -> [&'p [u8]; 3] {
    [b"unsub", subscription, list]
}

/// The key for links, with a name that says nothing of it.
fn named(root: &MacKey) -> (String, MacKey) {
    let key = root.derive("newsletter unsubscribe");
    let name = key.tag(&[b"kid"]);
    (URL_SAFE_NO_PAD.encode(name.split_at(6).0), key)
}
