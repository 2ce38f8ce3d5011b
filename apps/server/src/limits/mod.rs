//! How often who may ask: the policies, and how callers are named to the limiter.

mod brake;
mod fallback;

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::Arc,
};

use ashlar_kernel::{Actor, Brake, Charge, MacKey, RateLimiter, RatePolicy, StoreError, Timestamp, Verdict};

pub use brake::SharedThenLocalBrake;
pub use fallback::SharedThenLocal;

/// The policies in force. None: nobody is counted by it.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    /// Anonymous requests of one address, and requests whose credentials are refused.
    pub ip_burst: Option<RatePolicy>,
    /// Requests of one signed-in user.
    pub user: Option<RatePolicy>,
    /// Attempts of one address on one account: sign-in, registration.
    pub auth: Option<RatePolicy>,
    /// Refreshes of one session.
    pub refresh: Option<RatePolicy>,
    /// Letters that strangers can have sent to one address.
    pub mail: Option<RatePolicy>,
    /// Forms that strangers send from one address.
    pub form: Option<RatePolicy>,
    /// Files that one user sends.
    pub upload: Option<RatePolicy>,
}

/// Counts requests. Cheap to clone.
#[derive(Clone)]
pub struct RateLimits {
    policies: Policies,
    limiter: Arc<dyn RateLimiter>,
    brake: Option<Arc<dyn Brake>>,
    key: MacKey,
}

impl RateLimits {
    /// Counts by `policies` in `limiter`. Accounts are known to it by pseudonyms made with a key of this installation.
    pub fn new(policies: Policies, limiter: Arc<dyn RateLimiter>, root_key: &MacKey) -> Self {
        Self { policies, limiter, brake: None, key: root_key.derive("rate limits") }
    }

    /// Whether any policy is in force.
    pub fn are_on(&self) -> bool {
        let Policies { ip_burst, user, auth, refresh, mail, form, upload } = &self.policies;
        [ip_burst, user, auth, refresh, mail, form, upload].into_iter().any(Option::is_some)
    }

    /// What an anonymous request counts against.
    pub fn anonymous(&self, client: Option<IpAddr>) -> Option<Charge> {
        charge(self.policies.ip_burst, network(client))
    }

    /// What a request of a user counts against.
    pub fn user(&self, user: &impl ToString) -> Option<Charge> {
        charge(self.policies.user, user.to_string())
    }

    /// What a request with an API key counts against: as much as a user, beside the owner's own requests.
    pub fn api_key(&self, key: &impl ToString) -> Option<Charge> {
        charge(self.policies.user, format!("key:{}", key.to_string()))
    }

    /// What an attempt to do `what` with `account` counts against. Attempts of many addresses on one account are the
    /// business of its lockout, attempts of one address on many accounts that of the policy for addresses.
    pub fn attempt(&self, what: &str, client: Option<IpAddr>, account: &str) -> Option<Charge> {
        charge(self.policies.auth, format!("{what}:{}:{}", network(client), self.pseudonym(account)))
    }

    /// What a refresh counts against.
    pub fn refresh(&self, session: &impl ToString) -> Option<Charge> {
        charge(self.policies.refresh, session.to_string())
    }

    /// What a letter counts against that a stranger has sent to `account`.
    pub fn letter(&self, account: &str) -> Option<Charge> {
        charge(self.policies.mail, self.pseudonym(account))
    }

    /// What a form of this kind counts against that a stranger sends.
    pub fn form(&self, kind: &str, client: Option<IpAddr>) -> Option<Charge> {
        charge(self.policies.form, format!("{kind}:{}", network(client)))
    }

    /// What a file counts against that somebody sends: the user, or the API key.
    pub fn upload(&self, who: &Actor) -> Option<Charge> {
        let name = match who {
            Actor::User(person) => person.user.to_string(),
            Actor::ApiKey(program) => format!("key:{}", program.key),
            Actor::Anonymous | Actor::System(_) => return None,
        };
        charge(self.policies.upload, name)
    }

    /// Counts.
    pub async fn count(&self, charges: &[Charge], now: Timestamp) -> Result<Verdict, StoreError> {
        self.limiter.charge(charges, now).await
    }

    fn pseudonym(&self, account: &str) -> String {
        let tag = self.key.tag(&[account.as_bytes()]);
        hex::encode(tag.split_at(16).0)
    }
}

fn charge(policy: Option<RatePolicy>, key: String) -> Option<Charge> {
    policy.map(|policy| Charge { policy, key })
}

/// An IPv4 address, or the /64 that an IPv6 address lies in: one customer of a provider has at least that many.
pub(crate) fn network(client: Option<IpAddr>) -> String {
    match client.map(|ip| ip.to_canonical()) {
        None => "unknown".to_owned(),
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("{}/64", Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_customer_are_one_caller() {
        let name = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(name("2001:db8::1"), name("2001:db8::ffff:ffff:ffff:ffff"));
        assert_ne!(name("2001:db8:0:1::1"), name("2001:db8::1"));
        assert_eq!(name("::ffff:203.0.113.9"), "203.0.113.9");
        assert_ne!(name("203.0.113.9"), name("203.0.113.8"));
    }
}
