//! Clients, contracts and their files, in process.

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    ClientQuery, ContractQuery, LeadId, NotePosition,
    client::{
        Client, ClientEvent, ClientId, ClientRow, Contract, ContractEvent, ContractFile, ContractFileEvent,
        ContractFileId, ContractId,
    },
    port::{ClientStore, ClientTx, FileKey, InsertClientError},
};
use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Table, Tables, broken},
    transaction::MemoryTx,
};

/// The tables of clients: a copy is cheap.
#[derive(Clone, Default)]
pub(super) struct ClientTables {
    clients: Table<ClientId, Client>,
    contracts: Table<ContractId, Contract>,
    files: Table<ContractFileId, ContractFile>,
}

impl ClientTables {
    fn insert(&mut self, client: Client) -> Result<(), InsertClientError> {
        let is_same = |other: &&Client| other.lead().is_some() && other.lead() == client.lead();
        if self.clients.values().find(is_same).is_some() {
            return Err(InsertClientError::Converted);
        }
        Arc::make_mut(&mut self.clients).insert(client.id(), client);
        Ok(())
    }

    fn update(&mut self, client: Client) -> Result<(), StoreError> {
        let before = self.clients.get(&client.id()).map(Client::version);
        if before.is_none() || before != client.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.clients).insert(client.id(), client);
        Ok(())
    }

    fn insert_contract(&mut self, contract: Contract) -> Result<(), StoreError> {
        if !self.clients.contains_key(&contract.client()) {
            return Err(broken("foreign key to client"));
        }
        Arc::make_mut(&mut self.contracts).insert(contract.id(), contract);
        Ok(())
    }

    fn update_contract(&mut self, contract: Contract) -> Result<(), StoreError> {
        let before = self.contracts.get(&contract.id()).map(Contract::version);
        if before.is_none() || before != contract.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.contracts).insert(contract.id(), contract);
        Ok(())
    }

    fn insert_file(&mut self, file: ContractFile) -> Result<(), StoreError> {
        if !self.contracts.contains_key(&file.contract) {
            return Err(broken("foreign key to contract"));
        }
        let has_place = |other: &ContractFile| other.contract == file.contract && other.position == file.position;
        if self.files.values().any(has_place) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.files).insert(file.id, file);
        Ok(())
    }

    fn delete_file(&mut self, file: &ContractFile) -> Result<(), StoreError> {
        let is_open = self.contracts.get(&file.contract).is_some_and(|contract| contract.status().is_open());
        if !is_open || Arc::make_mut(&mut self.files).remove(&file.id).is_none() {
            return Err(StoreError::Stale);
        }
        Ok(())
    }

    /// The client that one of some leads was is another's.
    pub(super) fn pass_on(&mut self, away: &[LeadId], into: LeadId) -> Result<(), StoreError> {
        let is_theirs = |client: &&Client| client.lead().is_some_and(|lead| away.contains(&lead));
        let Some(client) = self.clients.values().find(is_theirs) else { return Ok(()) };
        let row = client.to_row();
        let row = ClientRow { lead_id: Some(into.as_uuid()), version: row.version + 1, ..row };
        let client = Client::restore(&row)?;
        Arc::make_mut(&mut self.clients).insert(client.id(), client);
        Ok(())
    }

    /// The client stays; which lead it was is forgotten.
    pub(super) fn forget_lead(&mut self, lead: LeadId) -> Result<(), StoreError> {
        let Some(client) = self.clients.values().find(|client| client.lead() == Some(lead)) else { return Ok(()) };
        let client = Client::restore(&ClientRow { lead_id: None, ..client.to_row() })?;
        Arc::make_mut(&mut self.clients).insert(client.id(), client);
        Ok(())
    }
}

/// Newest first, from behind `after` on.
fn page<'t, T: Clone + 't>(
    all: impl Iterator<Item = &'t T>,
    (after, rows): (Option<NotePosition>, u64),
    position: impl Fn(&T) -> NotePosition,
) -> Vec<T> {
    let listed = all.map(|one| (position(one), one)).filter(|(at, _)| after.is_none_or(|after| *at < after));
    let sorted: BTreeMap<_, _> = listed.collect();
    let rows = usize::try_from(rows).unwrap_or(usize::MAX);
    sorted.into_values().rev().take(rows).cloned().collect()
}

