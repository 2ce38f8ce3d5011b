//! Query parameters of contracts and their files.

use ashlar_leads::use_case::ListContracts;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::client_dto::ContractStatus;
use crate::http::{
    problem::Problem,
    query::{invalid, refused},
};

/// Which contracts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ContractListQuery {
    /// How many entries at most.
    #[param(minimum = 1, maximum = 200, default = 50, example = 20)]
    limit: Option<i64>,
    /// Where to go on: `page.next_cursor` of the page before, unchanged, with the same filters.
    #[param(max_length = 1024)]
    cursor: Option<String>,
    /// Only those with this client.
    client_id: Option<Uuid>,
    /// Only those that stand there.
    #[param(value_type = Option<ContractStatus>)]
    status: Option<String>,
}

impl ContractListQuery {
    /// Which.
    pub(super) fn command(self) -> Result<ListContracts, Problem> {
        let limit = self.limit.map(ashlar_kernel::Limit::parse).transpose();
        let limit = limit.map_err(|fault| refused("limit", "out_of_range", fault.to_string()))?.unwrap_or_default();
        let status = self.status.as_deref().map(str::parse).transpose();
        let status =
            status.map_err(|fault: ashlar_leads::lead::UnknownChoice| invalid("status", &fault.to_string()))?;
        let client = self.client_id.map(ashlar_kernel::Id::from_uuid);
        Ok(ListContracts { client, status, limit, cursor: self.cursor })
    }
}

/// What a link carries.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ContentQuery {
    /// What makes it a link of ours.
    #[param(max_length = 512)]
    token: String,
}

impl ContentQuery {
    /// What makes it a link of ours.
    pub(super) fn token(&self) -> &str {
        &self.token
    }
}
