//! Draft, edit, move and see contracts.

use ashlar_kernel::{Context, FieldErrors, FieldFault, Id, Limit, NotFound, Once, Page, StoreError, VersionConflict};

use super::{Attempts, ClientError, ContractForm, EditContractInput, LeadError, Leads};
use crate::{
    ContractQuery, NotePosition,
    client::{ClientId, Contract, ContractFile, ContractId, ContractPatch, ContractStatus, Settled},
    permission,
};

/// There is no such client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such client")]
struct UnknownClient;

impl FieldFault for UnknownClient {
    fn code(&self) -> &'static str {
        "unknown_client"
    }
}

/// Which contracts to list.
#[derive(Debug, Clone, Default)]
pub struct ListContracts {
    /// Only those with this client.
    pub client: Option<ClientId>,
    /// Only those that stand there.
    pub status: Option<ContractStatus>,
    /// How many.
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<String>,
}

impl Leads {
    /// Drafts a contract with a client.
    pub async fn draft_contract(
        &self,
        context: &Context,
        (client, form): (ClientId, ContractForm),
        once: Option<Once<Contract>>,
    ) -> Result<Contract, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let mut errors = FieldErrors::default();
        let details = form.details("", &mut errors);
        let Some(details) = details else { return Err(errors.into_invalid().into()) };
        if self.0.ports.store.client(context.tenant, client).await?.is_none() {
            errors.refuse("/client_id", &UnknownClient);
        }
        errors.finish()?;
        let id = Id::new(&*self.0.ports.ids);
        let change = Contract::draft(id, (context.tenant, client), details, context.now);
        let contract = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.insert_contract(change).await?;
        if let Some(once) = &once {
            tx.remember(once.receipt(&contract)).await?;
        }
        tx.commit().await?;
        Ok(contract)
    }

    /// A contract with its files.
    pub async fn contract(
        &self,
        context: &Context,
        id: ContractId,
    ) -> Result<(Contract, Vec<ContractFile>), ClientError> {
        context.authorize(permission::READ_CLIENTS)?;
        let store = &self.0.ports.store;
        let contract = store.contract(context.tenant, id).await?.ok_or(NotFound)?;
        let files = store.contract_files(context.tenant, id).await?;
        Ok((contract, files))
    }

    /// Edits a contract, and moves it, if it is at one of the versions `if_version`, or whatever version it is at.
    pub async fn edit_contract(
        &self,
        context: &Context,
        id: ContractId,
        (input, if_version): (EditContractInput, Option<Vec<u32>>),
    ) -> Result<Contract, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let mut errors = FieldErrors::default();
        let patch = input.patch(&mut errors);
        errors.finish()?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_edit_contract(context, id, (patch.clone(), if_version.as_deref())).await {
                Err(ClientError::Lead(LeadError::Store(error))) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_edit_contract(
        &self,
        context: &Context,
        id: ContractId,
        (patch, if_version): (ContractPatch, Option<&[u32]>),
    ) -> Result<Contract, ClientError> {
        let contract = self.0.ports.store.contract(context.tenant, id).await?.ok_or(NotFound)?;
        if if_version.is_some_and(|versions| !versions.contains(&contract.version())) {
            return Err(VersionConflict.into());
        }
        let change = contract.clone().edit(patch, context.now).map_err(|settled| match settled {
            Settled::Signed => ClientError::Settled,
            Settled::IllegalMove { allowed } => ClientError::IllegalMove { allowed },
            Settled::Term(fault) => {
                let mut errors = FieldErrors::default();
                errors.refuse("/ends_on", &fault);
                errors.into_invalid().into()
            }
        })?;
        let Some(change) = change else { return Ok(contract) };
        let contract = change.state().clone();
        let mut tx = self.0.ports.store.begin(context).await?;
        tx.update_contract(change).await?;
        tx.commit().await?;
        Ok(contract)
    }

    /// Some of the contracts, newest first, without their files.
    pub async fn contracts(&self, context: &Context, command: ListContracts) -> Result<Page<Contract>, ClientError> {
        context.authorize(permission::READ_CLIENTS)?;
        let ListContracts { client, status, limit, cursor } = command;
        let cursors = &self.0.cursors;
        let list = format!("contracts {client:?} {status:?}");
        let after = cursor.map(|cursor| cursors.open(context.tenant, &list, &cursor)).transpose()?;
        let query = ContractQuery { tenant: context.tenant, client, status, after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.store.contracts(query).await?;
        let position = |last: &Contract| NotePosition { at: last.created_at(), id: last.id().as_uuid() };
        let seal = |last: &Contract| cursors.seal(context.tenant, &list, &position(last));
        Ok(Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?)
    }
}
