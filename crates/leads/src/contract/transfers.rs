//! Laws of imports. [`transfer_store_contract!`](crate::transfer_store_contract) makes one test of each.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Change, Patch, StoreError, TenantId, Timestamp};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Scene, elsewhere, everything, little, noon},
};
use crate::{
    Lead, LeadFilter, LeadPatch, LeadPosition, LeadQuery, LeadSort, NotePosition, Source, StatusChange,
    export::ExportEvent,
    import::{
        ImportCounts, ImportEvent, ImportJob, ImportOptionsInput, ImportState, LeadKeys, NewImport, Plan, Progress,
        RowFault,
    },
    lead::FullName,
    port::{LeadBatch, TransferStore, TransferTx},
};

/// A store to try a law on: empty but for the tenant `main`, and nobody else's.
pub struct TransferFixture {
    /// The store on trial.
    pub store: Arc<dyn TransferStore>,
    /// Its leads, and the log it writes.
    pub leads: Fixture,
}

struct Stage {
    store: Arc<dyn TransferStore>,
    scene: Scene,
}

const HOLDER: Uuid = Uuid::from_u128(9);

impl Stage {
    fn new(fixture: TransferFixture) -> Self {
        Self { store: fixture.store, scene: Scene::new(fixture.leads) }
    }

    async fn begin(&self) -> Box<dyn TransferTx> {
        self.store.begin_transfer(&self.scene.context()).await.unwrap()
    }

    async fn save(&self, change: Change<ImportJob, ImportEvent>, batch: LeadBatch) -> Result<ImportJob, StoreError> {
        let job = change.state().clone();
        let mut tx = self.begin().await;
        tx.save_import(change, batch).await?;
        tx.commit().await?;
        Ok(job)
    }

    async fn asked(&self, at: Timestamp) -> ImportJob {
        let options = ImportOptionsInput { mode: Some("upsert".to_owned()), ..ImportOptionsInput::default() };
        let options = options.try_into().unwrap();
        let file_name = "J\u{f6}rg's \"leads\".csv".to_owned();
        let new = NewImport { options, file: Some("0f".repeat(16)), file_name, bytes: 1 << 40 };
        let change = ImportJob::request(self.scene.id(), (TenantId::MAIN, Some(Uuid::from_u128(3))), new, at);
        let job = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_import(change).await.unwrap();
        tx.commit().await.unwrap();
        job
    }

    async fn begun(&self) -> ImportJob {
        let claimed = self.asked(noon()).await.claim(HOLDER, (noon(), later(15)));
        let job = self.save(claimed, LeadBatch::default()).await.unwrap();
        job.run(plan())
    }

    fn newcomers(&self, count: usize) -> (Vec<Lead>, Vec<StatusChange>) {
        let one = |number: usize| {
            let (change, came) = self.scene.newcomer(everything(&format!("l{number}@example.org")));
            (change.into_parts().0, came)
        };
        (0..count).map(one).unzip()
    }

    async fn stored(&self, job: &ImportJob) -> ImportJob {
        self.store.import(job.tenant(), job.id()).await.unwrap().unwrap()
    }
}

fn later(seconds: i64) -> Timestamp {
    noon() + TimeDelta::seconds(seconds)
}

fn plan() -> Plan {
    let cells = ["name", "e-mail", "other"].map(str::to_owned).to_vec();
    let first = crate::import::Record { end: 9, cells: Ok(cells) };
    Plan::of(b';', true, Some(&first), &std::collections::BTreeMap::new()).unwrap()
}

fn progress(created: u64, failed: u64) -> Progress {
    let counts = ImportCounts { rows_read: created + failed, created, failed, ..ImportCounts::default() };
    Progress { offset: 1 << 33, bytes_read: 77, counts, faults: failed, leads: Some((HOLDER, HOLDER)) }
}

fn fault(number: u64) -> RowFault {
    RowFault {
        number,
        row: number + 1,
        field: "email".to_owned(),
        code: "invalid_format".to_owned(),
        message: "not an e-mail address".to_owned(),
        cells: vec!["\u{1f4de}".to_owned(), String::new(), "'; VACUUM; --".to_owned()],
    }
}

