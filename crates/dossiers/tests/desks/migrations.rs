//! Migration of dossiers with branches, interruptions and open requests.

use std::collections::BTreeMap;

use motcua_dossiers::command::{
    Choose, Command, ItemName, Migrate, MigratedLimits, RequestSupplement, SupplementItem,
};
use motcua_dossiers::rejection::Rejection;
use motcua_procedures::Role;

use crate::desk::Desk;
use crate::{PARALLEL, consulted, large};

/// Moves to the version that the changes make of the procedure.
fn migrate(
    desk: &mut Desk,
    changes: &[(&str, &str)],
    steps: &[(&str, &str)],
) -> Result<(), Rejection> {
    let mut source = PARALLEL.replace("version: 1.0.0", "version: 1.1.0");
    for (from, to) in changes {
        assert!(source.contains(from), "the procedure has no {from}");
        source = source.replace(from, to);
    }
    let target = motcua_procedures::parse(source.as_bytes());
    desk.target = Some(target.unwrap_or_else(|faults| panic!("{faults}")));
    let to = desk.target.as_ref().expect("a target").reference().digest.clone();
    let step = |(from, to): &(&str, &str)| ((*from).to_owned(), (*to).to_owned());
    let from = desk.procedure.reference().digest.clone();
    let migrate = Migrate {
        from,
        to,
        steps: steps.iter().map(step).collect::<BTreeMap<_, _>>(),
        limits: MigratedLimits::Keep,
        ground: "Khoản 2 Điều 40".into(),
    };
    desk.by(Role::Administrator, "", Command::Migrate(migrate))?;
    desk.procedure = desk.target.take().expect("a target");
    Ok(())
}

fn codes(refused: Result<(), Rejection>) -> Vec<String> {
    let refusal = refused.expect_err("the migration is unlawful");
    let faults = refusal.violations.into_iter();
    faults.map(|fault| format!("{} {}", fault.subject, fault.code)).collect()
}

#[test]
fn no_new_name_of_the_step_that_asked_skips_the_consultations() {
    let (mut desk, _) = consulted(&["commune", "elsewhere"]);
    let renamed = [("consultation", "opinions")];
    let refused = migrate(&mut desk, &renamed, &[("consultation", "opinions")]);
    let found = codes(refused);
    assert!(found.contains(&"step:consultation BRANCHES_KEPT".into()), "{found:?}");
    assert_eq!(desk.dossier().state, "consultation");
    assert_eq!(desk.dossier().items.len(), 6, "{:?}", desk.dossier().items);
}

#[test]
fn work_in_a_branch_keeps_to_its_branch() {
    for interrupted in [false, true] {
        let (mut desk, _) = consulted(&["commune"]);
        if interrupted {
            desk.withdrawn();
        }
        for elsewhere in ["draft", "surveying"] {
            let found = codes(migrate(&mut desk, &[], &[("asked", elsewhere)]));
            assert_eq!(found, ["step:asked BRANCH_ABSENT"], "{elsewhere}");
        }
        // A branch that opens once has no unit for the steps that ask for that of the branch.
        let once = [("each_unit: true", "each_unit: false"), ("unit: branch", "unit: competent")];
        let found = codes(migrate(&mut desk, &once, &[]));
        assert_eq!(found, ["step:asked BRANCH_ABSENT"]);
    }
}

#[test]
fn a_step_of_a_branch_may_get_another_name() {
    let (mut desk, _) = consulted(&["commune"]);
    let found = codes(migrate(&mut desk, &[("asked", "opinion")], &[]));
    assert_eq!(found, ["step:asked STEP_ABSENT"]);
    migrate(&mut desk, &[("asked", "opinion")], &[("asked", "opinion")]).expect("lawful");
    let item = desk.item("opinion");
    assert_eq!(item.branch.as_deref(), Some("consultation/agencies:commune"));
}

#[test]
fn work_that_a_withdrawal_left_comes_back_under_its_new_name() {
    let (mut desk, _) = consulted(&["commune"]);
    desk.withdrawn();
    let found = codes(migrate(&mut desk, &[("asked", "opinion")], &[]));
    assert_eq!(found, ["step:asked STEP_ABSENT"]);
    migrate(&mut desk, &[("asked", "opinion")], &[("asked", "opinion")]).expect("lawful");
    desk.taken_back("centre").expect("taken back");
    assert_eq!(desk.item("opinion").unit, "commune");
    assert_eq!(desk.dossier().items.len(), 5, "{:?}", desk.dossier().items);
}

/// A dossier whose applicant was asked about fields of the form.
fn asked(fields: &[&str]) -> Desk {
    let mut form = large();
    form.as_object_mut().expect("an object").remove("site");
    let mut desk = Desk::filed(PARALLEL, "2026-10-05 09:00", "large", form, &["D1"]);
    let item = |name: &&str| SupplementItem {
        item: ItemName::Field((*name).into()),
        content: "Ghi rõ".into(),
    };
    let items = fields.iter().map(item).collect();
    let request = RequestSupplement { choose: Choose::default(), items };
    let request = Command::RequestSupplement(request);
    desk.by(Role::ReceptionClerk, "centre", request).expect("a lawful request");
    desk
}

/// A version whose form does not ask about the site.
const WITHOUT_SITE: [(&str, &str); 2] =
    [("    site: { type: boolean }\n", ""), ("        when: has(form.site) && form.site\n", "")];

#[test]
fn a_citizen_who_was_asked_can_answer_under_the_other_version() {
    let mut desk = asked(&["site", "pages"]);
    migrate(&mut desk, &WITHOUT_SITE, &[]).expect("something is left to answer");
    let left = &desk.dossier().supplement.as_ref().expect("still open").items;
    assert_eq!(left, &[ItemName::Field("pages".into())]);

    let mut desk = asked(&["site"]);
    let found = codes(migrate(&mut desk, &WITHOUT_SITE, &[]));
    assert_eq!(found, ["field:site UNANSWERABLE"]);
}

#[test]
fn a_form_that_the_other_version_does_not_know_is_told() {
    let (mut desk, _) = consulted(&["commune"]);
    let found = codes(migrate(&mut desk, &WITHOUT_SITE, &[]));
    assert!(found.iter().any(|fault| fault.starts_with("form/site ")), "{found:?}");
}
