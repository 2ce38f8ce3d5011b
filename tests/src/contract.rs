//! The description of the API, held against what the product really answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use ashlar_server::http::{catalogue, openapi};
use jsonschema::{Draft, Validator};
use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::Answer;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];
/// On every answer, whatever it is.
const EVERYWHERE: [&str; 8] = [
    "x-request-id",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "content-security-policy",
    "cache-control",
];

/// The description of the API with a validator for each body.
pub struct Contract {
    operations: BTreeMap<String, Operation>,
    problem: Body,
    catalogue: BTreeMap<&'static str, (u16, &'static str)>,
}

/// One operation as it is described.
pub struct Operation {
    /// The method, in capitals.
    pub method: Method,
    /// The path with its parameters in braces.
    pub path: String,
    /// Whether a token or key is needed.
    pub is_secured: bool,
    /// By what one may prove who one is: `bearer`, `api_key`.
    pub schemes: BTreeSet<String>,
    /// The codes of the problems it may answer with.
    pub codes: BTreeSet<String>,
    responses: BTreeMap<u16, Response>,
}

/// One status an operation may answer with.
#[derive(Default)]
struct Response {
    bodies: BTreeMap<String, Body>,
    headers: BTreeSet<String>,
}

/// One body as it is described. Its validator is made when the first such body comes: a test sees few of the hundreds.
struct Body {
    schema: Value,
    components: Arc<Value>,
    validator: OnceLock<Validator>,
}

impl Body {
    /// A validator of JSON Schema 2020-12, the dialect of OpenAPI 3.1.
    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| {
            let mut document = self.schema.clone();
            document["components"] = json!({ "schemas": self.components["schemas"] });
            let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
            options.build(&document).unwrap_or_else(|error| panic!("{error} in {}", self.schema))
        })
    }
}

impl Contract {
    /// The description of this version, as the product makes it.
    pub fn of_this_version() -> Self {
        let description = serde_json::to_value(openapi::describe()).unwrap();
        let reader = Reader { components: Arc::new(closed(&description["components"])) };
        let mut operations = BTreeMap::new();
        for (path, item) in members(&description["paths"]) {
            for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
                let described = &item[*method];
                let id = described["operationId"].as_str().expect("an operationId").to_owned();
                assert!(operations.insert(id, reader.operation(method, path, described)).is_none(), "{method} {path}");
            }
        }
        let problems = catalogue::problems();
        let catalogue = problems.iter().map(|entry| (entry.code, (entry.status, entry.title))).collect();
        Self { operations, problem: reader.body(&json!({ "$ref": "#/components/schemas/Problem" })), catalogue }
    }

    /// Every operation, by its id.
    pub const fn operations(&self) -> &BTreeMap<String, Operation> {
        &self.operations
    }

    /// The operation that answers a request; none if nothing is described for it.
    pub fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        let fits = |operation: &&Operation| operation.method == *method && matches(&operation.path, path);
        // A path without parameters is the one that is meant, before those that have some in its place.
        self.operations.values().filter(fits).min_by_key(|operation| operation.path.matches('{').count())
    }

    /// Fails unless the answer is one that the description allows.
    pub fn check(&self, method: &Method, path: &str, answer: &Answer) {
        let fail = |what: &str| panic!("{method} {path}: {what}\n{answer:?}");
        if let Some(missing) = EVERYWHERE.iter().find(|name| answer.header(name).is_none()) {
            fail(&format!("no header {missing}"));
        }
        if *method == Method::HEAD || answer.media_type() == Some("application/problem+json") {
            self.check_problem(method, answer).unwrap_or_else(|what| fail(&what));
        } else if answer.status >= 400 && self.described(method, path, answer).is_none() {
            fail("an error that is no problem document");
        }
        if let Some(operation) = self.operation(method, path) {
            check_described(operation, method, answer).unwrap_or_else(|what| fail(&what));
        }
    }

    fn described(&self, method: &Method, path: &str, answer: &Answer) -> Option<&Body> {
        let response = self.operation(method, path)?.responses.get(&answer.status)?;
        response.bodies.get(answer.media_type()?)
    }

    fn check_problem(&self, method: &Method, answer: &Answer) -> Result<(), String> {
        if *method == Method::HEAD {
            return if answer.body.is_empty() { Ok(()) } else { Err("a body in answer to HEAD".to_owned()) };
        }
        let body = answer.json();
        validate(&self.problem, &body)?;
        let code = body["code"].as_str().unwrap_or_default();
        let (status, title) = self.catalogue.get(code).ok_or(format!("the code {code} is in no catalogue"))?;
        // What is answered again is the document of the first time.
        let is_replayed = answer.header("idempotent-replayed").is_some();
        let id = if is_replayed { body["instance"].as_str().unwrap_or_default() } else { answer.request_id() };
        let expected = json!({
            "type": format!("/problems/{code}"), "title": title, "status": status, "instance": id, "request_id": id,
        });
        for (member, value) in members(&expected) {
            if body[member] != *value {
                return Err(format!("{member} should be {value}"));
            }
        }
        if answer.status != *status {
            return Err(format!("the status of {code} is {status}"));
        }
        Ok(())
    }
}

