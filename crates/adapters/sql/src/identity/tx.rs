//! Writes: each saves a change and then, as its last statement, the events that explain it.

use ashlar_identity::{
    AccountRequest, ActionToken, ActionTokenEvent, BootstrapEvent, BootstrapToken, Challenge, ChallengeId, ImportEvent,
    ImportedUser, LockoutEvent, LoginAttempt, LoginEvent, Membership, MembershipEvent, PendingRegistration,
    RegistrationEvent, Rehash, RehashEvent, SecondFactor, SecondFactorEvent, Session, SessionEvent, SessionId, User,
    UserEvent, UserId, WeakPassword, WeakPasswordEvent,
    port::{FirstAdmin, IdentityTx, InsertUserError},
};
use ashlar_kernel::{Change, StoreError, Timestamp};
use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DbErr, EntityTrait, QueryFilter, QuerySelect, UpdateResult, sea_query::OnConflict,
};

use super::{
    entity::{action_token, bootstrap, membership, pending_registration, session, user},
    import, links, mapping,
};
use crate::{errors::UniqueKey, transaction::SqlTx};

pub(super) const EMAIL: UniqueKey = UniqueKey { constraint: "user_email_key_key", columns: "user.email_key" };
pub(super) const USERNAME: UniqueKey = UniqueKey { constraint: "user_username_key_key", columns: "user.username_key" };

