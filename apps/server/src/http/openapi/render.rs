//! The description as text, the same from run to run.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::OpenApi;

/// JSON whose members keep the order in which the code declares them.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Node {
    Members(IndexMap<String, Self>),
    Elements(Vec<Self>),
    Leaf(Value),
}

/// Indented JSON.
///
/// utoipa keeps a specification's extensions in a hash map, whose order changes from run to run: here they are sorted,
/// behind the members that have an order.
pub(super) fn pretty(description: &OpenApi) -> Result<String, serde_json::Error> {
    let mut document = serde_json::from_str(&serde_json::to_string(description)?)?;
    sort_extensions(&mut document);
    serde_json::to_string_pretty(&document)
}

fn sort_extensions(node: &mut Node) {
    match node {
        Node::Members(members) => {
            // Stable, and `None` comes first.
            members.sort_by(|one, _, other, _| extension(one).cmp(&extension(other)));
            members.values_mut().for_each(sort_extensions);
        }
        Node::Elements(elements) => elements.iter_mut().for_each(sort_extensions),
        Node::Leaf(_) => {}
    }
}

fn extension(name: &str) -> Option<&str> {
    name.starts_with("x-").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_come_last_by_name_and_the_rest_keeps_its_order() {
        let mut node =
            serde_json::from_str(r#"{"x-b":1,"b":[{"x-d":1,"x-c":null,"e":1.5}],"x-a":{},"a":"x"}"#).unwrap();

        sort_extensions(&mut node);

        let sorted = serde_json::to_string(&node).unwrap();
        assert_eq!(sorted, r#"{"b":[{"e":1.5,"x-c":null,"x-d":1}],"a":"x","x-a":{},"x-b":1}"#);
    }
}
