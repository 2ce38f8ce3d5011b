//! Many rows a statement, put together by hand: a query builder takes as long for it as the database for the rows.

use std::fmt::Write as _;

use ashlar_kernel::StoreError;
use sea_orm::{
    ActiveModelTrait, ActiveValue, DbBackend, EntityName as _, EntityTrait, IdenStatic, Iterable as _, Statement, Value,
};

/// The columns that rows of one kind have in common, and their values, row by row.
pub(crate) struct Rows {
    pub(crate) columns: Vec<&'static str>,
    pub(crate) values: Vec<Value>,
}

/// What is set in these models, each of which says as much as the first.
pub(crate) fn rows_of<A: ActiveModelTrait>(models: Vec<A>) -> Result<Rows, StoreError> {
    let is_set = |model: &A, column| !matches!(model.get(column), ActiveValue::NotSet);
    let all = <A::Entity as EntityTrait>::Column::iter();
    let columns: Vec<_> = all.filter(|column| models.first().is_some_and(|first| is_set(first, *column))).collect();
    let mut values = Vec::with_capacity(models.len() * columns.len());
    for mut model in models {
        for column in &columns {
            let value = model.take(*column).into_value();
            values.push(value.ok_or_else(|| StoreError::internal("a column without a value"))?);
        }
    }
    Ok(Rows { columns: columns.iter().map(IdenStatic::as_str).collect(), values })
}

/// The statement that adds these models, and `then` behind it.
pub(crate) fn insertion<A: ActiveModelTrait>(
    backend: DbBackend,
    models: Vec<A>,
    then: &str,
) -> Result<Statement, StoreError> {
    let Rows { columns, values } = rows_of(models)?;
    let mut sql = text(backend, A::Entity::default().table_name(), &columns, values.len());
    sql.push_str(then);
    Ok(Statement::from_sql_and_values(backend, sql, values))
}

/// The text of a statement that adds rows with so many values in all.
pub(crate) fn text(backend: DbBackend, table: &str, columns: &[&str], values: usize) -> String {
    let mut sql = format!("INSERT INTO \"{table}\" (\"{}\") VALUES ", columns.join("\", \""));
    for number in 0..values {
        sql.push_str(match number {
            0 => "(",
            _ if number.is_multiple_of(columns.len()) => "), (",
            _ => ", ",
        });
        match backend {
            // Writing into a text does not fail.
            DbBackend::Postgres => write!(sql, "${}", number + 1).unwrap_or_default(),
            _ => sql.push('?'),
        }
    }
    sql.push(')');
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_has_its_places() {
        let sqlite = text(DbBackend::Sqlite, "t", &["a", "b"], 4);
        assert_eq!(sqlite, r#"INSERT INTO "t" ("a", "b") VALUES (?, ?), (?, ?)"#);
        let postgres = text(DbBackend::Postgres, "t", &["a", "b"], 4);
        assert_eq!(postgres, r#"INSERT INTO "t" ("a", "b") VALUES ($1, $2), ($3, $4)"#);
    }
}
