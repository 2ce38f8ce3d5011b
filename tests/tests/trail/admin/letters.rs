//! Letters about what is critical, by the program as it is: from the check that finds it to the message in somebody's box.

use std::{collections::BTreeMap, fs, path::PathBuf, time::Duration};

use ashlar_tests::{
    Past,
    binary::{Program, eventually},
    laws_of_programs,
    mortal::killed_after,
};
use mail_parser::{Message, MessageParser};

const SUBJECT: &str = "Something needs your attention now";
const PATIENCE: Duration = Duration::from_mins(2);

/// An installation with two administrators, somebody who is none, and a place for files that is none.
struct Installation {
    program: Program,
    past: Past,
    blobs: PathBuf,
}

impl Installation {
    async fn new(program: &Program, past: &Past) -> Self {
        let program = program.clone().env("ASHLAR_PUBLIC_URL", "https://api.example.org");
        let blobs = program.data().join("blobs");
        let server = program.serve().await;
        for email in ["boss@example.org", "second@example.org", "ada@example.org"] {
            assert_eq!(server.api().register(email).await.status, 201);
        }
        server.stop();
        past.execute(
            "UPDATE membership SET role = 'admin' \
             WHERE user_id = (SELECT id FROM \"user\" WHERE email = 'second@example.org')",
        )
        .await;
        let there = Self { program, past: past.clone(), blobs };
        // The check may have been due before.
        drop(fs::remove_dir_all(&there.blobs));
        fs::write(&there.blobs, "no folder").unwrap();
        there.is_due().await;
        there
    }

    /// The check was missed, and is made up for at the next start.
    async fn is_due(&self) {
        self.past.execute("DELETE FROM schedule_firing WHERE schedule = 'storage.check'").await;
        let long_ago = "UPDATE schedule SET first_asked = '2026-01-01 00:00:00.000+00:00' WHERE name = 'storage.check'";
        self.past.execute(long_ago).await;
    }

    /// The letters so far.
    fn letters(&self) -> Vec<Message<'static>> {
        let files =
            fs::read_dir(self.program.data().join("mail")).into_iter().flatten().map(|file| file.unwrap().path());
        let whole = files.filter(|file| file.extension().is_some_and(|end| end == "eml"));
        let all = whole.map(|file| MessageParser::default().parse(&fs::read(file).unwrap()).unwrap().into_owned());
        // On a machine that is busy there may be others, about what waits too long.
        let is_about_it = |message: &Message<'_>| {
            message.subject() == Some(SUBJECT)
                && message.body_text(0).is_some_and(|text| text.contains("storage.unwritable"))
        };
        all.filter(is_about_it).collect()
    }

    /// Which messages each reader has. One that was handed over again is the same one.
    fn readers(&self) -> BTreeMap<String, Vec<String>> {
        let mut readers = BTreeMap::<String, Vec<String>>::new();
        for letter in self.letters() {
            let to = letter.to().unwrap().first().unwrap().address().unwrap().to_owned();
            let messages = readers.entry(to).or_default();
            messages.push(letter.message_id().unwrap().to_owned());
            messages.sort();
            messages.dedup();
        }
        readers
    }
}

