//! What can be done: one file each, with its command, its errors, and a function on [`Leads`].

mod activities;
mod batch;
mod client_error;
mod client_form;
mod clients;
pub mod codes;
mod contact;
mod contract_files;
mod contracts;
mod convert;
mod create;
mod delete;
mod duplicates;
mod edit;
mod error;
mod export;
mod export_jobs;
mod export_run;
mod fault_file;
mod form;
mod import_options;
mod import_run;
mod intake;
mod link;
mod list;
mod merge;
mod public_form;
mod purge;
mod read;
mod release;
mod stats;
mod stored_file;
mod sweep_files;
mod transfers;
mod transition;

use std::sync::Arc;

use ashlar_kernel::{Context, CursorSigner, FieldErrors, FieldFault, IdSource, MacKey, NotFound, StoreError};
use uuid::Uuid;

pub use activities::{AddActivity, AddActivityInput};
pub use batch::{Batch, BatchItem, CreateLeads};
pub use client_error::ClientError;
pub use client_form::{ClientForm, ContractForm, EditClientInput, EditContractInput, ValueForm};
pub use contact::{ContactForm, SendContact};
pub use contract_files::{FileUpload, LinkedFile, UploadError, UploadedFile};
pub use contracts::ListContracts;
pub use convert::{ConvertLead, Converted};
pub use create::{CreateLead, Created, OnDuplicate};
pub use edit::{EditLead, EditLeadInput};
pub use error::LeadError;
pub use export::{Export, Exported};
pub use export_jobs::{LinkedExport, TakenExport};
pub use export_run::ExportRun;
pub use fault_file::FaultFile;
pub use form::{ConsentForm, LeadForm, UtmForm};
pub use import_run::{ImportRun, RunError};
pub use link::FileLink;
pub use list::{LeadPage, ListLeads};
pub use merge::{MergeLeads, MergeLeadsInput};
pub use public_form::{Received, SubmitForm, Trap};
pub use stats::{InvalidPeriod, Period};
pub use sweep_files::SweepError;
pub use transfers::{Taken, TransferError, TransferPorts, Transfers};
pub use transition::{MoveLead, MoveLeadInput};

use crate::{
    Lead, LeadId,
    lead::{DisposableDomains, Region},
    newsletter::AddressHash,
    permission::Sight,
    port::{Files, LeadStore, Team},
};

/// What the service is made of.
#[derive(Clone)]
pub struct LeadPorts {
    /// Where leads are kept.
    pub store: Arc<dyn LeadStore>,
    /// Where files are kept.
    pub files: Arc<dyn Files>,
    /// Who works with leads.
    pub team: Arc<dyn Team>,
    /// Where ids come from.
    pub ids: Arc<dyn IdSource>,
}

/// How the service behaves.
pub struct LeadSettings {
    /// Whose telephone numbers are understood without a country code; nobody's if none.
    pub region: Option<Region>,
    /// Which addresses are thrown away after use.
    pub disposable: DisposableDomains,
    /// The root of cursors; lives outside the database.
    pub root_key: MacKey,
}

/// The leads domain as a service. Cheap to clone.
#[derive(Clone)]
pub struct Leads(Arc<Inner>);

struct Inner {
    ports: LeadPorts,
    settings: LeadSettings,
    cursors: CursorSigner,
    links: MacKey,
    export_links: MacKey,
    addresses: MacKey,
}

/// Counts how often a unit of work was tried that may lose races.
#[derive(Default)]
struct Attempts(u8);

impl Attempts {
    /// Whether work that failed with `error` is worth another attempt: it lost a race, and not for the fifth time.
    fn again(&mut self, error: &StoreError) -> bool {
        self.0 += 1;
        error.is_retryable() && self.0 < 5
    }
}

/// The account cannot look after leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not somebody who looks after leads here, or not for you to decide")]
struct NoOwner;

impl FieldFault for NoOwner {
    fn code(&self) -> &'static str {
        "invalid_owner"
    }
}

impl Leads {
    /// Puts the service together.
    pub fn new(ports: LeadPorts, settings: LeadSettings) -> Self {
        let cursors = CursorSigner::new(&settings.root_key);
        let links = settings.root_key.derive("contract file link");
        let export_links = settings.root_key.derive("lead export link");
        let addresses = AddressHash::key(&settings.root_key);
        Self(Arc::new(Inner { ports, settings, cursors, links, export_links, addresses }))
    }

    /// A lead that the caller sees; another is as unknown as one that does not exist.
    async fn seen(&self, context: &Context, sight: Sight, id: LeadId) -> Result<Lead, LeadError> {
        let found = self.0.ports.store.lead(context.tenant, id).await?;
        Ok(found.filter(|lead| sight.takes_in(lead.owner())).ok_or(NotFound)?)
    }

    /// Whether the caller may have `owner` look after a lead: those who see everything decide on everybody who works with
    /// leads, the others on themselves.
    async fn judge_owner(&self, context: &Context, sight: Sight, owner: Option<Uuid>) -> Result<(), LeadError> {
        let Some(owner) = owner else { return Ok(()) };
        if self.may_look_after(context, sight, owner).await? {
            return Ok(());
        }
        let mut errors = FieldErrors::default();
        errors.refuse("/owner_id", &NoOwner);
        Err(errors.into_invalid().into())
    }

    async fn may_look_after(&self, context: &Context, sight: Sight, owner: Uuid) -> Result<bool, StoreError> {
        let may_decide = sight.sees_all || owner == sight.who;
        Ok(may_decide && self.0.ports.team.looks_after_leads(context.tenant, owner).await?)
    }
}
