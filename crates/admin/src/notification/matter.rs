//! What can be the matter, and what the program sees of it.

use ashlar_kernel::{TenantId, Timestamp};
use chrono::TimeDelta;

use super::Severity;

/// Something that is the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matter {
    /// Whom it concerns. What concerns the installation concerns the tenant `main`.
    pub tenant: TenantId,
    /// What it is, the same each time.
    pub key: String,
    /// How much it matters.
    pub severity: Severity,
    /// Which part of the program it is about.
    pub source: &'static str,
    /// What it is, for people. Names nobody.
    pub title: String,
}

/// Jobs of a kind that do not get done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StuckJobs {
    /// Whose.
    pub tenant: TenantId,
    /// Which kind.
    pub kind: String,
    /// How many were given up.
    pub dead: u64,
    /// How many have failed at least [`Troubles::STRUGGLING`] times, and are tried again.
    pub struggling: u64,
}

/// What does not go as it should, at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Jobs that do not get done.
    pub jobs: Vec<StuckJobs>,
    /// When the first event happened that is not sealed yet, of all tenants.
    pub oldest_unsealed: Option<Timestamp>,
    /// When the first event happened that has not led to jobs yet.
    pub oldest_undispatched: Option<Timestamp>,
}

/// The kinds of jobs that send mail.
const MAIL: [&str; 4] = ["mail.send", "newsletter.send", "contact.tell", "notification.mail"];

impl Troubles {
    /// After so many failures it is no accident.
    pub const STRUGGLING: u32 = 3;
    /// Events are sealed within this time.
    pub const SEAL_LAG: TimeDelta = TimeDelta::seconds(30);
    /// Events lead to jobs within this time.
    pub const DISPATCH_LAG: TimeDelta = TimeDelta::seconds(60);

    /// What is the matter, then.
    pub fn matters(&self, now: Timestamp) -> Vec<Matter> {
        let mut matters: Vec<_> = self.jobs.iter().filter(|jobs| jobs.dead > 0).map(given_up).collect();
        matters.extend(self.jobs.iter().filter(|jobs| is_failing_mail(jobs)).map(failing_mail));
        let is_behind = |oldest: Option<Timestamp>, lag| oldest.is_some_and(|oldest| now - oldest > lag);
        if is_behind(self.oldest_unsealed, Self::SEAL_LAG) {
            let title = "Events wait for more than 30 seconds to be sealed into the audit trail";
            matters.push(critical("audit.seal_lag", "audit", title));
        }
        if is_behind(self.oldest_undispatched, Self::DISPATCH_LAG) {
            let title = "Events wait for more than 60 seconds to lead to mail and other jobs";
            matters.push(critical("jobs.relay_lag", "jobs", title));
        }
        matters
    }
}

fn given_up(jobs: &StuckJobs) -> Matter {
    let (kind, dead) = (&jobs.kind, jobs.dead);
    Matter {
        tenant: jobs.tenant,
        key: format!("jobs.dead:{kind}"),
        severity: Severity::Warning,
        source: "jobs",
        title: format!("Jobs {kind} were given up: {dead}"),
    }
}

fn is_failing_mail(jobs: &StuckJobs) -> bool {
    jobs.struggling > 0 && MAIL.contains(&jobs.kind.as_str())
}

fn failing_mail(jobs: &StuckJobs) -> Matter {
    let (kind, struggling) = (&jobs.kind, jobs.struggling);
    Matter {
        tenant: jobs.tenant,
        key: format!("mail.failing:{kind}"),
        severity: Severity::Warning,
        source: "mail",
        title: format!("Letters {kind} fail again and again: {struggling}"),
    }
}

fn critical(key: &str, source: &'static str, title: &str) -> Matter {
    Matter {
        tenant: TenantId::MAIN,
        key: key.to_owned(),
        severity: Severity::Critical,
        source,
        title: title.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(troubles: &Troubles, now: Timestamp) -> Vec<String> {
        troubles.matters(now).into_iter().map(|matter| matter.key).collect()
    }

    #[test]
    fn lags_matter_once_they_are_over_their_bounds() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(1);
        let behind = |seconds| Troubles {
            oldest_unsealed: Some(now - TimeDelta::seconds(seconds)),
            oldest_undispatched: Some(now - TimeDelta::seconds(seconds)),
            ..Troubles::default()
        };
        assert_eq!(keys(&Troubles::default(), now), [""; 0]);
        assert_eq!(keys(&behind(30), now), [""; 0]);
        assert_eq!(keys(&behind(31), now), ["audit.seal_lag"]);
        assert_eq!(keys(&behind(61), now), ["audit.seal_lag", "jobs.relay_lag"]);
    }

    #[test]
    fn jobs_matter_by_kind_and_mail_before_it_is_given_up() {
        let stuck = |kind: &str, dead, struggling| StuckJobs {
            tenant: TenantId::MAIN,
            kind: kind.to_owned(),
            dead,
            struggling,
        };
        let jobs = vec![stuck("mail.send", 2, 1), stuck("session.purge", 0, 4), stuck("newsletter.send", 0, 1)];
        let troubles = Troubles { jobs, ..Troubles::default() };
        assert_eq!(
            keys(&troubles, Timestamp::UNIX_EPOCH),
            ["jobs.dead:mail.send", "mail.failing:mail.send", "mail.failing:newsletter.send"]
        );
    }
}
