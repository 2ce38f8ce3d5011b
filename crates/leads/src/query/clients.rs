//! Lists of clients and contracts.

use ashlar_kernel::TenantId;

use super::NotePosition;
use crate::client::{ClientId, ContractStatus};

/// Which part of the clients of a tenant to read, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Older than this one.
    pub after: Option<NotePosition>,
    /// How many rows at most.
    pub rows: u64,
}

/// Which part of the contracts of a tenant to read, newest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ContractQuery {
    /// Whose.
    pub tenant: TenantId,
    /// Only those with this client.
    pub client: Option<ClientId>,
    /// Only those that stand there.
    pub status: Option<ContractStatus>,
    /// Older than this one.
    pub after: Option<NotePosition>,
    /// How many rows at most.
    pub rows: u64,
}