#[async_trait]
impl ClientStore for MemoryStore {
    async fn client(&self, tenant: TenantId, id: ClientId) -> Result<Option<Client>, StoreError> {
        let clients = &self.shared.lock().tables.clients.clients;
        Ok(clients.get(&id).filter(|client| client.tenant() == tenant).cloned())
    }

    async fn client_of(&self, tenant: TenantId, lead: LeadId) -> Result<Option<Client>, StoreError> {
        let clients = &self.shared.lock().tables.clients.clients;
        Ok(clients.values().find(|client| client.tenant() == tenant && client.lead() == Some(lead)).cloned())
    }

    async fn clients(&self, query: ClientQuery) -> Result<Vec<Client>, StoreError> {
        let clients = &self.shared.lock().tables.clients.clients;
        let listed = clients.values().filter(|client| client.tenant() == query.tenant);
        let position = |client: &Client| NotePosition { at: client.created_at(), id: client.id().as_uuid() };
        Ok(page(listed, (query.after, query.rows), position))
    }

    async fn contract(&self, tenant: TenantId, id: ContractId) -> Result<Option<Contract>, StoreError> {
        let contracts = &self.shared.lock().tables.clients.contracts;
        Ok(contracts.get(&id).filter(|contract| contract.tenant() == tenant).cloned())
    }

    async fn contracts(&self, query: ContractQuery) -> Result<Vec<Contract>, StoreError> {
        let contracts = &self.shared.lock().tables.clients.contracts;
        let listed = contracts.values().filter(|contract| {
            let is_theirs = query.client.is_none_or(|client| contract.client() == client);
            let stands_there = query.status.is_none_or(|status| contract.status() == status);
            contract.tenant() == query.tenant && is_theirs && stands_there
        });
        let position = |contract: &Contract| NotePosition { at: contract.created_at(), id: contract.id().as_uuid() };
        Ok(page(listed, (query.after, query.rows), position))
    }

    async fn contract_file(&self, tenant: TenantId, id: ContractFileId) -> Result<Option<ContractFile>, StoreError> {
        let files = &self.shared.lock().tables.clients.files;
        Ok(files.get(&id).filter(|file| file.tenant == tenant).cloned())
    }

    async fn contract_files(&self, tenant: TenantId, id: ContractId) -> Result<Vec<ContractFile>, StoreError> {
        let files = &self.shared.lock().tables.clients.files;
        let theirs = files.values().filter(|file| file.tenant == tenant && file.contract == id);
        let sorted: BTreeMap<_, _> = theirs.map(|file| ((file.created_at, file.id), file.clone())).collect();
        Ok(sorted.into_values().collect())
    }

    async fn needed_files(&self, keys: &[FileKey]) -> Result<Vec<FileKey>, StoreError> {
        let tables = &self.shared.lock().tables;
        let is_needed = |key: &&FileKey| {
            let has_it = tables.clients.files.values().any(|file| file.stored.key == **key);
            has_it || tables.transfers.needs(key.as_str()) || tables.exports.needs(key.as_str())
        };
        Ok(keys.iter().filter(is_needed).cloned().collect())
    }
}

#[async_trait]
impl ClientTx for MemoryTx {
    async fn insert_client(&mut self, change: Change<Client, ClientEvent>) -> Result<(), InsertClientError> {
        self.write(change, |tables: &mut Tables, client| tables.clients.insert(client))
    }

    async fn update_client(&mut self, change: Change<Client, ClientEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, client| tables.clients.update(client))
    }

    async fn insert_contract(&mut self, change: Change<Contract, ContractEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, contract| tables.clients.insert_contract(contract))
    }

    async fn update_contract(&mut self, change: Change<Contract, ContractEvent>) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, contract| tables.clients.update_contract(contract))
    }

    async fn insert_contract_file(
        &mut self,
        change: Change<ContractFile, ContractFileEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, file| tables.clients.insert_file(file))
    }

    async fn delete_contract_file(
        &mut self,
        change: Change<ContractFile, ContractFileEvent>,
    ) -> Result<(), StoreError> {
        self.write(change, |tables: &mut Tables, file| tables.clients.delete_file(&file))
    }

    async fn note_contract_file(&mut self, change: Change<ContractFile, ContractFileEvent>) -> Result<(), StoreError> {
        self.write(change, |_: &mut Tables, _| Ok(()))
    }
}
