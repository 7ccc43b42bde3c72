//! What the descriptors say of requests, as tables that bytes are walked along.

use std::collections::{BTreeMap, HashMap, HashSet};

use motcua_dossiers::rejection::Violation;
use motcua_procedures::Text;
use prost::encoding::{WireType, decode_key, decode_varint};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

/// Code of a violation: the message has no field of this number.
pub(crate) const UNKNOWN_FIELD: &str = "UNKNOWN_FIELD";
/// Code of a violation: the enum has no value of this number.
const UNKNOWN_VALUE: &str = "UNKNOWN_VALUE";

/// Violations that one answer lists; the walk ends with the last of them.
const VIOLATIONS_MAX: usize = 20;
/// Messages within messages; ours nest four deep.
const DEPTH_MAX: usize = 16;

/// Which fields each method takes.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    /// Message of each method's request, by `/package.Service/Method`.
    methods: HashMap<String, Message>,
    /// Fields by number; [`Message`] is the place.
    messages: Vec<HashMap<u32, Field>>,
    /// Numbers of each enum.
    enums: Vec<HashSet<i32>>,
}

/// A message type of the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message(usize);

#[derive(Debug)]
struct Field {
    name: String,
    repeated: bool,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Scalar,
    Enum(usize),
    Message(Message),
}

/// Full names to places, while the tables are made.
#[derive(Default)]
struct Names {
    messages: HashMap<String, usize>,
    enums: HashMap<String, usize>,
}

impl Schema {
    /// The schema of the methods that take one message. A type that the descriptors lack is taken
    /// as one whose content anything may be.
    pub(crate) fn new(set: &FileDescriptorSet) -> Self {
        let mut names = Names::default();
        let mut found = Vec::new();
        let mut schema = Self::default();
        for file in &set.file {
            let scope = format!(".{}", file.package());
            schema.name_enums(&mut names, &scope, &file.enum_type);
            for message in &file.message_type {
                schema.name(&mut names, &mut found, &scope, message);
            }
        }
        for message in found {
            let fields = message.field.iter().map(|field| {
                let kind = match field.r#type() {
                    Type::Message => {
                        names.messages.get(field.type_name()).map(|m| Kind::Message(Message(*m)))
                    }
                    Type::Enum => names.enums.get(field.type_name()).map(|e| Kind::Enum(*e)),
                    _ => None,
                };
                let kind = kind.unwrap_or(Kind::Scalar);
                let repeated = field.label() == Label::Repeated;
                let number = u32::try_from(field.number()).unwrap_or_default();
                (number, Field { name: field.name().into(), repeated, kind })
            });
            schema.messages.push(fields.collect());
        }
        for file in &set.file {
            for service in &file.service {
                let one = service.method.iter().filter(|method| !method.client_streaming());
                for method in one {
                    let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                    if let Some(input) = names.messages.get(method.input_type()) {
                        schema.methods.insert(path, Message(*input));
                    }
                }
            }
        }
        schema
    }

    /// Gives the message and all inside it their places, in the order of `found`.
    fn name<'a>(
        &mut self,
        names: &mut Names,
        found: &mut Vec<&'a DescriptorProto>,
        scope: &str,
        message: &'a DescriptorProto,
    ) {
        let name = format!("{scope}.{}", message.name());
        names.messages.insert(name.clone(), found.len());
        found.push(message);
        self.name_enums(names, &name, &message.enum_type);
        for inner in &message.nested_type {
            self.name(names, found, &name, inner);
        }
    }

    fn name_enums(&mut self, names: &mut Names, scope: &str, enums: &[EnumDescriptorProto]) {
        for one in enums {
            names.enums.insert(format!("{scope}.{}", one.name()), self.enums.len());
            self.enums.push(one.value.iter().map(|value| value.number()).collect());
        }
    }

    /// The message that a method takes, if it takes one.
    pub(crate) fn method(&self, path: &str) -> Option<Message> {
        self.methods.get(path).copied()
    }

    /// Everything in the bytes that the message type does not know, at most [`VIOLATIONS_MAX`].
    /// Bytes that are no message at all are left to the decoder, which refuses them.
    pub(crate) fn check(&self, message: Message, bytes: &[u8]) -> Vec<Violation> {
        let mut walk = Walk { schema: self, violations: Vec::new() };
        walk.message(message, bytes, "", DEPTH_MAX);
        walk.violations
    }
}

