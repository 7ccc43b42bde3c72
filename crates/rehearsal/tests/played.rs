//! Every shipped procedure is played, and all that it can do is done at least once.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use motcua_procedures::Procedure;
use motcua_rehearsal::{
    Coverage, Plan, Setting, Suite, Verdict, procedure_of, read, rehearse, simulate,
};

const SCENARIOS: &str = ".scenarios.yaml";

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The nine shipped procedures, their older versions, and the examples of the table of patterns.
fn shipped() -> BTreeSet<PathBuf> {
    let catalogue = procedures(&folder("../../catalogue"));
    assert_eq!(catalogue.len(), 9, "{catalogue:?}");
    let more = ["../../catalogue/versions", "../../docs/examples/patterns"];
    let more = more.iter().flat_map(|path| {
        let found = procedures(&folder(path));
        assert!(!found.is_empty(), "{path}");
        found
    });
    catalogue.into_iter().chain(more).collect()
}

fn procedure(path: &Path) -> Procedure {
    let source = fs::read(path).expect("the file can be read");
    motcua_procedures::parse(&source).unwrap_or_else(|f| panic!("{}:\n{f}", path.display()))
}

fn setting(further: &[serde_json::Value]) -> Setting {
    let calendar = Setting::shipped_calendar().expect("the shipped calendar is sound");
    Setting::new(calendar, further).expect("the units are sound")
}

/// The procedures of a folder: what ends in `.yaml` and is no file of scenarios.
fn procedures(folder: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let name = |path: &PathBuf| path.to_string_lossy().into_owned();
    let is_one = |path: &PathBuf| name(path).ends_with(".yaml") && !name(path).ends_with(SCENARIOS);
    paths.filter(is_one).collect()
}

fn suite(path: &Path, procedure: &Procedure) -> Suite {
    let source = fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    read(&source, procedure).unwrap_or_else(|faults| panic!("{}:\n{faults}", path.display()))
}

fn play(path: &Path) -> (Procedure, Vec<Verdict>, Coverage) {
    let procedure = procedure(path);
    let beside = PathBuf::from(path.to_string_lossy().replace(".yaml", SCENARIOS));
    let suite = suite(&beside, &procedure);
    let name = procedure_of(&fs::read(&beside).expect("readable")).expect("it names a procedure");
    assert_eq!(path.file_name(), Some(name.as_ref()), "{} is for another one", beside.display());
    let (verdicts, coverage) = rehearse(&suite, &procedure, &setting(suite.units()));
    (procedure, verdicts, coverage)
}

fn played_whole(path: &Path) -> Vec<String> {
    let (procedure, verdicts, coverage) = play(path);
    let shown = path.display();
    let failed = verdicts.iter().filter_map(|verdict| {
        let failure = verdict.failure.as_ref()?;
        Some(format!("{shown}: {}: line {}: {}", verdict.name, failure.line, failure.message))
    });
    let missing = coverage.missing(&procedure);
    let missing = missing.iter().map(|part| format!("{shown}: no scenario takes {part}"));
    failed.chain(missing).collect()
}

#[test]
fn the_cases_of_the_authors_guide_come_out_as_it_says() {
    let (_, verdicts, _) = play(&folder("../../docs/examples/certified-copy.yaml"));
    assert_eq!(verdicts.len(), 1);
    assert_eq!(verdicts[0].failure, None);
}

