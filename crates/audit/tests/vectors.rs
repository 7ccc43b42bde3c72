//! The test vectors of the format, read from `vectors/`: openings, commitments, headers, event
//! hashes, roots and a chain that must come out byte for byte.

use motcua_audit::{
    At, ChainId, ChainVerifier, Field, FieldSlot, Hash, Header, NewEvent, cj, commitment,
    event_hash, fields_root, genesis, merkle, seal,
};

const VECTORS: &str = include_str!("../vectors/vectors.txt");
const BUNDLE: &str = include_str!("../vectors/valid.motcua.json");
const ORIGIN: &str = "mot-cua.example/log/1";
const CHAIN_A: &str = "dossier:7f3c2f6e-0d5b-4b5e-9a41-5b1f0c9d2a11";

struct Event {
    header: String,
    index: usize,
    hash: Hash,
    fields: Vec<(String, Field, Hash)>,
}

fn hash(text: &str) -> Hash {
    text.parse().expect("64 digits")
}

/// The value behind `label`, which stands at the start of a line.
fn labelled(label: &str) -> &'static str {
    let line = VECTORS.lines().find_map(|line| line.strip_prefix(label));
    line.unwrap_or_else(|| panic!("no line {label:?}")).trim_start()
}

fn opened(opening: &str, salt: &str) -> Field {
    let Ok(cj::Value::Array(pair)) = cj::decode(opening.as_bytes()) else {
        panic!("not canonical: {opening}")
    };
    let [cj::Value::String(name), value] = pair.as_slice() else { panic!("no pair: {opening}") };
    Field { name: name.clone(), value: value.clone(), salt: salt.parse().expect("64 digits") }
}

fn events() -> Vec<Event> {
    let mut events: Vec<Event> = Vec::new();
    let mut lines = VECTORS.lines();
    while let Some(line) = lines.next() {
        if let Some(header) = line.strip_prefix("header") {
            let place = lines.next().expect("a line after the header").trim_start();
            let words: Vec<_> = place.split(' ').collect();
            let ["index", index, "leaf", "hash", leaf] = words[..] else { panic!("{place}") };
            events.push(Event {
                header: header.trim_start().to_owned(),
                index: index.parse().expect("a number"),
                hash: hash(leaf),
                fields: Vec::new(),
            });
        } else if let Some(field) = line.strip_prefix("  field ") {
            let (_, opening) = field.split_once(' ').expect("number and opening");
            let mut after = |label| {
                let line = lines.next().expect("a line after the opening");
                line.trim_start().strip_prefix(label).expect("salt, then c").trim_start()
            };
            let field = opened(opening, after("salt"));
            let committed = hash(after("c"));
            let event = events.last_mut().expect("fields follow a header");
            event.fields.push((opening.to_owned(), field, committed));
        }
    }
    events.sort_by_key(|event| event.index);
    assert_eq!(events.len(), 5);
    events
}

fn chain_a() -> (ChainId, Vec<Event>) {
    let of_a = |event: &Event| event.header.contains(CHAIN_A);
    (ChainId::parse(CHAIN_A).expect("valid"), events().into_iter().filter(of_a).collect())
}

#[test]
fn openings_are_canonical_and_give_their_commitments() {
    let events = events();
    let mut count = 0;
    for (opening, field, committed) in events.iter().flat_map(|event| &event.fields) {
        let pair = vec![cj::Value::String(field.name.clone()), field.value.clone()];
        assert_eq!(cj::encode(&cj::Value::Array(pair)), Ok(opening.as_bytes().to_vec()));
        assert_eq!(commitment(&field.name, &field.value, &field.salt), Ok(*committed));
        count += 1;
    }
    assert_eq!(count, 11);
}

#[test]
fn headers_read_write_and_hash_as_given() {
    for event in events() {
        let header = Header::decode(event.header.as_bytes()).expect("valid");
        assert_eq!(header.encode(), Ok(event.header.clone().into_bytes()));
        assert_eq!(event_hash(event.header.as_bytes()), event.hash);
        let commitments: Vec<_> = event.fields.iter().map(|(_, _, c)| *c).collect();
        if header.n as usize == commitments.len() {
            assert_eq!(fields_root(&commitments), header.fields);
        }
    }
}

