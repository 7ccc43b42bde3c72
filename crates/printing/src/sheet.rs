//! The procedure sheet: what a citizen, an official and a lawyer read about a procedure.

use motcua_deadlines::{Lang, Limit, Regime};
use motcua_procedures::{
    Action, Amount, ClockFrom, ClockRule, ClockStart, Definition, DocumentRequirement, Fee,
    FurtherClock, Guard, LimitRule, PauseGround, Procedure, Side, Step, StepKind, Tariff, Window,
};

use crate::condition::{in_words, number_in_words};
use crate::markup::{columns, document, element};
use crate::words::{
    channel, clock, clock_start, code, collect, document_kind, hand_in, level, limit, money,
    other_cases, pick, role, status, unit_ref, word,
};

const CSS: &str = include_str!("css/sheet.css");

/// The sheet as a document to print.
pub(crate) fn html(procedure: &Procedure, lang: Lang) -> String {
    let sheet = Sheet { definition: procedure.definition(), lang };
    let title = pick(&sheet.definition.name, lang);
    let digest = &procedure.reference().digest;
    let body = [
        element("h1", title),
        sheet.key_facts(),
        sheet.windows(),
        sheet.documents(),
        sheet.fees(),
        sheet.limits(),
        sheet.results(),
        sheet.steps(),
        sheet.grounds(),
        element("footer", &format!("SHA-256 {digest} · {}", crate::LAYOUT)),
    ];
    document(code(lang), title, CSS, &body.join("\n"))
}

struct Sheet<'a> {
    definition: &'a Definition,
    lang: Lang,
}

