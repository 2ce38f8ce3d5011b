//! Clients, contracts and their files behind their ports.

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    ClientQuery, ContractQuery, LeadId,
    client::{
        Client, ClientEvent, ClientId, Contract, ContractEvent, ContractFile, ContractFileEvent, ContractFileId,
        ContractId, ContractStatus,
    },
    port::{ClientStore, ClientTx, FileKey, InsertClientError},
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _, sea_query::UnionType,
};

use super::{
    client_entity::{client, contract, contract_file},
    client_mapping as mapping,
    export::exported_files,
    store::is_older,
    transfer::waiting_files,
};
use crate::{SqlStore, errors::UniqueKey, errors::store_error, transaction::SqlTx};

const LEAD: UniqueKey = UniqueKey { constraint: "client_lead_id_key", columns: "client.lead_id" };
const PLACE: UniqueKey = UniqueKey {
    constraint: "contract_file_position_key",
    columns: "contract_file.contract_id, contract_file.position",
};

#[async_trait]
impl ClientStore for SqlStore {
    async fn client(&self, tenant: TenantId, id: ClientId) -> Result<Option<Client>, StoreError> {
        let found = client::Entity::find_by_id(id.as_uuid()).filter(client::Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_client).transpose()
    }

    async fn client_of(&self, tenant: TenantId, lead: LeadId) -> Result<Option<Client>, StoreError> {
        let found = client::Entity::find()
            .filter(client::Column::TenantId.eq(tenant.as_uuid()))
            .filter(client::Column::LeadId.eq(lead.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_client).transpose()
    }

    async fn clients(&self, query: ClientQuery) -> Result<Vec<Client>, StoreError> {
        let columns = [client::Column::CreatedAt, client::Column::Id].map(ColumnTrait::into_expr);
        let rows = client::Entity::find()
            .filter(client::Column::TenantId.eq(query.tenant.as_uuid()))
            .filter(is_older(columns, query.after))
            .order_by_desc(client::Column::CreatedAt)
            .order_by_desc(client::Column::Id)
            .limit(query.rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_client).collect()
    }

    async fn contract(&self, tenant: TenantId, id: ContractId) -> Result<Option<Contract>, StoreError> {
        let found = contract::Entity::find_by_id(id.as_uuid()).filter(contract::Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_contract).transpose()
    }

    async fn contracts(&self, query: ContractQuery) -> Result<Vec<Contract>, StoreError> {
        let columns = [contract::Column::CreatedAt, contract::Column::Id].map(ColumnTrait::into_expr);
        let wanted = Condition::all()
            .add(contract::Column::TenantId.eq(query.tenant.as_uuid()))
            .add_option(query.client.map(|client| contract::Column::ClientId.eq(client.as_uuid())))
            .add_option(query.status.map(|status| contract::Column::Status.eq(status.as_str())));
        let rows = contract::Entity::find()
            .filter(wanted)
            .filter(is_older(columns, query.after))
            .order_by_desc(contract::Column::CreatedAt)
            .order_by_desc(contract::Column::Id)
            .limit(query.rows)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_contract).collect()
    }

    async fn contract_file(&self, tenant: TenantId, id: ContractFileId) -> Result<Option<ContractFile>, StoreError> {
        let found = contract_file::Entity::find_by_id(id.as_uuid())
            .filter(contract_file::Column::TenantId.eq(tenant.as_uuid()));
        found.one(self.reader()).await.map_err(store_error)?.map(mapping::restore_contract_file).transpose()
    }

    async fn contract_files(&self, tenant: TenantId, id: ContractId) -> Result<Vec<ContractFile>, StoreError> {
        let rows = contract_file::Entity::find()
            .filter(contract_file::Column::TenantId.eq(tenant.as_uuid()))
            .filter(contract_file::Column::ContractId.eq(id.as_uuid()))
            .order_by_asc(contract_file::Column::CreatedAt)
            .order_by_asc(contract_file::Column::Id)
            .all(self.reader())
            .await
            .map_err(store_error)?;
        rows.into_iter().map(mapping::restore_contract_file).collect()
    }

