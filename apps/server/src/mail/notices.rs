//! Which events people are told about.

use ashlar_jobs::{NewJob, Subscriber};
use ashlar_kernel::EventRecord;
use serde::de::DeserializeOwned;

use super::send::{Errand, FactorNews, SendMail};

/// Writes to people whose account something happened to.
pub struct Notices;

/// The events that lead to letters.
const EVENTS: [&str; 19] = [
    "identity.device.registered",
    "identity.device.removed_by_admin",
    "identity.session.refresh_reuse_detected",
    "identity.user.registered",
    "identity.email.verification_requested",
    "identity.password.reset_requested",
    "identity.password.setup_requested",
    "identity.registration.requested",
    "identity.email.change_requested",
    "identity.password.changed",
    "identity.password.reset_completed",
    "identity.login.locked",
    "identity.reauth.locked",
    "identity.mfa.totp_confirmed",
    "identity.mfa.totp_disabled",
    "identity.mfa.reset_by_admin",
    "identity.user.deleted",
    "identity.mfa.failed",
    "identity.mfa.backup_code_used",
];

impl Subscriber for Notices {
    fn name(&self) -> &'static str {
        "notices"
    }

    fn wants(&self, event: &str) -> bool {
        EVENTS.contains(&event)
    }

    fn jobs_for(&self, event: &EventRecord) -> Vec<NewJob> {
        let Some(errands) = errands(event) else {
            tracing::error!(event = %event.id, name = event.name, "an event names nobody to write to");
            return Vec::new();
        };
        let jobs = errands.iter().map(|errand| SendMail::job(event.tenant, errand));
        jobs.filter_map(|job| job.inspect_err(|error| tracing::error!(%error, "a letter makes no job")).ok()).collect()
    }
}

/// The letters that follow from an event; none if it does not say what it should.
fn errands(event: &EventRecord) -> Option<Vec<Errand>> {
    let at = event.occurred_at;
    let user = || field(event, "user");
    Some(match event.name.as_str() {
        // Whoever signs in for the first time knows of it, and a device that is used elsewhere is no news.
        "identity.device.registered" if ["first", "elsewhere"].iter().any(|name| event.data[name] == true) => {
            Vec::new()
        }
        "identity.device.registered" => {
            vec![Errand::NewDevice { user: user()?, device: field(event, "device")?, at }]
        }
        "identity.device.removed_by_admin" => vec![Errand::DeviceRemoved { user: user()?, at }],
        "identity.session.refresh_reuse_detected" => vec![Errand::SessionReuse { user: user()?, at }],
        "identity.user.registered" | "identity.email.verification_requested" => {
            vec![Errand::VerifyEmail { user: user()? }]
        }
        // Nobody has the identifier: there is nobody to write to.
        "identity.password.reset_requested" => user().map(|user| Errand::ResetPassword { user }).into_iter().collect(),
        "identity.password.setup_requested" => vec![Errand::SetPassword { user: user()? }],
        "identity.registration.requested" => {
            vec![Errand::Registration { registration: field(event, "registration")? }]
        }
        "identity.email.change_requested" => {
            vec![Errand::Link { token: field(event, "confirm")? }, Errand::Link { token: field(event, "undo")? }]
        }
        "identity.password.changed" | "identity.password.reset_completed" => {
            vec![Errand::PasswordChanged { user: user()?, at }]
        }
        // Once for however many locks follow one another.
        "identity.login.locked" | "identity.reauth.locked" if event.data.get("level") != Some(&1.into()) => Vec::new(),
        "identity.login.locked" => user().map(|user| Errand::Locked { user, at }).into_iter().collect(),
        "identity.reauth.locked" => vec![Errand::ProofsLocked { user: user()?, at }],
        "identity.mfa.totp_confirmed" => vec![Errand::SecondFactor { user: user()?, what: FactorNews::SetUp, at }],
        "identity.mfa.totp_disabled" => vec![Errand::SecondFactor { user: user()?, what: FactorNews::GivenUp, at }],
        "identity.mfa.reset_by_admin" => vec![Errand::SecondFactor { user: user()?, what: FactorNews::Reset, at }],
        "identity.user.deleted" => vec![Errand::Deleted { user: user()?, at }],
        // The first of a sign-in: somebody has the password.
        "identity.mfa.failed" if event.data.get("attempts_left") == Some(&4.into()) => {
            vec![Errand::SecondFactor { user: user()?, what: FactorNews::Guessed, at }]
        }
        "identity.mfa.backup_code_used" if event.data["remaining"].as_u64().is_some_and(|left| left <= 3) => {
            vec![Errand::SecondFactor { user: user()?, what: FactorNews::FewCodes, at }]
        }
        "identity.mfa.failed" | "identity.mfa.backup_code_used" => Vec::new(),
        _ => return None,
    })
}

fn field<T: DeserializeOwned>(event: &EventRecord, name: &str) -> Option<T> {
    serde_json::from_value(event.data.get(name)?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use ashlar_identity::catalogue;

    use super::*;

    #[test]
    fn it_waits_for_events_that_exist() {
        for name in EVENTS {
            assert!(catalogue::events().iter().any(|event| event.name == name), "{name}");
        }
        assert!(!Notices.wants("identity.session.created"));
    }
}
