//! What administrators and operators read and write.

use std::{collections::BTreeSet, sync::Arc};

use ashlar_identity::{
    DirectoryEntry, DirectoryFilter, DirectoryPosition, DirectoryQuery, DirectoryRows, DirectorySort, Membership,
    MembershipEvent, MembershipLine, MembershipQuery, Role, Session, SessionEvent, SessionId, SessionSweep, Tenancy,
    TenancyQuery, TenantEvent, User, UserEvent, UserId, UserStatus,
    port::{AdministrationTx, AdmitError, Directory, InsertTenancyError, KeepAdminError},
};
use ashlar_kernel::{Change, StoreError, TenantId};
use async_trait::async_trait;

use super::{
    MemoryStore,
    tables::{Tables, broken},
    transaction::MemoryTx,
};

impl Tables {
    fn entry(&self, membership: &Membership) -> Option<DirectoryEntry> {
        let user = self.users.get(&membership.user())?;
        let logins = self.logins().iter().filter(|login| login.has_succeeded() && login.user() == Some(user.id()));
        Some(DirectoryEntry {
            account: self.account(membership.tenant(), user)?,
            status: user.status(),
            home: *self.homes.get(&user.id())?,
            member_since: membership.created_at(),
            last_login_at: logins.map(ashlar_identity::LoginAttempt::at).next_back(),
            membership_version: membership.version(),
        })
    }

    fn person(&self, tenant: TenantId, user: UserId) -> Option<DirectoryEntry> {
        self.entry(self.memberships.get(&(tenant, user))?)
    }

    fn people(&self, query: &DirectoryQuery) -> DirectoryRows {
        let members = self.memberships.values().filter(|membership| membership.tenant() == query.tenant);
        let passing = members.filter_map(|membership| self.entry(membership)).filter(|entry| {
            self.users.get(&entry.account.id).is_some_and(|user| is_let_through(&query.filter, user, entry))
        });
        let mut entries: Vec<_> = passing.collect();
        let counted = query.count_up_to.map(|most| most.min(u64::try_from(entries.len()).unwrap_or(u64::MAX)));
        sort(&mut entries, query.sort);
        if let Some(after) = &query.after {
            entries.retain(|entry| follows(entry, after, query.sort));
        }
        entries.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        DirectoryRows { entries, counted }
    }

    fn memberships_of(&self, query: &MembershipQuery) -> Vec<MembershipLine> {
        let theirs = self.memberships.values().filter(|membership| membership.user() == query.user);
        let line = |membership: &Membership| {
            let tenancy = self.tenants.get(&membership.tenant())?;
            Some(MembershipLine {
                tenant: tenancy.tenant().clone(),
                is_suspended: tenancy.is_suspended(),
                role: membership.role(),
                member_since: membership.created_at(),
            })
        };
        let mut lines: Vec<_> = theirs.filter_map(line).collect();
        lines.retain(|line| query.after.as_ref().is_none_or(|after| line.tenant.slug.as_str() > after.as_str()));
        lines.sort_unstable_by(|a, b| a.tenant.slug.as_str().cmp(b.tenant.slug.as_str()));
        lines.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        lines
    }

    fn tenancies(&self, query: &TenancyQuery) -> Vec<Tenancy> {
        let slug = |tenancy: &Tenancy| tenancy.tenant().slug.to_string();
        let follows =
            |tenancy: &&Tenancy| query.after.as_ref().is_none_or(|after| slug(tenancy).as_str() > after.as_str());
        let mut tenancies: Vec<_> = self.tenants.values().filter(follows).cloned().collect();
        tenancies.sort_unstable_by_key(slug);
        tenancies.truncate(usize::try_from(query.rows).unwrap_or(usize::MAX));
        tenancies
    }

    /// Whether each of the tenants that `user` administers, or this one, has another administrator who can sign in.
    pub(super) fn keep_admins(&self, user: UserId, tenant: Option<TenantId>) -> Result<(), KeepAdminError> {
        let is_admin = |membership: &&Membership| membership.role() == Role::Admin;
        let theirs = self.memberships.values().filter(is_admin).filter(|membership| membership.user() == user);
        let concerned: BTreeSet<_> =
            theirs.map(Membership::tenant).filter(|id| tenant.is_none_or(|t| t == *id)).collect();
        let others = self.memberships.values().filter(is_admin).filter(|membership| membership.user() != user);
        let active = others.filter(|membership| {
            self.users.get(&membership.user()).is_some_and(|user| user.status() == UserStatus::Active)
        });
        let kept: BTreeSet<_> = active.map(Membership::tenant).collect();
        if concerned.is_subset(&kept) { Ok(()) } else { Err(KeepAdminError::LastAdmin) }
    }

