//! Requests that clients gave a name, and how they were answered.

use ashlar_kernel::{
    ClaimedRequest, Fingerprint, Receipt, RequestClaim, RequestLedger, RequestState, StoreError, StoredAnswer,
    TenantId, Timestamp,
};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DbErr, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::{SqlStore, errors::store_error};

/// Takes a key that is new, free again, or held by a process that died.
const CLAIM: &str = "
    INSERT INTO request_ledger (tenant_id, caller, request_key, fingerprint, token, held_until, kept_until)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (tenant_id, caller, request_key) DO UPDATE SET
        fingerprint = excluded.fingerprint, token = excluded.token, held_until = excluded.held_until,
        kept_until = excluded.kept_until, status = NULL, headers = NULL, body = NULL
    WHERE request_ledger.kept_until <= $8
        OR (request_ledger.status IS NULL AND request_ledger.held_until <= $8)";

const LOOK: &str = "
    SELECT fingerprint, status, headers, body FROM request_ledger
    WHERE tenant_id = $1 AND caller = $2 AND request_key = $3";

const ANSWER: &str = "
    UPDATE request_ledger SET status = $1, headers = $2, body = $3
    WHERE tenant_id = $4 AND caller = $5 AND request_key = $6 AND token = $7 AND status IS NULL";

const RELEASE: &str = "
    DELETE FROM request_ledger
    WHERE tenant_id = $1 AND caller = $2 AND request_key = $3 AND token = $4 AND status IS NULL";

const PURGE: &str = "
    DELETE FROM request_ledger WHERE (tenant_id, caller, request_key) IN (
        SELECT tenant_id, caller, request_key FROM request_ledger
        WHERE kept_until < $1 ORDER BY kept_until LIMIT $2)";

const FORGET: &str = "
    UPDATE request_ledger SET status = $1, headers = $2, body = $3
    WHERE tenant_id = $4 AND status IS NOT NULL AND ([])";

/// Ids that one statement looks for.
const IDS: usize = 100;

/// A key whose entry went away between the claim and the look is claimed again this often.
const TRIES: u32 = 5;

#[derive(FromQueryResult)]
struct Entry {
    fingerprint: Vec<u8>,
    status: Option<i32>,
    headers: Option<serde_json::Value>,
    body: Option<String>,
}

#[async_trait]
impl RequestLedger for SqlStore {
    async fn claim(&self, claim: &RequestClaim) -> Result<RequestState, StoreError> {
        for _try in 0..TRIES {
            let taken = run(self.writer(), CLAIM, claim_values(claim)).await;
            if taken.map_err(|error| self.write_error(error))? == 1 {
                return Ok(RequestState::Claimed);
            }
            let look = statement(self.writer(), LOOK, name_values(&claim.claimed));
            // The writer: a reader may not see yet what made the claim fail.
            let found = Entry::find_by_statement(look).one(self.writer()).await.map_err(store_error)?;
            if let Some(entry) = found {
                return entry.restore();
            }
        }
        Err(StoreError::Contended("a request is claimed and released again and again".into()))
    }

    async fn conclude(&self, receipt: &Receipt) -> Result<bool, StoreError> {
        let saved = answer(self.writer(), receipt).await;
        Ok(saved.map_err(|error| self.write_error(error))? == 1)
    }

    async fn release(&self, claimed: &ClaimedRequest) -> Result<(), StoreError> {
        let mut values = name_values(claimed);
        values.push(claimed.token.into());
        run(self.writer(), RELEASE, values).await.map(drop).map_err(|error| self.write_error(error))
    }

    async fn purge_requests(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let values = vec![before.into(), i64::from(limit).into()];
        run(self.writer(), PURGE, values).await.map_err(|error| self.write_error(error))
    }
}

/// Saves the answer of a claim that still holds; how many rows that were.
pub(crate) async fn answer(db: &impl ConnectionTrait, receipt: &Receipt) -> Result<u64, DbErr> {
    let headers = serde_json::to_value(&receipt.answer.headers).map_err(|error| DbErr::Json(error.to_string()))?;
    let mut values: Vec<Value> =
        vec![i32::from(receipt.answer.status).into(), headers.into(), receipt.answer.body.as_str().into()];
    values.extend(name_values(&receipt.claimed));
    values.push(receipt.claimed.token.into());
    run(db, ANSWER, values).await
}

/// Erases what was answered about these; how many answers those were.
pub(crate) async fn forget(db: &impl ConnectionTrait, tenant: TenantId, about: &[Uuid]) -> Result<u64, DbErr> {
    let StoredAnswer { status, headers, body } = StoredAnswer::erased();
    let headers = serde_json::to_value(headers).map_err(|error| DbErr::Json(error.to_string()))?;
    let mut forgotten = 0;
    for some in about.chunks(IDS) {
        let names = (5..some.len() + 5).map(|number| format!("body LIKE ${number}")).collect::<Vec<_>>();
        let mut values: Vec<Value> =
            vec![i32::from(status).into(), headers.clone().into(), body.as_str().into(), tenant.as_uuid().into()];
        values.extend(some.iter().map(|id| Value::from(format!("%{id}%"))));
        forgotten += run(db, &FORGET.replace("[]", &names.join(" OR ")), values).await?;
    }
    Ok(forgotten)
}

fn name_values(claimed: &ClaimedRequest) -> Vec<Value> {
    let name = &claimed.name;
    vec![name.tenant.as_uuid().into(), name.caller.as_str().into(), name.key.as_str().into()]
}

fn claim_values(claim: &RequestClaim) -> Vec<Value> {
    let mut values = name_values(&claim.claimed);
    values.push(claim.fingerprint.0.to_vec().into());
    values.push(claim.claimed.token.into());
    values.extend([claim.held_until.into(), claim.kept_until.into(), claim.now.into()]);
    values
}

fn statement(db: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

async fn run(db: &impl ConnectionTrait, sql: &str, values: Vec<Value>) -> Result<u64, DbErr> {
    db.execute_raw(statement(db, sql, values)).await.map(|done| done.rows_affected())
}

impl Entry {
    fn restore(self) -> Result<RequestState, StoreError> {
        let corrupt = |what| StoreError::Corrupt { what };
        let fingerprint =
            self.fingerprint.try_into().map_err(|_length| corrupt("request_ledger.fingerprint")).map(Fingerprint)?;
        let (Some(status), Some(headers), Some(body)) = (self.status, self.headers, self.body) else {
            return Ok(RequestState::Running(fingerprint));
        };
        let status = u16::try_from(status).map_err(|_range| corrupt("request_ledger.status"))?;
        let headers = serde_json::from_value(headers).map_err(|_shape| corrupt("request_ledger.headers"))?;
        Ok(RequestState::Answered(fingerprint, StoredAnswer { status, headers, body }))
    }
}
