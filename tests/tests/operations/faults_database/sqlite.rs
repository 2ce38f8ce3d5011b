//! SQLite when its file is locked, cannot grow, cannot be written, or belongs to another process.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use ashlar_tests::binary::{Ledger, PATIENCE, Program, Server, eventually, skipped, skipped_for_want_of};
use rustix::process::{Pid, Resource, Rlimit, getrlimit, getuid, prlimit};
use sqlx::{Connection as _, Executor as _, SqliteConnection, sqlite::SqliteConnectOptions};

/// The server with an account, and what an account's owner can still do.
struct Scene {
    server: Server,
    token: String,
    promised: BTreeSet<String>,
}

impl Scene {
    async fn of(program: &Program) -> Self {
        let server = program.serve().await;
        let token = server.api().newcomer("early@example.org").await;
        Self { server, token, promised: ["early@example.org".to_owned()].into() }
    }

    /// Writing is refused politely, reading goes on, and so does the process.
    async fn insist_that_only_reading_works(&mut self) {
        let api = self.server.api();
        for attempt in 1..=3 {
            api.register(&format!("refused-{attempt}@example.org")).await.insist_on_unavailable();
        }
        api.log_in("early@example.org").await.insist_on_unavailable();
        assert_eq!(api.get_as(&self.token, "/api/v1/me").await.status, 200);
        assert_eq!(api.get("/health/live").await.status, 200);
        assert_eq!(api.get("/health/ready").await.status, 200, "it can still read");
        self.server.insist_that_it_runs("although it can read");
    }

