//! Verifying every trail of a database.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use ashlar_audit::{
    Breach, Checkpoint, InvalidCheckpoint, PublicKey, Report, SignatureCheck, Tampering,
    port::{TrailSnapshot, TrailStore, Unsealed},
    verify::{verify_trail, verify_trail_since},
};
use ashlar_kernel::{StoreError, TenantId, Timestamp};
use serde::Serialize;

/// Events are sealed within a second. What has waited longer than this shows that nobody seals.
pub const TOLERATED_LAG: Duration = Duration::from_mins(1);

/// What trails are held against.
pub struct Evidence<'e> {
    /// The key of the checkpoints; without it their signatures prove nothing and are not looked at.
    pub key: Option<PublicKey>,
    /// Who checks signatures.
    pub check: &'e dyn SignatureCheck,
    /// Checkpoints that were kept outside the database.
    pub notes: Vec<KeptNote>,
    /// One of them: what was sealed before it is not read again.
    pub since: Option<Checkpoint>,
}

/// What was kept as a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptNote {
    /// Where it was found.
    pub file: PathBuf,
    /// What is in it.
    pub text: String,
}

/// What came out.
#[derive(Debug, Serialize)]
pub struct Findings {
    /// By tenant.
    pub trails: Vec<Report>,
    /// How many events have waited too long for the sealer.
    pub unsealed: u64,
    /// Files among the checkpoints that are none, a half-copied one perhaps. They say nothing about any trail, and what they
    /// might have said is missing.
    pub unreadable: Vec<PathBuf>,
    /// Files among the checkpoints that are not signed by the key.
    pub forged: Vec<PathBuf>,
    /// Whether the signatures of checkpoints were checked.
    pub signatures_checked: bool,
}

impl Findings {
    /// Everything that is wrong, one thing for each tenant.
    pub fn breaches(&self) -> impl Iterator<Item = &Breach> {
        self.trails.iter().filter_map(|trail| trail.breach.as_ref())
    }
}

/// Verifies the trail of `only`, or every one. `on_progress` is told how many more rows were read.
pub async fn verify(
    store: &dyn TrailStore,
    evidence: &Evidence<'_>,
    (only, now): (Option<TenantId>, Timestamp),
    on_progress: &(dyn Fn(u64) + Sync),
) -> Result<Findings, StoreError> {
    let mut snapshot = store.snapshot().await?;
    let mut tenants: BTreeSet<TenantId> = snapshot.tenants().await?.into_iter().collect();
    // A trail that is gone from the database altogether is still known from outside.
    let opened = evidence.notes.iter().map(|note| (note, open(&note.text, evidence)));
    let (unreadable, kept): (Vec<_>, Vec<_>) =
        opened.partition(|(_, said)| matches!(said, Err(InvalidCheckpoint::Malformed)));
    tenants.extend(kept.iter().filter_map(|(note, _)| Checkpoint::parse(&note.text).ok()?.tenant()));
    tenants.retain(|tenant| only.is_none_or(|only| only == *tenant));
    let forged = kept.iter().filter(|(_, said)| said.is_err());
    let mut findings = Findings {
        trails: Vec::new(),
        unsealed: 0,
        unreadable: unreadable.into_iter().map(|(note, _)| note.file.clone()).collect(),
        forged: forged.map(|(note, _)| note.file.clone()).collect(),
        signatures_checked: evidence.key.is_some(),
    };
    for tenant in tenants {
        let mut notes = snapshot.notes(tenant).await?;
        notes.extend(kept.iter().map(|(note, _)| note.text.clone()));
        let (checkpoints, forged) = sift(tenant, &notes, evidence);
        let since = evidence.since.as_ref().filter(|since| since.tenant() == Some(tenant));
        let mut report = match since {
            None => verify_trail(&mut *snapshot, tenant, checkpoints, on_progress).await?,
            Some(since) => verify_trail_since(&mut *snapshot, (tenant, since), checkpoints, on_progress).await?,
        };
        report.breach = report.breach.or(forged);
        findings.trails.push(report);
        findings.unsealed += overdue(&mut *snapshot, tenant, now).await?;
    }
    Ok(findings)
}

/// The checkpoints of a tenant that count, and the first that is not signed by the key.
fn sift(tenant: TenantId, notes: &[String], evidence: &Evidence<'_>) -> (Vec<Checkpoint>, Option<Breach>) {
    let (mut checkpoints, mut forged) = (Vec::<Checkpoint>::new(), None);
    for note in notes {
        match open(note, evidence) {
            Ok(checkpoint) if checkpoint.tenant() == Some(tenant) => {
                if !checkpoints.contains(&checkpoint) {
                    checkpoints.push(checkpoint);
                }
            }
            Ok(_of_another) => {}
            Err(_) => {
                let claimed = Checkpoint::parse(note).ok();
                let is_ours = claimed.as_ref().is_none_or(|claimed| claimed.tenant() == Some(tenant));
                if is_ours {
                    let seq = claimed.map(|claimed| claimed.size);
                    forged.get_or_insert(Breach { tenant, kind: Tampering::Forged, seq, until: None, event: None });
                }
            }
        }
    }
    (checkpoints, forged)
}

/// What a checkpoint says, if it is signed by the key; whoever signed it if there is none.
fn open(note: &str, evidence: &Evidence<'_>) -> Result<Checkpoint, InvalidCheckpoint> {
    match &evidence.key {
        Some(key) => Checkpoint::open(note, key, evidence.check),
        None => ashlar_audit::Note::parse(note)
            .map_err(|_no_note| InvalidCheckpoint::Malformed)
            .and_then(|note| Checkpoint::parse(note.text())),
    }
}

async fn overdue(snapshot: &mut dyn TrailSnapshot, tenant: TenantId, now: Timestamp) -> Result<u64, StoreError> {
    let Unsealed { events, oldest } = snapshot.unsealed(tenant).await?;
    let is_late = oldest.is_some_and(|oldest| (now - oldest).to_std().unwrap_or_default() > TOLERATED_LAG);
    Ok(if is_late { events } else { 0 })
}
