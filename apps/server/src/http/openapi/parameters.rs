//! What is sent: parameters that many operations share, and what is true of all of them and of bodies.

use utoipa::openapi::{
    Components, Content, ObjectBuilder, Ref, RefOr, Required, Schema, Type,
    path::{Operation, Parameter, ParameterBuilder, ParameterIn},
    schema::SchemaType,
};

use super::API;

const TENANT: &str = "Tenant";
const IDEMPOTENCY_KEY: &str = "IdempotencyKey";

/// Describes the header that names a tenant.
///
/// It has neither a default nor an example: clients send defaults and Swagger UI sends examples, and a tenant that
/// nobody chose contradicts the token of any other.
pub(super) fn define(components: &mut Components) {
    let label = ObjectBuilder::new()
        .schema_type(Type::String)
        .min_length(Some(1))
        .max_length(Some(63))
        .pattern(Some("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"));
    let tenant = ParameterBuilder::new()
        .name("X-Tenant")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some("The tenant, by its short name. Without it the tenant of the token, or else `main`."))
        .schema(Some(label));
    components.parameters.insert(TENANT.to_owned(), RefOr::T(tenant.build()));
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Your name for this request, such as a random UUID. Sent again with the same body within 24 hours, the \
             request is answered again (`Idempotent-Replayed: true`) and has no second effect.",
        ))
        .schema(Some(key.pattern(Some("^[!-~]+$"))));
    components.parameters.insert(IDEMPOTENCY_KEY.to_owned(), RefOr::T(key.build()));
}

/// Adds the shared parameters of an operation, and takes null out of its own and out of its body: what is absent is
/// not sent.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        body.content.values_mut().for_each(never_null);
    }
    let is_idempotent = super::is_idempotent(operation);
    let parameters = operation.parameters.get_or_insert_default();
    for parameter in parameters.iter_mut() {
        if let RefOr::T(Parameter { schema: Some(RefOr::T(Schema::Object(object))), .. }) = parameter {
            without_null(&mut object.schema_type);
        }
    }
    if path.starts_with(API) {
        parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{TENANT}"))));
    }
    if is_idempotent {
        parameters.push(RefOr::Ref(Ref::new(format!("#/components/parameters/{IDEMPOTENCY_KEY}"))));
    }
    if parameters.is_empty() {
        operation.parameters = None;
    }
}

/// `Option<T>` as a body means that there may be none, which `required` says already.
fn never_null(content: &mut RefOr<Content>) {
    if let RefOr::T(content) = content
        && let Some(RefOr::T(Schema::OneOf(alternatives))) = &content.schema
        && let [body @ RefOr::Ref(_), RefOr::T(Schema::Object(other))] = alternatives.items.as_slice()
        && other.schema_type == SchemaType::Type(Type::Null)
    {
        content.schema = Some(body.clone());
    }
}

fn without_null(types: &mut SchemaType) {
    if let SchemaType::Array(alternatives) = types {
        alternatives.retain(|alternative| *alternative != Type::Null);
        if let [only] = alternatives.as_slice() {
            *types = SchemaType::Type(only.clone());
        }
    }
}
