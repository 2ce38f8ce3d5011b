//! The power goes out during a storm of registrations, again and again.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use ashlar_tests::{
    Past,
    binary::{Api, Ledger, Program, Seed},
    laws_of_programs,
    mortal::killed_after,
};
use tokio::task::JoinSet;

const CYCLES: u32 = 20;
const CLIENTS: u32 = 8;
/// The longest storm. With Argon2id at work on two cores this is a few dozen registrations.
const LONGEST: u64 = 1_500;

async fn kill_nine_leaves_no_user_without_its_event(program: &Program, past: &Past) {
    let mut seed = Seed::fresh();
    let promised = Promised::default();
    let mut last = Ledger::default();

    for cycle in 1..=CYCLES {
        let pause = Duration::from_millis(seed.below(LONGEST));
        let storm = killed_after(program, pause, |server| storm(&server.api(), &promised)).await;
        storm.join_all().await;

        let ledger = Ledger::of(past).await;
        let faults = ledger.faults(&promised.emails());
        assert!(faults.is_empty(), "after kill {cycle}: {faults:#?}");
        // Not a prefix: what the killed process had asked to commit may be there a moment after we looked.
        let missing: Vec<_> = last.events.iter().filter(|event| !ledger.events.contains(event)).collect();
        assert!(missing.is_empty(), "kill {cycle} took events out of the log: {missing:?}");
        last = ledger;
    }

    let emails = promised.emails();
    assert!(emails.len() >= CYCLES as usize, "only {} registrations in {CYCLES} storms", emails.len());
    let server = program.serve().await;
    assert_eq!(server.api().log_in(emails.first().unwrap()).await.status, 200);
}

laws_of_programs!(kill_nine_leaves_no_user_without_its_event);

/// Registers accounts from all clients at once, until the server is gone.
fn storm(api: &Api, promised: &Promised) -> JoinSet<()> {
    (0..CLIENTS).map(|_| register_until_it_is_gone(api.clone(), promised.clone())).collect()
}

async fn register_until_it_is_gone(api: Api, promised: Promised) {
    loop {
        let email = promised.next_email();
        match api.register(&email).await.status {
            0 => return,
            201 => promised.keep(email),
            // Overloaded, at worst: nothing was promised.
            status => assert_eq!(status, 503),
        }
    }
}

/// The addresses whose registration was answered with 201.
#[derive(Clone, Default)]
struct Promised {
    emails: Arc<Mutex<BTreeSet<String>>>,
    number: Arc<AtomicU32>,
}

impl Promised {
    fn next_email(&self) -> String {
        format!("storm-{}@example.org", self.number.fetch_add(1, Ordering::SeqCst))
    }

    fn keep(&self, email: String) {
        self.emails.lock().unwrap().insert(email);
    }

    fn emails(&self) -> BTreeSet<String> {
        self.emails.lock().unwrap().clone()
    }
}
