//! Checking a chain from its stored bytes, by all that `docs/history.md` says of one.

use crate::field::commitment_in;
use crate::{
    ChainHead, ChainId, FieldSlot, Hash, Header, HeaderText, Opening, Salt, event_hash,
    fields_root, genesis, merkle,
};

/// What a [`Finding`] is about. Stable words for programs.
pub mod code {
    /// The header's bytes are not those that its stored hash was made of.
    pub const EVENT_HASH: &str = "event_hash";
    /// The header is not canonical JSON of exactly the eleven keys.
    pub const HEADER_FORM: &str = "header_form";
    /// The header names another chain.
    pub const CHAIN: &str = "chain";
    /// An event is missing, repeated or out of order.
    pub const SEQ: &str = "seq";
    /// The header does not name the event before it.
    pub const PREV: &str = "prev";
    /// The time falls.
    pub const AT: &str = "at";
    /// The state before is not the state after the event before.
    pub const STATE: &str = "state";
    /// The number of fields is not the header's.
    pub const FIELD_COUNT: &str = "field_count";
    /// The commitments do not lead to the header's root.
    pub const FIELDS_ROOT: &str = "fields_root";
    /// An opened field, or a commitment, is not the one stored for its place.
    pub const COMMITMENT: &str = "commitment";
    /// An opened field has a name or value that no commitment can be made of.
    pub const FIELD_FORM: &str = "field_form";
    /// Names of opened fields do not rise.
    pub const FIELD_ORDER: &str = "field_order";
}

/// One difference between what a chain must be and what is stored. Never holds a field's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The event, from 1: its own number where its header has its stored hash, otherwise the place
    /// where it stands.
    pub seq: u64,
    /// The name of the opened field concerned.
    pub field: Option<String>,
    /// The place of the field concerned, from 0.
    pub index: Option<u32>,
    /// One of [`code`].
    pub code: &'static str,
    /// What must stand there.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// A sentence for people, naming event and field.
    pub message: String,
}

/// An event as a store keeps it, in its own bytes.
#[derive(Clone, Copy, Debug)]
pub struct EventText<'a> {
    /// The header's bytes.
    pub header: &'a [u8],
    /// Its hash.
    pub hash: &'a [u8],
    /// The commitments of its fields.
    pub commitments: &'a [[u8; 32]],
    /// Its fields; none where one is withheld.
    pub openings: &'a [Option<Opening<'a>>],
    /// Their salts, in the same order.
    pub salts: &'a [[u8; 32]],
}

/// Checks the events of one chain as they are read, in the order of `seq` from 1.
///
/// It goes on after a finding. What an altered header says is not used to judge the next event, so
/// a single alteration is reported at its own event and not again at each one after it.
///
/// It cannot see that the newest events are missing: compare [`ChainVerifier::head`] with what is
/// known of the chain's end.
#[derive(Clone, Debug)]
pub struct ChainVerifier {
    chain: ChainId,
    next_seq: u64,
    /// The recomputed hash of the event before, and its stored one where that differs.
    prev: Hash,
    prev_stored: Option<Hash>,
    /// The last event whose header could be trusted, and whether it was the last one pushed.
    head: Option<ChainHead>,
    head_is_last: bool,
}

impl ChainVerifier {
    /// A verifier that expects event 1 of `chain` in the log `origin`.
    pub fn new(origin: &str, chain: ChainId) -> Self {
        let prev = genesis(origin, &chain);
        Self { chain, next_seq: 1, prev, prev_stored: None, head: None, head_is_last: true }
    }

    /// A verifier that expects the event behind `head`, which is believed.
    pub fn behind(chain: ChainId, head: ChainHead) -> Self {
        let (next_seq, prev) = (head.seq + 1, head.hash);
        Self { chain, next_seq, prev, prev_stored: None, head: Some(head), head_is_last: true }
    }

    /// Checks the next event where commitments are known only through `slots`, as in an export. A
    /// changed value then shows in the fields root, which cannot name the field.
    pub fn push(
        &mut self,
        header: &[u8],
        stored_hash: Option<&Hash>,
        slots: &[FieldSlot],
    ) -> Vec<Finding> {
        self.check(header, stored_hash, None, slots)
    }

    /// Checks the next event as a store keeps it, with the commitments written when it was sealed:
    /// a changed value, name, salt or commitment is reported with its field.
    pub fn push_stored(
        &mut self,
        header: &[u8],
        stored_hash: &Hash,
        commitments: &[Hash],
        slots: &[FieldSlot],
    ) -> Vec<Finding> {
        self.check(header, Some(stored_hash), Some(commitments), slots)
    }

