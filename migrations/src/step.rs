//! One step of the schema: a name, and the SQL that takes it and takes it back.

use async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager, sea_orm::ConnectionTrait, sea_orm::DbErr};

use crate::dialect::Dialect;

/// A migration as data. It runs in a transaction of its own, on SQLite too, so that a step is taken or not taken.
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) up: fn(&Dialect) -> String,
    pub(crate) down: fn(&Dialect) -> String,
}

impl Step {
    async fn run(&self, manager: &SchemaManager<'_>, sql: fn(&Dialect) -> String) -> Result<(), DbErr> {
        let dialect = Dialect::of(manager.get_database_backend())?;
        let sql = format!("{}{}", dialect.patience, sql(dialect));
        manager.get_connection().execute_unprepared(&sql).await.map(drop)
    }
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(elided_lifetimes_in_paths, reason = "the trait leaves it out, and async_trait tells the two forms apart")]
#[async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.run(manager, self.up).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.run(manager, self.down).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
