//! Pairs of leads that may be one person: for so many leads, newest first, those before them that are found by the same
//! key, each by an index. Nothing is compared with everything.

use std::collections::BTreeMap;

use ashlar_kernel::StoreError;
use ashlar_leads::{DuplicatePair, DuplicatePosition, DuplicateQuery, DuplicateRows, port::DuplicateReads};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, QueryFilter, Statement, Value};
use uuid::Uuid;

use super::{
    entity::lead::{Column, Entity},
    mapping,
};
use crate::{SqlStore, dialect, errors::store_error};

/// Those that came before `a` and have its number.
const BY_PHONE: &str = "
    SELECT c.id FROM lead AS c WHERE c.tenant_id = $1 AND c.phone_e164 = a.phone_e164 AND c.id < a.id
    AND c.deleted_at IS NULL AND c.status <> 'spam' ORDER BY c.id DESC LIMIT {most}";

/// Those whose address is another of its mailbox.
const BY_FOLD: &str = "
    SELECT c.id FROM lead AS c WHERE c.tenant_id = $1 AND c.email_fold = COALESCE(a.email_fold, a.email_key)
    AND c.id < a.id AND c.deleted_at IS NULL AND c.status <> 'spam' ORDER BY c.id DESC LIMIT {most}";

/// The one whose address is that of its mailbox as it is.
const BY_EMAIL: &str = "
    SELECT c.id FROM lead AS c WHERE c.tenant_id = $1 AND c.email_key = a.email_fold AND c.id < a.id
    AND c.deleted_at IS NULL AND c.status <> 'spam' ORDER BY c.id DESC LIMIT {most}";

/// Those with its name, as far as they work where it does.
const BY_NAME: &str = "
    SELECT c.id FROM (
        SELECT d.id, d.company_key FROM lead AS d WHERE d.tenant_id = $1 AND d.name_key = a.name_key AND d.id < a.id
        AND a.company_key IS NOT NULL AND d.deleted_at IS NULL AND d.status <> 'spam' ORDER BY d.id DESC LIMIT {most}
    ) AS c WHERE c.company_key = a.company_key";

const FRAME: &str = "
    WITH looked_at AS MATERIALIZED (
        SELECT id, created_at, phone_e164, email_key, email_fold, name_key, company_key FROM lead
        WHERE tenant_id = $1 AND deleted_at IS NULL AND status <> 'spam' AND (created_at, id) {from} ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4
    ), pairs AS ({pairs})
    SELECT created_at, newer, older FROM pairs WHERE newer <> $3 OR older < $5
    UNION ALL
    SELECT created_at, id, NULL FROM (SELECT created_at, id FROM looked_at ORDER BY created_at, id LIMIT 1) AS furthest
    WHERE (SELECT COUNT(*) FROM looked_at) >= $4
    ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT $6";

fn pairs(backend: DbBackend) -> String {
    let most = DuplicateQuery::NEAREST.to_string();
    let arm = |found: &str| {
        let found = found.replace("{most}", &most);
        match backend {
            DbBackend::Postgres => format!(
                "SELECT a.created_at, a.id AS newer, b.id AS older FROM looked_at AS a CROSS JOIN LATERAL ({found}) AS b"
            ),
            _ => format!(
                "SELECT a.created_at, a.id AS newer, b.id AS older FROM looked_at AS a CROSS JOIN lead AS b \
                 WHERE b.id IN ({found})"
            ),
        }
    };
    [BY_PHONE, BY_FOLD, BY_EMAIL, BY_NAME].map(arm).join(" UNION ")
}

#[derive(FromQueryResult)]
struct Row {
    created_at: DateTime<Utc>,
    newer: Uuid,
    older: Option<Uuid>,
}

#[async_trait]
impl DuplicateReads for SqlStore {
    async fn duplicates(&self, query: &DuplicateQuery) -> Result<DuplicateRows, StoreError> {
        let backend = self.reader().get_database_backend();
        let after = query.after.unwrap_or_else(DuplicatePosition::first);
        let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        let values: Vec<Value> = vec![
            query.tenant.as_uuid().into(),
            after.at.into(),
            after.newer.into(),
            number(query.leads).into(),
            after.older.into(),
            number(query.pairs + 1).into(),
        ];
        let from = if after.is_past_its_lead() { "<" } else { "<=" };
        let sql = FRAME.replace("{from}", from).replace("{pairs}", &pairs(backend));
        let statement = Statement::from_sql_and_values(backend, sql, values);
        let rows = Row::find_by_statement(statement).all(self.reader()).await.map_err(store_error)?;
        let last = rows.iter().find(|row| row.older.is_none());
        let looked_up_to =
            last.map(|row| DuplicatePosition { at: row.created_at, newer: row.newer, older: Uuid::nil() });
        let found: Vec<_> = rows.iter().filter_map(|row| Some((row.newer, row.older?))).collect();
        let found = found.into_iter().take(usize::try_from(query.pairs).unwrap_or(usize::MAX)).collect();
        Ok(DuplicateRows { pairs: self.shown(found).await?, looked_up_to })
    }
}

impl SqlStore {
    async fn shown(&self, pairs: Vec<(Uuid, Uuid)>) -> Result<Vec<DuplicatePair>, StoreError> {
        let ids: Vec<_> = pairs.iter().flat_map(|(newer, older)| [*newer, *older]).collect();
        let backend = self.reader().get_database_backend();
        let found = Entity::find().filter(dialect::is_among(backend, Column::Id, &ids));
        let rows = found.all(self.reader()).await.map_err(store_error)?;
        let leads = rows.into_iter().map(|row| Ok((row.id, mapping::restore_lead(row)?)));
        let leads = leads.collect::<Result<BTreeMap<_, _>, StoreError>>()?;
        let of = |id: &Uuid| leads.get(id).filter(|lead| lead.deleted_at().is_none()).cloned();
        // Who was put away between the two statements is no part of a pair any more.
        let pair = |(newer, older): (Uuid, Uuid)| Some(DuplicatePair { newer: of(&newer)?, older: of(&older)? });
        Ok(pairs.into_iter().filter_map(pair).collect())
    }
}
