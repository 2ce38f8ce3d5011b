//! Lists of leads, one statement each.

use ashlar_kernel::StoreError;
use ashlar_leads::{Category, LeadPosition, LeadQuery, LeadRow, LeadRows, LeadSearch, LeadSort, LeadStatus, Source};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Select,
    sea_query::{Asterisk, Expr, ExprTrait, Func, IntoCondition, LikeExpr, Query, SelectStatement},
};

use super::{
    arms,
    entity::lead::{Column, Entity, Model},
    fragments, mapping, ways,
};
use crate::{
    SqlStore,
    dialect::{is_also, only_if},
    errors::store_error,
};

#[derive(FromQueryResult)]
struct Row {
    #[sea_orm(nested)]
    lead: Model,
    counted: Option<i64>,
}

pub(super) async fn read(store: &SqlStore, query: &LeadQuery) -> Result<LeadRows, StoreError> {
    let backend = store.reader().get_database_backend();
    let counting = query.count_up_to.map(|most| counting(backend, query, most));
    let page = page(backend, query);
    let number = counting.clone().map_or_else(|| Expr::cust("CAST(NULL AS bigint)"), Expr::from);
    let rows = page.expr_as(number, "counted").into_model::<Row>().all(store.reader()).await.map_err(store_error)?;
    let counted = match (rows.first(), counting) {
        (Some(row), _) => row.counted,
        (None, Some(_)) if query.after.is_none() => Some(0),
        // Nobody is left on this page, so no row carries the number.
        (None, Some(statement)) => Some(count(store, &statement).await?),
        (None, None) => None,
    };
    let leads = rows.into_iter().map(|row| mapping::restore_lead(row.lead)).collect::<Result<_, _>>()?;
    Ok(LeadRows { leads, counted: counted.map(|count| u64::try_from(count).unwrap_or(0)) })
}

/// The same page, without a look at what is in the rows.
pub(super) async fn stored(store: &SqlStore, query: &LeadQuery) -> Result<Vec<LeadRow>, StoreError> {
    let page = page(store.reader().get_database_backend(), query);
    let rows = page.all(store.reader()).await.map_err(store_error)?;
    Ok(rows.into_iter().map(mapping::row_of).collect())
}

/// The leads of a page, in its order.
fn page(backend: DbBackend, query: &LeadQuery) -> Select<Entity> {
    match query.sort {
        LeadSort::Relevance => most_relevant(backend, query),
        _ => found(backend, query),
    }
}

/// A page in an order of a column, by whatever indexes have what is asked for.
fn found(backend: DbBackend, query: &LeadQuery) -> Select<Entity> {
    ways::of(backend, query).unwrap_or_else(|| walked(&Asked::of(backend, query)))
}

/// A page that is read in the order of an index.
pub(super) fn walked(asked: &Asked<'_>) -> Select<Entity> {
    arms::of(asked).unwrap_or_else(|| ordered(listed(asked), asked.query))
}

/// What a list is in the order of.
pub(super) const fn order_of(sort: LeadSort) -> (Column, Order) {
    match sort {
        LeadSort::NewestFirst | LeadSort::Relevance => (Column::CreatedAt, Order::Desc),
        LeadSort::OldestFirst => (Column::CreatedAt, Order::Asc),
        LeadSort::LatestEdit => (Column::UpdatedAt, Order::Desc),
        LeadSort::Name => (Column::NameKey, Order::Asc),
        LeadSort::Score => (Column::Score, Order::Desc),
    }
}

/// A page of leads in an order of a column, from where the page before ended.
pub(super) fn ordered(leads: Select<Entity>, query: &LeadQuery) -> Select<Entity> {
    let (column, order) = order_of(query.sort);
    let page = leads.order_by(column, order.clone()).order_by(Column::Id, order.clone()).limit(query.rows);
    match &query.after {
        Some(after) => page.filter(follows(column, &order, after)),
        None => page,
    }
}

