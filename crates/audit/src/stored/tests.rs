//! What is written from texts beside what is written from events.

use proptest::prelude::*;

use super::*;

/// An event with these documents.
fn stored([targets, diff, data, source]: [&str; 4]) -> StoredEvent<'_> {
    StoredEvent {
        format: 2,
        id: Uuid::from_u128(7),
        tenant: TenantId::MAIN,
        name: "demo.thing.renamed",
        schema_version: 1,
        occurred_at: "2026-03-04T05:06:07.089Z".parse().unwrap(),
        actor_type: "user",
        actor_id: Some("0190"),
        actor_session: Some(Uuid::from_u128(8)),
        targets,
        outcome: "ok",
        diff,
        data,
        source,
        request_id: "req-1",
        trace: None,
    }
}

fn is_written_at_once(event: &StoredEvent<'_>) -> bool {
    event.write(&mut Scratch::default()).is_some()
}

/// What comes out has to be what comes out the long way, or nothing where that is nothing.
fn agrees(event: &StoredEvent<'_>) {
    let long_way = event.read().and_then(|event| canonical(&event).ok());
    let mut scratch = Scratch::default();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(event.canonical(&mut scratch).map(text), long_way.as_deref().map(text), "{event:?}");
    assert_eq!(event.leaf(&mut scratch), long_way.as_deref().map(Digest32::leaf), "{event:?}");
}

