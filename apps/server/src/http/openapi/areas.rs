//! What operations belong together: one tag for each, by its path, so that generated clients have a class for each area and
//! Swagger UI a heading.

use utoipa::openapi::{OpenApi, path::Operation, tag::TagBuilder};

/// The domains whose operations are many enough to be split.
const DOMAINS: [&str; 3] = ["identity", "leads", "admin"];

/// Areas in the order in which they are shown, with what they are.
const AREAS: [(&str, &str); 15] = [
    ("Sign in", "Sign in, in one step or two, stay signed in, prove again who you are, sign out."),
    ("Account", "Open an account, read and change it, its password and its address, take its data along, delete it."),
    ("Sessions", "Where you are signed in, and who has tried to."),
    ("Devices", "On which devices you sign in."),
    ("Second factor", "Authenticator and codes on paper."),
    ("API keys", "Keys for programs."),
    ("Tenants", "Tenants, and what you are in them."),
    ("Administration", "People of a tenant, for its administrators."),
    ("Operations", "Jobs, schedules, the log, what needs attention, and the numbers."),
    ("Signing keys", "The keys that sign access tokens: public for everybody, their exchange for operators."),
    ("Leads", "People who may become customers, and the pipeline they go through."),
    ("Imports and exports", "Leads that come and go in files."),
    ("Contact messages", "What people write on a web page, and what becomes of it."),
    ("Clients and contracts", "Customers, what was agreed with them, and the papers."),
    ("Newsletter", "Mailing lists, and who is on them by their own wish."),
];

/// The area of paths that begin so; the first one that fits.
const PATHS: [(&str, &str); 30] = [
    ("/api/v1/auth/login", "Sign in"),
    ("/api/v1/auth/refresh", "Sign in"),
    ("/api/v1/auth/logout", "Sign in"),
    ("/api/v1/auth/reauthenticate", "Sign in"),
    ("/api/v1/auth/switch-tenant", "Sign in"),
    ("/api/v1/auth/", "Account"),
    ("/api/v1/me/sessions", "Sessions"),
    ("/api/v1/me/login-attempts", "Sessions"),
    ("/api/v1/me/devices", "Devices"),
    ("/api/v1/me/2fa", "Second factor"),
    ("/api/v1/me/memberships", "Tenants"),
    ("/api/v1/me", "Account"),
    ("/api/v1/api-keys", "API keys"),
    ("/api/v1/admin/tenants", "Tenants"),
    ("/api/v1/admin/keys", "Signing keys"),
    ("/api/v1/admin/jobs", "Operations"),
    ("/api/v1/admin/schedules", "Operations"),
    ("/api/v1/admin/logs", "Operations"),
    ("/api/v1/admin/notifications", "Operations"),
    ("/api/v1/admin/dashboard", "Operations"),
    ("/api/v1/admin/", "Administration"),
    ("/.well-known/jwks.json", "Signing keys"),
    ("/api/v1/leads/import", "Imports and exports"),
    ("/api/v1/leads/export", "Imports and exports"),
    ("/api/v1/leads/{id}/convert", "Clients and contracts"),
    ("/api/v1/leads", "Leads"),
    ("/api/v1/contacts", "Contact messages"),
    ("/api/v1/clients", "Clients and contracts"),
    ("/api/v1/contracts", "Clients and contracts"),
    ("/api/v1/newsletter", "Newsletter"),
];

/// Says what the areas are, in the place of the domains.
pub(super) fn define(description: &mut OpenApi) {
    let tags = description.tags.get_or_insert_default();
    let mut areas: Vec<_> =
        AREAS.iter().map(|(name, what)| TagBuilder::new().name(*name).description(Some(*what)).build()).collect();
    areas.extend(tags.drain(..).filter(|tag| !DOMAINS.contains(&tag.name.as_str())));
    *tags = areas;
}

/// Puts an operation of the domains into its area.
pub(super) fn complete(path: &str, operation: &mut Operation) {
    let area = PATHS.iter().find(|(beginning, _)| path.starts_with(beginning));
    for tag in operation.tags.iter_mut().flatten().filter(|tag| DOMAINS.contains(&tag.as_str())) {
        if let Some((_, area)) = area {
            (*area).clone_into(tag);
        }
    }
}
