//! Workers and schedulers as processes of the program.

use ashlar_tests::{
    Past,
    binary::{PostgresDatabase, Program, Server},
    laws_of_programs,
    stores::prepare,
};

use super::eventually;

const WAITING: &str = "SELECT count(*) FROM event_dispatch_pending";

async fn embedded_server_moves_its_events(program: &Program, past: &Past) {
    let server = program.serve().await;
    assert_eq!(server.api().register("ada@example.org").await.status, 201);

    eventually("no event waits", async || past.number(WAITING).await == 0).await;

    let log = server.stop();
    assert!(!log.contains("\"level\":\"WARN\""), "{log}");
}

laws_of_programs!(embedded_server_moves_its_events);

/// Three days in which nobody was there are one firing, whoever comes back.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_schedulers_one_fires_and_of_several_workers_one_works_on_postgres() {
    let Some(database) = PostgresDatabase::fresh().await else { return };
    let past = Past::the_product(&database.url());
    prepare(past.url()).await;
    past.execute("INSERT INTO schedule (name, first_asked) VALUES ('session.purge', now() - interval '3 days')").await;
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_DATABASE_URL", database.url());
    let mut processes: Vec<Server> = Vec::new();
    for role in ["scheduler", "scheduler", "worker", "worker"] {
        processes.push(program.start(&[role]).await);
    }

    let done = "SELECT count(*) FROM job WHERE kind = 'session.purge' AND state = 'done'";
    eventually("the job is done", async || past.number(done).await >= 1).await;

    let logs: Vec<String> = processes.into_iter().map(Server::stop).collect();
    let attempts = logs.iter().map(|log| log.matches(r#""outcome":"done""#).count()).sum::<usize>();
    assert_eq!(attempts, 1, "{logs:#?}");
    assert_eq!(past.number("SELECT count(*) FROM job").await, 1);
    assert_eq!(past.number("SELECT count(*) FROM schedule_firing").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn worker_beside_the_embedded_server_is_told_who_has_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let _server = program.serve().await;

    let refused = program.run(&["worker"]);

    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("another ashlar process is using"), "{refused:?}");
}
