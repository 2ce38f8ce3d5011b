//! Make a client of a lead.

use ashlar_kernel::{Context, FieldErrors, Id, Once, StoreError};

use super::{Attempts, ClientError, ClientForm, ContractForm, LeadError, Leads};
use crate::{
    Lead, LeadId, StatusChange,
    client::{Client, Contract},
    lead::{IllegalMove, LeadStatus},
    permission::{self, Sight},
};

/// Makes a client of a lead, and drafts a contract with it if there is one.
pub struct ConvertLead {
    /// The client; what it leaves out is taken from the lead.
    pub client: ClientForm,
    /// The first contract.
    pub contract: Option<ContractForm>,
    /// How the answer is remembered in the transaction.
    pub once: Option<Once<Converted>>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Converted {
    /// The client that the lead is.
    pub client: Client,
    /// The contract that was drafted.
    pub contract: Option<Contract>,
    /// Whether the lead became a client just now, and not before.
    pub is_new: bool,
}

impl Leads {
    /// Makes a client of a lead that the caller sees. Of many who do it at once one does, and all are told the same client.
    pub async fn convert(&self, context: &Context, id: LeadId, command: ConvertLead) -> Result<Converted, ClientError> {
        context.authorize(permission::UPDATE_CLIENTS)?;
        let sight = Sight::of(context, permission::UPDATE)?;
        let mut attempts = Attempts::default();
        loop {
            match self.try_convert(context, (sight, id), &command).await {
                Err(ClientError::Lead(LeadError::Store(error))) if attempts.again(&error) => {}
                outcome => return outcome,
            }
        }
    }

    async fn try_convert(
        &self,
        context: &Context,
        (sight, id): (Sight, LeadId),
        command: &ConvertLead,
    ) -> Result<Converted, ClientError> {
        let lead = self.seen(context, sight, id).await?;
        if lead.converted_at().is_some() {
            return self.converted_before(context, id, command).await;
        }
        let mut errors = FieldErrors::default();
        let details = command.client.clone().details(("/client", Some(lead.details())), &mut errors);
        let agreed = command.contract.clone().map(|form| form.details("/contract", &mut errors));
        let Some(details) = details else { return Err(errors.into_invalid().into()) };
        errors.finish()?;
        let ids = &*self.0.ports.ids;
        let new = Client::create(Id::new(ids), context.tenant, Some(id), details, context.now);
        let client = new.state().clone();
        let drafted = agreed.flatten();
        let drafted =
            drafted.map(|details| Contract::draft(Id::new(ids), (context.tenant, client.id()), details, context.now));
        let contract = drafted.as_ref().map(|change| change.state().clone());
        let converted = Converted { client, contract, is_new: true };

        let from = lead.status();
        let change = lead.convert(converted.client.id(), context.now);
        let change = change.map_err(|IllegalMove { allowed }| LeadError::IllegalMove { allowed })?;
        let won = self.won(context, sight, (change.state(), from));
        let mut tx = self.0.ports.store.begin(context).await?;
        let saved = match won {
            Some(won) => tx.move_lead(change, won).await,
            None => tx.update_lead(change).await,
        };
        saved.map_err(LeadError::from)?;
        tx.insert_client(new).await.map_err(LeadError::from)?;
        if let Some(drafted) = drafted {
            tx.insert_contract(drafted).await?;
        }
        if let Some(once) = &command.once {
            tx.remember(once.receipt(&converted)).await?;
        }
        tx.commit().await?;
        Ok(converted)
    }

    async fn converted_before(
        &self,
        context: &Context,
        id: LeadId,
        command: &ConvertLead,
    ) -> Result<Converted, ClientError> {
        let client = self.0.ports.store.client_of(context.tenant, id).await?;
        let client = client.ok_or(StoreError::Corrupt { what: "lead.converted_at" })?;
        let converted = Converted { client, contract: None, is_new: false };
        if let Some(once) = &command.once {
            let mut tx = self.0.ports.store.begin(context).await?;
            tx.remember(once.receipt(&converted)).await?;
            tx.commit().await?;
        }
        Ok(converted)
    }

    /// The note that a lead was won, unless it was before.
    fn won(&self, context: &Context, sight: Sight, (lead, from): (&Lead, LeadStatus)) -> Option<StatusChange> {
        let won = StatusChange { from: Some(from), ..self.came(context, sight, lead) };
        (from != lead.status()).then_some(won)
    }
}
