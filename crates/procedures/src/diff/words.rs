//! Values in a reader's words, Vietnamese and English.

use jiff::civil::Date;
use motcua_deadlines::{Limit, Regime, Unit};
use serde_json::Value;

use crate::definition::{
    Act, Channel, ClockEffect, ClockFrom, ClockStart, Collect, DocumentKind, HandIn, Kind, Level,
    NumberAt, PauseGround, Role, Side, Status, StepKind, Text, UnitRef,
};

/// Longest JSON text that is shown whole, characters.
const JSON_CHARS_MAX: usize = 200;

/// A value that can be said.
pub(super) trait Said: Sized {
    /// The value alone.
    fn said(&self) -> Text;

    /// Both sides of a change; shorter where they share a word.
    fn change(before: &Self, after: &Self) -> (Text, Text) {
        (before.said(), after.said())
    }
}

/// A text in both languages.
pub(super) fn both(vi: impl Into<String>, en: impl Into<String>) -> Text {
    Text { vi: vi.into(), en: en.into() }
}

/// Values with commas between them; none where there is no value.
pub(super) fn listed(values: impl Iterator<Item = Text>) -> Option<Text> {
    values.reduce(|a, b| both(format!("{}, {}", a.vi, b.vi), format!("{}, {}", a.en, b.en)))
}

/// Texts one after the other, those that are there.
pub(super) fn joined(parts: impl IntoIterator<Item = Text>) -> Text {
    let parts = parts.into_iter().filter(|part| !part.vi.is_empty());
    listed(parts).unwrap_or_else(|| both("", ""))
}

/// An amount of money.
pub(super) fn money(amount: u64) -> Text {
    both(format!("{} đồng", grouped(amount, '.')), format!("{} đồng", grouped(amount, ',')))
}

fn grouped(number: u64, mark: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(mark);
        }
        text.push(digit);
    }
    text
}

impl Said for String {
    fn said(&self) -> Text {
        both(self.as_str(), self.as_str())
    }
}

impl Said for u32 {
    fn said(&self) -> Text {
        self.to_string().said()
    }
}

impl Said for u64 {
    fn said(&self) -> Text {
        both(grouped(*self, '.'), grouped(*self, ','))
    }
}

impl Said for u8 {
    fn said(&self) -> Text {
        self.to_string().said()
    }
}

impl Said for Date {
    fn said(&self) -> Text {
        both(self.strftime("%d/%m/%Y").to_string(), self.to_string())
    }
}

impl<T: Said> Said for Option<T> {
    fn said(&self) -> Text {
        self.as_ref().map_or_else(|| both("không có", "none"), Said::said)
    }

    fn change(before: &Self, after: &Self) -> (Text, Text) {
        match (before, after) {
            (Some(before), Some(after)) => T::change(before, after),
            (None, _) | (_, None) => (before.said(), after.said()),
        }
    }
}

impl Said for Limit {
    fn said(&self) -> Text {
        let Limit { unit, amount, cutoff } = self;
        let (vi, en) = unit_words(*unit);
        let plural = if *amount == 1 { "" } else { "s" };
        match (unit, cutoff) {
            (Unit::SameDay, None) => both(vi, en),
            (Unit::SameDay, Some(cutoff)) => {
                let cutoff = cutoff.strftime("%H:%M:%S");
                both(format!("{vi} (nhận trước {cutoff})"), format!("{en} (received by {cutoff})"))
            }
            (Unit::WorkingDay | Unit::CalendarDay | Unit::WorkingHour | Unit::Month, _) => {
                both(format!("{amount} {vi}"), format!("{amount} {en}{plural}"))
            }
        }
    }

    fn change(before: &Self, after: &Self) -> (Text, Text) {
        let same_day = before.unit == Unit::SameDay;
        let from = match before.unit == after.unit && !same_day {
            true => before.amount.said(),
            false => before.said(),
        };
        (from, after.said())
    }
}

fn unit_words(unit: Unit) -> (&'static str, &'static str) {
    match unit {
        Unit::WorkingDay => ("ngày làm việc", "working day"),
        Unit::CalendarDay => ("ngày", "calendar day"),
        Unit::WorkingHour => ("giờ làm việc", "working hour"),
        Unit::SameDay => ("trong ngày", "the same day"),
        Unit::Month => ("tháng", "month"),
    }
}

