//! Laws of large exports. [`export_store_contract!`](crate::export_store_contract) makes one test of each.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Change, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, elsewhere, noon},
};
use crate::{
    LeadFilter, LeadSearch, LeadStatus, NotePosition,
    export::{ExportColumn, ExportEvent, ExportFormat, ExportJob, ExportLeads, ExportState},
    port::{ExportStore, ExportTx, FileKey, Sha256Sum, StoredFile},
};

/// A store to try a law on: empty but for the tenant `main`, and nobody else's.
pub struct ExportFixture {
    /// The store on trial.
    pub store: Arc<dyn ExportStore>,
    /// Its leads, and the log it writes.
    pub leads: Fixture,
}

struct Stage {
    store: Arc<dyn ExportStore>,
    scene: Scene,
}

const ADA: Uuid = Uuid::from_u128(3);
const BOB: Uuid = Uuid::from_u128(4);

fn later(seconds: i64) -> Timestamp {
    noon() + TimeDelta::seconds(seconds)
}

fn file(number: u8) -> StoredFile {
    let key = FileKey::restore(&format!("{number:02x}").repeat(16)).unwrap();
    StoredFile { key, size: (1 << 40) + u64::from(number), sha256: Sha256Sum([number; 32]) }
}

impl Stage {
    fn new(fixture: ExportFixture) -> Self {
        Self { store: fixture.store, scene: Scene::new(fixture.leads) }
    }

    async fn begin(&self) -> Box<dyn ExportTx> {
        self.store.begin_export(&self.scene.context()).await.unwrap()
    }

    async fn asked(&self, who: Uuid, at: Timestamp) -> ExportJob {
        let filter = LeadFilter {
            status: vec![LeadStatus::New],
            owner: vec![None, Some(BOB)],
            created_from: Some(at),
            search: LeadSearch::parse("J\u{f6}rg '; VACUUM").ok(),
            ..LeadFilter::default()
        };
        let wish = ExportLeads { filter, columns: vec![ExportColumn::Email], format: ExportFormat::Jsonl };
        let change = ExportJob::request(self.scene.id(), (TenantId::MAIN, who, Some(who)), wish, at);
        let job = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_export(change).await.unwrap();
        tx.commit().await.unwrap();
        job
    }

    async fn try_save(&self, change: Change<ExportJob, ExportEvent>) -> Result<ExportJob, StoreError> {
        let job = change.state().clone();
        let mut tx = self.begin().await;
        tx.save_export(change).await?;
        tx.commit().await?;
        Ok(job)
    }

    async fn save(&self, change: Change<ExportJob, ExportEvent>) -> ExportJob {
        self.try_save(change).await.unwrap()
    }

    async fn stored(&self, job: &ExportJob) -> ExportJob {
        self.store.export(job.tenant(), job.id()).await.unwrap().unwrap()
    }
}

/// What is read is what was written, at every point of its way.
pub async fn an_export_survives_storage(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    let asked = stage.asked(ADA, noon()).await;
    assert_eq!(stage.stored(&asked).await, asked);
    assert_eq!(stage.store.export(elsewhere(), asked.id()).await.unwrap(), None);
    let running = stage.save(asked.claim((noon(), later(15)))).await;
    assert_eq!(stage.stored(&running).await, running);
    let done = stage.save(running.complete(file(1), 1 << 33, later(20))).await;
    assert_eq!(stage.stored(&done).await, done);
    let mut tx = stage.begin().await;
    tx.note_export_read(done.read_by(BOB)).await.unwrap();
    tx.commit().await.unwrap();
    let gone = stage.save(done.expire(later(20) + TimeDelta::hours(24)).unwrap()).await;
    assert_eq!(stage.stored(&gone).await, gone);
    let failed = stage.asked(ADA, later(1)).await;
    let failed = stage.save(failed.fail("permission_lost", later(2))).await;
    assert_eq!(stage.stored(&failed).await, failed);
    let names = ["created", "started", "completed", "read", "expired", "created", "failed"];
    assert_eq!(stage.scene.event_names().await, names.map(|what| format!("leads.export.{what}")));
}

/// What is not committed was never there.
pub async fn a_dropped_unit_of_work_leaves_neither_export_nor_event(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    let asked = stage.asked(ADA, noon()).await;
    let mut tx = stage.begin().await;
    tx.save_export(asked.clone().cancel(noon()).unwrap()).await.unwrap();
    drop(tx);
    assert_eq!(stage.stored(&asked).await, asked);
    assert_eq!(stage.scene.event_names().await, ["leads.export.created"]);
}

/// Of two who began with the same copy the second is refused and changes nothing.
pub async fn a_stale_copy_of_an_export_is_refused(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    let asked = stage.asked(ADA, noon()).await;
    let running = stage.save(asked.clone().claim((noon(), later(15)))).await;

    let late = stage.try_save(asked.cancel(later(1)).unwrap()).await;
    assert!(matches!(late, Err(StoreError::Stale)), "{late:?}");
    assert_eq!(stage.stored(&running).await, running);
}