/// A page of the newest of those that are found, by how well the name is what is looked for.
fn most_relevant(backend: DbBackend, query: &LeadQuery) -> Select<Entity> {
    let newest = LeadQuery { sort: LeadSort::NewestFirst, after: None, rows: LeadSort::RELEVANT, ..query.clone() };
    let newest = found(backend, &newest).select_only().column(Column::Id);
    let relevance = query.filter.search.as_ref().map_or_else(|| Expr::value(0), relevance);
    let page = Entity::find()
        .filter(Column::TenantId.eq(query.tenant.as_uuid()))
        .filter(Column::Id.in_subquery(newest.into_query()))
        .order_by(relevance.clone(), Order::Desc)
        .order_by_desc(Column::CreatedAt)
        .order_by_desc(Column::Id)
        .limit(query.rows);
    let Some(LeadPosition::Relevance(points, at, id)) = &query.after else { return page };
    let columns = Expr::tuple([relevance, Column::CreatedAt.into_expr(), Column::Id.into_expr()]);
    page.filter(columns.lt(Expr::tuple([Expr::value(i32::from(*points)), Expr::value(*at), Expr::value(*id)])))
}

/// As [`LeadSearch::relevance`] has it.
fn relevance(search: &LeadSearch) -> Expr {
    let text = search.text();
    Expr::case(Column::NameKey.eq(text.as_str()), 3)
        .case(Column::NameKey.like(beginning(&text)), 2)
        .case(Column::NameKey.like(holding(&text)), 1)
        .finally(0)
        .into()
}

async fn count(store: &SqlStore, statement: &SelectStatement) -> Result<i64, StoreError> {
    let row = store.reader().query_one(statement).await.map_err(store_error)?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0)).map_err(store_error)
}

/// How many leads a query lets through, up to `most`.
fn counting(backend: DbBackend, query: &LeadQuery, most: u64) -> SelectStatement {
    let asked = Asked::of(backend, query);
    // Without an order, what is found by fragments needs no other index.
    let reach = if fragments::of(&asked).is_some() { Reach::Otherwise } else { Reach::Index };
    let counted = listed(&Asked { reach, ..asked }).select_only().column(Column::Id).limit(most).into_query();
    Query::select().expr(Func::count(Expr::col(Asterisk))).from_subquery(counted, "counted").to_owned()
}

/// A list that is asked for, and how its leads are come by.
#[derive(Clone)]
pub(super) struct Asked<'a> {
    pub(super) backend: DbBackend,
    pub(super) query: &'a LeadQuery,
    /// Whether fragments are looked up too, or only looked for in the rows.
    pub(super) by_fragments: bool,
    pub(super) reach: Reach,
}

/// How rows are come by.
#[derive(Clone)]
pub(super) enum Reach {
    /// By an index that begins with the tenant.
    Index,
    /// So, if this is true; otherwise there are none.
    IndexIf(Expr),
    /// By what else is asked.
    Otherwise,
}

impl<'a> Asked<'a> {
    pub(super) const fn of(backend: DbBackend, query: &'a LeadQuery) -> Self {
        Self { backend, query, by_fragments: true, reach: Reach::Index }
    }
}

/// The leads that a query is about, in whatever order.
pub(super) fn listed(asked: &Asked<'_>) -> Select<Entity> {
    Entity::find().filter(conditions(asked))
}

/// What is true of the leads that a query is about.
pub(super) fn conditions(asked: &Asked<'_>) -> Condition {
    let Asked { backend, query, .. } = asked;
    let tenant = query.tenant.as_uuid();
    let of_the_tenant = match &asked.reach {
        Reach::Index => Column::TenantId.eq(tenant).into_condition(),
        Reach::IndexIf(condition) => only_if(*backend, condition.clone(), (Column::TenantId, tenant)),
        Reach::Otherwise => is_also(*backend, Column::TenantId, tenant).into_condition(),
    };
    let seen = query.seen_by.map(|who| Column::OwnerId.eq(who).or(Column::OwnerId.is_null()));
    let looked_up = fragments::of(asked).filter(|_| asked.by_fragments).map(fragments::are_in);
    Condition::all()
        .add(of_the_tenant)
        .add(Column::DeletedAt.is_null())
        .add_option(seen)
        .add_option(looked_up)
        .add(passing(asked))
}

