//! Filings that are valid, for each procedure and channel. Tests change what they are about.

use motcua_api::v1::document::Content;
use motcua_api::v1::*;
use serde_json::{Value, json};

use crate::client::Client;
use crate::files;
use crate::people::{BINH, CENTRE, MAI};
use crate::world::{BIRTH, BUSINESS, MARRIAGE};

/// Identity number of Mai.
pub const MAI_NUMBER: &str = "022190001234";
/// Phone of Mai.
pub const MAI_PHONE: &str = "0912345678";
/// Identity number of Bình.
pub const BINH_NUMBER: &str = "022088005678";

/// Mai as an owner.
pub fn mai() -> Person {
    Person {
        id: MAI.id.into(),
        part: Part::DossierOwner.into(),
        full_name: "Nguyễn Thị Mai".into(),
        id_number: MAI_NUMBER.into(),
        phone: MAI_PHONE.into(),
        email: "mai@example.vn".into(),
        address: "Phường Hạ Long, tỉnh Quảng Ninh".into(),
    }
}

/// Bình as an owner.
pub fn binh() -> Person {
    Person {
        id: BINH.id.into(),
        part: Part::DossierOwner.into(),
        full_name: "Trần Văn Bình".into(),
        id_number: BINH_NUMBER.into(),
        phone: "0987654321".into(),
        email: String::new(),
        address: "Đặc khu Cô Tô, tỉnh Quảng Ninh".into(),
    }
}

/// Bình as the authorised person.
pub fn binh_as_proxy() -> Person {
    Person { part: Part::AuthorisedPerson.into(), ..binh() }
}

/// A paper kept in the dossier.
pub fn paper(requirement: &str) -> Document {
    let content = Content::Paper(PaperDocument { originals: 1, copies: 0 });
    Document { requirement: requirement.into(), content: Some(content) }
}

/// A paper shown and given back.
pub fn shown(requirement: &str) -> Document {
    let content = Content::Presented(PresentedDocument {});
    Document { requirement: requirement.into(), content: Some(content) }
}

/// A PDF that the client uploads now.
pub async fn uploaded(client: &Client, requirement: &str) -> Document {
    uploaded_as(client, requirement, false).await
}

/// An electronic original with a valid signature, that the client uploads now.
pub async fn signed(client: &Client, requirement: &str) -> Document {
    uploaded_as(client, requirement, true).await
}

async fn uploaded_as(client: &Client, requirement: &str, signed: bool) -> Document {
    let bytes = files::pdf(&format!("{requirement} {}", client.id()));
    let sha256 = client.upload("application/pdf", &bytes).await.expect("a PDF can be uploaded");
    let content = UploadedDocument { sha256, signed, ..Default::default() };
    Document { requirement: requirement.into(), content: Some(Content::Upload(content)) }
}

/// What the form of a birth registration holds.
pub fn birth_form() -> Value {
    json!({
        "birth_case": "ordinary",
        "birth_evidence": "notification",
        "child_name": "Trần Nguyễn An Nhiên",
        "child_sex": "female",
        "child_birth_date": "2026-09-28",
        "child_birth_place": "Bệnh viện Sản Nhi Quảng Ninh",
        "child_ethnicity": "Kinh",
        "child_nationality": "Việt Nam",
        "mother_known": true,
        "mother": { "name": "Nguyễn Thị Mai", "birth_year": 1998, "nationality": "Việt Nam" },
        "father_known": true,
        "father": { "name": "Trần Văn Bình", "birth_year": 1996, "nationality": "Việt Nam" },
        "requester_name": "Nguyễn Thị Mai",
        "requester_relation": "mother",
        "proxy_relation": "none",
        "copies_requested": 2,
        "contact_phone": MAI_PHONE,
    })
}

/// What the form of a marriage registration holds.
pub fn marriage_form() -> Value {
    let party = |name: &str, birth_date: &str, number: &str| {
        json!({ "name": name, "birth_date": birth_date, "ethnicity": "Kinh", "nationality": "VN",
            "residence": "Phường Hạ Long, tỉnh Quảng Ninh", "identity_number": number,
            "marriage_count": 1, "divorced_abroad": false })
    };
    json!({
        "groom": party("Trần Văn Bình", "1996-04-12", BINH_NUMBER),
        "bride": party("Nguyễn Thị Mai", "1998-11-03", MAI_NUMBER),
        "voluntary": true,
        "contact_phone": MAI_PHONE,
        "copies_requested": 0,
    })
}

