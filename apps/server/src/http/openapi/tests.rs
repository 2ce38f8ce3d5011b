//! What holds for the whole description, whichever domain an operation belongs to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::*;
use crate::http::catalogue::problems;

fn document() -> Value {
    serde_json::from_str(&openapi_json().unwrap()).unwrap()
}

/// Every operation as `(path, description)`.
fn all_operations(document: &Value) -> Vec<(&str, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    let found: Vec<_> = items
        .flat_map(|(path, item)| item.as_object().unwrap().values().map(move |one| (path.as_str(), one)))
        .collect();
    assert!(found.len() >= 13, "{}", found.len());
    found
}

/// Calls `visit` with the place and the members of every object that is not part of an example.
fn walk<'v>(place: &str, value: &'v Value, visit: &mut impl FnMut(&str, &'v Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(place, members);
            let is_of_example = |name: &str| name == "example" || name == "value" && place.contains("/examples/");
            let inner = members.iter().filter(|(name, _)| !is_of_example(name));
            inner.for_each(|(name, value)| walk(&format!("{place}/{}", name.replace('/', "~1")), value, visit));
        }
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(at, value)| walk(&format!("{place}/{at}"), value, visit));
        }
        _ => {}
    }
}

/// What a reference points to; anything else is itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.strip_prefix('#').unwrap()).expect(reference),
        None => value,
    }
}

fn is_object(schema: &Value) -> bool {
    let kind = &schema["type"];
    kind == "object" || kind.as_array().is_some_and(|kinds| kinds.contains(&json!("object")))
}

/// Where a value refers to, as JSON Pointers.
fn references(value: &Value) -> Vec<&str> {
    let mut found = Vec::new();
    walk("", value, &mut |_, members| {
        let reference = members.get("$ref").and_then(Value::as_str);
        found.extend(reference.map(|reference| reference.strip_prefix('#').unwrap()));
    });
    found
}

#[test]
fn areas_are_neither_empty_nor_everything() {
    let document = document();
    let operations = all_operations(&document);
    let count = |tag: &Value| operations.iter().filter(|(_, operation)| operation["tags"][0] == tag["name"]).count();
    for tag in document["tags"].as_array().unwrap() {
        assert!((1..=operations.len() / 3).contains(&count(tag)), "{tag}");
    }
}

/// Whoever generates a client gets one type for one list of words, and not one for each place.
#[test]
fn words_to_choose_from_have_a_name() {
    let document = document();
    for (path, operation) in all_operations(&document) {
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        assert!(parameters.clone().all(|parameter| parameter["schema"].get("enum").is_none()), "{path}");
    }
}

#[test]
fn text_is_the_same_every_time() {
    let first = openapi_json().unwrap();

    for _ in 0..8 {
        assert!(openapi_json().unwrap() == first);
    }
}

#[test]
fn every_operation_says_what_it_is() {
    let document = document();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut ids = BTreeSet::new();

    for (path, operation) in all_operations(&document) {
        let id = operation["operationId"].as_str().expect(path);
        assert!(ids.insert(id), "{id} is used twice");
        assert!(
            id.starts_with(|c: char| c.is_ascii_lowercase()) && id.chars().all(|c| c.is_ascii_alphanumeric()),
            "{id}"
        );
        let [tag] = operation["tags"].as_array().unwrap().as_slice() else { panic!("{id} has not one tag") };
        assert!(tags.contains(&tag), "{id}: {tag}");
        for member in ["summary", "description"] {
            assert!(operation[member].as_str().is_some_and(|text| text.len() > 5), "{id} has no {member}");
        }
        let security = operation["security"].as_array().expect(id);
        assert!(!security.contains(&json!({})) || security.len() > 1, "{id}: nobody has to sign in is an empty list");
        let permission = operation.get("x-permission").expect(id);
        assert!(
            permission.is_null() || permission.as_str().is_some_and(|name| name.contains(['.', ':'])),
            "{id}: {permission}"
        );
    }
}

