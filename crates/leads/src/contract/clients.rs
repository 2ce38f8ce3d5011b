//! Laws of clients, contracts and their files.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, clippy::panic, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Email, Id, Patch, StoreError, TenantId};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture, Runner, StartRace,
    scene::{Scene, elsewhere, little, noon},
};
use crate::{
    ClientQuery, ContractQuery, Lead, LeadStatus, NotePosition,
    client::{
        Client, ClientDetails, ClientId, ClientPatch, Contract, ContractDetails, ContractFile, ContractPatch,
        ContractStatus, Currency, FileName, FileType, PostalAddress, Term, Title, Value,
    },
    lead::{Line, Notes, ShortLine},
    port::{FileKey, InsertClientError, SaveLeadError, Sha256Sum, StoredFile},
};

fn called(name: &str) -> ClientDetails {
    ClientDetails {
        company_name: ShortLine::parse(name).unwrap(),
        legal_name: None,
        tax_id: None,
        billing_email: None,
        address: None,
        notes: None,
    }
}

fn well_known() -> ClientDetails {
    ClientDetails {
        legal_name: ShortLine::parse("B\u{fc}cher GmbH & Co. KG").ok(),
        tax_id: Line::parse("DE123456789").ok(),
        billing_email: Email::parse("Billing@b\u{fc}cher.example").ok(),
        address: PostalAddress::parse("1 Road\nTown").ok(),
        notes: Notes::parse("pays \"late\"").ok(),
        ..called("B\u{fc}cher")
    }
}

fn terms(title: &str) -> ContractDetails {
    let value = Value::new(9_007_199_254_740_993, Currency::parse("JPY").unwrap()).unwrap();
    let day = |text| Term::day(text).ok();
    let term = Term::new(day("2026-02-28"), day("2026-12-31")).unwrap();
    ContractDetails { title: Title::parse(title).unwrap(), value, term }
}

async fn enter(scene: &Scene, details: ClientDetails, at: ashlar_kernel::Timestamp) -> Client {
    let change = Client::create(scene.id(), TenantId::MAIN, None, details, at);
    let client = change.state().clone();
    let mut tx = scene.begin().await;
    tx.insert_client(change).await.unwrap();
    tx.commit().await.unwrap();
    client
}

async fn draft(scene: &Scene, client: &Client, title: &str) -> Contract {
    let change = Contract::draft(scene.id(), (client.tenant(), client.id()), terms(title), noon());
    let contract = change.state().clone();
    let mut tx = scene.begin().await;
    tx.insert_contract(change).await.unwrap();
    tx.commit().await.unwrap();
    contract
}

async fn moved(scene: &Scene, contract: Contract, status: ContractStatus) -> Contract {
    let patch = ContractPatch { status: Some(status), ..ContractPatch::default() };
    let change = contract.edit(patch, noon() + TimeDelta::seconds(1)).unwrap().unwrap();
    let contract = change.state().clone();
    let mut tx = scene.begin().await;
    tx.update_contract(change).await.unwrap();
    tx.commit().await.unwrap();
    contract
}

fn file(scene: &Scene, contract: &Contract, position: u32) -> ContractFile {
    let id: Id<()> = scene.id();
    let key = FileKey::restore(&id.to_string().replace('-', "")).unwrap();
    ContractFile {
        id: scene.id(),
        tenant: contract.tenant(),
        contract: contract.id(),
        position,
        name: FileName::parse("Vertrag \u{fc}.pdf").unwrap(),
        sort: FileType::Pdf,
        stored: StoredFile { key, size: 10_485_760, sha256: Sha256Sum([0xA5; 32]) },
        created_at: noon(),
    }
}

/// Makes a client of a lead, and commits when it was made.
async fn try_convert(scene: &Scene, lead: Lead) -> Result<Client, SaveLeadError> {
    let id: ClientId = scene.id();
    let new = Client::create(id, lead.tenant(), Some(lead.id()), called("Ada"), noon());
    let client = new.state().clone();
    let won = scene.moved(&lead, Some(lead.status()), LeadStatus::Won);
    let change = lead.convert(id, noon()).unwrap();
    let mut tx = scene.begin().await;
    tx.move_lead(change, won).await?;
    tx.insert_client(new).await.unwrap();
    tx.commit().await?;
    Ok(client)
}

