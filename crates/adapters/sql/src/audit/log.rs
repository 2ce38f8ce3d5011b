//! The log as people look it up.

use ashlar_audit::{
    log::{Action, AuditEvent, AuditStore, AuditTx, Erasure, EventFilter, EventOrder, EventQuery, Mention},
    retention::{self, Class},
};
use ashlar_kernel::{Change, Context, LogEntry, Outcome, StoreError, TenantId};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait as _, DbBackend, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait as _, Select, Value,
    sea_query::{Expr, ExprTrait},
};
use serde_json::{Map, json};
use uuid::Uuid;

use super::entity::{checkpoint, pii};
use crate::{
    SqlStore,
    errors::store_error,
    event_log::{
        self,
        entity::row::{Column, Entity},
    },
    transaction::SqlTx,
};

#[async_trait]
impl AuditStore for SqlStore {
    async fn begin(&self, context: &Context) -> Result<Box<dyn AuditTx>, StoreError> {
        Ok(Box::new(self.begin_tx(context).await?))
    }

    async fn events(&self, query: &EventQuery) -> Result<Vec<LogEntry>, StoreError> {
        let order = match query.order {
            EventOrder::NewestFirst => Order::Desc,
            EventOrder::OldestFirst => Order::Asc,
        };
        let passing = Terms { backend: self.reader().get_database_backend(), tenant: query.tenant };
        let mut events = Entity::find()
            .filter(passing.of_tenant(&query.filter))
            .filter(passing.all_of(&query.filter))
            .order_by(Column::OccurredAt, order.clone())
            .order_by(Column::Id, order.clone());
        if let Some(after) = query.after {
            // As a row value, which an index on both columns answers at once.
            let columns = Expr::tuple([Column::OccurredAt, Column::Id].map(ColumnTrait::into_expr));
            let position = Expr::tuple([Expr::value(after.at), Expr::value(after.id)]);
            events = events.filter(if order == Order::Desc { columns.lt(position) } else { columns.gt(position) });
        }
        self.entries(events, query.with_personal, Some(query.rows)).await
    }

    async fn event(&self, tenant: TenantId, id: Uuid, with_personal: bool) -> Result<Option<LogEntry>, StoreError> {
        let of_tenant = Entity::find_by_id(id).filter(Column::TenantId.eq(tenant.as_uuid()));
        Ok(self.entries(of_tenant, with_personal, None).await?.pop())
    }

    async fn newest_checkpoint(&self, tenant: TenantId) -> Result<Option<String>, StoreError> {
        let newest = checkpoint::Entity::find()
            .select_only()
            .column(checkpoint::Column::Note)
            .filter(checkpoint::Column::TenantId.eq(tenant.as_uuid()))
            .order_by_desc(checkpoint::Column::Size);
        newest.into_tuple().one(self.reader()).await.map_err(store_error)
    }
}

impl SqlStore {
    /// Events, and what stands beside them if that is wanted, in one statement. How many at most is in its words:
    /// PostgreSQL would take an unknown number for a great one, and plan for all leaves of the log anew each time.
    async fn entries(
        &self,
        events: Select<Entity>,
        with_personal: bool,
        limit: Option<u64>,
    ) -> Result<Vec<LogEntry>, StoreError> {
        let backend = self.reader().get_database_backend();
        let events = if with_personal { event_log::with_personal(backend, events) } else { events };
        let mut ask = events.build(backend);
        if let Some(limit) = limit {
            ask.sql.extend([" LIMIT ", &limit.to_string()]);
        }
        let rows = self.reader().query_all_raw(ask).await.map_err(store_error)?;
        rows.iter().map(|row| event_log::entry_of(row, with_personal)).collect()
    }
}

#[async_trait]
impl AuditTx for SqlTx {
    async fn note_reading(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }

    async fn note_request(&mut self, change: Change<(), AuditEvent>) -> Result<(), StoreError> {
        let ((), events) = self.open(change)?;
        self.explain(events).await
    }

