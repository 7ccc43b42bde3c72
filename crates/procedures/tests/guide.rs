//! The worked example of the authors' guide, followed to the letter: what it says `check` finds is found,
//! and what comes out is the example that it names.

use motcua_procedures::{Template, Text, check, diff, parse};

const GUIDE: &str = include_str!("../../../docs/authors-guide.md");
const EXAMPLE: &str = include_str!("../../../docs/examples/certified-copy.yaml");

/// The file on the author's desk.
struct Desk(String);

impl Desk {
    /// Puts a part of the guide in the place of the part of that name.
    fn put(&mut self, block: &str) {
        let key = block.split(':').next().expect("a key");
        let at = format!("\n{key}:");
        let begin = self.0.find(&at).unwrap_or_else(|| panic!("no part {key}")) + 1;
        let rest = &self.0[begin..];
        let is_inside = |line: &str| line.starts_with([' ', '\t']);
        let length: usize = rest
            .split_inclusive('\n')
            .enumerate()
            .take_while(|(number, line)| *number == 0 || is_inside(line))
            .map(|(_, line)| line.len())
            .sum();
        self.0.replace_range(begin..begin + length, block);
    }

    /// What `check` says, as it is printed.
    fn findings(&self) -> String {
        let findings = check(self.0.as_bytes()).findings;
        let said = findings.iter().map(|f| {
            let severity = serde_json::to_value(f.severity).expect("a word");
            let severity = severity.as_str().unwrap_or_default().to_owned();
            let (line, code, path) = (f.line, f.code, &f.path);
            format!(
                "certified-copy.yaml:{line}: {severity} {code} at {path}\n    {} {}\n",
                f.message, f.remedy
            )
        });
        said.collect()
    }

    /// The time of a step.
    fn allot(&mut self, step: &str, hours: u32) {
        let begin = self.0.find(&format!("  - id: {step}\n")).expect("the step");
        let at = begin + self.0[begin..].find("    time: ").expect("its time");
        let end = at + self.0[at..].find('\n').expect("a line");
        let time = format!("    time: {{ amount: {hours}, unit: working_hour }}");
        self.0.replace_range(at..end, &time);
    }
}

/// The blocks of a language between two headings of the guide.
fn blocks(language: &str, from: &str, to: &str) -> Vec<&'static str> {
    let (_, section) = GUIDE.split_once(from).expect("the heading");
    let (section, _) = section.split_once(to).expect("the next heading");
    let fence = format!("```{language}\n");
    let blocks = section.split(&fence).skip(1).collect::<Vec<_>>();
    blocks.into_iter().map(|block| block.split("```").next().expect("a part")).collect()
}

/// The first two lines of what the guide prints: the finding; behind it stands the way there.
fn printed(block: &str) -> String {
    block.split_inclusive('\n').take(2).collect()
}

#[test]
fn whoever_follows_the_worked_example_sees_what_is_printed_and_ends_with_the_example() {
    let name = Text {
        vi: "Chứng thực bản sao từ bản chính".into(),
        en: "Certified copy from an original".into(),
    };
    let mut desk = Desk(Template::Simple.fill("2.000815", &name));
    assert_eq!(desk.findings(), "", "the file is sound as it is");
    let between = |language, from, to| blocks(language, from, to).into_iter();
    between("yaml", "### 1. Begin", "### 2. Put").for_each(|block| desk.put(block));
    between("yaml", "### 2. Put", "### 3. Cases").for_each(|block| desk.put(block));
    let said = desk.findings();
    let last = blocks("text", "### 2. Put", "### 3. Cases");
    assert!(said.ends_with(&printed(last[0])), "{said}");
    between("yaml", "### 3. Cases", "### 5. The process").for_each(|block| desk.put(block));
    desk.0 = desk.0.replace("ground: law", "ground: nd-23-2015");
    let said = desk.findings();
    let second = blocks("text", "### 5. The process", "### 6. Publish");
    assert!(said.ends_with(&printed(second[0])), "{said}");
    for (step, hours) in [("handover", 1), ("examination", 3), ("signature", 2), ("issuing", 1)] {
        desk.allot(step, hours);
    }
    assert_eq!(desk.findings(), "", "now it is sound");
    let (mine, example) = (parse(desk.0.as_bytes()), parse(EXAMPLE.as_bytes()));
    let changes = diff(&mine.expect("sound"), &example.expect("sound"));
    assert_eq!(changes, [], "nothing else was needed");
}

/// What an author may write in the template, and the mistake that the guide's table calls it.
const MISTAKES: [(&str, &str, &str); 18] = [
    ("WRONG_TYPE", "procedure: \"2.000815\"", "procedure: 2.000815"),
    ("UNKNOWN_VALUE", "amount: 5, unit: working_day", "amount: 5, unit: day"),
    ("UNKNOWN_STEP", "        to: handover\n", "        to: handovr\n"),
    ("STEP_UNREACHABLE", "act: sign, to: issuing", "act: sign, to: issued"),
    ("NO_WAY_TO_END", "act: deliver, to: delivered", "to: completed"),
    ("STEP_TIMES_EXCEED_LIMIT", "amount: 20, unit: working_hour", "amount: 40, unit: working_hour"),
    (
        "TIMEOUT_MISSING",
        "    timeout: { after: { amount: 30, unit: calendar_day }, action: lapse, \
         remind_days_before: 3, ground: one-stop }\n",
        "",
    ),
    ("RESUME_MISSING", "      supplement: restart_full\n", ""),
    (
        "RESUME_UNIT",
        "statutory: { amount: 5, unit: working_day, ground: law }",
        "statutory: { unit: same_day, cutoff: \"15:00\", ground: law }",
    ),
    (
        "CLOCK_SEQUENCE",
        "    clock: not_started\n    role: applicant",
        "    clock: { paused: supplement, ground: one-stop }\n    role: applicant",
    ),
    ("ROUNDS_UNBOUNDED", "        rounds_max: 1\n", ""),
    ("ACT_REASON", "        form: 3\n        reason: true\n", "        form: 3\n"),
    (
        "ACT_STATUS",
        "        reason: true\n        to: not_accepted",
        "        reason: true\n        to: handover",
    ),
    ("ACT_OUTCOME", "outcome: refusal_notice", "outcome: certificate"),
    ("GROUND_MISSING", "amount: 5, unit: working_day, ground: law", "amount: 5, unit: working_day"),
    ("GUARD_OPTIONAL_FIELD", "    when: proxy ", "    when: form.contact_phone == \"0912345678\" "),
    (
        "CHOICE_WITHOUT_ELSE",
        "en: Take over }, to: examination }",
        "en: Take over }, to: [{ when: proxy, to: examination }] }",
    ),
    ("FORM_SCHEMA", "type: string, minLength: 1, maxLength: 100", "type: string, minLength: 1"),
];

#[test]
fn every_common_mistake_is_told_as_the_guide_says() {
    let name = Text { vi: "Thử".into(), en: "Trial".into() };
    let template = Template::Simple.fill("2.000815", &name);
    let (_, table) = GUIDE.split_once("## Common mistakes").expect("the table");
    let (table, _) = table.split_once("## How to express").expect("its end");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<&str> = rows.filter_map(|row| Some(row.split_once('`')?.0)).collect();
    assert_eq!(listed, MISTAKES.map(|(code, _, _)| code));
    for (code, from, to) in MISTAKES {
        assert!(template.contains(from), "{code}: the template has no {from:?}");
        let report = check(template.replacen(from, to, 1).as_bytes());
        let codes: Vec<&str> = report.findings.iter().map(|finding| finding.code).collect();
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
}
