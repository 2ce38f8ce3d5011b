//! The bodies of administration.

use ashlar_identity::{
    CreateUser, CreateUserInput, DirectoryEntry, DisplayName, EditUser, Email, EntryVersion, Newcomer, Role, UserId,
    use_case::RegisterInput,
};
use ashlar_kernel::{FieldErrors, FieldFault, Invalid, Secret};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::{
    body::nullable,
    identity::dto::{UserRole, field, moment},
};

/// An account to open for somebody.
#[derive(Deserialize, ToSchema)]
pub(super) struct CreateUserRequest {
    /// Where mail goes. Two spellings of one address are one address.
    #[schema(format = "idn-email", max_length = 254, example = "grace@example.org")]
    email: String,
    /// The public handle: letters, digits, `.`, `_` and `-`, with a letter or digit at both ends.
    #[schema(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]$", example = "grace")]
    username: Option<String>,
    /// The password, which you tell the person: 12 to 256 characters, and not one that is easily guessed.
    #[schema(value_type = String, format = Password, min_length = 12, max_length = 256, example = "quill-ember-sonata-4")]
    password: Secret,
    /// What others call them.
    #[schema(min_length = 1, max_length = 100, example = "Grace Hopper")]
    display_name: Option<String>,
    /// What they are in this tenant; `member` unless you say otherwise.
    #[schema(value_type = Option<UserRole>, example = "member")]
    role: Option<String>,
}

impl TryFrom<CreateUserRequest> for CreateUser {
    type Error = Invalid;

    fn try_from(body: CreateUserRequest) -> Result<Self, Invalid> {
        Self::try_from(CreateUserInput {
            registration: RegisterInput {
                email: &body.email,
                username: body.username.as_deref(),
                password: body.password,
                display_name: body.display_name.as_deref(),
            },
            role: body.role.as_deref(),
        })
    }
}

/// A change of somebody's profile. An absent member leaves the field alone, null clears it.
#[derive(Deserialize, ToSchema)]
pub(super) struct UpdateUserRequest {
    /// What others call them.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "Grace Hopper")]
    #[expect(clippy::option_option, reason = "three states: absent, null, a value")]
    display_name: Option<Option<String>>,
}

impl UpdateUserRequest {
    /// The edit, if the person is at one of `if_version`.
    pub(super) fn command(self, if_version: Option<Vec<EntryVersion>>) -> Result<EditUser, Invalid> {
        let mut errors = FieldErrors::default();
        let display_name = field(&mut errors, "/display_name", self.display_name, DisplayName::parse);
        errors.finish()?;
        Ok(EditUser { display_name, if_version })
    }
}

/// A role to give.
#[derive(Deserialize, ToSchema)]
pub(super) struct SetRoleRequest {
    /// What the person is from now on.
    #[schema(value_type = UserRole, example = "staff")]
    role: String,
}

impl SetRoleRequest {
    /// The role.
    pub(super) fn role(&self) -> Result<Role, Invalid> {
        let mut errors = FieldErrors::default();
        errors.check("/role", self.role.parse()).ok_or_else(|| errors.into_invalid())
    }
}

/// Somebody to take into the tenant, by the id of their account or by its address.
#[derive(Deserialize, ToSchema)]
pub(super) struct AddMemberRequest {
    /// The id of their account. Either this or `email`.
    #[schema(value_type = Option<Uuid>, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    user_id: Option<String>,
    /// The address of their account. Either this or `user_id`.
    #[schema(format = "idn-email", max_length = 254, example = "grace@example.org")]
    email: Option<String>,
    /// What they become in this tenant.
    #[schema(value_type = UserRole, example = "member")]
    role: String,
}

/// Neither the id nor the address was given, or both.
#[derive(Debug, thiserror::Error)]
#[error("give either user_id or email")]
struct OneOfThem;

impl FieldFault for OneOfThem {
    fn code(&self) -> &'static str {
        "required"
    }
}

/// The text is no id.
#[derive(Debug, thiserror::Error)]
#[error("not a UUID")]
struct NotAnId;

impl FieldFault for NotAnId {
    fn code(&self) -> &'static str {
        "invalid_format"
    }
}

