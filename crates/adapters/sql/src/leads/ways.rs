//! Lists that several indexes could answer, none of which is always the best: by tags or by fragments, if few leads have
//! them, or in the order of the list, if so many have them that a page is soon full. How many there are is seen when the
//! list is read, in the same statement; every way that is gone gives the whole page.

use ashlar_leads::{LeadFilter, LeadQuery, LeadSort};
use sea_orm::{
    ColumnTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Alias, CommonTableExpression, Expr, Query, SelectStatement, UnionType, WithClause},
};

use super::{
    arms::{self, boxed},
    entity::{
        lead::{Column, Entity},
        tag,
    },
    fragments,
    list::{Asked, Reach, conditions, listed, order_of, ordered, walked},
};

/// Up to how many leads with one of the tags are read one by one.
const TAGGED: u64 = 5_000;
/// Up to how many leads that may have what is looked for are read one by one at once.
const FEW: u64 = 2_000;
/// Up to how many are, where the beginning of the list has no page of them.
const SOME: u64 = 10_000;
/// How long that beginning is.
const BEGINNING: u64 = 30_000;
/// The longest page that is looked for there.
const LONG: u64 = 1_000;

/// A page by the way that is best; none if there is but one.
pub(super) fn of(backend: DbBackend, query: &LeadQuery) -> Option<Select<Entity>> {
    if arms::are_tags_alone(query) {
        return None;
    }
    let asked = Asked::of(backend, query);
    let mut ways = Ways { asked: &asked, steps: WithClause::new(), pages: Vec::new(), otherwise: Vec::new() };
    if !query.filter.tag.is_empty() {
        ways.by_tags();
    }
    if let Some(numbers) = fragments::of(&asked) {
        ways.by_fragments(numbers);
    }
    ways.page()
}

struct Ways<'a> {
    asked: &'a Asked<'a>,
    /// What the ways begin with.
    steps: WithClause,
    /// The ids of a page, or of none.
    pages: Vec<SelectStatement>,
    /// When there is no page yet.
    otherwise: Vec<String>,
}

