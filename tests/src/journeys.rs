//! One journey, both databases.

use crate::{
    Database, Past,
    binary::{PostgresDatabase, Program},
};

/// Makes of each journey `async fn name(database: Database)` two tests: `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! journeys {
    ($($name:ident),+ $(,)?) => {
        $crate::on_both_databases!($crate::journeys::journey, $($name),+);
    };
}

/// The same of each `async fn name(url: &str)`, which is about an empty database.
#[macro_export]
macro_rules! laws_of_databases {
    ($($name:ident),+ $(,)?) => {
        $crate::on_both_databases!($crate::journeys::on_a_database, $($name),+);
    };
}

/// The same of each `async fn name(program: &Program, past: &Past)`, which is about the program in a folder of its own, and a
/// database of its own beside it.
#[macro_export]
macro_rules! laws_of_programs {
    ($($name:ident),+ $(,)?) => {
        $crate::on_both_databases!($crate::journeys::with_a_program, $($name),+);
    };
}

/// What the macros above have in common: who gives each function what it is about.
#[doc(hidden)]
#[macro_export]
macro_rules! on_both_databases {
    ($run:path, $($name:ident),+) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    Box::pin($run($crate::Database::Sqlite, super::$name)).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    Box::pin($run($crate::Database::Postgres, super::$name)).await;
                }
            )+
        }
    };
}

/// Does nothing where there is no such database.
#[doc(hidden)]
pub async fn journey(database: Database, journey: impl AsyncFnOnce(Database)) {
    if database.is_here() {
        journey(database).await;
    }
}

/// Does nothing where there is no such database.
#[doc(hidden)]
pub async fn on_a_database(database: Database, law: impl AsyncFnOnce(&str)) {
    match database {
        Database::Sqlite => {
            let folder = tempfile::tempdir().unwrap();
            law(&format!("sqlite:{}", folder.path().join("a.db").display())).await;
        }
        Database::Postgres => {
            let Some(database) = PostgresDatabase::fresh().await else { return };
            law(&database.url()).await;
        }
    }
}

/// Does nothing where there is no such database.
#[doc(hidden)]
pub async fn with_a_program(database: Database, law: impl AsyncFnOnce(&Program, &Past)) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::in_folder(folder.path()).plain();
    match database {
        Database::Sqlite => {
            let past = Past::the_product(&format!("sqlite:{}", program.database().display()));
            law(&program, &past).await;
        }
        Database::Postgres => {
            let Some(database) = PostgresDatabase::fresh().await else { return };
            let program = program.env("ASHLAR_DATABASE_URL", database.url());
            law(&program, &Past::the_product(&database.url())).await;
        }
    }
}
