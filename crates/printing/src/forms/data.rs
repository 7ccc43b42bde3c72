//! Reading the data of a form for print: Vietnamese names, dates as officials write them, dotted
//! lines for what is not there.

use jiff::civil::{Date, DateTime, Time};
use serde_json::Value;

use crate::markup::{columns, escape};

/// Room to write by hand.
pub(super) fn dots() -> String {
    "…".repeat(24)
}

/// The data of a form.
#[derive(Clone, Copy)]
pub(super) struct Data<'a>(&'a Value);

impl<'a> Data<'a> {
    pub(super) fn new(value: &'a Value) -> Self {
        Self(value)
    }

    /// Text or number at a JSON Pointer.
    pub(super) fn text(&self, pointer: &str) -> Option<String> {
        match self.0.pointer(pointer)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::String(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
    }

    /// The Vietnamese one of a text in two languages.
    pub(super) fn name(&self, pointer: &str) -> Option<String> {
        self.text(&format!("{pointer}/vi"))
    }

    pub(super) fn is(&self, pointer: &str) -> Option<bool> {
        self.0.pointer(pointer)?.as_bool()
    }

    /// The members of a list.
    pub(super) fn list(&self, pointer: &str) -> impl Iterator<Item = Data<'a>> + use<'a> {
        let items = self.0.pointer(pointer).and_then(Value::as_array);
        items.map(Vec::as_slice).unwrap_or_default().iter().map(Data)
    }

    fn civil_date(&self, pointer: &str) -> Option<Date> {
        self.text(pointer)?.get(..10)?.parse().ok()
    }

    /// `ngày 05 tháng 10 năm 2026`.
    pub(super) fn long_date(&self, pointer: &str) -> Option<String> {
        let date = self.civil_date(pointer)?;
        let (day, month, year) = (date.day(), date.month(), date.year());
        Some(format!("ngày {day:02} tháng {month:02} năm {year}"))
    }

    /// `05/10/2026`.
    pub(super) fn date(&self, pointer: &str) -> Option<String> {
        Some(self.civil_date(pointer)?.strftime("%d/%m/%Y").to_string())
    }

    fn civil_moment(&self, pointer: &str) -> Option<DateTime> {
        self.text(pointer)?.get(..19)?.parse().ok()
    }

    /// By when: `trước 16 giờ 30 phút, ngày 05/10/2026`. Before midnight is by the end of the day
    /// that ends then: the date of the instant would promise one day too many.
    pub(super) fn before(&self, pointer: &str) -> Option<String> {
        let at = self.civil_moment(pointer)?;
        if at.time() == Time::midnight() {
            let last = at.date().yesterday().ok()?;
            return Some(format!("chậm nhất hết ngày {}", last.strftime("%d/%m/%Y")));
        }
        Some(format!("trước {}", self.moment(pointer)?))
    }

    /// `09 giờ 10 phút, ngày 05/10/2026`. Instants are written with the centre's offset already.
    pub(super) fn moment(&self, pointer: &str) -> Option<String> {
        let at = self.civil_moment(pointer)?;
        let date = at.date().strftime("%d/%m/%Y");
        Some(format!("{:02} giờ {:02} phút, ngày {date}", at.hour(), at.minute()))
    }
}

/// A line `label: value`, dotted where there is none.
pub(super) fn line(label: &str, value: Option<String>) -> String {
    let value = value.unwrap_or_else(dots);
    format!("<p>{}: {}</p>", escape(label), escape(&value))
}

/// A table; each heading with the share of the width that its column has. Cells of the columns
/// that `centred` names are centred.
pub(super) fn table(headings: &[(u32, &str)], rows: &[Vec<String>], centred: &[usize]) -> String {
    let widths: Vec<u32> = headings.iter().map(|(width, _)| *width).collect();
    let mut out = format!("<table>{}<thead><tr>", columns(&widths));
    for (_, heading) in headings {
        out += &format!("<th>{}</th>", escape(heading));
    }
    out += "</tr></thead><tbody>";
    for row in rows {
        out += "<tr>";
        for (i, cell) in row.iter().enumerate() {
            let class = if centred.contains(&i) { " class=\"c\"" } else { "" };
            out += &format!("<td{class}>{}</td>", escape(cell));
        }
        out += "</tr>";
    }
    out + "</tbody></table>"
}

/// Owner and submitter, as most forms begin.
pub(super) fn people(data: &Data<'_>) -> String {
    let owners: Vec<Data<'_>> = data.list("/owners").collect();
    let mut out = String::new();
    if owners.is_empty() {
        out += &line("Chủ hồ sơ", None);
    }
    for owner in owners {
        out += &person("Chủ hồ sơ", &owner);
    }
    let submitter = data.text("/submitter/id_number");
    let is_owner = data.list("/owners").any(|one| one.text("/id_number") == submitter);
    if data.text("/submitter/full_name").is_some() && !is_owner {
        out += &person("Người nộp hồ sơ", &Data(&data.0["submitter"]));
    }
    out
}

fn person(part: &str, person: &Data<'_>) -> String {
    let contact = [
        ("Số định danh", "/id_number"),
        ("Điện thoại", "/phone"),
        ("Thư điện tử", "/email"),
        ("Địa chỉ", "/address"),
    ];
    let known = contact.iter().filter_map(|(label, at)| Some((label, person.text(at)?)));
    let known: Vec<String> = known.map(|(label, value)| format!("{label}: {value}")).collect();
    let name = line(part, person.text("/full_name"));
    if known.is_empty() { name } else { format!("{name}<p>{}</p>", escape(&known.join(". "))) }
}

/// What was asked for: procedure and case, code of the dossier.
pub(super) fn request(data: &Data<'_>) -> String {
    let procedure = data.name("/procedure/name").map(|name| {
        let code = data.text("/procedure/code").map(|code| format!(" (mã {code})"));
        let variant = data.name("/variant").map(|variant| format!(", trường hợp: {variant}"));
        format!("{name}{}{}", code.unwrap_or_default(), variant.unwrap_or_default())
    });
    let dossier = data
        .text("/dossier_code")
        .or_else(|| data.text("/dossier_id").map(|id| format!("chưa cấp mã (định danh {id})")));
    line("Mã hồ sơ", dossier) + &line("Nội dung yêu cầu giải quyết", procedure)
}

/// Whoever signed: the opaque id that the history has, and the role.
pub(super) fn signer(data: &Data<'_>) -> String {
    data.text("/signed_by/id").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dates_are_written_as_officials_write_them() {
        let value =
            json!({ "day": "2026-10-05", "at": "2026-10-05T09:10:00+07:00", "bad": "2026" });
        let data = Data::new(&value);
        assert_eq!(data.long_date("/day").as_deref(), Some("ngày 05 tháng 10 năm 2026"));
        assert_eq!(data.moment("/at").as_deref(), Some("09 giờ 10 phút, ngày 05/10/2026"));
        assert_eq!(data.date("/bad"), None);
    }

    #[test]
    fn midnight_ends_the_day_before_it() {
        let value = json!({
            "midnight": "2027-01-01T00:00:00+07:00", "noon": "2027-01-01T12:00:00+07:00",
            "first": "-009999-01-01T00:00:00+07:00",
        });
        let data = Data::new(&value);
        let end = "chậm nhất hết ngày 31/12/2026";
        assert_eq!(data.before("/midnight").as_deref(), Some(end));
        let noon = "trước 12 giờ 00 phút, ngày 01/01/2027";
        assert_eq!(data.before("/noon").as_deref(), Some(noon));
        assert_eq!(data.before("/first"), None);
    }

    #[test]
    fn what_is_not_there_is_left_to_be_written() {
        assert!(line("Chủ hồ sơ", None).contains("………"));
    }
}