impl Ways<'_> {
    fn by_tags(&mut self) {
        let LeadQuery { tenant, filter, .. } = self.asked.query;
        // Whoever has two of the tags is there twice, so that no more than these need to be looked at.
        let tagged = tag::Entity::find()
            .select_only()
            .column(tag::Column::LeadId)
            .filter(tag::Column::TenantId.eq(tenant.as_uuid()))
            .filter(tag::Column::Tag.is_in(filter.tag.iter().map(String::as_str)))
            .limit(TAGGED + 1);
        self.step("tagged", tagged.into_query());
        let ids = format!("SELECT lead_id FROM tagged WHERE {} <= {TAGGED}", number_of("tagged"));
        self.one_by_one(match self.asked.backend {
            // Else it would guess how many there are, and might read all leads instead.
            DbBackend::Postgres => format!("\"lead\".\"id\" = ANY (ARRAY({ids}))"),
            _ => format!("\"lead\".\"id\" IN ({ids})"),
        });
        self.otherwise.push(format!("{} > {TAGGED}", number_of("tagged")));
    }

    fn by_fragments(&mut self, mut numbers: SelectStatement) {
        self.step("candidates", numbers.limit(SOME + 1).take());
        let rows = self.asked.query.rows;
        let begins_with_few = is_in_order_of_an_index(self.asked.query).then(|| {
            let beginning = self.beginning();
            self.step("beginning", beginning);
            let whole = format!("{} >= {rows}", number_of("beginning"));
            let page = Query::select().column(Alias::new("id")).from("beginning").and_where(Expr::cust(whole)).take();
            self.pages.push(page);
            format!("{} < {rows}", number_of("beginning"))
        });
        let mut are_few = vec![format!("{} <= {SOME}", number_of("candidates"))];
        are_few.extend(begins_with_few.clone());
        let few = are_few.join(" AND ");
        self.one_by_one(format!("\"lead\".\"number\" IN (SELECT number FROM candidates WHERE {few})"));
        self.otherwise.push(format!("{} > {SOME}", number_of("candidates")));
        self.otherwise.extend(begins_with_few);
    }

    /// A page of the first leads of the list, of which only candidates are read, if it is known who all of them are.
    fn beginning(&self) -> SelectStatement {
        let Asked { backend, query, .. } = *self.asked;
        let (column, order) = order_of(query.sort);
        // Most of those that have what repeats itself have it but once: the list would be walked for nothing.
        let few = if fragments::repeat(query) { SOME } else { FEW };
        let are_many = [vec![format!("{} > {few}", number_of("candidates"))], self.otherwise.clone()].concat();
        let filter = LeadFilter { search: None, company: None, ..query.filter.clone() };
        let first = LeadQuery { filter, rows: BEGINNING, ..query.clone() };
        let reach = Reach::IndexIf(Expr::cust(are_many.join(" AND ")));
        let first = ordered(listed(&Asked { reach, ..Asked::of(backend, &first) }), &first)
            .select_only()
            .expr_as(Expr::cust("\"lead\".\"number\""), "number")
            .columns([column, Column::Id]);
        let name = || Alias::new("first");
        Query::select()
            .column((Entity, Column::Id))
            .from_subquery(first.into_query(), name())
            // In this order, which is that of the list.
            .cross_join(Entity)
            .and_where(Expr::cust("\"lead\".\"number\" = \"first\".\"number\""))
            .and_where(Expr::cust(format!(
                "({} > {SOME} OR \"first\".\"number\" IN (SELECT number FROM candidates))",
                number_of("candidates")
            )))
            .cond_where(conditions(&self.in_rows()))
            .order_by((name(), column), order.clone())
            .order_by((name(), Column::Id), order)
            .limit(query.rows)
            .take()
    }

    /// A page of leads that were found, all of which are read and put in order.
    fn one_by_one(&mut self, found: String) {
        let found = listed(&self.in_rows()).filter(Expr::cust(found)).select_only().column(Column::Id);
        self.pages.push(boxed(ordered(found, self.asked.query).into_query(), "id"));
    }

    /// What is asked, to be looked for in the rows.
    fn in_rows(&self) -> Asked<'_> {
        Asked { by_fragments: false, reach: Reach::Otherwise, ..self.asked.clone() }
    }

    fn step(&mut self, name: &'static str, select: SelectStatement) {
        let step = CommonTableExpression::new().table_name(name).query(select).materialized(true).to_owned();
        self.steps.cte(step);
    }

    fn page(mut self) -> Option<Select<Entity>> {
        let mut all = if self.pages.is_empty() { return None } else { self.pages.remove(0) };
        let reach = Reach::IndexIf(Expr::cust(self.otherwise.join(" AND ")));
        let rest = walked(&Asked { reach, ..self.asked.clone() }).select_only().column(Column::Id);
        self.pages.push(boxed(rest.into_query(), "id"));
        for page in self.pages {
            // Each way has the same page, if any.
            all.union(UnionType::Distinct, page);
        }
        // What is asked has been asked of each.
        let page = LeadQuery { after: None, ..self.asked.query.clone() };
        let mut page = ordered(Entity::find().filter(Column::Id.in_subquery(all)), &page);
        QuerySelect::query(&mut page).with_cte(self.steps);
        Some(page)
    }
}

fn number_of(step: &str) -> String {
    format!("(SELECT count(*) FROM {step})")
}

/// Whether the list can be walked in its order without a look at a row: nothing else is asked, or one thing whose index has
/// the order.
fn is_in_order_of_an_index(query: &LeadQuery) -> bool {
    let LeadFilter { status, source, category, owner, .. } = &query.filter;
    let asked = [status.len(), source.len(), category.len(), owner.len()];
    let others = LeadFilter {
        status: Vec::new(),
        source: Vec::new(),
        category: Vec::new(),
        owner: Vec::new(),
        created_from: None,
        created_to: None,
        company: None,
        search: None,
        ..query.filter.clone()
    };
    let is_by_time = matches!(query.sort, LeadSort::NewestFirst | LeadSort::OldestFirst);
    let is_by_sort_alone =
        asked.iter().sum::<usize>() == 0 && query.filter.created_from.is_none() && query.filter.created_to.is_none();
    let has_an_index = is_by_sort_alone || (is_by_time && asked.iter().sum::<usize>() <= 1);
    query.rows <= LONG && query.seen_by.is_none() && others == LeadFilter::default() && has_an_index
}
