//! What may happen to a dossier of the demonstration: who does what.

use jiff::Timestamp;
use jiff::tz::Offset;
use motcua_dossiers::command::{
    Actor, Advance, Apologise, Choose, Command, DecideItems, Deliver, DeliveryBy, DocumentInput,
    Issue, ItemDecision, ItemName, ItemRef, Recipient, RecordLookup, RecordPayment, Refuse,
    RequestSupplement, Supplement, SupplementItem,
};
use motcua_procedures::{Channel, Role};
use serde_json::json;

use super::days::Days;
use super::filing::{Filing, Kind, paper};
use super::people::{BINH_LIEU, citizen, citizen_id};

/// A turn of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Nothing happens for so many minutes of work.
    Wait(u32),
    /// The citizen files.
    Submit,
    /// The clerk accepts all documents.
    Review,
    /// The clerk rejects a document.
    Doubt,
    /// The clerk asks for a better one.
    AskSupplement,
    /// The citizen brings it.
    Supplement,
    /// The fee is paid.
    Pay,
    /// The clerk accepts the dossier.
    Accept,
    /// The clerk reports that it must be refused.
    ProposeRefusal,
    /// The head of the centre refuses it.
    Refuse,
    /// The provincial centre forwards it.
    Forward,
    /// The specialist takes it over.
    TakeOver,
    /// The specialist claims the work.
    Claim,
    /// The marital status of both is looked up and found.
    LookUp,
    /// The marital status of one is not found.
    LookUpInVain,
    /// Another commune is asked.
    AskElsewhere,
    /// The other commune answers.
    AnswerElsewhere,
    /// The specialist finds a document wanting and asks for a better one.
    AskSupplementLate,
    /// The specialist drafts the result.
    Draft,
    /// The specialist drafts a negative result.
    DraftRefusal,
    /// The citizen confirms the draft.
    Confirm,
    /// The specialist writes the register and submits for signature.
    Register,
    /// The leader sends it back.
    Rework,
    /// The leader signs.
    Sign,
    /// The records officer issues.
    Issue,
    /// The result comes to the centre.
    Complete,
    /// The tax code arrives.
    TaxCode,
    /// The result is handed over.
    Deliver,
    /// The citizen asks to withdraw.
    Withdraw,
    /// The withdrawal is granted.
    GrantWithdrawal,
    /// The citizen changes their mind.
    KeepOn,
    /// The head of division apologises with a new date.
    Apologise,
    /// The leader stops it.
    Stop,
}

/// A command and who gives it.
pub(super) struct Order {
    pub(super) actor: Actor,
    pub(super) command: Command,
}

/// What everybody needs to know to act.
pub(super) struct Scene<'a> {
    pub(super) filing: &'a Filing,
    pub(super) days: &'a Days,
    pub(super) at: Timestamp,
    /// A word that is different in each story.
    pub(super) mark: &'a str,
}