/// What is read is what was written, at every point of its way.
pub async fn an_import_survives_storage(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let asked = stage.asked(noon()).await;
    assert_eq!(stage.stored(&asked).await, asked);
    assert_eq!(stage.store.import(elsewhere(), asked.id()).await.unwrap(), None);
    let claimed = stage.save(asked.claim(HOLDER, (noon(), later(15))), LeadBatch::default()).await.unwrap();
    assert_eq!(stage.stored(&claimed).await, claimed);
    let running = claimed.run(plan());
    let moved = stage.save(running.advance(progress(0, 2), later(20)), LeadBatch::default()).await.unwrap();
    assert_eq!(stage.stored(&moved).await, moved);
    assert!(stage.store.hold_import(&moved, later(30)).await.unwrap());
    assert!(!stage.stored(&moved).await.is_free(later(29)), "an observation: nobody's copy goes stale");
    let failed = stage.save(moved.fail("bad_mapping", later(21)), LeadBatch::default()).await.unwrap();
    assert_eq!(stage.stored(&failed).await, failed);
    assert!(!stage.store.hold_import(&asked_again(&failed), later(30)).await.unwrap());
    let names = ["requested", "started", "batch_committed", "failed"].map(|what| format!("leads.import.{what}"));
    assert_eq!(stage.scene.event_names().await, names);
}

/// The same import, as somebody has it who was overtaken.
fn asked_again(job: &ImportJob) -> ImportJob {
    ImportJob { version: job.version() - 1, ..job.clone() }
}

/// Leads, the notes that they came, what is wrong, and how far the import is: all of it or nothing, with one event.
pub async fn a_batch_is_saved_whole_or_not_at_all(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let job = stage.begun().await;
    // More than a statement takes, and not a multiple of it.
    let (created, came) = stage.newcomers(1_003);
    let faults: Vec<_> = (1..=1_001).map(fault).collect();
    let batch =
        LeadBatch { created: created.clone(), came: came.clone(), faults: faults.clone(), ..LeadBatch::default() };

    let mut tx = stage.begin().await;
    tx.save_import(job.clone().advance(progress(1_003, 1_001), later(20)), batch.clone()).await.unwrap();
    drop(tx);
    assert_eq!(stage.scene.stored(&created[0]).await, None);
    assert_eq!(stage.stored(&job).await.counts(), ImportCounts::default());

    let saved = stage.save(job.clone().advance(progress(1_003, 1_001), later(20)), batch.clone()).await.unwrap();
    assert_eq!(stage.stored(&job).await, saved);
    for lead in [&created[0], &created[1_002]] {
        assert_eq!(stage.scene.stored(lead).await.as_ref(), Some(lead));
        let noted = stage.scene.fixture.store.status_changes(super::notes::all_of(lead)).await.unwrap();
        assert_eq!(noted.len(), 1);
    }
    let import = (job.tenant(), job.id());
    assert_eq!(stage.store.import_faults(import, 0, 3).await.unwrap(), faults[..3]);
    assert_eq!(stage.store.import_faults(import, 999, 3).await.unwrap(), faults[999..]);
    assert_eq!(stage.store.import_faults((elsewhere(), job.id()), 0, 3).await.unwrap(), []);
    assert_eq!(stage.scene.event_names().await.len(), 3, "one for all of them");

    let again = stage.save(job.advance(progress(1, 0), later(20)), batch).await;
    assert!(matches!(again, Err(StoreError::Stale)), "{again:?}");
    assert_eq!(stage.stored(&saved).await, saved);
}

/// Leads are changed as they would be one by one.
pub async fn leads_are_changed_together(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let job = stage.begun().await;
    let (mut known, mut changed) = (Vec::new(), Vec::new());
    for number in 0..3 {
        let details = if number == 0 { everything("a@example.org") } else { little(&format!("b{number}@example.org")) };
        known.push(stage.scene.take_in(details).await);
    }
    let emails = known.iter().filter_map(|lead| Some(lead.details().email.as_ref()?.key().to_owned())).collect();
    let mut tx = stage.begin().await;
    let found = tx.leads_found_by(TenantId::MAIN, &LeadKeys { emails, ..LeadKeys::default() }).await.unwrap();
    assert_eq!(found.len(), 3);
    for lead in found {
        let company_name = crate::lead::ShortLine::parse("New \u{e4}").map_or(Patch::Keep, Patch::Set);
        let patch = LeadPatch {
            full_name: FullName::parse(&format!("Changed {}", lead.id())).ok(),
            company_name,
            notes: Patch::Clear,
            ..LeadPatch::default()
        };
        changed.push(lead.edit(patch, later(1)).unwrap().unwrap().into_parts().0);
    }
    let batch = LeadBatch { updated: changed.clone(), ..LeadBatch::default() };
    tx.save_import(job.advance(progress(0, 0), later(20)), batch).await.unwrap();
    tx.commit().await.unwrap();
    for lead in &changed {
        assert_eq!(stage.scene.stored(lead).await.as_ref(), Some(lead));
    }
}

