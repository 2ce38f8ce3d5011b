use std::{
    collections::HashMap,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use ashlar_kernel::{StoreError, TenantId};
use async_trait::async_trait;
use chrono::TimeDelta;
use uuid::Uuid;

use super::*;

/// A clock that is moved by hand.
struct Hand(Mutex<Timestamp>);

impl Hand {
    fn advance(&self, step: TimeDelta) {
        *self.0.lock().unwrap() += step;
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// What one process knows of sessions, and the moment until which it doubts.
#[derive(Default)]
struct Known(Mutex<(HashMap<SessionId, CachedSession>, Timestamp)>);

impl SessionCache for Known {
    fn get(&self, id: SessionId) -> Option<CachedSession> {
        let known = self.0.lock().unwrap();
        let found =
            known.0.get(&id).filter(|found| matches!(found.standing, Standing::Ended) || found.seen_at > known.1);
        found.cloned()
    }

    fn remember(&self, id: SessionId, seen: CachedSession) -> CachedSession {
        self.0.lock().unwrap().0.insert(id, seen.clone());
        seen
    }

    fn end(&self, id: SessionId, at: Timestamp) {
        self.remember(id, CachedSession { standing: Standing::Ended, seen_at: at });
    }

    fn forget(&self, id: SessionId) {
        self.0.lock().unwrap().0.remove(&id);
    }

    fn forget_readings_until(&self, moment: Timestamp) {
        self.0.lock().unwrap().1 = moment;
    }
}

/// News that can be cut off.
#[derive(Default)]
struct Line {
    listeners: Mutex<Vec<mpsc::UnboundedSender<SessionEnded>>>,
    is_cut: AtomicBool,
    heard_of: Mutex<Vec<SessionEnded>>,
}

#[async_trait]
impl Revocations for Line {
    async fn announce(&self, ended: SessionEnded) -> Result<(), StoreError> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut".into()));
        }
        self.heard_of.lock().unwrap().push(ended);
        self.listeners.lock().unwrap().retain(|listener| listener.send(ended).is_ok());
        Ok(())
    }

    async fn listen(&self) -> Result<Box<dyn RevocationFeed>, StoreError> {
        if self.is_cut.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("cut".into()));
        }
        let (listener, feed) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap().push(listener);
        Ok(Box::new(Cut(feed)))
    }
}

/// A feed that ends with the news of session zero.
struct Cut(mpsc::UnboundedReceiver<SessionEnded>);

#[async_trait]
impl RevocationFeed for Cut {
    async fn next(&mut self) -> Result<SessionEnded, StoreError> {
        let ended = self.0.recv().await.filter(|ended| ended.session != id(0));
        ended.ok_or_else(|| StoreError::Unavailable("cut".into()))
    }
}

/// Two processes on one line, and the time.
struct House {
    line: Arc<Line>,
    clock: Arc<Hand>,
    one: AnnouncedEnds,
    other: Arc<Known>,
    metrics: Metrics,
    tasks: tokio::task::JoinSet<()>,
}

fn house() -> House {
    let (line, other) = (Arc::new(Line::default()), Arc::new(Known::default()));
    let clock = Arc::new(Hand(Mutex::new(Timestamp::UNIX_EPOCH + TimeDelta::days(21_900))));
    let (one, waiting) = AnnouncedEnds::new(Arc::new(Known::default()));
    let (metrics, mut tasks) = (Metrics::default(), tokio::task::JoinSet::new());
    let news: Arc<dyn Revocations> = Arc::clone(&line) as _;
    tasks.spawn(carry(waiting, Arc::clone(&news), metrics.clone()));
    tasks.spawn(hear(news, Arc::clone(&other) as _, Arc::clone(&clock) as _, metrics.clone()));
    House { line, clock, one, other, metrics, tasks }
}

impl House {
    /// Lets `seconds` of the runtime's time pass, in steps that give everybody a turn.
    async fn pass(&self, seconds: u64) {
        for _ in 0..seconds * 20 {
            tokio::time::advance(Duration::from_millis(50)).await;
            tokio::task::yield_now().await;
        }
    }

