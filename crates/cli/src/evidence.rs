//! Evidence lines that somebody kept, and whether an export holds their events.

use motcua_audit::line::Line;
use motcua_audit::{ChainId, Hash};

/// An evidence line, `motcua:1:CHAIN:SEQ:HASH`.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// The line as it was given.
    pub(crate) text: String,
    chain: ChainId,
    seq: u64,
    hash: Hash,
}

impl Evidence {
    /// Reads an evidence line.
    ///
    /// # Errors
    /// How it must look.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || "write motcua:1:CHAIN:SEQ:HASH, as receipts and answers print it".to_owned();
        let line = text.trim();
        let mut parts = line.strip_prefix("motcua:1:").ok_or_else(wrong)?.rsplitn(3, ':');
        let mut part = || parts.next().ok_or_else(wrong);
        let (hash, seq, chain) = (part()?, part()?, part()?);
        Ok(Self {
            text: line.to_owned(),
            chain: ChainId::parse(chain).map_err(|_| wrong())?,
            seq: seq.parse().map_err(|_| wrong())?,
            hash: hash.parse().map_err(|_| wrong())?,
        })
    }
}

/// Evidence that is looked for while lines pass.
#[derive(Debug, Default)]
pub(crate) struct Sought(Vec<(Evidence, bool)>);

impl Sought {
    /// Looks for these.
    pub(crate) fn new(evidence: Vec<Evidence>) -> Self {
        Self(evidence.into_iter().map(|evidence| (evidence, false)).collect())
    }

    /// Looks at a line. Whether its hash is true is judged by whoever recomputes the chain.
    pub(crate) fn see(&mut self, line: &Line) {
        for (evidence, found) in &mut self.0 {
            *found |= evidence.chain == line.chain
                && evidence.seq == line.seq
                && evidence.hash == line.hash;
        }
    }

    /// Whether nothing was looked for.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many lines were given.
    pub(crate) fn given(&self) -> usize {
        self.0.len()
    }

    /// Evidence whose event did not come.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &Evidence> {
        self.0.iter().filter(|(_, found)| !found).map(|(evidence, _)| evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_evidence_line_is_refused_with_its_form() {
        let hash = "c8".repeat(32);
        Evidence::parse(&format!("motcua:1:sys:procedures:3:{hash}\n")).expect("a line");
        for bad in ["", "motcua:1:", "motcua:1:sys:procedures:x:00", "motcua:2:sys:p:1:00"] {
            let error = Evidence::parse(bad).expect_err("refused");
            assert!(error.contains("motcua:1:CHAIN:SEQ:HASH"), "{error}");
        }
    }
}
