//! Take over accounts that another system had.

use std::collections::HashSet;

use ashlar_kernel::{AccessError, Actor, Class, Classified, Context, Id, MacKey, StoreError, Timestamp};
use chrono::SubsecRound;

use super::{Attempts, Identity};
use crate::{
    AccountRequest, DisplayName, Email, ForeignId, HashClass, ImportEvent, ImportObstacle, ImportSource, ImportedUser,
    InvalidDisplayName, InvalidEmail, InvalidForeignId, InvalidUsername, NewImport, PasswordHash, Role, UserEvent,
    UserId, UserStatus, Username,
    port::{FirstAdmin, HashStanding, PasswordHasher},
};

type Change = ashlar_kernel::Change<ImportedUser, ImportEvent>;

/// One account as another system had it, in a form that this one accepts.
pub struct ImportUser {
    foreign_id: ForeignId,
    email: Email,
    username: Option<Username>,
    display_name: Option<DisplayName>,
    password: PasswordHash,
    status: UserStatus,
    role: Role,
    created_at: Option<Timestamp>,
    last_login_at: Option<Timestamp>,
    notes: Vec<ImportNote>,
}

/// One account as it was written down.
#[expect(missing_docs, reason = "the fields are those of the other system")]
#[derive(Debug, Clone, Copy)]
pub struct ImportInput<'a> {
    pub id: &'a str,
    pub email: &'a str,
    pub username: Option<&'a str>,
    pub display_name: Option<&'a str>,
    pub password_hash: Option<&'a str>,
    pub is_active: bool,
    pub role: Role,
    pub created_at: Option<Timestamp>,
    pub last_login_at: Option<Timestamp>,
}

/// Why one account is not taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportRefusal {
    /// It has no id.
    #[error("{0}")]
    Id(#[from] InvalidForeignId),
    /// It has no address, and accounts here need one.
    #[error("there is no e-mail address")]
    NoEmail,
    /// What it has is no address.
    #[error("the e-mail address is refused: {0}")]
    Email(#[from] InvalidEmail),
    /// The hash of its password is damaged.
    #[error("the password's hash is damaged")]
    MalformedHash,
    /// The hash of its password would cost too much at each login.
    #[error("the password's hash asks for more work than anybody is given")]
    ExpensiveHash,
    /// Another account has the e-mail address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Another account has the handle.
    #[error("the username is taken")]
    UsernameTaken,
}

impl ImportRefusal {
    /// A stable name, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Id(_) => "invalid_id",
            Self::NoEmail => "no_email",
            Self::Email(_) => "invalid_email",
            Self::MalformedHash => "malformed_hash",
            Self::ExpensiveHash => "expensive_hash",
            Self::EmailTaken => "email_taken",
            Self::UsernameTaken => "username_taken",
        }
    }
}

/// What an account that was taken over has lost on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ImportNote {
    /// Its handle is none here.
    #[error("imported without its username, which is none here: {0}")]
    Username(InvalidUsername),
    /// Its name is none here.
    #[error("imported without its name, which is none here: {0}")]
    DisplayName(InvalidDisplayName),
    /// Its password's hash is of no algorithm that is read here.
    #[error("imported without its password, whose hash is of no supported algorithm; the password has to be reset")]
    Password,
}

impl ImportNote {
    /// A stable name, for programs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Username(_) => "username_left_out",
            Self::DisplayName(_) => "display_name_left_out",
            Self::Password => "password_left_out",
        }
    }
}

impl ImportUser {
    /// Accepts an account. What is not accepted about a handle or a name is left out and noted; without id or address
    /// there is no account.
    pub fn parse(input: ImportInput<'_>) -> Result<Self, ImportRefusal> {
        let mut notes = Vec::new();
        let given = |text: Option<&str>| text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        let foreign_id = ForeignId::parse(input.id)?;
        let email = given(Some(input.email)).ok_or(ImportRefusal::NoEmail)?;
        let username = given(input.username).map(|name| Username::parse(&name)).transpose().unwrap_or_else(|fault| {
            notes.push(ImportNote::Username(fault));
            None
        });
        let display_name =
            given(input.display_name).map(|name| DisplayName::parse(&name)).transpose().unwrap_or_else(|fault| {
                notes.push(ImportNote::DisplayName(fault));
                None
            });
        Ok(Self {
            foreign_id,
            email: Email::parse(&email)?,
            username,
            display_name,
            password: given(input.password_hash).map_or_else(PasswordHash::unusable, PasswordHash::restore),
            status: if input.is_active { UserStatus::Active } else { UserStatus::Disabled },
            role: input.role,
            created_at: input.created_at,
            last_login_at: input.last_login_at,
            notes,
        })
    }
}

