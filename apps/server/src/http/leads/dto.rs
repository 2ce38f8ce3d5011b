//! What is answered about leads.

use ashlar_kernel::Page;
use ashlar_leads::{Activity, ActivityId, Consent, Lead as DomainLead, LeadId, StatusChange};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::form::LeadCustomMembers;
use crate::http::page::{PageInfo, moment};

/// How a lead came.
#[derive(Serialize, ToSchema)]
#[schema(example = "event")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadSource {
    Website,
    Referral,
    Social,
    Email,
    Phone,
    Event,
    Advertisement,
    Partner,
    Import,
    Api,
    Other,
}

/// What a lead wants.
#[derive(Serialize, ToSchema)]
#[schema(example = "web_dev")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadCategory {
    WebDev,
    MobileDev,
    Design,
    Seo,
    Marketing,
    Consulting,
    Support,
    Course,
    Other,
}

/// Where a lead stands.
#[derive(Serialize, ToSchema)]
#[schema(example = "new")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadStatus {
    /// Nobody has done anything yet.
    New,
    /// Somebody has spoken to them.
    Contacted,
    /// They want something that can be had.
    Qualified,
    /// They have an offer.
    Proposal,
    /// They have taken it.
    Won,
    /// They will not.
    Lost,
    /// It was no lead.
    Spam,
}

/// Why a lead was lost.
#[derive(Serialize, ToSchema)]
#[schema(example = "timing")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadLostReason {
    Budget,
    Timing,
    Competitor,
    NoResponse,
    NotAFit,
    Duplicate,
    Other,
}

/// Somebody who may become a customer.
#[derive(Serialize, ToSchema)]
pub(super) struct Lead {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: LeadId,
    /// What they are called.
    #[schema(example = "Ada Lovelace")]
    full_name: String,
    /// What they are where they work.
    #[schema(required, example = "Head of Engines")]
    position: Option<String>,
    /// Where they work.
    #[schema(required, example = "Analytical Engines Ltd")]
    company_name: Option<String>,
    /// How they are called, as it was given.
    #[schema(required, example = "+44 20 7946 0958")]
    phone_number: Option<String>,
    /// The same as every network understands it.
    #[schema(required, example = "+442079460958")]
    phone_e164: Option<String>,
    /// Where mail goes.
    #[schema(required, format = "idn-email", example = "ada@engines.example")]
    email: Option<String>,
    /// How they came.
    #[schema(value_type = LeadSource)]
    source: &'static str,
    /// What they want.
    #[schema(required, value_type = Option<LeadCategory>)]
    category: Option<&'static str>,
    /// Where they stand.
    #[schema(value_type = LeadStatus)]
    status: &'static str,
    /// Why they were lost, if they were.
    #[schema(required, value_type = Option<LeadLostReason>, example = json!(null))]
    lost_reason: Option<&'static str>,
    /// What there is to know besides. As it was given: escape it where you show it.
    #[schema(required, example = "Asked for a quote at the fair.")]
    notes: Option<String>,
    /// Who looks after them.
    #[schema(required, example = json!(null))]
    owner_id: Option<Uuid>,
    /// By which words they are found.
    #[schema(example = json!(["fair-2026"]))]
    tags: Vec<String>,
    /// What you keep besides.
    #[schema(value_type = LeadCustomMembers)]
    custom: Value,
    /// How promising they are: the more is known of what it takes to do business, the more.
    #[schema(minimum = 0, maximum = 100, example = 70)]
    score: u8,
    /// What they agreed to.
    #[schema(required)]
    consent: Option<LeadConsent>,
    /// By which campaign they came.
    utm: LeadUtm,
    /// When somebody last spoke to them.
    #[schema(required, format = DateTime, example = json!(null))]
    last_contacted_at: Option<String>,
    /// When they became a client.
    #[schema(required, format = DateTime, example = json!(null))]
    converted_at: Option<String>,
    /// When they came.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When they were last edited.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
}

/// What a lead agreed to, and when.
#[derive(Serialize, ToSchema)]
struct LeadConsent {
    /// Whether they may be written to about what else there is.
    #[schema(example = true)]
    marketing: bool,
    /// Which text they were shown.
    #[schema(example = "2026-01")]
    text_version: String,
    /// When it was noted.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    at: String,
    /// From where they agreed, if they did it themselves.
    #[schema(required, example = json!(null))]
    ip: Option<String>,
}

/// The marks that links of campaigns carry.
#[derive(Serialize, ToSchema)]
struct LeadUtm {
    /// `utm_source`.
    #[schema(required, example = "newsletter")]
    source: Option<String>,
    /// `utm_medium`.
    #[schema(required, example = "email")]
    medium: Option<String>,
    /// `utm_campaign`.
    #[schema(required, example = "spring")]
    campaign: Option<String>,
    /// `utm_term`.
    #[schema(required, example = "engines")]
    term: Option<String>,
    /// `utm_content`.
    #[schema(required, example = "button")]
    content: Option<String>,
}

