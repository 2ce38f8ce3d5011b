//! The table of exports as SeaORM sees it.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

use sea_orm::entity::prelude::*;

#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "lead_export")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: Uuid,
    pub requested_by: Uuid,
    pub seen_by: Option<Uuid>,
    pub state: String,
    pub format: String,
    #[sea_orm(column_type = "JsonBinary", nullable)]
    pub wish: Option<Json>,
    pub leads: i64,
    pub bytes: i64,
    pub file: Option<String>,
    pub sha256: Option<Vec<u8>>,
    pub error: Option<String>,
    pub held_until: Option<ChronoDateTimeUtc>,
    pub created_at: ChronoDateTimeUtc,
    pub started_at: Option<ChronoDateTimeUtc>,
    pub finished_at: Option<ChronoDateTimeUtc>,
    pub expires_at: Option<ChronoDateTimeUtc>,
    pub version: i32,
}

// SeaORM asks for it; a search may name people.
impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "lead_export {}", self.id)
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