/// What is read is what was written, and a copy of a client goes stale like any other.
pub async fn a_client_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = &scene.fixture.store;
    for details in [called("A"), well_known()] {
        let client = enter(&scene, details, noon()).await;
        assert_eq!(store.client(client.tenant(), client.id()).await.unwrap(), Some(client.clone()));
        assert_eq!(store.client(elsewhere(), client.id()).await.unwrap(), None);

        let patch = || ClientPatch { tax_id: Patch::Set(Line::parse("X1").unwrap()), ..ClientPatch::default() };
        let change = client.clone().edit(patch(), noon() + TimeDelta::seconds(1)).unwrap();
        let edited = change.state().clone();
        let mut tx = scene.begin().await;
        tx.update_client(change).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.client(client.tenant(), client.id()).await.unwrap(), Some(edited));
        let late = client.edit(patch(), noon()).unwrap();
        let refused = scene.begin().await.update_client(late).await;
        assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
    }
}

/// A lead is one client, whoever looks; and the client outlives what is left of the lead.
pub async fn a_lead_becomes_one_client(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = &scene.fixture.store;
    let lead = scene.take_in(little("ada@example.org")).await;
    assert_eq!(store.client_of(lead.tenant(), lead.id()).await.unwrap(), None);
    let lead = scene.try_move(lead, LeadStatus::Qualified).await.unwrap();

    let client = try_convert(&scene, lead.clone()).await.unwrap();

    assert_eq!(store.client_of(lead.tenant(), lead.id()).await.unwrap(), Some(client.clone()));
    assert_eq!(store.client_of(elsewhere(), lead.id()).await.unwrap(), None);
    let stored = scene.stored(&lead).await.unwrap();
    assert_eq!((stored.status(), stored.converted_at()), (LeadStatus::Won, Some(noon())));
    let again = Client::create(scene.id(), lead.tenant(), Some(lead.id()), called("B"), noon());
    let refused = scene.begin().await.insert_client(again).await;
    assert!(matches!(refused, Err(InsertClientError::Converted)), "{refused:?}");

    let mut tx = scene.begin().await;
    tx.purge_lead(stored.purge()).await.unwrap();
    tx.commit().await.unwrap();
    let left = store.client(client.tenant(), client.id()).await.unwrap().unwrap();
    assert_eq!((left.lead(), left.details()), (None, client.details()));
    let names = scene.event_names().await;
    assert!(names.ends_with(&["leads.lead.converted", "leads.client.created", "leads.lead.purged"].map(str::to_owned)));
}

/// However many convert one lead at once, one client is made of it.
pub async fn racing_conversions_make_one_client(fixture: Fixture, start: StartRace) {
    let scene = Arc::new(Scene::new(fixture));
    let lead = scene.take_in(little("ada@example.org")).await;
    let lead = scene.try_move(lead, LeadStatus::Qualified).await.unwrap();
    let runners = (0..20).map(|_| {
        let (scene, lead) = (Arc::clone(&scene), lead.clone());
        let run: Runner = Box::pin(async move {
            match try_convert(&scene, lead).await {
                Ok(_) => true,
                Err(SaveLeadError::Store(StoreError::Stale)) => false,
                Err(other) => panic!("neither converted nor stale: {other:?}"),
            }
        });
        run
    });

    let outcomes = start(runners.collect()).await;

    assert_eq!(outcomes.iter().filter(|has_won| **has_won).count(), 1);
    let clients = ClientQuery { tenant: TenantId::MAIN, after: None, rows: 100 };
    assert_eq!(scene.fixture.store.clients(clients).await.unwrap().len(), 1);
}

/// What is read is what was written, and a signature is kept.
pub async fn a_contract_survives_storage(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = &scene.fixture.store;
    let client = enter(&scene, called("A"), noon()).await;
    let mut contract = draft(&scene, &client, "Web site \u{fc}").await;
    assert_eq!(store.contract(elsewhere(), contract.id()).await.unwrap(), None);
    let stale = contract.clone();
    for status in [ContractStatus::Sent, ContractStatus::Signed, ContractStatus::Terminated] {
        contract = moved(&scene, contract, status).await;
        assert_eq!(store.contract(contract.tenant(), contract.id()).await.unwrap(), Some(contract.clone()));
    }
    let patch = ContractPatch { starts_on: Patch::Clear, ..ContractPatch::default() };
    let late = stale.edit(patch, noon()).unwrap().unwrap();
    let refused = scene.begin().await.update_contract(late).await;
    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");
}