    async fn erase_personal(
        &mut self,
        erasure: Erasure,
        explained: &(dyn Fn(u64) -> AuditEvent + Sync),
    ) -> Result<u64, StoreError> {
        self.enter()?;
        let mut theirs = pii::Entity::delete_many().filter(pii::Column::SubjectId.eq(erasure.subject));
        if let Some(tenant) = erasure.tenant {
            theirs = theirs.filter(pii::Column::TenantId.eq(tenant.as_uuid()));
        }
        let done = theirs.exec(&self.tx).await.map_err(|error| self.write_error(error))?;
        self.leave();
        if done.rows_affected > 0 {
            let ((), events) = self.open(Change::new((), explained(done.rows_affected)))?;
            self.explain(events).await?;
        }
        Ok(done.rows_affected)
    }
}

/// What a filter says, in the words of a database.
struct Terms {
    backend: DbBackend,
    tenant: TenantId,
}

impl Terms {
    /// Of the tenant. Without statistics SQLite prefers the order of events to everything, and would go through all of a
    /// tenant's for the few of one thing: a plus keeps it from that.
    fn of_tenant(&self, filter: &EventFilter) -> Expr {
        let is_listed = filter.target_id.is_some() || filter.ip.is_some();
        let is_rare = is_listed || filter.mention.as_ref().is_some_and(|text| text.action().is_none());
        if self.backend == DbBackend::Sqlite && is_rare {
            self.with("+event.tenant_id = {}", [self.tenant.as_uuid()])
        } else {
            Column::TenantId.eq(self.tenant.as_uuid())
        }
    }

    fn all_of(&self, filter: &EventFilter) -> Condition {
        let target = (filter.target_type.as_deref(), filter.target_id.as_deref());
        Condition::all()
            .add_option(filter.actor_type.as_ref().map(|kind| Column::ActorType.eq(kind.as_str())))
            .add_option(filter.actor_id.as_ref().map(|id| Column::ActorId.eq(id.as_str())))
            .add_option(filter.action.as_ref().map(|action| self.is_called(action)))
            .add_option((target != (None, None)).then(|| self.is_about(target)))
            .add_option(filter.outcome.map(ended))
            .add_option(filter.ip.map(|ip| self.came_from(&ip.to_string())))
            .add_option(filter.request_id.as_ref().map(|request| Column::RequestId.eq(request.as_str())))
            .add_option(filter.trace_id.as_ref().map(|trace| {
                self.with("(event.traceparent IS NOT NULL AND substr(event.traceparent, 4, 32) = {})", [trace.as_str()])
            }))
            .add_option(filter.from.map(|from| Column::OccurredAt.gte(from)))
            .add_option(filter.to.map(|to| Column::OccurredAt.lt(to)))
            .add_option(filter.mention.as_ref().map(|mention| self.has_to_do_with(mention)))
    }

    /// From an address that stands beside the log, or in an event of the first format. As one list of ids: of two
    /// conditions with "or" between them, no index would answer either.
    fn came_from(&self, ip: &str) -> Expr {
        let tenant = || Value::from(self.tenant.as_uuid());
        self.with(
            "event.id IN (SELECT event_id FROM audit_pii WHERE tenant_id = {} AND path = '/source/ip' AND value = {} \
             UNION ALL SELECT id FROM event AS plain WHERE tenant_id = {} AND format = 1 AND source ->> 'ip' = {})",
            [tenant(), ip.into(), tenant(), ip.into()],
        )
    }

    fn is_called(&self, action: &Action) -> Expr {
        // In the order of bytes, which is that of the index.
        let name = match self.backend {
            DbBackend::Postgres => "event.name COLLATE \"C\"",
            _ => "event.name",
        };
        let of_class = self.of_class(action);
        match action {
            Action::Named(name_of_event) => self.with(&format!("({name} = {{}}{of_class})"), [name_of_event.as_str()]),
            Action::Beginning(beginning) => {
                let range = format!("({name} >= {{}} AND {name} < {{}}{of_class})");
                self.with(&range, [beginning.clone(), behind(beginning)])
            }
        }
    }

