//! Second factors and sign-ins that wait for one, as rows.

use ashlar_identity::{Challenge, ChallengeId, ChallengeRow, SecondFactor, SecondFactorEvent, SecondFactorRow, UserId};
use ashlar_kernel::{Change, StoreError, Timestamp};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement,
    sea_query::{Expr, ExprTrait, OnConflict},
};

use super::{
    entity::{login_challenge, second_factor},
    mapping::version,
};
use crate::{SqlStore, errors::store_error, transaction::SqlTx};

const PURGE_CHALLENGES: &str = "DELETE FROM login_challenge WHERE id IN (
    SELECT id FROM login_challenge WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";

impl SqlStore {
    pub(super) async fn read_second_factor(&self, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
        // The writer: a code that was used a moment ago must be seen to be used.
        let found = second_factor::Entity::find_by_id(user.as_uuid()).one(self.writer()).await;
        found.map_err(store_error)?.map(restore_factor).transpose()
    }

    pub(super) async fn read_challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, StoreError> {
        let row = login_challenge::Entity::find_by_id(id.as_uuid()).one(self.writer()).await.map_err(store_error)?;
        row.map(restore_challenge).transpose()
    }

    pub(super) async fn take_try(&self, id: ChallengeId, now: Timestamp) -> Result<Option<Challenge>, StoreError> {
        let spent = login_challenge::Entity::update_many()
            .col_expr(login_challenge::Column::TriesLeft, Expr::col(login_challenge::Column::TriesLeft).sub(1))
            .filter(login_challenge::Column::Id.eq(id.as_uuid()))
            .filter(login_challenge::Column::TriesLeft.gt(0))
            .filter(login_challenge::Column::ExpiresAt.gt(now))
            .exec_with_returning(self.writer())
            .await
            .map_err(|error| self.write_error(error))?;
        spent.into_iter().next().map(restore_challenge).transpose()
    }

    pub(super) async fn give_try(&self, id: ChallengeId) -> Result<(), StoreError> {
        login_challenge::Entity::update_many()
            .col_expr(login_challenge::Column::TriesLeft, Expr::col(login_challenge::Column::TriesLeft).add(1))
            .filter(login_challenge::Column::Id.eq(id.as_uuid()))
            .exec(self.writer())
            .await
            .map(drop)
            .map_err(|error| self.write_error(error))
    }

    pub(super) async fn drop_challenges(&self, before: Timestamp, limit: u32) -> Result<u64, StoreError> {
        let values = [before.into(), i64::from(limit).into()];
        let statement = Statement::from_sql_and_values(self.writer().get_database_backend(), PURGE_CHALLENGES, values);
        let done = self.writer().execute_raw(statement).await.map_err(|error| self.write_error(error))?;
        Ok(done.rows_affected())
    }
}

impl SqlTx {
    pub(super) async fn save_second_factor(
        &mut self,
        change: Change<SecondFactor, SecondFactorEvent>,
    ) -> Result<(), StoreError> {
        let (factor, events) = self.open(change)?;
        let (row, before) = (factor_row(&factor), version(factor.version())? - 1);
        let rows = if before == 0 {
            let unless_there = OnConflict::column(second_factor::Column::UserId).do_nothing().to_owned();
            second_factor::Entity::insert(row).on_conflict(unless_there).exec_without_returning(&self.tx).await
        } else {
            let done = second_factor::Entity::update_many()
                .set(row)
                .filter(second_factor::Column::UserId.eq(factor.user().as_uuid()))
                .filter(second_factor::Column::Version.eq(before))
                .exec(&self.tx)
                .await;
            done.map(|done| done.rows_affected)
        };
        if rows.map_err(|error| self.write_error(error))? != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    pub(super) async fn drop_second_factor(
        &mut self,
        change: Change<SecondFactor, SecondFactorEvent>,
    ) -> Result<(), StoreError> {
        let (factor, events) = self.open(change)?;
        let done = second_factor::Entity::delete_many()
            .filter(second_factor::Column::UserId.eq(factor.user().as_uuid()))
            .filter(second_factor::Column::Version.eq(version(factor.version())?))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    pub(super) async fn add_challenge(
        &mut self,
        change: Change<Challenge, SecondFactorEvent>,
    ) -> Result<(), StoreError> {
        let (challenge, events) = self.open(change)?;
        login_challenge::Entity::insert(challenge_row(&challenge))
            .exec_without_returning(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    /// What explains it is the sign-in that follows in the same unit of work.
    pub(super) async fn drop_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        self.enter()?;
        let done = login_challenge::Entity::delete_by_id(id.as_uuid()).exec(&self.tx).await;
        if done.map_err(|error| self.write_error(error))?.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.leave();
        Ok(())
    }
}

fn factor_row(factor: &SecondFactor) -> second_factor::ActiveModel {
    let row = factor.to_row();
    second_factor::ActiveModel {
        user_id: Set(row.user_id),
        secret: Set(row.secret),
        pending_until: Set(row.pending_until),
        tries_left: Set(row.tries_left),
        confirmed_at: Set(row.confirmed_at),
        last_step: Set(row.last_step),
        codes: Set(row.codes),
        codes_at: Set(row.codes_at),
        created_at: Set(row.created_at),
        version: Set(row.version),
    }
}

fn restore_factor(row: second_factor::Model) -> Result<SecondFactor, StoreError> {
    SecondFactor::restore(SecondFactorRow {
        user_id: row.user_id,
        secret: row.secret,
        pending_until: row.pending_until,
        tries_left: row.tries_left,
        confirmed_at: row.confirmed_at,
        last_step: row.last_step,
        codes: row.codes,
        codes_at: row.codes_at,
        created_at: row.created_at,
        version: row.version,
    })
}

fn challenge_row(challenge: &Challenge) -> login_challenge::ActiveModel {
    let row = challenge.to_row();
    login_challenge::ActiveModel {
        id: Set(row.id),
        tenant_id: Set(row.tenant_id),
        user_id: Set(row.user_id),
        credential_version: Set(row.credential_version),
        device_client_id: Set(row.device_client_id),
        device_name: Set(row.device_name),
        device_platform: Set(row.device_platform),
        tries_left: Set(row.tries_left),
        salt: Set(row.salt),
        created_at: Set(row.created_at),
        expires_at: Set(row.expires_at),
    }
}

fn restore_challenge(row: login_challenge::Model) -> Result<Challenge, StoreError> {
    Challenge::restore(ChallengeRow {
        id: row.id,
        tenant_id: row.tenant_id,
        user_id: row.user_id,
        credential_version: row.credential_version,
        device_client_id: row.device_client_id,
        device_name: row.device_name,
        device_platform: row.device_platform,
        tries_left: row.tries_left,
        salt: row.salt,
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}