/// What became of one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportOutcome {
    /// It was taken over, or would be.
    Imported(Imported),
    /// It was taken over in an earlier run; nothing was done.
    ImportedBefore,
    /// It was not taken over.
    Refused(ImportRefusal),
}

/// An account that was taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its id here.
    pub user: UserId,
    /// What they are in the tenant.
    pub role: Role,
    /// What the password's hash is of.
    pub password: HashClass,
    /// What was lost.
    pub notes: Vec<ImportNote>,
}

/// Why an import ended early.
#[derive(Debug, thiserror::Error)]
pub enum ImportUsersError {
    /// Only the operator imports accounts.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Classified for ImportUsersError {
    fn class(&self) -> Class<'_> {
        match self {
            Self::Access(error) => Class::Inner(error),
            Self::Store(error) => Class::Inner(error),
        }
    }
}

/// An import from one system, batch after batch.
pub struct UserImport {
    identity: Identity,
    source: ImportSource,
    is_rehearsal: bool,
    writes_letters: bool,
    /// What was accepted in this run: half a digest for each id, address and handle, so that a hundred thousand accounts
    /// take a few megabytes.
    seen: HashSet<[u8; 16]>,
}

impl Identity {
    /// Begins to take over accounts of `source`.
    pub fn import(&self, source: ImportSource) -> UserImport {
        UserImport { identity: self.clone(), source, is_rehearsal: false, writes_letters: true, seen: HashSet::new() }
    }
}

impl UserImport {
    /// The same, but nothing is written; the outcomes are those of a run that writes.
    #[must_use]
    pub fn rehearsed(self) -> Self {
        Self { is_rehearsal: true, ..self }
    }

    /// The same, but nobody whose password could not be taken over is sent a link to set a new one.
    #[must_use]
    pub fn without_letters(self) -> Self {
        Self { writes_letters: false, ..self }
    }

    /// Takes over at most 1,000 accounts, in one transaction; the outcomes are in their order. An account is known by its
    /// source and its id there: one that was taken over before is left as it is, so that a run that was interrupted is
    /// repeated as a whole.
    pub async fn batch(
        &mut self,
        context: &Context,
        users: Vec<ImportUser>,
    ) -> Result<Vec<ImportOutcome>, ImportUsersError> {
        let Actor::System(_) = context.actor else {
            return Err(AccessError::AuthenticationRequired.into());
        };
        let judged: Vec<_> = users.into_iter().map(|user| self.judge(context, user)).collect();
        let changes: Vec<_> = judged.iter().flatten().map(|(change, _)| change.clone()).collect();
        let told = judged.iter().flatten().filter(|judged| self.is_told(judged)).map(|(change, _)| id_of(change));
        let told: HashSet<_> = told.collect();
        let mut obstacles = self.save(context, changes, &told).await?.into_iter();
        let outcome = |judged: Result<(Change, Vec<ImportNote>), ImportRefusal>| match judged {
            Err(refusal) => ImportOutcome::Refused(refusal),
            Ok((change, notes)) => outcome_of(&change, notes, obstacles.next().flatten()),
        };
        Ok(judged.into_iter().map(outcome).collect())
    }

    /// Whether the account's holder gets a link to set a new password.
    fn is_told(&self, (change, notes): &(Change, Vec<ImportNote>)) -> bool {
        let is_usable = change.state().user().status() == UserStatus::Active;
        self.writes_letters && is_usable && notes.contains(&ImportNote::Password)
    }

    /// The account it would become, and what it lost; or why it cannot become one.
    fn judge(&self, context: &Context, user: ImportUser) -> Result<(Change, Vec<ImportNote>), ImportRefusal> {
        let ports = &self.identity.0.ports;
        let hasher: &dyn PasswordHasher = &*ports.hasher;
        let mut notes = user.notes;
        let password = match hasher.examine(&user.password) {
            HashStanding::Current | HashStanding::Outdated => user.password,
            // What stands behind the mark is of no use to anybody.
            HashStanding::Unusable => PasswordHash::unusable(),
            HashStanding::Unknown => {
                notes.push(ImportNote::Password);
                PasswordHash::unusable()
            }
            HashStanding::Malformed => return Err(ImportRefusal::MalformedHash),
            HashStanding::TooExpensive => return Err(ImportRefusal::ExpensiveHash),
        };
        // Moments are kept to the millisecond, and none of them is still to come.
        let past = |moment: Timestamp| moment.trunc_subsecs(3).min(context.now);
        let new = NewImport {
            id: Id::new(&*ports.ids),
            tenant: context.tenant,
            source: self.source.clone(),
            foreign_id: user.foreign_id,
            email: user.email,
            username: user.username,
            display_name: user.display_name,
            password,
            status: user.status,
            role: user.role,
            created_at: user.created_at.map_or(context.now, past),
            last_login_at: user.last_login_at.map(past),
        };
        Ok((ImportedUser::import(new, context.now), notes))
    }

