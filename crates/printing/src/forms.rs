//! Forms 01 to 07 as pages of A4 in the layout of Vietnamese official letters.
//!
//! A page is made from the data of its form alone (see `GetForm`), so a reprint is the same page
//! with a mark. What the data does not have (because it was erased, for instance) is a dotted line
//! to be filled in by hand.

mod data;
mod notices;
mod receipt;
mod registers;

use qrcode::QrCode;
use qrcode::render::svg;
use serde_json::Value;

use crate::markup::{LAYOUT, document, element, escape};
use data::Data;

/// A form with what is printed around its data.
#[derive(Clone, Copy, Debug)]
pub struct FormPage<'a> {
    /// Number of the form, 1 to 7.
    pub number: u8,
    /// Serial number of this form.
    pub serial: &'a str,
    /// Version of the data's layout.
    pub template: &'a str,
    /// SHA-256 of the data, lower-case hex.
    pub sha256: &'a str,
    /// It was issued before.
    pub reprint: bool,
    /// Evidence line of the event that caused it, printed as a QR code on form 01.
    pub evidence: Option<&'a str>,
    /// The data.
    pub data: &'a Value,
}

/// The page of a form, or none for a number that no form has.
pub fn form_page(form: &FormPage<'_>) -> Option<String> {
    let data = Data::new(form.data);
    let layout = match form.number {
        1 => receipt::receipt(&data, form.evidence.and_then(qr_code)),
        2 => notices::supplement_request(&data),
        3 => notices::refusal(&data),
        4 => notices::apology(&data),
        5 => notices::stop_notice(&data),
        6 => registers::control_slip(&data),
        7 => registers::log_book(&data),
        _ => return None,
    };
    Some(page(form, &data, &layout))
}

/// What differs from form to form.
struct Layout {
    title: &'static str,
    /// Below the title, in brackets or italics.
    subtitle: String,
    /// Beside the number, such as the QR code: markup.
    aside: String,
    /// Everything between title and signatures: markup.
    body: String,
    /// Captions and names of those who sign, left to right.
    signatures: Vec<(&'static str, &'static str, String)>,
    landscape: bool,
}

const CSS: &str = include_str!("css/forms.css");

fn page(form: &FormPage<'_>, data: &Data<'_>, layout: &Layout) -> String {
    let wide = if layout.landscape { " class=\"wide\"" } else { "" };
    let css = match layout.landscape {
        true => CSS.replacen("size: A4;", "size: A4 landscape;", 1),
        false => CSS.to_owned(),
    };
    let mut body = format!("<main{wide}>");
    let mark = if form.reprint { "<span class=\"reprint\">BẢN IN LẠI</span>" } else { "" };
    body += &format!("<p class=\"form\">{mark}Mẫu số {:02}</p>", form.number);
    body += &head(form, data);
    body += &layout.aside;
    body += &element("h1", layout.title);
    body += &format!("<p class=\"sub\">{}</p>", escape(&layout.subtitle));
    body += &layout.body;
    body += "<div class=\"signs\">";
    for (caption, hint, name) in &layout.signatures {
        body += &format!(
            "<div><b>{caption}</b><i>({hint})</i><p class=\"name\">{}</p></div>",
            escape(name)
        );
    }
    body += "</div>";
    let reprint = if form.reprint { " · bản in lại, cùng dữ liệu" } else { "" };
    body += &element(
        "footer",
        &format!(
            "Mẫu {:02} · số {} · {} · {LAYOUT} · SHA-256 dữ liệu {}{reprint}",
            form.number, form.serial, form.template, form.sha256
        ),
    );
    body += "</main>";
    document("vi", &format!("{} {}", layout.title, form.serial), &css, &body)
}

/// Agency at the left, nation and motto at the right, place and date below.
fn head(form: &FormPage<'_>, data: &Data<'_>) -> String {
    let unit = data.name("/place_and_date/unit/name");
    let unit = unit.or_else(|| data.name("/unit/name"));
    let mut head = format!(
        "<div class=\"top\"><div class=\"unit\">{}<small>Số: {}</small></div>\
         <div class=\"nation\">CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM<br/>\
         <span>Độc lập - Tự do - Hạnh phúc</span></div></div>",
        escape(&unit.clone().unwrap_or_else(data::dots)),
        escape(form.serial)
    );
    if let Some(date) = data.long_date("/place_and_date/date") {
        let place = unit.map(|unit| format!("{unit}, ")).unwrap_or_default();
        head += &format!("<p class=\"place\">{}</p>", escape(&format!("{place}{date}")));
    }
    head
}

/// The code as a picture; none for a text that no code can hold.
fn qr_code(text: &str) -> Option<String> {
    let code = QrCode::new(text.as_bytes()).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(120, 120).build();
    let start = picture.find("<svg")?;
    Some(picture[start..].to_owned())
}
