//! Sign-in and refresh: the same rows as Ashlar's, and tokens of the floor's own.
//!
//! A refresh token is a session and a secret whose hash stands where Ashlar keeps its salt. There is no grace, no family
//! and no second try here.

#![expect(clippy::disallowed_methods, reason = "a bare server has no ports: it asks the system for time and ids")]

use actix_web::error::{ErrorInternalServerError, ErrorUnauthorized};
use actix_web::{HttpResponse, web};
use anyhow::{Context as _, Result, anyhow, ensure};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::Utc;
use deadpool_postgres::Object;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::serve::Floor;

const CREDENTIAL: &str = r#"
SELECT u.id, u.password_hash, u.status, m.role, u.tenant_id
FROM "user" u JOIN membership m ON m.user_id = u.id AND m.tenant_id = u.tenant_id WHERE u.email_key = $1"#;
const SESSION: &str = "
INSERT INTO session (id, tenant_id, user_id, salt, generation, amr, ip, user_agent, authenticated_at, rotated_at,
                     last_seen_at, idle_expires_at, absolute_expires_at, created_at, updated_at, version)
VALUES ($1, $2, $3, $4, 0, 'pwd', '127.0.0.1', NULL, now(), now(), now(), now() + interval '7 days',
        now() + interval '30 days', now(), now(), 1)";
const SEEN: &str = r#"UPDATE "user" SET last_login_at = now() WHERE id = $1"#;
const EVENT: &str = "
INSERT INTO event (id, tenant_id, occurred_at, name, schema_version, actor_type, actor_id, actor_session, targets,
                   outcome, diff, data, source, request_id)
VALUES (gen_random_uuid(), $1, now(), $2, 1, 'user', $3, $4, $5, 'ok', '{}', '{}', $6, 'bench')";
const HOLDER: &str = r#"
SELECT s.salt, s.tenant_id, s.user_id, s.version, u.status, m.role
FROM session s JOIN "user" u ON u.id = s.user_id
               JOIN membership m ON m.user_id = s.user_id AND m.tenant_id = s.tenant_id
WHERE s.id = $1 AND s.revoked_at IS NULL AND s.idle_expires_at > now()"#;
const ROTATE: &str = "
UPDATE session SET salt = $3, generation = generation + 1, rotated_at = now(), last_seen_at = now(),
                   idle_expires_at = now() + interval '7 days', updated_at = now(), version = version + 1
WHERE id = $1 AND version = $2";

/// Whoever is signed in, and through what.
struct Holder {
    user: Uuid,
    tenant: Uuid,
    session: Uuid,
    role: String,
}

/// Ashlar's own key, parsed once as there.
pub(crate) struct SigningKey {
    pair: RsaKeyPair,
    header: String,
}

impl SigningKey {
    pub(crate) fn read(file: &str) -> Result<Self> {
        let key = pem::parse(std::fs::read(file)?)?;
        let pair = RsaKeyPair::from_pkcs8(key.contents()).map_err(|refusal| anyhow!("{file}: {refusal}"))?;
        Ok(Self { pair, header: URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#) })
    }
}

#[derive(Deserialize)]
pub(crate) struct LogIn {
    identifier: String,
    password: String,
}

#[derive(Deserialize)]
pub(crate) struct Refresh {
    refresh_token: String,
}

/// One lookup, one hash, one signature, one transaction.
pub(crate) async fn log_in(floor: web::Data<Floor>, form: web::Json<LogIn>) -> actix_web::Result<HttpResponse> {
    let form = form.into_inner();
    let found = {
        let client = floor.client().await?;
        let statement = client.prepare_cached(CREDENTIAL).await.map_err(ErrorInternalServerError)?;
        client.query_opt(&statement, &[&form.identifier]).await.map_err(ErrorInternalServerError)?
    };
    let row = found.ok_or_else(|| ErrorUnauthorized("nobody"))?;
    let is_right = floor.passwords.verify(form.password, row.get(1)).await.map_err(ErrorInternalServerError)?;
    if !is_right || row.get::<_, &str>(2) != "active" {
        return Err(ErrorUnauthorized("wrong"));
    }
    let holder = Holder { user: row.get(0), tenant: row.get(4), session: Uuid::now_v7(), role: row.get(3) };
    let (token, hash) = new_token(holder.session);
    let access = sign(&floor.signing, &holder).map_err(ErrorInternalServerError)?;
    let mut client = floor.client().await?;
    begin(&mut client, &holder, &hash).await.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access, "refresh_token": token })))
}

