//! Exchange keys: by the calendar, by hand, and at once.

use ashlar_kernel::{Change, Context, StoreError};

use super::{SigningKeysError, of_installation};
use crate::{
    insist_on_fresh, permission,
    port::SigningKeyTx,
    signing_key::{Due, KeyRotation, NewSigningKey, SigningKey, SigningKeyEvent, SigningKeyRing},
    use_case::{Attempts, Identity},
};

impl Identity {
    /// Begins an exchange of keys: the next one is published now and signs in a day; nothing happens if one is published
    /// already. In an emergency every key there is dies at once, and a new one signs: all access tokens are refused,
    /// refresh tokens go on. For operators who have proved lately who they are.
    pub async fn rotate_signing_keys(
        &self,
        context: &Context,
        is_emergency: bool,
    ) -> Result<Vec<SigningKey>, SigningKeysError> {
        context.require(permission::ROTATE_SIGNING_KEYS)?;
        insist_on_fresh(context)?;
        self.exchange_signing_keys(context, is_emergency).await?;
        self.load_signing_keys().await?;
        Ok(self.every_signing_key().await?)
    }

    /// The same, for the command line; nobody is asked who they are, and this process does not use the keys.
    pub async fn exchange_signing_keys(&self, context: &Context, is_emergency: bool) -> Result<(), SigningKeysError> {
        let context = of_installation(context);
        let is_under_way = SigningKeyRing::new(self.every_signing_key().await?).staged().is_some();
        if is_under_way && !is_emergency {
            return Ok(());
        }
        // Before the transaction: it takes longer than anybody should have to wait for it.
        let new = self.new_key().await?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_exchange(&context, new.clone(), is_emergency).await {
                Err(error) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        }
        Ok(())
    }

    async fn try_exchange(&self, context: &Context, new: NewSigningKey, is_emergency: bool) -> Result<(), StoreError> {
        let mut tx = self.0.ports.signing_keys.begin(context).await?;
        let ring = SigningKeyRing::new(tx.signing_keys().await?);
        if is_emergency {
            save(&mut *tx, ring.clear(context.now)).await?;
            tx.insert_signing_key(SigningKey::begin(new, context.now)).await?;
        } else if ring.staged().is_none() {
            tx.insert_signing_key(SigningKey::stage(new, context.now)).await?;
        } else {
            return Ok(());
        }
        tx.commit().await
    }

    /// Does with the keys what is due: stages the next one, has it take over, removes the one before. For whoever keeps the
    /// calendar; however many do it at once, it is done once. Whether anything was due.
    pub async fn turn_signing_keys(&self, context: &Context) -> Result<bool, SigningKeysError> {
        let context = of_installation(context);
        let rotation = KeyRotation::for_sessions(&self.0.settings.sessions);
        let algorithm = self.0.ports.signer.algorithm();
        let due = SigningKeyRing::new(self.every_signing_key().await?).due(&rotation, algorithm, context.now);
        if due.is_empty() {
            return Ok(false);
        }
        let new = if due.contains(&Due::Stage) { Some(self.new_key().await?) } else { None };
        let mut attempts = Attempts::default();
        loop {
            match self.try_turn(&context, &rotation, new.clone()).await {
                Err(error) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        }
        self.load_signing_keys().await?;
        Ok(true)
    }

    async fn try_turn(
        &self,
        context: &Context,
        rotation: &KeyRotation,
        new: Option<NewSigningKey>,
    ) -> Result<(), StoreError> {
        let mut tx = self.0.ports.signing_keys.begin(context).await?;
        let ring = SigningKeyRing::new(tx.signing_keys().await?);
        // Somebody else may have done it since it was found due.
        let due = ring.due(rotation, self.0.ports.signer.algorithm(), context.now);
        let new = new.filter(|_| due.contains(&Due::Stage)).map(|new| SigningKey::stage(new, context.now));
        let turned = ring.turn(rotation, context.now);
        if turned.is_empty() && new.is_none() {
            return Ok(());
        }
        save(&mut *tx, turned).await?;
        if let Some(new) = new {
            tx.insert_signing_key(new).await?;
        }
        tx.commit().await
    }
}

async fn save(tx: &mut dyn SigningKeyTx, changes: Vec<Change<SigningKey, SigningKeyEvent>>) -> Result<(), StoreError> {
    for change in changes {
        tx.update_signing_key(change).await?;
    }
    Ok(())
}
