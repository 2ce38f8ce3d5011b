//! The log and its readers' lists as SeaORM sees them.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

/// The log. The database adds `recorded_at` and, on PostgreSQL, `txid`.
pub(crate) mod row {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event")]
    pub struct Model {
        pub position: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub name: String,
        pub schema_version: i32,
        pub occurred_at: ChronoDateTimeUtc,
        pub actor_type: String,
        pub actor_id: Option<String>,
        pub actor_session: Option<Uuid>,
        #[sea_orm(column_type = "JsonBinary")]
        pub targets: Json,
        pub outcome: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub diff: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub data: Json,
        #[sea_orm(column_type = "JsonBinary")]
        pub source: Json,
        pub request_id: String,
        pub traceparent: Option<String>,
        pub format: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(has_one = "super::to_seal::Entity")]
        ToSeal,
        #[sea_orm(has_one = "super::to_dispatch::Entity")]
        ToDispatch,
    }

    impl Related<super::to_seal::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::ToSeal.def()
        }
    }

    impl Related<super::to_dispatch::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::ToDispatch.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the sealer has not handled.
pub(crate) mod to_seal {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_seal_pending")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: Uuid,
        pub tenant_id: Uuid,
        pub position: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::row::Entity", from = "Column::EventId", to = "super::row::Column::Id")]
        Event,
    }

    impl Related<super::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Event.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the relay has not handled.
pub(crate) mod to_dispatch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_dispatch_pending")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: Uuid,
        pub position: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::row::Entity", from = "Column::EventId", to = "super::row::Column::Id")]
        Event,
    }

    impl Related<super::row::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Event.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}
