//! Messages of the API as JSON and back, by the official mapping of protobuf.
//!
//! Written with the names of the proto files, all fields, and 64-bit numbers as numbers; read with
//! those names or in camelCase. Unknown members are refused.

use std::sync::LazyLock;

use anyhow::{Context as _, anyhow};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, SerializeOptions};
use serde_json::Value;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(motcua_api::FILE_DESCRIPTOR_SET).expect("the build wrote descriptors")
});

fn descriptor(name: &str) -> MessageDescriptor {
    let found = POOL.get_message_by_name(&format!("motcua.v1.{name}"));
    found.expect("callers name messages of the API")
}

/// The message `name` of `motcua.v1` as JSON.
pub(crate) fn to_json(name: &str, message: &impl Message) -> Value {
    let mut dynamic = DynamicMessage::new(descriptor(name));
    dynamic.transcode_from(message).expect("the message has this type");
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let json = dynamic.serialize_with_options(serde_json::value::Serializer, &options);
    json.expect("messages of the API hold only what JSON can say")
}

/// The message `name` of `motcua.v1` from JSON.
///
/// # Errors
/// What is wrong with it, naming the member.
pub(crate) fn from_json<M: Message + Default>(name: &str, json: Value) -> anyhow::Result<M> {
    let dynamic = DynamicMessage::deserialize(descriptor(name), json)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("no {name} of the API (see `motcua dossier submit --help`)"))?;
    Ok(dynamic.transcode_to()?)
}

#[cfg(test)]
mod tests {
    use motcua_api::v1;
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_stay_numbers_and_names_those_of_the_proto() {
        let answer = v1::AcceptDossierResponse {
            dossier: Some(v1::DossierState { version: 7, ..Default::default() }),
            first_sequence: 5,
            repeat: false,
        };
        let json = to_json("AcceptDossierResponse", &answer);
        assert_eq!(json["first_sequence"], 5);
        assert_eq!(json["repeat"], false);
        assert_eq!(json["dossier"]["version"], 7);
        assert_eq!(json["dossier"]["status"], "STATUS_UNSPECIFIED");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let request = v1::SubmitDossierRequest {
            procedure: "1.001193".into(),
            channel: v1::Channel::Online.into(),
            form_json: "{\"a\":1}".into(),
            ..Default::default()
        };
        let json = to_json("SubmitDossierRequest", &request);
        let back: v1::SubmitDossierRequest = from_json("SubmitDossierRequest", json).expect("read");
        assert_eq!(back, request);
    }

    #[test]
    fn unknown_members_and_wrong_types_are_refused_by_name() {
        for (json, named) in [
            (json!({ "procedur": "x" }), "procedur"),
            (json!({ "channel": "CHANNEL_PIGEON" }), "PIGEON"),
            (json!({ "persons": 3 }), "3"),
        ] {
            let error = from_json::<v1::SubmitDossierRequest>("SubmitDossierRequest", json)
                .expect_err("refused");
            assert!(format!("{error:#}").contains(named), "{error:#}");
        }
    }
}
