//! Exported histories: from the API to lines, and lines checked without trusting anybody.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use motcua_api::v1;
use motcua_api::v1::history_field::Slot;
use motcua_audit::line::Line;
use motcua_audit::{ChainId, ChainVerifier, Field, FieldSlot, Finding, Hash, Salt, cj};

/// An event of the API as the line that `audit replay --json` prints.
///
/// # Errors
/// The service sent what no line can say.
pub(crate) fn line(event: v1::HistoryEvent) -> anyhow::Result<Line> {
    let sequence = event.sequence;
    let wrong = || format!("event {sequence}: the service sent no line of the format");
    Ok(Line {
        origin: event.origin,
        chain: ChainId::parse(&event.chain).with_context(wrong)?,
        seq: sequence,
        header: event.header,
        hash: event.hash.parse().with_context(wrong)?,
        fields: event
            .fields
            .into_iter()
            .map(field)
            .collect::<anyhow::Result<_>>()
            .with_context(wrong)?,
    })
}

fn field(field: v1::HistoryField) -> anyhow::Result<FieldSlot> {
    match field.slot {
        Some(Slot::Opened(opened)) => Ok(FieldSlot::Opened(Field {
            value: cj::decode(opened.value_json.as_bytes())?,
            salt: opened.salt.parse::<Salt>()?,
            name: opened.name,
        })),
        Some(Slot::Commitment(commitment)) => Ok(FieldSlot::Withheld(commitment.parse::<Hash>()?)),
        None => Err(anyhow!("a field is neither opened nor a commitment")),
    }
}

/// Recomputes chains from lines as they come. Lines of several chains may be mixed.
#[derive(Debug, Default)]
pub(crate) struct Recheck {
    chains: BTreeMap<(String, String), ChainVerifier>,
    events: u64,
    findings: u64,
}

impl Recheck {
    /// Checks the next line; what is wrong with it.
    pub(crate) fn push(&mut self, line: &Line) -> Vec<Finding> {
        let name = (line.origin.clone(), line.chain.to_string());
        let fresh = || ChainVerifier::new(&line.origin, line.chain.clone());
        let verifier = self.chains.entry(name).or_insert_with(fresh);
        let mut found = verifier.push(line.header.as_bytes(), Some(&line.hash), &line.fields);
        let seq = verifier.head().map(|head| head.seq);
        if found.is_empty() && seq != Some(line.seq) {
            found.push(Finding {
                seq: line.seq,
                field: None,
                index: None,
                code: motcua_audit::code::SEQ,
                expected: seq.map(|seq| seq.to_string()).unwrap_or_default(),
                found: line.seq.to_string(),
                message: format!("line of event {}: its number is not its header's", line.seq),
            });
        }
        self.events += 1;
        self.findings += found.len() as u64;
        found
    }

    /// Lines so far.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// Chains so far.
    pub(crate) fn chains(&self) -> usize {
        self.chains.len()
    }

    /// Whether nothing was wrong.
    pub(crate) fn is_equal(&self) -> bool {
        self.findings == 0
    }

    /// Hash of the last sound event, where there is one chain.
    pub(crate) fn head(&self) -> Option<String> {
        match self.chains.len() {
            1 => self.chains.values().next()?.head().map(|head| head.hash.to_string()),
            _ => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use motcua_audit::{At, NewEvent, seal};

    use super::*;

    /// The lines of a sound chain.
    pub(crate) fn lines() -> Vec<Line> {
        let origin = "shop.example/log/1";
        let chain = ChainId::parse("dossier:0190163d-8694-739b-aea5-966c26f8ad91").expect("valid");
        let event = |kind: &str| NewEvent {
            kind: kind.into(),
            to: Some("intake".into()),
            def: None,
            fields: vec![("note".into(), cj::Value::String("giấy chứng sinh".into()))],
        };
        let at = At::parse("2026-03-02T01:02:03.000004Z").expect("valid");
        let events = vec![event("submit"), event("decide_items")];
        let (sealed, _) =
            seal(origin, &chain, None, at, events, &mut || Salt([7; 32])).expect("sealed");
        let line = |event: motcua_audit::SealedEvent| Line {
            origin: origin.into(),
            chain: chain.clone(),
            seq: event.seq,
            header: String::from_utf8(event.header).expect("ASCII"),
            hash: event.hash,
            fields: event.fields.into_iter().map(FieldSlot::Opened).collect(),
        };
        sealed.into_iter().map(line).collect()
    }

    fn findings(lines: &[Line]) -> Vec<Finding> {
        let mut recheck = Recheck::default();
        lines.iter().flat_map(|line| recheck.push(line)).collect()
    }

    #[test]
    fn a_sound_chain_is_equal() {
        let mut recheck = Recheck::default();
        for line in lines() {
            assert_eq!(recheck.push(&line), []);
        }
        assert!(recheck.is_equal());
        assert_eq!((recheck.events(), recheck.chains()), (2, 1));
        assert_eq!(recheck.head(), Some(lines()[1].hash.to_string()));
    }

    #[test]
    fn a_changed_value_header_hash_or_number_is_found() {
        let mut changed = lines();
        changed[1].fields[0] = FieldSlot::Opened(Field {
            name: "note".into(),
            value: cj::Value::String("another".into()),
            salt: Salt([7; 32]),
        });
        assert!(!findings(&changed).is_empty());
        let mut changed = lines();
        changed[0].header = changed[0].header.replace("submit", "refuse");
        assert!(!findings(&changed).is_empty());
        let mut changed = lines();
        changed[0].hash = Hash([0; 32]);
        assert!(!findings(&changed).is_empty());
        let mut changed = lines();
        changed[1].seq = 5;
        assert!(!findings(&changed).is_empty());
        assert!(!findings(&lines()[1..]).is_empty());
    }

    #[test]
    fn what_the_api_sends_becomes_the_line() {
        let sent = lines().remove(0);
        let opened = match &sent.fields[0] {
            FieldSlot::Opened(field) => v1::OpenedField {
                name: field.name.clone(),
                salt: "07".repeat(32),
                value_json: "\"giấy chứng sinh\"".into(),
            },
            FieldSlot::Withheld(_) => panic!("it was opened"),
        };
        let event = v1::HistoryEvent {
            origin: sent.origin.clone(),
            chain: sent.chain.to_string(),
            sequence: 1,
            header: sent.header.clone(),
            hash: sent.hash.to_string(),
            fields: vec![v1::HistoryField { slot: Some(Slot::Opened(opened)) }],
        };
        assert_eq!(line(event.clone()).expect("a line"), sent);
        let broken = v1::HistoryEvent { hash: "xyz".into(), ..event };
        assert!(line(broken).is_err());
    }
}