#[test]
fn every_shipped_procedure_and_example_passes_its_scenarios_and_they_take_all_it_offers() {
    let complaints: Vec<String> = shipped().iter().flat_map(|path| played_whole(path)).collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// What follows by itself is as long as the procedure, not as long as somebody once thought.
#[test]
fn a_long_way_that_the_system_goes_by_itself_is_gone_to_its_end() {
    let template = fs::read_to_string(folder("../procedures/templates/simple.yaml"));
    let template = template.expect("the file can be read");
    let name = "name: { vi: a, en: b }";
    let step = |n: usize| {
        let to = if n == 99 { "examination".to_owned() } else { format!("p{}", n + 1) };
        format!(
            "  - id: p{n}\n    {name}\n    status: 4\n    role: specialist\n    unit: competent\n    \
             actions:\n      - {{ id: on, {name}, act: proceed, when: owners == 1, to: {to} }}\n      \
             - {{ id: by_hand, {name}, to: {to} }}\n"
        )
    };
    let steps: String = (0..100).map(step).collect();
    let source = template.replacen("Take over }, to: examination", "Take over }, to: p0", 1);
    let source =
        source.replacen("  - id: examination\n", &format!("{steps}  - id: examination\n"), 1);
    let procedure = motcua_procedures::parse(source.as_bytes()).unwrap_or_else(|f| panic!("{f}"));
    let scenario = "procedure: long.yaml\nscenarios:\n  - name: long\n    given:\n      submitted_at: \
        \"2027-01-04 09:00\"\n      variant: ordinary\n      form: { full_name: An, identity_number: \
        \"012345678901\" }\n      documents: complete\n    acts:\n      - { do: record_payment }\n      - \
        { do: decide_items }\n      - { do: accept }\n      - { do: take_over, expect: { state: \
        examination } }\n";
    let suite = read(scenario.as_bytes(), &procedure).unwrap_or_else(|faults| panic!("{faults}"));
    let (verdicts, _) = rehearse(&suite, &procedure, &setting(suite.units()));
    let failures: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.failure.as_ref()).collect();
    assert!(verdicts.len() == 1 && failures.is_empty(), "{failures:?}");
}

