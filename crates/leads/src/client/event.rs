//! What happens to clients, contracts and their files.

use ashlar_kernel::{DiffEntry, DomainEvent, EventSpec, Target};
use serde::Serialize;
use uuid::Uuid;

use super::{ClientId, ContractFileId, ContractId};
use crate::LeadId;

/// A fact about a client.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the members are those of the catalogue below")]
pub enum ClientEvent {
    /// A client came.
    Created {
        client: ClientId,
        #[serde(skip_serializing_if = "Option::is_none")]
        lead: Option<LeadId>,
    },
    /// What is known of it was edited.
    Updated {
        client: ClientId,
        #[serde(skip)]
        changes: Vec<DiffEntry>,
    },
}

impl DomainEvent for ClientEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => CLIENT_CREATED.name,
            Self::Updated { .. } => CLIENT_UPDATED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { client, .. } | Self::Updated { client, .. }) = self;
        vec![Target::new("client", client)]
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::Updated { changes, .. } => changes.clone(),
            Self::Created { .. } => Vec::new(),
        }
    }
}

/// A fact about a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the members are those of the catalogue below")]
pub enum ContractEvent {
    /// It was drafted.
    Created { contract: ContractId, client: ClientId },
    /// What it says was edited.
    Updated {
        contract: ContractId,
        #[serde(skip)]
        changes: Vec<DiffEntry>,
    },
    /// It was sent, has expired or was terminated.
    StatusChanged { contract: ContractId, from: &'static str, to: &'static str },
    /// It was signed.
    Signed { contract: ContractId, client: ClientId },
}

impl DomainEvent for ContractEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Created { .. } => CONTRACT_CREATED.name,
            Self::Updated { .. } => CONTRACT_UPDATED.name,
            Self::StatusChanged { .. } => CONTRACT_STATUS_CHANGED.name,
            Self::Signed { .. } => CONTRACT_SIGNED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Created { contract, .. }
        | Self::Updated { contract, .. }
        | Self::StatusChanged { contract, .. }
        | Self::Signed { contract, .. }) = self;
        vec![Target::new("contract", contract)]
    }

    fn diff(&self) -> Vec<DiffEntry> {
        match self {
            Self::Updated { changes, .. } => changes.clone(),
            Self::StatusChanged { from, to, .. } => vec![DiffEntry::plain("/status", *from, *to)],
            Self::Signed { .. } => vec![DiffEntry::plain("/status", "sent", "signed")],
            Self::Created { .. } => Vec::new(),
        }
    }
}

/// A fact about a file of a contract.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the members are those of the catalogue below")]
pub enum ContractFileEvent {
    /// It was added.
    Added { contract: ContractId, file: ContractFileId, sort: &'static str, size: u64, sha256: String },
    /// It was taken away.
    Deleted { contract: ContractId, file: ContractFileId },
    /// Somebody has read it.
    Downloaded { contract: ContractId, file: ContractFileId, reader: Uuid },
}

impl DomainEvent for ContractFileEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Added { .. } => FILE_ADDED.name,
            Self::Deleted { .. } => FILE_DELETED.name,
            Self::Downloaded { .. } => FILE_DOWNLOADED.name,
        }
    }

    fn targets(&self) -> Vec<Target> {
        let (Self::Added { contract, file, .. }
        | Self::Deleted { contract, file }
        | Self::Downloaded { contract, file, .. }) = self;
        vec![Target::new("contract", contract), Target::new("contract_file", file)]
    }
}

const CLIENT: (&str, &str) = ("client", "Id of the client.");
const CONTRACT: (&str, &str) = ("contract", "Id of the contract.");
const FILE: (&str, &str) = ("file", "Id of the file.");

const CLIENT_CREATED: EventSpec = EventSpec {
    name: "leads.client.created",
    schema_version: 1,
    summary: "A client came: somebody entered it, or a lead was converted.",
    targets: &["client"],
    data: &[CLIENT, ("lead", "Id of the lead it was, if it was one.")],
};
const CLIENT_UPDATED: EventSpec = EventSpec {
    name: "leads.client.updated",
    schema_version: 1,
    summary: "What is known of a client was edited. The diff names the fields; their values are withheld.",
    targets: &["client"],
    data: &[CLIENT],
};
const CONTRACT_CREATED: EventSpec = EventSpec {
    name: "leads.contract.created",
    schema_version: 1,
    summary: "A contract was drafted.",
    targets: &["contract"],
    data: &[CONTRACT, CLIENT],
};
const CONTRACT_UPDATED: EventSpec = EventSpec {
    name: "leads.contract.updated",
    schema_version: 1,
    summary: "What a contract says was edited. The diff names the fields.",
    targets: &["contract"],
    data: &[CONTRACT],
};
const CONTRACT_STATUS_CHANGED: EventSpec = EventSpec {
    name: "leads.contract.status_changed",
    schema_version: 1,
    summary: "A contract was sent, has expired or was terminated.",
    targets: &["contract"],
    data: &[CONTRACT, ("from", "Where it stood."), ("to", "Where it stands.")],
};
const CONTRACT_SIGNED: EventSpec = EventSpec {
    name: "leads.contract.signed",
    schema_version: 1,
    summary: "A contract was signed. From now on it says what it says.",
    targets: &["contract"],
    data: &[CONTRACT, CLIENT],
};
const FILE_ADDED: EventSpec = EventSpec {
    name: "leads.contract_file.added",
    schema_version: 1,
    summary: "A file was added to a contract.",
    targets: &["contract", "contract_file"],
    data: &[
        CONTRACT,
        FILE,
        ("sort", "What it is: pdf, docx, png or jpeg."),
        ("size", "Its length in bytes."),
        ("sha256", "What its bytes hash to."),
    ],
};
const FILE_DELETED: EventSpec = EventSpec {
    name: "leads.contract_file.deleted",
    schema_version: 1,
    summary: "A file was taken away from a contract that was not signed.",
    targets: &["contract", "contract_file"],
    data: &[CONTRACT, FILE],
};
const FILE_DOWNLOADED: EventSpec = EventSpec {
    name: "leads.contract_file.downloaded",
    schema_version: 1,
    summary: "A file of a contract was read, by a link that was made for somebody.",
    targets: &["contract", "contract_file"],
    data: &[CONTRACT, FILE, ("reader", "Id of the account that the link was made for.")],
};

/// The catalogue entries of this module.
pub(crate) const fn client_event_specs() -> &'static [EventSpec] {
    &[
        CLIENT_CREATED,
        CLIENT_UPDATED,
        CONTRACT_CREATED,
        CONTRACT_UPDATED,
        CONTRACT_STATUS_CHANGED,
        CONTRACT_SIGNED,
        FILE_ADDED,
        FILE_DELETED,
        FILE_DOWNLOADED,
    ]
}
