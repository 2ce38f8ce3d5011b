//! The endpoints.

use std::net::Ipv4Addr;
use std::sync::Arc;

use actix_web::error::{ErrorInternalServerError, ErrorUnauthorized};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::{NoTls, Row};
use uuid::Uuid;

use crate::password::Passwords;
use crate::sign_in::{self, SigningKey};

/// As many connections as Ashlar's pool has.
const CONNECTIONS: usize = 10;

const ACCOUNT: &str = r#"
SELECT u.id, u.email, u.username, u.display_name, u.avatar_url, u.locale, u.status, u.created_at, u.updated_at,
       u.version, m.role, (SELECT f.confirmed_at FROM second_factor f WHERE f.user_id = u.id),
       (SELECT t.suspended_at FROM tenant t WHERE t.id = m.tenant_id)
FROM "user" u JOIN membership m ON m.user_id = u.id AND m.tenant_id = $2 WHERE u.id = $1"#;
const LOCK: &str = r#"SELECT * FROM "user" WHERE id = $1 FOR UPDATE"#;
const RENAME: &str = r#"UPDATE "user" SET display_name = $2, updated_at = now(), version = version + 1 WHERE id = $1"#;
const EVENT: &str = "
INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, actor_id, actor_session, targets,
                   outcome, diff, data, source, request_id)
VALUES (gen_random_uuid(), $1, now(), 'identity.user.profile_updated', 1, 'user', $2, $3, $4, 'ok', $5, '{}', $6, $7)";
const FIRST_PAGE: &str = "
SELECT id, device_name, device_platform, ip, user_agent, amr, created_at, last_seen_at, idle_expires_at
FROM session
WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND idle_expires_at > now() AND absolute_expires_at > now()
ORDER BY created_at DESC, id DESC LIMIT $3";
const NEXT_PAGE: &str = "
SELECT id, device_name, device_platform, ip, user_agent, amr, created_at, last_seen_at, idle_expires_at
FROM session
WHERE tenant_id = $1 AND user_id = $2 AND revoked_at IS NULL AND idle_expires_at > now() AND absolute_expires_at > now()
  AND (created_at, id) < ($4, $5)
ORDER BY created_at DESC, id DESC LIMIT $3";

pub(crate) struct Floor {
    pool: Pool,
    jwks: String,
    key: DecodingKey,
    rules: Validation,
    pub(crate) signing: SigningKey,
    pub(crate) passwords: Passwords,
}

/// What the floor believes of an access token.
#[derive(Deserialize)]
struct Claims {
    sub: Uuid,
    sid: Uuid,
    tid: Uuid,
}

#[derive(Deserialize)]
struct PageQuery {
    limit: i64,
    /// When the row that ended the page before was made, and its id.
    at: Option<DateTime<Utc>>,
    id: Option<Uuid>,
}

#[derive(Deserialize)]
struct Patch {
    display_name: String,
}

/// Serves until it is stopped.
pub(crate) async fn run(port: u16, database: &str, jwks: &str, key_file: &str) -> Result<()> {
    let keys: JwkSet = serde_json::from_str(jwks)?;
    let key = keys.keys.first().ok_or_else(|| anyhow::anyhow!("the key set is empty"))?;
    let mut rules = Validation::new(Algorithm::RS256);
    rules.validate_aud = false;
    let config = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(database.parse()?, NoTls, config);
    let pool = Pool::builder(manager).max_size(CONNECTIONS).build()?;
    let floor = Floor {
        pool,
        jwks: jwks.to_owned(),
        key: DecodingKey::from_jwk(key)?,
        rules,
        signing: SigningKey::read(key_file)?,
        passwords: Passwords::new(),
    };
    let floor = web::Data::from(Arc::new(floor));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(floor.clone())
            .route("/health/live", web::get().to(health))
            .route("/.well-known/jwks.json", web::get().to(keys_of))
            .route("/api/v1/me", web::get().to(me))
            .route("/api/v1/me", web::patch().to(rename))
            .route("/api/v1/me/sessions", web::get().to(sessions))
            .route("/api/v1/auth/login", web::post().to(sign_in::log_in))
            .route("/api/v1/auth/refresh", web::post().to(sign_in::refresh))
    });
    server.bind((Ipv4Addr::LOCALHOST, port))?.run().await?;
    Ok(())
}

async fn health() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

async fn keys_of(floor: web::Data<Floor>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(floor.jwks.clone())
}