    async fn needed_files(&self, keys: &[FileKey]) -> Result<Vec<FileKey>, StoreError> {
        let names: Vec<_> = keys.iter().map(FileKey::as_str).collect();
        let of_contracts = contract_file::Entity::find()
            .select_only()
            .column(contract_file::Column::FileKey)
            .filter(contract_file::Column::FileKey.is_in(names.clone()))
            .into_query();
        let mut needed = waiting_files(names.clone());
        needed.union(UnionType::All, of_contracts).union(UnionType::All, exported_files(names));
        let found = self.reader().query_all(&needed).await.map_err(store_error)?;
        let corrupt = || StoreError::Corrupt { what: "the name of a file" };
        let restored = found.into_iter().map(|row| {
            let name: String = row.try_get_by_index(0).map_err(store_error)?;
            FileKey::restore(&name).ok_or_else(corrupt)
        });
        restored.collect()
    }
}

#[async_trait]
impl ClientTx for SqlTx {
    async fn insert_client(&mut self, change: Change<Client, ClientEvent>) -> Result<(), InsertClientError> {
        let (client, events) = self.open(change)?;
        let row = mapping::new_client(&client);
        let inserted = client::Entity::insert(row).exec_without_returning(&self.tx).await;
        inserted.map_err(|error| match error {
            error if LEAD.is_broken_by(&error) => InsertClientError::Converted,
            error => self.write_error(error).into(),
        })?;
        Ok(self.explain(events).await?)
    }

    async fn update_client(&mut self, change: Change<Client, ClientEvent>) -> Result<(), StoreError> {
        let (client, events) = self.open(change)?;
        let before = client.to_row().version - 1;
        let done = client::Entity::update_many()
            .set(mapping::changed_client(&client))
            .filter(client::Column::Id.eq(client.id().as_uuid()))
            .filter(client::Column::Version.eq(before))
            .exec(&self.tx)
            .await;
        self.insist_on_one(done.map(|done| done.rows_affected))?;
        self.explain(events).await
    }

    async fn insert_contract(&mut self, change: Change<Contract, ContractEvent>) -> Result<(), StoreError> {
        let (contract, events) = self.open(change)?;
        let row = mapping::new_contract(&contract);
        let inserted = contract::Entity::insert(row).exec_without_returning(&self.tx).await;
        inserted.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn update_contract(&mut self, change: Change<Contract, ContractEvent>) -> Result<(), StoreError> {
        let (contract, events) = self.open(change)?;
        let before = contract.to_row().version - 1;
        let done = contract::Entity::update_many()
            .set(mapping::changed_contract(&contract))
            .filter(contract::Column::Id.eq(contract.id().as_uuid()))
            .filter(contract::Column::Version.eq(before))
            .exec(&self.tx)
            .await;
        self.insist_on_one(done.map(|done| done.rows_affected))?;
        self.explain(events).await
    }

    async fn insert_contract_file(
        &mut self,
        change: Change<ContractFile, ContractFileEvent>,
    ) -> Result<(), StoreError> {
        let (file, events) = self.open(change)?;
        let row = mapping::new_contract_file(&file);
        let inserted = contract_file::Entity::insert(row).exec_without_returning(&self.tx).await;
        inserted.map_err(|error| match error {
            error if PLACE.is_broken_by(&error) => StoreError::Stale,
            error => self.write_error(error),
        })?;
        self.explain(events).await
    }

    async fn delete_contract_file(
        &mut self,
        change: Change<ContractFile, ContractFileEvent>,
    ) -> Result<(), StoreError> {
        let (file, events) = self.open(change)?;
        let open = [ContractStatus::Draft, ContractStatus::Sent].map(ContractStatus::as_str);
        let contract = contract::Entity::find()
            .select_only()
            .column(contract::Column::Id)
            .filter(contract::Column::Id.eq(file.contract.as_uuid()))
            .filter(contract::Column::Status.is_in(open))
            .into_query();
        let done = contract_file::Entity::delete_many()
            .filter(contract_file::Column::Id.eq(file.id.as_uuid()))
            .filter(contract_file::Column::ContractId.in_subquery(contract))
            .exec(&self.tx)
            .await;
        self.insist_on_one(done.map(|done| done.rows_affected))?;
        self.explain(events).await
    }

    async fn note_contract_file(&mut self, change: Change<ContractFile, ContractFileEvent>) -> Result<(), StoreError> {
        let (_file, events) = self.open(change)?;
        self.explain(events).await
    }
}

impl SqlTx {
    fn insist_on_one(&self, rows: Result<u64, DbErr>) -> Result<(), StoreError> {
        let rows = rows.map_err(|error| self.write_error(error))?;
        if rows == 1 { Ok(()) } else { Err(StoreError::Stale) }
    }
}
