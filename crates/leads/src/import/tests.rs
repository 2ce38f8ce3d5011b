//! How files are taken apart.

use std::{collections::BTreeMap, io::Write as _};

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::import::records::delimiter_of;

fn records(text: &[u8], delimiter: u8, piece: usize) -> Vec<Record> {
    let (mut records, mut found) = (Records::parted_by(delimiter), Vec::new());
    for part in text.chunks(piece) {
        records.push(part, &mut found);
    }
    records.finish(&mut found);
    found
}

fn cells(text: &[u8]) -> Vec<Vec<String>> {
    records(text, b',', 7).into_iter().map(|record| record.cells.unwrap()).collect()
}

/// Feeds pieces, of which each is decoded wholly before the next.
fn decode(bytes: &[u8], piece: usize) -> Result<Vec<u8>, Undecodable> {
    let (mut decoder, mut text) = (Decoder::default(), Vec::new());
    for part in bytes.chunks(piece) {
        decoder.feed(Bytes::copy_from_slice(part), false);
        while decoder.step(&mut text)? {}
    }
    decoder.feed(Bytes::new(), true);
    while decoder.step(&mut text)? {}
    Ok(text)
}

fn decoded(bytes: &[u8], piece: usize) -> Vec<u8> {
    decode(bytes, piece).unwrap()
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn rows_are_taken_apart_as_spreadsheets_write_them() {
    let text = b"a,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\r\n1,2";
    assert_eq!(cells(text), [["a", "b"], ["x\r\ny", "say \"hi\""], ["1", "2"]]);
    assert_eq!(cells(b"caf\xe9,\x80\n"), [["caf\u{e9}", "\u{20ac}"]], "Windows-1252");
}

#[test]
fn a_quotation_mark_that_is_open_at_the_end_swallows_no_rows_unseen() {
    for text in ["a,b\n1,\"x\n2,y\n", "a,b\n\"", "a,b\n1,\"x\"\"", "a,b\n\"\n"] {
        let last = records(text.as_bytes(), b',', 3).pop().map(|record| record.cells);
        assert_eq!(last, Some(Err(RecordFault::OpenQuote)), "{text:?}");
    }
    for text in ["a,b\n1,\"x\"", "a,b\n1,5\"", "a,b\n1,\"\"\n", "a,b\n1,\"x\"\n\n", "a,b\n1,"] {
        assert!(records(text.as_bytes(), b',', 3).into_iter().all(|record| record.cells.is_ok()), "{text:?}");
    }
}

#[test]
fn rows_that_are_none_are_told_and_not_the_end() {
    let wide = "x,".repeat(200);
    let long = "y".repeat(64 * 1024 + 1);
    let text = format!("a\n{wide}\nn\0\n{long}\nb\n\"never closed\n{}", "z\n".repeat(3 << 20));
    let found: Vec<_> = records(text.as_bytes(), b',', 8_192).into_iter().map(|record| record.cells).collect();
    assert_eq!(found[1], Err(RecordFault::TooManyColumns));
    assert_eq!(found[2], Err(RecordFault::NullCharacter));
    assert_eq!(found[3], Err(RecordFault::TooLong));
    assert_eq!(found[4], Ok(vec!["b".to_owned()]));
    assert_eq!(found[5], Err(RecordFault::TooLong));
    assert_eq!(found.len(), 6);
}

#[test]
fn every_encoding_that_is_recognised_says_the_same() {
    let text = "name,email\nJ\u{f6}rg,joerg@example.org\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<_>>();
    let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
    let (le, be) = (utf16(u16::to_le_bytes), utf16(u16::to_be_bytes));
    for bytes in [
        text.as_bytes().to_vec(),
        marked(&[0xEF, 0xBB, 0xBF], text.as_bytes()),
        marked(&[0xFF, 0xFE], &le),
        marked(&[0xFE, 0xFF], &be),
        le,
        be,
        zipped(text.as_bytes()),
        [zipped(&text.as_bytes()[..10]), zipped(&text.as_bytes()[10..])].concat(),
    ] {
        for piece in [1, 5, 4_096] {
            assert_eq!(String::from_utf8_lossy(&decoded(&bytes, piece)), text, "{piece}");
        }
    }
}

#[test]
fn a_gzip_file_that_ends_early_is_damaged() {
    let whole = zipped("name,email\n".repeat(1_000).as_bytes());
    assert_eq!(decode(&whole[..whole.len() / 2], 4_096), Err(Undecodable::Damaged));
}

#[test]
fn no_step_makes_much_of_a_little() {
    let text = "\n".repeat(8 << 20);
    let utf16: Vec<u8> = text.encode_utf16().take(4 << 20).flat_map(u16::to_le_bytes).collect();
    for (kind, bytes) in [("plain", text.as_bytes().to_vec()), ("gzip", zipped(text.as_bytes())), ("utf-16", utf16)] {
        let (mut decoder, mut total, mut steps) = (Decoder::default(), 0, 0);
        decoder.feed(Bytes::from(bytes), true);
        loop {
            let mut text = Vec::new();
            let has_more = decoder.step(&mut text).unwrap();
            assert!(text.len() <= 96 * 1024, "{kind}: {}", text.len());
            (total, steps) = (total + text.len(), steps + 1);
            if !has_more {
                break;
            }
        }
        assert!(total >= 4 << 20 && steps < 2_000, "{kind}: {total} in {steps}");
    }
}

#[test]
fn a_file_that_unpacks_to_very_many_times_its_size_is_refused() {
    let bomb = zipped("\n".repeat(64 << 20).as_bytes());
    assert_eq!(decode(&bomb, 4_096), Err(Undecodable::TooLarge));
    let small = zipped("\n".repeat(15 << 20).as_bytes());
    assert_eq!(decode(&small, 4_096).unwrap().len(), 15 << 20, "a small text may be packed as well as it can");
}

#[test]
fn delimiters_are_found_out_by_the_first_line() {
    for (text, delimiter) in [
        ("a,b\n1;2;3", b','),
        ("a;b;c,d\n", b';'),
        ("\"a,b,c\";d\n", b';'),
        ("a\tb\n", b'\t'),
        ("a|b", b'|'),
        ("a\n", b','),
    ] {
        assert_eq!(delimiter_of(text.as_bytes()), delimiter, "{text}");
    }
}

fn plan(header: &str, mapping: &[(&str, Option<ImportField>)]) -> Option<Vec<Option<ImportField>>> {
    let mapping: BTreeMap<_, _> = mapping.iter().map(|(name, field)| ((*name).to_owned(), *field)).collect();
    let first = records(header.as_bytes(), b',', 99);
    Some(Plan::of(b',', true, first.first(), &mapping)?.fields())
}

#[test]
fn columns_are_known_by_their_names_their_aliases_and_by_what_is_said() {
    use ImportField::{CompanyName, Email, FullName, PhoneNumber};
    assert_eq!(
        plan(" Name ,E-Mail,Email Address,PHONE,x", &[]),
        Some(vec![Some(FullName), Some(Email), None, Some(PhoneNumber), None])
    );
    let said = [("x", Some(Email)), ("E-Mail", None), ("name", Some(CompanyName))];
    assert_eq!(plan("Name,E-Mail,x", &said), Some(vec![Some(CompanyName), None, Some(Email)]));
    assert_eq!(plan("name,company", &[]), None, "nobody could be reached");
    assert_eq!(plan("email", &[("mail", Some(Email))]), None, "there is no such column");
    assert_eq!(plan("a,b", &[("a", Some(Email)), ("b", Some(Email))]), None, "two columns cannot be one field");
    assert_eq!(plan("a,a", &[("a", Some(Email))]), None, "nor two of one name");
}

#[test]
fn options_survive_storage() {
    let input = ImportOptionsInput {
        mode: Some("upsert".to_owned()),
        key: Some("phone".to_owned()),
        mapping: BTreeMap::from([("a".to_owned(), "email".to_owned()), ("b".to_owned(), String::new())]),
        defaults: BTreeMap::from([("source".to_owned(), "partner".to_owned())]),
        delimiter: Some("tab".to_owned()),
        ..ImportOptionsInput::default()
    };
    let options = ImportOptions::try_from(input).unwrap();
    assert_eq!(options.on_conflict, OnConflict::Overwrite);
    assert_eq!(ImportOptions::restore(&options.to_json()), Some(options));
    let bad = ImportOptionsInput {
        mode: Some("x".to_owned()),
        key: Some("x".to_owned()),
        delimiter: Some("x".to_owned()),
        mapping: BTreeMap::from([("a".to_owned(), "x".to_owned())]),
        ..ImportOptionsInput::default()
    };
    assert_eq!(ImportOptions::try_from(bad).unwrap_err().errors().len(), 4);
}

#[test]
fn options_hold_no_null_character() {
    let text = |text: &str| text.to_owned();
    let bad = ImportOptionsInput {
        mapping: BTreeMap::from([(text("a\0"), text("email"))]),
        defaults: BTreeMap::from([(text("notes"), text("x\0"))]),
        ..ImportOptionsInput::default()
    };
    let refused = ImportOptions::try_from(bad).unwrap_err();
    let told: Vec<_> = refused.errors().iter().map(|error| (&*error.pointer, error.code)).collect();
    assert_eq!(told, [("/mapping", "control_character"), ("/defaults/notes", "control_character")]);
}

proptest! {
    /// However a file is cut into pieces: the same rows, which end at the same places; and reading on from such a place
    /// gives the rest.
    #[test]
    fn pieces_do_not_matter(
        rows in proptest::collection::vec(proptest::collection::vec("[a-z,;\"\r\n\u{e4}' ]{0,6}", 3), 1..8),
        piece in 1_usize..9,
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = writer.into_inner().unwrap();
        let found = records(&text, b',', piece);
        let read: Vec<_> = found.iter().map(|record| record.cells.clone().unwrap()).collect();
        prop_assert_eq!(&read, &rows);
        let whole = records(&text, b',', 1 << 20);
        prop_assert_eq!(&found, &whole);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), piece in 1_usize..20) {
        let Ok(text) = decode(&bytes, piece) else { return Ok(()) };
        records(&text, delimiter_of(&text), piece);
    }
}
