//! The laws of the numbers, on memory and on both databases: what is counted comes about by the ports of its domains, so
//! the same world serves all three.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use ashlar_admin::contract::numbers::{JobStands, NumberFixture, World};
use ashlar_audit::{
    Sealer,
    port::{CheckpointStore, SealStore, SignedCheckpoint},
};
use ashlar_identity::{
    Email, Membership, NewUser, PasswordHash, Role, SecondFactor, Tenancy, TenantName, User, UserId,
    port::{IdentityStore, IdentityTx},
};
use ashlar_jobs::{
    Backoff, Failure, NewJob,
    port::{Ack, Claim, JobStore},
};
use ashlar_kernel::{Clock, Context, Id, IdSource, RequestId, TenantId, TenantSlug, TimeOrderedIds, Timestamp};
use ashlar_leads::{
    Details, Lead, LeadStatus, Source, StatusChange,
    lead::{Custom, FullName, MovePower, Tags, Utm},
    newsletter::{
        Evidence, ListName, ListSlug, MailingList, NewSubscription, NewsletterStore, OptIn, Subscription, Visibility,
    },
    port::LeadStore,
};
use ashlar_memory::{ManualClock, MemoryJobs, MemoryNumbers, MemoryStore, SeededEntropy};
use ashlar_sql::{SqlOptions, SqlStore};
use ashlar_tests::stores::prepare;
use async_trait::async_trait;
use chrono::TimeDelta;

/// What is counted, by its ports.
struct ByPorts {
    identity: Arc<dyn IdentityStore>,
    leads: Arc<dyn LeadStore>,
    newsletter: Arc<dyn NewsletterStore>,
    jobs: Arc<dyn JobStore>,
    checkpoints: Arc<dyn CheckpointStore>,
    seal: Arc<dyn SealStore>,
    ids: Arc<dyn IdSource>,
    made: AtomicU64,
    /// What goes when the world does.
    _ground: Box<dyn Send + Sync>,
}

impl ByPorts {
    fn new<S>(store: &Arc<S>, jobs: Arc<dyn JobStore>, ids: Arc<dyn IdSource>, ground: Box<dyn Send + Sync>) -> Self
    where
        S: IdentityStore + LeadStore + NewsletterStore + CheckpointStore + SealStore + 'static,
    {
        Self {
            identity: Arc::clone(store) as Arc<_>,
            leads: Arc::clone(store) as Arc<_>,
            newsletter: Arc::clone(store) as Arc<_>,
            jobs,
            checkpoints: Arc::clone(store) as Arc<_>,
            seal: Arc::clone(store) as Arc<_>,
            ids,
            made: AtomicU64::new(0),
            _ground: ground,
        }
    }

    /// No two are the same.
    fn number(&self) -> u64 {
        self.made.fetch_add(1, Ordering::SeqCst)
    }

    fn email(&self) -> Email {
        Email::parse(&format!("n{}@example.org", self.number())).unwrap()
    }

    fn context(&self, tenant: TenantId, now: Timestamp) -> Context {
        Context::system("test", tenant, RequestId::new(&*self.ids), now)
    }

    async fn begin(&self, tenant: TenantId, now: Timestamp) -> Box<dyn IdentityTx> {
        self.identity.begin(&self.context(tenant, now)).await.unwrap()
    }

    async fn member(&self, tenant: TenantId, since: Timestamp) -> UserId {
        let new = NewUser {
            id: Id::new(&*self.ids),
            email: self.email(),
            username: None,
            password: PasswordHash::restore("$none".to_owned()),
            display_name: None,
            email_verified_at: None,
        };
        let change = User::register(new, since);
        let user = change.state().id();
        let mut tx = self.begin(tenant, since).await;
        tx.insert_user(change).await.unwrap();
        tx.insert_membership(Membership::create(tenant, user, Role::Member, since)).await.unwrap();
        tx.commit().await.unwrap();
        user
    }
}

fn noon() -> Timestamp {
    Timestamp::UNIX_EPOCH + TimeDelta::seconds(1_893_499_200)
}

