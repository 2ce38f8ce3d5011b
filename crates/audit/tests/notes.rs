//! Signed notes and checkpoints, with real signatures.

#![expect(clippy::unwrap_used, reason = "a test reports by panicking")]

use ashlar_audit::{
    Checkpoint, Head, InvalidCheckpoint, InvalidKey, InvalidNote, InvalidOrigin, Note, NoteSigner as _, Origin,
    PublicKey,
};
use ashlar_crypto::{AuditKey, Ed25519Check};
use ashlar_kernel::TenantId;
use base64::{Engine as _, engine::general_purpose::STANDARD};

fn key() -> AuditKey {
    AuditKey::generate().unwrap()
}

/// The example of golang.org/x/mod/sumdb/note, where the format comes from.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\n\
    \u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn the_example_of_the_format_is_signed_by_its_key() {
    let (name, key) = PublicKey::parse(KEY).unwrap();
    let note = Note::parse(NOTE).unwrap();
    assert!(note.is_signed_by(&name, &key, &Ed25519Check));
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(key.to_text(&name), KEY);
}

#[test]
fn another_text_name_or_key_is_not_signed() {
    let (name, key) = PublicKey::parse(KEY).unwrap();
    let other_text = Note::parse(&NOTE.replace("answer", "answar")).unwrap();
    assert!(!other_text.is_signed_by(&name, &key, &Ed25519Check));
    let note = Note::parse(NOTE).unwrap();
    assert!(!note.is_signed_by("EnochRoot", &key, &Ed25519Check));
    assert!(!note.is_signed_by(&name, &PublicKey::from_bytes([7; 32]), &Ed25519Check));
}

#[test]
fn signatures_of_strangers_neither_help_nor_hurt() {
    let (name, key) = PublicKey::parse(KEY).unwrap();
    let two = format!(
        "{NOTE}\u{2014} EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
    );
    assert!(Note::parse(&two).unwrap().is_signed_by(&name, &key, &Ed25519Check));
}

#[test]
fn what_is_no_note_is_refused() {
    for bad in ["", "text\n", "text\n\n", "\n\n\u{2014} a AAAAAAA=\n", "t\n\n- a AAAAAAA=\n", "t\n\n\u{2014} a b\n"] {
        assert_eq!(Note::parse(bad), Err(InvalidNote), "{bad:?}");
    }
    assert_eq!(Note::parse(NOTE.trim_end()), Err(InvalidNote), "the last line has an end");
    assert_eq!(Note::parse(&NOTE.replace("then", "\tthen")), Err(InvalidNote));
    for bad in ["", "a+b", "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "a+00000000+AQ=="] {
        assert_eq!(PublicKey::parse(bad), Err(InvalidKey), "{bad:?}");
    }
}

/// The example of the C2SP page.
const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

#[test]
fn the_example_of_the_format_is_read_and_written() {
    let note = Note::parse(EXAMPLE).unwrap();
    let checkpoint = Checkpoint::parse(note.text()).unwrap();
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(checkpoint.text(), note.text());
    assert_eq!(note.to_string(), EXAMPLE);
}

#[test]
fn what_was_signed_opens_with_its_key_only() {
    let origin = Origin::parse("example.org").unwrap();
    let head = Head::new(TenantId::MAIN);
    let signer = key();
    let checkpoint = Checkpoint::of(&origin, &head);
    let note = checkpoint.sign(&signer).unwrap().to_string();

    assert_eq!(Checkpoint::open(&note, &signer.public_key(), &Ed25519Check), Ok(checkpoint.clone()));
    assert_eq!(checkpoint.tenant(), Some(TenantId::MAIN));
    let other = key().public_key();
    assert_eq!(Checkpoint::open(&note, &other, &Ed25519Check), Err(InvalidCheckpoint::Unsigned));
    let changed = note.replacen("\n0\n", "\n1\n", 1);
    let opened = Checkpoint::open(&changed, &signer.public_key(), &Ed25519Check);
    assert_eq!(opened, Err(InvalidCheckpoint::Unsigned));
}

#[test]
fn sizes_are_plain_numbers() {
    let root = STANDARD.encode([0; 32]);
    for bad in ["01", "+1", "-1", " 1", "", "1.0", "18446744073709551616"] {
        let text = format!("o\n{bad}\n{root}\n");
        assert_eq!(Checkpoint::parse(&text), Err(InvalidCheckpoint::Malformed), "{bad}");
    }
    assert_eq!(Checkpoint::parse("o\n1\nAAAA\n"), Err(InvalidCheckpoint::Malformed));
    assert_eq!(Origin::parse("has space"), Err(InvalidOrigin));
}