/// One lookup, one signature, one transaction.
pub(crate) async fn refresh(floor: web::Data<Floor>, form: web::Json<Refresh>) -> actix_web::Result<HttpResponse> {
    let mut client = floor.client().await?;
    let rotated = rotate(&mut client, &floor.signing, &form.refresh_token).await;
    let (access, token) = rotated.map_err(ErrorUnauthorized)?;
    Ok(HttpResponse::Ok().json(json!({ "access_token": access, "refresh_token": token })))
}

async fn begin(client: &mut Object, holder: &Holder, hash: &[u8]) -> Result<()> {
    let [session, seen, event] = [
        client.prepare_cached(SESSION).await?,
        client.prepare_cached(SEEN).await?,
        client.prepare_cached(EVENT).await?,
    ];
    let Holder { user, tenant, session: id, .. } = holder;
    let (actor, source) = (user.to_string(), json!({ "ip": "127.0.0.1", "user_agent": null }));
    let targets = json!([{ "type": "session", "id": id }]);
    let tx = client.transaction().await?;
    tx.execute(&session, &[id, tenant, user, &hash]).await?;
    tx.execute(&event, &[tenant, &"identity.session.created", &actor, id, &targets, &source]).await?;
    tx.execute(&seen, &[user]).await?;
    tx.execute(&event, &[tenant, &"identity.login.succeeded", &actor, id, &targets, &source]).await?;
    tx.commit().await?;
    Ok(())
}

async fn rotate(client: &mut Object, key: &SigningKey, token: &str) -> Result<(String, String)> {
    let bytes = URL_SAFE_NO_PAD.decode(token)?;
    let (session, secret) = bytes.split_at_checked(16).context("a short token")?;
    let session = Uuid::from_slice(session)?;
    let [holder, rotate, event] = [
        client.prepare_cached(HOLDER).await?,
        client.prepare_cached(ROTATE).await?,
        client.prepare_cached(EVENT).await?,
    ];
    let row = client.query_one(&holder, &[&session]).await?;
    ensure!(row.get::<_, &[u8]>(0) == &Sha256::digest(secret)[..], "another secret");
    ensure!(row.get::<_, &str>(4) == "active", "not active");
    let holder = Holder { user: row.get(2), tenant: row.get(1), session, role: row.get(5) };
    let (token, hash) = new_token(session);
    let access = sign(key, &holder)?;
    let (actor, source) = (holder.user.to_string(), json!({ "ip": "127.0.0.1", "user_agent": null }));
    let targets = json!([{ "type": "session", "id": session }]);
    let tx = client.transaction().await?;
    let rotated = tx.execute(&rotate, &[&session, &row.get::<_, i32>(3), &&hash[..]]).await?;
    ensure!(rotated == 1, "somebody was faster");
    tx.execute(&event, &[&holder.tenant, &"identity.session.refreshed", &actor, &session, &targets, &source]).await?;
    tx.commit().await?;
    Ok((access, token))
}

/// A token of a session, and what the database keeps of it.
fn new_token(session: Uuid) -> (String, [u8; 32]) {
    let secret = [*Uuid::new_v4().as_bytes(), *Uuid::new_v4().as_bytes()].concat();
    let token = URL_SAFE_NO_PAD.encode([&session.as_bytes()[..], &secret].concat());
    (token, Sha256::digest(&secret).into())
}

/// The claims of Ashlar's tokens.
fn sign(key: &SigningKey, holder: &Holder) -> Result<String> {
    let now = Utc::now().timestamp();
    let claims = json!({
        "iss": "http://127.0.0.1", "aud": "ashlar", "sub": holder.user, "sid": holder.session, "tid": holder.tenant,
        "jti": Uuid::now_v7(), "iat": now, "nbf": now, "exp": now + 900, "auth_time": now, "amr": ["pwd"],
        "roles": [holder.role], "ver": 1,
    });
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let message = format!("{}.{body}", key.header);
    let mut signature = vec![0; key.pair.public_modulus_len()];
    let signed = key.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature);
    signed.map_err(|_unspecified| anyhow!("cannot sign"))?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
