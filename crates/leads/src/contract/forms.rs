//! Laws of forms on web pages, which anybody may fill in.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a law reports by panicking")]

use std::sync::Arc;

use ashlar_kernel::{Actor, Context, KeyPrincipal, LogReader, MacKey, TenantId, Timestamp, contract::scene::RisingIds};
use chrono::TimeDelta;
use uuid::Uuid;

use super::{
    Fixture, Runner, StartRace,
    scene::{Nobody, Nowhere, Scene, everything, noon},
};
use crate::{
    ActivityKind, ConsentForm, DisposableDomains, LeadForm, LeadPorts, LeadSettings, Leads, Received, SubmitForm, Trap,
    permission,
};

const VISITORS: usize = 100;

/// A web page over the store on trial.
struct Site {
    scene: Scene,
    leads: Leads,
}

impl Site {
    fn over(fixture: Fixture) -> Self {
        let ports = LeadPorts {
            store: Arc::clone(&fixture.store),
            files: Arc::new(Nowhere),
            team: Arc::new(Nobody),
            ids: Arc::new(RisingIds::beginning_at(1 << 32)),
        };
        let settings = LeadSettings {
            region: None,
            disposable: DisposableDomains::but_for([]),
            root_key: MacKey::from_bytes([7; 32]),
        };
        Self { leads: Leads::new(ports, settings), scene: Scene::new(fixture) }
    }

    fn visitor(&self, at: Timestamp) -> Context {
        let permissions = [permission::SUBMIT].into_iter().collect();
        let key = KeyPrincipal { key: Uuid::from_u128(3), owner: Uuid::from_u128(4), permissions };
        Context { actor: Actor::ApiKey(key), client_ip: "203.0.113.9".parse().ok(), now: at, ..self.scene.context() }
    }

    async fn submit(&self, email: &str, change: impl FnOnce(&mut SubmitForm)) -> Received {
        let stamp = self.leads.stamp_form(&self.visitor(noon())).unwrap();
        let consent = Some(ConsentForm { marketing: true, text_version: "2026-01".to_owned() });
        let (full_name, email) = ("Ada Lovelace".to_owned(), Some(email.to_owned()));
        let form = LeadForm { full_name, email, consent, tags: vec!["x".to_owned()], ..LeadForm::default() };
        let mut command = SubmitForm { form, honeypot: Some(String::new()), stamp, once: None };
        change(&mut command);
        self.leads.submit(&self.visitor(noon() + TimeDelta::seconds(30)), command).await.unwrap()
    }

    async fn event_count(&self) -> usize {
        self.scene.fixture.log.pending(LogReader::Dispatch, 1_000).await.unwrap().len()
    }
}

/// However many send one address at once, one lead is made of them, and the others are notes on it.
pub async fn racing_forms_of_one_address_leave_one_lead_and_touches(fixture: Fixture, start: StartRace) {
    let site = Arc::new(Site::over(fixture));
    let visitors = (0..VISITORS).map(|number| {
        let site = Arc::clone(&site);
        let email = if number % 2 == 0 { "ada@example.org" } else { " ADA@Example.ORG" };
        Box::pin(async move { site.submit(email, |_| {}).await == Received::Lead }) as Runner
    });

    let firsts = start(visitors.collect()).await.into_iter().filter(|is_first| *is_first).count();
    assert_eq!(firsts, 1);
    let lead = site.scene.whose("ada@example.org").await.unwrap();
    let store = &site.scene.fixture.store;
    let touches = store.activities(super::notes::all_of(&lead)).await.unwrap();
    assert_eq!(touches.len(), VISITORS - 1);
    assert!(touches.iter().all(|touch| touch.kind == ActivityKind::FormTouch && touch.actor.is_none()));
    assert_eq!(site.event_count().await, VISITORS);
}

/// A form says what its sender agreed to and from where, and nothing that is for others to say.
pub async fn a_form_says_no_more_than_strangers_may(fixture: Fixture) {
    let site = Site::over(fixture);
    assert_eq!(site.submit("ada@example.org", |_| {}).await, Received::Lead);

    let lead = site.scene.whose("ada@example.org").await.unwrap();
    let consent = lead.details().consent.clone().unwrap();
    assert_eq!((consent.marketing, consent.text_version.as_str()), (true, "2026-01"));
    assert_eq!(consent.ip, "203.0.113.9".parse().ok());
    assert_eq!((lead.details().source.as_str(), lead.owner(), lead.details().tags.is_empty()), ("website", None, true));
    let history = site.scene.fixture.store.status_changes(super::notes::all_of(&lead)).await.unwrap();
    assert_eq!(history.first().unwrap().actor, None);
}

/// What anybody sends changes nothing that is known.
pub async fn a_touch_leaves_the_lead_as_it_is(fixture: Fixture) {
    let site = Site::over(fixture);
    let lead = site.scene.take_in(everything("ada@example.org")).await;
    let sent = |command: &mut SubmitForm| command.form.notes = Some("Call me \u{1f4de}".to_owned());
    assert_eq!(site.submit("ADA@example.org", sent).await, Received::Touch);

    assert_eq!(site.scene.stored(&lead).await, Some(lead.clone()));
    let touches = site.scene.fixture.store.activities(super::notes::all_of(&lead)).await.unwrap();
    let body = touches.first().unwrap().body.clone().unwrap();
    assert_eq!(body.as_str(), "full_name: Ada Lovelace\nnotes: Call me \u{1f4de}");
}

/// What no person sends is thanked for, and leaves nothing.
pub async fn what_no_person_sends_leaves_nothing(fixture: Fixture) {
    let site = Site::over(fixture);
    let fast = site.leads.stamp_form(&site.visitor(noon() + TimeDelta::seconds(29))).unwrap();
    let known = site.scene.take_in(everything("known@example.org")).await;
    let before = site.event_count().await;
    for email in ["ada@example.org", "known@example.org", "no address"] {
        let trapped = |trap| Received::Trapped(trap);
        let filled = |command: &mut SubmitForm| command.honeypot = Some("https://spam.example".to_owned());
        assert_eq!(site.submit(email, filled).await, trapped(Trap::Honeypot));
        assert_eq!(site.submit(email, |command| command.stamp.clone_from(&fast)).await, trapped(Trap::TooFast));
        assert_eq!(site.submit(email, |command| "x".clone_into(&mut command.stamp)).await, trapped(Trap::NoStamp));
    }
    assert_eq!(site.scene.whose("ada@example.org").await, None);
    assert!(site.scene.fixture.store.activities(super::notes::all_of(&known)).await.unwrap().is_empty());
    assert_eq!((site.event_count().await, known.tenant()), (before, TenantId::MAIN));
}
