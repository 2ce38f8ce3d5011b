//! What is counted for administrators, counted.

use std::collections::BTreeMap;

use ashlar_admin::{JobNumbers, Numbers, UserNumbers};
use ashlar_kernel::{LogReader, TenantId, Timestamp};
use chrono::TimeDelta;

use super::{Committed, MemoryStore};

impl MemoryStore {
    /// The numbers of a tenant, as if it had no jobs.
    pub(crate) fn numbers_without_jobs(&self, tenant: TenantId, now: Timestamp) -> Numbers {
        let committed = self.shared.lock();
        let Committed { tables, log, trail } = &*committed;
        let mut unsealed = log.pending(LogReader::Seal).filter(|event| event.tenant == tenant);
        Numbers {
            users: users(&committed, tenant, now),
            leads: positive(tables.leads.by_status(tenant)),
            newsletter: positive(tables.newsletter.by_status(tenant)),
            jobs: JobNumbers::default(),
            oldest_unsealed: unsealed.next().map(|event| event.occurred_at),
            last_checkpoint: trail.newest_checkpoint(tenant),
        }
    }
}

fn users(Committed { tables, .. }: &Committed, tenant: TenantId, now: Timestamp) -> UserNumbers {
    let members = || tables.memberships.values().filter(|membership| membership.tenant() == tenant);
    let since = |days| {
        let first = (now - TimeDelta::days(days)).date_naive();
        number(members().filter(|membership| membership.created_at().date_naive() >= first).count())
    };
    let is_secured = |user| tables.factors.factor(user).is_some_and(|factor| factor.is_confirmed());
    UserNumbers {
        total: number(members().count()),
        new_7_days: since(6),
        new_30_days: since(29),
        with_second_factor: number(members().filter(|membership| is_secured(membership.user())).count()),
    }
}

/// Those of which there is any, added up.
fn positive(counted: impl Iterator<Item = (&'static str, i64)>) -> BTreeMap<String, u64> {
    let mut sums = BTreeMap::<String, i64>::new();
    for (status, step) in counted {
        *sums.entry(status.to_owned()).or_default() += step;
    }
    let positive = sums.into_iter().filter_map(|(status, sum)| Some((status, u64::try_from(sum).ok()?)));
    positive.filter(|(_, sum)| *sum > 0).collect()
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
