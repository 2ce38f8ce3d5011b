//! Leads: people who may become customers, and the pipeline they go through.
//!
//! The crate promises: of the leads of a tenant no two have one address, however it is spelled and however many come at
//! once, unless one of them was put away or is spam; everything that is wrong with a lead is told at once; a lead goes
//! through the pipeline by the moves there are and no others, each noted, and of two who move it at once one does; who
//! does not see everybody's leads is told of another's as of one that does not exist; every change leaves an event that
//! explains it and names nobody.
//!
//! It is pure: it does no I/O, starts no task and needs no particular async runtime. What it needs from outside are the
//! [ports](port); `ashlar-memory` has them in process, `ashlar-sql` keeps leads in a database. It knows no other domain:
//! who works with leads it asks the port [`Team`](port::Team), and permissions are names that roles elsewhere hold. It
//! deliberately lacks, for now: undoing a merger, though what that takes is kept. [Imports and exports](import) and the
//! [newsletter] are services of their own.
//!
//! ```
//! use ashlar_leads::{CreateLead, LeadForm, LeadStatus, MoveLead, MoveLeadInput, OnDuplicate};
//! use ashlar_memory::EmbeddedLeads;
//! use futures::executor::block_on; // any executor will do
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let house = EmbeddedLeads::new("2030-01-01T00:00:00Z");
//! let context = house.seller(1);
//! let form = LeadForm {
//!     full_name: "Ada Lovelace".to_owned(),
//!     email: Some("Ada@example.org".to_owned()),
//!     ..LeadForm::default()
//! };
//! let command = CreateLead { form, on_duplicate: OnDuplicate::Refuse, once: None };
//! let created = block_on(house.leads.create(&context, command))?;
//!
//! let called = MoveLead::try_from(MoveLeadInput { to: "contacted", ..MoveLeadInput::default() })?;
//! let lead = block_on(house.leads.move_to(&context, created.lead().id(), called))?;
//! assert_eq!(lead.status(), LeadStatus::Contacted);
//! # Ok(())
//! # }
//! ```

mod activity;
pub mod catalogue;
pub mod client;
pub mod contact;
#[cfg(feature = "contract")]
pub mod contract;
pub mod export;
pub mod import;
pub mod lead;
pub mod newsletter;
pub mod permission;
pub mod port;
mod query;
pub mod use_case;

pub use activity::{
    Activity, ActivityEvent, ActivityId, ActivityKind, ActivityRow, StatusChange, StatusChangeId, StatusChangeRow,
};
pub use contact::{ContactEvent, ContactId, ContactMessage, ContactRow, ContactStatus};
pub use export::{ExportColumn, ExportFormat, ExportLeads};
pub use lead::{
    Category, Consent, Details, DisposableDomains, Lead, LeadEvent, LeadId, LeadPatch, LeadRow, LeadStatus, LostReason,
    Region, Source,
};
pub use permission::Sight;
pub use query::{
    ClientQuery, ContactQuery, ContractQuery, DuplicatePair, DuplicatePosition, DuplicateQuery, DuplicateRows,
    InvalidSearch, LeadFilter, LeadPosition, LeadQuery, LeadRows, LeadSearch, LeadSort, NotePosition, NoteQuery,
    StatsQuery, Tally, TallyKind,
};
pub use use_case::{
    AddActivity, AddActivityInput, Batch, BatchItem, ClientError, ClientForm, ConsentForm, ContactForm, ContractForm,
    ConvertLead, Converted, CreateLead, CreateLeads, Created, EditLead, EditLeadInput, Export, ExportRun, Exported,
    FaultFile, ImportRun, InvalidPeriod, LeadError, LeadForm, LeadPage, LeadPorts, LeadSettings, Leads, ListLeads,
    MergeLeads, MergeLeadsInput, MoveLead, MoveLeadInput, OnDuplicate, Period, Received, RunError, SendContact,
    SubmitForm, Taken, TransferError, TransferPorts, Transfers, Trap, UtmForm,
};