impl Said for Regime {
    fn said(&self) -> Text {
        match self {
            Self::ResumeRemaining => both("tính tiếp phần còn lại", "what is left goes on"),
            Self::RestartFull => both("tính lại từ đầu", "the whole limit starts again"),
            Self::FixedAfter { amount } => both(
                format!("{amount} đơn vị thời hạn kể từ khi tiếp tục"),
                format!("{amount} units of the limit from then on"),
            ),
        }
    }
}

impl Said for ClockEffect {
    fn said(&self) -> Text {
        match self {
            Self::NotStarted => both("chưa tính", "not started"),
            Self::Runs => both("đang tính", "runs"),
            Self::Paused { on, ground } => {
                let on = on.said();
                both(
                    format!("tạm dừng: {} (căn cứ {ground})", on.vi),
                    format!("paused: {} (ground {ground})", on.en),
                )
            }
            Self::Stopped => both("đã dừng hẳn", "stopped"),
        }
    }
}

impl Said for ClockFrom {
    fn said(&self) -> Text {
        match self {
            Self::Submitted => both("khi nộp", "submission"),
            Self::Entered(steps) => {
                let mut steps = steps.clone();
                steps.sort();
                let steps = steps.join(", ");
                both(format!("khi vào bước {steps}"), format!("entering {steps}"))
            }
        }
    }
}

impl Said for Status {
    fn said(&self) -> Text {
        let (vi, en) = match self {
            Self::Submitted => ("mới đăng ký", "submitted"),
            Self::Received => ("được tiếp nhận", "received"),
            Self::NotAccepted => ("không được tiếp nhận", "not accepted"),
            Self::Processing => ("đang xử lý", "processing"),
            Self::SupplementRequired => ("yêu cầu bổ sung", "supplement required"),
            Self::PaymentRequired => ("yêu cầu nghĩa vụ tài chính", "payment required"),
            Self::WithdrawalRequested => ("yêu cầu rút hồ sơ", "withdrawal requested"),
            Self::Stopped => ("dừng xử lý", "stopped"),
            Self::Completed => ("đã xử lý xong", "completed"),
            Self::Delivered => ("đã trả kết quả", "delivered"),
        };
        let code = u8::from(*self);
        both(format!("{code} ({vi})"), format!("{code} ({en})"))
    }
}

impl Said for Value {
    fn said(&self) -> Text {
        let text = match self {
            Self::String(text) => format!("“{text}”"),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => {
                let text = self.to_string();
                match text.chars().count() > JSON_CHARS_MAX {
                    true => text.chars().take(JSON_CHARS_MAX).chain(['…']).collect(),
                    false => text,
                }
            }
        };
        both(text.as_str(), text.as_str())
    }
}

/// Words for the variants of an enumeration without data.
macro_rules! said {
    ($kind:ident { $($variant:ident => $vi:literal, $en:literal;)* }) => {
        impl Said for $kind {
            fn said(&self) -> Text {
                match self {
                    $(Self::$variant => both($vi, $en),)*
                }
            }
        }
    };
}

