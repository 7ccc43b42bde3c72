//! Names of the closed lists, in the words of the law and of the glossary.

use motcua_deadlines::{Lang, Limit, Unit};
use motcua_procedures::{
    Channel, ClockEffect, ClockStart, Collect, DocumentKind, HandIn, Level, PauseGround, Role,
    Status, Text, UnitRef,
};

/// A text in the reader's language.
pub(crate) fn pick(text: &Text, lang: Lang) -> &str {
    word(lang, &text.vi, &text.en)
}

/// One of two words.
pub(crate) fn word<'a>(lang: Lang, vi: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

/// `lang` attribute.
pub(crate) fn code(lang: Lang) -> &'static str {
    word(lang, "vi", "en")
}

/// Name of a national status, as on the forms.
pub fn status(status: Status, lang: Lang) -> &'static str {
    let (vi, en) = match status {
        Status::Submitted => ("Mới đăng ký", "Submitted"),
        Status::Received => ("Được tiếp nhận", "Received"),
        Status::NotAccepted => ("Không được tiếp nhận", "Not accepted"),
        Status::Processing => ("Đang xử lý", "Processing"),
        Status::SupplementRequired => ("Yêu cầu bổ sung giấy tờ", "Supplement required"),
        Status::PaymentRequired => ("Yêu cầu nghĩa vụ tài chính", "Payment required"),
        Status::WithdrawalRequested => ("Công dân yêu cầu rút hồ sơ", "Withdrawal requested"),
        Status::Stopped => ("Dừng xử lý", "Stopped"),
        Status::Completed => ("Đã xử lý xong", "Completed"),
        Status::Delivered => ("Đã trả kết quả", "Delivered"),
    };
    word(lang, vi, en)
}

pub(crate) fn role(role: Role, lang: Lang) -> &'static str {
    let (vi, en) = match role {
        Role::Applicant => ("Người nộp hồ sơ", "Applicant"),
        Role::ReceptionClerk => ("Cán bộ tiếp nhận", "Reception clerk"),
        Role::Cashier => ("Cán bộ thu phí", "Cashier"),
        Role::Specialist => ("Chuyên viên", "Specialist"),
        Role::HeadOfDivision => ("Lãnh đạo phòng", "Head of division"),
        Role::SigningLeader => ("Lãnh đạo cơ quan", "Signing leader"),
        Role::RecordsOfficer => ("Văn thư", "Records officer"),
        Role::ReturnClerk => ("Cán bộ trả kết quả", "Return clerk"),
        Role::PostalAgent => ("Bưu chính công ích", "Postal agent"),
        Role::ConsultedAgency => ("Cơ quan được lấy ý kiến", "Consulted agency"),
        Role::CouncilMember => ("Thành viên hội đồng", "Council member"),
        Role::Archivist => ("Lưu trữ", "Archivist"),
        Role::Auditor => ("Thanh tra, kiểm soát thủ tục", "Auditor"),
        Role::Administrator => ("Quản trị", "Administrator"),
        Role::FrontEnd => ("Cổng dịch vụ", "Front end"),
        Role::System => ("Hệ thống", "System"),
    };
    word(lang, vi, en)
}

pub(crate) fn unit_ref(unit: UnitRef, lang: Lang) -> &'static str {
    let (vi, en) = match unit {
        UnitRef::Receiving => ("nơi tiếp nhận", "receiving centre"),
        UnitRef::Competent => ("cơ quan giải quyết", "competent agency"),
        UnitRef::Chosen => ("đơn vị được chọn", "chosen unit"),
        UnitRef::Branch => ("đơn vị của nhánh", "unit of the branch"),
    };
    word(lang, vi, en)
}

fn pause(ground: PauseGround, lang: Lang) -> &'static str {
    let (vi, en) = match ground {
        PauseGround::Supplement => ("chờ bổ sung", "supplement awaited"),
        PauseGround::Payment => ("chờ nộp tiền", "payment awaited"),
        PauseGround::Withdrawal => ("xem xét rút hồ sơ", "withdrawal considered"),
        PauseGround::Verification => ("xác minh không tính thời hạn", "verification not counted"),
        PauseGround::Applicant => ("chờ người nộp", "applicant awaited"),
    };
    word(lang, vi, en)
}

/// What a step does to the clock, in words.
pub(crate) fn clock(effect: &ClockEffect, lang: Lang) -> String {
    let said = match effect {
        ClockEffect::NotStarted => word(lang, "Chưa tính thời hạn", "Clock not started"),
        ClockEffect::Runs => word(lang, "Đang tính thời hạn", "Clock runs"),
        ClockEffect::Stopped => word(lang, "Hết tính thời hạn", "Clock stopped"),
        ClockEffect::Paused { on, .. } => {
            let paused = word(lang, "Tạm dừng thời hạn", "Clock paused");
            return format!("{paused}: {}", pause(*on, lang));
        }
    };
    said.to_owned()
}

