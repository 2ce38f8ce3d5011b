//! Many leads at once, and numbers of leads, in process.

use std::collections::{BTreeMap, BTreeSet};

use ashlar_kernel::{Change, StoreError, TenantId};
use ashlar_leads::{
    Lead, LeadEvent, LeadId, StatsQuery, Tally, TallyKind,
    port::{BatchWrites, Newcomer, SaveLeadError, StatsReads},
};
use async_trait::async_trait;
use uuid::Uuid;

use super::{MemoryStore, tables::Tables, transaction::MemoryTx};

#[async_trait]
impl BatchWrites for MemoryTx {
    async fn insert_leads(&mut self, newcomers: Vec<Newcomer>) -> Result<BTreeSet<LeadId>, StoreError> {
        let mut entered = BTreeSet::new();
        for (change, came) in newcomers {
            let tenant = self.require_tenant(change.state().tenant());
            if self.draft.leads.is_duplicate(change.state()) {
                continue;
            }
            entered.insert(change.state().id());
            let saved = self.write(change, |tables: &mut Tables, lead| {
                tenant?;
                tables.leads.insert(lead, came)
            });
            saved.map_err(|error| match error {
                SaveLeadError::Store(error) => error,
                SaveLeadError::Duplicate => StoreError::Stale,
            })?;
        }
        Ok(entered)
    }

    async fn leads_at(&mut self, tenant: TenantId, email_keys: &[String]) -> Result<Vec<Lead>, StoreError> {
        let tables = &self.draft.leads;
        Ok(email_keys.iter().filter_map(|key| tables.holder(tenant, key).cloned()).collect())
    }

    async fn leads_of(&mut self, tenant: TenantId, owner: Uuid, most: u32) -> Result<Vec<Lead>, StoreError> {
        let theirs = self.draft.leads.of_owner(owner).filter(|lead| lead.tenant() == tenant);
        Ok(theirs.take(usize::try_from(most).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn release_leads(&mut self, changes: Vec<Change<Lead, LeadEvent>>) -> Result<(), StoreError> {
        for change in changes {
            self.write(change, |tables: &mut Tables, lead| tables.leads.release(lead.id(), lead.updated_at()))?;
        }
        Ok(())
    }
}

#[async_trait]
impl StatsReads for MemoryStore {
    async fn stats(&self, query: StatsQuery) -> Result<Vec<Tally>, StoreError> {
        let mut sums = BTreeMap::<(TallyKind, String), i64>::new();
        let tables = &self.shared.lock().tables.leads;
        for ((tenant, day, status, source, category), leads) in tables.tallies.iter() {
            if *tenant != query.tenant || *day < query.from || *day > query.to {
                continue;
            }
            let values = [
                (TallyKind::Status, (*status).to_owned()),
                (TallyKind::Source, (*source).to_owned()),
                (TallyKind::Category, (*category).to_owned()),
                (TallyKind::Day, day.to_string()),
            ];
            for key in values {
                *sums.entry(key).or_default() += leads;
            }
        }
        let tally = |((kind, value), leads)| Tally { kind, value, leads: u64::try_from(leads).unwrap_or(0) };
        Ok(sums.into_iter().filter(|(_, leads)| *leads != 0).map(tally).collect())
    }
}
