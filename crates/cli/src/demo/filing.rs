//! What the people of the demonstration file.

use motcua_dossiers::command::{DocumentContent, DocumentInput, Submit};
use motcua_procedures::Channel;
use serde_json::{Value, json};

use super::people::{Office, citizen_name, citizen_number, citizen_phone, owner};

/// The procedures of the demonstration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Birth registration.
    Birth,
    /// Registration of a household business.
    Business,
    /// Marriage registration.
    Marriage,
}

impl Kind {
    /// National code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Birth => "1.001193",
            Self::Business => "1.001612",
            Self::Marriage => "1.000894",
        }
    }

    /// Requirements that somebody who files online must upload.
    pub(crate) fn uploads(self) -> &'static [&'static str] {
        match self {
            Self::Birth => &["D1e", "D2"],
            Self::Business => &["D1"],
            Self::Marriage => &["D1e"],
        }
    }

    /// Requirement that a clerk finds wanting when a supplement is asked for.
    pub(crate) fn doubtful(self) -> &'static str {
        match self {
            Self::Birth => "D2",
            Self::Business | Self::Marriage => "D1",
        }
    }

    /// Fee, in đồng.
    pub(crate) fn fee(self, channel: Channel) -> Option<(&'static str, u64)> {
        match (self, channel) {
            (Self::Business, Channel::Counter) => Some(("registration-counter", 50_000)),
            (Self::Business, Channel::Online | Channel::Post) => {
                Some(("registration-remote", 150_000))
            }
            (Self::Birth | Self::Marriage, _) => None,
        }
    }

    /// Number of owners.
    pub(crate) fn owners(self) -> usize {
        match self {
            Self::Birth | Self::Business => 1,
            Self::Marriage => 2,
        }
    }
}

/// A dossier to file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Filing {
    /// Under which procedure.
    pub(crate) kind: Kind,
    /// How.
    pub(crate) channel: Channel,
    /// Where.
    pub(crate) office: Office,
    /// Number of the first owner; a second one follows.
    pub(crate) citizen: usize,
}

/// The scan of a paper, of its own for each dossier.
pub(crate) fn scan(filing: &Filing, requirement: &str) -> Vec<u8> {
    pdf(&format!("{requirement} {}", citizen_name(filing.citizen)))
}