#[async_trait]
impl World for ByPorts {
    async fn tenant(&self) -> TenantId {
        let slug = format!("tenant-{}", self.number());
        let name = TenantName::parse(&slug).unwrap();
        let id = Id::new(&*self.ids);
        let change = Tenancy::open(id, TenantSlug::parse(&slug).unwrap(), &name, noon());
        let mut tx = self.begin(TenantId::MAIN, noon()).await;
        tx.insert_tenancy(change).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn person(&self, tenant: TenantId, since: Timestamp, has_second_factor: bool) {
        let user = self.member(tenant, since).await;
        let enrolled = SecondFactor::enrol(None, user, vec![1; 48], since).unwrap();
        let pending = enrolled.state().clone();
        let mut tx = self.begin(tenant, since).await;
        tx.put_second_factor(enrolled).await.unwrap();
        if has_second_factor {
            tx.put_second_factor(pending.confirm(7, Vec::new(), since)).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn leaver(&self, tenant: TenantId, since: Timestamp) {
        let user = self.member(tenant, since).await;
        let mut tx = self.begin(tenant, since).await;
        let membership = tx.membership(tenant, user).await.unwrap().unwrap();
        tx.remove_membership(membership.remove()).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn lead(&self, tenant: TenantId, is_contacted: bool) {
        let details = Details {
            full_name: FullName::parse("Ada").unwrap(),
            position: None,
            company_name: None,
            phone: None,
            email: Some(self.email()),
            source: Source::Website,
            category: None,
            notes: None,
            owner: None,
            tags: Tags::default(),
            custom: Custom::default(),
            consent: None,
            utm: Utm::default(),
        };
        let change = Lead::create(Id::new(&*self.ids), tenant, details, noon());
        let lead = change.state().clone();
        let step = |from: Option<LeadStatus>, to: LeadStatus| StatusChange {
            id: Id::new(&*self.ids),
            tenant,
            lead: lead.id(),
            from,
            to,
            reason: None,
            actor: None,
            at: noon(),
        };
        let mut tx = self.leads.begin(&self.context(tenant, noon())).await.unwrap();
        tx.insert_lead(change, step(None, LeadStatus::New)).await.unwrap();
        if is_contacted {
            let moved = step(Some(LeadStatus::New), LeadStatus::Contacted);
            let power = MovePower { may_unspam: false, may_reopen: false };
            let change = lead.clone().move_to(LeadStatus::Contacted, None, power, noon()).unwrap();
            tx.move_lead(change, moved).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn subscription(&self, tenant: TenantId, is_expired: bool) {
        let list = MailingList {
            id: Id::new(&*self.ids),
            tenant,
            slug: ListSlug::parse(&format!("list-{}", self.number())).unwrap(),
            name: ListName::parse("News").unwrap(),
            opt_in: OptIn::Double,
            visibility: Visibility::Private,
            created_at: noon(),
        };
        let new = NewSubscription {
            id: Id::new(&*self.ids),
            tenant,
            list: list.id,
            email: self.email(),
            name: None,
            evidence: Evidence {
                text_version: "1".to_owned(),
                at: noon(),
                ip: None,
                user_agent: None,
                entered_by: None,
            },
        };
        let asked = Subscription::request(new, noon());
        let subscription = asked.state().clone();
        let mut tx = self.newsletter.begin(&self.context(tenant, noon())).await.unwrap();
        tx.insert_mailing_list(list.create()).await.unwrap();
        tx.insert_subscription(asked).await.unwrap();
        if is_expired {
            let expired = subscription.expire(noon() + TimeDelta::days(30)).unwrap();
            tx.update_subscription(expired).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn job(&self, tenant: TenantId, due: Timestamp, stands: JobStands) {
        // A queue of its own, so that no other one is claimed in its place.
        let queue = format!("q{}", self.number());
        let job = NewJob::new(tenant, "demo.work", 1, &serde_json::json!({})).unwrap();
        let job = job.in_queue(&queue).unwrap().attempts(1).unwrap().run_at(due);
        self.jobs.enqueue(vec![job], due).await.unwrap();
        if stands == JobStands::Ready {
            return;
        }
        let (queues, until) = ([queue], due + TimeDelta::hours(1));
        let claim = Claim { worker: "w", queues: &queues, limit: 1, lease_until: until, now: due };
        let running = self.jobs.claim(claim).await.unwrap().remove(0);
        let gone = Failure::Permanent("gone".to_owned());
        let step = match stands {
            JobStands::Ready | JobStands::Running => return,
            JobStands::Parked => running.parked(due),
            JobStands::Dead => running.failed(&gone, Backoff::STANDARD, &SeededEntropy::new(1), due),
            JobStands::Done => running.succeeded(due),
        };
        assert_eq!(self.jobs.settle(step.unwrap()).await.unwrap(), Ack::Saved);
    }

    async fn checkpoint(&self, tenant: TenantId, size: u64, at: Timestamp) {
        let signed = SignedCheckpoint { tenant, size, note: format!("about {size}") };
        self.checkpoints.save_checkpoints(&[signed], at).await.unwrap();
    }

    async fn seal(&self) {
        let sealer = Sealer::new(Arc::clone(&self.seal));
        while self.seal.unsealed().await.unwrap().events > 0 {
            sealer.step(noon()).await.unwrap();
        }
    }
}

fn ids() -> Arc<dyn IdSource> {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at("2030-01-01T12:00:00Z"));
    Arc::new(TimeOrderedIds::new(clock, Arc::new(SeededEntropy::new(1))))
}

async fn on_database(url: &str, ground: Box<dyn Send + Sync>) -> NumberFixture {
    prepare(url).await;
    let ids = ids();
    let store = Arc::new(SqlStore::connect(SqlOptions::parse(url).unwrap(), Arc::clone(&ids)).await.unwrap());
    let world = ByPorts::new(&store, Arc::clone(&store) as Arc<_>, ids, ground);
    NumberFixture { numbers: store, world: Arc::new(world) }
}

mod memory {
    use super::{Arc, ByPorts, MemoryJobs, MemoryNumbers, MemoryStore, NumberFixture, ids};

    async fn fixture() -> Option<NumberFixture> {
        let ids = ids();
        let store = MemoryStore::new(Arc::clone(&ids));
        let jobs = MemoryJobs::new(store.clone(), Arc::clone(&ids));
        let numbers = Arc::new(MemoryNumbers::new(store.clone(), jobs.clone()));
        let world = ByPorts::new(&Arc::new(store), Arc::new(jobs), ids, Box::new(()));
        std::future::ready(Some(NumberFixture { numbers, world: Arc::new(world) })).await
    }

    ashlar_admin::number_store_contract!(fixture);
}

mod sqlite {
    use super::{NumberFixture, on_database};

    async fn fixture() -> Option<NumberFixture> {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("a.db").display());
        Some(on_database(&url, Box::new(folder)).await)
    }

    ashlar_admin::number_store_contract!(fixture);
}

mod postgres {
    use ashlar_tests::binary::PostgresDatabase;

    use super::{NumberFixture, on_database};

    async fn fixture() -> Option<NumberFixture> {
        let database = PostgresDatabase::fresh().await?;
        let url = database.url();
        Some(on_database(&url, Box::new(database)).await)
    }

    ashlar_admin::number_store_contract!(fixture);
}
