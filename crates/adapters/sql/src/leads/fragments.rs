//! SQLite's index of fragments: which leads may have what is looked for. PostgreSQL's answers `LIKE` by itself.

use ashlar_leads::{LeadFilter, LeadQuery, LeadSearch};
use sea_orm::{
    DbBackend, Value,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType},
};
use uuid::Uuid;

use super::list::Asked;

/// How many fragments of a word are considered.
const MOST_FRAGMENTS: usize = 24;

/// The fragments of a word that leave the fewest leads, as a question to the index. Those that stand in nearly every lead,
/// as parts of addresses do, would only have the index go through all of them: how common one is shows in how soon it has
/// been seen a few hundred times. If all of a word's are common, one of them stays.
const RAREST: &str = "\
    (SELECT coalesce(group_concat(three, ' AND ') FILTER (WHERE seen > 1200), min(three)) FROM \
    (SELECT three, coalesce((SELECT rowid FROM lead_search WHERE lead_search MATCH three LIMIT 1 OFFSET 299), \
    9223372036854775807) - (SELECT min(number) FROM lead) AS seen FROM (SELECT value AS three FROM json_each(?)) \
    ORDER BY seen DESC LIMIT 4))";

/// The numbers of the leads that have, wherever they stand, fragments of three characters of all that is looked for; there
/// may be others among them. None where the index does not help: for what is shorter, and on PostgreSQL.
pub(super) fn of(asked: &Asked<'_>) -> Option<SelectStatement> {
    if asked.backend != DbBackend::Sqlite {
        return None;
    }
    let filter = &asked.query.filter;
    let words = || filter.search.iter().flat_map(LeadSearch::words);
    let long = words().chain(filter.company.as_deref()).filter(|text| !LeadSearch::is_short(text));
    let all: Vec<_> = long.map(|text| Value::from(threes(text))).collect();
    if all.is_empty() {
        return words().find_map(|word| begins_word(asked.query.tenant.as_uuid(), word));
    }
    let question = vec![RAREST; all.len()].join(" || ' AND ' || ");
    Some(numbers().and_where(Expr::cust_with_values(format!("lead_search MATCH ({question})"), all)).take())
}

/// Whether a lead is one of those.
pub(super) fn are_in(numbers: SelectStatement) -> Expr {
    Expr::cust("\"lead\".\"number\"").in_subquery(numbers)
}

fn numbers() -> SelectStatement {
    Query::select().expr_as(Expr::cust("rowid"), "number").from("lead_search").take()
}

/// Whether something that is looked for has a fragment more than once.
pub(super) fn repeat(query: &LeadQuery) -> bool {
    let LeadFilter { search, company, .. } = &query.filter;
    let mut texts = search.iter().flat_map(LeadSearch::words).chain(company.as_deref());
    texts.any(|text| distinct(text).len() + 2 < text.chars().count())
}

/// What a text is made of, each once.
fn distinct(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut threes: Vec<String> = characters.windows(3).map(|three| three.iter().collect()).collect();
    threes.sort();
    threes.dedup();
    threes
}

/// The same as a list in JSON. Each in quotes, in which nothing but the quote has a meaning.
fn threes(text: &str) -> String {
    // The longest words are told apart by fewer.
    let threes = distinct(text).into_iter().take(MOST_FRAGMENTS);
    let quoted = threes.map(|three| format!("\"{}\"", three.replace('"', "\"\"")));
    quoted.collect::<serde_json::Value>().to_string()
}

/// The leads with a word that begins with two characters: the index has the blank before a word too, and that of names has
/// those that have none before the first. None for one character.
fn begins_word(tenant: Uuid, beginning: &str) -> Option<SelectStatement> {
    if beginning.chars().count() != 2 {
        return None;
    }
    let literal = beginning.replace('"', "\"\"");
    let phrases = format!("\" {literal}\" OR \"\n{literal}\"");
    let within = numbers().and_where(Expr::cust_with_values("lead_search MATCH ?", [phrases])).take();
    let first = Query::select()
        .column(Alias::new("number"))
        .from("lead")
        .and_where(Expr::cust_with_values(
            "tenant_id = ? AND deleted_at IS NULL AND name_key BETWEEN ? AND ?",
            [
                tenant.into(),
                beginning.into(),
                // The last character that Unicode has room for: every name that begins so is before it.
                Value::from(format!("{beginning}{}", char::MAX)),
            ],
        ))
        .take();
    Some(
        Query::select()
            .column(Alias::new("number"))
            .from_subquery(within, "within")
            .union(UnionType::Distinct, first)
            .take(),
    )
}
