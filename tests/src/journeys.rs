//! One journey, both databases.

/// Makes of each journey `async fn name(database: Database)` two tests: `sqlite::name` and `postgres::name`.
#[macro_export]
macro_rules! journeys {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    Box::pin(super::$name($crate::Database::Sqlite)).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    if $crate::Database::Postgres.is_here() {
                        Box::pin(super::$name($crate::Database::Postgres)).await;
                    }
                }
            )+
        }
    };
}
