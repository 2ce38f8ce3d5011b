//! See the people of a tenant.

use ashlar_kernel::{AccessError, Class, Classified, Context, InvalidCursor, Limit, Page, StoreError, Total};

use super::{AdministrationError, Identity};
use crate::{DirectoryEntry, DirectoryFilter, DirectoryPosition, DirectoryQuery, DirectorySort, UserId, permission};

/// Lists the people of the caller's tenant.
#[derive(Debug, Clone, Default)]
pub struct ListUsers {
    /// Which of them.
    pub filter: DirectoryFilter,
    /// In which order.
    pub sort: DirectorySort,
    /// How many.
    pub limit: Limit,
    /// Where to go on.
    pub cursor: Option<String>,
    /// Whether to count them.
    pub with_total: bool,
}

/// A page of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserPage {
    /// The page.
    pub page: Page<DirectoryEntry>,
    /// How many there are, if it was asked for.
    pub total: Option<Total>,
}

/// Why the list cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    /// The caller may not.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The cursor is not of this list.
    #[error(transparent)]
    Cursor(#[from] InvalidCursor),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ListUsersError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Cursor(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

impl Identity {
    /// Some of the people of the caller's tenant.
    pub async fn users(&self, context: &Context, command: ListUsers) -> Result<UserPage, ListUsersError> {
        context.require(permission::READ_USERS)?;
        let ListUsers { filter, sort, limit, cursor, with_total } = command;
        // Everything that decides which rows there are, and their order.
        let list = format!("users {sort:?} {filter:?}");
        let cursors = &self.0.cursors;
        let after =
            cursor.map(|cursor| cursors.open::<DirectoryPosition>(context.tenant, &list, &cursor)).transpose()?;
        let query = DirectoryQuery {
            tenant: context.tenant,
            filter,
            sort,
            after,
            rows: limit.with_one_ahead(),
            count_up_to: with_total.then_some(Total::COUNT_UP_TO),
        };
        let found = self.0.ports.store.people(&query).await?;
        let seal = |last: &DirectoryEntry| cursors.seal(context.tenant, &list, &DirectoryPosition::of(last, sort));
        let page = Page::try_cut(found.entries, limit, seal).map_err(StoreError::internal)?;
        Ok(UserPage { page, total: found.counted.map(Total::of) })
    }

    /// One of the people of the caller's tenant.
    pub async fn user(&self, context: &Context, user: UserId) -> Result<DirectoryEntry, AdministrationError> {
        context.require(permission::READ_USERS)?;
        self.person(context, user).await
    }
}
