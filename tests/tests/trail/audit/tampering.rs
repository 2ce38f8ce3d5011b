//! Seven kinds of tampering at 200 places each, and clean trails that raise no alarm.

use std::sync::Arc;

use ashlar_audit::{
    Breach, Checkpointer, CheckpointerPorts, NoteSigner as _, Origin, PublicKey, Tampering, port::TrailStore,
};
use ashlar_crypto::{AuditKey, Ed25519Check};
use ashlar_kernel::{Clock as _, Entropy, SystemClock};
use ashlar_memory::SeededEntropy;
use ashlar_server::audit::{CheckpointFolder, Evidence, verify};
use ashlar_sql::SqlStore;
use ashlar_tests::{
    laws_of_databases,
    stores::{open, prepare},
};

use super::{
    Raw,
    attack::{Place, Victim},
    emit, seal_all,
};

const KINDS: [Tampering; 7] = [
    Tampering::Modified,
    Tampering::Deleted,
    Tampering::Inserted,
    Tampering::Reordered,
    Tampering::Forked,
    Tampering::Truncated,
    Tampering::Forged,
];
const PLACES: usize = 200;
const CLEAN_RUNS: usize = 200;
const SIZE: u64 = 40;
const SEED: u64 = 2026;

struct Keeper {
    checkpointer: Checkpointer,
    folder: CheckpointFolder,
    key: PublicKey,
    origin: Origin,
}

fn keeper(store: &SqlStore, folder: &std::path::Path) -> Keeper {
    let (folder, signer) = (CheckpointFolder::new(folder), Arc::new(AuditKey::generate().unwrap()));
    let (key, origin) = (signer.public_key(), Origin::parse("example.org").unwrap());
    let ports = CheckpointerPorts { store: Arc::new(store.clone()), archive: Arc::new(folder.clone()), signer };
    Keeper { checkpointer: Checkpointer::new(ports, origin.clone()), folder, key, origin }
}

impl Keeper {
    fn evidence(&self) -> Evidence<'static> {
        Evidence { key: Some(self.key), check: &Ed25519Check, notes: self.folder.notes().unwrap(), since: None }
    }
}

async fn breaches(store: &dyn TrailStore, evidence: &Evidence<'_>) -> Vec<Breach> {
    let findings = verify(store, evidence, (None, SystemClock.now()), &|_rows| ()).await.unwrap();
    findings.breaches().cloned().collect()
}

async fn grow(store: &SqlStore, keeper: &Keeper, events: usize) {
    emit(store, events).await;
    seal_all(store).await;
    keeper.checkpointer.step(SystemClock.now()).await.unwrap();
}

async fn every_tampering_is_found(url: &str) {
    prepare(url).await;
    let (store, place) = (open(url, 1).await, tempfile::tempdir().unwrap());
    let keeper = keeper(&store, place.path());
    for _checkpoint in 0..SIZE / 10 {
        grow(&store, &keeper, 10).await;
    }
    let evidence = keeper.evidence();
    let raw = Raw::connect(url).await;
    let mut victim = Victim { raw, store: store.clone(), size: SIZE, origin: keeper.origin.clone() };
    victim.disarm().await;
    let entropy: &dyn Entropy = &SeededEntropy::new(SEED);
    let number = || u64::from_le_bytes(entropy.bytes()) % SIZE + 1;
    for kind in KINDS {
        for way in 0..PLACES {
            let (seq, mut other) = (number(), number());
            while other == seq {
                other = number();
            }
            let place = victim.attack(kind, (seq, other), way).await;

            let found = breaches(&store, &evidence).await;

            let told = format!("{kind:?} {place:?}, way {way}, seed {SEED}: {found:?}");
            assert_eq!(found.len(), 1, "{told}");
            assert_eq!(found[0].kind, kind, "{told}");
            match place {
                Place::At(seq) => assert_eq!(found[0].seq, Some(seq), "{told}"),
                Place::Beside => assert!(found[0].seq.is_none() && found[0].event.is_some(), "{told}"),
                Place::Around(seq) => {
                    let (first, last) = (found[0].seq.unwrap(), found[0].until.unwrap());
                    assert!(first <= seq && seq <= last && last - first < 10, "{told}");
                }
            }
            victim.heal().await;
        }
        assert_eq!(breaches(&store, &evidence).await, [], "after {kind:?}");
    }
}

async fn clean_trails_raise_no_alarm(url: &str) {
    prepare(url).await;
    let (store, place) = (open(url, 2).await, tempfile::tempdir().unwrap());
    let keeper = keeper(&store, place.path());
    for run in 0..CLEAN_RUNS {
        if run % 10 == 0 {
            grow(&store, &keeper, run % 7).await;
        }
        assert_eq!(breaches(&store, &keeper.evidence()).await, [], "run {run}");
    }
}

laws_of_databases!(every_tampering_is_found, clean_trails_raise_no_alarm);
