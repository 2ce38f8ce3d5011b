//! The tables as SeaORM sees them. They never leave the crate.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

/// Jobs. The database adds `position`.
pub(super) mod job {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "job")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub queue: String,
        pub kind: String,
        pub payload_version: i32,
        pub payload: String,
        pub priority: i32,
        pub run_at: ChronoDateTimeUtc,
        pub attempts: i32,
        pub max_attempts: i32,
        pub state: String,
        pub lease_until: Option<ChronoDateTimeUtc>,
        pub token: i64,
        pub worker: Option<String>,
        pub dedupe_key: Option<String>,
        pub serial_key: Option<String>,
        pub trace_context: Option<String>,
        pub last_error: Option<String>,
        pub failures: String,
        pub created_at: ChronoDateTimeUtc,
        pub updated_at: ChronoDateTimeUtc,
        pub finished_at: Option<ChronoDateTimeUtc>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Schedules, and when each was first asked about.
pub(super) mod schedule {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "schedule")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub first_asked: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// The moments schedules were fired for.
pub(super) mod firing {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "schedule_firing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub schedule: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub due_at: ChronoDateTimeUtc,
        pub fired_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
