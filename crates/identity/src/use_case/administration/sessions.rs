//! See where the people of a tenant are signed in, and sign them out.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ashlar_kernel::{Context, Limit, Page, StoreError};

use super::{super::Attempts, AdministrationError, Identity};
use crate::{
    RevocationReason, SessionId, SessionLine, SessionPosition, SessionQuery, SessionSweep, UserId, permission,
};

impl Identity {
    /// The living sessions of somebody in the caller's tenant, newest first.
    pub async fn user_sessions(
        &self,
        context: &Context,
        user: UserId,
        limit: Limit,
        cursor: Option<&str>,
    ) -> Result<Page<SessionLine>, AdministrationError> {
        context.require(permission::READ_SESSIONS)?;
        let list = format!("sessions of {user}, for administrators");
        let cursors = &self.0.cursors;
        let after = cursor.map(|cursor| cursors.open::<SessionPosition>(context.tenant, &list, cursor)).transpose()?;
        self.person(context, user).await?;
        let query =
            SessionQuery { tenant: context.tenant, user, now: context.now, after, rows: limit.with_one_ahead() };
        let rows = self.0.ports.store.sessions(query).await?;
        let position = |line: &SessionLine| SessionPosition { created_at: line.created_at, id: line.id.as_uuid() };
        let seal = |line: &SessionLine| cursors.seal(context.tenant, &list, &position(line));
        let page = Page::try_cut(rows, limit, seal).map_err(StoreError::internal)?;
        Ok(page.map(|line| SessionLine { ip: line.ip.map(shortened), ..line }))
    }

    /// Ends every living session of somebody in the caller's tenant, and counts them.
    pub async fn sign_user_out(&self, context: &Context, user: UserId) -> Result<u64, AdministrationError> {
        context.require(permission::REVOKE_SESSIONS)?;
        crate::insist_on_fresh(context)?;
        self.person(context, user).await?;
        let mut attempts = Attempts::default();
        let ended = loop {
            match self.try_sign_out(context, user).await {
                Err(error) if attempts.again(&error) => {}
                outcome => break outcome?,
            }
        };
        self.note_ends(context, &ended);
        Ok(u64::try_from(ended.len()).unwrap_or(u64::MAX))
    }

    async fn try_sign_out(&self, context: &Context, user: UserId) -> Result<Vec<SessionId>, StoreError> {
        let sweep = SessionSweep::of(user, Some(context.tenant), RevocationReason::Admin, context.now);
        let mut tx = self.0.ports.store.begin(context).await?;
        let ended = tx.end_sessions(sweep).await?;
        if !ended.is_empty() {
            tx.commit().await?;
        }
        Ok(ended)
    }

    /// Ends one session of somebody in the caller's tenant; doing it twice is no error.
    pub async fn revoke_user_session(
        &self,
        context: &Context,
        user: UserId,
        session: SessionId,
    ) -> Result<(), AdministrationError> {
        context.require(permission::REVOKE_SESSIONS)?;
        crate::insist_on_fresh(context)?;
        let found = self.0.ports.store.session(session).await?.ok_or(AdministrationError::NotFound)?;
        if found.session.user() != user || found.session.tenant() != context.tenant {
            return Err(AdministrationError::NotFound);
        }
        Ok(self.end_session(context, session, RevocationReason::Admin).await?)
    }
}

/// An address without what tells one household from the next: 24 bits of it, or 48 of IPv6.
pub(in crate::use_case) fn shortened(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & (u32::MAX << 8)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 80)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_a_part_of_an_address() {
        let shown = |ip: &str| shortened(ip.parse().unwrap()).to_string();
        assert_eq!(shown("192.0.2.77"), "192.0.2.0");
        assert_eq!(shown("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
    }
}