impl From<&DomainLead> for Lead {
    fn from(lead: &DomainLead) -> Self {
        let details = lead.details();
        let [source, medium, campaign, term, content] =
            details.utm.each().map(|(_, mark)| mark.map(|mark| mark.as_str().to_owned()));
        Self {
            id: lead.id(),
            full_name: details.full_name.as_str().to_owned(),
            position: details.position.as_ref().map(|line| line.as_str().to_owned()),
            company_name: details.company_name.as_ref().map(|line| line.as_str().to_owned()),
            phone_number: details.phone.as_ref().map(|phone| phone.given().to_owned()),
            phone_e164: details.phone.as_ref().map(|phone| phone.e164().to_owned()),
            email: details.email.as_ref().map(|email| email.address().to_owned()),
            source: details.source.as_str(),
            category: details.category.map(ashlar_leads::Category::as_str),
            status: lead.status().as_str(),
            lost_reason: lead.lost_reason().map(ashlar_leads::LostReason::as_str),
            notes: details.notes.as_ref().map(|notes| notes.as_str().to_owned()),
            owner_id: lead.owner(),
            tags: details.tags.iter().map(str::to_owned).collect(),
            custom: details.custom.to_json(),
            score: details.score(),
            consent: details.consent.as_ref().map(LeadConsent::from),
            utm: LeadUtm { source, medium, campaign, term, content },
            last_contacted_at: lead.last_contacted_at().map(moment),
            converted_at: lead.converted_at().map(moment),
            created_at: moment(lead.created_at()),
            updated_at: moment(lead.updated_at()),
        }
    }
}

impl From<&Consent> for LeadConsent {
    fn from(consent: &Consent) -> Self {
        Self {
            marketing: consent.marketing,
            text_version: consent.text_version.clone(),
            at: moment(consent.at),
            ip: consent.ip.map(|ip| ip.to_string()),
        }
    }
}

/// What was done about a lead.
#[derive(Serialize, ToSchema)]
#[schema(example = "call")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum LeadActivityKind {
    /// Something was written down.
    Note,
    /// They spoke by telephone.
    Call,
    /// They wrote.
    Email,
    /// They met.
    Meeting,
    /// The lead filled a form in again.
    FormTouch,
    /// Another lead became a part of this one; the body is what somebody wrote down about that one.
    Merge,
}

/// Something that was done about a lead.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadActivity {
    /// Its id.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8c")]
    id: ActivityId,
    /// Which lead it was noted about.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    lead_id: LeadId,
    /// What.
    #[schema(value_type = LeadActivityKind)]
    kind: &'static str,
    /// In words. As it was given: escape it where you show it.
    #[schema(required, example = "Wants a quote by Friday.")]
    body: Option<String>,
    /// Who did it, if a person or their program did.
    #[schema(required, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8d")]
    actor_id: Option<Uuid>,
    /// When.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    at: String,
}

impl From<&Activity> for LeadActivity {
    fn from(activity: &Activity) -> Self {
        Self {
            id: activity.id,
            lead_id: activity.lead,
            kind: activity.kind.as_str(),
            body: activity.body.as_ref().map(|body| body.as_str().to_owned()),
            actor_id: activity.actor,
            at: moment(activity.at),
        }
    }
}

/// A page of what was done about a lead.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadActivityPage {
    /// The activities, newest first.
    data: Vec<LeadActivity>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<Activity>> for LeadActivityPage {
    fn from(page: Page<Activity>) -> Self {
        Self { data: page.data.iter().map(LeadActivity::from).collect(), page: PageInfo::after(page.next_cursor) }
    }
}

/// A move of a lead along the pipeline.
#[derive(Serialize, ToSchema)]
struct LeadStatusChange {
    /// Where it stood; null if it came.
    #[schema(required, value_type = Option<LeadStatus>)]
    from: Option<&'static str>,
    /// Where it stood then.
    #[schema(value_type = LeadStatus, example = "contacted")]
    to: &'static str,
    /// Why, in words. As it was given: escape it where you show it.
    #[schema(required, example = "Called back.")]
    reason: Option<String>,
    /// Who moved it, if a person or their program did.
    #[schema(required, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8d")]
    actor_id: Option<Uuid>,
    /// When.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    at: String,
}

/// A page of a lead's history.
#[derive(Serialize, ToSchema)]
pub(super) struct LeadHistoryPage {
    /// The moves, newest first.
    data: Vec<LeadStatusChange>,
    /// Where the next page begins.
    page: PageInfo,
}

impl From<Page<StatusChange>> for LeadHistoryPage {
    fn from(page: Page<StatusChange>) -> Self {
        let shown = |change: &StatusChange| LeadStatusChange {
            from: change.from.map(ashlar_leads::LeadStatus::as_str),
            to: change.to.as_str(),
            reason: change.reason.as_ref().map(|reason| reason.as_str().to_owned()),
            actor_id: change.actor,
            at: moment(change.at),
        };
        Self { data: page.data.iter().map(shown).collect(), page: PageInfo::after(page.next_cursor) }
    }
}