/// By everything that follows from what is known of them, as if they had come one by one.
pub async fn leads_of_files_are_found(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let job = stage.begun().await;
    let known = stage.scene.take_in(little("ada@example.org")).await;
    let details = crate::Details { tags: crate::lead::Tags::parse(["vip"]).unwrap(), ..little("ada+fair@example.org") };
    let (change, came) = stage.scene.newcomer(details);
    let created = vec![change.into_parts().0];
    let id = created[0].id();
    let batch = LeadBatch { created, came: vec![came], ..LeadBatch::default() };
    stage.save(job.advance(progress(1, 0), later(20)), batch).await.unwrap();
    let store = &stage.scene.fixture.store;
    let query = crate::DuplicateQuery { tenant: TenantId::MAIN, after: None, pairs: 10, leads: 10 };
    let pairs = store.duplicates(&query).await.unwrap().pairs;
    assert_eq!(pairs.iter().map(|pair| (pair.newer.id(), pair.older.id())).collect::<Vec<_>>(), [(id, known.id())]);
    let filter = LeadFilter { tag: vec!["vip".to_owned()], ..LeadFilter::default() };
    let tagged = super::lists::found(&stage.scene, filter).await;
    assert_eq!(tagged.iter().map(Lead::id).collect::<Vec<_>>(), [id]);
}

/// By id, by the address they hold, by number: of the tenant, but for those that were put away.
pub async fn leads_are_found_by_their_keys(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let first = stage.scene.take_in(everything("a@example.org")).await;
    let second = stage.scene.take_in(little("b@example.org")).await;
    let away = stage.scene.take_in(little("c@example.org")).await;
    stage.scene.save(away.clone().delete(noon())).await;
    let keys = LeadKeys {
        ids: vec![away.id().as_uuid(), second.id().as_uuid()],
        emails: vec!["c@example.org".to_owned(), "nobody@example.org".to_owned()],
        phones: vec!["+4930123456".to_owned()],
    };
    let mut tx = stage.begin().await;
    assert_eq!(tx.leads_found_by(TenantId::MAIN, &keys).await.unwrap(), [first, second]);
    assert_eq!(tx.leads_found_by(elsewhere(), &keys).await.unwrap(), []);
    assert_eq!(tx.leads_found_by(TenantId::MAIN, &LeadKeys::default()).await.unwrap(), []);
}

/// Whoever has taken an address meanwhile is met at the next attempt.
pub async fn an_address_that_was_taken_meanwhile_is_contended(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let job = stage.begun().await;
    stage.scene.take_in(little("l0@example.org")).await;
    let (created, came) = stage.newcomers(2);
    let batch = LeadBatch { created: created.clone(), came, ..LeadBatch::default() };
    let refused = stage.save(job.clone().advance(progress(2, 0), later(20)), batch).await;
    assert!(matches!(refused, Err(StoreError::Contended(_))), "{refused:?}");
    assert_eq!(stage.scene.stored(&created[1]).await, None);
    assert_eq!(stage.stored(&job).await.counts(), ImportCounts::default());
}

/// The one that waits longest, of those that nobody has; and of a tenant one at a time.
pub async fn imports_are_taken_on_one_by_one(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    assert_eq!(stage.store.next_import(noon()).await.unwrap(), None);
    let (first, second) = (stage.asked(noon()).await, stage.asked(later(1)).await);
    assert_eq!(stage.store.next_import(later(2)).await.unwrap(), Some(first.clone()));

    let first = stage.save(first.claim(HOLDER, (later(2), later(17))), LeadBatch::default()).await.unwrap();
    assert_eq!(stage.store.next_import(later(16)).await.unwrap(), None, "it is somebody's, and the other waits");
    let overtaken = stage.save(second.clone().claim(HOLDER, (later(3), later(17))), LeadBatch::default()).await;
    assert!(matches!(overtaken, Err(StoreError::Stale)), "{overtaken:?}");
    assert_eq!(stage.store.next_import(later(17)).await.unwrap(), Some(first.clone()), "they did not come back");

    let paused = stage.save(first.pause(), LeadBatch::default()).await.unwrap();
    assert_eq!(paused.state(), ImportState::Paused);
    assert_eq!(stage.store.next_import(later(3)).await.unwrap(), Some(paused.clone()));
    let over = stage.save(paused.cancel(later(4)).unwrap(), LeadBatch::default()).await.unwrap();
    assert_eq!(stage.store.next_import(later(4)).await.unwrap(), Some(second.clone()));

    let position = |job: &ImportJob| NotePosition { at: job.created_at(), id: job.id().as_uuid() };
    let listed = stage.store.imports(TenantId::MAIN, None, 9).await.unwrap();
    assert_eq!(listed, [second.clone(), over.clone()]);
    assert_eq!(stage.store.imports(TenantId::MAIN, Some(position(&second)), 9).await.unwrap(), [over]);
    assert_eq!(stage.store.imports(TenantId::MAIN, None, 1).await.unwrap(), [second]);
    assert_eq!(stage.store.imports(elsewhere(), None, 9).await.unwrap(), []);
}