    fn other_believes(&self, number: u128) -> bool {
        self.other.get(id(number)).is_some_and(|known| matches!(known.standing, Standing::Live(_)))
    }

    fn other_reads(&self, number: u128) {
        self.other.remember(id(number), live(number, self.clock.now()));
    }

    fn figure(&self, name: &str) -> String {
        let text = self.metrics.render().unwrap();
        text.lines().find_map(|line| line.strip_prefix(&format!("{name} "))).unwrap_or("none").to_owned()
    }
}

fn id(number: u128) -> SessionId {
    SessionId::from_uuid(Uuid::from_u128(number))
}

fn live(number: u128, seen_at: Timestamp) -> CachedSession {
    use ashlar_identity::{NewSession, Session, SessionPolicy, SessionWithHolder, UserId, UserStatus};
    let new = NewSession {
        id: id(number),
        tenant: TenantId::MAIN,
        user: UserId::from_uuid(Uuid::from_u128(1)),
        salt: [0; 32],
        amr: Vec::new(),
        device: None,
        ip: None,
        user_agent: None,
    };
    let (session, _) = Session::begin(new, &SessionPolicy::default(), seen_at).into_parts();
    let holder = SessionWithHolder { session, status: UserStatus::Active, account: None };
    CachedSession { standing: Standing::Live(Box::new(holder)), seen_at }
}

#[tokio::test(start_paused = true)]
async fn an_end_is_heard_by_the_other_process_and_told_once() {
    let house = house();
    house.pass(1).await;
    house.clock.advance(TimeDelta::milliseconds(1));
    house.other_reads(7);
    assert!(house.other_believes(7));

    house.one.end(id(7), house.clock.now());
    house.one.end(id(7), house.clock.now());
    house.pass(1).await;

    assert!(!house.other_believes(7));
    assert_eq!(house.line.heard_of.lock().unwrap().len(), 1);
    assert_eq!(
        (house.figure("revocations_heard_total"), house.figure("revocations_hearing")),
        ("1".into(), "1".into())
    );
}

#[tokio::test(start_paused = true)]
async fn who_was_cut_off_doubts_what_was_believed_until_it_hears_again() {
    let house = house();
    house.pass(1).await;
    house.clock.advance(TimeDelta::milliseconds(1));
    house.other_reads(7);

    house.line.announce(SessionEnded { session: id(0), at: house.clock.now() }).await.unwrap();
    house.line.is_cut.store(true, Ordering::SeqCst);
    house.pass(3).await;
    assert!(house.other_believes(7), "until then the rule of five seconds holds");
    assert_eq!(house.figure("revocations_hearing"), "0");

    house.line.is_cut.store(false, Ordering::SeqCst);
    house.pass(2).await;
    assert!(!house.other_believes(7));
    house.clock.advance(TimeDelta::milliseconds(1));
    house.other_reads(7);
    assert!(house.other_believes(7));
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_late_rather_than_never_and_never_when_it_is_no_news() {
    let mut house = house();
    house.pass(1).await;
    house.line.is_cut.store(true, Ordering::SeqCst);
    house.one.end(id(1), house.clock.now());
    house.pass(2).await;
    house.line.is_cut.store(false, Ordering::SeqCst);
    house.pass(2).await;
    let told = |house: &House| house.line.heard_of.lock().unwrap().iter().map(|end| end.session).collect::<Vec<_>>();
    assert_eq!(told(&house), [id(1)]);

    house.line.is_cut.store(true, Ordering::SeqCst);
    house.one.end(id(2), house.clock.now());
    house.pass(6).await;
    house.line.is_cut.store(false, Ordering::SeqCst);
    house.one.end(id(3), house.clock.now());
    house.pass(2).await;
    assert_eq!(told(&house), [id(1), id(3)]);
    assert_eq!(house.figure("revocations_lost_total"), "1");
    house.tasks.shutdown().await;
}
