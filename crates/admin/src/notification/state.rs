//! A notification: something that is the matter, from when it is noticed until it is over.

use ashlar_kernel::{Change, Id, StoreError, TenantId, Timestamp};
use serde::Serialize;
use uuid::Uuid;

use super::{Matter, NotificationEvent, Readers};

/// Identifies a [`Notification`].
pub type NotificationId = Id<Notification>;

/// How much something matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should look, today.
    Warning,
    /// Somebody should look, now.
    Critical,
}

impl Severity {
    /// Every severity.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// Reads the stored form.
    pub fn restore(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == text)
    }
}

/// Something that is, or was, the matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    row: NotificationRow,
    severity: Severity,
}

/// The columns of a notification.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of Notification, flat")]
pub struct NotificationRow {
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub severity: String,
    pub source: String,
    pub dedupe_key: String,
    pub title: String,
    pub count: i64,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    pub announced_at: Option<Timestamp>,
    pub acknowledged_by: Option<Uuid>,
    pub acknowledged_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    pub version: i32,
}

impl Notification {
    /// Something began to be the matter.
    pub fn raise(id: NotificationId, matter: Matter, now: Timestamp) -> Change<Self, NotificationEvent> {
        let Matter { tenant, key, severity, source, title } = matter;
        let event = NotificationEvent::Raised { notification: id, key: key.clone(), severity };
        let row = NotificationRow {
            id: id.as_uuid(),
            tenant_id: tenant.as_uuid(),
            severity: severity.as_str().to_owned(),
            source: source.to_owned(),
            dedupe_key: key,
            title,
            count: 1,
            first_at: now,
            last_at: now,
            announced_at: None,
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_at: None,
            version: 1,
        };
        Change::new(Self { row, severity }, event)
    }

    /// It was decided who gets a letter about it. None when that was decided before.
    pub fn announce(self, readers: Readers, now: Timestamp) -> Option<Change<Self, NotificationEvent>> {
        if self.row.announced_at.is_some() {
            return None;
        }
        let (notification, key) = (self.id(), self.row.dedupe_key.clone());
        let Readers { people, address } = readers;
        let event = NotificationEvent::Announced { notification, key, people, address };
        let row = NotificationRow { announced_at: Some(now), version: self.row.version + 1, ..self.row };
        Some(Change::new(Self { row, ..self }, event))
    }

    /// Somebody looks after it. None when somebody does already: the first one counts.
    pub fn acknowledge(self, by: Uuid, now: Timestamp) -> Result<Change<Self, NotificationEvent>, Box<Self>> {
        if self.row.acknowledged_at.is_some() {
            return Err(Box::new(self));
        }
        let event = NotificationEvent::Acknowledged { notification: self.id(), key: self.row.dedupe_key.clone() };
        let row = NotificationRow {
            acknowledged_by: Some(by),
            acknowledged_at: Some(now),
            version: self.row.version + 1,
            ..self.row
        };
        Ok(Change::new(Self { row, ..self }, event))
    }

    /// It is the matter no more.
    pub fn resolve(self, now: Timestamp) -> Change<Self, NotificationEvent> {
        let event = NotificationEvent::Resolved { notification: self.id(), key: self.row.dedupe_key.clone() };
        let row = NotificationRow { resolved_at: Some(now), version: self.row.version + 1, ..self.row };
        Change::new(Self { row, ..self }, event)
    }

    /// The notification that was stored.
    pub fn restore(row: NotificationRow) -> Result<Self, StoreError> {
        let severity = Severity::restore(&row.severity).ok_or(StoreError::Corrupt { what: "notification.severity" })?;
        Ok(Self { row, severity })
    }

    /// What to store.
    pub const fn row(&self) -> &NotificationRow {
        &self.row
    }

    /// Its identifier.
    pub const fn id(&self) -> NotificationId {
        Id::from_uuid(self.row.id)
    }

    /// Whom it concerns.
    pub const fn tenant(&self) -> TenantId {
        Id::from_uuid(self.row.tenant_id)
    }

    /// How much it matters.
    pub const fn severity(&self) -> Severity {
        self.severity
    }

    /// Its version, raised with every change.
    pub const fn version(&self) -> i32 {
        self.row.version
    }
}