    /// Checks the next event where it lies. Answers its header if [`ChainVerifier::push_stored`]
    /// would find nothing. Otherwise nothing has happened, and that tells what does not hold.
    pub fn push_sound<'a>(&mut self, event: &EventText<'a>) -> Option<HeaderText<'a>> {
        let header = HeaderText::read(event.header)?;
        let hash = event_hash(event.header);
        let (before, at) = match &self.head {
            Some(head) => (head.state.as_deref(), head.at),
            None => (None, header.at),
        };
        let follows = hash.0 == event.hash
            && header.chain == self.chain.as_str()
            && header.seq == self.next_seq
            && header.prev == self.prev
            && header.at >= at
            && self.head_is_last
            && header.from == before;
        if !follows || !fields_are_sound(&header, event) {
            return None;
        }
        let kept = self.head.take().and_then(|head| head.state);
        let state = kept.filter(|kept| Some(kept.as_str()) == header.to);
        let state = state.or_else(|| header.to.map(str::to_owned));
        self.head = Some(ChainHead { seq: header.seq, hash, at: header.at, state });
        self.prev = hash;
        self.prev_stored = None;
        self.next_seq = header.seq + 1;
        Some(header)
    }

    /// The last event whose header could be read and had its stored hash, where one was given;
    /// `None` before the first. The end of what was pushed when there was no finding.
    pub fn head(&self) -> Option<&ChainHead> {
        self.head.as_ref()
    }

    fn check(
        &mut self,
        bytes: &[u8],
        stored_hash: Option<&Hash>,
        stored: Option<&[Hash]>,
        slots: &[FieldSlot],
    ) -> Vec<Finding> {
        let hash = event_hash(bytes);
        let altered = stored_hash.filter(|stored| **stored != hash);
        let header = Header::decode(bytes);
        let seq = match &header {
            Ok(header) if stored_hash == Some(&hash) => header.seq,
            Ok(_) | Err(_) => self.next_seq,
        };
        let mut report = Report { seq, findings: Vec::new() };
        if let Some(stored) = altered {
            report.event(
                code::EVENT_HASH,
                stored,
                hash,
                "its header is not the one it was sealed with",
            );
        }
        match &header {
            Ok(header) => self.check_links(header, &mut report),
            Err(error) => report.event(
                code::HEADER_FORM,
                "canonical JSON of the eleven keys",
                error,
                "its header cannot be read",
            ),
        }
        check_fields(header.as_ref().ok(), stored, slots, &mut report);
        self.advance(header.ok().filter(|_| altered.is_none()), hash, altered.copied());
        report.findings
    }

    fn check_links(&self, header: &Header, report: &mut Report) {
        if header.chain != self.chain {
            report.event(code::CHAIN, &self.chain, &header.chain, "it belongs to another chain");
        }
        if header.seq != self.next_seq {
            report.event(code::SEQ, self.next_seq, header.seq, "it is not the next of its chain");
        }
        if header.prev != self.prev && Some(header.prev) != self.prev_stored {
            report.event(code::PREV, self.prev, header.prev, "it does not follow the event before");
        }
        if let Some(head) = &self.head
            && header.at < head.at
        {
            let expected = format!("{} or later", head.at);
            report.event(
                code::AT,
                expected,
                header.at,
                "its time is before that of an earlier event",
            );
        }
        let before = self.head.as_ref().and_then(|head| head.state.as_deref());
        if self.head_is_last && header.from.as_deref() != before {
            let (expected, found) = (state_text(before), state_text(header.from.as_deref()));
            report.event(
                code::STATE,
                expected,
                found,
                "it does not start from the state before it",
            );
        }
    }

    /// Expects the event after. `trusted` is the header unless it is unreadable or altered.
    fn advance(&mut self, trusted: Option<Header>, hash: Hash, stored: Option<Hash>) {
        self.prev = hash;
        self.prev_stored = stored;
        self.head_is_last = trusted.is_some();
        let Some(header) = trusted else {
            self.next_seq = self.next_seq.saturating_add(1);
            return;
        };
        self.next_seq = header.seq + 1;
        self.head = Some(ChainHead { seq: header.seq, hash, at: header.at, state: header.to });
    }
}

