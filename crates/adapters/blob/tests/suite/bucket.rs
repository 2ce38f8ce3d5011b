//! A bucket, in an S3 that is not ours: moto, by `tests/interop/s3.py`.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use ashlar_blob::{BlobFiles, BlobUrl, Credentials, PART};
use ashlar_leads::{
    contract::files::Fixture,
    port::{FileError, Files},
};
use ashlar_memory::SeededEntropy;
use bytes::Bytes;

/// Ends with the test.
struct Store {
    child: Child,
    url: String,
}

impl Store {
    /// None, with a line that says so, where there is no Python with the packages; with `CI=true` that is a failure.
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "the contract of the test environment: what is skipped is said"
    )]
    fn start() -> Option<Self> {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
        let left_by_xtask = || top.join("target/interop/bin/python");
        let python = std::env::var_os("ASHLAR_TEST_PYTHON").map_or_else(left_by_xtask, PathBuf::from);
        if !python.is_file() {
            let is_ci = std::env::var_os("CI").is_some_and(|value| value == "true");
            assert!(!is_ci, "there is no Python with the packages of tests/interop");
            eprintln!("skipped: no Python with the packages of tests/interop");
            return None;
        }
        let mut command = Command::new(python);
        command.arg("-I").arg(top.join("tests/interop/s3.py")).arg("files");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        // A line, or nothing if it could not start.
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        Some(Self { child, url: url.trim().to_owned() })
    }

    fn files(&self, bucket: &str) -> BlobFiles {
        let place = BlobUrl::parse(&format!("s3://{bucket}/some/prefix?endpoint={}", self.url)).unwrap();
        let credentials = Credentials { access_key: "key".to_owned(), secret_key: "secret".into() };
        BlobFiles::new(place, Some(credentials), Arc::new(SeededEntropy::new(1))).unwrap()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _gone = (self.child.kill(), self.child.wait());
    }
}

async fn fixture() -> Option<Fixture> {
    let store = tokio::task::spawn_blocking(Store::start).await.unwrap()?;
    Some(Fixture { files: Arc::new(store.files("files")), guard: Box::new(store) })
}

ashlar_leads::files_contract!(fixture);

#[tokio::test]
async fn a_bucket_that_is_not_there_is_an_operators_mistake() {
    let Some(store) = tokio::task::spawn_blocking(Store::start).await.unwrap() else { return };
    let files = store.files("elsewhere");

    let refused = files.begin(1).await.unwrap().keep().await;
    assert!(matches!(refused, Err(FileError::Internal(_))), "{refused:?}");
    store.files("files").probe().await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_gone_is_unavailable() {
    let Some(store) = tokio::task::spawn_blocking(Store::start).await.unwrap() else { return };
    let files = store.files("files");
    let mut file = files.begin(u64::MAX).await.unwrap();
    file.write(Bytes::from_static(b"abc")).await.unwrap();
    let mut large = files.begin(u64::MAX).await.unwrap();
    large.write(Bytes::from(vec![0; PART + 1])).await.unwrap();
    drop(store);

    let lost = file.keep().await;
    assert!(matches!(lost, Err(FileError::Unavailable(_))), "{lost:?}");
    let lost = large.keep().await;
    assert!(matches!(lost, Err(FileError::Unavailable(_))), "{lost:?}");
    assert!(files.probe().await.is_err());
}
