use std::{pin::pin, sync::mpsc, time::Instant};

use ashlar_identity::{contract::password_hasher::Hashers, password_hasher_contract};
use ashlar_kernel::Secret;
use futures::poll;
use tokio::sync::oneshot;

use super::*;
use crate::OsEntropy;

password_hasher_contract!(hashers, on_tokio);

fn hashers() -> Hashers {
    let bare = |params| pool(params, Peppers::default());
    Hashers { one: bare((8, 1, 1)), another: bare((40, 2, 4)) }
}

fn on_tokio<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// The same laws hold for hashes that a secret is in.
mod seasoned {
    use super::{Hashers, Peppers, on_tokio, password_hasher_contract, pool};
    use ashlar_kernel::MacKey;

    password_hasher_contract!(hashers, on_tokio);

    fn hashers() -> Hashers {
        let [one, other] = [7, 8].map(|byte| MacKey::from_bytes([byte; 32]));
        let peppers = |ids: [(&str, &MacKey); 2]| Peppers::new(ids.map(|(id, key)| (id.to_owned(), key.clone())));
        let (first, second) = (peppers([("a", &one), ("b", &other)]), peppers([("b", &other), ("a", &one)]));
        Hashers { one: pool((8, 1, 1), first), another: pool((8, 1, 1), second) }
    }
}

fn pool((memory_kib, passes, lanes): (u32, u32, u32), peppers: Peppers) -> Arc<Argon2Pool> {
    let params = Argon2Params::new(memory_kib, passes, lanes).unwrap();
    let pool = Argon2Pool::new(Argon2Options { params, ..Argon2Options::default() }, Arc::new(OsEntropy));
    Arc::new(pool.seasoned_with(peppers))
}

#[tokio::test]
async fn hash_is_worthless_without_its_pepper() {
    let peppers = |id: &str, byte| Peppers::new([(id.to_owned(), ashlar_kernel::MacKey::from_bytes([byte; 32]))]);
    let (bare, seasoned) = (pool((8, 1, 1), Peppers::default()), pool((8, 1, 1), peppers("2026", 7)));
    let right = password("tuba-mint-quarrel-9");
    let hash = seasoned.hash(&right).await.unwrap();

    assert!(hash.as_str().starts_with("$argon2id$v=19$m=8,t=1,p=1,keyid=MjAyNg$"), "{}", hash.as_str());
    assert!(seasoned.verify(&right, Some(&hash)).await.unwrap());
    assert!(bare.verify(&right, Some(&hash)).await.is_err());
    assert_eq!((seasoned.examine(&hash), bare.examine(&hash)), (HashStanding::Current, HashStanding::Unknown));
    assert!(!pool((8, 1, 1), peppers("2026", 8)).verify(&right, Some(&hash)).await.unwrap());
    // Taken out of the text it is still not Argon2's own output.
    let plain = PasswordHash::restore(hash.as_str().replace(",keyid=MjAyNg", ""));
    assert!(!bare.verify(&right, Some(&plain)).await.unwrap());
    assert_eq!(seasoned.examine(&bare.hash(&right).await.unwrap()), HashStanding::Outdated);
    let class = HashClass::of(&hash);
    assert_eq!(peppers("2025", 7).missing_for(&class), Some("2026".to_owned()));
    assert_eq!((peppers("2026", 7).missing_for(&class), bare.decoy(&class).is_some()), (None, false));
    assert!(seasoned.decoy(&class).is_some());
}

const LONG: Duration = Duration::from_mins(10);

fn one_thread(queue: u16) -> Argon2Pool {
    let params = Argon2Params::new(8, 1, 1).unwrap();
    Argon2Pool::new(Argon2Options { threads: NonZeroU16::MIN, queue, wait: LONG, params }, Arc::new(OsEntropy))
}

fn password(text: &str) -> Password {
    Password::parse(Secret::from(text)).unwrap()
}

/// Work that says when it has begun and goes on until it is told to end.
struct Work {
    begun: oneshot::Receiver<()>,
    end: mpsc::Sender<()>,
}

fn work() -> (Work, impl FnOnce(&mut [Block]) -> Result<(), HashingFailed> + Send + 'static) {
    let (tell_begun, begun) = oneshot::channel();
    let (end, told_to_end) = mpsc::channel();
    let job = move |_: &mut [Block]| {
        tell_begun.send(()).unwrap();
        told_to_end.recv().unwrap();
        Ok(())
    };
    (Work { begun, end }, job)
}

#[tokio::test]
async fn hashes_of_the_default_name_owasp_parameters() {
    let pool = Argon2Pool::new(Argon2Options::default(), Arc::new(OsEntropy));
    let hash = pool.hash(&password("tuba-mint-quarrel-9")).await.unwrap();

    let rest = hash.as_str().strip_prefix("$argon2id$v=19$m=19456,t=2,p=1$").unwrap();
    let (salt, output) = rest.split_once('$').unwrap();
    assert_eq!((salt.len(), output.len()), (22, 43), "16 and 32 bytes in unpadded base64");
    assert!(pool.verify(&password("tuba-mint-quarrel-9"), Some(&hash)).await.unwrap());
}

