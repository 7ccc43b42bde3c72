//! The closed lists of the domain: national statuses, roles, lawful acts.

use serde::{Deserialize, Serialize};

/// National status codes 1 to 10 (`docs/rules.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub enum Status {
    /// 1, mới đăng ký.
    Submitted = 1,
    /// 2, được tiếp nhận.
    Received = 2,
    /// 3, không được tiếp nhận.
    NotAccepted = 3,
    /// 4, đang xử lý.
    Processing = 4,
    /// 5, yêu cầu bổ sung giấy tờ.
    SupplementRequired = 5,
    /// 6, yêu cầu thực hiện nghĩa vụ tài chính.
    PaymentRequired = 6,
    /// 7, công dân yêu cầu rút hồ sơ.
    WithdrawalRequested = 7,
    /// 8, dừng xử lý.
    Stopped = 8,
    /// 9, đã xử lý xong.
    Completed = 9,
    /// 10, đã trả kết quả.
    Delivered = 10,
}

/// The code is not one of the national statuses 1 to 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no national status: use 1 to 10")]
pub struct UnknownStatus(pub u8);

impl TryFrom<u8> for Status {
    type Error = UnknownStatus;

    fn try_from(code: u8) -> Result<Self, UnknownStatus> {
        Ok(match code {
            1 => Self::Submitted,
            2 => Self::Received,
            3 => Self::NotAccepted,
            4 => Self::Processing,
            5 => Self::SupplementRequired,
            6 => Self::PaymentRequired,
            7 => Self::WithdrawalRequested,
            8 => Self::Stopped,
            9 => Self::Completed,
            10 => Self::Delivered,
            other => return Err(UnknownStatus(other)),
        })
    }
}

impl From<Status> for u8 {
    fn from(status: Status) -> u8 {
        status as u8
    }
}

/// Who may act, as tokens and definitions name it (`docs/procedures.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A party of the dossier: submitter, owner or authorised person.
    Applicant,
    /// Cán bộ tiếp nhận.
    ReceptionClerk,
    /// Cán bộ thu phí.
    Cashier,
    /// Chuyên viên.
    Specialist,
    /// Lãnh đạo phòng.
    HeadOfDivision,
    /// Lãnh đạo cơ quan.
    SigningLeader,
    /// Văn thư.
    RecordsOfficer,
    /// Cán bộ trả kết quả.
    ReturnClerk,
    /// Bưu chính công ích.
    PostalAgent,
    /// Cơ quan được lấy ý kiến.
    ConsultedAgency,
    /// Thành viên hội đồng.
    CouncilMember,
    /// Lưu trữ.
    Archivist,
    /// Thanh tra, kiểm soát TTHC.
    Auditor,
    /// Quản trị.
    Administrator,
    /// The centre's front end (a program).
    FrontEnd,
    /// Timers and other acts of the engine itself.
    System,
}

impl Role {
    /// Every role, in the order of `docs/procedures.md`.
    pub const ALL: [Role; 16] = [
        Self::Applicant,
        Self::ReceptionClerk,
        Self::Cashier,
        Self::Specialist,
        Self::HeadOfDivision,
        Self::SigningLeader,
        Self::RecordsOfficer,
        Self::ReturnClerk,
        Self::PostalAgent,
        Self::ConsultedAgency,
        Self::CouncilMember,
        Self::Archivist,
        Self::Auditor,
        Self::Administrator,
        Self::FrontEnd,
        Self::System,
    ];

    /// Name in tokens, definitions, events and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applicant => "applicant",
            Self::ReceptionClerk => "reception_clerk",
            Self::Cashier => "cashier",
            Self::Specialist => "specialist",
            Self::HeadOfDivision => "head_of_division",
            Self::SigningLeader => "signing_leader",
            Self::RecordsOfficer => "records_officer",
            Self::ReturnClerk => "return_clerk",
            Self::PostalAgent => "postal_agent",
            Self::ConsultedAgency => "consulted_agency",
            Self::CouncilMember => "council_member",
            Self::Archivist => "archivist",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::FrontEnd => "front_end",
            Self::System => "system",
        }
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

/// The lawful acts that an action can be; one RPC each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Acceptance with form 01.
    Accept,
    /// Formal admission of a complaint or denunciation (thụ lý).
    Admit,
    /// Demand for a supplement with form 02.
    RequestSupplement,
    /// The applicant supplements.
    Supplement,
    /// Refusal to accept (form 03), or a negative result after reception (L5).
    Refuse,
    /// An act that the procedure defines itself.
    Advance,
    /// Signature.
    Sign,
    /// Number, date, seal.
    Issue,
    /// Processing has ended (9).
    Complete,
    /// The result is handed over (10).
    Deliver,
    /// The owner asks to withdraw.
    Withdraw,
    /// The agency declines a withdrawal, or the owner takes it back.
    DeclineWithdrawal,
    /// Apology with a new date, form 04.
    Apologise,
    /// Extension of the limit by decision (T30).
    Extend,
    /// The case turns out to be another variant (L9).
    ChangeVariant,
    /// Processing is stopped, form 05.
    Stop,
    /// Done by the system when a timeout ran out.
    Lapse,
    /// Done by the system as soon as its condition holds.
    Proceed,
}

impl Act {
    /// Every act; those of the system last.
    pub const ALL: [Act; 18] = [
        Self::Accept,
        Self::Admit,
        Self::RequestSupplement,
        Self::Supplement,
        Self::Refuse,
        Self::Advance,
        Self::Sign,
        Self::Issue,
        Self::Complete,
        Self::Deliver,
        Self::Withdraw,
        Self::DeclineWithdrawal,
        Self::Apologise,
        Self::Extend,
        Self::ChangeVariant,
        Self::Stop,
        Self::Lapse,
        Self::Proceed,
    ];

    /// Name in definitions, event kinds and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Admit => "admit",
            Self::RequestSupplement => "request_supplement",
            Self::Supplement => "supplement",
            Self::Refuse => "refuse",
            Self::Advance => "advance",
            Self::Sign => "sign",
            Self::Issue => "issue",
            Self::Complete => "complete",
            Self::Deliver => "deliver",
            Self::Withdraw => "withdraw",
            Self::DeclineWithdrawal => "decline_withdrawal",
            Self::Apologise => "apologise",
            Self::Extend => "extend",
            Self::ChangeVariant => "change_variant",
            Self::Stop => "stop",
            Self::Lapse => "lapse",
            Self::Proceed => "proceed",
        }
    }

    /// The act of that name.
    pub fn from_name(name: &str) -> Option<Act> {
        Self::ALL.into_iter().find(|act| act.as_str() == name)
    }

    /// Whether the system does it by itself and nobody else may.
    pub fn is_automatic(self) -> bool {
        matches!(self, Self::Lapse | Self::Proceed)
    }
}
