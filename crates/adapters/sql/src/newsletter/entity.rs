//! The tables of the newsletter as SeaORM sees them. They never leave the crate.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

/// Lists.
pub(super) mod list {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "mailing_list")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub slug: String,
        pub name: String,
        pub opt_in: String,
        pub visibility: String,
        pub created_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Who is on them.
pub(super) mod subscription {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "subscription")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub list_id: Uuid,
        pub email: String,
        pub email_key: String,
        pub name: Option<String>,
        pub status: String,
        #[sea_orm(column_type = "JsonBinary")]
        pub evidence: Json,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub wish: Option<Json>,
        pub asked_at: ChronoDateTimeUtc,
        pub confirmed_at: Option<ChronoDateTimeUtc>,
        pub confirmed_from: Option<String>,
        pub unsubscribed_at: Option<ChronoDateTimeUtc>,
        pub reason: Option<String>,
        pub bounce_soft: i32,
        pub bounce_hard: i32,
        pub bounced_since: Option<ChronoDateTimeUtc>,
        pub created_at: ChronoDateTimeUtc,
        pub updated_at: ChronoDateTimeUtc,
        pub version: i32,
    }

    // SeaORM asks for it; the row holds personal data.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "subscription {}", self.id)
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        #[sea_orm(belongs_to = "super::list::Entity", from = "Column::ListId", to = "super::list::Column::Id")]
        List,
    }

    impl Related<super::list::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::List.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Links to confirm by.
pub(super) mod link {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "subscription_link")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub hash: Vec<u8>,
        pub tenant_id: Uuid,
        pub subscription_id: Uuid,
        pub list_id: Uuid,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub wish: Option<Json>,
        pub created_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
        pub used_at: Option<ChronoDateTimeUtc>,
    }

    // SeaORM asks for it; the row holds personal data.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "link of subscription {}", self.subscription_id)
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// What is known of mailboxes.
pub(super) mod mailbox {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "subscriber_mailbox")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub address_hash: Vec<u8>,
        pub tenant_id: Uuid,
        #[sea_orm(column_type = "JsonBinary")]
        pub letters: Json,
        pub suppressed_reason: Option<String>,
        pub suppressed_at: Option<ChronoDateTimeUtc>,
        pub liftable_since: Option<ChronoDateTimeUtc>,
        pub updated_at: ChronoDateTimeUtc,
        pub version: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