impl Sheet<'_> {
    fn say<'t>(&self, vi: &'t str, en: &'t str) -> &'t str {
        word(self.lang, vi, en)
    }

    fn when(&self, guard: Option<&Guard>) -> String {
        match guard {
            Some(guard) => in_words(guard, self.definition, self.lang),
            None => self.say("Mọi trường hợp", "Always").to_owned(),
        }
    }

    /// When one of several rules applies, of which the first whose condition holds does: the last
    /// has none, and stands for what those above it leave.
    fn rule_when(&self, guard: Option<&Guard>, rules: usize) -> String {
        match guard {
            None if rules > 1 => other_cases(self.lang).to_owned(),
            _ => self.when(guard),
        }
    }

    /// Number of a legal ground in the list at the end of the sheet.
    fn ground(&self, id: &str) -> String {
        let place = self.definition.grounds.keys().position(|known| known == id);
        place.map(|place| format!("[{}]", place + 1)).unwrap_or_default()
    }

    fn section(&self, title: &str, headings: &[(u32, &str)], rows: Vec<Vec<String>>) -> String {
        let mut out = element("h2", title);
        if rows.is_empty() {
            return out + &element("p", self.say("Không có.", "None."));
        }
        let widths: Vec<u32> = headings.iter().map(|(width, _)| *width).collect();
        out += &format!("<table>{}<thead><tr>", columns(&widths));
        for (_, heading) in headings {
            out += &element("th", heading);
        }
        out += "</tr></thead><tbody>\n";
        for row in rows {
            let cells: String = row.iter().map(|cell| element("td", cell)).collect();
            out += &format!("<tr>{cells}</tr>\n");
        }
        out + "</tbody></table>"
    }

    fn key_facts(&self) -> String {
        let definition = self.definition;
        let channels: Vec<&str> =
            definition.channels.iter().map(|way| channel(*way, self.lang)).collect();
        let variants: Vec<String> = definition
            .variants
            .iter()
            .map(|variant| {
                let name = pick(&variant.name, self.lang);
                match &variant.when {
                    Some(_) => format!("{name} ({})", self.when(variant.when.as_ref())),
                    None => name.to_owned(),
                }
            })
            .collect();
        let facts = [
            (self.say("Mã thủ tục", "Code"), definition.code.clone()),
            (
                self.say("Phiên bản", "Version"),
                format!(
                    "{} ({} {})",
                    definition.version,
                    self.say("áp dụng từ", "in force from"),
                    definition.effective_from.strftime("%d/%m/%Y")
                ),
            ),
            (self.say("Lĩnh vực", "Field"), pick(&definition.field, self.lang).to_owned()),
            (
                self.say("Cấp giải quyết", "Level of the deciding agency"),
                level(definition.level, self.lang).to_owned(),
            ),
            (self.say("Đối tượng thực hiện", "Who may file"), self.parties()),
            (self.say("Cách thực hiện", "Ways of filing"), channels.join("; ")),
            (self.say("Trường hợp", "Cases"), variants.join("; ")),
        ];
        let rows: String = facts
            .iter()
            .map(|(name, value)| {
                format!("<tr>{}{}</tr>", element("th", name), element("td", value))
            })
            .collect();
        format!("<table class=\"key\"><tbody>{rows}</tbody></table>")
    }

    fn parties(&self) -> String {
        let parties = self.definition.parties;
        let owners = match (parties.owners_min, parties.owners_max) {
            (min, max) if min == max => min.to_string(),
            (min, max) => format!("{min}–{max}"),
        };
        let proxy = match parties.proxy {
            true => self.say("được ủy quyền cho người khác nộp", "an authorised person may act"),
            false => self.say("không được ủy quyền", "nobody may act for them"),
        };
        format!("{owners} {}; {proxy}", self.say("chủ hồ sơ", "owner(s)"))
    }

    fn windows(&self) -> String {
        if self.definition.windows.is_empty() {
            return String::new();
        }
        let rows = self.definition.windows.iter().map(|window| {
            let when = self.when(window.when.as_ref());
            vec![self.window(window), when, self.ground(&window.ground)]
        });
        let headings = [
            (45, self.say("Khoảng thời gian", "Window")),
            (30, self.say("Áp dụng khi", "When")),
            (9, self.say("Căn cứ", "Ground")),
        ];
        self.section(self.say("Thời gian nộp", "When to file"), &headings, rows.collect())
    }

    fn window(&self, window: &Window) -> String {
        let schema = self.definition.form.schema();
        let property = &schema["properties"][&window.field];
        let title = property[word(self.lang, "title", "x-en")].as_str().unwrap_or(&window.field);
        let side = match window.side {
            Side::Before => self.say("trước", "before"),
            Side::After => self.say("sau", "after"),
        };
        let bound = |words: &str, limit_of: &Option<motcua_deadlines::Limit>| {
            limit_of.as_ref().map(|one| format!("{words} {}", limit(one, self.lang)))
        };
        let bounds = [
            bound(self.say("ít nhất", "at least"), &window.at_least),
            bound(self.say("nhiều nhất", "at most"), &window.at_most),
        ];
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        format!("{} {side} “{title}”", bounds.join(", "))
    }

    fn documents(&self) -> String {
        let row = |document: &DocumentRequirement| {
            let mut name = format!("{}: {}", document.id, pick(&document.name, self.lang));
            if let Some(validity) = &document.validity {
                let within = self.say("có giá trị", "valid for");
                name += &format!(" ({within} {})", limit(&validity.valid_for, self.lang));
            }
            if document.original_at_delivery {
                name += self.say(
                    " (bản quét: đối chiếu bản chính khi nhận kết quả)",
                    " (a scan: the original is checked on delivery)",
                );
            }
            if let Some(phase) = &document.phase {
                let from = self.say("nộp từ giai đoạn", "from the phase");
                name += &format!(" ({from} “{}”)", self.phase(phase));
            }
            if let Some(source) = &document.data_source {
                let instead = self.say("miễn nộp nếu tra cứu được", "not asked for when found in");
                name += &format!(" ({instead}: {source})");
            }
            vec![
                name,
                format!(
                    "{}; {}",
                    document_kind(document.kind, self.lang),
                    hand_in(document.hand_in, self.lang)
                ),
                document.originals.to_string(),
                document.copies.to_string(),
                self.when(document.when.as_ref()),
                self.ground(&document.ground),
            ]
        };
        let headings = [
            (30, self.say("Giấy tờ", "Document")),
            (15, self.say("Loại, cách nộp", "Kind, how")),
            (10, self.say("Bản chính", "Originals")),
            (9, self.say("Bản sao", "Copies")),
            (26, self.say("Khi nào", "When")),
            (9, self.say("Căn cứ", "Ground")),
        ];
        let rows = self.definition.documents.iter().map(row).collect();
        self.section(self.say("Thành phần hồ sơ", "Documents"), &headings, rows)
    }

    fn phase(&self, id: &str) -> &str {
        let phase = self.definition.phases.iter().find(|phase| phase.id == id);
        phase.map_or("", |phase| pick(&phase.name, self.lang))
    }

    fn fees(&self) -> String {
        let row = |fee: &Fee| {
            let refund = match fee.refundable {
                true => self.say("hoàn lại nếu bị từ chối hoặc rút hồ sơ", "given back on refusal"),
                false => self.say("không hoàn lại", "not given back"),
            };
            vec![
                pick(&fee.name, self.lang).to_owned(),
                self.amount(&fee.amount),
                self.when(fee.when.as_ref()),
                format!("{}; {refund}", collect(fee.collect, self.lang)),
                self.ground(&fee.ground),
            ]
        };
        let headings = [
            (25, self.say("Khoản thu", "Fee")),
            (22, self.say("Mức thu", "Amount")),
            (26, self.say("Khi nào", "When")),
            (16, self.say("Thu", "Collected")),
            (9, self.say("Căn cứ", "Ground")),
        ];
        let rows = self.definition.fees.iter().map(row).collect();
        self.section(self.say("Phí, lệ phí", "Fees"), &headings, rows)
    }

    fn amount(&self, amount: &Amount) -> String {
        match amount {
            Amount::Fixed(amount) => money(*amount, self.lang),
            Amount::Assessed => {
                self.say("theo thông báo của cơ quan", "as the agency assesses").to_owned()
            }
            Amount::Tariff(tariff) => self.tariff(tariff),
        }
    }

    fn tariff(&self, tariff: &Tariff) -> String {
        let mut from = 1;
        let mut parts = Vec::new();
        for bracket in &tariff.brackets {
            let price = money(bracket.each, self.lang);
            let each = self.say("mỗi đơn vị", "each");
            parts.push(match bracket.up_to {
                Some(up_to) => format!("{from}–{up_to}: {price} {each}"),
                None => format!("{} {from}: {price} {each}", self.say("từ", "from")),
            });
            from = bracket.up_to.map_or(from, |up_to| up_to.saturating_add(1));
        }
        if let Some(most) = tariff.at_most {
            parts.push(format!("{} {}", self.say("tối đa", "at most"), money(most, self.lang)));
        }
        let words = |text: &str| number_in_words(text, self.definition, self.lang);
        let quantity = words(tariff.quantity.text());
        let quantity = format!("{} {quantity}", self.say("số lượng:", "quantity:"));
        let times = tariff.times.as_ref().map(|times| format!("× {}", words(times.text())));
        parts.into_iter().chain([quantity]).chain(times).collect::<Vec<_>>().join("; ")
    }

    fn limits(&self) -> String {
        let mut rows: Vec<Vec<String>> = Vec::new();
        let main = self.say("Giải quyết", "The whole");
        let limits = &self.definition.limits;
        rows.extend(
            limits.iter().map(|rule| {
                self.limit(main, clock_start(rule.start, self.lang), rule, limits.len())
            }),
        );
        for phase in &self.definition.phases {
            let (name, limits) = (pick(&phase.name, self.lang), &phase.limits);
            let start = self.phase_start(&phase.id);
            rows.extend(limits.iter().map(|rule| self.limit(name, &start, rule, limits.len())));
        }
        for clock in &self.definition.clocks {
            rows.extend(clock.rules.iter().map(|rule| self.further_limit(clock, rule)));
        }
        let headings = [
            (17, self.say("Việc", "What")),
            (27, self.say("Thời hạn", "Limit")),
            (26, self.say("Khi nào", "When")),
            (19, self.say("Sau khi tạm dừng", "After a pause")),
            (9, self.say("Căn cứ", "Ground")),
        ];
        self.section(self.say("Thời hạn giải quyết", "Time limits"), &headings, rows)
    }

    fn limit(&self, name: &str, start: &str, rule: &LimitRule, rules: usize) -> Vec<String> {
        let mut length = limit(&rule.statutory, self.lang);
        let mut grounds = self.ground(&rule.statutory_ground);
        if let Some(committed) = &rule.committed {
            let promised = self.say("cam kết", "committed");
            length += &format!(" ({promised}: {})", limit(committed, self.lang));
        }
        if let Some(ground) = &rule.committed_ground {
            grounds += &self.ground(ground);
        }
        length += &format!(", {start}");
        let resume = rule.resume.iter().map(|(on, regime)| {
            format!("{}: {}", self.pause(*on), self.goes_on(regime, &rule.statutory))
        });
        let resume = resume.collect::<Vec<_>>().join("; ");
        let when = self.rule_when(rule.when.as_ref(), rules);
        vec![name.to_owned(), length, when, resume, grounds]
    }

    fn further_limit(&self, clock: &FurtherClock, rule: &ClockRule) -> Vec<String> {
        let (length, resume) = match &rule.limit {
            None => (self.say("không quy định", "none set").to_owned(), String::new()),
            Some(one) => {
                let start = match &clock.from {
                    ClockFrom::Submitted => {
                        clock_start(ClockStart::Submitted, self.lang).to_owned()
                    }
                    ClockFrom::Entered(steps) => format!(
                        "{} {}",
                        self.say("kể từ mỗi lần vào", "each time from entering"),
                        self.named_steps(steps)
                    ),
                };
                let resume = clock.resume.as_ref().map(|regime| {
                    let paused = self.named_steps(&clock.pause_in);
                    format!("{paused}: {}", self.goes_on(regime, one))
                });
                let never = || self.say("không tạm dừng", "never pauses").to_owned();
                (format!("{}, {start}", limit(one, self.lang)), resume.unwrap_or_else(never))
            }
        };
        vec![
            pick(&clock.name, self.lang).to_owned(),
            length,
            self.rule_when(rule.when.as_ref(), clock.rules.len()),
            resume,
            self.ground(&rule.ground),
        ]
    }

    /// `bước 3 “Thẩm định”`, one or several.
    fn named_steps(&self, ids: &[String]) -> String {
        let steps = self.definition.steps.iter().enumerate();
        let steps = steps.filter(|(_, step)| ids.contains(&step.id)).map(|(i, step)| {
            let name = pick(&step.name, self.lang);
            format!("{} {} “{name}”", self.say("bước", "step"), i + 1)
        });
        steps.collect::<Vec<_>>().join(self.say(" hoặc ", " or "))
    }

    /// The acts that begin a phase, from which its limits count.
    fn phase_start(&self, phase: &str) -> String {
        let mut acts: Vec<String> = Vec::new();
        for (i, step) in self.definition.steps.iter().enumerate() {
            let begins = |action: &&Action| action.begins.as_deref() == Some(phase);
            acts.extend(step.actions.iter().filter(begins).map(|action| {
                let name = pick(&action.name, self.lang);
                format!("“{name}” ({} {})", self.say("bước", "step"), i + 1)
            }));
        }
        let acts = acts.join(self.say(" hoặc ", " or "));
        format!("{} {acts}", self.say("kể từ thao tác", "from the act"))
    }

    fn pause(&self, on: PauseGround) -> &'static str {
        let (vi, en) = match on {
            PauseGround::Supplement => ("bổ sung", "supplement"),
            PauseGround::Payment => ("nộp tiền", "payment"),
            PauseGround::Withdrawal => ("xin rút", "withdrawal"),
            PauseGround::Verification => ("xác minh", "verification"),
            PauseGround::Applicant => ("chờ người nộp", "applicant"),
        };
        word(self.lang, vi, en)
    }

    /// How a limit goes on after a pause.
    fn goes_on(&self, regime: &Regime, of: &Limit) -> String {
        match regime {
            Regime::ResumeRemaining => self.say("tính tiếp", "what is left goes on").to_owned(),
            Regime::RestartFull => self.say("tính lại từ đầu", "counted anew").to_owned(),
            Regime::FixedAfter { amount } => {
                let rest = limit(&Limit::new(of.unit, *amount), self.lang);
                format!("{} {rest}", self.say("còn", "then"))
            }
        }
    }

    fn results(&self) -> String {
        let rows = self.definition.results.iter().map(|result| {
            let kind = match result.positive {
                true => self.say("Đồng ý", "Positive"),
                false => self.say("Từ chối", "Negative"),
            };
            let code = result.code.clone().unwrap_or_default();
            vec![pick(&result.name, self.lang).to_owned(), kind.to_owned(), code]
        });
        let headings = [
            (60, self.say("Kết quả", "Result")),
            (15, self.say("Loại", "Kind")),
            (25, self.say("Mã kết quả", "Code")),
        ];
        self.section(self.say("Kết quả thực hiện", "Results"), &headings, rows.collect())
    }

    fn steps(&self) -> String {
        let row = |(i, step): (usize, &Step)| {
            let indent = if step.within.is_some() { "– " } else { "" };
            let who = match step.kind {
                StepKind::Final => String::new(),
                StepKind::Task
                | StepKind::Applicant
                | StepKind::Supplement
                | StepKind::Withdrawal => {
                    format!("{}, {}", role(step.role, self.lang), unit_ref(step.unit, self.lang))
                }
            };
            let time = step.time.as_ref().map(|time| limit(time, self.lang));
            let code = u8::from(step.status);
            vec![
                (i + 1).to_string(),
                format!("{indent}{}", pick(&step.name, self.lang)),
                who,
                time.unwrap_or_default(),
                clock(&step.clock, self.lang),
                format!("{code} – {}", status(step.status, self.lang)),
            ]
        };
        let headings = [
            (7, self.say("Bước", "Step")),
            (26, self.say("Nội dung", "Work")),
            (21, self.say("Người thực hiện", "By whom")),
            (14, self.say("Thời gian", "Time")),
            (16, self.say("Thời hạn chung", "Clock")),
            (16, self.say("Trạng thái", "Status")),
        ];
        let rows = self.definition.steps.iter().enumerate().map(row).collect();
        self.section(self.say("Các bước giải quyết", "Steps"), &headings, rows)
    }

    fn grounds(&self) -> String {
        let items: String = self
            .definition
            .grounds
            .values()
            .enumerate()
            .map(|(i, ground)| element("p", &format!("[{}] {}", i + 1, pick(ground, self.lang))))
            .collect();
        let title = element("h2", self.say("Căn cứ pháp lý", "Legal grounds"));
        if items.is_empty() { String::new() } else { title + &items }
    }
}
