//! What an access token says, and which of it is believed.

use ashlar_kernel::{TenantId, Timestamp};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{SessionId, UserId};

/// The claims of an access token (RFC 9068, with our `sid`, `tid` and `ver`). No e-mail address, no name.
///
/// All members are required and none may occur twice; times are whole seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Who made it: the installation's public URL.
    pub iss: String,
    /// For whom it is made.
    pub aud: String,
    /// The user.
    pub sub: UserId,
    /// The session, which every request looks up.
    pub sid: SessionId,
    /// The tenant.
    pub tid: TenantId,
    /// The token's own id.
    pub jti: Uuid,
    /// Made at.
    pub iat: i64,
    /// Good from.
    pub nbf: i64,
    /// Good before.
    pub exp: i64,
    /// When the person last proved who they are.
    pub auth_time: i64,
    /// By which methods (RFC 8176).
    pub amr: Vec<String>,
    /// Roles in the tenant; a hint for clients, the server reads them from the session.
    pub roles: Vec<String>,
    /// Version of this set of claims.
    pub ver: u8,
}

/// The version of [`AccessClaims`] we make and take.
pub const CLAIMS_VERSION: u8 = 1;

/// Who makes the tokens and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenAudience {
    /// The `iss` claim.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It was good once.
    #[error("the access token has expired")]
    Expired,
    /// It is not one of ours. The reason is for the log; the caller does not learn which check failed.
    #[error("the access token is not valid")]
    Invalid(&'static str),
    /// It names a key that is not known. That may be a new one, of which this process has not heard yet.
    #[error("the access token is not valid")]
    UnknownKey,
}

const LEEWAY: TimeDelta = TimeDelta::seconds(5);
const FUTURE_ISSUE: TimeDelta = TimeDelta::seconds(60);

impl AccessClaims {
    /// Checks the claims of a token whose signature was found right.
    pub fn check(&self, expected: &TokenAudience, now: Timestamp) -> Result<(), TokenRefusal> {
        let seconds = now.timestamp();
        if self.ver != CLAIMS_VERSION {
            return Err(TokenRefusal::Invalid("ver"));
        }
        if self.iss != expected.issuer {
            return Err(TokenRefusal::Invalid("iss"));
        }
        if self.aud != expected.audience {
            return Err(TokenRefusal::Invalid("aud"));
        }
        if self.exp <= 0 || self.exp <= self.iat {
            return Err(TokenRefusal::Invalid("exp"));
        }
        if self.nbf > seconds.saturating_add(LEEWAY.num_seconds()) {
            return Err(TokenRefusal::Invalid("nbf"));
        }
        if self.iat > seconds.saturating_add(FUTURE_ISSUE.num_seconds()) {
            return Err(TokenRefusal::Invalid("iat"));
        }
        if self.exp.saturating_add(LEEWAY.num_seconds()) <= seconds {
            return Err(TokenRefusal::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn claims() -> AccessClaims {
        AccessClaims {
            iss: "https://a.example".to_owned(),
            aud: "ashlar".to_owned(),
            sub: UserId::from_uuid(Uuid::from_u128(1)),
            sid: SessionId::from_uuid(Uuid::from_u128(2)),
            tid: TenantId::MAIN,
            jti: Uuid::from_u128(3),
            iat: NOW,
            nbf: NOW,
            exp: NOW + 900,
            auth_time: NOW,
            amr: vec!["pwd".to_owned()],
            roles: vec!["member".to_owned()],
            ver: CLAIMS_VERSION,
        }
    }

    fn check(claims: &AccessClaims, at: i64) -> Result<(), TokenRefusal> {
        let expected = TokenAudience { issuer: "https://a.example".to_owned(), audience: "ashlar".to_owned() };
        claims.check(&expected, Timestamp::from_timestamp(at, 0).unwrap())
    }

    #[test]
    fn a_token_is_good_from_its_making_to_its_end_with_five_seconds_to_spare() {
        assert_eq!(check(&claims(), NOW), Ok(()));
        assert_eq!(check(&claims(), NOW - 5), Ok(()));
        assert_eq!(check(&claims(), NOW - 6), Err(TokenRefusal::Invalid("nbf")));
        assert_eq!(check(&claims(), NOW + 904), Ok(()));
        assert_eq!(check(&claims(), NOW + 905), Err(TokenRefusal::Expired));
    }

    #[test]
    fn a_token_of_another_maker_for_others_or_from_the_future_is_refused() {
        let cases = [
            (AccessClaims { iss: "https://b.example".to_owned(), ..claims() }, "iss"),
            (AccessClaims { aud: "other".to_owned(), ..claims() }, "aud"),
            (AccessClaims { ver: 2, ..claims() }, "ver"),
            (AccessClaims { exp: -5, ..claims() }, "exp"),
            (AccessClaims { iat: NOW + 61, ..claims() }, "iat"),
            (AccessClaims { nbf: i64::MAX, ..claims() }, "nbf"),
        ];
        for (claims, which) in cases {
            assert_eq!(check(&claims, NOW), Err(TokenRefusal::Invalid(which)));
        }
    }

    #[test]
    fn claims_are_read_strictly() {
        let good = serde_json::to_string(&claims()).unwrap();
        assert!(serde_json::from_str::<AccessClaims>(&good).is_ok());
        let exp = format!("\"exp\":{}", NOW + 900);
        for bad in [
            good.replace(&exp, "\"exp\":\"1800000900\""),
            good.replace(&exp, "\"exp\":1800000900.5"),
            good.replace(&exp, "\"exp\":1e30"),
            good.replace(&format!("{exp},"), ""),
            good.replace(&exp, &format!("{exp},{exp}")),
        ] {
            assert_ne!(bad, good);
            assert!(serde_json::from_str::<AccessClaims>(&bad).is_err(), "{bad}");
        }
    }
}