impl AddMemberRequest {
    /// Who, and as what.
    pub(super) fn parse(&self) -> Result<(Newcomer, Role), Invalid> {
        let mut errors = FieldErrors::default();
        let role = errors.check("/role", self.role.parse());
        let who = match (&self.user_id, &self.email) {
            (Some(id), None) => {
                let id = id.parse::<UserId>().map_err(|_syntax| NotAnId);
                errors.check("/user_id", id).map(Newcomer::Id)
            }
            (None, Some(email)) => errors.check("/email", Email::parse(email)).map(Newcomer::Email),
            _ => {
                errors.refuse("/user_id", &OneOfThem);
                None
            }
        };
        who.zip(role).ok_or_else(|| errors.into_invalid())
    }
}

/// A person as the administrators of a tenant see them.
#[derive(Serialize, ToSchema)]
pub(super) struct AdminUser {
    /// The id of the account.
    #[schema(value_type = Uuid, example = "0190b5a4-7c1e-7f6a-8d2b-3c4d5e6f7a8b")]
    id: UserId,
    /// Where mail goes.
    #[schema(format = "idn-email", example = "grace@example.org")]
    email: String,
    /// The public handle.
    #[schema(required, example = "grace")]
    username: Option<String>,
    /// What others call them.
    #[schema(required, example = "Grace Hopper")]
    display_name: Option<String>,
    /// A picture.
    #[schema(required, format = "uri", example = "https://cdn.example.org/grace.png")]
    avatar_url: Option<String>,
    /// The language they read: a BCP 47 tag.
    #[schema(required, example = "en-US")]
    locale: Option<String>,
    /// What they are in this tenant.
    #[schema(value_type = UserRole)]
    role: &'static str,
    /// Whether the account can be used.
    #[schema(value_type = UserStanding)]
    status: &'static str,
    /// Whether the account was opened in another tenant, whose administrators look after it.
    #[schema(example = false)]
    is_guest: bool,
    /// Whether they operate the installation.
    #[schema(example = false)]
    is_operator: bool,
    /// When the account was opened.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    created_at: String,
    /// When it was last edited.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    updated_at: String,
    /// Since when they are a member of this tenant.
    #[schema(format = DateTime, example = "2026-01-31T09:30:00.000Z")]
    member_since: String,
    /// When they last signed in.
    #[schema(required, format = DateTime, example = "2026-02-01T08:00:00.000Z")]
    last_login_at: Option<String>,
}

/// Whether an account can be used.
#[derive(Serialize, ToSchema)]
#[schema(example = "active")]
#[serde(rename_all = "snake_case")]
#[expect(dead_code, reason = "only its schema is used; the value comes from the domain")]
pub(super) enum UserStanding {
    /// It can.
    Active,
    /// It was suspended.
    Disabled,
}

impl AdminUser {
    /// `entry`, seen from one tenant.
    pub(super) fn of(entry: &DirectoryEntry, tenant: ashlar_kernel::TenantId) -> Self {
        let account = &entry.account;
        Self {
            id: account.id,
            email: account.email.address().to_owned(),
            username: account.username.as_ref().map(|name| name.as_str().to_owned()),
            display_name: account.display_name.as_ref().map(|name| name.as_str().to_owned()),
            avatar_url: account.avatar_url.as_ref().map(|url| url.as_str().to_owned()),
            locale: account.locale.as_ref().map(|locale| locale.as_str().to_owned()),
            role: account.role.as_str(),
            status: entry.status.as_str(),
            is_guest: entry.home != tenant,
            is_operator: account.is_operator,
            created_at: moment(account.created_at),
            updated_at: moment(account.updated_at),
            member_since: moment(entry.member_since),
            last_login_at: entry.last_login_at.map(moment),
        }
    }
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
pub(super) struct RevokedSessions {
    /// How many.
    #[schema(minimum = 0, example = 2)]
    pub(super) revoked: u64,
}

/// The tag of what an administrator sees: edits of the account, a point, and edits of the membership.
pub(super) fn tag(version: EntryVersion) -> String {
    format!("{}.{}", version.account, version.membership)
}

/// The versions that tags name. What is no tag of ours names none.
pub(super) fn versions(tags: &[String]) -> Vec<EntryVersion> {
    let read = |tag: &String| {
        let (account, membership) = tag.split_once('.')?;
        Some(EntryVersion { account: account.parse().ok()?, membership: membership.parse().ok()? })
    };
    tags.iter().filter_map(read).collect()
}