    /// Writes the accounts that nothing stands in the way of, unless this is a rehearsal.
    async fn save(
        &mut self,
        context: &Context,
        changes: Vec<Change>,
        told: &HashSet<UserId>,
    ) -> Result<Vec<Option<ImportObstacle>>, StoreError> {
        let users: Vec<_> = changes.iter().map(|change| change.state().clone()).collect();
        let mut attempts = Attempts::default();
        loop {
            let known = self.identity.0.ports.store.import_obstacles(&users).await?;
            let mut here = HashSet::new();
            let judge = |(user, known): (&ImportedUser, Option<ImportObstacle>)| {
                known.or_else(|| obstacle_in_file(&self.seen, &mut here, user))
            };
            let obstacles: Vec<_> = users.iter().zip(known).map(judge).collect();
            let free = changes.iter().zip(&obstacles).filter(|(_, obstacle)| obstacle.is_none());
            let free: Vec<_> = free.map(|(change, _)| change.clone()).collect();
            let saved = if self.is_rehearsal { Ok(()) } else { self.write(context, free, told).await };
            match saved {
                Ok(()) => {
                    self.seen.extend(here);
                    return Ok(obstacles);
                }
                // Somebody has registered between the look and the write; look again.
                Err(error) if attempts.again(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn write(&self, context: &Context, changes: Vec<Change>, told: &HashSet<UserId>) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        let admin = changes.iter().find(|change| role_of(change) == Role::Admin);
        let admin = admin.map(|change| change.state().user().id());
        let told = changes.iter().filter(|change| told.contains(&id_of(change)));
        let requests: Vec<_> = told.map(|change| AccountRequest::PasswordSetup { user: id_of(change) }).collect();
        let mut tx = self.identity.0.ports.store.begin(context).await?;
        tx.import_users(changes).await?;
        for request in requests {
            tx.note_request(ashlar_kernel::Change::new((), request)).await?;
        }
        // Where an administrator has come, the next one to register is not made one.
        if let Some(user) = admin {
            let claim = FirstAdmin { user, at: context.now };
            let event = UserEvent::BootstrapAdminClaimed { user };
            let _is_first = tx.claim_first_admin(ashlar_kernel::Change::new(claim, event)).await?;
        }
        tx.commit().await
    }
}

fn id_of(change: &Change) -> UserId {
    change.state().user().id()
}

fn role_of(change: &Change) -> Role {
    change.state().membership().role()
}

fn outcome_of(change: &Change, notes: Vec<ImportNote>, obstacle: Option<ImportObstacle>) -> ImportOutcome {
    match obstacle {
        Some(ImportObstacle::ImportedBefore) => ImportOutcome::ImportedBefore,
        Some(ImportObstacle::EmailTaken) => ImportOutcome::Refused(ImportRefusal::EmailTaken),
        Some(ImportObstacle::UsernameTaken) => ImportOutcome::Refused(ImportRefusal::UsernameTaken),
        None => {
            let user = change.state().user();
            let password = HashClass::of(user.password());
            ImportOutcome::Imported(Imported { user: user.id(), role: role_of(change), password, notes })
        }
    }
}

/// What an account accepted earlier in this run stands in the way of; remembered in `here` where it is nothing.
fn obstacle_in_file(
    seen: &HashSet<[u8; 16]>,
    here: &mut HashSet<[u8; 16]>,
    user: &ImportedUser,
) -> Option<ImportObstacle> {
    let id = half_digest("id", user.foreign_id().as_str());
    let email = half_digest("email", user.user().email().key());
    let username = user.user().username().map(|name| half_digest("username", &name.key()));
    let is_taken = |key: &[u8; 16]| seen.contains(key) || here.contains(key);
    if is_taken(&id) {
        return Some(ImportObstacle::ImportedBefore);
    }
    if is_taken(&email) {
        return Some(ImportObstacle::EmailTaken);
    }
    if username.as_ref().is_some_and(is_taken) {
        return Some(ImportObstacle::UsernameTaken);
    }
    here.extend([Some(id), Some(email), username].into_iter().flatten());
    None
}

fn half_digest(kind: &str, text: &str) -> [u8; 16] {
    // The kernel's digest has a key; here it hides nothing from anybody.
    let tag = MacKey::from_bytes([0; 32]).tag(&[kind.as_bytes(), text.as_bytes()]);
    std::array::from_fn(|at| tag[at])
}