/// Whoever changes an export has read it where they change it: the tenant's, as it was committed last.
pub async fn an_export_is_read_where_it_is_changed(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    let asked = stage.asked(ADA, noon()).await;
    let running = stage.save(asked.claim((noon(), later(15)))).await;
    assert!(stage.store.hold_export(&running, (7, 77), later(20)).await.unwrap());

    let mut tx = stage.begin().await;
    assert_eq!(tx.export_to_change(elsewhere(), running.id()).await.unwrap(), None);
    let found = tx.export_to_change(TenantId::MAIN, running.id()).await.unwrap().unwrap();
    assert_eq!((found.size(), found.version()), ((7, 77), running.version()));
    let cancelled = found.cancel(later(1)).unwrap();
    let job = cancelled.state().clone();
    tx.save_export(cancelled).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.stored(&job).await, job);
}

/// The one that waits longest, of those that nobody has; whoever has one says so, and learns that it was called off.
pub async fn exports_are_taken_on_by_one(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    assert_eq!(stage.store.next_export(noon()).await.unwrap(), None);
    let (first, second) = (stage.asked(ADA, noon()).await, stage.asked(BOB, later(1)).await);
    assert_eq!(stage.store.next_export(later(2)).await.unwrap(), Some(first.clone()));
    assert!(!stage.store.hold_export(&first, (0, 0), later(9)).await.unwrap(), "nobody has it");

    let first = stage.save(first.claim((later(2), later(17)))).await;
    assert_eq!(stage.store.next_export(later(3)).await.unwrap(), Some(second.clone()));
    let second = stage.save(second.cancel(later(3)).unwrap()).await;
    assert_eq!(stage.store.next_export(later(16)).await.unwrap(), None);
    assert!(stage.store.hold_export(&first, (5, 50), later(30)).await.unwrap());
    let held = stage.stored(&first).await;
    assert_eq!((held.size(), held.version()), ((5, 50), first.version()), "an observation: nobody's copy goes stale");
    assert_eq!(stage.store.next_export(later(29)).await.unwrap(), None);
    assert_eq!(stage.store.next_export(later(30)).await.unwrap(), Some(held.clone()), "they did not come back");
    let again = stage.save(held.claim((later(30), later(45)))).await;
    assert!(!stage.store.hold_export(&first, (6, 60), later(60)).await.unwrap(), "it is somebody else's");
    assert!(!stage.store.hold_export(&second, (6, 60), later(60)).await.unwrap(), "it is over");
    assert_eq!(stage.stored(&again).await.size(), (0, 0), "from its beginning");
}

/// One's own, newest first.
pub async fn pages_of_exports_neither_skip_nor_repeat(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    let mut own = Vec::new();
    for seconds in [0, 0, 1, 2] {
        own.push(stage.asked(ADA, later(seconds)).await);
        stage.asked(BOB, later(seconds)).await;
    }
    let position = |job: &ExportJob| NotePosition { at: job.created_at(), id: job.id().as_uuid() };
    own.sort_by_key(|job| std::cmp::Reverse(position(job)));
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = stage.store.exports((TenantId::MAIN, ADA), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(position(last));
        seen.extend(page);
    }
    assert_eq!(seen, own);
    assert_eq!(stage.store.exports((elsewhere(), ADA), None, 9).await.unwrap(), []);
}

/// Those whose time is over, as long as their file is stored; and files that exports have are needed.
pub async fn files_of_exports_go_in_time(fixture: ExportFixture) {
    let stage = Stage::new(fixture);
    let mut done = Vec::new();
    for number in [1, 2] {
        let asked = stage.asked(ADA, noon()).await;
        let running = stage.save(asked.claim((noon(), later(15)))).await;
        done.push(stage.save(running.complete(file(number), 5, later(number.into()))).await);
    }
    stage.asked(ADA, noon()).await;
    let due = |seconds| later(seconds) + TimeDelta::hours(24);
    assert_eq!(stage.store.expired_exports(due(0), 9).await.unwrap(), []);
    assert_eq!(stage.store.expired_exports(due(1), 9).await.unwrap(), done[..1]);
    assert_eq!(stage.store.expired_exports(due(2), 1).await.unwrap(), done[..1], "the first first");
    let keys = [file(1).key, file(2).key, file(3).key];
    let leads = &stage.scene.fixture.store;
    assert_eq!(leads.needed_files(&keys).await.unwrap().len(), 2);

    let gone = stage.save(done[0].clone().expire(due(1)).unwrap()).await;
    assert_eq!(gone.state(), ExportState::Expired);
    assert_eq!(stage.store.expired_exports(due(2), 9).await.unwrap(), done[1..]);
    assert_eq!(leads.needed_files(&keys).await.unwrap(), [file(2).key]);
}

/// Makes one test of each law of [`ExportStore`]. The argument is the path of a function
/// `async fn() -> Option<ExportFixture>`; none means that the database is not there, and the test passes.
#[macro_export]
macro_rules! export_store_contract {
    ($fixture:path) => {
        $crate::export_store_contract!(@laws $fixture,
            an_export_survives_storage,
            a_dropped_unit_of_work_leaves_neither_export_nor_event,
            a_stale_copy_of_an_export_is_refused,
            an_export_is_read_where_it_is_changed,
            exports_are_taken_on_by_one,
            pages_of_exports_neither_skip_nor_repeat,
            files_of_exports_go_in_time,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::exports::$law(fixture).await;
                }
            }
        )+
    };
}
