//! One way to write an event down, so that everybody hashes the same bytes.

use std::cmp::Ordering;

use ashlar_kernel::EventRecord;
use serde_json::{Number, Value};

use crate::Digest32;

/// The event has no JSON form. Records of this product always have one.
#[derive(Debug, thiserror::Error)]
#[error("the event has no canonical form")]
pub struct NotCanonical(#[from] serde_json::Error);

/// The bytes that are sealed: the event as JSON in the form of RFC 8785 (JCS).
///
/// JCS writes every number as a double of 64 bits, in which two whole numbers beyond 2⁵³ - 1 may be the same. Those are
/// written as strings, as appendix D of the RFC advises, so that each digit counts. Fractions are no part of any event of
/// this product: `serde_json` reads some of them back inexactly.
pub fn canonical(event: &EventRecord) -> Result<Vec<u8>, NotCanonical> {
    let mut text = String::new();
    write(&serde_json::to_value(event)?, &mut text)?;
    Ok(text.into_bytes())
}

/// The leaf an event becomes.
pub fn leaf_of(event: &EventRecord) -> Result<Digest32, NotCanonical> {
    canonical(event).map(|bytes| Digest32::leaf(&bytes))
}

fn write(value: &Value, text: &mut String) -> Result<(), serde_json::Error> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(is_so) => text.push_str(if *is_so { "true" } else { "false" }),
        Value::Number(number) => write_number(number, text),
        Value::String(string) => quote(string, text)?,
        Value::Array(values) => {
            text.push('[');
            for (index, value) in values.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write(value, text)?;
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            // Section 3.2.3: by UTF-16 code units.
            members.sort_by(|(one, _), (other, _)| in_utf16(one, other));
            text.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                quote(name, text)?;
                text.push(':');
                write(value, text)?;
            }
            text.push('}');
        }
    }
    Ok(())
}

/// By UTF-16 code units, which letters of ASCII are as they are.
fn in_utf16(one: &str, other: &str) -> Ordering {
    if one.is_ascii() && other.is_ascii() { one.cmp(other) } else { one.encode_utf16().cmp(other.encode_utf16()) }
}

/// `serde_json` escapes what section 3.2.2.2 wants escaped, in the same way, and nothing else. Most texts have nothing of it.
fn quote(string: &str, text: &mut String) -> Result<(), serde_json::Error> {
    if string.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        text.push_str(&serde_json::to_string(string)?);
    } else {
        text.push('"');
        text.push_str(string);
        text.push('"');
    }
    Ok(())
}

/// As ECMAScript writes it (section 3.2.2.3).
fn write_number(number: &Number, text: &mut String) {
    const LARGEST: u64 = (1 << 53) - 1;
    match (number.as_i64().map(i64::unsigned_abs).or(number.as_u64()), number.as_f64()) {
        (Some(0..=LARGEST), _) => text.push_str(&number.to_string()),
        (None, Some(double)) => text.push_str(ryu_js::Buffer::new().format(double)),
        (Some(_), _) | (None, None) => {
            text.push('"');
            text.push_str(&number.to_string());
            text.push('"');
        }
    }
}

#[cfg(test)]
mod tests {
    use ashlar_kernel::{ActorRef, Commitment, EventFormat, Outcome, Personal, Source, Target, TenantId, Timestamp};
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn jcs(value: &Value) -> String {
        let mut text = String::new();
        write(value, &mut text).unwrap();
        text
    }

    /// RFC 8785, section 3.2.2: the sample, and what becomes of it.
    #[test]
    fn the_sample_of_the_rfc_comes_out_as_printed_there() {
        let sample = json!({
            "numbers": [333_333_333.333_333_3, 1E30, 4.50, 2e-3, 0.000_000_000_000_000_000_000_000_001],
            "string": "\u{20ac}$\u{f}\nA'B\"\\\\\"/",
            "literals": [null, true, false],
        });
        assert_eq!(
            jcs(&sample),
            r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
        );
    }

    /// RFC 8785, section 3.2.3: members are sorted by the UTF-16 code units of their names.
    #[test]
    fn members_are_sorted_as_the_rfc_says() {
        let sample = json!({
            "\u{20ac}": "Euro Sign", "\r": "Carriage Return", "\u{fb33}": "Hebrew Letter Dalet With Dagesh",
            "1": "One", "\u{1f600}": "Emoji: Grinning Face", "\u{80}": "Control",
            "\u{f6}": "Latin Small Letter O With Diaeresis",
        });
        let text = jcs(&sample);
        let places: Vec<_> = ["Carriage Return", "One", "Control", "Latin Small", "Euro", "Emoji", "Hebrew"]
            .iter()
            .map(|name| text.find(name).unwrap())
            .collect();
        assert!(places.is_sorted(), "{text}");
    }

