//! Staff at work on the store of a law.

#![expect(clippy::unwrap_used, reason = "a law reports by panicking")]

use std::{collections::BTreeMap, sync::Arc};

use ashlar_kernel::{Actor, Context, MacKey, Principal, contract::scene::RisingIds};
use uuid::Uuid;

use super::{
    Fixture,
    scene::{Nobody, Nowhere, Scene, noon},
};
use crate::{
    DisposableDomains, Lead, LeadError, LeadPorts, LeadSettings, Leads, MergeLeads, MergeLeadsInput, lead::Merger,
    permission,
};

/// The service over a store, and somebody who may do everything.
pub(super) struct Office {
    pub(super) scene: Scene,
    pub(super) leads: Leads,
}

impl Office {
    /// The root of the keys.
    pub(super) const ROOT: [u8; 32] = [7; 32];

    pub(super) fn over(fixture: Fixture) -> Self {
        let ports = LeadPorts {
            store: Arc::clone(&fixture.store),
            files: Arc::new(Nowhere),
            team: Arc::new(Nobody),
            ids: Arc::new(RisingIds::beginning_at(1 << 32)),
        };
        let settings = LeadSettings {
            region: None,
            disposable: DisposableDomains::but_for([]),
            root_key: MacKey::from_bytes(Self::ROOT),
        };
        Self { leads: Leads::new(ports, settings), scene: Scene::new(fixture) }
    }

    pub(super) fn boss(&self) -> Context {
        let principal = Principal {
            user: Uuid::from_u128(9),
            session: Uuid::nil(),
            authenticated_at: noon(),
            permissions: permission::ALL.iter().map(|(permission, _)| *permission).collect(),
            withheld: std::iter::empty().collect(),
        };
        Context { actor: Actor::User(principal), ..self.scene.context() }
    }

    pub(super) async fn merge(
        &self,
        primary: &Lead,
        others: &[&Lead],
        prefer: &[(&str, &Lead)],
    ) -> Result<Merger, LeadError> {
        let prefer = prefer.iter().map(|(field, lead)| ((*field).to_owned(), lead.id().to_string()));
        let input = MergeLeadsInput {
            primary_id: primary.id().to_string(),
            duplicate_ids: others.iter().map(|lead| lead.id().to_string()).collect(),
            prefer: prefer.collect::<BTreeMap<_, _>>(),
        };
        self.leads.merge(&self.boss(), MergeLeads::try_from(input).unwrap()).await
    }

    /// A lead as it is stored, also if it was put away.
    pub(super) async fn at_rest(&self, lead: &Lead) -> Option<Lead> {
        self.scene.begin().await.lead(lead.tenant(), lead.id()).await.unwrap()
    }
}
