//! A wish to be on a list that waits to be confirmed.

use ashlar_kernel::StoreError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Evidence, subscription::Name};

/// What somebody asked for and has yet to confirm: what they are called, and what proves that they asked. Each letter carries
/// the wish it was written for. What anybody types in later is not what its link confirms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// What they are called.
    pub name: Option<Name>,
    /// What proves that they asked.
    pub evidence: Evidence,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    name: Option<String>,
    evidence: Evidence,
}

impl Wish {
    /// The stored form.
    pub fn to_value(&self) -> Result<Value, StoreError> {
        let name = self.name.as_ref().map(|name| name.as_str().to_owned());
        serde_json::to_value(Stored { name, evidence: self.evidence.clone() }).map_err(StoreError::internal)
    }

    /// Reads the stored form, checking every invariant again.
    pub fn restore(value: Value) -> Result<Self, StoreError> {
        let corrupt = StoreError::Corrupt { what: "wish" };
        let Ok(stored) = serde_json::from_value::<Stored>(value) else { return Err(corrupt) };
        let Ok(name) = stored.name.as_deref().map(Name::parse).transpose() else { return Err(corrupt) };
        Ok(Self { name, evidence: stored.evidence })
    }
}
