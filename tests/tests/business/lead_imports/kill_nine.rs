//! An import whose process is killed again and again counts every row once.

use std::sync::Arc;

use ashlar_kernel::{Change, Clock, Context, RequestId, StoreError, SystemClock, TenantId, Timestamp, UnitOfWork};
use ashlar_leads::{
    Lead, LeadQuery, LeadRow, NotePosition, Taken, TransferPorts, Transfers,
    export::ExportEvent,
    import::{
        ImportCounts, ImportEvent, ImportId, ImportJob, ImportOptionsInput, ImportState, LeadKeys, NewImport, RowFault,
    },
    port::{ExportStore, Files as _, LeadBatch, TransferStore, TransferTx},
};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    laws_of_databases,
    mortal::{Death, dies, every_window, orders},
    stores::{files, ids, leads, open, prepare},
};
use async_trait::async_trait;
use bytes::Bytes;
use uuid::Uuid;

/// Before and after each step of a batch.
const WINDOWS: usize = 8;
const ROUNDS: usize = 2;
/// Rows of the file: every tenth fails, and every eleventh repeats the one before it. Four processes of a round save a batch
/// before they die, of 2,500 rows but for the first, and the last has one left.
const ROWS: usize = 22_000;

/// The time as a process sees it that is started so many minutes later: nobody waits for the leases of the dead.
struct LaterClock(u64);

impl Clock for LaterClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + chrono::TimeDelta::minutes(i64::try_from(self.0).unwrap())
    }
}

struct Mortal {
    store: SqlStore,
    death: Arc<Death>,
}

struct MortalTx {
    tx: Box<dyn TransferTx>,
    death: Arc<Death>,
}

#[async_trait]
impl TransferStore for Mortal {
    async fn begin_transfer(&self, context: &Context) -> Result<Box<dyn TransferTx>, StoreError> {
        let tx = self.death.around(0, self.store.begin_transfer(context)).await?;
        Ok(Box::new(MortalTx { tx, death: Arc::clone(&self.death) }))
    }
    async fn import(&self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        self.store.import(tenant, id).await
    }
    async fn imports(
        &self,
        tenant: TenantId,
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ImportJob>, StoreError> {
        self.store.imports(tenant, after, rows).await
    }
    async fn import_faults(
        &self,
        import: (TenantId, ImportId),
        after: u64,
        rows: u64,
    ) -> Result<Vec<RowFault>, StoreError> {
        self.store.import_faults(import, after, rows).await
    }
    async fn leads_to_export(&self, query: &LeadQuery) -> Result<Vec<LeadRow>, StoreError> {
        self.store.leads_to_export(query).await
    }
    async fn next_import(&self, now: Timestamp) -> Result<Option<ImportJob>, StoreError> {
        self.store.next_import(now).await
    }
    async fn hold_import(&self, job: &ImportJob, until: Timestamp) -> Result<bool, StoreError> {
        self.store.hold_import(job, until).await
    }
}

#[async_trait]
impl UnitOfWork for MortalTx {
    async fn remember(&mut self, receipt: ashlar_kernel::Receipt) -> Result<(), StoreError> {
        self.tx.remember(receipt).await
    }
    async fn forget_answers(&mut self, tenant: TenantId, about: &[Uuid]) -> Result<u64, StoreError> {
        self.tx.forget_answers(tenant, about).await
    }
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { tx, death } = *self;
        death.around(6, tx.commit()).await
    }
}

#[async_trait]
impl TransferTx for MortalTx {
    async fn insert_import(&mut self, change: Change<ImportJob, ImportEvent>) -> Result<(), StoreError> {
        self.tx.insert_import(change).await
    }
    async fn import_to_change(&mut self, tenant: TenantId, id: ImportId) -> Result<Option<ImportJob>, StoreError> {
        self.tx.import_to_change(tenant, id).await
    }
    async fn save_import(
        &mut self,
        change: Change<ImportJob, ImportEvent>,
        batch: LeadBatch,
    ) -> Result<(), StoreError> {
        self.death.around(4, self.tx.save_import(change, batch)).await
    }
    async fn leads_found_by(&mut self, tenant: TenantId, keys: &LeadKeys) -> Result<Vec<Lead>, StoreError> {
        self.death.around(2, self.tx.leads_found_by(tenant, keys)).await
    }
    async fn note_export(&mut self, change: Change<(), ExportEvent>) -> Result<(), StoreError> {
        self.tx.note_export(change).await
    }
}

fn service(store: SqlStore, transfers: Arc<dyn TransferStore>, whose: (u64, &str)) -> Transfers {
    let exports = Arc::new(store.clone());
    service_over(store, (transfers, exports), whose)
}

pub(super) fn service_over(
    store: SqlStore,
    (transfers, exports): (Arc<dyn TransferStore>, Arc<dyn ExportStore>),
    (number, folder): (u64, &str),
) -> Transfers {
    let ports = TransferPorts { store: transfers, exports, clock: Arc::new(LaterClock(number)) };
    Transfers::new(leads(store, (number, folder)), ports)
}