/// Whether the fields are as many as the header says, in order, and those that it commits to.
fn fields_are_sound(header: &HeaderText<'_>, event: &EventText<'_>) -> bool {
    let EventText { commitments, openings, salts, .. } = event;
    let count = header.n as usize;
    if [commitments.len(), openings.len(), salts.len()] != [count; 3] {
        return false;
    }
    let opened = || openings.iter().flatten();
    let rise = opened().zip(opened().skip(1)).all(|(left, right)| left.name() < right.name());
    let mut made = openings.iter().zip(*salts).zip(*commitments);
    rise && made.all(|((opening, salt), stored)| {
        opening.is_none_or(|opening| opening.commitment(&Salt(*salt)).0 == *stored)
    }) && merkle::mth(commitments.iter().map(<[u8; 32]>::as_slice)) == header.fields
}

/// Checks the fields of one event: their number, each commitment, the order of names, the root.
fn check_fields(
    header: Option<&Header>,
    stored: Option<&[Hash]>,
    slots: &[FieldSlot],
    report: &mut Report,
) {
    let computed = check_slots(stored, slots, report);
    let counts = [Some(slots.len()), stored.map(<[Hash]>::len)];
    let expected = header.map_or(slots.len(), |header| header.n as usize);
    if let Some(count) = counts.into_iter().flatten().find(|count| *count != expected) {
        report.event(code::FIELD_COUNT, expected, count, "it has another number of fields");
    }
    // Without stored commitments a field that has none was reported already; no root can be made.
    let commitments = stored.or(computed.as_deref());
    if let (Some(header), Some(commitments)) = (header, commitments) {
        let root = fields_root(commitments);
        if root != header.fields {
            let what = "its fields are not the ones it was sealed with";
            report.event(code::FIELDS_ROOT, header.fields, root, what);
        }
    }
}

/// The commitments as the slots give them; `None` when one cannot be made.
fn check_slots(
    stored: Option<&[Hash]>,
    slots: &[FieldSlot],
    report: &mut Report,
) -> Option<Vec<Hash>> {
    let mut computed = Vec::with_capacity(slots.len());
    let mut buffer = Vec::with_capacity(256);
    let mut name_before: Option<&str> = None;
    for (index, slot) in slots.iter().enumerate() {
        let (name, made) = match slot {
            FieldSlot::Opened(field) => {
                let made = commitment_in(&mut buffer, &field.name, &field.value, &field.salt);
                (Some(field.name.as_str()), made)
            }
            FieldSlot::Withheld(commitment) => (None, Ok(*commitment)),
        };
        let place = Place { index, name };
        if let (Some(before), Some(name)) = (name_before, name)
            && name <= before
        {
            let expected = format!("a name after {before:?}");
            report.field(place, code::FIELD_ORDER, expected, name, "its name is out of order");
        }
        name_before = name.or(name_before);
        match made {
            Ok(made) => {
                if let Some(stored) = stored.and_then(|stored| stored.get(index))
                    && *stored != made
                {
                    let what = "it is not the one that was committed to";
                    report.field(place, code::COMMITMENT, stored, made, what);
                }
                computed.push(made);
            }
            Err(error) => {
                let what = "no commitment can be made of it";
                report.field(place, code::FIELD_FORM, "a field of the format", error, what);
            }
        }
    }
    (computed.len() == slots.len()).then_some(computed)
}

/// Which field of an event is meant.
#[derive(Clone, Copy)]
struct Place<'a> {
    index: usize,
    name: Option<&'a str>,
}

/// The findings about one event.
struct Report {
    seq: u64,
    findings: Vec<Finding>,
}

impl Report {
    fn event(
        &mut self,
        code: &'static str,
        expected: impl ToString,
        found: impl ToString,
        what: &str,
    ) {
        let message = format!("event {}: {what}", self.seq);
        self.add(None, code, [expected.to_string(), found.to_string(), message]);
    }

    fn field(
        &mut self,
        place: Place<'_>,
        code: &'static str,
        expected: impl ToString,
        found: impl ToString,
        what: &str,
    ) {
        let name = place.name.map(|name| format!(" {name:?}")).unwrap_or_default();
        let message = format!("event {}, field {}{name}: {what}", self.seq, place.index);
        self.add(Some(place), code, [expected.to_string(), found.to_string(), message]);
    }

    fn add(
        &mut self,
        place: Option<Place<'_>>,
        code: &'static str,
        [expected, found, message]: [String; 3],
    ) {
        self.findings.push(Finding {
            seq: self.seq,
            field: place.and_then(|place| place.name).map(str::to_owned),
            index: place.map(|place| u32::try_from(place.index).unwrap_or(u32::MAX)),
            code,
            expected,
            found,
            message,
        });
    }
}

fn state_text(state: Option<&str>) -> String {
    state.map_or_else(|| "no state".to_owned(), |state| format!("{state:?}"))
}
