//! Statements over many rows.
//!
//! Each trip to the connection costs more than a row, so the rows of a whole transaction go in a
//! few statements. Their texts differ only in the number of rows: a power of two, so that a
//! handful of prepared statements serves every batch. Places that are not filled are NULL, and
//! every such statement passes over rows whose first column is NULL.

use std::sync::{Arc, OnceLock};

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{AssertSqlSafe, Sqlite, SqliteConnection};

use crate::database::Row;

/// Rows in one statement.
const ROWS_PER_STATEMENT_MAX: usize = 64;
/// 1, 2, 4, … up to [`ROWS_PER_STATEMENT_MAX`].
const SIZES: usize = ROWS_PER_STATEMENT_MAX.ilog2() as usize + 1;

/// A query whose rows are being bound.
pub(crate) type Binding = Query<'static, Sqlite, SqliteArguments>;

/// A statement over a list of rows.
pub(crate) struct Rows {
    /// Text up to the rows.
    before: &'static str,
    /// One row, `(?, ?)`.
    row: &'static str,
    /// Text after the rows.
    after: &'static str,
    texts: [OnceLock<Arc<str>>; SIZES],
}

impl Rows {
    pub(crate) const fn new(before: &'static str, row: &'static str, after: &'static str) -> Self {
        Self { before, row, after, texts: [const { OnceLock::new() }; SIZES] }
    }

    /// Writes all rows; answers how many rows of the table were affected.
    pub(crate) async fn write<T>(
        &self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Binding, &T) -> Binding,
    ) -> Result<u64, sqlx::Error> {
        let mut affected = 0;
        for chunk in rows.chunks(ROWS_PER_STATEMENT_MAX) {
            let done = self.query(chunk, &bind).execute(&mut *connection).await?;
            affected += done.rows_affected();
        }
        Ok(affected)
    }

    /// Reads what belongs to the rows.
    pub(crate) async fn read<T>(
        &self,
        connection: &mut SqliteConnection,
        rows: &[T],
        bind: impl Fn(Binding, &T) -> Binding,
    ) -> Result<Vec<Row>, sqlx::Error> {
        let mut found = Vec::new();
        for chunk in rows.chunks(ROWS_PER_STATEMENT_MAX) {
            let rows = self.query(chunk, &bind).fetch_all(&mut *connection).await?;
            found.extend(rows.into_iter().map(Row::Sqlite));
        }
        Ok(found)
    }

    fn query<T>(&self, rows: &[T], bind: &impl Fn(Binding, &T) -> Binding) -> Binding {
        let query = sqlx::query(AssertSqlSafe(self.text(rows.len())));
        rows.iter().fold(query, bind)
    }

    /// The text with room for this many rows. It is made of our own constants only.
    pub(crate) fn text(&self, rows: usize) -> Arc<str> {
        let size = rows.next_power_of_two();
        let make = || {
            let rows = vec![self.row; size].join(", ");
            format!("{}{rows}{}", self.before, self.after).into()
        };
        self.texts[size.ilog2() as usize].get_or_init(make).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_has_room_for_the_next_power_of_two() {
        let rows = Rows::new("VALUES ", "(?)", " ORDER BY 1");
        assert_eq!(&*rows.text(1), "VALUES (?) ORDER BY 1");
        assert_eq!(rows.text(3), rows.text(4));
        assert_eq!(rows.text(64).matches('?').count(), 64);
    }
}
