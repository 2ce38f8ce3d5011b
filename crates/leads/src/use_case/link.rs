//! Links to files, good for whoever has them and for a short time.

use ashlar_kernel::{MacKey, Timestamp};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use uuid::Uuid;

/// How long a link is good: as long as it takes to follow it.
const LIFETIME: TimeDelta = TimeDelta::minutes(5);
/// How long three ids are.
const IDS: usize = 3 * 16;

/// A link to a file. Whoever has it may follow it, until it runs out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLink {
    /// What proves it.
    pub token: String,
    /// When it runs out.
    pub expires_at: Timestamp,
}

/// Of which tenant, which file, and for whom.
pub(super) type Linked = [Uuid; 3];

impl FileLink {
    /// A link made at `now`.
    pub(super) fn to(linked: Linked, key: &MacKey, now: Timestamp) -> Self {
        let expires_at = now + LIFETIME;
        let claims = linked.map(|id| *id.as_bytes()).concat();
        let claims = [claims, expires_at.timestamp_millis().to_be_bytes().to_vec()].concat();
        let tag = key.tag(&[&claims]);
        Self { token: URL_SAFE_NO_PAD.encode([claims, tag.to_vec()].concat()), expires_at }
    }

    /// Where a link leads; none if it is not good.
    pub(super) fn follow(token: &str, key: &MacKey, now: Timestamp) -> Option<Linked> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (claims, tag) = bytes.split_at_checked(IDS + 8)?;
        if !key.verify(&[claims], tag) {
            return None;
        }
        let (ids, expiry) = claims.split_at_checked(IDS)?;
        let expires_at = i64::from_be_bytes(expiry.try_into().ok()?);
        let mut ids = ids.chunks_exact(16).filter_map(|id| Uuid::from_slice(id).ok());
        let linked = [ids.next()?, ids.next()?, ids.next()?];
        (now.timestamp_millis() < expires_at).then_some(linked)
    }
}