fn check_described(operation: &Operation, method: &Method, answer: &Answer) -> Result<(), String> {
    let response = operation.responses.get(&answer.status).ok_or("a status that is not described")?;
    if let Some(missing) = response.headers.iter().find(|name| answer.header(name).is_none()) {
        return Err(format!("the described header {missing} is missing"));
    }
    if *method == Method::HEAD {
        return Ok(());
    }
    let Some(media_type) = answer.media_type().filter(|_| !answer.body.is_empty()) else {
        let is_described = response.bodies.is_empty() && answer.body.is_empty();
        return if is_described { Ok(()) } else { Err("a described body is missing".to_owned()) };
    };
    let body = response.bodies.get(media_type).ok_or(format!("a body of {media_type} is not described"))?;
    if ["application/x-ndjson", "text/csv"].contains(&media_type) {
        return Ok(()); // No document, but lines of their own: whoever asks for them reads them.
    }
    let is_json = media_type.ends_with("json");
    let value = if is_json { answer.json() } else { String::from_utf8_lossy(&answer.body).into() };
    validate(body, &value)?;
    if media_type == "application/problem+json" && !operation.codes.contains(&answer.code()) {
        return Err(format!("the code {} is not described for this operation", answer.code()));
    }
    Ok(())
}

fn validate(described: &Body, body: &Value) -> Result<(), String> {
    let faults: Vec<_> =
        described.validator().iter_errors(body).map(|error| format!("{error} at {}", error.instance_path())).collect();
    if faults.is_empty() { Ok(()) } else { Err(format!("the body is not as described: {}", faults.join("; "))) }
}

/// Reads a description.
struct Reader {
    components: Arc<Value>,
}

impl Reader {
    fn operation(&self, method: &str, path: &str, described: &Value) -> Operation {
        let is_open = |requirement: &Value| requirement.as_object().is_some_and(Map::is_empty);
        let security = described["security"].as_array().cloned().unwrap_or_default();
        let responses = members(&described["responses"]);
        Operation {
            method: method.to_uppercase().parse().unwrap(),
            path: path.to_owned(),
            schemes: security.iter().flat_map(members).map(|(scheme, _)| scheme.clone()).collect(),
            is_secured: !security.is_empty() && !security.iter().any(is_open),
            codes: serde_json::from_value(described["x-problems"].clone()).expect("x-problems"),
            responses: responses
                .map(|(status, response)| (status.parse().expect("a status"), self.response(response)))
                .collect(),
        }
    }

    fn response(&self, described: &Value) -> Response {
        let described = self.resolve(described);
        let bodies = members(&described["content"])
            .map(|(media_type, content)| (media_type.clone(), self.body(&content["schema"])))
            .collect();
        // A hint when to try again is not always known, and few clients want a cookie.
        let headers = members(&described["headers"]).map(|(name, _)| name.to_lowercase());
        Response {
            bodies,
            headers: headers
                .filter(|name| !["retry-after", "idempotent-replayed", "set-cookie"].contains(&name.as_str()))
                .collect(),
        }
    }

    /// What a reference to another component means.
    fn resolve<'v>(&'v self, value: &'v Value) -> &'v Value {
        let Some(reference) = value["$ref"].as_str() else {
            return value;
        };
        let pointer = reference.strip_prefix("#/components").expect("a reference to a component");
        self.components.pointer(pointer).unwrap_or_else(|| panic!("{reference} refers to nothing"))
    }

    fn body(&self, schema: &Value) -> Body {
        Body { schema: schema.clone(), components: Arc::clone(&self.components), validator: OnceLock::new() }
    }
}

/// The components with every object closed that is not a part of another: what is not described does not exist.
/// Problems stay open, for some have members of their own.
fn closed(components: &Value) -> Value {
    let mut components = components.clone();
    let text = components.to_string();
    let schemas = components["schemas"].as_object_mut().expect("schemas");
    for (name, schema) in schemas.iter_mut().filter(|(name, _)| *name != "Problem") {
        let is_part = text.contains(&format!(r##""allOf":[{{"$ref":"#/components/schemas/{name}""##));
        let has_members = schema.get("properties").is_some() || schema.get("allOf").is_some();
        if has_members && !is_part {
            schema["unevaluatedProperties"] = false.into();
        }
    }
    components
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Whether `path` (perhaps with a trailing slash or a query) is one of `template`.
fn matches(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or(path);
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let (expected, actual): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let is_parameter = |part: &str| part.starts_with('{');
    expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| is_parameter(e) || *e == a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_described_body_can_be_validated() {
        let contract = Contract::of_this_version();
        let responses = contract.operations.values().flat_map(|operation| operation.responses.values());
        // Problems are all one schema.
        let bodies = responses.flat_map(|response| &response.bodies).filter(|(media, _)| *media == "application/json");
        let validators: Vec<_> = bodies.map(|(_, body)| body.validator()).collect();
        assert!(validators.len() > 30, "{}", validators.len());
    }
}