/// Started by the tests below, in a process of its own: it takes the import on, and dies of it. Without orders it is no
/// test.
#[tokio::test(flavor = "multi_thread")]
async fn mortal() {
    let Some((number, window, pass, folder, url)) = orders::<(u64, usize, usize, String, String)>() else { return };
    let store = open(&url, number).await;
    let death = Arc::new(Death::in_window(window, pass));
    let mortal = Mortal { store: store.clone(), death };
    let transfers = service(store, Arc::new(mortal), (number, &folder));
    let Taken::Run(mut run) = transfers.take(Uuid::from_u128(1)).await.unwrap() else { panic!("there is an import") };
    while run.step().await.unwrap() {}
}

fn die(number: usize, window: usize, (folder, url): (&str, &str)) {
    // The first transaction takes the import on, the next saves a batch.
    let pass = if window == 2 || window == 3 { 1 } else { 2 + number % 2 };
    dies(module_path!(), &(number, window, pass, folder, url), &format!("process {number}, in window {window},"));
}

fn file() -> String {
    let row = |number: usize| match number {
        _ if number % 10 == 9 => format!("Lead {number},no address\n"),
        _ if number % 11 == 5 => format!("Lead {number},l{}@example.org\n", number - 1),
        _ => format!("Lead {number},l{number}@example.org\n"),
    };
    format!("name,email\n{}", (0..ROWS).map(row).collect::<String>())
}

/// What a process that lives to the end counts.
fn expected() -> ImportCounts {
    let failed = (0..ROWS).filter(|number| number % 10 == 9).count();
    let repeats = (0..ROWS).filter(|number| number % 10 != 9 && number % 11 == 5);
    // Where the row before failed, it is the first of its address.
    let duplicates = repeats.filter(|number| (number - 1) % 10 != 9).count();
    let [rows_read, failed, duplicates] = [ROWS, failed, duplicates].map(|count| u64::try_from(count).unwrap());
    let created = rows_read - failed - duplicates;
    ImportCounts { rows_read, created, failed, duplicates, ..ImportCounts::default() }
}

async fn an_import_survives_kill_nine(url: &str) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_str().unwrap();
    prepare(url).await;
    let store = open(url, 0).await;
    let text = file();
    let mut upload = files(folder, 0).begin(1 << 30).await.unwrap();
    upload.write(Bytes::from(text.clone())).await.unwrap();
    let kept = upload.keep().await.unwrap();
    let new = NewImport {
        options: ImportOptionsInput::default().try_into().unwrap(),
        file: Some(kept.key.to_string()),
        file_name: "leads.csv".to_owned(),
        bytes: text.len() as u64,
    };
    let request = RequestId::parse("kill-nine").unwrap();
    let context = Context::system("test", TenantId::MAIN, request, SystemClock.now());
    let change = ImportJob::request(ashlar_kernel::Id::new(&*ids(9_999)), (TenantId::MAIN, None), new, context.now);
    let id = change.state().id();
    let mut tx = store.begin_transfer(&context).await.unwrap();
    tx.insert_import(change).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    for (number, window) in every_window(ROUNDS, WINDOWS) {
        die(number, window, (folder, url));
        let store = open(url, 0).await;
        let job = store.import(TenantId::MAIN, id).await.unwrap().unwrap();
        let leads = count(&store).await;
        assert_eq!(job.counts().created, leads, "after process {number}");
        store.close().await;
    }

    let number = u64::try_from(ROUNDS * WINDOWS).unwrap();
    let store = open(url, number + 1).await;
    let transfers = service(store.clone(), Arc::new(store.clone()), (number + 1, folder));
    let Taken::Run(mut run) = transfers.take(Uuid::from_u128(1)).await.unwrap() else { panic!("there is an import") };
    while run.step().await.unwrap() {}
    assert_eq!((run.job().state(), run.job().counts()), (ImportState::CompletedWithErrors, expected()));
    assert_eq!(count(&store).await, expected().created);
    let mut rows = Vec::new();
    loop {
        let after = u64::try_from(rows.len()).unwrap();
        let faults = store.import_faults((TenantId::MAIN, id), after, 1_000).await.unwrap();
        if faults.is_empty() {
            break;
        }
        rows.extend(faults.into_iter().map(|fault| fault.row));
    }
    let wrong: Vec<_> = (0_u64..).take(ROWS).filter(|number| number % 10 == 9).map(|number| number + 2).collect();
    assert_eq!(rows, wrong);
    store.close().await;
}

/// How many leads there are.
async fn count(store: &SqlStore) -> u64 {
    use ashlar_leads::{LeadFilter, LeadQuery, LeadSort, port::LeadStore as _};
    let query = LeadQuery {
        tenant: TenantId::MAIN,
        seen_by: None,
        filter: LeadFilter::default(),
        sort: LeadSort::OldestFirst,
        after: None,
        rows: 1,
        count_up_to: Some(1_000_000),
    };
    store.leads(&query).await.unwrap().counted.unwrap()
}

laws_of_databases!(an_import_survives_kill_nine);
