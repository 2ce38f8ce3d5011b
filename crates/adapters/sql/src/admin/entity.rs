//! The tables as SeaORM sees them. They never leave the crate.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

/// What needs somebody's attention.
pub(super) mod notification {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "notification")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub severity: String,
        pub source: String,
        pub dedupe_key: String,
        pub title: String,
        pub count: i64,
        pub first_at: ChronoDateTimeUtc,
        pub last_at: ChronoDateTimeUtc,
        pub announced_at: Option<ChronoDateTimeUtc>,
        pub acknowledged_by: Option<Uuid>,
        pub acknowledged_at: Option<ChronoDateTimeUtc>,
        pub resolved_at: Option<ChronoDateTimeUtc>,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Warnings and errors.
pub(super) mod line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "system_log")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub at: ChronoDateTimeUtc,
        pub level: String,
        pub target: String,
        pub message: String,
        pub request_id: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub fields: Json,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
