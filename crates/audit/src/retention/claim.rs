//! What is written down before bodies are deleted, so that it can be proved later that these were, and no others.

use ashlar_kernel::{EventRecord, TenantId, Timestamp};
use serde_json::Value;

use super::{Candidate, Class, EVENT};
use crate::{Digest32, Frontier, log::AuditEvent};

/// What an event of retention says: so many bodies of this class between these two links are deleted, and their leaves make
/// a tree with this root (RFC 6962), in the order of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// What sort of events they were.
    pub class: Class,
    /// All of them had happened before then.
    pub before: Timestamp,
    /// The number of the first of them.
    pub from_seq: u64,
    /// The number of the last of them.
    pub to_seq: u64,
    /// How many they are.
    pub count: u64,
    /// The root over their leaves.
    pub root: Digest32,
}

/// Links next to each other whose bodies expire together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The number of the first.
    pub from_seq: u64,
    /// The number of the last.
    pub to_seq: u64,
}

/// Bodies of one tenant and class that are to be deleted: what is saved of them together with the event that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Whose events.
    pub tenant: TenantId,
    /// What is written down about them.
    pub claim: Claim,
    /// Which links they belong to, in order, none next to another.
    pub runs: Vec<Run>,
}

impl Expiry {
    /// The expiry of `candidates`; none if there are none.
    pub fn of(tenant: TenantId, (class, before): (Class, Timestamp), candidates: &[Candidate]) -> Option<Self> {
        let mut leaves: Vec<_> = candidates.iter().map(|candidate| (candidate.seq, candidate.leaf)).collect();
        leaves.sort_unstable_by_key(|(seq, _)| *seq);
        let ((from_seq, _), (to_seq, _)) = (*leaves.first()?, *leaves.last()?);
        let (mut tree, mut runs) = (Frontier::default(), Vec::<Run>::new());
        for (seq, leaf) in leaves {
            tree.push(leaf, |_node| ());
            match runs.last_mut().filter(|run| run.to_seq + 1 == seq) {
                Some(run) => run.to_seq = seq,
                None => runs.push(Run { from_seq: seq, to_seq: seq }),
            }
        }
        let claim = Claim { class, before, from_seq, to_seq, count: tree.size(), root: tree.root() };
        Some(Self { tenant, claim, runs })
    }

    /// What is written into the log about it.
    pub fn event(&self) -> AuditEvent {
        let Claim { class, before, from_seq, to_seq, count, root } = self.claim;
        let (class, tenant) = (class.as_str(), self.tenant);
        AuditEvent::RetentionApplied { tenant, class, before, from_seq, to_seq, count, root }
    }
}

impl Claim {
    /// What an event says, if it is one of retention and says it all.
    pub fn read(event: &EventRecord) -> Option<Self> {
        let data = (event.name == EVENT).then_some(&event.data)?;
        let number = |member: &str| data.get(member).and_then(Value::as_u64);
        let text = |member: &str| data.get(member).and_then(Value::as_str);
        Some(Self {
            class: Class::restore(text("class")?)?,
            before: text("before")?.parse().ok()?,
            from_seq: number("from_seq")?,
            to_seq: number("to_seq")?,
            count: number("count")?,
            root: Digest32::from_hex(text("root")?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::{ActorRef, DomainEvent as _, EventFormat, Outcome, Source};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::log::EventPosition;

    fn candidate(seq: u64) -> Candidate {
        let at = EventPosition { at: Timestamp::UNIX_EPOCH, id: Uuid::from_u128(seq.into()) };
        Candidate { at, seq, leaf: Digest32::leaf(&seq.to_be_bytes()) }
    }

    fn expiry(seqs: &[u64]) -> Expiry {
        let candidates: Vec<_> = seqs.iter().copied().map(candidate).collect();
        Expiry::of(TenantId::MAIN, (Class::Content, Timestamp::UNIX_EPOCH), &candidates).unwrap()
    }

    fn record(event: &AuditEvent) -> EventRecord {
        EventRecord {
            format: EventFormat::LATEST,
            id: Uuid::from_u128(1),
            tenant: TenantId::MAIN,
            name: event.name().to_owned(),
            schema_version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            actor: ActorRef { kind: "system".to_owned(), id: Some("retention".to_owned()), session: None },
            targets: event.targets(),
            outcome: Outcome::Ok,
            diff: Vec::new(),
            data: serde_json::to_value(event).unwrap(),
            source: Source::default(),
            request_id: "r".to_owned(),
            trace: None,
        }
    }

    #[test]
    fn links_next_to_each_other_are_one_run() {
        let found = expiry(&[9, 2, 3, 4, 7, 10]).runs;
        let run = |(from_seq, to_seq)| Run { from_seq, to_seq };
        assert_eq!(found, [(2, 4), (7, 7), (9, 10)].map(run));
        assert_eq!(Expiry::of(TenantId::MAIN, (Class::Other, Timestamp::UNIX_EPOCH), &[]), None);
    }

    #[test]
    fn what_says_less_or_something_else_is_no_claim() {
        let event = record(&expiry(&[1, 5]).event());
        assert!(Claim::read(&event).is_some());
        for member in ["class", "before", "from_seq", "to_seq", "count", "root"] {
            let mut less = event.clone();
            less.data.as_object_mut().unwrap().remove(member);
            assert_eq!(Claim::read(&less), None, "{member}");
            less.data[member] = Value::String("x".to_owned());
            assert_eq!(Claim::read(&less), None, "{member}");
        }
        assert_eq!(Claim::read(&EventRecord { name: "audit.log.read".to_owned(), ..event }), None);
    }

    proptest! {
        #[test]
        fn what_is_written_down_is_read_back(seqs: std::collections::BTreeSet<u32>) {
            prop_assume!(!seqs.is_empty());
            let seqs: Vec<_> = seqs.into_iter().map(|seq| u64::from(seq) + 1).collect();
            let expiry = expiry(&seqs);
            let claim = Claim::read(&record(&expiry.event())).unwrap();
            prop_assert_eq!(claim, expiry.claim);
            prop_assert_eq!(claim.count, u64::try_from(seqs.len()).unwrap());
            let covered: Vec<_> = expiry.runs.iter().flat_map(|run| run.from_seq..=run.to_seq).collect();
            prop_assert_eq!(covered, seqs);
        }
    }
}
