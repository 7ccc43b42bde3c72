//! What every store must pass: each promise of [`crate::contract`] is a case of its own, with a
//! store of its own. A panic names the promise that was broken by file and line.
//!
//! ```
//! # tokio::runtime::Builder::new_multi_thread().build().expect("a runtime").block_on(async {
//! use motcua_store::{MemoryStore, conformance};
//!
//! conformance::run(async || MemoryStore::default()).await;
//! # });
//! ```

mod commits;
mod desk;
mod documents;
pub mod fixture;
mod histories;
mod registers;
mod searches;
mod timers;
mod totals;
mod worklists;

use std::sync::Arc;

use crate::contract::{Documents, Store};

macro_rules! cases {
    ($make:ident: $($topic:ident::$case:ident,)+) => {
        $( $topic::$case(Arc::new($make().await)).await; )+
    };
}

/// Runs every case for stores; `make` gives an empty store each time. Call it on a runtime with
/// several threads.
///
/// # Panics
/// When a promise is broken.
pub async fn run<S: Store>(make: impl AsyncFn() -> S) {
    run_histories(&make).await;
    run_queries(&make).await;
    run_desk(&make).await;
}

async fn run_histories<S: Store>(make: &impl AsyncFn() -> S) {
    cases!(make:
        commits::what_was_committed_is_loaded_by_every_key,
        commits::a_state_is_loaded_at_every_version_alone_and_in_a_list,
        commits::many_are_loaded_at_once_as_each_alone,
        commits::a_stale_commit_harms_no_neighbour,
        commits::a_dossier_is_created_once,
        commits::what_does_not_exist_cannot_advance,
        commits::commits_of_one_dossier_are_written_in_order,
        commits::a_command_id_is_unique_for_its_dossier,
        commits::a_code_is_unique,
        commits::an_external_reference_is_unique,
        commits::of_two_in_a_batch_that_take_the_same_code_the_first_has_it,
        commits::the_same_commit_again_is_stale,
        commits::a_hint_reaches_whoever_listens_where_a_store_is_shared,
        commits::versions_are_told_of_those_that_exist,
        commits::a_form_stays_until_it_is_replaced,
        commits::concurrent_commits_are_all_there,
        commits::of_concurrent_rivals_one_wins,
        commits::submitting_ends_the_draft,
        commits::an_empty_batch_has_no_answers,
        histories::events_come_in_order_and_in_pages,
        histories::a_dossier_comes_with_any_page_of_its_history,
        histories::events_come_back_as_they_were_sealed,
        histories::a_chain_without_events_is_empty,
        registers::a_chain_goes_on_from_its_head,
        registers::entries_come_oldest_first,
        registers::a_version_is_recorded_once_for_ever,
        registers::a_stale_register_commit_writes_nothing,
        registers::chains_of_one_batch_do_not_suffer_for_each_other,
    );
}

async fn run_queries<S: Store>(make: &impl AsyncFn() -> S) {
    cases!(make:
        worklists::each_queue_shows_what_it_says,
        worklists::authorisation_is_part_of_the_query,
        worklists::leaders_see_the_whole_unit,
        worklists::leaders_see_what_is_due_elsewhere_for_their_unit,
        worklists::leaders_see_a_late_step_elsewhere_while_the_clock_is_paused,
        worklists::pages_of_work_here_and_elsewhere_come_in_one_order,
        worklists::pages_have_no_gaps_and_no_repeats,
        worklists::the_count_is_of_the_whole_queue,
        worklists::a_procedure_narrows_the_list,
        worklists::late_begins_at_its_instant,
        worklists::a_paused_clock_is_neither_late_nor_due,
        worklists::closed_items_leave_the_list,
        worklists::every_queue_agrees_with_the_rules_on_mixed_data,
        totals::totals_are_those_of_the_rows_through_random_lives,
        totals::totals_are_right_after_many_wrote_at_once,
        searches::every_term_must_fit,
        searches::what_is_found_is_as_it_would_be_loaded,
        searches::marks_and_kinds_are_kept_apart,
        searches::a_scope_limits_what_is_found,
        searches::a_person_finds_all_their_dossiers,
        searches::pages_come_newest_first,
        searches::new_terms_replace_the_old,
        searches::factors_of_tracking_are_replaced,
        searches::open_dossiers_of_a_version_come_in_pages,
        searches::what_a_unit_received_in_a_period_comes_in_pages,
        searches::a_reception_stays_where_it_was,
        timers::the_most_overdue_dossier_comes_first,
        timers::a_dossier_comes_once,
        timers::claims_come_in_pages,
        timers::what_is_claimed_is_offered_to_nobody_until_the_claim_ends,
        timers::of_those_who_claim_at_once_each_has_others,
        timers::a_timer_that_is_set_anew_is_free_of_its_claim,
        timers::what_was_put_off_comes_back_with_its_attempts,
        timers::what_failed_often_is_listed_until_it_is_fired_or_set_anew,
        timers::a_timer_can_be_moved_and_cleared,
        timers::a_timer_is_due_at_its_instant,
    );
}

async fn run_desk<S: Store>(make: &impl AsyncFn() -> S) {
    cases!(make:
        desk::numbers_are_never_given_twice,
        desk::concurrent_numbers_are_never_given_twice,
        desk::each_agency_and_day_has_its_numbers,
        desk::a_name_without_a_commit_is_held_until_its_end,
        desk::a_committed_name_is_held_until_it_is_released,
        desk::a_name_that_another_holds_refuses_the_commit,
        desk::a_name_that_was_replaced_is_free,
        desk::a_confirmed_name_has_no_end,
        desk::a_name_let_go_and_held_by_one_commit_is_held,
        desk::a_payment_reference_is_held_for_ever_beside_every_name,
        desk::a_released_name_is_free,
        desk::a_draft_is_saved_over_its_last_revision_only,
        desk::a_draft_belongs_to_its_owner,
        desk::drafts_come_last_saved_first,
        desk::what_has_expired_is_gone,
        desk::what_a_dossier_refers_to_does_not_expire,
        desk::what_waits_to_be_filed_is_counted_in_bytes,
        desk::an_upload_is_found_by_its_content,
        desk::an_upload_belongs_to_its_owner,
        desk::unfinished_uploads_are_counted,
        desk::a_form_is_first_printed_once,
        desk::guesses_count_until_they_are_forgotten,
        desk::of_guesses_at_once_no_more_are_counted_than_may_be,
        desk::a_setting_is_set_once,
    );
}

/// Runs every case for documents; `make` gives an empty place each time.
///
/// # Panics
/// When a promise is broken.
pub async fn run_documents<D: Documents>(make: impl AsyncFn() -> D) {
    cases!(make:
        documents::chunks_follow_each_other,
        documents::a_gap_writes_nothing,
        documents::repeating_a_chunk_is_harmless,
        documents::a_finished_document_is_read_in_parts,
        documents::the_same_content_twice_is_kept_once,
        documents::a_kept_document_is_never_written_again,
        documents::finishing_again_is_harmless,
        documents::what_was_discarded_is_gone,
        documents::what_was_removed_can_be_kept_again,
        documents::uploads_do_not_meet,
        documents::nothing_is_read_by_a_name_that_is_no_digest,
    );
}
