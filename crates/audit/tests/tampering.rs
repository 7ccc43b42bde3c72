//! Any change to a stored chain is found, and named.

use motcua_audit::{
    At, ChainId, ChainVerifier, EventText, Field, FieldSlot, Finding, Hash, Header, NewEvent, Salt,
    SealedEvent, cj, code, commitment, event_hash, fields_root, read_openings, seal,
};
use proptest::prelude::*;
use proptest::sample::Index;

const ORIGIN: &str = "shop.example/log/1";

fn chain() -> ChainId {
    ChainId::parse("dossier:0190163d-8694-739b-aea5-966c26f8ad91").expect("valid")
}

/// An event as rows of a store keep it.
#[derive(Clone, Debug)]
struct Row {
    header: Vec<u8>,
    hash: Hash,
    commitments: Vec<Hash>,
    slots: Vec<FieldSlot>,
}

impl From<SealedEvent> for Row {
    fn from(event: SealedEvent) -> Self {
        let slots = event.fields.into_iter().map(FieldSlot::Opened).collect();
        Self { header: event.header, hash: event.hash, commitments: event.commitments, slots }
    }
}

impl Row {
    fn opened(&mut self, index: usize) -> &mut Field {
        match &mut self.slots[index] {
            FieldSlot::Opened(field) => field,
            FieldSlot::Withheld(_) => panic!("field {index} is withheld"),
        }
    }

    /// Writes another header, with its hash, as somebody would who knows the format.
    fn reseal(&mut self, change: impl FnOnce(&mut Header)) {
        let mut header = Header::decode(&self.header).expect("valid");
        change(&mut header);
        self.header = header.encode().expect("valid");
        self.hash = event_hash(&self.header);
    }
}

/// What a store's rows are checked with.
fn stored(rows: &[Row]) -> Vec<Finding> {
    let mut verifier = ChainVerifier::new(ORIGIN, chain());
    let mut findings = Vec::new();
    for row in rows {
        let mut lying = verifier.clone();
        let sound = push_sound(&mut lying, row);
        let found = verifier.push_stored(&row.header, &row.hash, &row.commitments, &row.slots);
        if sound {
            assert_eq!(found, []);
            assert_eq!(lying.head(), verifier.head());
            verifier = lying;
        }
        assert!(sound || !found.is_empty() || !findings.is_empty(), "not sound where it lies");
        findings.extend(found);
    }
    findings
}

/// Checks a row where it lies, in the words of a store.
fn push_sound(verifier: &mut ChainVerifier, row: &Row) -> bool {
    let texts: Vec<Option<(&str, &cj::Value)>> = row
        .slots
        .iter()
        .map(|slot| match slot {
            FieldSlot::Opened(field) => Some((field.name.as_str(), &field.value)),
            FieldSlot::Withheld(_) => None,
        })
        .collect();
    let salts: Vec<[u8; 32]> = row
        .slots
        .iter()
        .map(|slot| match slot {
            FieldSlot::Opened(field) => field.salt.0,
            FieldSlot::Withheld(_) => [0; 32],
        })
        .collect();
    // A store keeps no other commitment of a field that is withheld.
    let kept = row.slots.iter().zip(&row.commitments).all(|(slot, commitment)| match slot {
        FieldSlot::Opened(_) => true,
        FieldSlot::Withheld(withheld) => withheld == commitment,
    });
    if !kept {
        return false;
    }
    let texts = serde_json::to_string(&texts).expect("plain");
    let Some(openings) = read_openings(&texts) else { return false };
    let commitments: Vec<[u8; 32]> = row.commitments.iter().map(|hash| hash.0).collect();
    let (header, hash) = (&row.header, row.hash.0.as_slice());
    let event =
        EventText { header, hash, commitments: &commitments, openings: &openings, salts: &salts };
    verifier.push_sound(&event).is_some()
}

/// What an export is checked with.
fn exported(rows: &[Row]) -> Vec<Finding> {
    let mut verifier = ChainVerifier::new(ORIGIN, chain());
    let push = |row: &Row| verifier.push(&row.header, Some(&row.hash), &row.slots);
    rows.iter().flat_map(push).collect()
}

/// What an export without event hashes is checked with.
fn bare(rows: &[Row]) -> Vec<Finding> {
    let mut verifier = ChainVerifier::new(ORIGIN, chain());
    rows.iter().flat_map(|row| verifier.push(&row.header, None, &row.slots)).collect()
}

