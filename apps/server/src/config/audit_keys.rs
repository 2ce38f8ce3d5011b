//! The rows of [`KEYS`](super::KEYS) about the audit trail, and what they make.

use std::path::PathBuf;

use ashlar_audit::retention::Periods;
use chrono::TimeDelta;

use super::{
    AuditConfig,
    key::{Key, Kind},
    reader::Reader,
};

pub(super) const CHECKPOINT_DIR: Key = Key::new(
    "audit_checkpoint_dir",
    "ASHLAR_AUDIT_CHECKPOINT_DIR",
    "audit-checkpoint-dir",
    Kind::Other { placeholder: "FOLDER", accepts: "the path of a folder, or nothing" },
    "The folder for the signed checkpoints of the audit trail. It proves something if whoever owns the database cannot \
     write there. Without one there are no checkpoints.",
)
.default("<data_dir>/checkpoints")
.in_production("")
.under("Audit");

pub(super) const CHECKPOINT_INTERVAL: Key = Key::new(
    "audit_checkpoint_interval",
    "ASHLAR_AUDIT_CHECKPOINT_INTERVAL",
    "audit-checkpoint-interval",
    Kind::Duration { min: "1s", max: "24h" },
    "How often trails that have become longer get a checkpoint.",
)
.default("60s")
.under("Audit");

/// Less than a day would take from people what they look for when something has just happened.
const PERIOD: Kind = Kind::Duration { min: "1d", max: "36500d" };

pub(super) const RETENTION_SECURITY: Key = Key::new(
    "audit_retention_security",
    "ASHLAR_AUDIT_RETENTION_SECURITY",
    "audit-retention-security",
    PERIOD,
    "For how long the bodies of events about accounts, access, jobs and the log itself are kept. Links and checkpoints stay, so that \
     the rest still verifies.",
)
.default("400d")
.under("Audit");

pub(super) const RETENTION_BILLING: Key = Key::new(
    "audit_retention_billing",
    "ASHLAR_AUDIT_RETENTION_BILLING",
    "audit-retention-billing",
    PERIOD,
    "The same for contracts, clients and what is billed.",
)
.default("3653d")
.under("Audit");

pub(super) const RETENTION_CONTENT: Key = Key::new(
    "audit_retention_content",
    "ASHLAR_AUDIT_RETENTION_CONTENT",
    "audit-retention-content",
    PERIOD,
    "The same for everyday work, such as leads. Events that this version does not know are kept for the longest of the three.",
)
.default("90d")
.under("Audit");

/// What the keys say.
pub(super) fn read(reader: &mut Reader<'_>) -> Option<AuditConfig> {
    let checkpoint_dir = reader.get("audit_checkpoint_dir", |text| Ok(PathBuf::from(text)));
    let checkpoint_interval = reader.duration("audit_checkpoint_interval");
    let [security, billing, content] =
        ["audit_retention_security", "audit_retention_billing", "audit_retention_content"]
            .map(|name| reader.duration(name).and_then(|period| TimeDelta::from_std(period).ok()));
    let checkpoint_dir = checkpoint_dir.map(|path| (!path.as_os_str().is_empty()).then_some(path));
    let periods = Periods { security: security?, billing: billing?, content: content? };
    Some(AuditConfig { checkpoint_dir: checkpoint_dir?, checkpoint_interval: checkpoint_interval?, periods })
}
