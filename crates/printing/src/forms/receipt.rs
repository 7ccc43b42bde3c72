//! Form 01, receipt and appointment.

use super::Layout;
use super::data::{Data, dots, line, people, request, signer, table};
use crate::markup::escape;
use crate::words::money;
use motcua_deadlines::Lang;

pub(super) fn receipt(data: &Data<'_>, qr_code: Option<String>) -> Layout {
    let aside = qr_code.map(|picture| {
        format!("<div class=\"qr\">{picture}Quét để lưu bằng chứng tiếp nhận</div>")
    });
    let mut body = line("Nơi tiếp nhận", data.name("/centre/name"));
    body += &people(data);
    body += &request(data);
    body += &line("Cơ quan giải quyết", data.name("/competent_agency/name"));
    body += &line("Cách thức nộp", data.text("/channel").map(|id| channel(&id).to_owned()));
    body += "<p class=\"lead\">Thành phần hồ sơ gồm:</p>";
    body += &documents(data);
    body += &later_documents(data);
    body += &line("Số lượng hồ sơ", data.text("/sets").map(|sets| format!("{sets} bộ")));
    body += &fees(data);
    let (promised, lawful) = (limit(data, "/time_limit"), limit(data, "/statutory_time_limit"));
    if promised != lawful {
        body += &line("Thời hạn giải quyết theo quy định", lawful);
    }
    body += &line("Thời hạn giải quyết hồ sơ", promised);
    body += &line("Thời gian nhận hồ sơ", data.moment("/received_at"));
    let due = data.moment("/result_due_at").or_else(|| data.date("/result_due_on"));
    let provisional = data.is("/provisional") == Some(true);
    let due = due.map(|due| match provisional {
        true => format!("{due} (tạm tính, lịch nghỉ của năm chưa công bố)"),
        false => due,
    });
    let due = escape(&due.unwrap_or_else(dots));
    body += &format!("<p><b>Thời gian trả kết quả giải quyết hồ sơ: {due}</b></p>");
    body += &line("Nhận kết quả tại", place(data));
    if let Some(note) = data.name("/proxy_note") {
        body += &format!("<p><i>{}</i></p>", escape(&note));
    }
    let submitter = data.text("/submitter/full_name").unwrap_or_default();
    Layout {
        title: "GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ",
        subtitle: String::new(),
        aside: aside.unwrap_or_default(),
        body,
        signatures: vec![
            ("NGƯỜI NỘP HỒ SƠ", "Ký và ghi rõ họ tên", submitter),
            ("NGƯỜI TIẾP NHẬN HỒ SƠ", "Ký và ghi rõ họ tên", signer(data)),
        ],
        landscape: false,
    }
}

fn place(data: &Data<'_>) -> Option<String> {
    let name = data.name("/result_at/name")?;
    let address = data.text("/result_at/address").map(|address| format!(", {address}"));
    let phone = data.text("/result_at/phone").map(|phone| format!(" (điện thoại {phone})"));
    Some(format!("{name}{}{}", address.unwrap_or_default(), phone.unwrap_or_default()))
}

fn channel(id: &str) -> &str {
    match id {
        "counter" => "trực tiếp tại nơi tiếp nhận",
        "online" => "trực tuyến",
        "post" => "qua dịch vụ bưu chính công ích",
        other => other,
    }
}

/// A limit of a form's data in words.
pub(super) fn limit(data: &Data<'_>, pointer: &str) -> Option<String> {
    let amount = data.text(&format!("{pointer}/amount"))?;
    let unit = data.text(&format!("{pointer}/unit"))?;
    Some(match unit.as_str() {
        "working_day" => format!("{amount} ngày làm việc"),
        "calendar_day" => format!("{amount} ngày"),
        "working_hour" => format!("{amount} giờ làm việc"),
        "month" => format!("{amount} tháng"),
        "same_day" => "trong ngày làm việc".to_owned(),
        other => format!("{amount} {other}"),
    })
}

/// The documents with how many of each were handed in.
pub(super) fn documents(data: &Data<'_>) -> String {
    let rows = data.list("/documents").enumerate().map(|(i, document)| {
        let name = document.name("/name").or_else(|| document.text("/id"));
        let handed_in = match document.text("/handed_in").as_deref() {
            Some("no") => "chưa nộp".to_owned(),
            Some("electronic") => "bản điện tử".to_owned(),
            Some("paper") => "bản giấy".to_owned(),
            Some("presented") => "xuất trình, đã trả lại".to_owned(),
            Some("looked_up") => "cơ quan tra cứu".to_owned(),
            Some("verified") => "đơn vị khác xác minh".to_owned(),
            Some(other) => other.to_owned(),
            None => String::new(),
        };
        vec![
            (i + 1).to_string(),
            name.unwrap_or_default(),
            count(&document, "/originals"),
            copies(&document),
            handed_in,
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings =
        [(8, "STT"), (46, "Tên giấy tờ"), (12, "Bản chính"), (12, "Bản sao"), (22, "Hình thức")];
    table(&headings, &rows, &[0, 2, 3, 4])
}

/// What is to be brought in a later phase; nothing where the procedure has none.
fn later_documents(data: &Data<'_>) -> String {
    let later = data.list("/later_documents").map(|document| {
        let name = document.name("/name").or_else(|| document.text("/id")).unwrap_or_default();
        let phase = document.name("/phase/name").unwrap_or_default();
        let conditional = match document.is("/conditional") {
            Some(true) => ", nếu thuộc trường hợp phải nộp",
            Some(false) | None => "",
        };
        format!("{name} (giai đoạn {phase}{conditional})")
    });
    let later: Vec<String> = later.collect();
    match later.is_empty() {
        true => String::new(),
        false => line("Giấy tờ nộp ở giai đoạn sau", Some(later.join("; "))),
    }
}

/// A number of papers; nothing for none.
pub(super) fn count(data: &Data<'_>, at: &str) -> String {
    data.text(at).filter(|count| count != "0").unwrap_or_default()
}

/// The number of copies, and whether they are certified.
pub(super) fn copies(data: &Data<'_>) -> String {
    let number = count(data, "/copies");
    match data.is("/copies_certified") {
        Some(true) if !number.is_empty() => format!("{number} (chứng thực)"),
        Some(_) | None => number,
    }
}

fn fees(data: &Data<'_>) -> String {
    let fees: Vec<String> = data
        .list("/fees")
        .map(|fee| {
            let name = fee.name("/name").or_else(|| fee.text("/id")).unwrap_or_default();
            let amount = fee.text("/amount").and_then(|amount| amount.parse().ok());
            let amount = amount.map(|amount| money(amount, Lang::Vi)).unwrap_or_else(dots);
            let paid = match (fee.is("/paid"), fee.text("/collect").as_deref()) {
                (Some(true), _) => "đã nộp",
                (_, Some("delivery")) => "nộp khi nhận kết quả",
                (_, Some("processing")) => "nộp khi có thông báo",
                (_, Some(_) | None) => "chưa nộp",
            };
            let reference = fee.text("/external_reference");
            let reference = reference.map(|text| format!(", biên lai {text}")).unwrap_or_default();
            format!("{name}: {amount} ({paid}{reference})")
        })
        .collect();
    let said = if fees.is_empty() { "không thu".to_owned() } else { fees.join("; ") };
    line("Phí, lệ phí", Some(said))
}
