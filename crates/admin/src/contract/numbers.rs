//! The laws every [`NumberStore`] obeys. [`number_store_contract!`](crate::number_store_contract) makes one test of each.
//!
//! Numbers are of things that belong to other domains, so whoever runs the laws also says how these things come about.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{TenantId, Timestamp};
use async_trait::async_trait;
use chrono::TimeDelta;

use super::scene::noon;
use crate::{JobNumbers, NumberStore, Numbers, UserNumbers};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobStands {
    /// Waits until its time comes.
    Ready,
    /// A worker has it.
    Running,
    /// No worker understands it.
    Parked,
    /// It was given up.
    Dead,
    /// It succeeded.
    Done,
}

/// Makes what is counted.
#[async_trait]
pub trait World: Send + Sync {
    /// A tenant without anything.
    async fn tenant(&self) -> TenantId;

    /// Somebody came to a tenant.
    async fn person(&self, tenant: TenantId, since: Timestamp, has_second_factor: bool);

    /// Somebody left the tenant they came to, with whatever they had.
    async fn leaver(&self, tenant: TenantId, since: Timestamp);

    /// A lead, which is moved on if it `is_contacted`.
    async fn lead(&self, tenant: TenantId, is_contacted: bool);

    /// A subscription, which ends if it `is_expired`.
    async fn subscription(&self, tenant: TenantId, is_expired: bool);

    /// A job whose time comes, or came, at `due`.
    async fn job(&self, tenant: TenantId, due: Timestamp, stands: JobStands);

    /// A checkpoint about so many events.
    async fn checkpoint(&self, tenant: TenantId, size: u64, at: Timestamp);

    /// Everything that happened so far is sealed.
    async fn seal(&self);
}

/// Numbers to try a law on, and what they are of. Nobody else's.
#[derive(Clone)]
pub struct NumberFixture {
    /// The numbers on trial.
    pub numbers: Arc<dyn NumberStore>,
    /// What is counted.
    pub world: Arc<dyn World>,
}

impl NumberFixture {
    async fn at_noon(&self, tenant: TenantId) -> Numbers {
        self.numbers.numbers(tenant, noon()).await.unwrap()
    }
}

fn days_ago(days: i64) -> Timestamp {
    noon() - TimeDelta::days(days)
}

fn midnight(of: Timestamp) -> Timestamp {
    of - TimeDelta::hours(12)
}

fn counts(by_status: &[(&str, u64)]) -> BTreeMap<String, u64> {
    by_status.iter().map(|(status, count)| ((*status).to_owned(), *count)).collect()
}

/// None, and none is no error.
pub async fn of_a_tenant_without_anything_all_numbers_are_zero(fixture: NumberFixture) {
    let tenant = fixture.world.tenant().await;
    fixture.world.seal().await;
    assert_eq!(fixture.at_noon(tenant).await, Numbers::default());
}

/// By days in UTC, today among them; and those who left are not counted.
pub async fn people_are_counted_by_the_day_they_came(fixture: NumberFixture) {
    let (world, tenant) = (&fixture.world, fixture.world.tenant().await);
    let second = TimeDelta::seconds(1);
    for since in [noon(), midnight(days_ago(6)), midnight(days_ago(6)) - second] {
        world.person(tenant, since, false).await;
    }
    for since in [midnight(days_ago(29)), midnight(days_ago(29)) - second] {
        world.person(tenant, since, true).await;
    }
    world.leaver(tenant, noon()).await;

    let users = UserNumbers { total: 5, new_7_days: 2, new_30_days: 4, with_second_factor: 2 };
    assert_eq!(fixture.at_noon(tenant).await.users, users);
}

