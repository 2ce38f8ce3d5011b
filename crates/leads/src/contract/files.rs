//! The laws every [`Files`] obeys. [`files_contract!`](crate::files_contract) makes one test of each.

#![expect(clippy::missing_panics_doc, clippy::unwrap_used, clippy::panic, reason = "a law reports by panicking")]

use std::{any::Any, collections::BTreeSet, ops::Range, sync::Arc};

use ashlar_kernel::Timestamp;
use bytes::Bytes;
use futures::{StreamExt as _, future::join_all};

use crate::port::{FileKey, Files, StoredFile, WriteFileError};

/// A place for files to try a law on.
pub struct Fixture {
    /// The place on trial.
    pub files: Arc<dyn Files>,
    /// What has to live as long, such as a folder that is deleted at the end.
    pub guard: Box<dyn Any + Send>,
}

const MIB: usize = 1024 * 1024;

/// Bytes that differ from place to place.
fn noise(length: usize) -> Bytes {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(next).collect()
}

async fn keep(files: &dyn Files, parts: impl IntoIterator<Item = Bytes>) -> StoredFile {
    let mut file = files.begin(u64::MAX).await.unwrap();
    for part in parts {
        file.write(part).await.unwrap();
    }
    file.keep().await.unwrap()
}

async fn read(files: &dyn Files, key: &FileKey, range: Option<Range<u64>>) -> Option<Vec<u8>> {
    let mut stream = files.read(key, range).await.unwrap()?;
    let mut bytes = Vec::new();
    while let Some(part) = stream.next().await {
        bytes.extend_from_slice(&part.unwrap());
    }
    Some(bytes)
}