    /// In words that tell PostgreSQL in which leaves there is nothing: it would go through all of them for the names of one.
    fn of_class(&self, action: &Action) -> String {
        if self.backend != DbBackend::Postgres {
            return String::new();
        }
        let (classes, is_of_retention) = match action {
            Action::Named(name) => (vec![Class::of(name)], name == retention::EVENT),
            Action::Beginning(beginning) => (Class::of_beginning(beginning), retention::EVENT.starts_with(beginning)),
        };
        let names = classes.into_iter().map(Class::as_str).chain(is_of_retention.then_some("retention"));
        format!(" AND event_class(event.name) IN ('{}')", names.collect::<Vec<_>>().join("', '"))
    }

    /// Whether a thing is among the targets, by its sort, its id or both.
    fn is_about(&self, (kind, id): (Option<&str>, Option<&str>)) -> Expr {
        if self.backend == DbBackend::Postgres {
            let known = [("type", kind), ("id", id)].into_iter();
            let target: Map<_, _> = known.filter_map(|(name, text)| Some((name.to_owned(), text?.into()))).collect();
            return self.with("event.targets @> {}::jsonb", [json!([target]).to_string()]);
        }
        let tenant = || Value::from(self.tenant.as_uuid());
        let listed = "event.id IN (SELECT event_id FROM event_target WHERE tenant_id = {} AND target_id = {}";
        match (kind, id) {
            (Some(kind), Some(id)) => {
                self.with(&format!("{listed} AND kind = {{}})"), [tenant(), id.into(), kind.into()])
            }
            (None, Some(id)) => self.with(&format!("{listed})"), [tenant(), id.into()]),
            // The sort alone tells next to nothing: events are read in their order until there are enough.
            (kind, None) => self.with(
                "EXISTS (SELECT 1 FROM json_each(event.targets) WHERE value ->> 'type' = {})",
                [kind.unwrap_or_default()],
            ),
        }
    }

    /// Each part has an index of its own.
    fn has_to_do_with(&self, mention: &Mention) -> Condition {
        let text = mention.as_str();
        let of_tenant = || Condition::all().add(Column::TenantId.eq(self.tenant.as_uuid()));
        Condition::any()
            .add(of_tenant().add(Column::ActorId.eq(text)))
            .add(of_tenant().add(Column::RequestId.eq(text)))
            .add(self.is_about((None, Some(text))))
            .add_option(mention.id().map(|id| Column::Id.eq(id)))
            .add_option(mention.action().map(|action| self.is_called(&action)))
    }

    /// A condition with `{}` where a value belongs.
    fn with<V: Into<Value>>(&self, sql: &str, values: impl IntoIterator<Item = V>) -> Expr {
        let mut parts = sql.split("{}");
        let mut filled = parts.next().unwrap_or_default().to_owned();
        for (index, part) in parts.enumerate() {
            match self.backend {
                DbBackend::Postgres => filled.extend(["$", &(index + 1).to_string()]),
                _ => filled.push('?'),
            }
            filled.push_str(part);
        }
        Expr::cust_with_values(filled, values)
    }
}

/// How it ended, in words of the statement: an index of some outcomes answers only where it is plain that it is of these, to
/// PostgreSQL by what the word is, and to SQLite by the words of the index themselves.
fn ended(outcome: Outcome) -> Expr {
    let this = format!("event.outcome = '{}'", outcome.as_str());
    if outcome == Outcome::Ok { Expr::cust(this) } else { Expr::cust(format!("({this} AND event.outcome <> 'ok')")) }
}

/// The first text behind everything that begins so. Names of events are plain ASCII, below its last character.
fn behind(beginning: &str) -> String {
    let mut bytes = beginning.as_bytes().to_vec();
    if let Some(last) = bytes.last_mut() {
        *last = last.saturating_add(1);
    }
    String::from_utf8(bytes).unwrap_or_default()
}
