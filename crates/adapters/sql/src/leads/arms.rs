//! Lists of one of several: each alternative is read from an index that has it in order, as far as a page goes, and what is
//! found is sorted. Read as one, the alternatives would all have to be sorted first.

use ashlar_leads::{LeadFilter, LeadPosition, LeadQuery, LeadSort};
use sea_orm::{
    ColumnTrait, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, Expr, ExprTrait, Query, SelectStatement, UnionType},
};

use super::{
    entity::{
        lead::{Column, Entity},
        tag,
    },
    list::{Asked, listed, ordered},
};

/// A page of a query with alternatives; none if it has none, or no index has them in its order.
pub(super) fn of(asked: &Asked<'_>) -> Option<Select<Entity>> {
    let query = asked.query;
    if !matches!(query.sort, LeadSort::NewestFirst | LeadSort::OldestFirst) {
        return None;
    }
    let each = |parts: Vec<LeadQuery>| parts.iter().map(|part| arm(&Asked { query: part, ..asked.clone() })).collect();
    let mut arms = tags(query).or_else(|| split(query).map(each))?;
    let mut all = if arms.is_empty() { return None } else { arms.remove(0) };
    for arm in arms {
        // The same lead may have two of the tags.
        all.union(UnionType::Distinct, arm);
    }
    // What else is asked has been asked of each: said again, it would lead to another index.
    let page = LeadQuery { after: None, ..query.clone() };
    Some(ordered(Entity::find().filter(Column::Id.in_subquery(all)), &page))
}

/// The ids of a page of one alternative.
fn arm(asked: &Asked<'_>) -> SelectStatement {
    let ids = ordered(listed(asked), asked.query).select_only().column(Column::Id);
    boxed(ids.into_query(), "id")
}

/// Both databases take a limit within a union so.
pub(super) fn boxed(page: SelectStatement, id: &'static str) -> SelectStatement {
    let name = Alias::new("page");
    Query::select().column((name.clone(), Alias::new(id))).from_subquery(page, name).take()
}

/// One query for each of several values of the first kind that has several. Whoever sees their own leads and nobody's has
/// two.
fn split(query: &LeadQuery) -> Option<Vec<LeadQuery>> {
    let filter = &query.filter;
    let with = |filter: LeadFilter| LeadQuery { filter, ..query.clone() };
    if let (Some(who), []) = (query.seen_by, filter.owner.as_slice()) {
        let owned = |owner| LeadQuery { seen_by: None, ..with(LeadFilter { owner: vec![owner], ..filter.clone() }) };
        return Some(vec![owned(Some(who)), owned(None)]);
    }
    if filter.owner.len() > 1 {
        let owners = filter.owner.iter().copied();
        return Some(owners.map(|one| with(LeadFilter { owner: vec![one], ..filter.clone() })).collect());
    }
    if filter.status.len() > 1 {
        let all = filter.status.iter().copied();
        return Some(all.map(|one| with(LeadFilter { status: vec![one], ..filter.clone() })).collect());
    }
    if filter.source.len() > 1 {
        let all = filter.source.iter().copied();
        return Some(all.map(|one| with(LeadFilter { source: vec![one], ..filter.clone() })).collect());
    }
    if filter.category.len() > 1 {
        let all = filter.category.iter().copied();
        return Some(all.map(|one| with(LeadFilter { category: vec![one], ..filter.clone() })).collect());
    }
    None
}

/// Whether nothing but tags is asked for, in the order in which their table has them.
pub(super) fn are_tags_alone(query: &LeadQuery) -> bool {
    let others = LeadFilter { tag: Vec::new(), ..query.filter.clone() };
    let is_in_order = matches!(query.sort, LeadSort::NewestFirst | LeadSort::OldestFirst);
    is_in_order && !query.filter.tag.is_empty() && query.seen_by.is_none() && others == LeadFilter::default()
}

/// Tags alone have a table of their own, in the order of the lists.
fn tags(query: &LeadQuery) -> Option<Vec<SelectStatement>> {
    if !are_tags_alone(query) {
        return None;
    }
    let order = if query.sort == LeadSort::OldestFirst { Order::Asc } else { Order::Desc };
    let arm = |wanted: &String| {
        let mut page = tag::Entity::find()
            .select_only()
            .column(tag::Column::LeadId)
            .filter(tag::Column::TenantId.eq(query.tenant.as_uuid()))
            .filter(tag::Column::Tag.eq(wanted.as_str()))
            .order_by(tag::Column::CreatedAt, order.clone())
            .order_by(tag::Column::LeadId, order.clone())
            .limit(query.rows);
        if let Some(LeadPosition::At(at, id)) = &query.after {
            let columns = Expr::tuple([tag::Column::CreatedAt, tag::Column::LeadId].map(ColumnTrait::into_expr));
            let position = Expr::tuple([Expr::value(*at), Expr::value(*id)]);
            page = page.filter(if order == Order::Desc { columns.lt(position) } else { columns.gt(position) });
        }
        boxed(page.into_query(), "lead_id")
    };
    Some(query.filter.tag.iter().map(arm).collect())
}
