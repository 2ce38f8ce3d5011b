//! Examples of bodies, put together from the examples of their members.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::openapi::{Components, Content, RefOr, path::Operation};

/// Where references to schemas point.
const SCHEMAS: &str = "#/components/schemas/";

/// The schemas that a document shares, by name.
pub(super) struct Schemas(BTreeMap<String, Value>);

/// Gives an example to every JSON body of an operation that has none.
pub(super) fn complete(operation: &mut Operation, schemas: &Schemas) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.iter_mut().for_each(|(media_type, content)| illustrate(media_type, content, schemas));
    }
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.iter_mut().for_each(|(media_type, content)| illustrate(media_type, content, schemas));
        }
    }
}

fn illustrate(media_type: &str, content: &mut RefOr<Content>, schemas: &Schemas) {
    if let RefOr::T(content) = content
        && media_type == "application/json"
        && content.example.is_none()
        && content.examples.is_empty()
    {
        let schema = content.schema.as_ref().and_then(|schema| serde_json::to_value(schema).ok());
        content.example = schema.and_then(|schema| schemas.example(&schema));
    }
}

impl Schemas {
    /// The schemas of `components`.
    pub(super) fn of(components: &Components) -> Self {
        let schemas = components.schemas.iter();
        Self(schemas.filter_map(|(name, schema)| Some((name.clone(), serde_json::to_value(schema).ok()?))).collect())
    }

    /// An example of `schema`: its own, or one made of the examples within. None where nothing tells what it may look
    /// like, as with a text that has no example.
    pub(super) fn example(&self, schema: &Value) -> Option<Value> {
        self.compose(schema, &[])
    }

    /// `within` are the schemas on the way here: one that contains itself ends where it would begin again.
    fn compose(&self, schema: &Value, within: &[&str]) -> Option<Value> {
        if let Some(given) = given(schema) {
            return Some(given.clone());
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix(SCHEMAS).filter(|name| !within.contains(name))?;
            return self.compose(self.0.get(name)?, &[within, &[name]].concat());
        }
        if let Some(parts) = alternatives(schema, "allOf") {
            return Some(self.merge(schema, parts, within));
        }
        if let Some(first) = ["oneOf", "anyOf"].iter().find_map(|kind| alternatives(schema, kind)?.first()) {
            return self.compose(first, within);
        }
        self.of_type(schema, within)
    }

    fn of_type(&self, schema: &Value, within: &[&str]) -> Option<Value> {
        let types = match schema.get("type") {
            Some(Value::Array(types)) => types.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(only)) => vec![only.as_str()],
            _ => Vec::new(),
        };
        match types.as_slice() {
            many if many.contains(&"null") => Some(Value::Null),
            ["object"] => Some(self.members(schema, within).into()),
            ["array"] => {
                let element = schema.get("items").and_then(|items| self.compose(items, within));
                Some(element.into_iter().collect())
            }
            ["boolean"] => Some(json!(false)),
            ["integer" | "number"] => Some(schema.get("minimum").cloned().unwrap_or_else(|| json!(0))),
            _ => None,
        }
    }

    fn members(&self, schema: &Value, within: &[&str]) -> Map<String, Value> {
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        properties.filter_map(|(name, property)| Some((name.clone(), self.compose(property, within)?))).collect()
    }

    fn merge(&self, schema: &Value, parts: &[Value], within: &[&str]) -> Value {
        let mut merged = self.members(schema, within);
        for part in parts {
            if let Some(Value::Object(members)) = self.compose(part, within) {
                merged.extend(members);
            }
        }
        merged.into()
    }
}

/// The value that a schema gives itself.
fn given(schema: &Value) -> Option<&Value> {
    let first = |name: &str| alternatives(schema, name)?.first();
    let own = |name: &str| schema.get(name);
    own("example")
        .or_else(|| first("examples"))
        .or_else(|| own("const"))
        .or_else(|| own("default"))
        .or_else(|| first("enum"))
}

fn alternatives<'s>(schema: &'s Value, kind: &str) -> Option<&'s Vec<Value>> {
    schema.get(kind).and_then(Value::as_array)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(schema: &Value) -> Option<Value> {
        let shared = [
            ("Name", json!({ "type": "string", "example": "Ada" })),
            ("Colour", json!({ "type": "string", "enum": ["red", "blue"] })),
            ("Person", json!({ "type": "object", "properties": { "name": { "$ref": "#/components/schemas/Name" } } })),
            (
                "Tree",
                json!({
                    "type": "object",
                    "properties": {
                        "parent": { "$ref": "#/components/schemas/Tree" },
                        "branches": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } },
                    },
                }),
            ),
        ];
        Schemas(shared.map(|(name, schema)| (name.to_owned(), schema)).into()).example(schema)
    }

    fn reference(name: &str) -> Value {
        json!({ "$ref": format!("{SCHEMAS}{name}") })
    }

    #[test]
    fn own_example_wins_over_everything_below() {
        let schema = json!({ "type": "object", "properties": { "a": reference("Name") }, "example": { "a": "b" } });
        assert_eq!(example(&schema), Some(json!({ "a": "b" })));
        assert_eq!(example(&json!({ "type": "string", "enum": ["a", "b"], "example": "b" })), Some(json!("b")));
    }

    #[test]
    fn simple_types_have_simple_examples() {
        for (schema, expected) in [
            (json!({ "type": "boolean" }), json!(false)),
            (json!({ "type": "integer", "minimum": 3 }), json!(3)),
            (json!({ "type": "number" }), json!(0)),
            (json!({ "type": ["string", "null"] }), json!(null)),
            (json!({ "type": ["string", "null"], "example": "x" }), json!("x")),
            (json!({ "type": "object" }), json!({})),
            (reference("Colour"), json!("red")),
        ] {
            assert_eq!(example(&schema), Some(expected), "{schema}");
        }
        assert_eq!(example(&json!({ "type": "string" })), None);
        assert_eq!(example(&json!({})), None);
        assert_eq!(example(&reference("Nowhere")), None);
    }

    #[test]
    fn composed_schemas_have_composed_examples() {
        let colour =
            json!({ "type": "object", "properties": { "colour": reference("Colour"), "note": { "type": "string" } } });
        for (schema, expected) in [
            (json!({ "allOf": [reference("Person"), colour] }), json!({ "name": "Ada", "colour": "red" })),
            (json!({ "oneOf": [reference("Person"), { "type": "null" }] }), json!({ "name": "Ada" })),
            (json!({ "anyOf": [{ "type": "boolean" }, reference("Person")] }), json!(false)),
            (json!({ "type": "array", "items": reference("Person") }), json!([{ "name": "Ada" }])),
            (json!({ "type": "array", "items": { "type": "string" } }), json!([])),
        ] {
            assert_eq!(example(&schema), Some(expected), "{schema}");
        }
    }

    #[test]
    fn schema_that_contains_itself_ends() {
        assert_eq!(example(&reference("Tree")), Some(json!({ "branches": [] })));
    }
}