fn passing(asked: &Asked<'_>) -> Condition {
    let filter = &asked.query.filter;
    let owners =
        filter.owner.iter().map(|owner| owner.map_or_else(|| Column::OwnerId.is_null(), |id| Column::OwnerId.eq(id)));
    let tags = filter.tag.iter().map(|tag| Column::Tags.like(holding(&format!(" {tag} "))));
    // A company stands in the search key too, whose index finds it on PostgreSQL.
    let in_the_key = |part: &String| {
        let is_looked_up = asked.backend == DbBackend::Postgres && asked.by_fragments;
        is_looked_up.then(|| Column::SearchKey.like(holding(part)))
    };
    Condition::all()
        .add_option(one_of(Column::Status, filter.status.iter().map(|status| LeadStatus::as_str(*status))))
        .add_option(one_of(Column::Source, filter.source.iter().map(|source| Source::as_str(*source))))
        .add_option(one_of(Column::Category, filter.category.iter().map(|category| Category::as_str(*category))))
        .add_option(any(owners))
        .add_option(any(tags))
        .add_option(filter.created_from.map(|from| Column::CreatedAt.gte(from)))
        .add_option(filter.created_to.map(|to| Column::CreatedAt.lt(to)))
        .add_option(filter.updated_from.map(|from| Column::UpdatedAt.gte(from)))
        .add_option(filter.updated_to.map(|to| Column::UpdatedAt.lt(to)))
        .add_option(filter.has_email.map(|has| is_there(Column::EmailKey, has)))
        .add_option(filter.has_phone.map(|has| is_there(Column::PhoneE164, has)))
        .add_option(filter.company.as_ref().and_then(in_the_key))
        .add_option(filter.company.as_ref().map(|part| Column::CompanyKey.like(holding(part))))
        .add_option(filter.search.as_ref().map(has_words))
}

/// An equality where there is one value, so that the index over it and the order is the one to use.
fn one_of(column: Column, mut values: impl ExactSizeIterator<Item = &'static str>) -> Option<Expr> {
    match values.len() {
        0 => None,
        1 => values.next().map(|value| column.eq(value)),
        _ => Some(column.is_in(values)),
    }
}

fn any(conditions: impl ExactSizeIterator<Item = Expr>) -> Option<Condition> {
    (conditions.len() > 0).then(|| conditions.fold(Condition::any(), Condition::add))
}

fn is_there(column: Column, has: bool) -> Expr {
    if has { column.is_not_null() } else { column.is_null() }
}

/// A pattern for what holds this text, whatever stands in it.
pub(super) fn holding(text: &str) -> LikeExpr {
    LikeExpr::new(format!("%{}%", literal(text))).escape('\\')
}

/// A pattern for what begins with this text.
fn beginning(text: &str) -> LikeExpr {
    LikeExpr::new(format!("{}%", literal(text))).escape('\\')
}

fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// Every word stands in the search key, a short one where a word begins.
fn has_words(search: &LeadSearch) -> Condition {
    search.words().fold(Condition::all(), |all, word| {
        let begins = LeadSearch::is_short(word).then(|| begins_a_word(word));
        all.add(begins.unwrap_or_else(|| Column::SearchKey.like(holding(word)).into_condition()))
    })
}

fn begins_a_word(word: &str) -> Condition {
    let behind = |before: &str| Column::SearchKey.like(holding(&format!("{before}{word}")));
    Condition::any().add(Column::SearchKey.like(beginning(word))).add(behind(" ")).add(behind("\n"))
}

/// As a row value, which an index on both columns answers at once.
fn follows(column: Column, order: &Order, after: &LeadPosition) -> Expr {
    let (value, id) = match after {
        LeadPosition::At(at, id) | LeadPosition::Relevance(_, at, id) => (Expr::value(*at), *id),
        LeadPosition::Name(key, id) => (Expr::value(key.as_str()), *id),
        LeadPosition::Score(score, id) => (Expr::value(i32::from(*score)), *id),
    };
    let columns = Expr::tuple([column, Column::Id].map(ColumnTrait::into_expr));
    let position = Expr::tuple([value, Expr::value(id)]);
    if *order == Order::Desc { columns.lt(position) } else { columns.gt(position) }
}