#[tokio::test]
async fn a_hash_of_the_reference_implementation_verifies() {
    let reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    let reference = PasswordHash::restore(reference.to_owned());
    let pool = one_thread(0);
    assert!(pool.verify(&password("password"), Some(&reference)).await.unwrap());
    assert!(!pool.verify(&password("passwore"), Some(&reference)).await.unwrap());
}

#[tokio::test]
async fn a_ruinous_hash_is_refused_before_anything_is_spent_on_it() {
    let pool = one_thread(0);
    let planted = |params: &str| {
        PasswordHash::restore(format!(
            "$argon2id$v=19${params}$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
        ))
    };
    let any = password("x");
    assert!(matches!(pool.verify(&any, Some(&planted("m=8,t=1,p=1"))).await, Ok(false)));
    for params in ["m=1048577,t=1,p=1", "m=4294967295,t=4294967295,p=1", "m=8,t=4294967295,p=1", "m=8,t=1,p=16777215"] {
        let answer = pool.verify(&any, Some(&planted(params))).await;
        assert!(matches!(answer, Err(HasherError::Failed(_))), "{params}");
    }
}

#[tokio::test]
async fn a_full_pool_turns_callers_away_whether_or_not_the_account_exists() {
    let pool = one_thread(0);
    let hash = pool.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
    let (occupied, job) = work();
    let mut running = pin!(pool.compute(pool.params, job));
    assert!(poll!(running.as_mut()).is_pending());
    occupied.begun.await.unwrap();

    let any = password("x");
    assert!(matches!(pool.hash(&any).await, Err(HasherError::Overloaded)));
    assert!(matches!(pool.verify(&any, Some(&hash)).await, Err(HasherError::Overloaded)));
    assert!(matches!(pool.verify(&any, None).await, Err(HasherError::Overloaded)));

    occupied.end.send(()).unwrap();
    running.await.unwrap();
    assert!(pool.verify(&password("tuba-mint-quarrel-9"), Some(&hash)).await.unwrap());
}

#[tokio::test]
async fn a_caller_that_goes_away_while_hashing_leaves_its_thread_counted() {
    let pool = one_thread(1);
    let (occupied, job) = work();
    {
        let mut leaving = pin!(pool.compute(pool.params, job));
        assert!(poll!(leaving.as_mut()).is_pending());
        occupied.begun.await.unwrap();
    }

    let mut next = pin!(pool.gate.enter());
    assert!(poll!(next.as_mut()).is_pending(), "the thread is still busy");

    occupied.end.send(()).unwrap();
    assert!(next.await.is_ok());
}

#[tokio::test]
async fn a_panic_on_the_thread_is_an_error_and_frees_the_permit() {
    let pool = one_thread(0);
    let answer = pool.compute::<()>(pool.params, |_| panic!("on purpose")).await;
    assert!(matches!(answer, Err(HasherError::Failed(_))));
    assert!(pool.hash(&password("x")).await.is_ok());
}

/// Not a measurement of equality, which one run cannot give, but of order: an answer without the work of a hash would be
/// a thousand times faster.
#[tokio::test]
async fn an_unknown_account_costs_a_hash_of_the_same_parameters() {
    let pool = Argon2Pool::new(Argon2Options::default(), Arc::new(OsEntropy));
    let hash = pool.hash(&password("tuba-mint-quarrel-9")).await.unwrap();
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for _ in 0..3 {
        let start = Instant::now();
        pool.verify(&password("x"), Some(&hash)).await.unwrap();
        known = known.min(start.elapsed());
        let start = Instant::now();
        pool.verify(&password("x"), None).await.unwrap();
        unknown = unknown.min(start.elapsed());
    }
    assert!(unknown > known / 4, "{unknown:?} against {known:?}");
}

#[tokio::test]
async fn each_hash_is_told_with_its_class() {
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let pool = one_thread(1).watched_by(Some(Arc::new(move |class| log.lock().unwrap().push(class.to_string()))));
    let typed = password("tuba-mint-quarrel-9");
    let ours = pool.hash(&typed).await.unwrap();
    let foreign = pool.decoy(&HashClass::restore("pbkdf2_sha256$7".to_owned())).unwrap();
    let unusable = PasswordHash::restore("!".to_owned());

    pool.hash_like(&typed, &ours).await.unwrap();
    assert!(pool.verify(&typed, Some(&ours)).await.unwrap());
    for hash in [Some(&foreign), Some(&unusable), None] {
        assert!(!pool.verify(&typed, hash).await.unwrap());
    }

    let own = "$argon2id$v=19$m=8,t=1,p=1";
    assert_eq!(*told.lock().unwrap(), [own, own, own, "pbkdf2_sha256$7", own, own]);
}