said!(Kind {
    Procedure => "thủ tục hành chính", "procedure";
    Petition => "đơn thư", "petition";
    Feedback => "phản ánh, kiến nghị", "feedback";
});
said!(Level {
    Commune => "cấp xã", "commune";
    Province => "cấp tỉnh", "province";
    Ministry => "cấp bộ", "ministry";
});
said!(Channel {
    Counter => "trực tiếp", "at the counter";
    Online => "trực tuyến", "online";
    Post => "bưu chính", "by post";
});
said!(NumberAt {
    Accept => "tiếp nhận", "acceptance";
    Submit => "nộp", "submission";
});
said!(DocumentKind {
    Original => "bản chính", "original";
    Copy => "bản sao", "copy";
    CertifiedCopy => "bản chứng thực", "certified copy";
    Electronic => "bản điện tử", "electronic";
});
said!(HandIn {
    Submit => "nộp", "handed in";
    Present => "xuất trình", "shown and given back";
    LookUp => "cơ quan tự tra cứu", "looked up by the office";
});
said!(Collect {
    Reception => "khi tiếp nhận", "at reception";
    Processing => "khi giải quyết", "while processed";
    Delivery => "khi trả kết quả", "at delivery";
});
said!(Side {
    Before => "trước", "before";
    After => "sau", "after";
});
said!(ClockStart {
    Accept => "tiếp nhận", "acceptance";
    Admit => "thụ lý", "admission";
    Submitted => "nộp", "submission";
});
said!(PauseGround {
    Supplement => "chờ bổ sung", "supplement";
    Payment => "chờ nghĩa vụ tài chính", "payment";
    Withdrawal => "xem xét rút hồ sơ", "withdrawal";
    Verification => "chờ xác minh", "verification";
    Applicant => "chờ người nộp", "applicant";
});
said!(StepKind {
    Task => "công việc", "task";
    Applicant => "chờ người nộp trả lời", "the applicant answers";
    Supplement => "chờ bổ sung", "supplement awaited";
    Withdrawal => "xem xét rút hồ sơ", "withdrawal";
    Final => "kết thúc", "end";
});
said!(UnitRef {
    Receiving => "nơi tiếp nhận", "the receiving centre";
    Competent => "cơ quan giải quyết", "the competent agency";
    Chosen => "đơn vị được chọn", "the chosen unit";
    Branch => "đơn vị của nhánh", "the unit of the branch";
});
said!(Role {
    Applicant => "người nộp", "applicant";
    ReceptionClerk => "cán bộ tiếp nhận", "reception clerk";
    Cashier => "cán bộ thu phí", "cashier";
    Specialist => "chuyên viên", "specialist";
    HeadOfDivision => "lãnh đạo phòng", "head of division";
    SigningLeader => "lãnh đạo cơ quan", "signing leader";
    RecordsOfficer => "văn thư", "records officer";
    ReturnClerk => "cán bộ trả kết quả", "return clerk";
    PostalAgent => "bưu chính công ích", "postal agent";
    ConsultedAgency => "cơ quan được lấy ý kiến", "consulted agency";
    CouncilMember => "thành viên hội đồng", "council member";
    Archivist => "lưu trữ", "archivist";
    Auditor => "thanh tra", "auditor";
    Administrator => "quản trị", "administrator";
    FrontEnd => "cổng nộp hồ sơ", "front end";
    System => "hệ thống", "the system";
});
said!(Act {
    Accept => "tiếp nhận", "acceptance";
    Admit => "thụ lý", "admission";
    RequestSupplement => "yêu cầu bổ sung", "demand for a supplement";
    Supplement => "bổ sung", "supplement";
    Refuse => "từ chối", "refusal";
    Advance => "xử lý nội bộ", "an act of the procedure's own";
    Sign => "ký", "signature";
    Issue => "ban hành", "issue";
    Complete => "hoàn thành", "completion";
    Deliver => "trả kết quả", "delivery";
    Withdraw => "xin rút hồ sơ", "withdrawal";
    DeclineWithdrawal => "không cho rút hồ sơ", "withdrawal declined";
    Apologise => "xin lỗi và hẹn lại", "apology";
    Extend => "gia hạn", "extension";
    ChangeVariant => "đổi trường hợp", "change of variant";
    Stop => "dừng giải quyết", "stop";
    Lapse => "hết hạn", "lapse";
    Proceed => "tự động chuyển tiếp", "the system goes on";
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_grouped_as_each_language_does() {
        let text = money(1_234_000);
        assert_eq!((text.vi.as_str(), text.en.as_str()), ("1.234.000 đồng", "1,234,000 đồng"));
    }

    #[test]
    fn a_unit_that_stays_is_said_once() {
        let (five, three) = (Limit::new(Unit::WorkingDay, 5), Limit::new(Unit::WorkingDay, 3));
        let (from, to) = Limit::change(&five, &three);
        assert_eq!((from.en.as_str(), to.en.as_str()), ("5", "3 working days"));
        let (from, _) = Limit::change(&Limit::new(Unit::Month, 1), &three);
        assert_eq!((from.vi.as_str(), from.en.as_str()), ("1 tháng", "1 month"));
    }
}
