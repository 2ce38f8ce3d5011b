//! `ashlar openapi`: the documents that describe the API.

use std::error::Error;

use crate::{
    cli::{Document, output},
    http::{catalogue, openapi},
};

pub(super) fn run(document: Document) -> Result<(), Box<dyn Error>> {
    let text = match document {
        Document::Openapi => openapi::openapi_json()?,
        Document::Problems => pretty(&catalogue::problems_json())?,
        Document::Events => pretty(&catalogue::events_json())?,
    };
    Ok(output::print(&text)?)
}

fn pretty(value: &serde_json::Value) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value)
}