/// An amount of time; a same-day limit says until when.
/// A limit, as the law writes it.
pub fn limit(limit: &Limit, lang: Lang) -> String {
    let amount = limit.amount;
    let (vi, one, many) = match limit.unit {
        Unit::WorkingDay => ("ngày làm việc", "working day", "working days"),
        Unit::CalendarDay => ("ngày", "calendar day", "calendar days"),
        Unit::WorkingHour => ("giờ làm việc", "working hour", "working hours"),
        Unit::Month => ("tháng", "month", "months"),
        Unit::SameDay => {
            let cutoff = limit.cutoff.unwrap_or(motcua_deadlines::CUTOFF_DEFAULT);
            let until = cutoff.strftime("%H:%M");
            return match lang {
                Lang::Vi => format!("trong ngày (nhận sau {until}: ngày làm việc tiếp theo)"),
                Lang::En => format!("the same day (received after {until}: next working day)"),
            };
        }
    };
    let unit = word(lang, vi, if amount == 1 { one } else { many });
    format!("{amount} {unit}")
}

pub(crate) fn channel(channel: Channel, lang: Lang) -> &'static str {
    let (vi, en) = match channel {
        Channel::Counter => ("Nộp trực tiếp", "At the counter"),
        Channel::Online => ("Nộp trực tuyến", "Online"),
        Channel::Post => ("Qua bưu chính công ích", "By public post"),
    };
    word(lang, vi, en)
}

pub(crate) fn level(level: Level, lang: Lang) -> &'static str {
    let (vi, en) = match level {
        Level::Commune => ("Cấp xã", "Commune"),
        Level::Province => ("Cấp tỉnh", "Province"),
        Level::Ministry => ("Cấp bộ", "Ministry"),
    };
    word(lang, vi, en)
}

pub(crate) fn document_kind(kind: DocumentKind, lang: Lang) -> &'static str {
    let (vi, en) = match kind {
        DocumentKind::Original => ("Bản chính", "Original"),
        DocumentKind::Copy => ("Bản sao", "Copy"),
        DocumentKind::CertifiedCopy => ("Bản sao chứng thực", "Certified copy"),
        DocumentKind::Electronic => ("Bản điện tử", "Electronic"),
    };
    word(lang, vi, en)
}

pub(crate) fn hand_in(hand_in: HandIn, lang: Lang) -> &'static str {
    let (vi, en) = match hand_in {
        HandIn::Submit => ("Nộp", "Submit"),
        HandIn::Present => ("Xuất trình, nhận lại", "Show, gets it back"),
        HandIn::LookUp => ("Cơ quan tự tra cứu", "Looked up by the office"),
    };
    word(lang, vi, en)
}

pub(crate) fn collect(collect: Collect, lang: Lang) -> &'static str {
    let (vi, en) = match collect {
        Collect::Reception => ("khi nộp hồ sơ", "at reception"),
        Collect::Processing => ("trong quá trình giải quyết", "while it is processed"),
        Collect::Delivery => ("khi nhận kết quả", "on delivery"),
    };
    word(lang, vi, en)
}

pub(crate) fn clock_start(start: ClockStart, lang: Lang) -> &'static str {
    let (vi, en) = match start {
        ClockStart::Accept => ("kể từ ngày nhận đủ hồ sơ hợp lệ", "from acceptance"),
        ClockStart::Admit => ("kể từ ngày thụ lý", "from admission"),
        ClockStart::Submitted => ("kể từ khi nộp", "from submission"),
    };
    word(lang, vi, en)
}

/// When the last of several rules applies.
pub(crate) fn other_cases(lang: Lang) -> &'static str {
    word(lang, "Các trường hợp còn lại", "All other cases")
}

/// An amount of money: `1.234.567 đồng`, `1,234,567 VND`.
pub(crate) fn money(amount: u64, lang: Lang) -> String {
    let digits = amount.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 5);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push_str(word(lang, ".", ","));
        }
        text.push(digit);
    }
    text + word(lang, " đồng", " VND")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped_as_each_language_does() {
        assert_eq!(money(1_234_567, Lang::Vi), "1.234.567 đồng");
        assert_eq!(money(500, Lang::En), "500 VND");
    }

    #[test]
    fn limits_read_as_the_law_writes_them() {
        assert_eq!(limit(&Limit::new(Unit::WorkingDay, 3), Lang::Vi), "3 ngày làm việc");
        assert_eq!(limit(&Limit::new(Unit::WorkingHour, 1), Lang::En), "1 working hour");
        let same_day = Limit::new(Unit::SameDay, 1);
        assert!(limit(&same_day, Lang::Vi).contains("15:00"));
    }
}