    /// Writing works again, and nothing that was refused was done in part.
    async fn insist_that_it_has_recovered(mut self, file: &Path) {
        let api = self.server.api();
        let is_back = eventually(PATIENCE, async || api.register("late@example.org").await.status == 201).await;
        assert!(is_back, "still refused: {:?}", api.register("late@example.org").await);
        self.promised.insert("late@example.org".to_owned());
        assert_eq!(api.get_as(&self.token, "/api/v1/me").await.status, 200);
        self.server.stop();

        let ledger = Ledger::of_sqlite(file).await;
        assert_eq!(ledger.faults(&self.promised), [""; 0]);
        assert_eq!(ledger.users.len(), 2, "{:?}", ledger.users);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_file_stops_writing_until_it_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain().env("ASHLAR_LOCK_TIMEOUT", "300ms");
    let mut scene = Scene::of(&program).await;
    let options = SqliteConnectOptions::new().filename(program.database());
    let mut stranger = SqliteConnection::connect_with(&options).await.unwrap();

    stranger.execute("BEGIN IMMEDIATE").await.unwrap();
    scene.insist_that_only_reading_works().await;

    stranger.execute("ROLLBACK").await.unwrap();
    stranger.close().await.unwrap();
    scene.insist_that_it_has_recovered(&program.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lock_shorter_than_the_patience_of_two_seconds_is_not_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;
    let options = SqliteConnectOptions::new().filename(program.database());
    let mut stranger = SqliteConnection::connect_with(&options).await.unwrap();

    stranger.execute("BEGIN IMMEDIATE").await.unwrap();
    let api = server.api();
    let waiting = tokio::spawn(async move { api.register("patient@example.org").await.status });
    tokio::time::sleep(Duration::from_millis(700)).await;
    stranger.execute("ROLLBACK").await.unwrap();

    assert_eq!(waiting.await.unwrap(), 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_grow_stop_writing_until_they_can() {
    let folder = tempfile::tempdir().unwrap();
    let program = limited(folder.path());
    let mut scene = Scene::of(&program).await;
    let wal = fs::metadata(program.data().join("ashlar.db-wal")).unwrap().len();

    limit_files(scene.server.pid(), Some(wal));
    scene.insist_that_only_reading_works().await;

    limit_files(scene.server.pid(), None);
    scene.insist_that_it_has_recovered(&program.database()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_take_no_byte_stop_writing_until_they_do() {
    let folder = tempfile::tempdir().unwrap();
    let program = limited(folder.path());
    let mut scene = Scene::of(&program).await;

    limit_files(scene.server.pid(), Some(0));
    scene.insist_that_only_reading_works().await;

    limit_files(scene.server.pid(), None);
    scene.insist_that_it_has_recovered(&program.database()).await;
}

/// A program that survives the signal by which the kernel announces that a file has reached its limit.
fn limited(folder: &Path) -> Program {
    Program::in_folder(folder).plain().through(&["/bin/sh", "-c", r#"trap '' XFSZ; exec "$0" "$@""#])
}

/// How far any file of a process may be written.
fn limit_files(process: Pid, bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    prlimit(Some(process), Resource::Fsize, Rlimit { current: bytes.or(maximum), maximum }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn full_disk_stops_writing_until_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let Some(disk) = SmallDisk::mount(folder.path()) else { return };
    let program = Program::in_folder(&disk.path).plain();
    let mut scene = Scene::of(&program).await;

    let filler = disk.path.join("filler");
    fill(&filler);
    scene.insist_that_only_reading_works().await;

    fs::remove_file(&filler).unwrap();
    scene.insist_that_it_has_recovered(&program.database()).await;
}

/// A disk of a few megabytes, in memory.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    fn mount(folder: &Path) -> Option<Self> {
        let path = folder.join("disk");
        fs::create_dir(&path).unwrap();
        let mounted = getuid().is_root()
            && Command::new("mount")
                .args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"])
                .arg(&path)
                .status()
                .is_ok_and(|status| status.success());
        if !mounted {
            skipped("a small disk can only be mounted by root");
            return None;
        }
        Some(Self { path })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(&self.path).status());
    }
}

fn fill(file: &Path) {
    use std::io::Write as _;
    let mut filler = fs::File::create(file).unwrap();
    for size in [65_536, 1_024, 1] {
        while filler.write_all(&vec![0; size]).is_ok() {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn file_that_may_only_be_read_is_served_to_readers() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = bound_by_permissions(Program::in_folder(folder.path()).plain()) else { return };
    // The issuer of tokens, which would otherwise change with the port.
    let program = program.env("ASHLAR_PUBLIC_URL", "http://ashlar.example");
    let Scene { server, token, promised } = Scene::of(&program).await;
    server.stop();

    set_mode(&program.data(), 0o400);
    let mut scene = Scene { server: program.serve().await, token, promised };
    scene.insist_that_only_reading_works().await;
    scene.server.stop();

    // SQLite looks at the permissions of its files when it opens them, so this takes a new start.
    set_mode(&program.data(), 0o600);
    scene.server = program.serve().await;
    scene.insist_that_it_has_recovered(&program.database()).await;
}

/// Root may write what nobody may; without that privilege it is a user like any other.
fn bound_by_permissions(program: Program) -> Option<Program> {
    if !getuid().is_root() {
        return Some(program);
    }
    let setpriv = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--"];
    let works = Command::new(setpriv[0]).args(&setpriv[1..]).arg("true").status().is_ok_and(|status| status.success());
    if !works {
        // Permissions do not bind root, unless this program takes the privilege away.
        skipped_for_want_of("setpriv");
        return None;
    }
    Some(program.through(&setpriv))
}

/// Of the database and the files that SQLite keeps beside it, which get the rights of the first.
fn set_mode(data: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    for suffix in ["", "-wal", "-shm"] {
        let file = data.join(format!("ashlar.db{suffix}"));
        if file.exists() {
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_process_on_the_same_file_is_refused_with_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    let server = program.serve().await;

    for command in [&["serve"][..], &["seed"], &["migrate", "up"], &["migrate", "down"]] {
        let second = program.run(command);
        assert_eq!(second.code, Some(1), "{second:?}");
        let sentence = format!("ashlar: another ashlar process is using {}", program.database().display());
        assert_eq!(second.stderr.lines().filter(|line| !line.starts_with('{')).collect::<Vec<_>>(), [sentence]);
        assert!(second.took < Duration::from_secs(5), "{:?}", second.took);
    }

    assert_eq!(program.run(&["migrate", "status"]).code, Some(0), "looking is allowed");
    assert_eq!(program.run(&["doctor"]).code, Some(0), "looking is allowed");
    assert_eq!(server.api().register("unimpressed@example.org").await.status, 201);
}
