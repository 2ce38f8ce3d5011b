//! Addresses that are thrown away after use.

use std::collections::{BTreeSet, HashSet};

use ashlar_kernel::{Email, FieldFault};

/// The list, one domain in A-labels a line; its licence stands beside it.
const LIST: &str = include_str!("../../data/disposable-domains.txt");

/// Which domains give out addresses that are thrown away: those of the list, but for what the installation allows.
pub struct DisposableDomains {
    listed: HashSet<&'static str>,
    allowed: BTreeSet<String>,
}

/// The address will be thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("addresses of this domain are thrown away after use; give a lasting one")]
pub struct Disposable;

impl FieldFault for Disposable {
    fn code(&self) -> &'static str {
        "disposable_email"
    }
}

impl DisposableDomains {
    /// The list of this version, without `allowed`.
    pub fn but_for(allowed: impl IntoIterator<Item = String>) -> Self {
        let lines = LIST.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self { listed: lines.collect(), allowed: allowed.into_iter().map(|domain| domain.to_lowercase()).collect() }
    }

    /// Refuses addresses of a listed domain and of every domain below one. What is allowed is so with all below it.
    pub fn judge(&self, email: Email) -> Result<Email, Disposable> {
        let domain = email.key().rsplit_once('@').map_or("", |(_, domain)| domain);
        let is_known = |domain: &&str| self.allowed.contains(*domain) || self.listed.contains(domain);
        let is_refused = with_parents(domain).find(is_known).is_some_and(|domain| !self.allowed.contains(domain));
        if is_refused { Err(Disposable) } else { Ok(email) }
    }
}

/// A domain and those it lies in: `a.b.c`, `b.c`, `c`.
fn with_parents(domain: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(domain), |domain| domain.split_once('.').map(|(_, parent)| parent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(domains: &DisposableDomains, address: &str) -> bool {
        domains.judge(Email::parse(address).unwrap()).is_err()
    }

    #[test]
    fn listed_domains_and_those_below_are_refused() {
        let domains = DisposableDomains::but_for([]);
        for bad in ["a@tempmail.com", "a@THROWAWAY.EMAIL", "a@x.10minutemail.com", "a@sub.mailinator.com"] {
            assert!(is_refused(&domains, bad), "{bad}");
        }
        for good in ["a@nottempmail.com", "a@example.org", "a@mailinator.com.example"] {
            assert!(!is_refused(&domains, good), "{good}");
        }
    }

    #[test]
    fn what_is_allowed_is_not_refused() {
        let domains = DisposableDomains::but_for(["Mailinator.com".to_owned()]);
        assert!(!is_refused(&domains, "a@mailinator.com"));
        assert!(!is_refused(&domains, "a@sub.mailinator.com"));
        assert!(is_refused(&domains, "a@tempmail.com"));
    }

    #[test]
    fn the_list_is_written_as_domains_are_compared() {
        let domains = DisposableDomains::but_for([]);
        assert!(domains.listed.len() > 100, "{}", domains.listed.len());
        for domain in &domains.listed {
            let address = Email::parse(&format!("a@{domain}"));
            assert!(address.is_ok_and(|email| email.key() == format!("a@{domain}")), "{domain}");
        }
    }
}
