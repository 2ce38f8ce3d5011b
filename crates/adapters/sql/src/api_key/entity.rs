//! The tables of API keys as SeaORM sees them. They never leave the crate.

#![expect(unreachable_pub, reason = "what SeaORM's derives make beside these is public")]

/// Keys.
pub(crate) mod api_key {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: Uuid,
        pub user_id: Uuid,
        pub key_id: String,
        pub kind: String,
        pub name: String,
        pub scopes: String,
        pub networks: String,
        pub origins: String,
        pub secret_hash: Vec<u8>,
        pub previous_hash: Option<Vec<u8>>,
        pub previous_valid_until: Option<ChronoDateTimeUtc>,
        pub issued_at: ChronoDateTimeUtc,
        pub expires_at: ChronoDateTimeUtc,
        pub last_used_at: Option<ChronoDateTimeUtc>,
        pub denied_at: Option<ChronoDateTimeUtc>,
        pub revoked_at: Option<ChronoDateTimeUtc>,
        pub created_at: ChronoDateTimeUtc,
        pub updated_at: ChronoDateTimeUtc,
        pub version: i32,
    }

    // SeaORM asks for it; the row holds hashes of secrets.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "api_key {}", self.id)
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {
        /// Whose it is.
        #[sea_orm(
            belongs_to = "crate::identity::entity::user::Entity",
            from = "Column::UserId",
            to = "crate::identity::entity::user::Column::Id"
        )]
        Owner,
        /// What they are in the key's tenant.
        #[sea_orm(
            belongs_to = "crate::identity::entity::membership::Entity",
            from = "(Column::TenantId, Column::UserId)",
            to = "(crate::identity::entity::membership::Column::TenantId, crate::identity::entity::membership::Column::UserId)"
        )]
        Membership,
        /// From where it was used.
        #[sea_orm(
            belongs_to = "super::api_key_source::Entity",
            from = "Column::Id",
            to = "super::api_key_source::Column::ApiKeyId"
        )]
        Source,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The places from which keys were used.
pub(crate) mod api_key_source {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_source")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub api_key_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub network: String,
        pub tenant_id: Uuid,
        pub created_at: ChronoDateTimeUtc,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