/// Whoever changes an import has read it where they change it: the tenant's, as it was committed last, and nobody changes it
/// in between.
pub async fn an_import_is_read_where_it_is_changed(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let asked = stage.asked(noon()).await;
    let claimed = stage.save(asked.claim(HOLDER, (noon(), later(15))), LeadBatch::default()).await.unwrap();
    let mut tx = stage.begin().await;
    assert_eq!(tx.import_to_change(elsewhere(), claimed.id()).await.unwrap(), None);
    let nobodys = crate::import::ImportId::from_uuid(Uuid::from_u128(77));
    assert_eq!(tx.import_to_change(TenantId::MAIN, nobodys).await.unwrap(), None);
    let found = tx.import_to_change(TenantId::MAIN, claimed.id()).await.unwrap();
    assert_eq!(found, Some(claimed.clone()));

    // Somebody else who wants to change it, at the same time.
    let other = async {
        let mut other = stage.begin().await;
        let seen = other.import_to_change(TenantId::MAIN, claimed.id()).await.unwrap().unwrap();
        (seen.state(), seen.cancel(later(3)).is_some())
    };
    let cancelled = async {
        let change = claimed.clone().cancel(later(2)).unwrap();
        // The other has every chance to come in between, if there were one.
        for _turn in 0..50 {
            assert_eq!(stage.stored(&claimed).await, claimed);
            give_way().await;
        }
        tx.save_import(change, LeadBatch::default()).await.unwrap();
        tx.commit().await.unwrap();
    };
    let (seen, ()) = futures::join!(other, cancelled);
    assert_eq!(seen, (ImportState::Cancelled, false), "they have waited, and see what was done");
}

/// Lets others have a turn, on whichever runtime.
async fn give_way() {
    let mut has_waited = false;
    futures::future::poll_fn(|context| {
        if std::mem::replace(&mut has_waited, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}

/// Leads are taken along as they are listed, page by page.
pub async fn leads_are_taken_along_as_they_are_listed(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let (created, came) = stage.newcomers(3);
    let batch = LeadBatch { created, came, ..LeadBatch::default() };
    stage.save(stage.begun().await.advance(progress(3, 0), later(30)), batch).await.unwrap();
    let sort = LeadSort::OldestFirst;
    let filter = LeadFilter { source: vec![Source::Import], ..LeadFilter::default() };
    let (seen_by, after, count_up_to) = (None, None, Some(7));
    let all = LeadQuery { tenant: TenantId::MAIN, seen_by, filter, sort, after, rows: 2, count_up_to };
    for filter in [LeadFilter::default(), all.filter.clone()] {
        let mut query = LeadQuery { filter, ..all.clone() };
        loop {
            let taken = stage.store.leads_to_export(&query).await.unwrap();
            let taken: Vec<_> = taken.into_iter().map(|row| Lead::restore(row).unwrap()).collect();
            let listed = stage.scene.fixture.store.leads(&query).await.unwrap().leads;
            assert_eq!(taken, listed);
            let Some(last) = listed.last() else { break };
            query.after = Some(LeadPosition::of(last, (sort, &query.filter)));
        }
    }
    assert!(stage.store.leads_to_export(&LeadQuery { tenant: elsewhere(), ..all }).await.unwrap().is_empty());
}

/// Nobody takes leads along unseen.
pub async fn an_export_is_an_event(fixture: TransferFixture) {
    let stage = Stage::new(fixture);
    let event = ExportEvent::Created { export: HOLDER, format: "csv", columns: vec!["id"], is_filtered: false };
    let mut tx = stage.begin().await;
    tx.note_export(Change::new((), event)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(stage.scene.event_names().await, ["leads.export.created"]);
}

/// Makes one test of each law of [`TransferStore`]. The argument is the path of a function
/// `async fn() -> Option<TransferFixture>`; none means that the database is not there, and the test passes.
#[macro_export]
macro_rules! transfer_store_contract {
    ($fixture:path) => {
        $crate::transfer_store_contract!(@laws $fixture,
            an_import_survives_storage,
            a_batch_is_saved_whole_or_not_at_all,
            leads_are_changed_together,
            leads_of_files_are_found,
            leads_are_found_by_their_keys,
            an_address_that_was_taken_meanwhile_is_contended,
            imports_are_taken_on_one_by_one,
            an_import_is_read_where_it_is_changed,
            leads_are_taken_along_as_they_are_listed,
            an_export_is_an_event,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(fixture) = $fixture().await {
                    $crate::contract::transfers::$law(fixture).await;
                }
            }
        )+
    };
}