/// What the form of a household business holds.
pub fn business_form(name: &str) -> Value {
    json!({
        "business_name": name,
        "seat": { "street": "Số 12 đường Lê Thánh Tông", "commune": "Phường Hạ Long",
            "province": "Tỉnh Quảng Ninh" },
        "trades": [{ "code": "5610", "name": "Nhà hàng và các dịch vụ ăn uống phục vụ lưu động" }],
        "capital_vnd": 200_000_000,
        "workers": 3,
        "registered_by": "individual",
        "owner_name": "Nguyễn Thị Mai",
        "owner_birth_date": "1998-11-03",
        "proxy_kind": "none",
        "principal_has_electronic_identity": true,
        "contact_phone": MAI_PHONE,
    })
}

/// Birth registration filed online by Mai, with the birth notification as a scan.
pub async fn birth_online(client: &Client) -> SubmitDossierRequest {
    let documents = vec![uploaded(client, "D1e").await, uploaded(client, "D2").await];
    birth(client, Channel::Online, documents)
}

/// Birth registration handed in at the counter on paper.
pub fn birth_at_counter(client: &Client) -> SubmitDossierRequest {
    let documents = vec![paper("D1"), paper("D2"), shown("D6"), shown("D7")];
    birth(client, Channel::Counter, documents)
}

/// Birth registration sent by post.
pub fn birth_by_post(client: &Client) -> SubmitDossierRequest {
    let documents = vec![paper("D1"), paper("D2"), paper("D8a"), paper("D8b")];
    birth(client, Channel::Post, documents)
}

fn birth(client: &Client, channel: Channel, documents: Vec<Document>) -> SubmitDossierRequest {
    SubmitDossierRequest {
        command: client.meta(),
        dossier: client.new_id().to_string(),
        procedure: BIRTH.into(),
        channel: channel.into(),
        variant: "ordinary".into(),
        receiving_unit: CENTRE.into(),
        competent_unit: String::new(),
        persons: vec![mai()],
        form_json: birth_form().to_string(),
        documents,
        external: None,
    }
}

/// Marriage registration filed online by Mai.
pub async fn marriage_online(client: &Client) -> SubmitDossierRequest {
    let documents = vec![uploaded(client, "D1e").await];
    marriage(client, Channel::Online, documents)
}

/// Marriage registration handed in at the counter.
pub fn marriage_at_counter(client: &Client) -> SubmitDossierRequest {
    let documents = vec![paper("D1"), shown("D2a"), shown("D2b"), shown("D3")];
    marriage(client, Channel::Counter, documents)
}

fn marriage(client: &Client, channel: Channel, documents: Vec<Document>) -> SubmitDossierRequest {
    SubmitDossierRequest {
        command: client.meta(),
        dossier: client.new_id().to_string(),
        procedure: MARRIAGE.into(),
        channel: channel.into(),
        receiving_unit: CENTRE.into(),
        persons: vec![mai(), binh()],
        form_json: marriage_form().to_string(),
        documents,
        ..Default::default()
    }
}

/// Household business filed online by Mai.
pub async fn business_online(client: &Client, name: &str) -> SubmitDossierRequest {
    let documents = vec![uploaded(client, "D1").await];
    business(client, Channel::Online, name, documents)
}

/// Household business handed in at the counter.
pub fn business_at_counter(client: &Client, name: &str) -> SubmitDossierRequest {
    business(client, Channel::Counter, name, vec![paper("D1")])
}

fn business(
    client: &Client,
    channel: Channel,
    name: &str,
    documents: Vec<Document>,
) -> SubmitDossierRequest {
    SubmitDossierRequest {
        command: client.meta(),
        dossier: client.new_id().to_string(),
        procedure: BUSINESS.into(),
        channel: channel.into(),
        variant: "individual".into(),
        receiving_unit: CENTRE.into(),
        persons: vec![mai()],
        form_json: business_form(name).to_string(),
        documents,
        ..Default::default()
    }
}

/// The filing with members of its form changed; `null` takes one out.
///
/// # Panics
/// When the form is no JSON object.
#[must_use]
pub fn with_form(filing: SubmitDossierRequest, changes: Value) -> SubmitDossierRequest {
    let mut form: Value = serde_json::from_str(&filing.form_json).expect("the form is JSON");
    let members = form.as_object_mut().expect("the form is an object");
    for (name, value) in changes.as_object().expect("changes are an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    SubmitDossierRequest { form_json: form.to_string(), ..filing }
}