impl Scene<'_> {
    fn staff(&self, role: Role) -> Actor {
        self.filing.office.staff(role)
    }

    /// The citizen; at a counter the clerk for them.
    pub(super) fn applicant(&self) -> Actor {
        match self.filing.channel {
            Channel::Online => citizen(self.filing.citizen),
            Channel::Counter | Channel::Post => Actor {
                acting_for: Some(citizen_id(self.filing.citizen)),
                ..self.staff(Role::ReceptionClerk)
            },
        }
    }

    /// What is done in a turn, in its order.
    pub(super) fn orders(
        &self,
        turn: Turn,
        uploads: Vec<DocumentInput>,
    ) -> anyhow::Result<Vec<Order>> {
        let order = |actor, command| vec![Order { actor, command }];
        let clerk = || self.staff(Role::ReceptionClerk);
        let specialist = || self.staff(Role::Specialist);
        Ok(match turn {
            Turn::Wait(_) => Vec::new(),
            Turn::Submit => {
                order(self.applicant(), Command::Submit(Box::new(self.filing.submit(uploads))))
            }
            Turn::Review => order(clerk(), review()),
            Turn::Doubt => order(clerk(), self.doubt()),
            Turn::AskSupplement => order(clerk(), self.ask_supplement()),
            Turn::AskSupplementLate => {
                let mut orders = order(specialist(), self.doubt());
                orders.extend(order(specialist(), self.ask_supplement()));
                orders
            }
            Turn::Supplement => order(self.applicant(), self.supplement()),
            Turn::Pay => self.pay(),
            Turn::Accept => order(clerk(), Command::Accept(Choose::default())),
            Turn::ProposeRefusal => {
                order(clerk(), advance("propose_refusal", "Không thuộc phạm vi tiếp nhận.", None))
            }
            Turn::Refuse => {
                let because = choose("Thủ tục không thuộc thẩm quyền của xã; đã hướng dẫn.");
                order(self.filing.office.centre_head(), refuse(because))
            }
            Turn::Forward => order(clerk(), advance("forward", "", None)),
            Turn::Withdraw => {
                let because = choose("Gia đình chưa thống nhất, xin rút hồ sơ.");
                order(self.applicant(), Command::Withdraw(because))
            }
            Turn::GrantWithdrawal => {
                order(clerk(), Command::Stop(choose("Theo đề nghị của người nộp hồ sơ.")))
            }
            Turn::KeepOn => {
                let because = choose("Gia đình đã thống nhất, đề nghị giải quyết tiếp.");
                order(self.applicant(), Command::DeclineWithdrawal(because))
            }
            Turn::TakeOver
            | Turn::Claim
            | Turn::LookUp
            | Turn::LookUpInVain
            | Turn::AskElsewhere
            | Turn::AnswerElsewhere
            | Turn::Draft
            | Turn::DraftRefusal
            | Turn::Register => self.examination(turn),
            Turn::Confirm
            | Turn::Rework
            | Turn::Sign
            | Turn::Issue
            | Turn::Complete
            | Turn::TaxCode
            | Turn::Deliver
            | Turn::Apologise
            | Turn::Stop => self.result(turn)?,
        })
    }

    fn examination(&self, turn: Turn) -> Vec<Order> {
        let specialist = self.staff(Role::Specialist);
        let commands = match turn {
            Turn::TakeOver => vec![advance("take_over", "", None)],
            Turn::Claim => vec![Command::Claim(ItemRef { item: None })],
            Turn::LookUp => vec![look_up("D4a", true), look_up("D4b", true)],
            Turn::LookUpInVain => vec![look_up("D4a", true), look_up("D4b", false)],
            Turn::AskElsewhere => vec![ask_elsewhere()],
            Turn::AnswerElsewhere => {
                let actor = BINH_LIEU.staff(Role::Specialist);
                return vec![Order { actor, command: self.answer() }];
            }
            Turn::DraftRefusal => {
                let because = "Thông tin kê khai không khớp với cơ sở dữ liệu.";
                vec![refuse(choose(because))]
            }
            Turn::Register => vec![advance("submit_for_signature", "", None)],
            _ => vec![advance("draft_result", "", None)],
        };
        let order = |command| Order { actor: specialist.clone(), command };
        commands.into_iter().map(order).collect()
    }

    fn result(&self, turn: Turn) -> anyhow::Result<Vec<Order>> {
        let signs = match self.filing.kind {
            Kind::Birth | Kind::Marriage => Role::SigningLeader,
            Kind::Business => Role::HeadOfDivision,
        };
        let (actor, command) = match turn {
            Turn::Confirm => (citizen(self.filing.citizen), advance("confirm", "", None)),
            Turn::Rework => {
                let because = "Sai ngày sinh trong dự thảo, đề nghị sửa lại.";
                (self.staff(signs), advance("return_for_rework", because, None))
            }
            Turn::Sign => (self.staff(signs), Command::Sign(Choose::default())),
            Turn::Issue => (self.staff(Role::RecordsOfficer), self.issue()),
            Turn::TaxCode => {
                let code = json!({ "tax_code": format!("57{:08}", self.filing.citizen) });
                (self.staff(Role::RecordsOfficer), advance("record_tax_code", "", Some(code)))
            }
            Turn::Deliver => (self.staff(Role::ReturnClerk), self.deliver()),
            Turn::Apologise => {
                let due_on = self.days.after(self.at, 5)?;
                let choose = choose("Cần xác minh thêm, cơ quan xin lỗi và hẹn lại.");
                let apology = Apologise { choose, due_on, agency_at_fault: true };
                (self.staff(Role::HeadOfDivision), Command::Apologise(apology))
            }
            Turn::Stop => {
                let because = choose("Người nộp đã được giải quyết tại nơi khác.");
                (self.staff(Role::SigningLeader), Command::Stop(because))
            }
            _ => (self.staff(Role::ReturnClerk), Command::Complete(Choose::default())),
        };
        Ok(vec![Order { actor, command }])
    }

    fn doubtful(&self) -> ItemName {
        ItemName::Document(self.filing.kind.doubtful().into())
    }

    fn doubt(&self) -> Command {
        let reason = Some("Bản nộp mờ, không đọc được.".into());
        let decision = ItemDecision { item: self.doubtful(), accepted: false, reason };
        Command::DecideItems(DecideItems { decisions: vec![decision], accept_rest: true })
    }

    fn ask_supplement(&self) -> Command {
        let content = "Bản nộp mờ, không đọc được; đề nghị nộp lại bản rõ.".into();
        let items = vec![SupplementItem { item: self.doubtful(), content }];
        Command::RequestSupplement(RequestSupplement { choose: Choose::default(), items })
    }

    fn supplement(&self) -> Command {
        let documents = vec![paper(self.filing.kind.doubtful())];
        Command::Supplement(Supplement { form: json!({}), documents })
    }

    fn pay(&self) -> Vec<Order> {
        let fee = self.filing.kind.fee(self.filing.channel);
        let pay = |(fee, amount): (&str, u64)| Order {
            actor: self.staff(Role::Cashier),
            command: Command::RecordPayment(RecordPayment {
                fee: fee.into(),
                amount,
                external_reference: format!("BL-{}", self.mark),
            }),
        };
        fee.map(pay).into_iter().collect()
    }

    fn answer(&self) -> Command {
        let data = json!({ "bride": "single", "note": "Chưa đăng ký kết hôn với ai." });
        advance("answer", "", Some(data))
    }

    fn issue(&self) -> Command {
        Command::Issue(Issue {
            choose: Choose::default(),
            number: format!("{}/2026", self.filing.citizen + 100),
            issued_on: Offset::constant(7).to_datetime(self.at).date(),
            document: None,
        })
    }

    fn deliver(&self) -> Command {
        let recipient = |n| Recipient {
            id: citizen_id(self.filing.citizen + n),
            identity_checked: true,
            authorised: false,
        };
        let scanned = self.filing.channel == Channel::Online && self.filing.kind == Kind::Birth;
        Command::Deliver(Deliver {
            choose: Choose::default(),
            by: DeliveryBy::Counter,
            recipients: (0..self.filing.kind.owners()).map(recipient).collect(),
            originals_checked: if scanned { vec!["D2".into()] } else { Vec::new() },
        })
    }
}

