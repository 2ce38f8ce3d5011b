//! The rows of [`KEYS`](super::KEYS) about the audit trail.

use super::key::{Key, Kind};

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
