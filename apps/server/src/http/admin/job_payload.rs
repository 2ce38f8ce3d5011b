//! What of a job's payload is shown. Payloads name things by id; should one hold more, it is not for a screen.

use ashlar_kernel::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// Ids, moments, numbers and truth values as they are; of other texts only that they are there.
pub(super) fn shown(payload: &Value) -> Value {
    match payload {
        Value::Null | Value::Bool(_) | Value::Number(_) => payload.clone(),
        Value::String(text) if is_harmless(text) => payload.clone(),
        Value::String(_) => json!({ "withheld": true }),
        Value::Array(items) => items.iter().map(shown).collect(),
        Value::Object(members) => {
            let shown: Map<_, _> = members.iter().map(|(name, value)| (name.clone(), shown(value))).collect();
            shown.into()
        }
    }
}

fn is_harmless(text: &str) -> bool {
    text.parse::<Uuid>().is_ok() || text.parse::<Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_secrets_are_withheld_and_ids_are_not() {
        let id = "0190a5c4-8b7e-7cc3-8f00-2d6f3c1e9a10";
        let payload = json!({
            "event": id, "at": "2030-01-01T00:00:00Z", "count": 7, "is_last": true, "none": null,
            "to": ["ada@example.org", id], "token": "asa1_4eC39HqLyjWDarjtT1zdp7dc",
        });
        let withheld = json!({ "withheld": true });

        let expected = json!({
            "event": id, "at": "2030-01-01T00:00:00Z", "count": 7, "is_last": true, "none": null,
            "to": [withheld, id], "token": withheld,
        });
        assert_eq!(shown(&payload), expected);
    }
}
