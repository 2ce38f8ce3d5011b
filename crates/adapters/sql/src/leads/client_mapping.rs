//! Between rows and the domain's types, for clients and contracts.

use ashlar_kernel::StoreError;
use ashlar_leads::client::{Client, ClientRow, Contract, ContractFile, ContractFileRow, ContractRow};
use sea_orm::ActiveValue::{NotSet, Set};

use super::client_entity::{client, contract, contract_file};

pub(super) fn new_client(client: &Client) -> client::ActiveModel {
    let row = client.to_row();
    client::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        lead_id: Set(row.lead_id),
        company_name: Set(row.company_name),
        legal_name: Set(row.legal_name),
        tax_id: Set(row.tax_id),
        billing_email: Set(row.billing_email),
        address: Set(row.address),
        notes: Set(row.notes),
        created_at: Set(row.created_at),
        updated_at: Set(row.updated_at),
        version: Set(row.version),
    }
}

/// Every column that an edit may change.
pub(super) fn changed_client(client: &Client) -> client::ActiveModel {
    client::ActiveModel { id: NotSet, tenant_id: NotSet, lead_id: NotSet, created_at: NotSet, ..new_client(client) }
}

pub(super) fn restore_client(row: client::Model) -> Result<Client, StoreError> {
    Client::restore(&ClientRow {
        id: row.id,
        tenant_id: row.tenant_id,
        lead_id: row.lead_id,
        company_name: row.company_name,
        legal_name: row.legal_name,
        tax_id: row.tax_id,
        billing_email: row.billing_email,
        address: row.address,
        notes: row.notes,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

pub(super) fn new_contract(contract: &Contract) -> contract::ActiveModel {
    let row = contract.to_row();
    contract::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        client_id: Set(row.client_id),
        title: Set(row.title),
        status: Set(row.status),
        value_minor: Set(row.value_minor),
        currency: Set(row.currency),
        starts_on: Set(row.starts_on),
        ends_on: Set(row.ends_on),
        signed_at: Set(row.signed_at),
        created_at: Set(row.created_at),
        updated_at: Set(row.updated_at),
        version: Set(row.version),
    }
}

/// Every column that an edit may change.
pub(super) fn changed_contract(contract: &Contract) -> contract::ActiveModel {
    contract::ActiveModel {
        id: NotSet,
        tenant_id: NotSet,
        client_id: NotSet,
        created_at: NotSet,
        ..new_contract(contract)
    }
}

pub(super) fn restore_contract(row: contract::Model) -> Result<Contract, StoreError> {
    Contract::restore(&ContractRow {
        id: row.id,
        tenant_id: row.tenant_id,
        client_id: row.client_id,
        title: row.title,
        status: row.status,
        value_minor: row.value_minor,
        currency: row.currency,
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        signed_at: row.signed_at,
        created_at: row.created_at,
        updated_at: row.updated_at,
        version: row.version,
    })
}

pub(super) fn new_contract_file(file: &ContractFile) -> contract_file::ActiveModel {
    let row = file.to_row();
    contract_file::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        contract_id: Set(row.contract_id),
        position: Set(row.position),
        name: Set(row.name),
        file_type: Set(row.file_type),
        file_key: Set(row.file_key),
        size: Set(row.size),
        sha256: Set(row.sha256),
        created_at: Set(row.created_at),
    }
}

pub(super) fn restore_contract_file(row: contract_file::Model) -> Result<ContractFile, StoreError> {
    ContractFile::restore(ContractFileRow {
        id: row.id,
        tenant_id: row.tenant_id,
        contract_id: row.contract_id,
        position: row.position,
        name: row.name,
        file_type: row.file_type,
        file_key: row.file_key,
        size: row.size,
        sha256: row.sha256,
        created_at: row.created_at,
    })
}