/// A small PDF with one line of text.
pub(crate) fn pdf(text: &str) -> Vec<u8> {
    let utf16: String = text.encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    let title = format!("<FEFF{utf16}>");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>".to_owned(),
        format!("<< /Title {title} >>"),
    ];
    let mut file = "%PDF-1.7\n".to_owned();
    let mut places = Vec::with_capacity(objects.len());
    for (number, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", number + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1));
    for place in places {
        file.push_str(&format!("{place:010} 00000 n \n"));
    }
    let size = objects.len() + 1;
    file.push_str(&format!("trailer\n<< /Size {size} /Root 1 0 R /Info 4 0 R >>\n"));
    file.push_str(&format!("startxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}

impl Filing {
    /// The command; `uploads` are the scans that the service keeps.
    pub(crate) fn submit(&self, uploads: Vec<DocumentInput>) -> Submit {
        let persons = (0..self.kind.owners()).map(|n| owner(self.citizen + n, &self.office));
        let mut documents = uploads;
        documents.extend(self.papers().iter().map(|id| paper(id)));
        documents.extend(self.shown().iter().map(|id| shown(id)));
        Submit {
            procedure: self.kind.code().into(),
            channel: self.channel,
            variant: match self.kind {
                Kind::Birth => Some("ordinary".into()),
                Kind::Business => Some("individual".into()),
                Kind::Marriage => None,
            },
            receiving_unit: self.office.centre.into(),
            competent_unit: None,
            persons: persons.collect(),
            form: self.form(),
            documents,
            external: None,
        }
    }

    fn papers(&self) -> &'static [&'static str] {
        match (self.kind, self.channel) {
            (_, Channel::Online) => &[],
            (Kind::Birth, Channel::Counter) => &["D1", "D2"],
            (Kind::Birth, Channel::Post) => &["D1", "D2", "D8a", "D8b"],
            (Kind::Business, Channel::Counter | Channel::Post) => &["D1"],
            (Kind::Marriage, Channel::Counter) => &["D1"],
            (Kind::Marriage, Channel::Post) => &["D1", "D6a", "D6b"],
        }
    }

    fn shown(&self) -> &'static [&'static str] {
        match (self.kind, self.channel) {
            (Kind::Birth, Channel::Counter) => &["D6", "D7"],
            (Kind::Marriage, Channel::Counter) => &["D2a", "D2b", "D3"],
            (_, Channel::Online | Channel::Post) | (Kind::Business, Channel::Counter) => &[],
        }
    }

    fn form(&self) -> Value {
        let (one, two) = (self.citizen, self.citizen + 1);
        let place = format!("{}, tỉnh Quảng Ninh", self.office.place);
        let name = citizen_name(one);
        let phone = citizen_phone(one);
        match self.kind {
            Kind::Birth => json!({
                "birth_case": "ordinary", "birth_evidence": "notification",
                "child_name": citizen_name(one + 31),
                "child_sex": if one.is_multiple_of(2) { "female" } else { "male" },
                "child_birth_date": "2026-10-28",
                "child_birth_place": "Bệnh viện Sản Nhi Quảng Ninh",
                "child_ethnicity": "Kinh", "child_nationality": "Việt Nam",
                "mother_known": true,
                "mother": { "name": name, "birth_year": 1998, "nationality": "Việt Nam" },
                "father_known": true,
                "father": { "name": citizen_name(two), "birth_year": 1996,
                    "nationality": "Việt Nam" },
                "requester_name": name, "requester_relation": "mother", "proxy_relation": "none",
                "copies_requested": 1, "contact_phone": phone,
            }),
            Kind::Business => json!({
                "business_name": format!("Hộ kinh doanh {name} {one}"),
                "seat": { "street": format!("Số {}, tổ 3", one + 1),
                    "commune": self.office.place, "province": "Tỉnh Quảng Ninh" },
                "trades": [{ "code": "5610", "is_main": true,
                    "name": "Nhà hàng và các dịch vụ ăn uống phục vụ lưu động" }],
                "capital_vnd": 200_000_000, "workers": 2, "registered_by": "individual",
                "owner_name": name, "owner_birth_date": "1992-03-08", "proxy_kind": "none",
                "principal_has_electronic_identity": true, "contact_phone": phone,
            }),
            Kind::Marriage => json!({
                "groom": party(one, &place), "bride": party(two, &place), "voluntary": true,
                "contact_phone": phone, "copies_requested": 0,
            }),
        }
    }
}

fn party(number: usize, place: &str) -> Value {
    json!({ "name": citizen_name(number), "birth_date": "1997-05-19", "ethnicity": "Kinh",
        "nationality": "VN", "residence": place, "identity_number": citizen_number(number),
        "marriage_count": 1, "divorced_abroad": false })
}

/// An original kept in the dossier.
pub(crate) fn paper(requirement: &str) -> DocumentInput {
    let content = DocumentContent::Paper { originals: 1, copies: 1 };
    DocumentInput { requirement: requirement.into(), content }
}

fn shown(requirement: &str) -> DocumentInput {
    DocumentInput { requirement: requirement.into(), content: DocumentContent::Presented }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_fits_its_procedure() {
        let parse = |source: &&[u8]| {
            motcua_procedures::parse(source).unwrap_or_else(|faults| panic!("{faults}"))
        };
        let procedures: Vec<_> = crate::demo::PROCEDURES.iter().map(parse).collect();
        for kind in [Kind::Birth, Kind::Business, Kind::Marriage] {
            let code = |p: &&motcua_procedures::Procedure| p.definition().code == kind.code();
            let procedure = procedures.iter().find(code).expect("published");
            let office = super::super::people::HONG_GAI;
            let filing = Filing { kind, channel: Channel::Online, office, citizen: 3 };
            let faults = procedure.definition().form.validate(&filing.form());
            assert!(faults.is_empty(), "{faults:?}");
        }
    }

    #[test]
    fn a_scan_is_a_pdf_of_its_own() {
        assert!(pdf("Tờ khai").starts_with(b"%PDF-"));
        assert_ne!(pdf("a"), pdf("b"));
    }
}