    /// RFC 8785, appendix B: the bits of a double, and how they are written.
    #[test]
    fn numbers_are_written_as_in_appendix_b() {
        for (bits, text) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(jcs(&json!(f64::from_bits(bits))), text);
        }
    }

    fn event(data: Value) -> EventRecord {
        EventRecord {
            format: EventFormat::First,
            id: Uuid::from_u128(7),
            tenant: TenantId::MAIN,
            name: "demo.thing.renamed".to_owned(),
            schema_version: 1,
            occurred_at: Timestamp::UNIX_EPOCH,
            actor: ActorRef { kind: "system".to_owned(), id: Some("test".to_owned()), session: None },
            targets: vec![Target::new("thing", 9)],
            outcome: Outcome::Ok,
            diff: Vec::new(),
            data,
            source: Source::default(),
            request_id: "req-1".to_owned(),
            trace: None,
        }
    }

    /// What is sealed once is sealed for ever: a change of this text is a change of the format.
    #[test]
    fn the_sealed_form_of_an_event_does_not_change() {
        let sealed = canonical(&event(json!({"z": 1, "a": [2.50, "é"]}))).unwrap();
        assert_eq!(
            String::from_utf8(sealed).unwrap(),
            format!(
                r#"{{"actor":{{"id":"test","session":null,"type":"system"}},"data":{{"a":[2.5,"é"],"z":1}},"diff":[],"id":"00000000-0000-0000-0000-000000000007","name":"demo.thing.renamed","occurred_at":"1970-01-01T00:00:00Z","outcome":"ok","request_id":"req-1","schema_version":1,"source":{{}},"targets":[{{"id":"9","type":"thing"}}],"tenant":"{}"}}"#,
                TenantId::MAIN.as_uuid(),
            ),
        );
    }

    /// The same for what is sealed now: commitments stand where addresses stood, and the number of the format tells.
    #[test]
    fn the_sealed_form_of_the_second_format_does_not_change() {
        let committed = |path, value| Some(Personal::Committed(Commitment::to(value, path, &[7; 32])));
        let ip = committed(Source::IP, "192.0.2.7");
        let user_agent = committed(Source::USER_AGENT, "curl/8");
        let event =
            EventRecord { format: EventFormat::Second, source: Source { ip, user_agent }, ..event(json!({ "z": 1 })) };
        let sealed = String::from_utf8(canonical(&event).unwrap()).unwrap();
        assert_eq!(
            sealed,
            format!(
                r#"{{"actor":{{"id":"test","session":null,"type":"system"}},"data":{{"z":1}},"diff":[],"format":2,"id":"00000000-0000-0000-0000-000000000007","name":"demo.thing.renamed","occurred_at":"1970-01-01T00:00:00Z","outcome":"ok","request_id":"req-1","schema_version":1,"source":{{"ip":{{"c":"f0cd7e692d796a147bb1aaef93c27be4b2875fa85a6d8c51ab771323daaf6ea8"}},"user_agent":{{"c":"d24589be755bfd2152767173cde0c10adb748de5c36962bff897b1062574180c"}}}},"targets":[{{"id":"9","type":"thing"}}],"tenant":"{}"}}"#,
                TenantId::MAIN.as_uuid(),
            ),
        );
    }

    #[test]
    fn large_numbers_differ_in_each_digit() {
        let largest_exact = (1_i64 << 53) - 1;
        let leaf = |number: Value| leaf_of(&event(number)).unwrap();
        assert_ne!(leaf(json!(largest_exact + 1)), leaf(json!(largest_exact + 2)));
        assert_ne!(leaf(json!(u64::MAX)), leaf(json!(u64::MAX - 1)));
        assert_ne!(leaf(json!(i64::MIN)), leaf(json!(i64::MIN + 1)));
        let text = String::from_utf8(canonical(&event(json!([largest_exact, -largest_exact, i64::MAX]))).unwrap());
        assert!(text.unwrap().contains(r#"[9007199254740991,-9007199254740991,"9223372036854775807"]"#));
    }

    proptest! {
        #[test]
        fn the_order_of_members_does_not_matter(members: std::collections::BTreeMap<String, i32>) {
            let forwards = format!("{{{}}}", pairs(members.iter()));
            let backwards = format!("{{{}}}", pairs(members.iter().rev()));
            let parsed = |text: &str| serde_json::from_str(text).unwrap();
            prop_assert_eq!(
                leaf_of(&event(parsed(&forwards))).unwrap(),
                leaf_of(&event(parsed(&backwards))).unwrap()
            );
        }

        #[test]
        fn what_is_read_back_is_sealed_alike(text: String, number: i64) {
            let event = event(json!({ "text": text, "number": number }));
            let back: EventRecord = serde_json::from_slice(&serde_json::to_vec(&event).unwrap()).unwrap();
            prop_assert_eq!(leaf_of(&event).unwrap(), leaf_of(&back).unwrap());
        }
    }

    fn pairs<'m>(members: impl Iterator<Item = (&'m String, &'m i32)>) -> String {
        members.map(|(name, value)| format!("{}:{value}", json!(name))).collect::<Vec<_>>().join(",")
    }
}