#[test]
fn sealing_gives_the_chain_byte_for_byte() {
    let (chain, events) = chain_a();
    assert_eq!(genesis(ORIGIN, &chain), hash(labelled("genesis A")));
    let mut head = None;
    for event in events {
        let header = Header::decode(event.header.as_bytes()).expect("valid");
        let mut fields: Vec<_> = event.fields.iter().map(|(_, field, _)| field.clone()).collect();
        let mut salts = fields.clone().into_iter().map(|field| field.salt);
        let mut next_salt = || salts.next().expect("one for each field");
        // In an order that sealing has to undo.
        fields.reverse();
        let new = NewEvent {
            kind: header.kind,
            to: header.to,
            def: header.def,
            fields: fields.into_iter().map(|field| (field.name, field.value)).collect(),
        };
        let (sealed, next) =
            seal(ORIGIN, &chain, head.as_ref(), header.at, vec![new], &mut next_salt)
                .expect("valid");
        assert_eq!(String::from_utf8_lossy(&sealed[0].header), event.header);
        assert_eq!(sealed[0].hash, event.hash);
        head = Some(next);
    }
    assert_eq!(head.map(|head| (head.seq, head.state)), Some((3, Some("accepted".to_owned()))));
}

#[test]
fn the_chain_verifies_opened() {
    let (chain, events) = chain_a();
    let mut verifier = ChainVerifier::new(ORIGIN, chain);
    for event in &events {
        let (slots, commitments): (Vec<_>, Vec<_>) =
            event.fields.iter().map(|(_, field, c)| (FieldSlot::Opened(field.clone()), *c)).unzip();
        let header = event.header.as_bytes();
        assert_eq!(verifier.push_stored(header, &event.hash, &commitments, &slots), []);
    }
    let head = verifier.head().expect("three events");
    assert_eq!((head.seq, head.hash), (3, events[2].hash));
    assert_eq!(Ok(head.at), At::parse("2031-03-03T00:00:00.000000Z"));
}

#[test]
fn the_chain_of_the_valid_bundle_verifies_with_what_it_withholds() {
    let bundle: serde_json::Value = serde_json::from_str(BUNDLE).expect("JSON");
    let chain = &bundle["chains"][0];
    let name = ChainId::parse(chain["chain"].as_str().expect("text")).expect("valid");
    let mut verifier = ChainVerifier::new(ORIGIN, name);
    let (mut opened, mut withheld) = (0, 0);
    for event in chain["events"].as_array().expect("events") {
        let slots: Vec<FieldSlot> =
            serde_json::from_value(event["fields"].clone()).expect("fields of the format");
        for slot in &slots {
            match slot {
                FieldSlot::Opened(_) => opened += 1,
                FieldSlot::Withheld(_) => withheld += 1,
            }
        }
        let header = event["header"].as_str().expect("text").as_bytes();
        assert_eq!(verifier.push(header, None, &slots), []);
    }
    assert!(opened > 0 && withheld > 0, "{opened} opened, {withheld} withheld");
    assert_eq!(verifier.head().map(|head| head.seq), Some(3));
}

#[test]
fn roots_of_every_size_are_as_given() {
    let events = events();
    for size in 0..=events.len() {
        let entries = events[..size].iter().map(|event| event.header.as_bytes());
        assert_eq!(merkle::mth(entries), hash(labelled(&format!("root {size}"))), "size {size}");
    }
}

#[test]
fn the_reference_leaves_of_rfc_6962_give_their_roots() {
    let leaves: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        b"@ABC",
        b"PQRSTUVW",
        b"`abcdefghijklmno",
    ];
    let (_, table) = VECTORS.split_once("RFC 6962 reference leaves").expect("the table");
    let mut sizes = 0;
    for (size, root) in table.lines().filter_map(|line| line.trim().split_once(' ')) {
        let Ok(size) = size.parse::<usize>() else {
            continue;
        };
        assert_eq!(merkle::mth(leaves[..size].iter().copied()), hash(root), "size {size}");
        sizes += 1;
    }
    assert_eq!(sizes, 8);
}
