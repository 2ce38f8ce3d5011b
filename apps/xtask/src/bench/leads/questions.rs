//! Lists and searches, and how far the list is walked.

use std::net::SocketAddr;

use anyhow::Result;
use serde_json::Value;

use crate::bench::reader::Reader;
use crate::bench::section::{Goal, Row};

/// Filters and sorts, each by itself. What it is called, what is asked, and whether its pages go on for long.
const LISTS: [(&str, &str, bool); 20] = [
    ("no filter", "", true),
    ("status=new, every lead", "&status=new", true),
    ("status=won, none", "&status=won", false),
    ("source=referral, 1 of 8", "&source=referral", true),
    ("category=design, 1 of 9", "&category=design", true),
    ("owner_id=none, every lead", "&owner_id=none", true),
    ("tag=x3, 1 of 7", "&tag=x3", true),
    ("tag=t77, 1 of 1,000", "&tag=t77", false),
    ("tag=nobody, none", "&tag=nobody", false),
    ("company=acme, 1 of 10", "&company=acme", true),
    ("company of 1 in 60,000", "&company=globex%20hopper%201777", false),
    ("company=nobody, none", "&company=nobody%20at%20all", false),
    ("has_email=true, every lead", "&has_email=true", true),
    ("has_email=false, none", "&has_email=false", false),
    ("has_phone=false, none", "&has_phone=false", false),
    ("created_from, every lead", "&created_from=2020-01-01T00:00:00Z", true),
    ("updated_from in the future, none", "&updated_from=2100-01-01T00:00:00Z", false),
    ("sort=-updated_at", "&sort=-updated_at", true),
    ("sort=full_name", "&sort=full_name", true),
    ("sort=-score", "&sort=-score", true),
];

/// Words, and what is looked for by them.
const SEARCHES: [(&str, &[&str]); 5] = [
    ("a word", &["lovelace", "hopper", "turing", "kernson", "goldman"]),
    ("a prefix", &["lovela", "diffs", "thomp", "vaughk"]),
    ("a fragment of an address", &["ail77.exam", "lace10@", "ada.love", "33@mail"]),
    ("two words", &["ada%20lovelace", "grace%20initech", "linus%20hooli"]),
    ("nothing there", &["zyzzyva", "qqqqq", "999999999999"]),
];

/// Pages of 200 that are walked before a page counts as deep.
const PAGES: u32 = 250;

/// What was promised, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promise {
    pub(super) list: f64,
    pub(super) rare: f64,
    pub(super) search: f64,
}

/// Asks everything.
pub(super) fn ask(address: SocketAddr, token: &str, promise: Promise) -> Result<Vec<Row>> {
    let mut reader = Reader::open(address, token)?;
    let mut rows = Vec::new();
    for (name, query, goes_on) in LISTS {
        let first = reader.p95(&[list(query)])?;
        rows.push(Row::of(format!("list, {name}: p95"), first, "ms").with(Goal::AtMost(promise.list)));
        if let Some(deep) = if goes_on { deep_page(&mut reader, query)? } else { None } {
            let deep = reader.p95(&[deep])?;
            rows.push(Row::of(format!("list, {name}, deep: p95"), deep, "ms").with(Goal::AtMost(promise.list)));
        }
    }
    let rare = reader.p95(&[list("&source=referral&tag=t77&company=hooli")])?;
    rows.push(Row::of("list, three rare filters: p95", rare, "ms").with(Goal::AtMost(promise.rare)));
    for (name, words) in SEARCHES {
        let paths: Vec<_> = words.iter().map(|word| list(&format!("&q={word}"))).collect();
        let found = reader.p95(&paths)?;
        rows.push(Row::of(format!("search, {name}: p95"), found, "ms").with(Goal::AtMost(promise.search)));
    }
    Ok(rows)
}

/// The first page of the plain list.
pub(super) fn list(query: &str) -> String {
    format!("/api/v1/leads?limit=50{query}")
}

/// Walks in large steps: a cursor names a row and not the size of the pages before it. None if the list ends before.
fn deep_page(reader: &mut Reader, query: &str) -> Result<Option<String>> {
    let mut after = String::new();
    for _ in 0..PAGES {
        let page = reader.get(&format!("/api/v1/leads?limit=200{query}{after}"))?;
        let Some(cursor) = page.pointer("/page/next_cursor").and_then(Value::as_str) else { return Ok(None) };
        after = format!("&cursor={cursor}");
    }
    Ok(Some(format!("{}{after}", list(query))))
}
