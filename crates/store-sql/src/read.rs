//! What is read, one file per topic, on connections that cannot write.

use crate::database::Statement;

pub(crate) mod away;
pub(crate) mod desk;
pub(crate) mod dossiers;
pub(crate) mod histories;
pub(crate) mod page;
pub(crate) mod searches;
pub(crate) mod sweep;
pub(crate) mod worklists;

/// Every statement by topic, for the plan test.
pub(crate) const STATEMENTS: [&[Statement]; 6] = [
    desk::STATEMENTS,
    dossiers::STATEMENTS,
    histories::STATEMENTS,
    searches::STATEMENTS,
    sweep::STATEMENTS,
    worklists::STATEMENTS,
];