/// Lists show everything once, newest first, and filters let through what they say.
pub async fn pages_of_clients_and_contracts_neither_skip_nor_repeat(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = &scene.fixture.store;
    let mut clients = Vec::new();
    for number in 0..7_i64 {
        clients.push(enter(&scene, called("A"), noon() + TimeDelta::milliseconds(number / 3)).await);
    }
    clients.sort_by_key(|client| std::cmp::Reverse((client.created_at(), client.id())));
    let mut paged = Vec::new();
    let mut query = ClientQuery { tenant: TenantId::MAIN, after: None, rows: 2 };
    while paged.len() <= clients.len() {
        let rows = store.clients(query).await.unwrap();
        let Some(last) = rows.last() else { break };
        query.after = Some(NotePosition { at: last.created_at(), id: last.id().as_uuid() });
        paged.extend(rows);
    }
    assert_eq!(paged, clients);
    assert!(store.clients(ClientQuery { tenant: elsewhere(), after: None, rows: 9 }).await.unwrap().is_empty());

    let (first, second) = (draft(&scene, &clients[0], "First").await, draft(&scene, &clients[1], "Second").await);
    let all = ContractQuery { tenant: TenantId::MAIN, client: None, status: None, after: None, rows: 9 };
    assert_eq!(store.contracts(all).await.unwrap(), [second.clone(), first.clone()]);
    let of_one = ContractQuery { client: Some(clients[0].id()), ..all };
    assert_eq!(store.contracts(of_one).await.unwrap(), std::slice::from_ref(&first));
    let position = NotePosition { at: second.created_at(), id: second.id().as_uuid() };
    assert_eq!(store.contracts(ContractQuery { after: Some(position), ..all }).await.unwrap(), [first]);
    let signed = ContractQuery { status: Some(ContractStatus::Signed), ..all };
    assert!(store.contracts(signed).await.unwrap().is_empty());
}

/// Files are read as they were written and in their order; a place is taken once; and that one was read is noted.
pub async fn files_of_contracts_have_places(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = &scene.fixture.store;
    let client = enter(&scene, called("A"), noon()).await;
    let contract = draft(&scene, &client, "With files").await;
    let files = [file(&scene, &contract, 1), file(&scene, &contract, 2)];
    for file in files.iter().rev() {
        let mut tx = scene.begin().await;
        tx.insert_contract_file(file.clone().add()).await.unwrap();
        tx.commit().await.unwrap();
    }

    assert_eq!(store.contract_files(contract.tenant(), contract.id()).await.unwrap(), files);
    assert!(store.contract_files(elsewhere(), contract.id()).await.unwrap().is_empty());
    let [first, _] = files;
    assert_eq!(store.contract_file(first.tenant, first.id).await.unwrap(), Some(first.clone()));
    assert_eq!(store.contract_file(elsewhere(), first.id).await.unwrap(), None);
    let refused = scene.begin().await.insert_contract_file(file(&scene, &contract, 2).add()).await;
    assert!(matches!(refused, Err(StoreError::Stale)), "{refused:?}");

    let other = file(&scene, &contract, 3).stored.key;
    let keys = [first.stored.key.clone(), other];
    assert_eq!(store.needed_files(&keys).await.unwrap(), std::slice::from_ref(&first.stored.key));

    let mut tx = scene.begin().await;
    tx.note_contract_file(first.clone().read_by(Uuid::from_u128(3))).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(scene.event_names().await.last().unwrap(), "leads.contract_file.downloaded");
    assert_eq!(store.contract_file(first.tenant, first.id).await.unwrap(), Some(first));
}

/// A file that was deleted is gone, and its place is free; one of a contract that was signed stays.
pub async fn files_of_open_contracts_go(fixture: Fixture) {
    let scene = Scene::new(fixture);
    let store = &scene.fixture.store;
    let client = enter(&scene, called("A"), noon()).await;
    let contract = draft(&scene, &client, "With files").await;
    let [first, second] = [file(&scene, &contract, 1), file(&scene, &contract, 2)];
    let mut tx = scene.begin().await;
    for file in [&first, &second] {
        tx.insert_contract_file(file.clone().add()).await.unwrap();
    }
    tx.delete_contract_file(first.clone().delete()).await.unwrap();
    let next = file(&scene, &contract, 1);
    tx.insert_contract_file(next.clone().add()).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(store.contract_file(first.tenant, first.id).await.unwrap(), None);
    assert_eq!(store.needed_files(std::slice::from_ref(&first.stored.key)).await.unwrap(), []);
    let names = scene.event_names().await;
    assert!(names.iter().any(|name| name == "leads.contract_file.deleted"), "{names:?}");
    let again = scene.begin().await.delete_contract_file(first.delete()).await;
    assert!(matches!(again, Err(StoreError::Stale)), "{again:?}");

    let mut contract = contract;
    for status in [ContractStatus::Sent, ContractStatus::Signed] {
        contract = moved(&scene, contract, status).await;
    }
    let signed = scene.begin().await.delete_contract_file(second.clone().delete()).await;
    assert!(matches!(signed, Err(StoreError::Stale)), "{signed:?}");
    let left = store.contract_files(next.tenant, contract.id()).await.unwrap();
    assert_eq!(left, [second, next], "they came in this order, whatever their places");
}