struct Walk<'a> {
    schema: &'a Schema,
    violations: Vec<Violation>,
}

impl Walk<'_> {
    /// Walks a message; `None` where it breaks off.
    fn message(
        &mut self,
        message: Message,
        mut bytes: &[u8],
        at: &str,
        depth: usize,
    ) -> Option<()> {
        let schema = self.schema;
        let fields = &schema.messages[message.0];
        let mut entries: BTreeMap<u32, usize> = BTreeMap::new();
        while !bytes.is_empty() && self.violations.len() < VIOLATIONS_MAX {
            let (number, wire) = decode_key(&mut bytes).ok()?;
            let value = value(wire, &mut bytes);
            let Some(field) = fields.get(&number) else {
                self.unknown_field(&joined(at, &format!("#{number}")));
                value?;
                continue;
            };
            let entry = entries.entry(number).or_default();
            let index = *entry;
            *entry += 1;
            let path = || match field.repeated {
                true => joined(at, &format!("{}[{index}]", field.name)),
                false => joined(at, &field.name),
            };
            match (field.kind, value?) {
                (Kind::Message(inner), Value::Bytes(content)) if depth > 0 => {
                    self.message(inner, content, &path(), depth - 1)?;
                }
                (Kind::Enum(values), Value::Varint(number)) => {
                    self.value(values, number, path);
                }
                (Kind::Enum(values), Value::Bytes(mut packed)) => {
                    while !packed.is_empty() && self.violations.len() < VIOLATIONS_MAX {
                        self.value(values, decode_varint(&mut packed).ok()?, path);
                    }
                }
                (Kind::Scalar | Kind::Enum(_) | Kind::Message(_), _) => {}
            }
        }
        Some(())
    }

    fn value(&mut self, values: usize, number: u64, path: impl Fn() -> String) {
        // Numbers of enums are 32 bits wide; decoders cut the rest off.
        let number = number as i32;
        if !self.schema.enums[values].contains(&number) {
            self.add(
                path(),
                UNKNOWN_VALUE,
                &format!("Không có giá trị nào mang số {number}: chọn một giá trị đã công bố."),
                &format!("has no value of the number {number}: choose one that is published"),
            );
        }
    }

    fn unknown_field(&mut self, path: &str) {
        self.add(
            path.into(),
            UNKNOWN_FIELD,
            "Không có trường này: kiểm tra tên và phiên bản mô tả, hoặc bỏ trường đó.",
            "is not a field of this server's API: mend its number, or leave it out",
        );
    }

    fn add(&mut self, subject: String, code: &str, vi: &str, en: &str) {
        let message = Text { vi: vi.into(), en: en.into() };
        self.violations.push(Violation { subject, code: code.into(), message });
    }
}

enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

/// The value that follows a key; `None` if it breaks off, or is a group, which proto3 lacks.
fn value<'a>(wire: WireType, bytes: &mut &'a [u8]) -> Option<Value<'a>> {
    let mut skip = |count: usize| -> Option<&'a [u8]> {
        let (value, rest) = bytes.split_at_checked(count)?;
        *bytes = rest;
        Some(value)
    };
    match wire {
        WireType::SixtyFourBit => skip(8).map(|_| Value::Fixed),
        WireType::ThirtyTwoBit => skip(4).map(|_| Value::Fixed),
        WireType::StartGroup | WireType::EndGroup => None,
        WireType::Varint => decode_varint(bytes).ok().map(Value::Varint),
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(bytes).ok()?).ok()?;
            let (value, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            Some(Value::Bytes(value))
        }
    }
}