type Fields = Vec<(String, cj::Value)>;

fn sealed(events: Vec<(Option<String>, Fields)>) -> Vec<Row> {
    let mut seed = 0_u64;
    let mut salts = || {
        seed += 1;
        Salt(event_hash(&seed.to_be_bytes()).0)
    };
    let mut head = None;
    let mut rows = Vec::new();
    for (place, (to, fields)) in events.into_iter().enumerate() {
        let at = At::from_micros(place as i64 * 1_000_000).expect("within the years");
        let event = NewEvent { kind: "advance".into(), to, def: Some(Hash([7; 32])), fields };
        let (sealed, next) =
            seal(ORIGIN, &chain(), head.as_ref(), at, vec![event], &mut salts).expect("valid");
        rows.extend(sealed.into_iter().map(Row::from));
        head = Some(next);
    }
    rows
}

/// Four events, `s1` to `s4`, with the fields `a` and `b` each.
fn four() -> Vec<Row> {
    let event = |number: i64| {
        let fields = ["a", "b"].map(|name| (name.to_owned(), cj::Value::Int(number)));
        (Some(format!("s{number}")), fields.to_vec())
    };
    sealed((1..=4).map(event).collect())
}

/// `(seq, index, code)` of each finding.
fn summary(findings: &[Finding]) -> Vec<(u64, Option<u32>, &'static str)> {
    findings.iter().map(|finding| (finding.seq, finding.index, finding.code)).collect()
}

