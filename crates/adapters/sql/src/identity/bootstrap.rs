//! The first administrator of an installation, and the token with which one is made in production.

use ashlar_identity::{Bootstrap, BootstrapEvent, BootstrapToken};
use ashlar_kernel::{Change, StoreError, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait as _, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, QueryTrait,
    sea_query::{Expr, OnConflict, Query},
};

use super::entity::{bootstrap, bootstrap_token};
use crate::{SqlStore, errors::store_error, transaction::SqlTx};

#[derive(FromQueryResult)]
struct BootstrapRow {
    claimed_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
}

impl SqlStore {
    pub(super) async fn bootstrap_state(&self) -> Result<Bootstrap, StoreError> {
        let claimed = bootstrap::Entity::find().select_only().column(bootstrap::Column::ClaimedAt).into_query();
        let token = bootstrap_token::Entity::find().select_only().column(bootstrap_token::Column::ExpiresAt);
        let both = Query::select()
            .expr_as(Expr::from(claimed), "claimed_at")
            .expr_as(Expr::from(token.into_query()), "expires_at")
            .to_owned();
        let backend = self.reader().get_database_backend();
        let found = BootstrapRow::find_by_statement(backend.build(&both)).one(self.reader()).await;
        let row = found.map_err(store_error)?.ok_or(StoreError::Corrupt { what: "bootstrap" })?;
        Ok(Bootstrap { is_claimed: row.claimed_at.is_some(), token_until: row.expires_at })
    }
}

impl SqlTx {
    pub(super) async fn add_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<bool, StoreError> {
        let (token, events) = self.open(change)?;
        let unless_there = OnConflict::column(bootstrap_token::Column::Id).do_nothing().to_owned();
        let rows = bootstrap_token::Entity::insert(row_of(&token)).on_conflict(unless_there);
        let rows = rows.exec_without_returning(&self.tx).await;
        if rows.map_err(|error| self.write_error(error))? == 0 {
            self.leave();
            return Ok(false);
        }
        self.explain(events).await?;
        Ok(true)
    }

    pub(super) async fn put_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<(), StoreError> {
        use bootstrap_token::Column::{Digest, ExpiresAt, Id, IssuedAt};
        let (token, events) = self.open(change)?;
        let instead = OnConflict::column(Id).update_columns([Digest, IssuedAt, ExpiresAt]).to_owned();
        let rows = bootstrap_token::Entity::insert(row_of(&token)).on_conflict(instead);
        rows.exec_without_returning(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    pub(super) async fn use_bootstrap_token(&mut self, digest: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
        self.enter()?;
        let done = bootstrap_token::Entity::delete_many()
            .filter(bootstrap_token::Column::Digest.eq(digest.to_vec()))
            .filter(bootstrap_token::Column::ExpiresAt.gt(now))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.leave();
        Ok(done.rows_affected == 1)
    }
}

fn row_of(token: &BootstrapToken) -> bootstrap_token::ActiveModel {
    bootstrap_token::ActiveModel {
        id: Set(1),
        digest: Set(token.digest().to_vec()),
        issued_at: Set(token.issued_at()),
        expires_at: Set(token.expires_at()),
    }
}