    fn admit(&mut self, membership: Membership) -> Result<(), AdmitError> {
        let key = (membership.tenant(), membership.user());
        self.require_user(membership.user())?;
        if self.memberships.contains_key(&key) {
            return Err(AdmitError::AlreadyMember);
        }
        Arc::make_mut(&mut self.memberships).insert(key, membership);
        Ok(())
    }

    fn update_membership(&mut self, membership: Membership) -> Result<(), KeepAdminError> {
        let key = (membership.tenant(), membership.user());
        if membership.role() != Role::Admin {
            self.keep_admins(membership.user(), Some(membership.tenant()))?;
        }
        let stored = self.memberships.get(&key).map(Membership::version);
        if stored.is_none() || stored != membership.version().checked_sub(1) {
            return Err(StoreError::Stale.into());
        }
        Arc::make_mut(&mut self.memberships).insert(key, membership);
        Ok(())
    }

    fn remove_membership(&mut self, membership: &Membership) -> Result<(), KeepAdminError> {
        let key = (membership.tenant(), membership.user());
        self.keep_admins(membership.user(), Some(membership.tenant()))?;
        if self.memberships.get(&key).map(Membership::version) != Some(membership.version()) {
            return Err(StoreError::Stale.into());
        }
        Arc::make_mut(&mut self.memberships).remove(&key);
        Ok(())
    }

    fn end_sessions(&mut self, sweep: SessionSweep) -> Vec<SessionId> {
        let is_meant = |session: &&Session| {
            let is_theirs = session.user() == sweep.user && sweep.tenant.is_none_or(|id| id == session.tenant());
            let is_there = sweep.device.is_none_or(|device| session.device_id() == Some(device));
            is_theirs && is_there && sweep.except != Some(session.id()) && session.is_alive(sweep.at)
        };
        let meant: Vec<_> = self.sessions.values().filter(is_meant).cloned().collect();
        let sessions = Arc::make_mut(&mut self.sessions);
        let ended = meant.into_iter().filter_map(|session| session.revoke(sweep.reason, sweep.at));
        let ended: Vec<_> = ended.map(|change| change.into_parts().0).collect();
        ended.into_iter().map(|session| (session.id(), sessions.insert(session.id(), session)).0).collect()
    }

    fn insert_tenancy(&mut self, tenancy: Tenancy) -> Result<(), InsertTenancyError> {
        let id = tenancy.tenant().id;
        if self.tenants.contains_key(&id) {
            return Err(broken("tenant primary key").into());
        }
        if self.tenants.values().any(|other| other.tenant().slug == tenancy.tenant().slug) {
            return Err(InsertTenancyError::SlugTaken);
        }
        Arc::make_mut(&mut self.tenants).insert(id, tenancy);
        Ok(())
    }

    fn update_tenancy(&mut self, tenancy: Tenancy) -> Result<(), StoreError> {
        let id = tenancy.tenant().id;
        let stored = self.tenants.get(&id).map(Tenancy::version);
        if stored.is_none() || stored != tenancy.version().checked_sub(1) {
            return Err(StoreError::Stale);
        }
        Arc::make_mut(&mut self.tenants).insert(id, tenancy);
        Ok(())
    }
}

fn is_let_through(filter: &DirectoryFilter, user: &User, entry: &DirectoryEntry) -> bool {
    filter.status.is_none_or(|status| status == entry.status)
        && filter.role.is_none_or(|role| role == entry.account.role)
        && filter.created_from.is_none_or(|from| entry.account.created_at >= from)
        && filter.created_before.is_none_or(|before| entry.account.created_at < before)
        && filter.search.as_ref().is_none_or(|term| user.search_key().contains(term.key()))
}

