//! Labels and table heads in Vietnamese; the code names them in English.

use crate::output::Lang;

/// English and Vietnamese.
const LABELS: &[(&str, &str)] = &[
    ("state", "trạng thái"),
    ("since", "từ"),
    ("last act", "việc cuối"),
    ("filed", "nộp"),
    ("law", "luật định"),
    ("appointment", "ngày hẹn"),
    ("paused on", "tạm dừng"),
    ("phase", "giai đoạn"),
    ("limit", "thời hạn"),
    ("work", "công việc"),
    ("branch", "nhánh"),
    ("fee", "phí"),
    ("document", "giấy tờ"),
    ("asked for", "yêu cầu"),
    ("outcome", "kết luận"),
    ("signed", "ký"),
    ("result", "kết quả"),
    ("completed", "xử lý xong"),
    ("delivered", "trả kết quả"),
    ("person", "người"),
    ("form", "tờ khai"),
    ("may do", "được làm"),
    ("version", "phiên bản"),
    ("evidence", "bằng chứng"),
    ("secret", "mã tra cứu"),
    ("id", "mã"),
    ("DOSSIER", "HỒ SƠ"),
    ("PROCEDURE", "THỦ TỤC"),
    ("STATE", "BƯỚC"),
    ("STEP", "BƯỚC"),
    ("STATUS", "TRẠNG THÁI"),
    ("HOLDER", "NGƯỜI GIỮ"),
    ("DUE", "HẠN"),
    ("VERSION", "PHIÊN BẢN"),
    ("UNIT", "ĐƠN VỊ"),
    ("KIND", "LOẠI"),
    ("CODE", "MÃ"),
    ("AREA", "VÙNG"),
    ("NAME", "TÊN"),
    ("ADDRESS", "ĐỊA CHỈ"),
    ("DRAFT", "BẢN NHÁP"),
    ("REVISION", "LẦN SỬA"),
    ("SAVED", "LƯU LÚC"),
    ("EXPIRES", "HẾT HẠN"),
    ("BYTES", "BYTE"),
    ("FIELD", "LĨNH VỰC"),
    ("SINCE", "TỪ"),
    ("EVENT", "SỰ KIỆN"),
    ("AT", "LÚC"),
    ("ACT", "VIỆC"),
    ("FROM", "TỪ"),
    ("TO", "ĐẾN"),
    ("BY", "NGƯỜI"),
    ("AS", "VAI TRÒ"),
    ("HASH", "MÃ BĂM"),
    ("SETTING", "THIẾT LẬP"),
    ("VALUE", "GIÁ TRỊ"),
    ("MEANING", "Ý NGHĨA"),
    ("CHECK", "KIỂM TRA"),
    ("FOUND", "KẾT QUẢ"),
    ("ok", "đạt"),
    ("dossier", "hồ sơ"),
    ("step", "bước"),
    ("due", "hạn"),
    ("next, or what stands in the way", "bước tiếp, hoặc điều cản trở"),
    ("late", "trễ hạn"),
    ("closed", "đã đóng"),
    ("paused", "tạm dừng"),
    ("stopped", "đã dừng"),
    ("provisional", "tạm tính"),
    ("unclaimed", "chưa ai nhận"),
    ("unpaid", "chưa nộp"),
    ("open", "đang mở"),
    ("cut short", "bị cắt ngang"),
    ("not handed in", "chưa nộp"),
    ("presented", "đã xuất trình"),
    ("accepted", "chấp nhận"),
    ("rejected", "không chấp nhận"),
    ("has it", "có"),
    ("has it not", "không có"),
    ("not received yet", "chưa tiếp nhận"),
    ("sound", "đạt"),
    ("not sound", "không đạt"),
    ("error", "lỗi"),
    ("warning", "cảnh báo"),
    ("always", "luôn luôn"),
    ("required", "bắt buộc"),
    ("optional", "không bắt buộc"),
    ("variant", "trường hợp"),
    ("field", "ô"),
    ("register", "tra cứu"),
    ("branches", "nhánh"),
    ("channels", "kênh nộp"),
    ("owners", "chủ hồ sơ"),
    ("digest", "mã băm"),
    ("equal", "khớp"),
    ("differs", "khác"),
    ("error:", "lỗi:"),
    ("nothing that you may see fits", "không có hồ sơ nào phù hợp mà bạn được xem"),
];

/// The label in a language. What has no translation stays English.
pub(crate) fn label(english: &'static str, lang: Lang) -> &'static str {
    match lang {
        Lang::En => english,
        Lang::Vi => {
            let known = LABELS.iter().find(|(en, _)| *en == english);
            known.map_or(english, |(_, vi)| vi)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_in_the_readers_language() {
        assert_eq!(label("DUE", Lang::Vi), "HẠN");
        assert_eq!(label("DUE", Lang::En), "DUE");
        assert_eq!(label("of no list", Lang::Vi), "of no list");
    }

    #[test]
    fn no_label_is_listed_twice() {
        let mut english: Vec<&str> = LABELS.iter().map(|(en, _)| *en).collect();
        english.sort_unstable();
        assert!(english.windows(2).all(|pair| pair[0] != pair[1]), "{english:?}");
    }
}
