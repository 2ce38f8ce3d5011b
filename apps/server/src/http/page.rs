//! Pages of lists, and moments, as every domain shows them.

use ashlar_kernel::{Page, Timestamp, Total};
use chrono::SecondsFormat;
use serde::Serialize;
use utoipa::ToSchema;

/// RFC 3339, UTC, with milliseconds.
pub(crate) fn moment(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Where the next page begins.
#[derive(Serialize, ToSchema)]
pub(crate) struct PageInfo {
    /// Pass it as `cursor`; null on the last page.
    #[schema(required, example = "AbCdEf0123456789")]
    pub(crate) next_cursor: Option<String>,
    /// Whether there is a next page.
    #[schema(example = true)]
    pub(crate) has_more: bool,
}

impl PageInfo {
    /// What follows a page.
    pub(crate) fn after(next_cursor: Option<String>) -> Self {
        Self { has_more: next_cursor.is_some(), next_cursor }
    }
}

/// Where the next page begins, and how many entries there are.
#[derive(Serialize, ToSchema)]
pub(crate) struct CountedPageInfo {
    /// Pass it as `cursor`; null on the last page.
    #[schema(required, example = "AbCdEf0123456789")]
    next_cursor: Option<String>,
    /// Whether there is a next page.
    #[schema(example = true)]
    has_more: bool,
    /// With `include=total`: how many there are in all, up to 10,000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u64>, nullable = false, minimum = 0, maximum = 10000, example = 230)]
    total: Option<u64>,
    /// With `include=total`: whether there are more than that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<bool>, nullable = false, example = false)]
    total_is_capped: Option<bool>,
}

impl CountedPageInfo {
    /// What follows `page`, of so many entries if somebody asked.
    pub(crate) fn of<T>(page: &Page<T>, total: Option<Total>) -> Self {
        Self {
            has_more: page.next_cursor.is_some(),
            next_cursor: page.next_cursor.clone(),
            total: total.map(|total| total.count),
            total_is_capped: total.map(|total| total.is_capped),
        }
    }
}
