//! The schema that a database has against the one that the program knows.
//!
//! Two versions of the program run side by side while a schema grows: first it is expanded by what
//! the older one need not know, then, when no older one runs any more, contracted. The name of a
//! migration says which it is: one that begins with `expand_` leaves every older program that
//! knows the migrations before it able to run. Any other turns older programs away.

use motcua_store::StoreError;
use sqlx::migrate::Migrator;

use crate::database::{Reads, Row, Session, Statement};
use crate::error::{Columns, Failure};
use crate::{postgres, sqlite};

const MIGRATIONS_STAND: Statement = Statement {
    sqlite: "-- migrations_stand
    SELECT EXISTS (SELECT 1 FROM pragma_table_list
        WHERE schema = 'main' AND name = '_sqlx_migrations') AS stands",
    postgres: "-- migrations_stand
    SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS stands",
};
const MIGRATIONS_APPLIED: Statement = Statement::both(
    "-- migrations_applied
    SELECT version, description, success, checksum FROM _sqlx_migrations ORDER BY version",
);

/// How the names of migrations begin that older programs need not know.
const EXPAND: &str = "expand_";

/// What a database's migrations are, against those that the program knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Number of the newest migration of the database; 0 without any.
    pub applied: i64,
    /// Number of the newest migration that the program knows.
    pub known: i64,
    /// Migrations of the program that the database does not have yet.
    pub pending: Vec<String>,
    /// Migrations of a newer program that this one need not know.
    pub expanded: Vec<String>,
    /// Migrations of a newer program that turn this one away.
    pub newer: Vec<String>,
    /// Migrations that are others under the same number, or were not finished.
    pub differing: Vec<String>,
}

struct Applied {
    version: i64,
    name: String,
    is_finished: bool,
    checksum: Vec<u8>,
}

impl Schema {
    fn of(applied: &[Applied], known: &Migrator) -> Self {
        let named = |version: i64, name: &str| format!("{version:04}_{}", name.replace(' ', "_"));
        let mut schema = Self {
            applied: applied.last().map_or(0, |applied| applied.version),
            known: known.iter().map(|migration| migration.version).max().unwrap_or(0),
            ..Self::default()
        };
        for found in applied {
            let name = named(found.version, &found.name);
            match known.iter().find(|migration| migration.version == found.version) {
                Some(migration) if found.is_finished && *migration.checksum == *found.checksum => {}
                None if found.is_finished && found.name.starts_with(EXPAND) => {
                    schema.expanded.push(name);
                }
                None if found.is_finished => schema.newer.push(name),
                Some(_) | None => schema.differing.push(name),
            }
        }
        let is_pending =
            |version: i64| applied.iter().all(|applied: &Applied| applied.version != version);
        let pending = known.iter().filter(|migration| is_pending(migration.version));
        schema.pending = pending.map(|m| named(m.version, &m.description)).collect();
        schema
    }

    /// The schema of a database that is only read.
    pub(crate) async fn read(reads: &Reads) -> Result<Self, Failure> {
        let known = match reads {
            Reads::Sqlite(_) => sqlite::open::migrator(),
            Reads::Postgres(_) => postgres::migrator(),
        };
        let row = reads.one(MIGRATIONS_STAND, &[]).await?;
        let rows = match stands(&row)? {
            true => reads.rows(MIGRATIONS_APPLIED, &[]).await?,
            false => Vec::new(),
        };
        Ok(Self::of(&applied(&rows)?, &known))
    }
}

/// Whether this program may work on the database as it is.
///
/// # Errors
/// [`StoreError::Unavailable`] when its schema is of a newer program that turns this one away.
pub(crate) async fn tolerate(mut session: Session<'_>) -> Result<(), StoreError> {
    let known = match &session {
        Session::Sqlite(_) => sqlite::open::migrator(),
        Session::Postgres(_) => postgres::migrator(),
    };
    let row = session.one(MIGRATIONS_STAND, &[]).await?;
    if !stands(&row)? {
        return Ok(());
    }
    let rows = session.rows(MIGRATIONS_APPLIED, &[]).await?;
    let schema = Schema::of(&applied(&rows)?, &known);
    match schema.newer.is_empty() {
        true => Ok(()),
        false => Err(StoreError::Unavailable(format!(
            "migrations: the schema is of a newer program, which has {} and is needed here",
            schema.newer.join(", ")
        ))),
    }
}

fn stands(row: &Row) -> Result<bool, Failure> {
    Columns::new(row, "_sqlx_migrations", "stands").get("stands")
}

fn applied(rows: &[Row]) -> Result<Vec<Applied>, Failure> {
    let applied = rows.iter().map(|row| {
        let columns = Columns::new(row, "_sqlx_migrations", "description");
        Ok(Applied {
            version: columns.get("version")?,
            name: columns.get("description")?,
            is_finished: columns.get("success")?,
            checksum: columns.get("checksum")?,
        })
    });
    applied.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<Applied> {
        let known = sqlite::open::migrator();
        let applied = known.iter().map(|migration| Applied {
            version: migration.version,
            name: migration.description.to_string(),
            is_finished: true,
            checksum: migration.checksum.to_vec(),
        });
        applied.collect()
    }

    fn further(name: &str) -> Applied {
        Applied { version: 9_000, name: name.into(), is_finished: true, checksum: Vec::new() }
    }

    fn schema(applied: &[Applied]) -> Schema {
        Schema::of(applied, &sqlite::open::migrator())
    }

    #[test]
    fn what_the_database_lacks_is_pending() {
        let mut applied = all();
        assert_eq!(schema(&applied).pending, Vec::<String>::new());
        let last = applied.pop().expect("there are migrations");
        let found = schema(&applied);
        assert_eq!(found.pending, [format!("{:04}_{}", last.version, last.name)]);
        assert_eq!(found.applied, applied.last().expect("there are more").version);
        assert_eq!(schema(&[]).pending.len(), all().len());
    }

    #[test]
    fn a_newer_schema_that_only_expanded_is_told_from_one_that_contracted() {
        let mut applied = all();
        applied.push(further("expand_remarks"));
        let found = schema(&applied);
        assert_eq!(found.expanded, ["9000_expand_remarks"]);
        assert!(found.newer.is_empty());
        applied.push(further("remarks"));
        assert_eq!(schema(&applied).newer, ["9000_remarks"]);
    }

    #[test]
    fn another_migration_under_the_same_number_and_a_half_one_differ() {
        let mut applied = all();
        applied[2].checksum = vec![1];
        applied[3].is_finished = false;
        let mut half = further("expand_half");
        half.is_finished = false;
        applied.push(half);
        assert_eq!(schema(&applied).differing.len(), 3);
    }
}