#[test]
fn every_problem_of_an_operation_is_in_the_catalogue_and_among_its_responses() {
    let document = document();
    let statuses: BTreeMap<_, _> = problems().into_iter().map(|entry| (entry.code, entry.status.to_string())).collect();

    for (path, operation) in all_operations(&document) {
        let codes = operation["x-problems"].as_array().expect(path);
        assert!(!codes.is_empty(), "{path}");
        for code in codes {
            let status = statuses.get(code.as_str().unwrap()).unwrap_or_else(|| panic!("{path}: no code {code}"));
            assert!(operation["responses"].get(status).is_some(), "{path}: {code} is a {status}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let is_shared = response.get("$ref").is_some();
            assert!(is_shared || !status.starts_with('4'), "{path}: the {status} is not a shared one");
        }
    }
}

#[test]
fn operations_of_a_tenant_take_its_name_and_may_not_find_it() {
    let document = document();

    for (path, operation) in all_operations(&document) {
        let parameters = operation.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let names: Vec<_> = parameters.map(|parameter| &resolved(&document, parameter)["name"]).collect();
        let has_code = |code| operation["x-problems"].as_array().unwrap().contains(&json!(code));
        let in_tenant = path.starts_with("/api/v1/");
        assert_eq!(names.contains(&&json!("X-Tenant")), in_tenant, "{path}");
        assert!(!in_tenant || (has_code("not_found") && has_code("store_unavailable")), "{path}");
        // Whatever takes a token can be given one of another tenant.
        let security = operation["security"].as_array().unwrap();
        let is_token = |way: &Value| way.get("bearer").is_some() || way.get("api_key").is_some();
        let takes_token =
            security.iter().any(is_token) || ["/api/v1/auth/refresh", "/api/v1/auth/logout"].contains(&path);
        assert_eq!(has_code("tenant_mismatch"), takes_token, "{path}");
    }
}

#[test]
fn ways_to_authorize_are_described_and_used() {
    let document = document();
    let described: BTreeSet<_> =
        document["components"]["securitySchemes"].as_object().unwrap().keys().map(String::as_str).collect();
    let operations = all_operations(&document);
    let requirements = operations.iter().flat_map(|(_, operation)| operation["security"].as_array().unwrap());
    let used: BTreeSet<_> = requirements.flat_map(|one| one.as_object().unwrap().keys().map(String::as_str)).collect();

    assert_eq!(described, BTreeSet::from(["bearer", "api_key", "refresh_cookie"]));
    assert_eq!(used, described);
    for (path, operation) in operations {
        let takes_key = operation["security"].to_string().contains("api_key");
        let says = |code| operation["x-problems"].as_array().unwrap().contains(&json!(code));
        assert!(!(takes_key && says("person_required")), "{path}");
        assert!(takes_key || !says("insufficient_scope"), "{path}");
    }
}

/// Swagger UI sends the examples of parameters, and null is no text that a header or query could hold.
#[test]
fn optional_headers_have_no_example_and_no_parameter_is_null() {
    let document = document();
    let mut seen = 0;

    walk("", &document, &mut |place, members| {
        let Some(location) = members.get("in").and_then(Value::as_str) else { return };
        if members.get("type") == Some(&json!("apiKey")) {
            return;
        }
        seen += 1;
        let is_required = members["required"] == true;
        assert!(is_required || location != "header" || !members.contains_key("example"), "{place}");
        assert!(resolved(&document, &members["schema"])["type"].is_string(), "{place}");
    });
    assert!(seen >= 6, "{seen}");
}

#[test]
fn bodies_of_requests_are_closed_objects() {
    let document = document();
    let bodies = all_operations(&document).into_iter().filter_map(|(_, operation)| operation.get("requestBody"));
    // JSON, or the parts of a form where files are sent.
    let contents = bodies.flat_map(|body| body["content"].as_object().unwrap().values());
    let schemas: Vec<_> = contents.map(|content| &content["schema"]).collect();
    assert!(schemas.iter().all(|schema| schema["$ref"].is_string()), "{schemas:?}");
    let mut pending: Vec<_> = schemas.into_iter().flat_map(references).collect();
    let mut closed = BTreeSet::new();

    while let Some(reference) = pending.pop() {
        // The one form to which others add members of their own.
        if reference == "/components/schemas/PublicLeadForm" {
            continue;
        }
        if closed.insert(reference) {
            let schema = document.pointer(reference).unwrap();
            pending.extend(references(schema));
            walk(reference, schema, &mut |place, members| {
                let is_open =
                    members.contains_key("properties") && members.get("additionalProperties") != Some(&json!(false));
                assert!(!is_open, "{place}: {members:?}");
            });
        }
    }
    assert!(closed.len() >= 6, "{closed:?}");
}

#[test]
fn every_body_of_json_has_an_example() {
    let document = document();

    for (path, operation) in all_operations(&document) {
        let responses = operation["responses"].as_object().unwrap().values();
        for message in responses.chain(operation.get("requestBody")) {
            let content = resolved(&document, message).get("content").and_then(Value::as_object);
            for (media_type, content) in content.into_iter().flatten() {
                let has_one = content.get("example").is_some() || content.get("examples").is_some();
                assert!(has_one, "{path}: {media_type} of {message}");
            }
        }
    }
}

#[test]
fn every_example_is_valid() {
    let document = document();
    let mut checked = 0;
    let mut check = |place: &str, schema: &Value, example: &Value| {
        let root = json!({ "allOf": [schema], "components": document["components"] });
        let validator = jsonschema::draft202012::options().should_validate_formats(true).build(&root).unwrap();
        let errors: Vec<_> = validator.iter_errors(example).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{place}: {example}: {errors:?}");
        checked += 1;
    };

    walk("", &document, &mut |place, members| {
        let own = Value::Object(members.clone());
        // Media types, parameters and headers have a schema beside their examples; a schema is its own.
        let schema = members.get("schema").unwrap_or(&own);
        if let Some(example) = members.get("example") {
            check(place, schema, example);
        }
        for example in members.get("examples").and_then(Value::as_object).into_iter().flat_map(Map::values) {
            check(place, schema, &example["value"]);
        }
    });
    assert!(checked > 80, "{checked}");
}

#[test]
fn objects_have_names() {
    let document = document();

    walk("", &document, &mut |place, members| {
        let items = members.get("items").into_iter().chain(members.get("schema"));
        let properties = members.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::values);
        for schema in items.chain(properties) {
            assert!(!is_object(schema), "{place}: {schema}");
        }
    });
}

#[test]
fn every_answer_carries_its_request_id() {
    let document = document();

    for (path, operation) in all_operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let header = &resolved(&document, response)["headers"]["X-Request-Id"];
            assert_eq!(resolved(&document, header)["schema"]["type"], "string", "{path} {status}");
        }
    }
}

#[test]
fn shared_parts_are_used_and_exist() {
    let document = document();

    let used: BTreeSet<_> = references(&document).into_iter().collect();

    for pointer in &used {
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
    for kind in ["schemas", "responses", "parameters", "headers"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(used.contains(&*format!("/components/{kind}/{name}")), "{kind}/{name} is not used");
        }
    }
}