#[test]
fn branches_further_clocks_and_four_eyes_are_played() {
    let complaints = played_whole(&folder("tests/played/consultation.yaml"));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

fn verdict_of(scenario: &str) -> Option<(u32, String)> {
    let path = folder("tests/played/consultation.yaml");
    let procedure = procedure(&path);
    let source = format!("procedure: consultation.yaml\nscenarios:\n  - name: one\n{scenario}");
    let suite = read(source.as_bytes(), &procedure).expect("well written");
    let (verdicts, _) = rehearse(&suite, &procedure, &setting(&[]));
    verdicts[0].failure.as_ref().map(|failure| (failure.line, failure.message.clone()))
}

#[test]
fn a_wrong_expectation_is_told_with_its_line_and_what_is() {
    let given = "    given: { submitted_at: \"2026-10-05 09:00\", form: { area_m2: 90 } }\n";
    let with = |acts: &str| verdict_of(&format!("{given}    acts:\n{acts}"));
    let said = |line, message: &str| Some((line, message.to_owned()));
    assert_eq!(with("      - { do: accept, expect: { status: 2, due_on: 2026-10-20 } }\n"), None);
    assert_eq!(
        with(
            "      - do: accept\n        expect:\n          status: 2\n          due_on: 2026-10-21\n"
        ),
        said(9, "due_on: expected 2026-10-21, is 2026-10-20")
    );
    assert_eq!(
        with("      - { do: accept, expect: { items: { received: cashier } } }\n"),
        said(6, "items: expected { received: cashier }, is { received@commune: specialist }")
    );
    assert_eq!(
        with("      - { do: accept, refused: FOUR_EYES }\n"),
        said(6, "expected the refusal FOUR_EYES, but it was done")
    );
    assert_eq!(
        with("      - { do: accept }\n      - { wait: { days: 20 }, fires: [due, warn] }\n"),
        said(7, "fires: expected [due, warn], fired [warn, due, late]")
    );
    let (line, message) = with("      - { do: sign }\n").expect("it is refused");
    assert!(line == 6 && message.starts_with("refused: ACT_NOT_OFFERED"), "{message}");
}

#[test]
fn every_fault_of_a_file_is_listed_with_line_path_and_remedy() {
    let procedure = procedure(&folder("tests/played/consultation.yaml"));
    let source = "procedure: consultation.yaml\nscenarioz: []\nscenarios:\n  - name: one\n    given:\n\
        \x20     submitted_at: today\n      form: { base: nothing }\n    acts:\n      - { do: acept }\n\
        \x20     - { do: accept, expect: { state: recieved, dew_on: 2026-10-05 } }\n\
        \x20     - { wait_until: \"2026-10-06 08:00\", do: accept }\n      - { story: none }\n";
    let faults = read(source.as_bytes(), &procedure).expect_err("it has faults").0;
    let found: Vec<(u32, &str)> = faults.iter().map(|f| (f.line, f.code)).collect();
    let wanted = [
        (2, "UNKNOWN_KEY"),
        (6, "BAD_FORMAT"),
        (7, "UNKNOWN_VALUE"),
        (9, "UNKNOWN_ACTION"),
        (10, "UNKNOWN_KEY"),
        (10, "UNKNOWN_VALUE"),
        (11, "MISSING_KEY"),
        (12, "UNKNOWN_VALUE"),
    ];
    assert_eq!(found, wanted, "{faults:#?}");
    assert_eq!(faults[3].remedy, "Did you mean \"accept\"?");
    assert!(faults.iter().all(|fault| fault.path.starts_with('/')));
}

#[test]
fn stories_that_tell_each_other_end() {
    let procedure = procedure(&folder("tests/played/consultation.yaml"));
    let of = |stories: &str| {
        let source = format!("procedure: consultation.yaml\nstories:\n{stories}scenarios: []\n");
        read(source.as_bytes(), &procedure)
    };
    assert!(of("  b: [{ story: a }]\n  a: [{ do: accept }]\n").is_ok());
    assert!(of("  a: [{ story: b }]\n  b: [{ story: a }]\n").is_err());
    let tenfold = |name: char, told: char| {
        format!("  {name}: [{}]\n", format!("{{ story: {told} }}, ").repeat(10))
    };
    let laughs: String = ('b'..='k').map(|name| tenfold(name, (name as u8 - 1) as char)).collect();
    assert!(of(&format!("  a: [{{ do: accept }}]\n{laughs}")).is_err());
}

#[test]
fn lives_keep_the_laws_end_and_can_be_lived_again() {
    let more = [folder("tests/played/consultation.yaml")];
    for path in shipped().into_iter().chain(more) {
        let procedure = procedure(&path);
        let from = procedure.definition().effective_from.max(jiff::civil::date(2026, 10, 5));
        let plan = Plan { lives: 20, seed: 7, from, suite: None };
        let setting = setting(&[]);
        let lives = simulate(plan, &procedure, &setting);
        let shown = path.display();
        assert!(lives.broken.is_empty(), "{shown}: {:#?}", lives.broken);
        assert!(lives.dead.is_empty(), "{shown}: {:#?}", lives.dead);
        let again = simulate(plan, &procedure, &setting);
        assert_eq!(format!("{lives:?}"), format!("{again:?}"), "{shown}: other lives");
        // The catalogue can always be filed from its own scenarios.
        let beside = PathBuf::from(path.to_string_lossy().replace(".yaml", SCENARIOS));
        let suite = suite(&beside, &procedure);
        let setting = self::setting(suite.units());
        let lives = simulate(Plan { suite: Some(&suite), ..plan }, &procedure, &setting);
        assert!(lives.filed > 0, "{shown}: nothing was filed");
        assert!(lives.dead.is_empty() && lives.broken.is_empty(), "{shown}: {lives:#?}");
    }
}

#[test]
fn a_dossier_that_cannot_go_on_is_found_with_its_way() {
    let path = folder("tests/played/consultation.yaml");
    let source = fs::read_to_string(&path).expect("readable");
    // Nobody has a house of more than a thousand square metres, so nobody can sign.
    let (before, after) = ("act: sign, to", "act: sign, when: form.area_m2 > 1000, to");
    assert!(source.contains(before));
    let procedure = motcua_procedures::parse(source.replace(before, after).as_bytes());
    let procedure = procedure.expect("a condition that never holds is a warning");
    let from = jiff::civil::date(2026, 10, 5);
    let plan = Plan { lives: 3, seed: 1, from, suite: None };
    let lives = simulate(plan, &procedure, &setting(&[]));
    assert!(!lives.dead.is_empty(), "{lives:?}");
    assert_eq!(lives.dead[0].state, "signature");
    assert!(lives.dead[0].trace[0].contains("submit"));
}
