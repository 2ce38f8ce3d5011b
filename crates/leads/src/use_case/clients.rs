//! Enter, edit and see clients.

use ashlar_kernel::{Context, FieldErrors, Id, Limit, NotFound, Once, Page, StoreError, VersionConflict};

use super::{Attempts, ClientError, ClientForm, EditClientInput, LeadError, Leads};
use crate::{
    ClientQuery, NotePosition,
    client::{Client, ClientId, ClientPatch},
    permission,
};

impl Leads {
    /// Enters a client that was no lead.
    pub async fn create_client(
        &self,
        context: &Context,
        form: ClientForm,
        once: Option<Once<Client>>,
    ) -> Result<Client, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let mut errors = FieldErrors::default();
        let details = form.details(("", None), &mut errors);
        let Some(details) = details else { return Err(errors.into_invalid().into()) };
        errors.finish()?;
        let change = Client::create(Id::new(&*self.0.ports.ids), context.tenant, None, details, context.now);
        let client = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.insert_client(change).await.map_err(LeadError::from)?;
        if let Some(once) = &once {
            tx.remember(once.receipt(&client)).await?;
        }
        tx.commit().await?;
        Ok(client)
    }

    /// A client.
    pub async fn client(&self, context: &Context, id: ClientId) -> Result<Client, ClientError> {
        context.authorize(permission::READ_CLIENTS)?;
        Ok(self.0.ports.store.client(context.tenant, id).await?.ok_or(NotFound)?)
    }

    /// Edits a client, if it is at one of the versions `if_version`, or whatever version it is at.
    pub async fn edit_client(
        &self,
        context: &Context,
        id: ClientId,
        (input, if_version): (EditClientInput, Option<Vec<u32>>),
    ) -> Result<Client, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let mut errors = FieldErrors::default();
        let patch = input.patch(&mut errors);
        errors.finish()?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_edit_client(context, id, (patch.clone(), if_version.as_deref())).await {
                Err(ClientError::Lead(LeadError::Store(error))) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_edit_client(
        &self,
        context: &Context,
        id: ClientId,
        (patch, if_version): (ClientPatch, Option<&[u32]>),
    ) -> Result<Client, ClientError> {
        let client = self.0.ports.store.client(context.tenant, id).await?.ok_or(NotFound)?;
        if if_version.is_some_and(|versions| !versions.contains(&client.version())) {
            return Err(VersionConflict.into());
        }
        let Some(change) = client.clone().edit(patch, context.now) else { return Ok(client) };
        let client = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.update_client(change).await?;
        tx.commit().await?;
        Ok(client)
    }

    /// Some of the clients, newest first.
    pub async fn clients(
        &self,
        context: &Context,
        (limit, cursor): (Limit, Option<&str>),
    ) -> Result<Page<Client>, ClientError> {
        context.authorize(permission::READ_CLIENTS)?;
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open(context.tenant, "clients", cursor)).transpose()?;
        let query = ClientQuery { tenant: context.tenant, after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.store.clients(query).await?;
        let position = |last: &Client| NotePosition { at: last.created_at(), id: last.id().as_uuid() };
        let seal = |last: &Client| cursors.seal(context.tenant, "clients", &position(last));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }
}