async fn administrators_are_told_of_a_place_for_files_that_fails(program: &Program, past: &Past) {
    let there = Installation::new(program, past).await;

    let server = there.program.serve().await;

    assert!(eventually(PATIENCE, async || there.letters().len() == 2).await, "{}", server.stdout());
    assert_eq!(there.readers().keys().collect::<Vec<_>>(), ["boss@example.org", "second@example.org"]);
    let letter = there.letters().remove(0);
    let (text, html) = (letter.body_text(0).unwrap(), letter.body_html(0).unwrap());
    let url = "https://api.example.org/api/v1/admin/notifications?severity=critical";
    for part in ["Files cannot be kept or read", "storage.unwritable"] {
        assert!(text.contains(part) && html.contains(part), "{part}: {text}");
    }
    assert!(text.contains(url) && html.contains(&format!("href=\"{url}\"")), "{html}");
    assert!(!text.contains("blobs") && !html.contains("blobs"), "where things are is nobody's business: {text}");
    let log = server.stop();
    assert!(!log.contains("@example.org"), "{log}");
    let payloads = there.past.texts("SELECT CAST(payload AS text) FROM job WHERE kind LIKE 'notification.%'").await;
    assert!(payloads.len() >= 3, "{payloads:?}");
    assert!(payloads.iter().all(|payload| !payload.contains('@')), "{payloads:?}");

    // It goes on, and nobody is told again.
    let looks = "SELECT count(*) FROM job WHERE kind = 'storage.check' AND state = 'done'";
    let before = there.past.number(looks).await;
    there.is_due().await;
    let server = there.program.serve().await;
    assert!(eventually(PATIENCE, async || there.past.number(looks).await > before).await, "{}", server.stdout());
    server.stop();
    let raised =
        "SELECT count(*) FROM event WHERE name = 'admin.notification.raised' AND CAST(data AS text) LIKE '%storage%'";
    assert_eq!((there.past.number(raised).await, there.letters().len()), (1, 2));
}

async fn each_administrator_has_one_letter_wherever_processes_die(program: &Program, past: &Past) {
    let there = Installation::new(program, past).await;
    for pause in [0, 5, 10, 20, 40, 80, 160, 320] {
        killed_after(&there.program, Duration::from_millis(pause), |_server| ()).await;
        there.past.comes_to_rest().await;
        // Nobody waits until the leases of the dead are over, nor for another attempt, and more processes die here than a
        // job has attempts.
        there.past.execute("UPDATE job SET lease_until = created_at, attempts = 1 WHERE state = 'running'").await;
        there.past.execute("UPDATE job SET run_at = created_at WHERE state = 'ready'").await;
    }

    let server = there.program.serve().await;
    let open = "SELECT count(*) FROM job WHERE kind LIKE 'notification.%' AND state <> 'done'";
    let is_over = async || there.readers().len() == 2 && there.past.number(open).await == 0;
    assert!(eventually(PATIENCE, is_over).await, "{}", server.stdout());
    server.stop();

    let counts: Vec<_> = there.readers().into_iter().map(|(reader, messages)| (reader, messages.len())).collect();
    assert_eq!(counts, [("boss@example.org".to_owned(), 1), ("second@example.org".to_owned(), 1)]);
    let events = "SELECT count(*) FROM event WHERE name = 'admin.notification.announced' AND CAST(data AS text) LIKE '%storage%'";
    assert_eq!(there.past.number(events).await, 1);
}

laws_of_programs!(
    administrators_are_told_of_a_place_for_files_that_fails,
    each_administrator_has_one_letter_wherever_processes_die,
);

/// One database will do: which readers there are is no matter of the store.
#[tokio::test(flavor = "multi_thread")]
async fn one_address_is_told_in_the_place_of_administrators_and_nobody_if_that_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let past = Past::the_product(&format!("sqlite:{}", program.database().display()));
    let there = Installation::new(&program, &past).await;
    let found = "SELECT count(*) FROM notification WHERE dedupe_key = 'storage.unwritable' AND resolved_at IS NULL";
    let waiting = "SELECT count(*) FROM event_dispatch_pending";
    let told = "SELECT count(*) FROM job WHERE kind LIKE 'notification.%'";

    let off = there.program.clone().env("ASHLAR_NOTIFICATIONS_MAIL", "off").serve().await;
    let is_seen = async || there.past.number(found).await == 1 && there.past.number(waiting).await == 0;
    assert!(eventually(PATIENCE, is_seen).await, "{}", off.stdout());
    off.stop();
    assert_eq!(there.past.number(told).await, 0);

    there.past.execute("DELETE FROM notification").await;
    there.is_due().await;
    let server = there.program.clone().env("ASHLAR_NOTIFICATIONS_MAIL", "desk@example.com").serve().await;
    assert!(eventually(PATIENCE, async || there.letters().len() == 1).await, "{}", server.stdout());
    server.stop();
    assert_eq!(there.readers().keys().collect::<Vec<_>>(), ["desk@example.com"]);
}