async fn me(request: HttpRequest, floor: web::Data<Floor>) -> actix_web::Result<HttpResponse> {
    let caller = floor.caller(&request)?;
    let client = floor.client().await?;
    account(&client, &caller).await
}

async fn rename(
    request: HttpRequest,
    floor: web::Data<Floor>,
    patch: web::Json<Patch>,
) -> actix_web::Result<HttpResponse> {
    let caller = floor.caller(&request)?;
    let mut client = floor.client().await?;
    change(&mut client, &caller, &patch.display_name).await.map_err(ErrorInternalServerError)?;
    account(&client, &caller).await
}

/// One transaction: the row is locked, changed, and explained by an event.
async fn change(client: &mut Object, caller: &Claims, name: &str) -> Result<(), tokio_postgres::Error> {
    let [lock, rename, event] =
        [client.prepare_cached(LOCK).await?, client.prepare_cached(RENAME).await?, client.prepare_cached(EVENT).await?];
    let tx = client.transaction().await?;
    let before = tx.query_one(&lock, &[&caller.sub]).await?;
    tx.execute(&rename, &[&caller.sub, &name]).await?;
    let user = caller.sub.to_string();
    let targets = json!([{ "type": "user", "id": user }]);
    let diff = json!({ "display_name": { "from": before.get::<_, Option<String>>("display_name"), "to": name } });
    let source = json!({ "ip": "127.0.0.1", "user_agent": null });
    tx.execute(&event, &[&caller.tid, &user, &caller.sid, &targets, &diff, &source, &"bench"]).await?;
    tx.commit().await
}

async fn account(client: &Object, caller: &Claims) -> actix_web::Result<HttpResponse> {
    let statement = client.prepare_cached(ACCOUNT).await.map_err(ErrorInternalServerError)?;
    let row = client.query_one(&statement, &[&caller.sub, &caller.tid]).await.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({
        "id": row.get::<_, Uuid>(0),
        "email": row.get::<_, &str>(1),
        "username": row.get::<_, Option<&str>>(2),
        "display_name": row.get::<_, Option<&str>>(3),
        "avatar_url": row.get::<_, Option<&str>>(4),
        "locale": row.get::<_, Option<&str>>(5),
        "status": row.get::<_, &str>(6),
        "created_at": moment(&row, 7),
        "updated_at": moment(&row, 8),
        "version": row.get::<_, i32>(9),
        "roles": [row.get::<_, &str>(10)],
    })))
}

async fn sessions(
    request: HttpRequest,
    floor: web::Data<Floor>,
    query: web::Query<PageQuery>,
) -> actix_web::Result<HttpResponse> {
    let caller = floor.caller(&request)?;
    let client = floor.client().await?;
    let rows = page(&client, &caller, &query).await.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "data": rows.iter().map(line).collect::<Vec<_>>() })))
}

async fn page(client: &Object, caller: &Claims, query: &PageQuery) -> Result<Vec<Row>, tokio_postgres::Error> {
    let after = query.at.zip(query.id);
    // One more than asked for, as Ashlar reads, to know whether there is a next page.
    let limit = query.limit + 1;
    match after {
        None => client.query(&client.prepare_cached(FIRST_PAGE).await?, &[&caller.tid, &caller.sub, &limit]).await,
        Some((at, id)) => {
            let statement = client.prepare_cached(NEXT_PAGE).await?;
            client.query(&statement, &[&caller.tid, &caller.sub, &limit, &at, &id]).await
        }
    }
}

fn line(row: &Row) -> Value {
    json!({
        "id": row.get::<_, Uuid>(0),
        "device_name": row.get::<_, Option<&str>>(1),
        "device_platform": row.get::<_, Option<&str>>(2),
        "ip": row.get::<_, Option<&str>>(3),
        "user_agent": row.get::<_, Option<&str>>(4),
        "amr": row.get::<_, &str>(5),
        "created_at": moment(row, 6),
        "last_seen_at": moment(row, 7),
        "expires_at": moment(row, 8),
    })
}

fn moment(row: &Row, column: usize) -> String {
    row.get::<_, DateTime<Utc>>(column).to_rfc3339_opts(SecondsFormat::Millis, true)
}

impl Floor {
    fn caller(&self, request: &HttpRequest) -> actix_web::Result<Claims> {
        let header = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let token = jsonwebtoken::decode::<Claims>(token, &self.key, &self.rules).map_err(ErrorUnauthorized)?;
        Ok(token.claims)
    }

    pub(crate) async fn client(&self) -> actix_web::Result<Object> {
        self.pool.get().await.map_err(ErrorInternalServerError)
    }
}