#[test]
fn what_this_product_writes_is_written_at_once() {
    let digits = "0f".repeat(32);
    let committed = format!(r#"{{"c": "{digits}"}}"#);
    let source = format!(r#"{{"ip": {committed}, "user_agent": {committed}}}"#);
    let diff = format!(
        r#"[{{"new": {committed}, "old": null, "path": "/email"}}, {{"new": ["a", "b"], "old": [], "path": "/tags"}},
            {{"new": {{"withheld": true}}, "old": null, "path": "/name"}}, {{"new": 17, "old": "x", "path": "/a~1b"}}]"#
    );
    let targets = r#"[{"id": "9", "type": "thing"}, {"type": "user", "id": "8"}]"#;
    let data = r#"{"to": "won", "from": "new", "rows": {"b": [1, -2, true], "a": {}}, "note": "a \"quote\" \\ \n€"}"#;
    for documents in
        [[targets, &diff, data, &source], ["[]", "[]", "{}", "{}"], [targets, "[]", "{}", r#"{"ip":"::1"}"#]]
    {
        let event = stored(documents);
        for event in [
            event,
            StoredEvent { format: 1, actor_id: None, actor_session: None, trace: Some("00-ab-cd-01"), ..event },
            StoredEvent { outcome: "denied", request_id: "a \"b\" \\ \u{1}", ..event },
        ] {
            assert!(is_written_at_once(&event), "{event:?}");
            agrees(&event);
        }
    }
}

#[test]
fn what_types_would_leave_out_is_written_the_long_way() {
    let digits = "0f".repeat(32);
    let one_committed = format!(r#"[{{"new":["{digits}"],"old":1,"path":"/x"}}]"#);
    for (place, document) in [
        (0, r#"[{"id":"9","type":"thing","label":"x"}]"#),
        (0, r#"[["thing","9"]]"#),
        (1, r#"[{"new":{"withheld":true,"x":1},"old":1,"path":"/x"}]"#),
        (1, r#"[{"new":[true],"old":1,"path":"/x"}]"#),
        (1, &one_committed),
        (1, r#"[{"new":1,"old":1,"path":"/x","by":2}]"#),
        (2, r#"{"a":1,"a":2}"#),
        (2, r#"{"a":1.50}"#),
        (2, "[-0]"),
        (2, "[9007199254740993]"),
        (2, r#"["\u0041"]"#),
        (2, r#"{"é":1,"z":2}"#),
        (3, r#"{"ip":null}"#),
        (3, r#"{"ip":"::1","port":7}"#),
    ] {
        let mut documents = ["[]", "[]", "{}", "{}"];
        documents[place] = document;
        let event = stored(documents);
        assert!(!is_written_at_once(&event), "{document}");
        assert!(event.read().is_some(), "{document}");
        agrees(&event);
    }
}

#[test]
fn what_is_no_event_makes_no_leaf() {
    let good = stored(["[]", "[]", "{}", "{}"]);
    for bad in [
        StoredEvent { format: 3, ..good },
        StoredEvent { schema_version: -1, ..good },
        StoredEvent { outcome: "maybe", ..good },
        StoredEvent { diff: "17", ..good },
        StoredEvent { data: "{", ..good },
        StoredEvent { data: "{} {}", ..good },
        StoredEvent { data: "", ..good },
        StoredEvent { targets: r#"[{"id":"9"}]"#, ..good },
    ] {
        assert_eq!(bad.leaf(&mut Scratch::default()), None, "{bad:?}");
        agrees(&bad);
    }
}

#[test]
fn moments_are_written_as_chrono_writes_them() {
    for at in [
        "1970-01-01T00:00:00Z",
        "2026-11-22T23:59:59.9Z",
        "2026-11-22T23:59:59.000001Z",
        "2026-11-22T23:59:59.123456789Z",
        "2016-12-31T23:59:60Z",
        "-0044-03-15T12:00:00Z",
        "+12026-11-22T23:59:59Z",
    ] {
        let event = StoredEvent { occurred_at: at.parse().unwrap(), ..stored(["[]", "[]", "{}", "{}"]) };
        agrees(&event);
    }
}

/// Texts that are documents, and some that nearly are: with blanks, escapes, names twice and numbers of all sorts.
fn document() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "type",
        "id",
        "path",
        "old",
        "new",
        "c",
        "withheld",
        "ip",
        "user_agent",
        "é",
        "a\\n",
    ]);
    let digits = "0f".repeat(32);
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["null", "true", "false", "0", "-0", "7", "-12", "1.50", "1e3", "01", "-", "[]", "{}"])
            .prop_map(str::to_owned),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| number.to_string()),
        3 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        1 => prop::sample::select(vec![r#""\/""#, r#""\u0041""#, r#""\ud83d\ude00""#, "\"\u{1}\"", r#""\x""#])
            .prop_map(str::to_owned),
        1 => Just(format!("\"{digits}\"")),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let blank = || prop::sample::select(vec!["", " ", "\n\t"]);
        let member = (name.clone(), blank(), inner.clone())
            .prop_map(|(name, blank, value)| format!("{blank}\"{name}\":{blank}{value}"));
        prop_oneof![
            prop::collection::vec((blank(), inner.clone()), 0..4)
                .prop_map(|items| items
                    .into_iter()
                    .map(|(blank, item)| format!("{blank}{item}{blank}"))
                    .collect::<Vec<_>>())
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..4).prop_map(|members| format!("{{{}}}", members.join(","))),
            (inner.clone(), inner.clone())
                .prop_map(|(new, old)| format!(r#"{{"new": {new}, "old": {old}, "path": "/x"}}"#)),
            inner.prop_map(|item| format!("[{item}]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_document_is_written_as_the_long_way_writes_it(document in document(), place in 0_usize..4) {
        let mut documents = ["[]", "[]", "{}", "{}"];
        documents[place] = &document;
        agrees(&stored(documents));
        let listed = format!("[{document}]");
        documents[place] = &listed;
        agrees(&stored(documents));
    }

    #[test]
    fn any_text_and_moment_is_written_as_the_long_way_writes_it(text: String, trace: Option<String>, nanos in 0_i64..4_102_444_800_000_000_000) {
        let event = StoredEvent {
            name: &text,
            actor_type: &text,
            actor_id: Some(&text),
            request_id: &text,
            trace: trace.as_deref(),
            occurred_at: Timestamp::from_timestamp_nanos(nanos),
            ..stored(["[]", "[]", "{}", "{}"])
        };
        agrees(&event);
    }
}
