//! Leads, moments and shortcuts for the laws.

#![expect(clippy::unwrap_used, reason = "a law reports by panicking")]

use std::ops::Range;

pub(super) use ashlar_kernel::contract::scene::{elsewhere, noon};
use ashlar_kernel::{
    Change, Context, Email, Id, LogReader, StoreError, TenantId, Timestamp,
    contract::scene::{RisingIds, nobody_asks},
};
use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::json;
use uuid::Uuid;

use super::Fixture;
use crate::{
    Details, Lead, LeadEvent, LeadStatus, LostReason, Source, StatusChange,
    lead::{Category, Consent, Custom, FullName, Mark, MovePower, Notes, Phone, ShortLine, Tags, Utm},
    port::{FileBytes, FileError, FileKey, FileKeys, Files, LeadTx, NewFile, SaveLeadError, Team},
};

/// Everything that can be known of a lead.
pub(super) fn everything(email: &str) -> Details {
    let line = |text: &str| ShortLine::parse(text).ok();
    let mark = |text: &str| Mark::parse(text).ok();
    let custom = json!({ "size": 12, "list": [1.5, null, true, "\u{e4}"], "text": "'; VACUUM; --" });
    Details {
        full_name: FullName::parse("J\u{f6}rg \u{674e}").unwrap(),
        position: line("CTO"),
        company_name: line("B\u{fc}cher & Co"),
        phone: Phone::parse("+49 30 123456", None).ok(),
        email: Email::parse(email).ok(),
        source: Source::Referral,
        category: Some(Category::WebDev),
        notes: Notes::parse("line\nline \u{1f4de}").ok(),
        owner: Some(Uuid::from_u128(7)),
        tags: Tags::parse(["vip", "a_b", "x-1"]).unwrap(),
        custom: Custom::parse(custom.as_object().unwrap().clone()).unwrap(),
        consent: Some(Consent {
            marketing: true,
            text_version: "2026-01".to_owned(),
            at: noon(),
            ip: "203.0.113.7".parse().ok(),
        }),
        utm: Utm { source: mark("a"), medium: mark("b"), campaign: mark("c"), term: mark("d"), content: mark("e") },
    }
}

/// Only what has to be known.
pub(super) fn little(email: &str) -> Details {
    Details {
        full_name: FullName::parse("Ada Lovelace").unwrap(),
        position: None,
        company_name: None,
        phone: None,
        email: Email::parse(email).ok(),
        source: Source::Website,
        category: None,
        notes: None,
        owner: None,
        tags: Tags::default(),
        custom: Custom::default(),
        consent: None,
        utm: Utm::default(),
    }
}

/// A team without people.
pub(super) struct Nobody;

#[async_trait]
impl Team for Nobody {
    async fn looks_after_leads(&self, _tenant: TenantId, _user: Uuid) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn may_import(&self, _tenant: TenantId, _user: Uuid) -> Result<bool, StoreError> {
        Ok(false)
    }

    async fn may_export(&self, _tenant: TenantId, _user: Uuid, _everybodys: bool) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// A place without files.
pub(super) struct Nowhere;

#[async_trait]
impl Files for Nowhere {
    async fn begin(&self, _limit: u64) -> Result<Box<dyn NewFile>, FileError> {
        Err(FileError::internal("there is no room for files here"))
    }

    async fn read(&self, _key: &FileKey, _range: Option<Range<u64>>) -> Result<Option<FileBytes>, FileError> {
        Ok(None)
    }

    async fn size(&self, _key: &FileKey) -> Result<Option<u64>, FileError> {
        Ok(None)
    }

    async fn delete(&self, _key: &FileKey) -> Result<(), FileError> {
        Ok(())
    }

    async fn kept_before(&self, _moment: Timestamp) -> Result<FileKeys, FileError> {
        Ok(futures::stream::empty().boxed())
    }
}

/// A fixture in use.
pub(super) struct Scene {
    pub(super) fixture: Fixture,
    ids: RisingIds,
}

impl Scene {
    pub(super) fn new(fixture: Fixture) -> Self {
        Self { fixture, ids: RisingIds::default() }
    }

    pub(super) fn id<T>(&self) -> Id<T> {
        Id::new(&self.ids)
    }

    pub(super) fn context(&self) -> Context {
        nobody_asks(&self.ids)
    }

    pub(super) async fn begin(&self) -> Box<dyn LeadTx> {
        self.fixture.store.begin(&self.context()).await.unwrap()
    }

    pub(super) fn newcomer(&self, details: Details) -> (Change<Lead, LeadEvent>, StatusChange) {
        let change = Lead::create(self.id(), TenantId::MAIN, details, noon());
        let came = self.moved(change.state(), None, LeadStatus::New);
        (change, came)
    }

    pub(super) fn moved(&self, lead: &Lead, from: Option<LeadStatus>, to: LeadStatus) -> StatusChange {
        StatusChange {
            id: self.id(),
            tenant: lead.tenant(),
            lead: lead.id(),
            from,
            to,
            reason: Notes::parse("because \u{e4}").ok(),
            actor: Some(Uuid::from_u128(9)),
            at: noon(),
        }
    }

    /// Tries to take a lead in, and commits when it was.
    pub(super) async fn try_take_in(&self, details: Details) -> Result<Lead, SaveLeadError> {
        let (change, came) = self.newcomer(details);
        let lead = change.state().clone();
        let mut tx = self.begin().await;
        tx.insert_lead(change, came).await?;
        tx.commit().await?;
        Ok(lead)
    }

    pub(super) async fn take_in(&self, details: Details) -> Lead {
        self.try_take_in(details).await.unwrap()
    }

    pub(super) async fn save(&self, change: Change<Lead, LeadEvent>) -> Lead {
        let lead = change.state().clone();
        let mut tx = self.begin().await;
        tx.update_lead(change).await.unwrap();
        tx.commit().await.unwrap();
        lead
    }

    /// Moves a lead, and commits when it was moved.
    pub(super) async fn try_move(&self, lead: Lead, to: LeadStatus) -> Result<Lead, SaveLeadError> {
        let moved = self.moved(&lead, Some(lead.status()), to);
        let power = MovePower { may_unspam: true, may_reopen: true };
        let change = lead.move_to(to, Some(LostReason::Timing), power, noon()).unwrap();
        let lead = change.state().clone();
        let mut tx = self.begin().await;
        tx.move_lead(change, moved).await?;
        tx.commit().await?;
        Ok(lead)
    }

    pub(super) async fn stored(&self, lead: &Lead) -> Option<Lead> {
        self.fixture.store.lead(lead.tenant(), lead.id()).await.unwrap()
    }

    pub(super) async fn whose(&self, email: &str) -> Option<Lead> {
        self.fixture.store.lead_at(TenantId::MAIN, email).await.unwrap()
    }

    pub(super) async fn event_names(&self) -> Vec<String> {
        let events = self.fixture.log.pending(LogReader::Dispatch, 1_000).await.unwrap();
        events.into_iter().map(|event| event.name).collect()
    }
}
