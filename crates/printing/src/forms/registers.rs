//! Form 06, the control slip of a dossier, and form 07, the log book of a centre.

use super::Layout;
use super::data::{Data, people, request, table};
use super::receipt::documents;

/// Form 06: one row for each hand-over.
pub(super) fn control_slip(data: &Data<'_>) -> Layout {
    let mut body = request(data) + &people(data);
    body += "<p class=\"lead\">Giấy tờ kèm theo:</p>";
    body += &documents(data);
    body += "<p class=\"lead\">Quá trình giao, nhận:</p>";
    let rows = data.list("/hand_overs").enumerate().map(|(i, row)| {
        let hand = |at: &str| {
            let unit = row.name(&format!("{at}/unit/name"));
            let unit = unit.or_else(|| row.text(&format!("{at}/unit/id")));
            let person = row.text(&format!("{at}/person"));
            unit.into_iter().chain(person).collect::<Vec<_>>().join(" – ")
        };
        let result = match row.text("/result").as_deref() {
            Some("early") => "trước hạn".to_owned(),
            Some("on_time") => "đúng hạn".to_owned(),
            Some("late") => "quá hạn".to_owned(),
            Some(other) => other.to_owned(),
            None => "–".to_owned(),
        };
        let act = row.name("/note").or_else(|| row.text("/act").map(|act| kind(&act).to_owned()));
        let entered = row.name("/entered/name").map(|name| format!("→ {name}"));
        let note = act.into_iter().chain(entered).collect::<Vec<_>>().join(" ");
        vec![
            (i + 1).to_string(),
            hand("/giving"),
            hand("/receiving"),
            row.moment("/at").unwrap_or_default(),
            result,
            note,
            String::new(),
            String::new(),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings = [
        (5, "STT"),
        (18, "Bên giao"),
        (18, "Bên nhận"),
        (13, "Giờ, phút, ngày"),
        (9, "Kết quả"),
        (19, "Ghi chú"),
        (9, "Bên giao ký"),
        (9, "Bên nhận ký"),
    ];
    body += &table(&headings, &rows, &[0, 4]);
    Layout {
        title: "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ",
        subtitle: "Lập từ nhật ký của hồ sơ".to_owned(),
        aside: String::new(),
        body,
        signatures: Vec::new(),
        landscape: true,
    }
}

/// Acts that follow no action of the procedure.
fn kind(act: &str) -> &str {
    match act {
        "submit" => "Nộp hồ sơ",
        "assign" => "Phân công",
        "claim" => "Nhận việc",
        "hand_over" => "Bàn giao",
        "release" => "Trả lại việc",
        other => other,
    }
}

/// Form 07: one row for each dossier.
pub(super) fn log_book(data: &Data<'_>) -> Layout {
    let rows = data.list("/rows").map(|row| {
        let owner = ["/owner/full_name", "/owner/address", "/owner/phone"];
        let owner: Vec<String> = owner.iter().filter_map(|at| row.text(at)).collect();
        let delivered_by = match row.text("/delivered_by").as_deref() {
            Some("counter") => "trực tiếp".to_owned(),
            Some("post") => "bưu chính".to_owned(),
            Some("electronic") => "điện tử".to_owned(),
            Some(other) => other.to_owned(),
            None => String::new(),
        };
        let area = match row.text("/area").as_deref() {
            Some("mountain") => "miền núi".to_owned(),
            Some("border") => "biên giới".to_owned(),
            Some("island") => "hải đảo".to_owned(),
            Some("ordinary") | None => String::new(),
            Some(other) => other.to_owned(),
        };
        vec![
            row.text("/number").unwrap_or_default(),
            row.text("/dossier_code").unwrap_or_default(),
            row.name("/content").unwrap_or_default(),
            row.text("/sets").unwrap_or_default(),
            owner.join(", "),
            row.moment("/received_at").unwrap_or_default(),
            row.date("/due_on").unwrap_or_default(),
            row.moment("/delivered_at").unwrap_or_default(),
            delivered_by,
            row.text("/giver").unwrap_or_default(),
            row.text("/recipients").unwrap_or_default(),
            String::new(),
            area,
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    let headings = [
        (4, "STT"),
        (11, "Mã hồ sơ"),
        (11, "Nội dung"),
        (4, "Số bộ"),
        (14, "Chủ hồ sơ, địa chỉ, điện thoại"),
        (8, "Ngày nhận"),
        (8, "Ngày hẹn trả"),
        (8, "Ngày trả kết quả"),
        (6, "Cách trả"),
        (7, "Người giao"),
        (7, "Người nhận"),
        (5, "Ký nhận"),
        (7, "Địa bàn, ghi chú"),
    ];
    let period = ["/from", "/to"].map(|at| data.date(at).unwrap_or_default());
    Layout {
        title: "SỔ THEO DÕI HỒ SƠ",
        subtitle: format!("Từ ngày {} đến ngày {}", period[0], period[1]),
        aside: String::new(),
        body: table(&headings, &rows, &[0, 3]),
        signatures: vec![("NGƯỜI LẬP SỔ", "Ký và ghi rõ họ tên", String::new())],
        landscape: true,
    }
}