#[track_caller]
fn check(change: impl FnOnce(&mut Vec<Row>), expected: &[(u64, Option<u32>, &'static str)]) {
    let mut rows = four();
    change(&mut rows);
    assert_eq!(summary(&stored(&rows)), expected);
}

fn at(micros: i64) -> At {
    At::from_micros(micros).expect("within the years")
}

#[test]
fn an_untouched_chain_has_no_findings() {
    check(|_| (), &[]);
    assert_eq!(exported(&four()), []);
    assert_eq!(bare(&four()), []);
}

#[test]
fn an_erased_field_breaks_nothing() {
    let withhold = |rows: &mut Vec<Row>| {
        rows[1].slots[0] = FieldSlot::Withheld(rows[1].commitments[0]);
    };
    check(withhold, &[]);
}

#[test]
fn a_changed_value_is_named_with_its_event_and_field() {
    let mut rows = four();
    rows[2].opened(1).value = cj::Value::String("secret".into());
    let findings = stored(&rows);
    assert_eq!(summary(&findings), [(3, Some(1), code::COMMITMENT)]);
    assert_eq!(findings[0].field.as_deref(), Some("b"));
    assert_eq!(findings[0].expected, rows[2].commitments[1].to_string());
    assert!(findings[0].message.contains("event 3, field 1 \"b\""), "{}", findings[0].message);
    assert!(!format!("{findings:?}").contains("secret"), "a finding holds no value");
    assert_eq!(summary(&exported(&rows)), [(3, None, code::FIELDS_ROOT)]);
}

#[test]
fn each_alteration_has_its_own_finding_and_no_echo_in_later_events() {
    use code::*;
    check(|rows| rows[1].hash.0[0] ^= 1, &[(2, None, EVENT_HASH)]);
    check(|rows| rows[3].hash.0[0] ^= 1, &[(4, None, EVENT_HASH)]);
    check(
        |rows| rows[1].commitments[0].0[0] ^= 1,
        &[(2, Some(0), COMMITMENT), (2, None, FIELDS_ROOT)],
    );
    check(|rows| rows[1].opened(0).salt.0[0] ^= 1, &[(2, Some(0), COMMITMENT)]);
    check(|rows| rows[1].opened(0).name = "aa".into(), &[(2, Some(0), COMMITMENT)]);
    check(
        |rows| rows[1].opened(0).name = "c".into(),
        &[(2, Some(0), COMMITMENT), (2, Some(1), FIELD_ORDER)],
    );
    check(|rows| rows[1].opened(0).name = "a b".into(), &[(2, Some(0), FIELD_FORM)]);
    check(|rows| rows[1].header[0] = b'[', &[(2, None, EVENT_HASH), (2, None, HEADER_FORM)]);
    check(|rows| rows[1].header.clear(), &[(2, None, EVENT_HASH), (2, None, HEADER_FORM)]);
    check(|rows| rows[1].slots.truncate(1), &[(2, None, FIELD_COUNT)]);
    check(
        |rows| rows[1].commitments.truncate(1),
        &[(2, None, FIELD_COUNT), (2, None, FIELDS_ROOT)],
    );
}

#[test]
fn missing_repeated_and_exchanged_events_are_found() {
    use code::*;
    let gap = [(3, None, SEQ), (3, None, PREV), (3, None, STATE)];
    check(|rows| drop(rows.remove(1)), &gap);
    let late = [(2, None, SEQ), (2, None, PREV), (2, None, STATE)];
    check(|rows| drop(rows.remove(0)), &late);
    check(
        |rows| rows.insert(1, rows[0].clone()),
        &[(1, None, SEQ), (1, None, PREV), (1, None, STATE)],
    );
    let mut rows = four();
    rows.swap(1, 2);
    assert!(stored(&rows).iter().any(|finding| finding.code == AT));
}

#[test]
fn a_header_rewritten_with_its_hash_is_found_by_the_rules_of_the_chain() {
    use code::*;
    let other = ChainId::parse("dossier:2").expect("valid");
    check(|rows| rows[3].reseal(|header| header.chain = other), &[(4, None, CHAIN)]);
    check(|rows| rows[3].reseal(|header| header.seq = 9), &[(9, None, SEQ)]);
    check(|rows| rows[3].reseal(|header| header.prev.0[0] ^= 1), &[(4, None, PREV)]);
    check(|rows| rows[3].reseal(|header| header.at = at(1)), &[(4, None, AT)]);
    check(|rows| rows[3].reseal(|header| header.from = None), &[(4, None, STATE)]);
    check(|rows| rows[3].reseal(|header| header.n = 3), &[(4, None, FIELD_COUNT)]);
    check(|rows| rows[3].reseal(|header| header.fields.0[0] ^= 1), &[(4, None, FIELDS_ROOT)]);
    check(|rows| rows[1].reseal(|header| header.kind = "other".into()), &[(3, None, PREV)]);
    check(|rows| rows[1].reseal(|header| header.to = None), &[(3, None, PREV), (3, None, STATE)]);
    check(
        |rows| rows[0].reseal(|header| header.from = Some("s0".into())),
        &[(1, None, STATE), (2, None, PREV)],
    );
}

#[test]
fn fields_resealed_out_of_order_are_found() {
    let mut rows = four();
    let row = &mut rows[3];
    row.slots.reverse();
    row.commitments.reverse();
    let root = fields_root(&row.commitments);
    row.reseal(|header| header.fields = root);
    assert_eq!(summary(&stored(&rows)), [(4, Some(1), code::FIELD_ORDER)]);
}

#[test]
fn two_alterations_are_both_reported() {
    let both = |rows: &mut Vec<Row>| {
        rows[0].opened(0).salt.0[5] ^= 4;
        rows[2].header[3] ^= 1;
    };
    check(
        both,
        &[
            (1, Some(0), code::COMMITMENT),
            (3, None, code::EVENT_HASH),
            (3, None, code::HEADER_FORM),
        ],
    );
}

#[test]
fn another_origin_or_chain_has_another_genesis() {
    let rows = four();
    let mut verifier = ChainVerifier::new("shop.example/log/2", chain());
    let findings = verifier.push(&rows[0].header, Some(&rows[0].hash), &rows[0].slots);
    assert_eq!(summary(&findings), [(1, None, code::PREV)]);
    assert!(verifier.head().is_some_and(|head| head.seq == 1));
}

fn any_fields() -> impl Strategy<Value = Fields> {
    let scalar = prop_oneof![
        Just(cj::Value::Null),
        any::<bool>().prop_map(cj::Value::Bool),
        (-99_i64..99).prop_map(cj::Value::Int),
        "[a-zàđễ ]{0,9}".prop_map(cj::Value::String),
    ];
    let value = prop_oneof![
        scalar.clone(),
        proptest::collection::vec(scalar.clone(), 0..3).prop_map(cj::Value::Array),
        proptest::collection::btree_map("[a-z]{1,3}", scalar, 0..3).prop_map(cj::Value::Object),
    ];
    proptest::collection::btree_map("[a-z.]{1,6}", value, 0..5)
        .prop_map(|fields| fields.into_iter().collect())
}

fn any_chain() -> impl Strategy<Value = Vec<Row>> {
    let event = (proptest::option::of("[a-z]{1,4}"), any_fields());
    proptest::collection::vec(event, 1..6).prop_map(sealed)
}

/// Where one byte is changed.
#[derive(Clone, Copy, Debug)]
enum Target {
    Header,
    Hash,
    Opening,
    Salt,
    Commitment,
    Withheld,
}

fn any_target() -> impl Strategy<Value = Target> {
    use Target::*;
    proptest::sample::select(vec![Header, Hash, Opening, Salt, Commitment, Withheld])
}

/// Changes one byte; false when the place leads to no storable change.
fn change(row: &mut Row, target: Target, field: Index, byte: Index, mask: u8) -> bool {
    let count = row.slots.len();
    match target {
        Target::Header => {
            let place = byte.index(row.header.len());
            row.header[place] ^= mask;
        }
        Target::Hash => row.hash.0[byte.index(32)] ^= mask,
        _ if count == 0 => return false,
        Target::Salt => row.opened(field.index(count)).salt.0[byte.index(32)] ^= mask,
        Target::Commitment => row.commitments[field.index(count)].0[byte.index(32)] ^= mask,
        Target::Withheld => {
            let place = field.index(count);
            let mut withheld = row.commitments[place];
            withheld.0[byte.index(32)] ^= mask;
            row.slots[place] = FieldSlot::Withheld(withheld);
        }
        Target::Opening => {
            let field = row.opened(field.index(count));
            let pair = vec![cj::Value::String(field.name.clone()), field.value.clone()];
            let mut opening = cj::encode(&cj::Value::Array(pair)).expect("within the format");
            let place = byte.index(opening.len());
            opening[place] ^= mask;
            let Ok(cj::Value::Array(pair)) = cj::decode(&opening) else {
                return false;
            };
            let [cj::Value::String(name), value] = pair.as_slice() else {
                return false;
            };
            (field.name, field.value) = (name.clone(), value.clone());
        }
    }
    true
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn any_single_byte_that_changes_is_found_at_its_event(
        mut rows in any_chain(),
        event in any::<Index>(),
        target in any_target(),
        (field, byte) in (any::<Index>(), any::<Index>()),
        mask in 1_u8..,
    ) {
        prop_assert_eq!(stored(&rows), []);
        prop_assert_eq!(exported(&rows), []);
        let place = event.index(rows.len());
        prop_assume!(change(&mut rows[place], target, field, byte, mask));
        let seqs: Vec<_> = stored(&rows).iter().map(|finding| finding.seq).collect();
        prop_assert!(!seqs.is_empty());
        prop_assert!(seqs.iter().all(|seq| *seq == place as u64 + 1), "{:?}", seqs);
        if !matches!(target, Target::Commitment) {
            prop_assert!(!exported(&rows).is_empty());
        }
        let hidden = matches!(target, Target::Commitment | Target::Hash)
            || (matches!(target, Target::Header) && place + 1 == rows.len());
        if !hidden {
            prop_assert!(!bare(&rows).is_empty(), "found even without event hashes");
        }
    }

    #[test]
    fn arbitrary_bytes_in_place_of_rows_never_panic(
        header in proptest::collection::vec(any::<u8>(), 0..64),
        hash in any::<[u8; 32]>(),
        fields in any_fields(),
    ) {
        let slots: Vec<_> = fields
            .into_iter()
            .map(|(name, value)| FieldSlot::Opened(Field { name, value, salt: Salt([0; 32]) }))
            .collect();
        let mut verifier = ChainVerifier::new(ORIGIN, chain());
        for _ in 0..2 {
            prop_assert!(!verifier.push_stored(&header, &Hash(hash), &[], &slots).is_empty());
        }
    }
}

#[test]
fn every_byte_of_a_small_chain_matters() {
    let rows = four();
    for place in 0..rows.len() {
        for byte in 0..rows[place].header.len() {
            let mut changed = rows.clone();
            changed[place].header[byte] ^= 1;
            assert!(!exported(&changed).is_empty(), "event {place}, byte {byte}");
        }
    }
    let field = Field { name: "a".into(), value: cj::Value::Int(1), salt: Salt([0; 32]) };
    let plain = commitment(&field.name, &field.value, &field.salt);
    for byte in 0..32 {
        let mut salt = field.salt;
        salt.0[byte] ^= 1;
        assert_ne!(commitment(&field.name, &field.value, &salt), plain);
    }
}