fn review() -> Command {
    Command::DecideItems(DecideItems { decisions: Vec::new(), accept_rest: true })
}

fn choose(reason: &str) -> Choose {
    Choose { reason: Some(reason.into()), ..Choose::default() }
}

fn advance(action: &str, reason: &str, data: Option<serde_json::Value>) -> Command {
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    let choose = Choose { action: Some(action.into()), item: None, reason };
    Command::Advance(Advance {
        choose,
        unit: None,
        units: Vec::new(),
        data,
        draft: None,
        documents: Vec::new(),
    })
}

fn refuse(choose: Choose) -> Command {
    Command::Refuse(Refuse { choose, draft: None })
}

fn ask_elsewhere() -> Command {
    let reason = Some("Xác minh tại nơi cư trú trước đây.".into());
    let choose = Choose { action: Some("request_verification".into()), item: None, reason };
    let unit = Some(BINH_LIEU.agency.into());
    Command::Advance(Advance {
        choose,
        unit,
        units: Vec::new(),
        data: None,
        draft: None,
        documents: Vec::new(),
    })
}

fn look_up(requirement: &str, found: bool) -> Command {
    Command::RecordLookup(RecordLookup {
        requirement: requirement.into(),
        registry: "civil_status".into(),
        found,
        answer: Some(if found { "Chưa đăng ký kết hôn." } else { "Không có dữ liệu." }.into()),
    })
}
