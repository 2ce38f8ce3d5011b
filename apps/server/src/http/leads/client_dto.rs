//! What is asked and answered about clients and contracts.

use ashlar_kernel::{Page, Patch};
use ashlar_leads::{
    ClientForm, ContractForm,
    client::{Client as DomainClient, ClientId, Contract as DomainContract, ContractFile as DomainFile},
    use_case::{Converted, EditClientInput, EditContractInput, FileLink, ValueForm},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::patch;
use crate::http::{
    body::{given, nullable},
    page::{PageInfo, moment},
};

/// Who has bought something.
#[derive(Serialize, ToSchema)]
pub(super) struct Client {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a90")]
    id: ClientId,
    /// Which lead it was.
    #[schema(required, example = json!(null))]
    lead_id: Option<Uuid>,
    /// What it is called.
    #[schema(example = "Analytical Engines")]
    company_name: String,
    /// What it is called in contracts.
    #[schema(required, example = "Analytical Engines Ltd")]
    legal_name: Option<String>,
    /// What tax offices know it by.
    #[schema(required, example = "GB123456789")]
    tax_id: Option<String>,
    /// Where invoices go.
    #[schema(required, format = "idn-email", example = "billing@engines.example")]
    billing_email: Option<String>,
    /// Where letters go.
    #[schema(required, example = "12 St James's Square\nLondon")]
    address: Option<String>,
    /// What there is to know besides. As it was given: escape it where you show it.
    #[schema(required, example = json!(null))]
    notes: Option<String>,
    /// When it came.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last edited.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
}

impl From<&DomainClient> for Client {
    fn from(client: &DomainClient) -> Self {
        let row = client.to_row();
        Self {
            id: client.id(),
            lead_id: row.lead_id,
            company_name: row.company_name,
            legal_name: row.legal_name,
            tax_id: row.tax_id,
            billing_email: row.billing_email,
            address: row.address,
            notes: row.notes,
            created_at: moment(row.created_at),
            updated_at: moment(row.updated_at),
        }
    }
}

/// A page of clients.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientPage {
    /// The clients, newest first.
    data: Vec<Client>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<DomainClient>> for ClientPage {
    fn from(page: Page<DomainClient>) -> Self {
        Self { data: page.data.iter().map(Client::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// A client. When a lead is converted, what is left out is taken from it: the name, and where invoices go.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(super) struct ClientRequest {
    /// What it is called; required unless it was a lead.
    #[schema(min_length = 1, max_length = 255, example = "Analytical Engines")]
    company_name: Option<String>,
    /// What it is called in contracts.
    #[schema(max_length = 255, example = "Analytical Engines Ltd")]
    legal_name: Option<String>,
    /// What tax offices know it by.
    #[schema(max_length = 32, example = "GB123456789")]
    tax_id: Option<String>,
    /// Where invoices go.
    #[schema(format = "idn-email", max_length = 254, example = "billing@engines.example")]
    billing_email: Option<String>,
    /// Where letters go.
    #[schema(max_length = 500, example = "12 St James's Square\nLondon")]
    address: Option<String>,
    /// What there is to know besides.
    #[schema(max_length = 5000, example = "Pays late.")]
    notes: Option<String>,
}

impl From<ClientRequest> for ClientForm {
    fn from(body: ClientRequest) -> Self {
        let ClientRequest { company_name, legal_name, tax_id, billing_email, address, notes } = body;
        Self { company_name, legal_name, tax_id, billing_email, address, notes }
    }
}

/// A change of a client. An absent member leaves the field alone, null clears it.
#[derive(Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "three states: absent, null, a value")]
pub(super) struct UpdateClientRequest {
    /// What it is called.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 255, example = "Analytical Engines")]
    company_name: Option<String>,
    /// What it is called in contracts.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 255, example = "Analytical Engines Ltd")]
    legal_name: Option<Option<String>>,
    /// What tax offices know it by.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 32, example = "GB123456789")]
    tax_id: Option<Option<String>>,
    /// Where invoices go.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = "idn-email", max_length = 254, example = "billing@engines.example")]
    billing_email: Option<Option<String>>,
    /// Where letters go.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 500, example = "12 St James's Square\nLondon")]
    address: Option<Option<String>>,
    /// What there is to know besides.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, max_length = 5000, example = "Pays late.")]
    notes: Option<Option<String>>,
}

impl From<UpdateClientRequest> for EditClientInput {
    fn from(body: UpdateClientRequest) -> Self {
        Self {
            company_name: body.company_name,
            legal_name: patch(body.legal_name),
            tax_id: patch(body.tax_id),
            billing_email: patch(body.billing_email),
            address: patch(body.address),
            notes: patch(body.notes),
        }
    }
}

/// Where a contract stands.
#[derive(Serialize, ToSchema)]
#[schema(example = "draft")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum ContractStatus {
    /// It is being written.
    Draft,
    /// The client has it.
    Sent,
    /// Both have signed it.
    Signed,
    /// Its time is over.
    Expired,
    /// Somebody has ended it.
    Terminated,
}

/// What a contract is worth.
#[derive(Serialize, ToSchema)]
pub(super) struct ContractValue {
    /// In the smallest units of the currency.
    #[schema(minimum = 0, example = 1_250_000)]
    amount: i64,
    /// The currency, as in ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

/// What a contract is to be worth.
#[derive(Deserialize, ToSchema)]
pub(super) struct ContractValueInput {
    /// In the smallest units of the currency.
    #[schema(minimum = 0, example = 1_250_000)]
    amount: i64,
    /// The currency, as in ISO 4217.
    #[schema(pattern = "^[A-Z]{3}$", example = "EUR")]
    currency: String,
}

impl From<ContractValueInput> for ValueForm {
    fn from(ContractValueInput { amount, currency }: ContractValueInput) -> Self {
        Self { amount, currency }
    }
}

/// A contract with a client.
#[derive(Serialize, ToSchema)]
pub(super) struct Contract {
    /// Its id.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a91")]
    id: Uuid,
    /// With which client.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a90")]
    client_id: Uuid,
    /// What it is called.
    #[schema(example = "Web site, phase one")]
    title: String,
    /// Where it stands.
    #[schema(value_type = ContractStatus)]
    status: &'static str,
    /// What it is worth.
    value: ContractValue,
    /// Its first day.
    #[schema(required, format = Date, example = "2026-02-01")]
    starts_on: Option<String>,
    /// Its last day.
    #[schema(required, format = Date, example = "2026-12-31")]
    ends_on: Option<String>,
    /// When it was signed.
    #[schema(required, format = DateTime, example = json!(null))]
    signed_at: Option<String>,
    /// When it was drafted.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last edited.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
    /// Its files, in the order in which they came; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    files: Option<Vec<ContractFile>>,
}

impl From<&DomainContract> for Contract {
    fn from(contract: &DomainContract) -> Self {
        let row = contract.to_row();
        Self {
            id: row.id,
            client_id: row.client_id,
            title: row.title,
            status: contract.status().as_str(),
            value: ContractValue { amount: row.value_minor, currency: row.currency },
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            signed_at: row.signed_at.map(moment),
            created_at: moment(row.created_at),
            updated_at: moment(row.updated_at),
            files: None,
        }
    }
}

impl Contract {
    /// With its files.
    pub(super) fn with(self, files: &[DomainFile]) -> Self {
        Self { files: Some(files.iter().map(ContractFile::from).collect()), ..self }
    }
}

/// A page of contracts.
#[derive(Serialize, ToSchema)]
pub(super) struct ContractPage {
    /// The contracts, newest first.
    data: Vec<Contract>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<DomainContract>> for ContractPage {
    fn from(page: Page<DomainContract>) -> Self {
        Self { data: page.data.iter().map(Contract::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// A contract without its client.
#[derive(Deserialize, ToSchema)]
pub(super) struct ContractInput {
    /// What it is called.
    #[schema(min_length = 2, max_length = 200, example = "Web site, phase one")]
    title: String,
    /// What it is worth.
    value: ContractValueInput,
    /// Its first day.
    #[schema(format = Date, example = "2026-02-01")]
    starts_on: Option<String>,
    /// Its last day, not before the first.
    #[schema(format = Date, example = "2026-12-31")]
    ends_on: Option<String>,
}

impl From<ContractInput> for ContractForm {
    fn from(ContractInput { title, value, starts_on, ends_on }: ContractInput) -> Self {
        Self { title, value: value.into(), starts_on, ends_on }
    }
}

/// A contract to draft.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateContractRequest {
    /// With which client.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a90")]
    client_id: Uuid,
    /// What it is called.
    #[schema(min_length = 2, max_length = 200, example = "Web site, phase one")]
    title: String,
    /// What it is worth.
    value: ContractValueInput,
    /// Its first day.
    #[schema(format = Date, example = "2026-02-01")]
    starts_on: Option<String>,
    /// Its last day, not before the first.
    #[schema(format = Date, example = "2026-12-31")]
    ends_on: Option<String>,
}

impl From<CreateContractRequest> for (ClientId, ContractForm) {
    fn from(body: CreateContractRequest) -> Self {
        let CreateContractRequest { client_id, title, value, starts_on, ends_on } = body;
        (ClientId::from_uuid(client_id), ContractForm { title, value: value.into(), starts_on, ends_on })
    }
}

/// A change of a contract. An absent member leaves the field alone, null clears it. From the signature on only `status`
/// may change.
#[derive(Deserialize, ToSchema)]
#[expect(clippy::option_option, reason = "three states: absent, null, a value")]
pub(super) struct UpdateContractRequest {
    /// What it is called.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String, required = false, min_length = 2, max_length = 200, example = "Web site, phase one")]
    title: Option<String>,
    /// What it is worth.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = ContractValueInput, required = false)]
    value: Option<ContractValueInput>,
    /// Its first day.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-02-01")]
    starts_on: Option<Option<String>>,
    /// Its last day.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, format = Date, example = "2026-12-31")]
    ends_on: Option<Option<String>>,
    /// Where it is to stand: from `draft` to `sent`, from `sent` to `signed`, from `signed` to `expired` or `terminated`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = ContractStatus, required = false, example = "sent")]
    status: Option<String>,
}

impl From<UpdateContractRequest> for EditContractInput {
    fn from(body: UpdateContractRequest) -> Self {
        let UpdateContractRequest { title, value, starts_on, ends_on, status } = body;
        let (starts_on, ends_on): (Patch<_>, Patch<_>) = (patch(starts_on), patch(ends_on));
        Self { title, value: value.map(ValueForm::from), starts_on, ends_on, status }
    }
}

/// What a lead becomes.
#[derive(Deserialize, ToSchema)]
pub(super) struct ConvertLeadRequest {
    /// The client.
    #[serde(default)]
    #[schema(required)]
    pub(super) client: ClientRequest,
    /// The first contract with it, if there is one already.
    pub(super) contract: Option<ContractInput>,
}

/// What a lead became.
#[derive(Serialize, ToSchema)]
pub(super) struct ConvertedLead {
    /// The client that the lead is.
    client: Client,
    /// The contract that was drafted with it; null if none was asked for, or the lead was a client before.
    #[schema(required)]
    contract: Option<Contract>,
}

impl From<&Converted> for ConvertedLead {
    fn from(converted: &Converted) -> Self {
        Self { client: Client::from(&converted.client), contract: converted.contract.as_ref().map(Contract::from) }
    }
}

/// What sort of file it is.
#[derive(Serialize, ToSchema)]
#[schema(example = "pdf")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum ContractFileType {
    Pdf,
    Docx,
    Png,
    Jpeg,
}

/// A file of a contract.
#[derive(Serialize, ToSchema)]
pub(super) struct ContractFile {
    /// Its id.
    #[schema(example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a92")]
    id: Uuid,
    /// What it was called by whoever sent it.
    #[schema(example = "contract.pdf")]
    name: String,
    /// What sort of file it is, by what is in it.
    #[serde(rename = "type")]
    #[schema(value_type = ContractFileType)]
    sort: &'static str,
    /// Its length in bytes.
    #[schema(minimum = 0, maximum = 10_485_760, example = 52_428)]
    size: u64,
    /// What its bytes hash to (SHA-256, hexadecimal).
    #[schema(example = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    sha256: String,
    /// When it came.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
}

impl From<&DomainFile> for ContractFile {
    fn from(file: &DomainFile) -> Self {
        Self {
            id: file.id.as_uuid(),
            name: file.name.as_str().to_owned(),
            sort: file.sort.as_str(),
            size: file.stored.size,
            sha256: file.stored.sha256.to_string(),
            created_at: moment(file.created_at),
        }
    }
}

/// A file to add to a contract.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only its schema is used; the parts are read as they come")]
pub(super) struct ContractFileRequest {
    /// The file, with its name: a PDF, a document of Word, a PNG or a JPEG, of at most 10 MiB.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
}

/// A link to a file.
#[derive(Serialize, ToSchema)]
pub(super) struct ContractFileLink {
    /// Where the file is: a path of this server. Whoever has it may follow it, without a token.
    #[schema(format = "uri-reference", example = "/api/v1/contracts/files/content?token=AZC1pHweb2qNKzxNXm96kg")]
    url: String,
    /// When it runs out.
    #[schema(format = DateTime, example = "2026-01-31T09:35:00.000Z")]
    expires_at: String,
}

impl From<FileLink> for ContractFileLink {
    fn from(link: FileLink) -> Self {
        let url = format!("/api/v1/contracts/files/content?token={}", link.token);
        Self { url, expires_at: moment(link.expires_at) }
    }
}