fn joined(at: &str, name: &str) -> String {
    if at.is_empty() { name.into() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests {
    use motcua_api::v1::*;
    use prost::Message as _;

    use super::*;

    const SUBMIT: &str = "/motcua.v1.DossierService/SubmitDossier";
    const COMPUTE: &str = "/motcua.v1.DeadlineService/ComputeDeadline";

    fn faults(path: &str, bytes: &[u8]) -> Vec<(String, String)> {
        let set = FileDescriptorSet::decode(motcua_api::FILE_DESCRIPTOR_SET).expect("descriptors");
        let schema = Schema::new(&set);
        let found = schema.check(schema.method(path).expect("a method"), bytes);
        found.into_iter().map(|violation| (violation.subject, violation.code)).collect()
    }

    fn fault(path: &str, code: &str) -> (String, String) {
        (path.to_owned(), code.to_owned())
    }

    fn filing() -> SubmitDossierRequest {
        SubmitDossierRequest {
            command: Some(CommandMeta { expected_version: Some(3), ..Default::default() }),
            channel: Channel::Post.into(),
            persons: vec![
                Person { part: Part::DossierOwner.into(), ..Default::default() },
                Person { part: Part::AuthorisedPerson.into(), ..Default::default() },
            ],
            documents: vec![Document {
                requirement: "D1".into(),
                content: Some(document::Content::Paper(PaperDocument { originals: 1, copies: 2 })),
            }],
            ..Default::default()
        }
    }

    /// A field that holds `content`: number, length, bytes.
    fn field(number: u8, content: &[u8]) -> Vec<u8> {
        let length = u8::try_from(content.len()).expect("short");
        [&[number << 3 | 2, length], content].concat()
    }

    #[test]
    fn what_the_api_knows_passes() {
        assert_eq!(faults(SUBMIT, &filing().encode_to_vec()), []);
        assert_eq!(faults(SUBMIT, &[]), []);
        let received_at = Some(prost_types::Timestamp { seconds: 7, nanos: 9 });
        let compute = ComputeDeadlineRequest { received_at, ..Default::default() };
        assert_eq!(faults(COMPUTE, &compute.encode_to_vec()), []);
    }

    #[test]
    fn an_unknown_field_is_found_wherever_it_hides() {
        let mut bytes = filing().encode_to_vec();
        bytes.extend(field(1, &[9 << 3, 1]));
        bytes.extend(field(8, &[15 << 3 | 5, 0, 0, 0, 0]));
        bytes.extend(field(10, &field(3, &field(14, b"x"))));
        bytes.extend([14 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0]);
        let expected = ["command.#9", "persons[2].#15", "documents[1].paper.#14", "#14"];
        assert_eq!(faults(SUBMIT, &bytes), expected.map(|path| fault(path, UNKNOWN_FIELD)));
        assert_eq!(
            faults(COMPUTE, &field(3, &[7 << 3, 1])),
            [fault("received_at.#7", UNKNOWN_FIELD)]
        );
    }

    #[test]
    fn an_unknown_number_of_an_enum_is_found() {
        let mut filing = filing();
        filing.channel = 77;
        filing.persons[1].part = -1;
        let found = faults(SUBMIT, &filing.encode_to_vec());
        assert_eq!(found, ["channel", "persons[1].part"].map(|path| fault(path, UNKNOWN_VALUE)));
    }

    #[test]
    fn many_unknown_fields_are_listed_up_to_a_bound() {
        let bytes = [14 << 3, 0].repeat(10_000);
        assert_eq!(faults(SUBMIT, &bytes).len(), VIOLATIONS_MAX);
    }

    #[test]
    fn bytes_that_are_no_message_are_left_to_the_decoder() {
        for bytes in [&[0xff_u8][..], &[10, 200, 1], &[8], &[9, 1], &[11], &[10, 1, 0xff]] {
            assert_eq!(faults(SUBMIT, bytes), [], "{bytes:?}");
        }
    }

    #[test]
    fn every_method_is_in_the_schema() {
        let set = FileDescriptorSet::decode(motcua_api::FILE_DESCRIPTOR_SET).expect("descriptors");
        let methods = set.file.iter().flat_map(|file| &file.service).flat_map(|one| &one.method);
        assert_eq!(Schema::new(&set).methods.len(), methods.count());
    }
}
