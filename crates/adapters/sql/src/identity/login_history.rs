//! Attempts to sign in. A trigger on the event log writes them.

use std::net::IpAddr;

use ashlar_identity::{LoginFailure, LoginLine, LoginQuery, LoginScope, UserId, port::LoginHistory};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement,
    sea_query::{Expr, ExprTrait},
};

use super::entity::login_attempt::{Column, Entity, Model};
use crate::{SqlStore, errors::store_error};

const PURGE: &str = "DELETE FROM login_attempt WHERE id IN (
    SELECT id FROM login_attempt WHERE created_at < $1 ORDER BY created_at LIMIT $2)";

#[async_trait]
impl LoginHistory for SqlStore {
    async fn logins(&self, query: &LoginQuery) -> Result<Vec<LoginLine>, StoreError> {
        let mut lines = Entity::find()
            .filter(passing(query))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .limit(query.rows);
        if let Some(after) = query.after {
            // As a row value, which an index on both columns answers at once.
            let columns = [Column::CreatedAt, Column::Id].map(ColumnTrait::into_expr);
            lines = lines.filter(Expr::tuple(columns).lt(Expr::tuple([Expr::value(after.at), Expr::value(after.id)])));
        }
        let rows = lines.all(self.reader()).await.map_err(store_error)?;
        rows.into_iter().map(restore).collect()
    }

    async fn purge_logins(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let writer = self.writer();
        let values = [before.into(), i64::from(limit).into()];
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), PURGE, values);
        let done = writer.execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}

fn passing(query: &LoginQuery) -> Condition {
    let filter = &query.filter;
    let scope = match query.scope {
        LoginScope::Person(user) => Column::UserId.eq(user.as_uuid()),
        LoginScope::Tenant(tenant) => Column::TenantId.eq(tenant.as_uuid()),
    };
    Condition::all()
        .add(scope)
        .add_option(filter.user.map(|user| Column::UserId.eq(user.as_uuid())))
        .add_option(filter.outcome.map(|outcome| Column::Outcome.eq(outcome.as_str())))
        .add_option(filter.ip.map(|ip| Column::Ip.eq(ip.to_string())))
        .add_option(filter.identifier_hmac.as_ref().map(|pseudonym| Column::IdentifierHmac.eq(pseudonym.as_str())))
        .add_option(filter.from.map(|from| Column::CreatedAt.gte(from)))
        .add_option(filter.before.map(|before| Column::CreatedAt.lt(before)))
}

fn restore(row: Model) -> Result<LoginLine, StoreError> {
    let corrupt = |what| StoreError::Corrupt { what };
    let ip = row.ip.map(|ip| ip.parse::<IpAddr>()).transpose();
    let reason = row.reason.map(|reason| LoginFailure::restore(&reason).ok_or(corrupt("login_attempt.reason")));
    Ok(LoginLine {
        id: row.id,
        tenant: TenantId::from_uuid(row.tenant_id),
        user: row.user_id.map(UserId::from_uuid),
        identifier_hmac: row.identifier_hmac,
        ip: ip.map_err(|_syntax| corrupt("login_attempt.ip"))?,
        user_agent: row.user_agent,
        outcome: row.outcome.parse().map_err(|_unknown| corrupt("login_attempt.outcome"))?,
        reason: reason.transpose()?,
        at: row.created_at,
    })
}
