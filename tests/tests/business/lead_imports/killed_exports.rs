//! An export whose process is killed again and again is whole in the end, and leaves nothing else.

use std::sync::Arc;

use ashlar_kernel::{Clock as _, Context, RequestId, StoreError, SystemClock, TenantId, Timestamp};
use ashlar_leads::{
    ExportFormat, ExportLeads, LeadFilter, NotePosition,
    export::{ExportId, ExportJob, ExportState},
    port::{ExportStore, ExportTx, FileKey, Files as _},
    use_case::TakenExport,
};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    laws_of_databases,
    mortal::{Death, dies, orders},
    stores::{files, ids, leads, open, prepare},
};
use async_trait::async_trait;
use chrono::TimeDelta;
use futures::{StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

use super::kill_nine::service_over;

/// More than a worker reads at a time, twice.
const LEADS: usize = 4_500;

/// A store in whose process death comes when it begins to write for the second time: the file is kept, and nobody knows.
struct Mortal {
    store: SqlStore,
    death: Death,
}

#[async_trait]
impl ExportStore for Mortal {
    async fn begin_export(&self, context: &Context) -> Result<Box<dyn ExportTx>, StoreError> {
        self.death.may_come(0);
        self.store.begin_export(context).await
    }
    async fn export(&self, tenant: TenantId, id: ExportId) -> Result<Option<ExportJob>, StoreError> {
        self.store.export(tenant, id).await
    }
    async fn exports(
        &self,
        whose: (TenantId, Uuid),
        after: Option<NotePosition>,
        rows: u64,
    ) -> Result<Vec<ExportJob>, StoreError> {
        self.store.exports(whose, after, rows).await
    }
    async fn next_export(&self, now: Timestamp) -> Result<Option<ExportJob>, StoreError> {
        self.store.next_export(now).await
    }
    async fn expired_exports(&self, now: Timestamp, rows: u64) -> Result<Vec<ExportJob>, StoreError> {
        self.store.expired_exports(now, rows).await
    }
    async fn hold_export(&self, job: &ExportJob, size: (u64, u64), until: Timestamp) -> Result<bool, StoreError> {
        self.store.hold_export(job, size, until).await
    }
}

/// Started by the tests below, in a process of its own: it takes the export on, and dies of it: after so many steps, or with
/// the file kept and not noted. Without orders it is no test.
#[tokio::test(flavor = "multi_thread")]
async fn mortal() {
    let Some((number, steps, folder, url)) = orders::<(u64, usize, String, String)>() else { return };
    let store = open(&url, number).await;
    let exports = Arc::new(Mortal { store: store.clone(), death: Death::in_window(0, 2) });
    let transfers = service_over(store.clone(), (Arc::new(store), exports), (number, &folder));
    let TakenExport::Run(mut run) = transfers.take_export().await.unwrap() else { panic!("there is an export") };
    for _step in 0..steps {
        run.step().await.unwrap();
    }
    Death::in_window(1, 1).may_come(1);
}

async fn enter(store: &SqlStore, context: &Context) {
    use ashlar_leads::{
        Lead, StatusChange,
        import::{ImportJob, ImportOptionsInput, NewImport},
        port::{LeadBatch, TransferStore as _},
    };
    let ids = ids(8_888);
    let new = NewImport {
        options: ImportOptionsInput::default().try_into().unwrap(),
        file: None,
        file_name: "leads.csv".to_owned(),
        bytes: 0,
    };
    let asked = ImportJob::request(ashlar_kernel::Id::new(&*ids), (TenantId::MAIN, None), new, context.now);
    let job = asked.state().clone();
    let mut batch = LeadBatch::default();
    for number in 0..LEADS {
        let details = ashlar_leads::Details {
            full_name: ashlar_leads::lead::FullName::parse(&format!("Lead {number}")).unwrap(),
            position: None,
            company_name: None,
            phone: None,
            email: ashlar_kernel::Email::parse(&format!("l{number}@example.org")).ok(),
            source: ashlar_leads::Source::Import,
            category: None,
            notes: None,
            owner: None,
            tags: ashlar_leads::lead::Tags::default(),
            custom: ashlar_leads::lead::Custom::default(),
            consent: None,
            utm: ashlar_leads::lead::Utm::default(),
        };
        let lead = Lead::create(ashlar_kernel::Id::new(&*ids), TenantId::MAIN, details, context.now).into_parts().0;
        batch.came.push(StatusChange {
            id: ashlar_kernel::Id::new(&*ids),
            tenant: TenantId::MAIN,
            lead: lead.id(),
            from: None,
            to: lead.status(),
            reason: None,
            actor: None,
            at: context.now,
        });
        batch.created.push(lead);
    }
    let mut tx = store.begin_transfer(context).await.unwrap();
    tx.insert_import(asked).await.unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.begin_transfer(context).await.unwrap();
    tx.save_import(job.cancel(context.now).unwrap(), batch).await.unwrap();
    tx.commit().await.unwrap();
}

async fn stored(folder: &str) -> Vec<FileKey> {
    let ever = "2999-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    files(folder, 0).kept_before(ever).await.unwrap().try_collect().await.unwrap()
}

async fn an_export_survives_kill_nine(url: &str) {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_str().unwrap();
    prepare(url).await;
    let store = open(url, 0).await;
    let request = RequestId::parse("kill-nine").unwrap();
    let context = Context::system("test", TenantId::MAIN, request, SystemClock.now());
    enter(&store, &context).await;
    let wish = ExportLeads { filter: LeadFilter::default(), columns: Vec::new(), format: ExportFormat::Csv };
    let id = ashlar_kernel::Id::new(&*ids(9_999));
    let asked = ExportJob::request(id, (TenantId::MAIN, Uuid::from_u128(3), None), wish, context.now);
    let mut tx = store.begin_export(&context).await.unwrap();
    tx.insert_export(asked).await.unwrap();
    tx.commit().await.unwrap();
    store.close().await;

    // Three parts, the end, and its being noted.
    for (number, steps) in [0, 1, 2, 3, 4].into_iter().enumerate() {
        dies(module_path!(), &(number + 1, steps, folder, url), &format!("the process of {steps} steps"));
        let store = open(url, 0).await;
        let job = store.export(TenantId::MAIN, id).await.unwrap().unwrap();
        assert_eq!((job.state(), job.stored_file()), (ExportState::Running, None), "after {steps} steps");
        let left = stored(folder).await.len();
        assert_eq!(left, usize::from(steps == 4), "a file is there when it is whole, or not at all");
        store.close().await;
    }

    let store = open(url, 9).await;
    let ports = (Arc::new(store.clone()) as Arc<_>, Arc::new(store.clone()) as Arc<_>);
    let transfers = service_over(store.clone(), ports, (9, folder));
    let TakenExport::Run(mut run) = transfers.take_export().await.unwrap() else { panic!("there is an export") };
    while run.step().await.unwrap() {}
    assert_eq!((run.job().state(), run.job().size().0), (ExportState::Completed, LEADS as u64));
    let file = run.job().stored_file().unwrap().clone();
    let bytes = files(folder, 0).read(&file.key, None).await.unwrap().unwrap();
    let bytes: Vec<_> = bytes.map(Result::unwrap).collect().await;
    assert_eq!(String::from_utf8(bytes.concat()).unwrap().lines().count(), LEADS + 1);
    // What the process left that died between the file and its being noted goes, and the file of the export stays.
    assert_eq!(stored(folder).await.len(), 2);
    let leads = leads(store.clone(), (10, folder));
    assert_eq!(leads.sweep_files(SystemClock.now() + TimeDelta::days(2)).await.unwrap(), 1);
    assert_eq!(stored(folder).await, [file.key]);
    store.close().await;
}

laws_of_databases!(an_export_survives_kill_nine);