/// What was written is read, whatever the parts were, and is measured and hashed.
pub async fn a_file_survives_storage(Fixture { files, guard: _guard }: Fixture) {
    let parts = [&b"a"[..], b"", b"b", b"c"].map(Bytes::from_static);

    let kept = keep(&*files, parts).await;

    // FIPS 180-4's example for "abc".
    assert_eq!(kept.sha256.to_string(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_eq!(kept.size, 3);
    assert_eq!(read(&*files, &kept.key, None).await.unwrap(), b"abc");
    assert_eq!(files.size(&kept.key).await.unwrap(), Some(3));
}

/// A file with nothing in it is a file.
pub async fn an_empty_file_is_a_file(Fixture { files, guard: _guard }: Fixture) {
    let kept = keep(&*files, []).await;

    assert_eq!(kept.size, 0);
    assert_eq!(files.size(&kept.key).await.unwrap(), Some(0));
    assert_eq!(read(&*files, &kept.key, None).await.unwrap(), b"");
}

/// A file of many parts comes back whole and in order.
pub async fn a_large_file_comes_back_whole(Fixture { files, guard: _guard }: Fixture) {
    let all = noise(11 * MIB + 17);
    let parts: Vec<_> = (0..all.len()).step_by(MIB - 1).collect();
    let parts = parts.iter().map(|from| all.slice(*from..(*from + MIB - 1).min(all.len())));

    let kept = keep(&*files, parts).await;

    assert_eq!(kept.size, all.len() as u64);
    assert!(read(&*files, &kept.key, None).await.unwrap() == all, "the bytes differ");
}

/// A part of a file is read, and no more of it than there is.
pub async fn a_part_of_a_file_is_read(Fixture { files, guard: _guard }: Fixture) {
    let kept = keep(&*files, [Bytes::from_static(b"0123456789")]).await;

    for (range, expected) in [
        (0..1, &b"0"[..]),
        (3..7, b"3456"),
        (9..10, b"9"),
        (0..10, b"0123456789"),
        (8..99, b"89"),
        (4..4, b""),
        (10..11, b""),
        (50..99, b""),
    ] {
        let found = read(&*files, &kept.key, Some(range.clone())).await.unwrap();
        assert_eq!(found, expected, "{range:?}");
    }
}

/// A file may be as large as its limit, and not one byte larger, however it comes.
pub async fn a_file_over_its_limit_is_refused(Fixture { files, guard: _guard }: Fixture) {
    let mut file = files.begin(4).await.unwrap();
    file.write(Bytes::from_static(b"1234")).await.unwrap();
    assert_eq!(file.keep().await.unwrap().size, 4);

    for parts in [&["12345"][..], &["1234", "5"], &["123", "45"]] {
        let mut file = files.begin(4).await.unwrap();
        let mut refused = None;
        for part in parts {
            refused = file.write(Bytes::from_static(part.as_bytes())).await.err();
        }
        assert!(matches!(refused, Some(WriteFileError::TooLarge)), "{parts:?}: {refused:?}");
    }
}

/// A file that was deleted is gone, and deleting it again is no failure.
pub async fn a_deleted_file_is_gone(Fixture { files, guard: _guard }: Fixture) {
    let kept = keep(&*files, [Bytes::from_static(b"abc")]).await;
    let other = keep(&*files, [Bytes::from_static(b"abc")]).await;

    files.delete(&kept.key).await.unwrap();
    files.delete(&kept.key).await.unwrap();

    assert_eq!(files.size(&kept.key).await.unwrap(), None);
    assert!(files.read(&kept.key, None).await.unwrap().is_none());
    assert!(files.read(&kept.key, Some(0..1)).await.unwrap().is_none());
    assert_eq!(read(&*files, &other.key, None).await.unwrap(), b"abc");
}

/// Files are listed by when they were kept, and those that are gone are not.
pub async fn files_are_listed_by_age(Fixture { files, guard: _guard }: Fixture) {
    let mut kept = Vec::new();
    for _ in 0..3 {
        kept.push(keep(&*files, [Bytes::from_static(b"abc")]).await.key);
    }
    files.delete(&kept.remove(0)).await.unwrap();
    let before = |moment: &str| {
        let (files, moment) = (Arc::clone(&files), moment.parse::<Timestamp>().unwrap());
        async move {
            let listed: Vec<_> = files.kept_before(moment).await.unwrap().collect().await;
            listed.into_iter().map(Result::unwrap).collect::<BTreeSet<_>>()
        }
    };

    assert_eq!(before("2999-01-01T00:00:00Z").await, kept.into_iter().collect());
    assert_eq!(before("2001-01-01T00:00:00Z").await, BTreeSet::new());
}

/// No two files have one name, and the names are all of one form.
pub async fn no_two_files_have_one_name(Fixture { files, guard: _guard }: Fixture) {
    let each = (0..20).map(|_| keep(&*files, [Bytes::from_static(b"same")]));
    let kept = join_all(each).await;

    let names: BTreeSet<_> = kept.iter().map(|file| file.key.clone()).collect();
    assert_eq!(names.len(), kept.len());
    assert!(names.iter().all(|name| FileKey::restore(name.as_str()).as_ref() == Some(name)));
}

/// Files that are written at once do not mix, and those that were given up are no hindrance.
pub async fn files_written_at_once_do_not_mix(Fixture { files, guard: _guard }: Fixture) {
    let each = (0..3_u8).map(|number| {
        let files = Arc::clone(&files);
        async move {
            let mut dropped = files.begin(u64::MAX).await.unwrap();
            dropped.write(Bytes::from(vec![number; MIB])).await.unwrap();
            drop(dropped);
            let part = Bytes::from(vec![number; 2 * MIB]);
            let kept = keep(&*files, [part.clone(), part.clone(), part]).await;
            let found = read(&*files, &kept.key, None).await.unwrap_or_else(|| panic!("{number} is gone"));
            assert!(found.len() == 6 * MIB && found.iter().all(|byte| *byte == number), "{number}");
        }
    });
    join_all(each).await;
}

/// Makes one test of each law of [`Files`](crate::port::Files). The argument is the path of a function
/// `async fn() -> Option<Fixture>`; none means that the service behind it is not there, and the test passes after the
/// function has said so. The crate that calls it needs tokio.
#[macro_export]
macro_rules! files_contract {
    ($fixture:path) => {
        $crate::files_contract!(@laws $fixture,
            a_file_survives_storage,
            an_empty_file_is_a_file,
            a_large_file_comes_back_whole,
            a_part_of_a_file_is_read,
            a_file_over_its_limit_is_refused,
            a_deleted_file_is_gone,
            files_are_listed_by_age,
            no_two_files_have_one_name,
            files_written_at_once_do_not_mix,
        );
    };
    (@laws $fixture:path, $($law:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some(files) = $fixture().await {
                    $crate::contract::files::$law(files).await;
                }
            }
        )+
    };
}
