//! Forms 02 to 05: what an office writes to whoever filed.

use motcua_deadlines::Lang;

use super::Layout;
use super::data::{Data, dots, line, people, request, signer, table};
use super::receipt::{copies, count, documents};
use crate::markup::escape;
use crate::words::money;

const SIGN: &str = "Ký và ghi rõ họ tên";

/// Form 02, supplement request.
pub(super) fn supplement_request(data: &Data<'_>) -> Layout {
    let mut body = people(data) + &request(data);
    body += "<p class=\"lead\">Để có đủ cơ sở giải quyết, đề nghị hoàn thiện hồ sơ gồm những nội \
             dung sau:</p>";
    let rows = data.list("/items").enumerate().map(|(i, item)| {
        let name = item.name("/name").or_else(|| item.text("/item"));
        vec![
            (i + 1).to_string(),
            name.unwrap_or_default(),
            item.text("/content").unwrap_or_else(dots),
            count(&item, "/originals"),
            copies(&item),
        ]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    body += &table(
        &[
            (8, "STT"),
            (30, "Giấy tờ, thông tin"),
            (38, "Nội dung cần bổ sung, hoàn thiện"),
            (10, "Bản chính"),
            (14, "Bản sao"),
        ],
        &rows,
        &[0, 3, 4],
    );
    if let Some(reason) = data.text("/reason") {
        body += &line("Lý do", Some(reason));
    }
    body += &line("Phải bổ sung", data.before("/answer_before"));
    body += &line("Khi cần hướng dẫn thêm, liên hệ", contact(data, "/contact"));
    Layout {
        title: "PHIẾU YÊU CẦU BỔ SUNG, HOÀN THIỆN HỒ SƠ",
        subtitle: String::new(),
        aside: String::new(),
        body,
        signatures: vec![("NGƯỜI HƯỚNG DẪN", SIGN, signer(data))],
        landscape: false,
    }
}

/// Form 03, refusal to accept.
pub(super) fn refusal(data: &Data<'_>) -> Layout {
    let mut body = people(data) + &request(data);
    body += &line("Cơ quan giải quyết", data.name("/agency/name"));
    body += "<p class=\"lead\">Hồ sơ không được tiếp nhận giải quyết. Lý do cụ thể:</p>";
    body += &paragraph(data.text("/reason"));
    body += "<p class=\"lead\">Xem quy định tại:</p><ul>";
    for rule in data.list("/rules").filter_map(|rule| rule.name("")) {
        body += &format!("<li>{}</li>", escape(&rule));
    }
    body += "</ul>";
    let submitter = data.text("/submitter/full_name").unwrap_or_default();
    Layout {
        title: "PHIẾU TỪ CHỐI TIẾP NHẬN GIẢI QUYẾT HỒ SƠ",
        subtitle: String::new(),
        aside: String::new(),
        body,
        signatures: vec![
            ("NGƯỜI NỘP HỒ SƠ", SIGN, submitter),
            ("NGƯỜI TIẾP NHẬN HỒ SƠ", SIGN, signer(data)),
        ],
        landscape: false,
    }
}

/// Form 04, apology and new appointment.
pub(super) fn apology(data: &Data<'_>) -> Layout {
    let mut body = people(data) + &request(data);
    body += &line("Thời gian nhận hồ sơ", data.moment("/received_at"));
    body += &line("Thời gian hẹn trả kết quả đã ghi", data.date("/original_due_on"));
    body += "<p class=\"lead\">Đến nay hồ sơ chưa giải quyết xong. Cơ quan xin lỗi ông/bà về sự \
             chậm trễ này.</p>";
    body += &line("Lý do", data.text("/reason"));
    let fault = data.is("/agency_at_fault").map(|at_fault| match at_fault {
        true => "do cơ quan giải quyết".to_owned(),
        false => "không do cơ quan giải quyết".to_owned(),
    });
    body += &line("Nguyên nhân chậm trễ", fault);
    let due = escape(&data.long_date("/new_due_on").unwrap_or_else(dots));
    body += &format!("<p><b>Hẹn lại thời gian trả kết quả: {due}</b></p>");
    Layout {
        title: "PHIẾU XIN LỖI VÀ HẸN LẠI NGÀY TRẢ KẾT QUẢ",
        subtitle: String::new(),
        aside: String::new(),
        body,
        signatures: vec![("THỦ TRƯỞNG CƠ QUAN", "Ký, ghi rõ họ tên và đóng dấu", signer(data))],
        landscape: false,
    }
}

/// Form 05, notice of stopping.
pub(super) fn stop_notice(data: &Data<'_>) -> Layout {
    let mut body = people(data) + &request(data);
    body += "<p class=\"lead\">Cơ quan thông báo dừng giải quyết hồ sơ nêu trên.</p>";
    body += &line("Căn cứ", data.name("/ground"));
    body += &line("Lý do", data.text("/reason"));
    let stage = data.name("/stage_name").or_else(|| data.text("/stage_reached"));
    body += &line("Hồ sơ đã giải quyết đến bước", stage);
    let money: Vec<String> = data
        .list("/money")
        .map(|one| {
            let amount = one.text("/amount").and_then(|amount| amount.parse().ok());
            let amount = amount.map(|amount| money(amount, Lang::Vi)).unwrap_or_else(dots);
            let to_return = match one.is("/to_return") {
                Some(true) => "sẽ được hoàn lại",
                Some(false) | None => "không hoàn lại",
            };
            format!("{amount} ({to_return})")
        })
        .collect();
    let money = if money.is_empty() { "không có".to_owned() } else { money.join("; ") };
    body += &line("Phí, lệ phí đã nộp", Some(money));
    match data.list("/documents").next() {
        Some(_) => {
            body += "<p class=\"lead\">Giấy tờ cần trả lại:</p>";
            body += &documents(data);
        }
        None => body += &line("Giấy tờ cần trả lại", Some("không có".to_owned())),
    }
    Layout {
        title: "THÔNG BÁO DỪNG GIẢI QUYẾT HỒ SƠ",
        subtitle: String::new(),
        aside: String::new(),
        body,
        signatures: vec![("ĐẠI DIỆN CƠ QUAN", "Ký, ghi rõ họ tên và đóng dấu", signer(data))],
        landscape: false,
    }
}

fn contact(data: &Data<'_>, at: &str) -> Option<String> {
    let name = data.name(&format!("{at}/name"))?;
    let parts = [("điện thoại", "phone"), ("địa chỉ", "address")];
    let known = parts.iter().filter_map(|(label, member)| {
        Some(format!("{label} {}", data.text(&format!("{at}/{member}"))?))
    });
    Some([name].into_iter().chain(known).collect::<Vec<_>>().join(", "))
}

fn paragraph(text: Option<String>) -> String {
    format!("<p>{}</p>", escape(&text.unwrap_or_else(dots)))
}