#[async_trait]
impl IdentityTx for SqlTx {
    async fn user(&mut self, id: UserId) -> Result<Option<User>, StoreError> {
        self.enter()?;
        let row = user::Entity::find_by_id(id.as_uuid())
            // Whoever is about to edit waits for whoever edits; SQLite has one writer and needs no lock.
            .lock_exclusive()
            .one(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.leave();
        row.map(mapping::restore_user).transpose()
    }

    async fn insert_user(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError> {
        let (user, events) = self.open(change)?;
        let row = mapping::new_user(&user, self.context().tenant)?;
        user::Entity::insert(row)
            .exec_without_returning(&self.tx)
            .await
            .map_err(|error| insert_user_error(self, error))?;
        Ok(self.explain(events).await?)
    }

    async fn update_user(&mut self, change: Change<User, UserEvent>) -> Result<(), StoreError> {
        let (user, events) = self.open(change)?;
        let before = mapping::version(user.version())? - 1;
        let done = user::Entity::update_many()
            .set(mapping::changed_user(&user)?)
            .filter(user::Column::Id.eq(user.id().as_uuid()))
            .filter(user::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        one_row(&done)?;
        self.explain(events).await
    }

    async fn change_email(&mut self, change: Change<User, UserEvent>) -> Result<(), InsertUserError> {
        let (user, events) = self.open(change)?;
        let before = mapping::version(user.version())? - 1;
        let done = user::Entity::update_many()
            .set(mapping::changed_user(&user)?)
            .filter(user::Column::Id.eq(user.id().as_uuid()))
            .filter(user::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| insert_user_error(self, error))?;
        one_row(&done)?;
        Ok(self.explain(events).await?)
    }

    async fn put_action_token(&mut self, change: Change<ActionToken, ActionTokenEvent>) -> Result<(), StoreError> {
        let (token, events) = self.open(change)?;
        let instead = OnConflict::columns([action_token::Column::UserId, action_token::Column::Purpose])
            .update_columns([
                action_token::Column::Id,
                action_token::Column::TenantId,
                action_token::Column::Email,
                action_token::Column::CredentialVersion,
                action_token::Column::Salt,
                action_token::Column::CreatedAt,
                action_token::Column::ExpiresAt,
            ])
            .to_owned();
        action_token::Entity::insert(links::action_token(&token))
            .on_conflict(instead)
            .exec_without_returning(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn spend_action_token(&mut self, change: Change<ActionToken, ActionTokenEvent>) -> Result<(), StoreError> {
        let (token, events) = self.open(change)?;
        let done = action_token::Entity::delete_by_id(token.id().as_uuid()).exec(&self.tx).await;
        if done.map_err(|error| self.write_error(error))?.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        self.explain(events).await
    }

    async fn insert_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError> {
        let (registration, events) = self.open(change)?;
        pending_registration::Entity::insert(links::registration(&registration))
            .exec_without_returning(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn accept_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError> {
        let (registration, events) = self.open(change)?;
        let this = pending_registration::Entity::delete_by_id(registration.id().as_uuid()).exec(&self.tx).await;
        if this.map_err(|error| self.write_error(error))?.rows_affected != 1 {
            return Err(StoreError::Stale);
        }
        pending_registration::Entity::delete_many()
            .filter(pending_registration::Column::EmailKey.eq(registration.email().key()))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn note_registration(
        &mut self,
        change: Change<PendingRegistration, RegistrationEvent>,
    ) -> Result<(), StoreError> {
        let (_registration, events) = self.open(change)?;
        self.explain(events).await
    }

    async fn note_request(&mut self, change: Change<(), AccountRequest>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }

    async fn claim_first_admin(&mut self, change: Change<FirstAdmin, UserEvent>) -> Result<bool, StoreError> {
        let (claim, events) = self.open(change)?;
        let row = bootstrap::ActiveModel { id: Set(1), user_id: Set(claim.user.as_uuid()), claimed_at: Set(claim.at) };
        let unless_claimed = OnConflict::column(bootstrap::Column::Id).do_nothing().to_owned();
        let rows = bootstrap::Entity::insert(row).on_conflict(unless_claimed).exec_without_returning(&self.tx).await;
        if rows.map_err(|error| self.write_error(error))? == 0 {
            self.leave();
            return Ok(false);
        }
        self.explain(events).await?;
        Ok(true)
    }

    async fn insert_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<bool, StoreError> {
        self.add_bootstrap_token(change).await
    }

    async fn replace_bootstrap_token(
        &mut self,
        change: Change<BootstrapToken, BootstrapEvent>,
    ) -> Result<(), StoreError> {
        self.put_bootstrap_token(change).await
    }

    async fn spend_bootstrap_token(&mut self, digest: &[u8; 32], now: Timestamp) -> Result<bool, StoreError> {
        self.use_bootstrap_token(digest, now).await
    }

    async fn insert_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), StoreError> {
        let (membership, events) = self.open(change)?;
        let row = mapping::new_membership(&membership, self.new_id());
        membership::Entity::insert(row)
            .exec_without_returning(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn session(&mut self, id: SessionId) -> Result<Option<Session>, StoreError> {
        self.enter()?;
        let row =
            session::Entity::find_by_id(id.as_uuid()).one(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        row.map(mapping::restore_session).transpose()
    }

    async fn insert_session(&mut self, change: Change<Session, SessionEvent>) -> Result<(), StoreError> {
        let (session, events) = self.open(change)?;
        let row = mapping::new_session(session.to_row(), self.context().now);
        session::Entity::insert(row).exec_without_returning(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.explain(events).await
    }

    async fn update_session(&mut self, change: Change<Session, SessionEvent>) -> Result<(), StoreError> {
        let (session, events) = self.open(change)?;
        let before = mapping::version(session.version())? - 1;
        let done = session::Entity::update_many()
            .set(mapping::changed_session(session.to_row(), self.context().now))
            .filter(session::Column::Id.eq(session.id().as_uuid()))
            .filter(session::Column::Version.eq(before))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        one_row(&done)?;
        self.explain(events).await
    }

    async fn note_refresh_retry(&mut self, change: Change<SessionId, SessionEvent>) -> Result<(), StoreError> {
        let (_session, events) = self.open(change)?;
        self.explain(events).await
    }

    async fn put_second_factor(&mut self, change: Change<SecondFactor, SecondFactorEvent>) -> Result<(), StoreError> {
        self.save_second_factor(change).await
    }

    async fn delete_second_factor(
        &mut self,
        change: Change<SecondFactor, SecondFactorEvent>,
    ) -> Result<(), StoreError> {
        self.drop_second_factor(change).await
    }

    async fn note_second_factor(&mut self, change: Change<(), SecondFactorEvent>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }

    async fn insert_challenge(&mut self, change: Change<Challenge, SecondFactorEvent>) -> Result<(), StoreError> {
        self.add_challenge(change).await
    }

    async fn consume_challenge(&mut self, id: ChallengeId) -> Result<(), StoreError> {
        self.drop_challenge(id).await
    }

    async fn note_lockout(&mut self, change: Change<(), LockoutEvent>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }

    async fn rehash_password(&mut self, change: Change<Rehash, RehashEvent>) -> Result<bool, StoreError> {
        let (rehash, events) = self.open(change)?;
        let done = user::Entity::update_many()
            .set(mapping::rehashed_user(&rehash))
            .filter(user::Column::Id.eq(rehash.user().as_uuid()))
            .filter(user::Column::PasswordHash.eq(rehash.before().as_str()))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected == 0 {
            self.leave();
            return Ok(false);
        }
        self.explain(events).await?;
        Ok(true)
    }

    async fn note_weak_password(
        &mut self,
        change: Change<WeakPassword, WeakPasswordEvent>,
    ) -> Result<bool, StoreError> {
        let (weak, events) = self.open(change)?;
        let version = mapping::version(weak.credential_version())?;
        let done = user::Entity::update_many()
            .set(user::ActiveModel { weak_password_version: Set(Some(version)), ..Default::default() })
            .filter(user::Column::Id.eq(weak.user().as_uuid()))
            .filter(user::Column::CredentialVersion.eq(version))
            .exec(&self.tx)
            .await
            .map_err(|error| self.write_error(error))?;
        if done.rows_affected == 0 {
            self.leave();
            return Ok(false);
        }
        self.explain(events).await?;
        Ok(true)
    }

    async fn import_users(&mut self, changes: Vec<Change<ImportedUser, ImportEvent>>) -> Result<(), StoreError> {
        import::save(self, changes).await
    }

    async fn record_login(&mut self, change: Change<LoginAttempt, LoginEvent>) -> Result<(), StoreError> {
        let (attempt, events) = self.open(change)?;
        if let (Some(user), Some(credential_version)) = (attempt.user(), attempt.credential_version()) {
            // Not an edit: the version stays, or everybody's copy of the profile would go stale at each login.
            let seen = user::ActiveModel { last_login_at: Set(Some(attempt.at())), ..Default::default() };
            let theirs = user::Column::Id.eq(user.as_uuid());
            let done = user::Entity::update_many()
                .set(seen)
                .filter(theirs)
                .filter(user::Column::CredentialVersion.eq(mapping::version(credential_version)?))
                .exec(&self.tx)
                .await
                .map_err(|error| self.write_error(error))?;
            one_row(&done)?;
        }
        self.explain(events).await
    }
}

fn insert_user_error(tx: &SqlTx, error: DbErr) -> InsertUserError {
    if EMAIL.is_broken_by(&error) {
        InsertUserError::EmailTaken
    } else if USERNAME.is_broken_by(&error) {
        InsertUserError::UsernameTaken
    } else {
        tx.write_error(error).into()
    }
}

/// A guarded update has found its row, or somebody else has been there before.
pub(super) fn one_row(done: &UpdateResult) -> Result<(), StoreError> {
    if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Stale) }
}