/// What is moved is counted where it is, and of what there is none nothing is said.
pub async fn leads_and_subscriptions_are_counted_by_status(fixture: NumberFixture) {
    let (world, tenant) = (&fixture.world, fixture.world.tenant().await);
    for is_moved in [false, true, true] {
        world.lead(tenant, is_moved).await;
        world.subscription(tenant, !is_moved).await;
    }

    let numbers = fixture.at_noon(tenant).await;
    assert_eq!(numbers.leads, counts(&[("new", 1), ("contacted", 2)]));
    assert_eq!(numbers.newsletter, counts(&[("expired", 1), ("pending", 2)]));

    let other = world.tenant().await;
    world.lead(other, true).await;
    assert_eq!(fixture.at_noon(other).await.leads, counts(&[("contacted", 1)]));
}

/// Done is done; and what waits for a later time is not late.
pub async fn jobs_are_counted_by_state_and_the_first_that_is_due_is_known(fixture: NumberFixture) {
    let (world, tenant) = (&fixture.world, fixture.world.tenant().await);
    let minute = TimeDelta::minutes(1);
    world.job(tenant, noon() + minute, JobStands::Ready).await;
    let jobs = JobNumbers { ready: 1, ..JobNumbers::default() };
    assert_eq!(fixture.at_noon(tenant).await.jobs, jobs);

    for (stands, due) in [
        (JobStands::Ready, noon() - minute * 2),
        (JobStands::Ready, noon() - minute),
        (JobStands::Running, noon() - minute * 9),
        (JobStands::Parked, noon() - minute * 9),
        (JobStands::Dead, noon() - minute * 9),
        (JobStands::Done, noon() - minute * 9),
    ] {
        world.job(tenant, due, stands).await;
    }
    let jobs = JobNumbers { ready: 3, running: 1, parked: 1, dead: 1, oldest_due: Some(noon() - minute * 2) };
    assert_eq!(fixture.at_noon(tenant).await.jobs, jobs);
}

/// When the first event of the log happened that waits, and when the checkpoint about the most was signed.
pub async fn the_trail_tells_since_when_it_waits_and_when_it_was_signed(fixture: NumberFixture) {
    let (world, tenant) = (&fixture.world, fixture.world.tenant().await);
    world.seal().await;
    world.person(tenant, days_ago(2), false).await;
    world.person(tenant, days_ago(1), false).await;
    world.checkpoint(tenant, 2, days_ago(3)).await;
    world.checkpoint(tenant, 1, noon()).await;

    let numbers = fixture.at_noon(tenant).await;
    assert_eq!((numbers.oldest_unsealed, numbers.last_checkpoint), (Some(days_ago(2)), Some(days_ago(3))));

    world.seal().await;
    assert_eq!(fixture.at_noon(tenant).await.oldest_unsealed, None);
}

/// Whatever another one has.
pub async fn numbers_are_of_one_tenant(fixture: NumberFixture) {
    let (world, tenant, other) = (&fixture.world, fixture.world.tenant().await, fixture.world.tenant().await);
    world.seal().await;
    world.person(other, noon(), true).await;
    world.lead(other, false).await;
    world.subscription(other, false).await;
    world.job(other, noon(), JobStands::Dead).await;
    world.checkpoint(other, 1, noon()).await;

    assert_eq!(fixture.at_noon(tenant).await, Numbers::default());
    assert_eq!(fixture.at_noon(other).await.users.total, 1, "or there was nothing to see");
}

/// Makes one test of each law of [`NumberStore`](crate::NumberStore). The argument is the path of a function
/// `async fn() -> Option<NumberFixture>`, as in [`admin_store_contract!`](crate::admin_store_contract).
#[macro_export]
macro_rules! number_store_contract {
    ($fixture:path) => {
        $crate::admin_store_contract!(@laws $fixture, numbers,
            of_a_tenant_without_anything_all_numbers_are_zero,
            people_are_counted_by_the_day_they_came,
            leads_and_subscriptions_are_counted_by_status,
            jobs_are_counted_by_state_and_the_first_that_is_due_is_known,
            the_trail_tells_since_when_it_waits_and_when_it_was_signed,
            numbers_are_of_one_tenant,
        );
    };
}
