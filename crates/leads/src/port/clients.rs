//! Where clients and contracts are kept: a part of [`LeadStore`](super::LeadStore) and [`LeadTx`](super::LeadTx).

use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;

use crate::{
    ClientQuery, ContractQuery, LeadId,
    client::{
        Client, ClientEvent, ClientId, Contract, ContractEvent, ContractFile, ContractFileEvent, ContractFileId,
        ContractId,
    },
    port::FileKey,
};

/// Why a client is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum InsertClientError {
    /// The lead is a client already.
    #[error("the lead is a client already")]
    Converted,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads, each of one tenant and one statement.
#[async_trait]
pub trait ClientStore: Send + Sync {
    /// A client.
    async fn client(&self, tenant: TenantId, id: ClientId) -> Result<Option<Client>, StoreError>;

    /// The client that was this lead.
    async fn client_of(&self, tenant: TenantId, lead: LeadId) -> Result<Option<Client>, StoreError>;

    /// Some of the clients of a tenant, newest first.
    async fn clients(&self, query: ClientQuery) -> Result<Vec<Client>, StoreError>;

    /// A contract.
    async fn contract(&self, tenant: TenantId, id: ContractId) -> Result<Option<Contract>, StoreError>;

    /// Some of the contracts of a tenant, newest first.
    async fn contracts(&self, query: ContractQuery) -> Result<Vec<Contract>, StoreError>;

    /// A file of a contract.
    async fn contract_file(&self, tenant: TenantId, id: ContractFileId) -> Result<Option<ContractFile>, StoreError>;

    /// The files of a contract, in the order in which they came.
    async fn contract_files(&self, tenant: TenantId, id: ContractId) -> Result<Vec<ContractFile>, StoreError>;

    /// Which of these files somebody needs, of whatever tenant: a contract has them, or an import that is not over.
    async fn needed_files(&self, keys: &[FileKey]) -> Result<Vec<FileKey>, StoreError>;
}

/// Writes, all or nothing with the others of the unit of work. Of the clients no two were the same lead, and of the files of a
/// contract no two have the same position, however many requests come at once.
#[async_trait]
pub trait ClientTx: Send {
    /// Takes a client in.
    async fn insert_client(&mut self, change: Change<Client, ClientEvent>) -> Result<(), InsertClientError>;

    /// Saves an edited client; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_client(&mut self, change: Change<Client, ClientEvent>) -> Result<(), StoreError>;

    /// Takes a contract in.
    async fn insert_contract(&mut self, change: Change<Contract, ContractEvent>) -> Result<(), StoreError>;

    /// Saves an edited contract; [`Stale`](StoreError::Stale) unless the stored version is the one before.
    async fn update_contract(&mut self, change: Change<Contract, ContractEvent>) -> Result<(), StoreError>;

    /// Takes a file in; [`Stale`](StoreError::Stale) if another has its position.
    async fn insert_contract_file(&mut self, change: Change<ContractFile, ContractFileEvent>)
    -> Result<(), StoreError>;

    /// Takes a file away; [`Stale`](StoreError::Stale) if it is gone, or its contract was signed.
    async fn delete_contract_file(&mut self, change: Change<ContractFile, ContractFileEvent>)
    -> Result<(), StoreError>;

    /// Notes that a file was read. Nothing else changes.
    async fn note_contract_file(&mut self, change: Change<ContractFile, ContractFileEvent>) -> Result<(), StoreError>;
}