fn sort(entries: &mut [DirectoryEntry], sort: DirectorySort) {
    let age = |entry: &DirectoryEntry| (entry.account.created_at, entry.account.id);
    match sort {
        DirectorySort::NewestFirst => entries.sort_unstable_by_key(|entry| std::cmp::Reverse(age(entry))),
        DirectorySort::OldestFirst => entries.sort_unstable_by_key(age),
        DirectorySort::Email => entries.sort_unstable_by(|a, b| a.account.email.key().cmp(b.account.email.key())),
    }
}

fn follows(entry: &DirectoryEntry, after: &DirectoryPosition, sort: DirectorySort) -> bool {
    match after {
        DirectoryPosition::Email(key) => entry.account.email.key() > key.as_str(),
        DirectoryPosition::Created { at, id } => {
            let here = (entry.account.created_at, entry.account.id.as_uuid());
            if sort == DirectorySort::OldestFirst { here > (*at, *id) } else { here < (*at, *id) }
        }
    }
}

#[async_trait]
impl Directory for MemoryStore {
    async fn people(&self, query: &DirectoryQuery) -> Result<DirectoryRows, StoreError> {
        Ok(self.shared.lock().tables.people(query))
    }

    async fn person(&self, tenant: TenantId, user: UserId) -> Result<Option<DirectoryEntry>, StoreError> {
        Ok(self.shared.lock().tables.person(tenant, user))
    }

    async fn memberships(&self, query: &MembershipQuery) -> Result<Vec<MembershipLine>, StoreError> {
        Ok(self.shared.lock().tables.memberships_of(query))
    }

    async fn tenancies(&self, query: &TenancyQuery) -> Result<Vec<Tenancy>, StoreError> {
        Ok(self.shared.lock().tables.tenancies(query))
    }
}

#[async_trait]
impl AdministrationTx for MemoryTx {
    async fn membership(&mut self, tenant: TenantId, user: UserId) -> Result<Option<Membership>, StoreError> {
        Ok(self.draft.memberships.get(&(tenant, user)).cloned())
    }

    async fn person(&mut self, tenant: TenantId, user: UserId) -> Result<Option<DirectoryEntry>, StoreError> {
        Ok(self.draft.person(tenant, user))
    }

    async fn offices(&mut self, user: UserId, limit: u32) -> Result<Vec<Membership>, StoreError> {
        let theirs = self.draft.memberships.values().filter(|membership| membership.user() == user);
        let offices = theirs.filter(|membership| membership.role() != Role::Member);
        Ok(offices.take(usize::try_from(limit).unwrap_or(usize::MAX)).cloned().collect())
    }

    async fn admit(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), AdmitError> {
        let tenant = self.require_tenant(change.state().tenant());
        self.write(change, |tables, membership| {
            tenant?;
            tables.admit(membership)
        })
    }

    async fn update_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), KeepAdminError> {
        self.write(change, Tables::update_membership)
    }

    async fn remove_membership(&mut self, change: Change<Membership, MembershipEvent>) -> Result<(), KeepAdminError> {
        self.write(change, |tables, membership| tables.remove_membership(&membership))
    }

    async fn shut_user(&mut self, change: Change<User, UserEvent>) -> Result<(), KeepAdminError> {
        self.write(change, |tables, user| {
            tables.keep_admins(user.id(), None)?;
            Ok(tables.update_user(user)?)
        })
    }

    async fn end_sessions(&mut self, change: Change<SessionSweep, SessionEvent>) -> Result<Vec<SessionId>, StoreError> {
        let written_before = self.written.len();
        let ended = self.write(change, |tables, sweep| Ok::<_, StoreError>(tables.end_sessions(sweep)))?;
        if ended.is_empty() {
            self.written.truncate(written_before);
        }
        Ok(ended)
    }

    async fn tenancy(&mut self, id: TenantId) -> Result<Option<Tenancy>, StoreError> {
        Ok(self.draft.tenants.get(&id).cloned())
    }

    async fn insert_tenancy(&mut self, change: Change<Tenancy, TenantEvent>) -> Result<(), InsertTenancyError> {
        self.write(change, Tables::insert_tenancy)
    }

    async fn update_tenancy(&mut self, change: Change<Tenancy, TenantEvent>) -> Result<(), StoreError> {
        self.write(change, Tables::update_tenancy)
    }
}
