//! The numbers of a tenant.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{AccessError, Class, Classified, Context, StoreError, TenantId, Timestamp};
use async_trait::async_trait;

use crate::permission;

/// How many people a tenant has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserNumbers {
    /// All of them.
    pub total: u64,
    /// Those who came within the last seven days, today among them, by days in UTC.
    pub new_7_days: u64,
    /// Those who came within the last thirty.
    pub new_30_days: u64,
    /// Those who have a second factor.
    pub with_second_factor: u64,
}

/// How much work of a tenant is not done. Each number is counted up to [`JobNumbers::CAP`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobNumbers {
    /// Jobs that wait, for a worker or for their time.
    pub ready: u64,
    /// Jobs a worker has.
    pub running: u64,
    /// Jobs nobody understands.
    pub parked: u64,
    /// Jobs that were given up.
    pub dead: u64,
    /// Since when the job waits whose time came first.
    pub oldest_due: Option<Timestamp>,
}

impl JobNumbers {
    /// Nobody needs to know more exactly.
    pub const CAP: u32 = 10_000;
}

/// The numbers of a tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// People.
    pub users: UserNumbers,
    /// Leads that were not put away, by status; of a status that is not named there is none.
    pub leads: BTreeMap<String, u64>,
    /// Subscriptions of its mailing lists, by status.
    pub newsletter: BTreeMap<String, u64>,
    /// Jobs.
    pub jobs: JobNumbers,
    /// When the first event happened that is not sealed yet.
    pub oldest_unsealed: Option<Timestamp>,
    /// When the newest checkpoint of its audit trail was signed.
    pub last_checkpoint: Option<Timestamp>,
}

impl Numbers {
    /// Which part of the leads that came to an end were won; none while none has.
    pub fn conversion(&self) -> Option<f64> {
        let of = |status| self.leads.get(status).copied().unwrap_or(0);
        let (won, lost) = (of("won"), of("lost"));
        let ended = u32::try_from(won + lost).ok().filter(|ended| *ended > 0)?;
        Some(f64::from(u32::try_from(won).ok()?) / f64::from(ended))
    }
}

/// Where the numbers are.
#[async_trait]
pub trait NumberStore: Send + Sync {
    /// The numbers of a tenant, in one look. `now` decides which days are the last seven and thirty.
    async fn numbers(&self, tenant: TenantId, now: Timestamp) -> Result<Numbers, StoreError>;
}

/// Why there are no numbers.
#[derive(Debug, thiserror::Error)]
pub enum DashboardError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for DashboardError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// The numbers of a tenant, for its administrators. Cheap to clone.
#[derive(Clone)]
pub struct Dashboard(Arc<dyn NumberStore>);

impl Dashboard {
    /// On a store.
    pub fn new(store: Arc<dyn NumberStore>) -> Self {
        Self(store)
    }

    /// The numbers of the caller's tenant.
    pub async fn numbers(&self, context: &Context) -> Result<Numbers, DashboardError> {
        context.authorize(permission::READ_DASHBOARD)?;
        Ok(self.0.numbers(context.tenant, context.now).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversion_is_of_those_that_came_to_an_end() {
        let with = |leads: &[(&str, u64)]| Numbers {
            leads: leads.iter().map(|(status, leads)| ((*status).to_owned(), *leads)).collect(),
            ..Numbers::default()
        };
        assert_eq!(with(&[("new", 7)]).conversion(), None);
        assert_eq!(with(&[("new", 7), ("won", 1), ("lost", 3)]).conversion(), Some(0.25));
    }
}
