//! The tables of imports as SeaORM sees them.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

/// Imports.
pub(super) mod import {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "lead_import")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub requested_by: Option<Uuid>,
        pub state: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub options: Json,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub plan: Option<Json>,
        pub file: Option<String>,
        pub file_name: String,
        pub bytes_total: i64,
        pub bytes_read: i64,
        pub text_offset: i64,
        pub rows_read: i64,
        pub created: i64,
        pub updated: i64,
        pub skipped: i64,
        pub duplicates: i64,
        pub failed: i64,
        pub faults: i64,
        pub error: Option<String>,
        pub holder: Option<Uuid>,
        pub held_until: Option<ChronoDateTimeUtc>,
        pub created_at: ChronoDateTimeUtc,
        pub started_at: Option<ChronoDateTimeUtc>,
        pub finished_at: Option<ChronoDateTimeUtc>,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is wrong with rows.
pub(super) mod fault {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "lead_import_fault")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub import_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub row_number: i64,
        pub field: String,
        pub code: String,
        pub message: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub cells: Json,
    }

    // SeaORM asks for it; the row holds personal data.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "lead_import_fault {} {}", self.import_id, self.number)
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
